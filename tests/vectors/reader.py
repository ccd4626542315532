#!/usr/bin/env python3
"""Reads a directory of books from its log alone, and checks every byte of it.

Written from docs/format.md; shares nothing with the program. Standard library only.

    reader.py DIRECTORY             all accounts, as JSON, one a line
    reader.py --summary DIRECTORY   counts, sums per ledger, SHA-256 over the account lines

The books are to be closed. Ends with 1 and names the place where the directory is not as it
should be. A torn end, which the next start would cut off, is told and is no error.
"""
import hashlib
import json
import os
import re
import sys

BLOCK, SECTOR, HEADER, FRAME_MAX, ZERO = 4096, 512, 256, 8_491_008, bytes(32)
SUMS = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
FAILURES = {21, 22, 25, 54, 55, 65, 66}  # the transient statuses
TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    TABLE.append(n)


class Wrong(Exception):
    """The directory is not as docs/format.md says; the text names the place."""


def crc(data):
    value, table = 0xFFFFFFFF, TABLE
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 255]
    return value ^ 0xFFFFFFFF


def number(data, start, length=8):
    return int.from_bytes(data[start:start + length], "little")


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def need(holds, what):
    if not holds:
        raise Wrong(what)


def root(level):
    """RFC 6962: pairs from the left; an odd one out rises, which is the split at a power of two."""
    if not level:
        return sha()
    while len(level) > 1:
        pairs = [sha(b"\1", a, b) for a, b in zip(level[::2], level[1::2])]
        level = pairs + level[len(pairs) * 2:]
    return level[0]


# Bits of each field of a kind's group, in order; 96 is a currency code. A group of odd count has marks.
KINDS = {
    1: (32, 8, 96, 64),
    2: (128, 128, 64, 32, 32, 16, 16, 64),
    3: (128, 128, 128, 128, 128, 128, 64, 32, 32, 32, 16, 16, 64),
    4: (128, 128, 128, 128, 16, 64),
    5: (128, 32, 64),
    6: (64, 32, 32, 128, 128, 64),
    7: (64, 32, 32, 8, 32, 16, 8, 8, 64, 128, 128, 128, 64),
    0x83: (128, 128, 128, 128, 16, 16, 64),
    0x84: (128, 128, 128, 128, 16, 16, 64),
    0x85: (64,),
}
# Since version 3: what objects are called, and bits of their fields. `k` marks what one is found by,
# `<n` a name that is one of n, `%` millionths. Every object ends with a cause and a timestamp.
OBJECTS = {
    16: ("chart_line", "16k 8<6 8<21 16 16 128 128"),
    17: ("fee", "128k 32 128 32% 128 128 8<2 8<4 8"),
    18: ("fee_tier", "128k 8k 128 128 32%"),
    19: ("calendar", "32k 32 8"),
    20: ("holiday", "32k 32k 8<2"),
    21: ("day", "32k 8<2 64"),
    22: ("party", "128k 8<5 8<4 8<3 8<11 32% 32% 16 8<3 128"),
    32: ("hold", "128k 128 128 32 128 128 8<4 128 64"),
    33: ("payment", "128k 128 128 32 128 128 8<2 128 128 32 8 8<2 64 128 8<3"),
    34: ("payment_request", "128k 128 128 32 128 8<4 64 128"),
    35: ("schedule", "128k 128 128 32 128 32 8<4 16 32 32 32 32 32 8<3 64"),
    36: ("chargeback", "128k 128 16 128 128 128 32 128 128 128 128 128 128 8<5 64"),
    40: ("listing", "32k 128 32 32 64 32 8<2 128"),
    41: ("order_line", "128k 16k 16 128 128 32 128 128 128 128 128 32 32 8<5 8<5 8<4 128 128 64 64 64"
                       " 128 128 32% 32% 16"),
    42: ("reserve", "128k 16k 128 32 128 64"),
    48: ("gift", "128k 128 32 8<2 128 16 128 16 128 128 128 8<3 64"),
    49: ("gift_seed", "128k 128 8<2"),
    50: ("gift_claim", "128k 128k 16 32 128"),
    52: ("rule_version", "32k 64 64 16 128 128 128 128 128 128 128"),
    53: ("finding", "128k 64k 32 16 8<4 8<5 128 16 8<10 128 128 32 128 128 128 64 128 64"),
    54: ("figure", "128k 128k 128 32"),
    55: ("party_key", "128k 128 128"),
    56: ("document", "128k 128k 64 8<10 128 128 128 128 128"),
    57: ("mandate", "128k 32 64 16 16 8<2 128 8 64 64 64"),
    58: ("decision", "128k 64k 8<7 8<8 8<4 128 64 8<9 8<4 8<4 8<3 16 32 128 64 64 64 64 128 64"),
    59: ("register", "8k 64 64 64 64"),
    60: ("demand", "64k 8<9 8<10 8<4 8<4 16 64 128 128 128 128 64 8<2 8<2 16 64 64 32"),
    61: ("demand_file", "64k 128 128 128 128 128"),
    62: ("disclosure", "64k 64 8<2 128 128 64 64 64 128 128 64 64 32"),
    63: ("budget", "128k 64 64 32"),
    64: ("question", "128k 128k 128 32"),
    65: ("lookup", "128k 64k 128 128 8<7 128"),
    66: ("assessment", "128k 128k 128 128 128 64 64 64"),
}
ACTS = {*range(16), *range(30, 52), *range(60, 64), *range(70, 80), 90, 91, *range(100, 103)}  # 0 is time
PAGE, PAGE_BYTES = 9, 384
DEED, OWN = 8, int.from_bytes(b"cf-deeds", "big")  # OWN is the upper half of the ids of own transfers
KINDS[DEED] = (128, 16, 128, 32, 64, 64, 64)
KINDS[PAGE] = (64, 16, 16, 64)  # so many bytes of a document follow
for kind, (_, fields) in OBJECTS.items():
    KINDS[kind] = tuple(int(re.match("[0-9]+", field)[0]) for field in fields.split()) + (16, 64)
