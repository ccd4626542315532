"""Checks a tlog-tiles log with aics-tlog, and its tree once more with pymerkle built from the entries.

Usage: verify_log.py PLACE LOG-VKEY [--old CHECKPOINT-FILE] [--witness VKEY]...    PLACE is a URL or a folder
Prints `ok: ...` or `no: ...` and exits 0 or 1.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import aics_tlog
import pymerkle

from openings import Leaf


@dataclass(frozen=True)
class Head:
    """What a checkpoint that verified says, and how many of the named witnesses cosigned it: all."""

    origin: str
    size: int
    root: bytes
    cosigned: int


def head(signed: bytes, log_vkey: str, witnesses: list[str]) -> Head:
    keys = [aics_tlog.parse_vkey(w) for w in witnesses]
    result = aics_tlog.verify_checkpoint(aics_tlog.parse_note(signed), aics_tlog.parse_vkey(log_vkey), keys, len(keys),
                                         expected_origin=log_vkey.split("+", 1)[0])
    if not result.ok or result.origin is None or result.size is None or result.root is None:
        raise ValueError(f"checkpoint: {result.error}")
    return Head(result.origin, result.size, result.root, result.cosignature_count)


def check_chain(entries: list[bytes]) -> None:
    """Each outer leaf names the one before it."""
    before = None
    for number, entry in enumerate(entries):
        leaf = Leaf.parse(entry)
        if before is None:
            expected = (0, 0, bytes(32))
        else:
            expected = (before.number + 1, before.first_record + before.records, aics_tlog.leaf_hash(before.to_bytes()))
            if leaf.timestamp <= before.timestamp:
                raise ValueError(f"entry {number} is not later than the one before")
        if (leaf.number, leaf.first_record, leaf.previous) != expected:
            raise ValueError(f"entry {number} does not follow the one before")
        before = leaf


def check_inclusion(reader: aics_tlog.VerifiedTileReader, tree: pymerkle.InmemoryTree, entries: list[bytes], root: bytes) -> int:
    """Paths from the tiles, checked by RFC 9162's algorithm, and the paths of pymerkle's own tree beside them."""
    size = len(entries)
    step = max(1, size // 500)
    chosen = sorted({*range(0, size, step), size - 1})
    for index in chosen:
        path = aics_tlog.inclusion_proof_from_tiles(reader, index, size)
        if not aics_tlog.verify_leaf_inclusion(entries[index], index, size, path, root):
            raise ValueError(f"entry {index}: the tiles do not prove it")
        proof = tree.prove_inclusion(index + 1, size)
        pymerkle.verify_inclusion(aics_tlog.leaf_hash(entries[index]), root, proof, index=index + 1, size=size, algorithm="sha256")
        if proof.path[1:] != path:
            raise ValueError(f"entry {index}: pymerkle proves it by another path")
    return len(chosen)


def check_growth(reader: aics_tlog.VerifiedTileReader, tree: pymerkle.InmemoryTree, old: Head, now: Head) -> None:
    if old.size > now.size:
        raise ValueError(f"the log has shrunk from {old.size} to {now.size}")
    path = aics_tlog.consistency_proof_from_tiles(reader, old.size, now.size)
    if not aics_tlog.verify_consistency(old.size, now.size, old.root, now.root, path):
        raise ValueError("growth: the older tree is not the beginning of this one")
    if old.size > 0:
        proof = tree.prove_consistency(old.size, now.size)
        pymerkle.verify_consistency(old.root, now.root, proof, prior_size=old.size, later_size=now.size, algorithm="sha256")


def verify(place: str, log_vkey: str, old_file: str | None, witnesses: list[str]) -> str:
    source = aics_tlog.HttpTileReader(aics_tlog.remote.tile_source_url(place), proxies={})
    now = head(source.read_checkpoint(), log_vkey, witnesses)
    aics_tlog.audit_tiles(source, now.size, now.root)
    reader = aics_tlog.VerifiedTileReader(source, now.size, now.root)
    entries = [reader.entry(i) for i in range(now.size)]
    check_chain(entries)
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    tree.append_entries(entries)
    if now.size and tree.get_root() != now.root:
        raise ValueError("pymerkle finds another root")
    proved = check_inclusion(reader, tree, entries, now.root) if now.size else 0
    grown = ""
    if old_file is not None:
        old = head(Path(old_file).read_bytes(), log_vkey, [])
        check_growth(reader, tree, old, now)
        if place.startswith(("http://", "https://")):
            # A log that is served may drop a partial tile only once the full one is there; a copy needs only its own tiles.
            aics_tlog.VerifiedTileReader(source, old.size, old.root).check_root()
        grown = f", grown from {old.size}"
    return f"log {now.origin}, {now.size} entries, {proved} proved, {now.cosigned} cosignatures{grown}"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("place")
    arguments.add_argument("vkey")
    arguments.add_argument("--old")
    arguments.add_argument("--witness", action="append", default=[])
    given = arguments.parse_args()
    try:
        told = verify(given.place, given.vkey, given.old, given.witness)
    except (ValueError, OSError, pymerkle.InvalidProof, pymerkle.InvalidChallenge) as e:
        print(f"no: {e}")
        return 1
    print(f"ok: {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
