"""Lets a running tlog-witness cosign the checkpoint of a log, with the feeder of aics-witness, and checks what comes back.

Usage: feed_witness.py WITNESS-URL WITNESS-VKEY PLACE LOG-VKEY [--at CHECKPOINT-FILE] [--out FILE]
PLACE is a URL or a folder: consistency proofs come from its tiles. --at feeds an older checkpoint of it instead.
Prints `ok: ...` or `no: ...` and exits 0 or 1; --out gets the checkpoint with the cosignature.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import aics_tlog
from aics_witness.feeder import FeederError, WitnessClient, merge_cosignatures


def feed(url: str, witness: str, place: str, log_vkey: str, at: str | None) -> tuple[str, bytes]:
    source = aics_tlog.HttpTileReader(aics_tlog.remote.tile_source_url(place), proxies={})
    now = aics_tlog.parse_checkpoint(aics_tlog.parse_note(source.read_checkpoint()).text)
    signed = Path(at).read_bytes() if at else source.read_checkpoint()

    def prove(old: int, new: int) -> list[bytes]:
        return aics_tlog.consistency_proof_from_tiles(source, old, new, now.size)

    with WitnessClient(url, witness) as client:
        cosigned = merge_cosignatures(signed, client.submit(signed, prove))
    result = aics_tlog.verify_checkpoint(
        aics_tlog.parse_note(cosigned), aics_tlog.parse_vkey(log_vkey), [aics_tlog.parse_vkey(witness)], 1,
        expected_origin=log_vkey.split("+", 1)[0], max_age_seconds=60)
    if not result.ok:
        raise ValueError(f"checkpoint: {result.error}")
    return f"{result.witnesses[0]} cosigned {result.origin} at size {result.size}", cosigned


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("url", "witness", "place", "vkey"):
        arguments.add_argument(name)
    arguments.add_argument("--at")
    arguments.add_argument("--out")
    given = arguments.parse_args()
    try:
        told, cosigned = feed(given.url, given.witness, given.place, given.vkey, given.at)
    except (ValueError, OSError, FeederError) as e:
        print(f"no: {e}")
        return 1
    if given.out:
        Path(given.out).write_bytes(cosigned)
    print(f"ok: {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
