"""Checks a receipt with aics-tlog (note, checkpoint, RFC 9162 inclusion) and with pymerkle (both trees).

Usage: verify_receipt.py FILE LOG-VKEY [WITNESS-VKEY...]    each witness named must have cosigned
Prints `ok: ...` or `no: ...` and exits 0 or 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

import aics_tlog
import pymerkle

from openings import Receipt, parse_receipt


def inclusion_by_pymerkle(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes | None) -> bytes:
    """Lets pymerkle follow the path; returns the root that it leads to. Without a root there is nothing to compare with yet.

    pymerkle counts leaves from one, puts the leaf itself first in the path, and needs the rule of turns, which depends
    on index and size only.
    """
    rule = turns(index, size)
    proof = pymerkle.InclusionProof("sha256", True, size, index + 1, rule, [leaf, *path])
    if len(path) + 1 != len(rule):
        raise ValueError(f"a path of {len(path)} hashes, expected {len(rule) - 1}")
    found: bytes = proof.compute_root()
    pymerkle.verify_inclusion(leaf, root if root is not None else found, proof, index=index + 1, size=size, algorithm="sha256")
    return found


def turns(index: int, size: int) -> list[int]:
    """For each hash of the path, from the leaf on, on which side of the next it stands: 0 left, 1 right (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"index {index} in a tree of {size}")
    sides: list[int] = []
    while size > 1:
        k = 1 << ((size - 1).bit_length() - 1)
        right = index >= k
        sides.append(int(right))
        index, size = (index - k, size - k) if right else (index, k)
    return [*reversed(sides), 0]


def verify(file: bytes, log_vkey: str, witnesses: list[str]) -> str:
    receipt: Receipt = parse_receipt(file)
    keys = [aics_tlog.parse_vkey(w) for w in witnesses]
    result = aics_tlog.verify_checkpoint(
        aics_tlog.parse_note(receipt.note), aics_tlog.parse_vkey(log_vkey), keys, len(keys),
        expected_origin=log_vkey.split("+", 1)[0])
    if not result.ok or result.size is None or result.root is None:
        raise ValueError(f"checkpoint: {result.error}")

    record_hash = aics_tlog.leaf_hash(receipt.salt + receipt.record)
    inner_root = inclusion_by_pymerkle(record_hash, receipt.index, receipt.records, receipt.inner, None)
    if not aics_tlog.verify_inclusion(record_hash, receipt.index, receipt.records, receipt.inner, inner_root):
        raise ValueError("inner tree: aics-tlog finds another root")

    leaf = receipt.leaf(inner_root).to_bytes()
    if not aics_tlog.verify_leaf_inclusion(leaf, receipt.number, result.size, receipt.outer, result.root):
        raise ValueError("outer tree: the path leads to another root")
    inclusion_by_pymerkle(aics_tlog.leaf_hash(leaf), receipt.number, result.size, receipt.outer, result.root)
    return (f"receipt of record {receipt.first_record + receipt.index} (kind {receipt.record[0]}, {len(receipt.record)} bytes) "
            f"in batch {receipt.number} of {result.origin} at size {result.size}, {result.cosignature_count} cosignatures")


def main() -> int:
    if len(sys.argv) < 3:
        print(__doc__)
        return 1
    try:
        told = verify(Path(sys.argv[1]).read_bytes(), sys.argv[2], sys.argv[3:])
    except (ValueError, OSError, pymerkle.InvalidProof) as e:
        print(f"no: {e}")
        return 1
    print(f"ok: {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
