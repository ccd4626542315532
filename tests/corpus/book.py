"""A small log by the formats of docs/format.md: records, batches, receipts, sum trees.

Everything a file is made of can be set, so that what is wrong can be made as well as what is right.
"""
import copy
import hashlib

from signers import b64


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def little(value, length):
    return value.to_bytes(length, "little")


def pack(values, marks=0):
    """One group of packed integers."""
    widths, out = [], b""
    for value in values:
        least = (value.bit_length() + 7) // 8
        length = 16 if least >= 15 else least
        widths.append(min(length, 15))
        out += little(value, length)
    if len(widths) % 2:
        widths.append(marks)
    return bytes(low | high << 4 for low, high in zip(widths[::2], widths[1::2])) + out


def record(kind, values, marks=0, groups=()):
    return bytes([kind]) + pack(values, marks) + b"".join(pack(group) for group in groups)


def currency(text):
    return int.from_bytes(text.encode("latin-1"), "little")


def largest_below(count):
    return 1 << (count - 1).bit_length() - 1


def tree(leaves):
    """RFC 6962, section 2.1, by its recursion."""
    if len(leaves) == 1:
        return leaves[0]
    split = largest_below(len(leaves))
    return sha(b"\1", tree(leaves[:split]), tree(leaves[split:]))


def path(index, leaves):
    """RFC 6962, section 2.1.1, by its recursion: from the leaf upward."""
    if len(leaves) == 1:
        return []
    split = largest_below(len(leaves))
    if index < split:
        return path(index, leaves[:split]) + [tree(leaves[split:])]
    return path(index - split, leaves[split:]) + [tree(leaves[:split])]


