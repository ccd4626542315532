#!/usr/bin/env python3
"""Makes corpus.json, the same bytes each time: files and what a verifier is to say of them.

    make.py           writes it
    make.py --check   ends with 1 where it would write something else
"""
import json
import os
import sys

import balances
import check
import gifts
import receipts
from signers import b64

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus.json")


def cases():
    for name, kind, data, policy, expected in receipts.cases():
        yield {"name": name, "kind": kind, "file": b64(data), "policy": policy, "expect": expected}
    for name, data, policy, expected in gifts.cases():
        yield {"name": name, "kind": "gift", "file": b64(data), "policy": policy, "expect": expected}
    for name, data, statement, policy, expected in balances.cases():
        yield {"name": name, "kind": "balance", "file": b64(data), "statement": b64(statement),
               "policy": policy, "expect": expected}


def main(arguments):
    made = [case if case["expect"] != "ok" else {**case, "facts": check.facts(case)}
            for case in cases()]
    names = [case["name"] for case in made]
    assert len(set(names)) == len(names), [name for name in names if names.count(name) > 1]
    files = [(case["kind"], case["file"], case.get("statement"), case["policy"]) for case in made]
    assert len(set(files)) == len(files), "two cases are the same"
    text = "[\n" + ",\n".join(json.dumps(case) for case in made) + "\n]\n"
    if "--check" in arguments:
        with open(PATH, encoding="utf-8") as file:
            return 0 if file.read() == text else 1
    with open(PATH, "w", encoding="utf-8") as file:
        file.write(text)
    good = sum(case["expect"] == "ok" for case in made)
    print(f"{good} good, {len(made) - good} damaged")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
