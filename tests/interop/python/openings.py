"""The opening in a receipt and the outer leaf that it leads to (docs/format.md), read without this project's code."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from dataclasses import dataclass

LEAF_BYTES = 168
LEAF = struct.Struct("<8sQQI4xQ32s32s32s24s8x")
NO_COUNTS = bytes(24)


@dataclass(frozen=True)
class Leaf:
    """One batch as its line in the log tells it."""

    number: int
    first_record: int
    records: int
    timestamp: int
    inner_root: bytes
    previous: bytes
    rule_book: bytes
    counts: bytes

    def to_bytes(self) -> bytes:
        return LEAF.pack(b"cf-leaf1", self.number, self.first_record, self.records, self.timestamp,
                         self.inner_root, self.previous, self.rule_book, self.counts)

    @classmethod
    def parse(cls, data: bytes) -> Leaf:
        if len(data) != LEAF_BYTES or not data.startswith(b"cf-leaf1"):
            raise ValueError("not an outer leaf")
        leaf = cls(*LEAF.unpack(data)[1:])
        if leaf.to_bytes() != data:
            raise ValueError("bytes of the outer leaf that must be zero are not")
        return leaf


@dataclass(frozen=True)
class Receipt:
    """A tlog-proof of one record: where it stands in its batch, where the batch stands in the log."""

    number: int
    first_record: int
    records: int
    timestamp: int
    previous: bytes
    rule_book: bytes
    counts: bytes
    index: int
    salt: bytes
    inner: list[bytes]
    record: bytes
    outer: list[bytes]
    note: bytes

    def leaf(self, inner_root: bytes) -> Leaf:
        return Leaf(self.number, self.first_record, self.records, self.timestamp,
                    inner_root, self.previous, self.rule_book, self.counts)


def decoded(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as e:
        raise ValueError(f"base64: {e}") from None
    if base64.b64encode(data).decode() != text:
        raise ValueError("base64: not canonical")
    return data


def parse_receipt(file: bytes) -> Receipt:
    head, found, note = file.partition(b"\n\n")
    lines = head.decode("utf-8").split("\n")
    if not found or len(lines) < 3 or lines[0] != "c2sp.org/tlog-proof@v1":
        raise ValueError("not a tlog-proof")
    if not lines[1].startswith("extra ") or not re.fullmatch(r"index (0|[1-9][0-9]{0,18})", lines[2]):
        raise ValueError("no extra or no index line")
    outer = [decoded(line) for line in lines[3:]]
    if any(len(h) != 32 for h in outer):
        raise ValueError("a hash of the path is not 32 bytes")
    extra = decoded(lines[1][6:])
    if extra[:1] not in (b"\1", b"\2"):
        raise ValueError("extra: not an opening of version 1 or 2")
    wide = extra[0] == 2
    form = struct.Struct("<xQIQ32s32s24sI16sB" if wide else "<xQIQ32s32s0sI16sB")
    if len(extra) < form.size:
        raise ValueError("extra: its length is wrong")
    first_record, records, timestamp, previous, rule_book, counts, index, salt, count = form.unpack_from(extra)
    if wide and counts == NO_COUNTS:
        raise ValueError("extra: version 2 and the register counts nothing")
    counts, rest = counts if wide else NO_COUNTS, extra[form.size:]
    if count > 14 or not 1 <= len(rest) - 32 * count <= 512:
        raise ValueError("extra: its length is wrong")
    inner = [rest[32 * i:32 * i + 32] for i in range(count)]
    return Receipt(int(lines[2][6:]), first_record, records, timestamp, previous, rule_book, counts,
                   index, salt, inner, rest[32 * count:], outer, note)