SINCE = {**dict.fromkeys((6, 7, 0x83, 0x84, 0x85), 2), DEED: 3, PAGE: 3, **dict.fromkeys(OBJECTS, 3)}


def unpack(data, at, fields):
    """One group of packed integers: the values, the marks and where it ends."""
    widths, values = data[at:at + (len(fields) + 1) // 2], []
    at += (len(fields) + 1) // 2
    nibbles = [nibble for byte in widths for nibble in (byte & 15, byte >> 4)]
    need(len(nibbles) >= len(fields), "the record is too short")
    for bits, width in zip(fields, nibbles):
        length = 16 if width == 15 else width
        value = number(data, at, length)
        at += length
        need(at <= len(data), "the record is too short")
        least = (value.bit_length() + 7) // 8
        need(width == (15 if least >= 15 else least), "a value is wider than it needs")
        need(value.bit_length() <= bits, "a value does not fit in its field")
        values.append(value)
    return values, nibbles[-1] if len(fields) % 2 else 0, at


class Fold:
    """The accounts, added up from records."""

    def __init__(self):
        self.accounts, self.ledgers, self.open, self.ids = {}, {}, {}, set()
        self.last = {"any": 0, "account": 0, "transfer": 0}
        self.times, self.counts = set(), dict.fromkeys(KINDS, 0)
        self.entered, self.statements, self.stays = {}, [], None
        self.deeds, self.objects = set(), {kind: set() for kind in OBJECTS}
        self.register = (0, 0, 0)  # demands, disclosures and looks into personal data
        self.own, self.gone = {}, 0  # of the books' own transfers those since the last deed, and erased ones

    def record(self, data, version):
        need(data and data[0] in KINDS, "no record has this kind")
        kind = data[0]
        need(version >= SINCE.get(kind, 1), f"version {version} has no record of this kind")
        self.counts[kind] += 1
        values, marks, end = unpack(data, 1, KINDS[kind])
        if kind == 3:
            end = self.transfer(data, values, marks, end)
        elif kind == 0x83:
            self.remains(values, marks)
        else:
            need(marks == 0, "marks where there are none")
            if kind in OBJECTS:
                self.object(kind, values)
            elif kind == PAGE:
                end = self.page(end, *values)
            else:
                self.other(kind, values)
        if kind & 0x80:
            self.stays = sha(b"\0", data[:end])
            end += len(data[end:]) - len(data[end:].lstrip(b"\xa5"))
        need(end == len(data), "bytes follow the record")

    def other(self, kind, values):
        {1: self.ledger, 2: self.account, 4: self.expiry, 5: self.failure, 6: self.erasure, 7: self.line,
         DEED: self.deed, 0x84: self.expired, 0x85: lambda time: self.time(time, "any")}[kind](*values)

    def deed(self, ident, act, digest, transfers, first, given, timestamp):
        self.time(timestamp, "any")
        need(0 < ident < 2**128 - 1 and ident not in self.deeds, "the command was carried out before")
        need(act in ACTS - {0}, "no act has this number")
        self.deeds.add(ident)
        need(bool(first) == bool(transfers), "a first transfer where there is none, or none where there is")
        need(transfers <= len(self.own) + self.gone, "the deed names more transfers than there are")
        codes = [self.own.get(first + number) for number in range(transfers)]
        need(all(code in (None, act) for code in codes), "a transfer of the deed is of another act")
        need(codes.count(None) <= self.gone, "a transfer that the deed names is not there")
        self.own, self.gone = {}, 0

    def page(self, end, document, part, length, timestamp):
        self.time(timestamp, "any")
        need(document and 0 < length <= PAGE_BYTES, "no document, or a page that is empty or too long")
        return end + length

    def object(self, kind, values):
        """Objects change no account; each stands in the place of the one with its key."""
        *values, cause, timestamp = values
        self.time(timestamp, "any")
        need(cause in ACTS, "no act has the number of its cause")
        fields = OBJECTS[kind][1].split()
        for field, value in zip(fields, values):
            names = re.search("<([0-9]+)", field)
            need(not names or value < int(names[1]), "no state or kind has this number")
            need(not field.endswith("%") or value <= 1_000_000, "a share is more than all")
        key = tuple(value for field, value in zip(fields, values) if "k" in field)
        need(OBJECTS[kind][0] != "listing" or key[0] <= len(self.objects[kind]), "a listing is left out")
        self.objects[kind].add(key)
        if OBJECTS[kind][0] == "register":
            need(all(map(int.__le__, self.register, values[1:4])), "the register counts less than before")
            self.register = tuple(values[1:4])

    def time(self, timestamp, kind, imported=False):
        need(timestamp > self.last[kind if imported else "any"], "its time does not rise")
        need(timestamp < 1 << 63 and timestamp not in self.times, "its time is taken, or too late")
        self.times.add(timestamp)
        self.last[kind] = timestamp
        self.last["any"] = max(self.last["any"], timestamp)

    def ledger(self, ledger, exponent, code, timestamp):
        text = code.to_bytes(12, "little").rstrip(b"\0").decode("latin-1")
        need(re.fullmatch("[A-Z0-9]{1,12}", text) and exponent <= 18, "no currency")
        need(ledger and ledger not in self.ledgers, "the ledger was declared before")
        self.time(timestamp, "any")
        self.ledgers[ledger] = (text, exponent)

    def account(self, *values):
        ident, flags, timestamp = values[0], values[6], values[7]
        self.time(timestamp, "account", flags & 16)
        need(0 < ident < 2**128 - 1 and ident not in self.accounts, "the account exists, or is no id")
        need(values[4] and values[5] and not flags >> 6 and flags & 6 != 6, "no account is like that")
        one = dict.fromkeys(SUMS, 0)
        one.update(zip(("data128", "data64", "data32", "ledger", "code", "flags", "timestamp"), values[1:]))
        self.accounts[ident] = one

    def sides(self, debit, credit):
        need(debit != credit, "both accounts are the same")
        for ident in (debit, credit):
            need(ident in self.accounts, f"there is no account {ident}")
        return (self.accounts[debit], "debits"), (self.accounts[credit], "credits")

    def add(self, sides, pending, posted):
        for one, side in sides:
            one[side + "_pending"] += pending
            one[side + "_posted"] += posted
            need(one[side + "_pending"] >= 0, "more is released than was reserved")
            need(one[side + "_pending"] + one[side + "_posted"] < 2**128, "a sum leaves its range")

    def end(self, pending_id, sides, released):
        ended = self.open.pop(pending_id, None)
        need(ended is not None, f"no pending transfer {pending_id} is open")
        need(ended[:2] == released and ended[2] == sides, f"pending transfer {pending_id} is another one")
        return ended

    def reopen(self, sides, flags):
        for (one, _), bit in zip(sides, (64, 128)):
            if flags & bit:
                one["flags"] &= ~32

    def transfer(self, data, values, marks, end):
        ident, debit, credit, amount, pending_id = values[:5]
        timeout, ledger, code, flags, timestamp = values[8:]
        self.time(timestamp, "transfer", flags & 256)
        need(0 < ident < 2**128 - 1 and ident not in self.ids, "the id is taken, or is none")
        self.ids.add(ident)
        if ident >> 64 == OWN:
            self.own[ident % 2**64] = code
        sides = self.sides(debit, credit)
        need(code and all(one["ledger"] == ledger for one, _ in sides), "the ledger is another")
        ends = bool(flags & 12)
        need(ends == bool(marks & 1) == bool(pending_id) and marks < 8, "the marks do not fit the flags")
        need(not flags >> 9 and (flags & 14) in (0, 2, 4, 8), "the flags exclude each other")
        if ends:
            released, _, end = unpack(data, end, (128, 16))
            self.end(pending_id, sides, tuple(released))
            need(amount <= released[0], "more than was reserved")
            if flags & 8:
                need(amount == released[0], "a void is of the whole")
                self.reopen(sides, released[1])
            self.add(sides, -released[0], amount if flags & 4 else 0)
        elif flags & 2:
            self.open[ident] = (amount, flags, sides, timeout and timestamp + timeout * 10**9)
            self.add(sides, amount, 0)
            for (one, _), bit in zip(sides, (64, 128)):
                one["flags"] |= 32 if flags & bit else 0
        else:
            self.add(sides, 0, amount)
        for (one, _), mark in zip(sides, (2, 4)):
            need(bool(marks & mark) == bool(one["flags"] & 8), "sums are there for accounts with history")
            if marks & mark:
                sums, _, end = unpack(data, end, (128,) * 4)
                need(sums == [one[name] for name in SUMS], "the sums after it are others")
        return end

    def expiry(self, pending_id, debit, credit, amount, flags, timestamp):
        self.time(timestamp, "any")
        sides = self.sides(debit, credit)
        due = self.end(pending_id, sides, (amount, flags))[3]
        need(due and due <= timestamp, "it expires too early")
        self.add(sides, -amount, 0)
        self.reopen(sides, flags)

    def remains(self, values, marks):
        debit, credit, amount, released, flags, released_flags, timestamp = values
        self.time(timestamp, "transfer", flags & 256)
        need(marks < 2 and bool(flags & 12) == bool(marks), "the marks do not fit the flags")
        need(marks or not released and not released_flags, "released where nothing was")
        self.gone += 1
        sides = self.sides(debit, credit)
        if marks:
            need(amount <= released, "more than was reserved")
            if flags & 8:
                self.reopen(sides, released_flags)
            self.add(sides, -released, amount if flags & 4 else 0)
        elif flags & 2:
            self.add(sides, amount, 0)
            for (one, _), bit in zip(sides, (64, 128)):
                one["flags"] |= 32 if flags & bit else 0
        else:
            self.add(sides, 0, amount)

    def expired(self, debit, credit, amount, released, flags, released_flags, timestamp):
        need(not released and not released_flags, "released where nothing was")
        self.time(timestamp, "any")
        sides = self.sides(debit, credit)
        self.add(sides, -amount, 0)
        self.reopen(sides, flags)

    def erasure(self, batch, index, days, low, high, timestamp):
        self.time(timestamp, "any")
        need(index < 16_384, "no batch has such a record")
        self.entered[batch, index] = low.to_bytes(16, "little") + high.to_bytes(16, "little")

    def line(self, *values):
        statement, line, count, scheme, ledger, code, side, height, batches, total = values[:10]
        self.time(values[12], "any")
        last = self.statements[-1] if self.statements else None
        if line:
            need(last and last["number"] == statement and len(last["lines"]) == line < last["of"] == count
                 and last["batches"] == batches, "the line does not follow the one before")
        else:
            need(statement == len(self.statements) + 1 and count, "the number of the statement")
            need(not last or len(last["lines"]) == last["of"], "the statement before is not whole")
            last = {"number": statement, "of": count, "batches": batches, "lines": []}
            self.statements.append(last)
        need(scheme == 1 and ledger and code and side < 2 and height <= 40, "no line is like that")
        root = b"".join(half.to_bytes(16, "little") for half in values[10:12])
        tree = (ledger, code, side)
        need(not last["lines"] or last["lines"][-1][:3] < tree, "the lines do not rise")
        last["lines"].append(tree + (height, total, root.hex()))

    def stand(self):
        """Every class and side with its accounts: how high their tree is and what they add up to."""
        classes = {}
        for one in self.accounts.values():
            balance = one["credits_posted"] - one["debits_posted"]
            classes.setdefault((one["ledger"], one["code"], int(balance < 0)), []).append(abs(balance))
        return [tree + (max(8, (len(all_of) - 1).bit_length()), sum(all_of))
                for tree, all_of in sorted(classes.items())]

    def failure(self, ident, status, timestamp):
        self.time(timestamp, "any")
        need(ident not in self.ids and status in FAILURES, "nothing burns an id like this")
        self.ids.add(ident)


class Log:
    """The frames, one after the other."""

    def __init__(self, data, wanted=()):
        self.data, self.wanted, self.fold, self.torn = data, wanted, Fold(), None
        self.leaves, self.records, self.previous, self.time = [], 0, ZERO, 0
        block = self.sealed("books", 72, b"cf-books")
        self.version = number(block, 8, 4)
        need(self.version in (1, 2, 3) and not number(block, 12, 4) and not number(block, 64, 4),
             "books: not version 1, 2 or 3")
        self.remains, self.stood = {}, {}
        self.size = number(block, 16)
        need(self.size in [1 << n for n in range(24, 31)], "books: the size of a segment")
        salt = self.sealed("salt", 52, b"cf-salt1")
        self.key_of, self.key = number(salt, 8), salt[16:48]

    def sealed(self, name, length, magic):
        with open(os.path.join(self.data, name), "rb") as file:
            block = file.read()
        need(len(block) == length and block[:8] == magic, f"{name}: not {magic.decode()}")
        need(crc(block[:-4]) == number(block, length - 4, 4), f"{name}: the checksum")
        return block

    def read(self):
        folder = os.path.join(self.data, "log")
        names = sorted(name for name in os.listdir(folder) if not name.endswith(".new"))
        need(names == [f"{n:016x}.seg" for n in range(len(names))], "log: a segment is missing")
        ended = None  # where the log has ended, if it has: after it all is zero
        for n, name in enumerate(names):
            with open(os.path.join(folder, name), "rb") as file:
                segment = file.read()
            need(len(segment) == self.size, f"log/{name}: {len(segment)} bytes")
            at = 0
            while at < self.size:
                try:
                    length = self.frame(segment, at, n * self.size + at)
                except Wrong as wrong:
                    raise Wrong(f"log/{name}, byte {at}: {wrong}") from None
                if not length:
                    break
                need(not ended, f"{ended}: no whole frame, though one follows in log/{name}")
                at += length
            if self.torn and not ended:
                self.torn["file"] = f"log/{name}"
            if self.torn or at == 0:
                ended = ended or f"log/{name}, byte {at}"
        need(self.key_of <= len(self.leaves), "salt: the key is of a batch that the log does not have")
        return self

    def check(self):
        self.erased()
        self.stated()
        return self

    def erased(self):
        """Remains stand where an erasure says so, and there alone; so do the files that open the rest."""
        for batch, index in self.remains.keys() ^ self.fold.entered.keys():
            raise Wrong(f"batch {batch}, record {index}: erased and not entered, or entered and not erased")
        for (batch, index), stays in self.remains.items():
            need(stays == self.fold.entered[batch, index], f"batch {batch}, record {index}: other remains")
        folder = os.path.join(self.data, "erased")
        names = set(os.listdir(folder)) if os.path.isdir(folder) else set()
        expected = {f"{batch:016x}" for batch, _ in self.remains}
        need(names == expected, f"erased: {sorted(names ^ expected)} belong to no batch, or are missing")

    def stated(self):
        """The lines of each statement are of the classes, with the sums, that there were at its batch."""
        wanted = {one["batches"] for one in self.fold.statements}
        stood = Log(self.data, wanted).read().stood if wanted else {}
        for one in self.fold.statements:
            need(one["of"] == len(one["lines"]), f"statement {one['number']}: it has not all its lines")
            need([line[:5] for line in one["lines"]] == stood.get(one["batches"]),
                 f"statement {one['number']}: its lines are not what the accounts add up to")

    def openings(self, batch, count):
        """The salts of a batch from which records were erased, or in their place leaf hashes."""
        name = f"erased/{batch:016x}"
        try:
            with open(os.path.join(self.data, name), "rb") as file:
                block = file.read()
        except FileNotFoundError:
            raise Wrong(f"{name}: it is missing") from None
        erased = number(block, 20, 4)
        need(block[:8] == b"cf-erase" and crc(block[:-4]) == number(block, len(block) - 4, 4)
             and number(block, 8) == batch and number(block, 16, 4) == count and 0 < erased <= count
             and len(block) == 28 + 36 * erased + 16 * (count - erased), f"{name}: it is not of this batch")
        entries = [block[at:at + 36] for at in range(24, 24 + 36 * erased, 36)]
        indexes = [number(entry, 0, 4) for entry in entries]
        need(indexes == sorted(set(indexes)) and indexes[-1] < count, f"{name}: its records do not rise")
        leaves = {index: entry[4:] for index, entry in zip(indexes, entries)}
        others, at = [index for index in range(count) if index not in leaves], 24 + 36 * erased
        return {index: block[at + 16 * n:at + 16 * n + 16] for n, index in enumerate(others)}, leaves

    def frame(self, segment, at, position):
        """Length of the frame at `at`, 0 where the log has ended or goes on in the next segment."""
        head = segment[at:at + HEADER]
        whole = head[:8] == b"cf-frame" and number(head, 8, 4) == crc(head[12:])
        body_length, length = number(head, 16, 4), number(head, 20, 4)
        body = segment[at + HEADER:at + HEADER + body_length]
        padding = segment[at + HEADER + body_length:at + length]
        if not whole or number(head, 12, 4) != crc(body) or padding.strip(b"\xa5"):
            self.end(segment, at, length if whole else None)
            return 0
        mark = head[232]
        need(number(head, 24) == position and not any(head[233:]), "the header is of another place")
        need(mark < min(self.version, 2) and not (mark and any(head[32:64])), "the mark of erased records")
        need(length == -(-(HEADER + body_length) // BLOCK) * BLOCK <= min(FRAME_MAX, self.size - at),
             "the length of the frame")
        self.batch(None if mark else head[32:64], head[64:232], body)
        return length

    def end(self, segment, at, length):
        rest = segment[at:]
        written = len(rest.rstrip(b"\0"))
        if not written:
            return
        for later in range(at + BLOCK, self.size, BLOCK):
            head = segment[later:later + HEADER]
            need(head[:8] != b"cf-frame" or number(head, 8, 4) != crc(head[12:]),
                 "no whole frame is here, though one follows")
        need(not self.torn, "a second torn frame")
        sectors = [rest[n:n + SECTOR] for n in range(0, length or SECTOR, SECTOR)]
        unwritten = any(not sector.strip(b"\0") for sector in sectors)
        need(unwritten and written <= (length or FRAME_MAX), "the last frame is damaged")
        self.torn = {"at": at, "bytes": written}

    def batch(self, seed, leaf, body):
        if len(self.leaves) >= self.key_of:
            need(seed in (None, sha(b"cf-seed", self.key)), "the seed does not follow from the salt")
            self.key, self.key_of = sha(b"cf-next", self.key), self.key_of + 1
        count, time = number(leaf, 24, 4), number(leaf, 32)
        need(leaf[:8] == b"cf-leaf1" and not any(leaf[28:32]) and not any(leaf[160:]), "not a leaf")
        need(number(leaf, 8) == len(self.leaves), "the number of the batch")
        need(number(leaf, 16) == self.records, "the index of the first record")
        need(leaf[72:104] == self.previous, "the hash of the batch before")
        need(time > self.time, "the time of the batch does not rise")
        inner, at, batch = [], 0, len(self.leaves)
        salts, leaves = ({}, {}) if seed else self.openings(batch, count)
        while at < len(body):
            length, check = number(body, at, 2), number(body, at + 2, 4)
            record = body[at + 6:at + 6 + length]
            try:
                need(len(record) == length <= 512 and crc(record) == check, "the checksum")
                self.fold.record(record, self.version)
                need(bool(record[0] & 0x80) == (len(inner) in leaves), "erased and not marked so, or marked")
            except Wrong as wrong:
                raise Wrong(f"record {self.records + len(inner)}: {wrong}") from None
            index, at = len(inner), at + 6 + length
            if index in leaves:
                self.remains[batch, index] = self.fold.stays
                inner.append(leaves[index])
                continue
            half = sha(seed, (index // 2).to_bytes(8, "little")) if seed else salts.get(index, b"") * 2
            inner.append(sha(b"\0", half[16:] if index % 2 else half[:16], record))
        need(1 <= len(inner) == count <= 16_384, "the count of the records")
        counts = tuple(number(leaf, at) for at in (136, 144, 152))
        need(counts == self.fold.register, "the leaf does not count what the register does")
        need(leaf[40:72] == root(inner), "the root of the inner tree")
        self.records, self.time, self.previous = self.records + count, time, sha(b"\0", leaf)
        self.leaves.append(self.previous)
        if len(self.leaves) in self.wanted:
            self.stood[len(self.leaves)] = self.fold.stand()


def lines(fold):
    for ident, one in sorted(fold.accounts.items()):
        texts = {"id": str(ident), **{name: str(one[name]) for name in SUMS}}
        numbers = {name: one[name] for name in ("ledger", "code", "flags")}
        yield json.dumps({**texts, **numbers, "timestamp": str(one["timestamp"])})


def main(arguments):
    summary = "--summary" in arguments
    log = Log([one for one in arguments if one != "--summary"][0]).read().check().check()
    fold, accounts = log.fold, list(lines(log.fold))
    facts = {
        "batches": len(log.leaves), "records": log.records, "transfers": fold.counts[3],
        "expired": fold.counts[4], "failed": fold.counts[5], "pending": len(fold.open),
        "erased": len(log.remains), "statements": len(fold.statements),
        "deeds": len(fold.deeds),
        "objects": {OBJECTS[kind][0]: len(keys) for kind, keys in fold.objects.items() if keys},
        "root_of_outer_tree": root(log.leaves).hex(), "last_leaf": log.previous.hex(), "torn": log.torn,
        "ledgers": {str(n): f"{code}/{exponent}" for n, (code, exponent) in sorted(fold.ledgers.items())},
    }
    if summary:
        sums = {}
        for one in fold.accounts.values():
            entry = sums.setdefault(one["ledger"], dict.fromkeys(SUMS, 0))
            for name in SUMS:
                entry[name] += one[name]
        facts["accounts"] = len(accounts)
        facts["sums"] = {str(n): {k: str(v) for k, v in entry.items()} for n, entry in sorted(sums.items())}
        facts["accounts_sha256"] = hashlib.sha256("".join(a + "\n" for a in accounts).encode()).hexdigest()
        print(json.dumps(facts, indent=1))
    else:
        head = json.dumps(facts, indent=1)[:-2]
        print(head + ',\n "accounts": [\n' + ",\n".join(accounts) + "\n]}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    try:
        main(sys.argv[1:])
    except (Wrong, OSError) as wrong:
        sys.exit(f"{sys.argv[-1]}: {wrong}")
