"""Golden values of blinded Merkle sum trees and of the shuffle of their leaves.

    python3 tests/vectors/sum_tree.py > tests/vectors/sum_tree.txt

Shares nothing with the Rust code: trees by recursion over lists, round functions of the shuffle
word by word. Standard library only.

Lines, fields separated by one space, hashes, seeds and blinds in hexadecimal, numbers decimal, a
node as HASH:SUM, lists joined by commas, "-" if empty:

    leaf BLIND ID AMOUNT HASH
    node LEFT RIGHT NODE
    tree SEED HEIGHT COUNT ROOT           tree of 2^HEIGHT leaves, the first COUNT with an account
    path SEED HEIGHT COUNT INDEX BLIND ID AMOUNT PATH
    stored SEED HEIGHT COUNT AT INDEX NODE    node INDEX at height AT
    shuffle KEY BITS FROM PLACES          places of FROM, FROM + 1 and so on

    leaf = SHA-256(02 | blind[16] | id u128 | amount u128)
    node = SHA-256(03 | left hash | left sum u128 | right hash | right sum u128)

All integers little-endian. The blinds of leaves 2 I and 2 I + 1 are the halves of SHA-256(seed | I u64). Leaf I
holds the account of id (I + 1) * (2^100 + 7) with I * I * 1000003 + I mod 3; leaves from COUNT on
have id 0 and amount 0.
"""

import hashlib
import struct


def sha256(data):
    return hashlib.sha256(data).digest()


def u128(number):
    return number.to_bytes(16, "little")


def blind(seed, index):
    digest = sha256(seed + struct.pack("<Q", index // 2))
    return digest[16:] if index % 2 else digest[:16]


def leaf(salt, account, amount):
    return sha256(b"\x02" + salt + u128(account) + u128(amount)), amount


def node(left, right):
    total = left[1] + right[1]
    assert total < 2**128
    return sha256(b"\x03" + left[0] + u128(left[1]) + right[0] + u128(right[1])), total


def entry(index, count):
    if index >= count:
        return 0, 0
    return (index + 1) * (2**100 + 7), index * index * 1000003 + index % 3


class Tree:
    def __init__(self, seed, height, count):
        self.seed, self.height, self.count = seed, height, count
        self.known = {}

    def at(self, height, index):
        """The node at that height and index."""
        if (height, index) not in self.known:
            if height == 0:
                made = leaf(blind(self.seed, index), *entry(index, self.count))
            else:
                made = node(self.at(height - 1, 2 * index), self.at(height - 1, 2 * index + 1))
            self.known[height, index] = made
        return self.known[height, index]

    def root(self):
        return self.at(self.height, 0)

    def path(self, index):
        out = []
        for height in range(self.height):
            out.append(self.at(height, index + 1 if index % 2 == 0 else index - 1))
            index //= 2
        return out


class Stream:
    """Word W is the 32-bit little-endian word W mod 8 of digest W / 8."""

    def __init__(self, key, bits):
        self.key = sha256(b"merkle/sum_tree/shuffle" + struct.pack("<I", bits) + key)

    def word(self, at):
        digest = sha256(self.key + struct.pack("<Q", at // 8))
        return struct.unpack("<8I", digest)[at % 8]


def drawn(key, bits):
    """Up to 16 bits: Fisher and Yates, from the last place down."""
    stream, size = Stream(key, bits), 1 << bits
    places = list(range(size))
    for at in range(size - 1, 0, -1):
        chance = stream.word(2 * at) | stream.word(2 * at + 1) << 32
        other = chance * (at + 1) >> 64
        places[at], places[other] = places[other], places[at]
    return places


def network(key, bits, number):
    """Above: ten rounds, each of which takes its table from whole digests of the stream."""
    stream = Stream(key, bits)
    upper, lower = bits // 2, bits - bits // 2
    high, low = number >> lower, number & ((1 << lower) - 1)
    start = 0
    for turn in range(10):
        if turn % 2 == 0:
            high ^= stream.word(start + low) & ((1 << upper) - 1)
            start += 1 << lower
        else:
            low ^= stream.word(start + high) & ((1 << lower) - 1)
            start += 1 << upper
    return high << lower | low


def line(*fields):
    print(*(field.hex() if isinstance(field, bytes) else field for field in fields))


def shown(item):
    return f"{item[0].hex()}:{item[1]}"


def joined(items):
    return ",".join(map(str, items)) or "-"


def main():
    most = 2**128 - 1
    for salt, account, amount in [
        (bytes(16), 0, 0), (bytes(range(16)), 1, 2), (b"\xff" * 16, most, most),
        (b"\x80" + bytes(15), 2**64, 10**20),
    ]:
        line("leaf", salt, account, amount, leaf(salt, account, amount)[0])
    for left, right in [
        ((bytes(32), 0), (bytes(32), 0)), ((bytes(range(32)), 1), (b"\xaa" * 32, 2)),
        ((b"\xff" * 32, most), (bytes(32), 0)), ((b"\x01" * 32, 2**127), (b"\x02" * 32, 2**127 - 1)),
    ]:
        line("node", shown(left), shown(right), shown(node(left, right)))
    seed = bytes(range(32))
    for height, count, indexes in [
        (0, 0, [0]), (0, 1, [0]), (1, 1, [0, 1]), (2, 3, [0, 3]), (3, 8, [5]), (7, 100, [0, 99, 127]),
        (8, 256, [0, 128, 255]), (9, 300, [299, 511]), (15, 20000, [0, 19999]),
        (16, 65536, [12345, 65535]), (17, 70000, [0, 65536, 131071]),
    ]:
        tree = Tree(seed, height, count)
        line("tree", seed, height, count, shown(tree.root()))
        for index in indexes:
            path = joined(map(shown, tree.path(index)))
            line("path", seed, height, count, index, blind(seed, index), *entry(index, count), path)
        for at in range(8, height + 1, 8):
            index = (1 << height - at) - 1
            line("stored", seed, height, count, at, index, shown(tree.at(at, index)))
    for bits in [0, 1, 2, 5, 8]:
        line("shuffle", seed, bits, 0, joined(drawn(seed, bits)))
    line("shuffle", seed, 16, 40000, joined(drawn(seed, 16)[40000:40009]))
    for bits, start in [(17, 0), (17, 131063), (20, 99), (27, 10**8), (32, 2**31), (40, 2**40 - 9)]:
        line("shuffle", seed, bits, start, joined(network(seed, bits, start + i) for i in range(9)))


if __name__ == "__main__":
    main()
