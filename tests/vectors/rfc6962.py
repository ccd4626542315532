"""Golden values of Merkle trees, from the definitions of RFC 6962 section 2.1 by recursion.

    python3 tests/vectors/rfc6962.py > tests/vectors/rfc6962.txt

Shares nothing with the Rust code: no levels, no indexes of nodes, only the RFC's split of a list
at the largest power of two below its length. Standard library only.

Lines, fields separated by one space, hashes in hexadecimal, lists joined by commas, "-" if empty:

    root SIZE ROOT                        tree over the leaves 0..SIZE
    inclusion INDEX SIZE PATH             PATH(INDEX, leaves 0..SIZE)
    consistency OLD NEW PATH              PROOF(OLD, leaves 0..NEW)
    frontier SIZE BYTES                   canonical bytes of the frontier
    salts SEED COUNT SALTS                salts of records 0..COUNT
    salted SEED COUNT LENGTH STEP ROOT    tree over salted leaves
    roots LAST DIGEST                     SHA-256 over the roots of the trees of 0, 1 .. LAST leaves
    tiles SIZE COUNT DIGEST               SHA-256 over all tiles of the tree, level by level
    tile SIZE LEVEL INDEX WIDTH DIGEST    SHA-256 over the contents of one of them

Leaf I is the index as four bytes, the lowest first. Record I of a salted tree has
LENGTH + (I * STEP) mod 41 bytes, and its byte J is (7 * I + J) mod 256.
"""

import hashlib
import struct


def sha256(data):
    return hashlib.sha256(data).digest()


def split(n):
    """The largest power of two smaller than n."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def leaf(data):
    return sha256(b"\x00" + data)


def mth(hashes):
    """MTH of section 2.1, over the hashes of the leaves."""
    n = len(hashes)
    if n == 0:
        return sha256(b"")
    if n == 1:
        return hashes[0]
    k = split(n)
    return sha256(b"\x01" + mth(hashes[:k]) + mth(hashes[k:]))


def path(m, hashes):
    """PATH of section 2.1.1."""
    n = len(hashes)
    if n == 1:
        return []
    k = split(n)
    if m < k:
        return path(m, hashes[:k]) + [mth(hashes[k:])]
    return path(m - k, hashes[k:]) + [mth(hashes[:k])]


def proof(m, hashes):
    """PROOF of section 2.1.2."""
    return subproof(m, hashes, True)


def subproof(m, hashes, known):
    n = len(hashes)
    if m == n:
        return [] if known else [mth(hashes)]
    k = split(n)
    if m <= k:
        return subproof(m, hashes[:k], known) + [mth(hashes[k:])]
    return subproof(m - k, hashes[k:], False) + [mth(hashes[:k])]


def frontier(hashes):
    """The size, then the roots of the perfect trees side by side, the largest first."""
    out = struct.pack("<Q", len(hashes))
    rest = hashes
    while rest:
        k = 1
        while 2 * k <= len(rest):
            k *= 2
        out += mth(rest[:k])
        rest = rest[k:]
    return out


def salt(seed, index):
    digest = sha256(seed + struct.pack("<Q", index // 2))
    return digest[16:] if index % 2 else digest[:16]


def salted_root(seed, count, length, step):
    hashes = []
    for i in range(count):
        record = bytes((7 * i + j) % 256 for j in range(length + (i * step) % 41))
        hashes.append(leaf(salt(seed, i) + record))
    return mth(hashes)


def all_roots(hashes):
    """The roots of the trees over the first 0, 1, 2 and more leaves, by the stack of perfect trees
    that section 2.1 splits a list into: what lies to the right is folded first."""
    peaks = []
    yield sha256(b"")
    for count, new in enumerate(hashes, 1):
        while count % 2 == 0:
            new = sha256(b"\x01" + peaks.pop() + new)
            count //= 2
        peaks.append(new)
        root = new
        for peak in reversed(peaks[:-1]):
            root = sha256(b"\x01" + peak + root)
        yield root


def tiles(hashes):
    """Level, index, width and contents of the tiles of C2SP tlog-tiles. A hash of the level above
    is MTH of 256 hashes of the level below."""
    level = 0
    while hashes:
        for start in range(0, len(hashes), 256):
            tile = hashes[start:start + 256]
            yield level, start // 256, len(tile), b"".join(tile)
        full = len(hashes) // 256 * 256
        hashes = [mth(hashes[i:i + 256]) for i in range(0, full, 256)]
        level += 1


def line(*fields):
    print(*(field.hex() if isinstance(field, bytes) else field for field in fields))


def joined(items):
    return ",".join(item.hex() for item in items) or "-"


def main():
    leaves = [leaf(struct.pack("<I", i)) for i in range(70000)]
    for size in [*range(301), 1000, 4096, 8189, 65536, 70000]:
        line("root", size, mth(leaves[:size]))
    for size, indexes in [
        (1, [0]), (2, [0, 1]), (3, [0, 1, 2]), (7, range(7)), (8, [0, 5, 7]),
        (300, [0, 255, 256, 299]), (1000, [511, 512, 999]), (4096, [4095]),
        (8189, [0, 8187, 8188]), (65536, [40000]), (70000, [0, 65536, 69999]),
    ]:
        for index in indexes:
            line("inclusion", index, size, joined(path(index, leaves[:size])))
    for old, new in [
        (1, 1), (1, 2), (1, 3), (2, 3), (3, 4), (3, 7), (4, 7), (6, 7), (6, 8), (7, 8), (8, 8),
        (255, 300), (256, 300), (257, 300), (1000, 4096), (4096, 8189), (8188, 8189),
        (8189, 70000), (65536, 70000), (69999, 70000),
    ]:
        line("consistency", old, new, joined(proof(old, leaves[:new])))
    for size in [0, 1, 2, 3, 7, 8, 255, 256, 300, 70000]:
        line("frontier", size, frontier(leaves[:size]))
    seed = bytes(range(32))
    line("salts", seed, 5, joined(salt(seed, i) for i in range(5)))
    for count, length, step in [
        (0, 0, 0), (1, 40, 0), (5, 40, 0), (9, 20, 7), (100, 0, 3), (1000, 20, 7),
        (8189, 40, 0), (500, 200, 11), (300, 400, 1),
    ]:
        line("salted", seed, count, length, step, salted_root(seed, count, length, step))
    line("roots", len(leaves), sha256(b"".join(all_roots(leaves))))
    for size in [1, 255, 256, 257, 65535, 65536, 65537, 70000]:
        found = list(tiles(leaves[:size]))
        line("tiles", size, len(found), sha256(b"".join(tile for *_, tile in found)))
        for level, index, width, tile in found[-4:]:
            line("tile", size, level, index, width, sha256(tile))


if __name__ == "__main__":
    main()
