#!/usr/bin/env python3
"""Holds the Python verifier against the corpus: `N passed, N failed`, and each failure by name."""
import base64
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../sdk/python"))
sys.dont_write_bytecode = True
import counterfoil_verify as verifier  # noqa: E402


def facts(case):
    """What the verifier shows of a case that holds; raises Refused."""
    policy, data = verifier.Policy.parse(case["policy"].encode()), base64.b64decode(case["file"])
    if case["kind"] == "balance":
        shown = verifier.verify_balance(data, base64.b64decode(case["statement"]), policy)
    elif case["kind"] == "receipt":
        shown = verifier.verify_receipt(data, policy)
    elif case["kind"] == "gift":
        shown = verifier.verify_gift(data, policy)
    else:
        shown = verifier.verify_checkpoint(data, policy)
    return [list(pair) for pair in verifier.pairs(shown)]


def verdict(case):
    """What the verifier says: `ok` or the code of its refusal."""
    try:
        shown = facts(case)
    except verifier.Refused as refused:
        return refused.code
    return "ok" if shown == case.get("facts") else "other facts"


def main():
    with open(os.path.join(HERE, "corpus.json"), encoding="utf-8") as file:
        cases = json.load(file)
    failed = 0
    for case in cases:
        said = verdict(case)
        if said != case["expect"]:
            failed += 1
            print(f"{case['name']}: {said}, expected {case['expect']}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
