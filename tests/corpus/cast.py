"""Who signs and what was logged: the keys, policies and books of the corpus."""
import hashlib

from book import Book, SumTree, currency, little, record
from signers import Signer

MAX = 2**128 - 1
T = 1_780_000_000_000_000_000  # nanoseconds; the time of the first batch
SECONDS = 1_780_000_100


def seed(text):
    return hashlib.sha256(b"corpus-key " + text.encode()).digest()


def signer(name, kind, label):
    return Signer(name, kind, seed(label))


ORIGIN = "books.example/main"
LOG, ROTATED = signer(ORIGIN, 1, "log"), signer(ORIGIN, 1, "rotated")
OTHER = signer("books.example/other", 1, "other")
ANNA, BERT, CARL = (signer(f"{name}.witness.example", 4, name) for name in ("anna", "bert", "carl"))
QUINN = signer("quinn.witness.example", 6, "quinn")
STRANGERS = [signer(f"stranger-{n}.example", 4, f"stranger {n}") for n in range(3)]

BY_LOG = [(LOG, None)]
BY_THREE = [(LOG, None), (ANNA, SECONDS), (BERT, SECONDS + 1), (CARL, SECONDS + 2)]
BY_FOUR = BY_THREE + [(QUINN, SECONDS + 3)]

WITNESSES = "".join(f"witness {name} {one.vkey}\n" for name, one in
                    (("anna", ANNA), ("bert", BERT), ("carl", CARL)))
PLAIN = f"log {LOG.vkey}\nquorum none\n"
TWO = f"log {LOG.vkey}\n{WITNESSES}group two 2 anna bert carl\nquorum two\n"
ALL = f"log {LOG.vkey}\n{WITNESSES}group every all anna bert carl\nquorum every\n"
ONE = f"log {LOG.vkey}\n{WITNESSES}quorum anna\n"
NONE = f"log {LOG.vkey}\n{WITNESSES}quorum none\n"
NESTED = (
    f"# two levels\nlog {LOG.vkey} https://books.example/log\n\n{WITNESSES}"
    f" \twitness\tquinn  {QUINN.vkey} https://quinn.example/ \n"
    "group ab any anna bert\ngroup both all ab quinn\nquorum both\n")
QUANTUM = f"log {LOG.vkey}\nwitness quinn {QUINN.vkey}\nquorum quinn\n"
BOTH_KEYS = f"log {LOG.vkey}\nlog {ROTATED.vkey}\nquorum none\n"
OTHER_LOG = f"log {OTHER.vkey}\nquorum none\n"
BOTH_LOGS = f"log {OTHER.vkey}\nlog {LOG.vkey}\nquorum none\n"


def ledger(number, exponent, code, time):
    return record(1, (number, exponent, currency(code), time))


def account(ident, time, code=10):
    return record(2, (ident, 0, 7, 0, 1, code, 8, time))


def transfer(ident, amount, time, flags=0, pending=0, marks=0, groups=()):
    values = (ident, 11, 12, amount, pending, 2**90, 5, 6, 0, 1, 3, flags, time)
    return record(3, values, marks, groups)


# The sum trees: class (1, 10) with credits and debits, classes of one account, of great sums.
CREDITS = SumTree("credits", 5, {(7 * n) % 32: (1000 + n, 10**n + n) for n in range(23)})
DEBITS = SumTree("debits", 3, {n: (2000 + n, 5 * n) for n in (0, 3, 6)})
SINGLE = SumTree("single", 0, {0: (3000, 42)})
GREAT = SumTree("great", 4, {3: (MAX - 1, MAX - 2), 12: (4001, 2)})
WRAPPED = SumTree("wrapped", 4, {3: (4000, MAX), 12: (4001, 2)})
DEEP = SumTree("deep", 9, {n: (5000 + n, n) for n in range(0, 300, 3)})

KINDS = [
    ledger(1, 2, "EUR", T + 1),
    account(11, T + 2),
    account(12, T + 3),
    transfer(101, 250, T + 4, flags=2),
    record(4, (101, 11, 12, 250, 2, T + 5)),
    record(5, (102, 54, T + 6)),
    record(6, (0, 3, 3650, 1 << 120, (1 << 128) - 1, T + 7)),
    transfer(103, 99, T + 8, flags=4, pending=101, marks=7,
             groups=((250, 2), (0, 99, 0, 0), (0, 0, 0, 99))),
]
LINES = [
    CREDITS.line(4, 1, 10, 0), DEBITS.line(4, 1, 10, 1), SINGLE.line(4, 2, 10, 0),
    GREAT.line(4, 3, 20, 0), DEEP.line(4, 4, 65535, 1),
    WRAPPED.line(4, 5, 20, 0), CREDITS.line(4, 6, 10, 0, scheme=2), CREDITS.line(4, 7, 10, 0, height=6),
    CREDITS.line(4, 8, 10, 0, height=4), CREDITS.line(4, 9, 10, 0, total=1),
    CREDITS.line(4, 1, 10, 0, height=41),
]
EXTREME = [
    transfer(MAX - 1, MAX, 2**63 - 1, flags=0xFFFF, pending=MAX, marks=7,
             groups=((MAX, 0xFFFF), (MAX,) * 4, (MAX,) * 4)),
    transfer(0, 0, 0), record(5, (0, 0, 0)), ledger(2**32 - 1, 255, "A1B2C3D4E5F6", 2**64 - 1),
]