class Batch:
    """One outer leaf and what it is made of."""

    def __init__(self, number, first, previous, rule_book, records, reserved=bytes(32)):
        """The last 32 bytes are the counts of the register (8 bytes each) and 8 that are reserved."""
        seed = sha(b"corpus-salts", little(number, 8))
        halves = [sha(seed, little(n, 8)) for n in range((len(records) + 1) // 2)]
        self.number, self.first, self.previous, self.records = number, first, previous, records
        self.rule_book, self.counts = rule_book, reserved[:24]
        self.time = 1_780_000_000_000_000_000 + number * 1_000_003
        self.salts = [half[at:at + 16] for half in halves for at in (0, 16)][:len(records)]
        self.inner = [sha(b"\0", salt, one) for salt, one in zip(self.salts, records)]
        self.leaf = b"".join((
            b"cf-leaf1", little(number, 8), little(first, 8), little(len(records), 4), bytes(4),
            little(self.time, 8), tree(self.inner), previous, rule_book, reserved))
        self.hash = sha(b"\0", self.leaf)


class Book:
    """A log: batches in their order."""

    def __init__(self, origin, batches, reserved=bytes(32)):
        self.origin, self.batches, first, previous = origin, [], 0, bytes(32)
        for number, records in enumerate(batches):
            rules = sha(b"rules") if number > 1 else bytes(32)
            self.batches.append(Batch(number, first, previous, rules, records, reserved))
            first, previous = first + len(records), self.batches[-1].hash
        self.hashes = [batch.hash for batch in self.batches]

    def text(self, size):
        """The text of the checkpoint at a size."""
        return f"{self.origin}\n{size}\n{b64(tree(self.hashes[:size]))}\n"

    def receipt(self, batch, index, size, signers):
        return Receipt(self, batch, index, size, signers)


class Receipt:
    """A receipt in parts, each of which may be set before the bytes are taken."""

    def __init__(self, book, batch, index, size, signers):
        one = book.batches[batch]
        self.first_line = "c2sp.org/tlog-proof@v1"
        self.version, self.first, self.records, self.time = 1, one.first, len(one.records), one.time
        self.counts = b""  # of the register, 24 bytes in version 2
        if any(one.counts):
            self.version, self.counts = 2, one.counts
        self.previous, self.rule_book = one.previous, one.rule_book
        self.inner_index, self.salt = index, one.salts[index]
        self.inner_path, self.record = path(index, one.inner), one.records[index]
        self.inner_length = len(self.inner_path)
        self.extra_line = None  # set to replace what the parts make; "" for no such line
        self.index_line = f"index {batch}"
        self.path = [b64(one) for one in path(batch, book.hashes[:size])]
        self.text, self.signers = book.text(size), signers
        self.signatures = [signer.line(self.text, time) for signer, time in signers]

    def copy(self, **parts):
        other = copy.copy(self)
        other.inner_path, other.path = list(self.inner_path), list(self.path)
        other.signatures = list(self.signatures)
        for name, value in parts.items():
            assert hasattr(other, name), name
            setattr(other, name, value)
        return other

    def signed(self, text):
        """With another text of the checkpoint, signed by the same."""
        lines = [signer.line(text, time) for signer, time in self.signers]
        return self.copy(text=text, signatures=lines)

    def extra(self):
        return b"".join((
            bytes([self.version]), little(self.first, 8), little(self.records, 4),
            little(self.time, 8), self.previous, self.rule_book, self.counts,
            little(self.inner_index, 4), self.salt, bytes([self.inner_length]), *self.inner_path, self.record))

    def lines(self):
        """All lines, the two empty ones too."""
        extra = f"extra {b64(self.extra())}" if self.extra_line is None else self.extra_line
        note = self.text[:-1].split("\n") + [""] + self.signatures
        return [self.first_line] + [extra] * bool(extra) + [self.index_line, *self.path, "", *note]

    def bytes(self):
        return ("\n".join(self.lines()) + "\n").encode()


class SumTree:
    """A perfect tree with the sums of its balances: accounts and amounts by place."""

    def __init__(self, name, height, balances):
        self.height, self.balances = height, dict(balances)
        self.blinds = [sha(b"corpus-blinds", name.encode(), little(n, 8))[:16] for n in range(1 << height)]
        rows = [[self.leaf(n) for n in range(1 << height)]]
        while len(rows[-1]) > 1:
            rows.append([self.node(a, b) for a, b in zip(rows[-1][::2], rows[-1][1::2])])
        self.rows = rows

    def leaf(self, place):
        account, amount = self.balances.get(place, (0, 0))
        return sha(b"\2", self.blinds[place], little(account, 16), little(amount, 16)), amount

    @staticmethod
    def node(left, right):
        """Sums wrap, so that a tree that has overflowed can be made."""
        hashed = sha(b"\3", left[0], little(left[1], 16), right[0], little(right[1], 16))
        return hashed, (left[1] + right[1]) % 2**128

    def line(self, statement, ledger, code, side, scheme=1, batches=7, height=None, total=None):
        """The record of the statement's line."""
        (root, count), total = self.rows[-1][0], total
        count = count if total is None else total
        halves = (int.from_bytes(root[:16], "little"), int.from_bytes(root[16:], "little"))
        height = self.height if height is None else height
        return record(7, (statement, 0, 6, scheme, ledger, code, side, height, batches, count,
                          *halves, 1_780_000_000_000_900_000))

    def proof(self, place, statement, ledger, code, side):
        """The lines of a balance proof."""
        account, amount = self.balances.get(place, (0, 0))
        siblings = [self.rows[level][place >> level ^ 1] for level in range(self.height)]
        return [
            "counterfoil/balance-proof@v1", f"statement {statement}", f"ledger {ledger}",
            f"code {code}", f"side {side}", f"account {account}", f"amount {amount}",
            f"leaf {place}", f"blind {b64(self.blinds[place])}", *map(sibling_line, siblings)]


def sibling_line(sibling):
    hashed, count = sibling
    return b64(hashed + count.to_bytes((count.bit_length() + 7) // 8, "big"))