# Deeds and objects. Counts of fields by kind; each value is 1, which is a name wherever there are names.
FIELDS = {16: 7, 17: 9, 18: 5, 19: 3, 20: 3, 21: 3, 22: 10, 32: 9, 33: 15, 34: 8, 35: 15, 36: 15,
          40: 8, 41: 26, 42: 6, 48: 13, 49: 3, 50: 5}
ONES = {kind: record(kind, (1,) * count + (72, T + kind)) for kind, count in FIELDS.items()}
LINE_BITS = (128, 16, 16, 128, 128, 32, 128, 128, 128, 128, 128, 32, 32, 8, 8, 8, 128, 128, 64, 64, 64,
             128, 128, 32, 32, 16, 16, 64)
DEEDS = {
    "deed": record(8, (201, 32, 2**120 + 1, 2, 77, 0, T + 1)),
    "deed of a listing": record(8, (202, 70, 5, 0, 0, 4_000_000_000, T + 2)),
    "deed of no act": record(8, (203, 16, 5, 0, 0, 0, T + 3)),
    **{f"object {kind}": one for kind, one in ONES.items()},
    "object of time": record(20, (0, 20_458, 0, 0, T + 60)),
    "object of no act": record(20, (0, 20_458, 1, 65_535, T + 61)),
    "states without names": record(22, (MAX, 5, 255, 3, 11, 0, 0, 0, 3, 2**127 + 2, 4, T + 62)),
    "every field full": record(41, [(1 << bits) - 1 for bits in LINE_BITS]),
    "every field empty": record(36, (0,) * 17),
}
PLATFORM = Book(ORIGIN, [[ledger(1, 2, "EUR", T)], list(DEEDS.values())])


def fill(count, base):
    return [transfer(base + n, n * n + 1, T + base + n) for n in range(count)]


BOOK = Book(ORIGIN, [
    [ledger(1, 2, "EUR", T)], KINDS, fill(2, 200), fill(3, 300), fill(5, 400), fill(7, 500),
    EXTREME, LINES, fill(13, 600), fill(1, 700), fill(32, 800), fill(4, 900),
])
FULL = len(BOOK.batches)
# Two batches with a register: ones of each kind, and the greatest and a zero.
COUNTED = [Book(ORIGIN, [KINDS, fill(4, 100)], reserved=b"".join(little(n, 8) for n in (*counts, 0)))
           for counts in ((3, 2, 1), (0, 0, 2**64 - 1))]
RESERVED = Book(ORIGIN, [KINDS, fill(4, 100)], reserved=bytes(31) + b"\1")

def marked(line):
    """A statement line with a mark in the free nibble of its thirteenth width."""
    return line[:7] + bytes([line[7] | 0x10]) + line[8:]


# Bytes that are no record, though a log has them: each is properly in its tree.
POISON = {
    "kind 0": b"\0" + KINDS[1][1:],
    "kind 9": b"\x09" + KINDS[1][1:],
    "kind 51": b"\x33" + ONES[50][1:],
    "a state of 9 bits": record(20, (0, 20_458, 256, 14, T)),
    "a cause of 17 bits": record(20, (0, 20_458, 0, 2**16, T)),
    "an object without its time": record(20, (0, 20_458, 0, 14)),
    "marks on an object": record(49, (1, 1, 1, 90, T), marks=1),
    "marks on a deed": record(8, (201, 32, 5, 0, 0, 0, T), marks=8),
    "a value wider than it needs": b"\5" + bytes([0x12, 0x01]) + bytes([102, 0, 54, 9]),
    "a value of 14 bytes in 16": b"\5" + bytes([0x1F, 0x01]) + bytes(13) + b"\1\0\0" + bytes([54, 9]),
    "a zero in one byte": b"\6" + bytes([0x11, 0x11]) + bytes([1, 0, 9, 9]),
    "a value too large for its field": record(5, (102, 2**32, T)),
    "a code of 17 bits": record(2, (1, 0, 0, 0, 1, 2**16, 0, T)),
    "a timestamp of 65 bits": record(6, (0, 1, 1, 2, 3, 2**64)),
    "marks where there are none": record(5, (102, 54, T), marks=1),
    "a fourth mark": transfer(1, 2, T, marks=8),
    "a group that no mark announces": transfer(1, 2, T, groups=((250, 2),)),
    "a mark without its group": transfer(1, 2, T, marks=1),
    "released flags of 17 bits": transfer(1, 2, T, marks=1, groups=((250, 2**16),)),
    "a currency in small letters": ledger(1, 2, "eur", T),
    "a currency with a hole": ledger(1, 2, "A\0B", T),
    "no currency": ledger(1, 2, "", T),
    "a currency of 13 letters": ledger(1, 2, "ABCDEFGHIJKLM", T),
    "a byte after the record": KINDS[4] + b"\0",
    "the last byte missing": KINDS[4][:-1],
    "a kind alone": b"\3",
    "no widths for all fields": KINDS[0][:2],
    "a third side": CREDITS.line(4, 1, 10, 2),
    "marks on a statement line": marked(CREDITS.line(4, 1, 10, 0)),
}
POISONED = Book(ORIGIN, [[one, KINDS[0]] for one in POISON.values()])
