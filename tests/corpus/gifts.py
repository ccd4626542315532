"""Cases of gift proofs: draws that are fair, draws that are not, and files out of form."""
from book import Book, little, record, sha
from cast import (BOTH_LOGS, BY_LOG, BY_THREE, MAX, ORIGIN, OTHER, OTHER_LOG, PLAIN, T, TWO,
                  ledger)

HEAD = b"counterfoil/gift-proof@v1\n"
GIFT, SEED = 4, 2**127 + 77
GIFT_SEND, GIFT_CLAIM, TIME = 90, 91, 0
EQUAL, RANDOM = 0, 1


def draw(kind, amount, parts, taken, seed=SEED):
    """What the first `taken` of a gift's claims get, by the words of docs/proofs.md."""
    got = []
    for number in range(1, taken + 1):
        rest, left = amount - sum(got), parts - number + 1
        if kind == EQUAL:
            got.append(amount // parts + (1 if number <= amount % parts else 0))
        elif left == 1:
            got.append(rest)
        else:
            most = min(2 * rest // left, rest - left + 1)
            whole = 2**128 // most * most
            tries = (int.from_bytes(sha(b"cf-draw", little(seed, 16), little(number, 4), little(n, 4))[:16],
                                    "little") for n in range(1000))
            got.append(1 + next(one for one in tries if one < whole) % most)
    return got


class Story:
    """The values of the records of one gift; each may be changed before the file is made."""

    def __init__(self, kind=RANDOM, amount=2_003, parts=10, taken=4):
        bound = sha(b"cf-gift", little(GIFT, 16), little(SEED, 16))
        halves = [int.from_bytes(half, "little") for half in (bound[:16], bound[16:])]
        got = draw(kind, amount, parts, taken)
        gift = {"id": GIFT, "sender": 7, "ledger": 1, "kind": kind, "amount": amount, "parts": parts}
        self.sent = {**gift, "claimed": 0, "claims": 0, "returned": 0, "low": halves[0], "high": halves[1],
                     "state": 0, "deadline": T + 99, "cause": GIFT_SEND, "time": T + 1}
        self.claims = [{"gift": GIFT, "party": 100 + n, "number": n, "ledger": 1, "amount": one,
                        "cause": GIFT_CLAIM, "time": T + 1 + n} for n, one in enumerate(got, 1)]
        self.seed = {"gift": GIFT, "seed": SEED, "state": 1, "cause": TIME, "time": T + 50}
        over = taken == parts
        self.ended = {**self.sent, "claimed": sum(got), "claims": taken, "returned": amount - sum(got),
                      "state": 1 if over else 2, "deadline": 0, "cause": TIME, "time": T + 51}

    def records(self):
        claims = [record(50, claim.values()) for claim in self.claims]
        return [record(48, self.sent.values()), *claims, record(49, self.seed.values()),
                record(48, self.ended.values())]

    def changed(self, part, **values):
        """With other values in one of its records, or in one of its claims by number."""
        one = self.claims[part - 1] if isinstance(part, int) else getattr(self, part)
        assert set(values) <= set(one), values
        one.update(values)
        return self


def receipts_of(records, signers=BY_LOG, origin=ORIGIN, size=None):
    """The receipts of records that stand in this order in a log, in batches of three."""
    rest = [records[at:at + 3] for at in range(0, len(records), 3)]
    book = Book(origin, [[ledger(1, 2, "EUR", T)], *rest])
    size = size or len(book.batches)
    return [book.receipt(1 + at // 3, at % 3, size, signers) for at in range(len(records))]


def whole(receipts):
    files = [one if isinstance(one, bytes) else one.bytes() for one in receipts]
    return HEAD + b"".join(b"receipt %d\n" % len(one) + one for one in files)


def made(story, signers=BY_LOG):
    return whole(receipts_of(story.records(), signers))


def good():
    for kind, name in ((EQUAL, "equal"), (RANDOM, "random")):
        for taken in (0, 4, 10):
            yield f"{name}, {taken} of 10 taken", made(Story(kind, taken=taken)), PLAIN
        yield f"{name}, one part", made(Story(kind, 5, 1, 1)), PLAIN
        yield f"{name}, a unit each", made(Story(kind, 7, 7, 7)), PLAIN
        yield f"{name}, all there is", made(Story(kind, MAX, 3, 3)), PLAIN
        yield f"{name}, nearly all there is in two", made(Story(kind, MAX - 1, 2, 2)), PLAIN
    yield "two of three witnesses", made(Story(), BY_THREE), TWO
    receipts = receipts_of(Story().records())
    early = receipts_of(Story().records(), size=3)
    yield "checkpoints of two sizes", whole(early[:5] + receipts[5:]), PLAIN
    yield "a kind without a name is drawn", made(Story(9)), PLAIN


def unfair():
    def other(part, **values):
        return made(Story().changed(part, **values))

    base = Story()
    yield "another seed", other("seed", seed=SEED + 1)
    yield "a commitment to nothing", other("sent", low=0, high=0)
    yield "halves of the commitment exchanged", other("sent", low=base.sent["high"], high=base.sent["low"])
    yield "the seed not revealed", other("seed", state=0)
    yield "the seed of another gift", other("seed", gift=5)
    for number in (1, 2, 4):
        amount = base.claims[number - 1]["amount"]
        yield f"claim {number} a unit more", other(number, amount=amount + 1)
        yield f"claim {number} of another gift", other(number, gift=5)
        yield f"claim {number} with another number", other(number, number=9)
    yield "a claim of nothing", other(3, amount=0)
    yield "not as it was sent", other("sent", cause=GIFT_CLAIM)
    yield "sent with a claim", other("sent", claims=1)
    yield "sent with something claimed", other("sent", claimed=1)
    yield "sent and over", other("sent", state=2)
    for name in ("id", "sender", "ledger", "kind", "amount", "parts"):
        yield f"ended with another {name}", other("ended", **{name: base.sent[name] + 1})
    yield "not ended", other("ended", state=0)
    yield "ended with a claim more", other("ended", claims=5)
    yield "ended with a unit more claimed", other("ended", claimed=base.ended["claimed"] + 1)
    yield "a unit more returned", other("ended", returned=base.ended["returned"] + 1)
    yield "returned and claimed past 2^128", other("ended", returned=MAX)
    kinds = Story(9).changed("ended", kind=10)
    yield "two kinds without names", made(kinds)
    few = Story(RANDOM, 2_003, 10, 4)
    for part in (few.sent, few.ended):
        part["parts"] = 3
    yield "more claims than parts", made(few)
    poor = Story(RANDOM, 20, 10, 1)
    for part in (poor.sent, poor.ended):
        part["amount"] = 9
    yield "more parts than units", made(poor)
    receipts = receipts_of(base.records())
    yield "the last claim left out", whole(receipts[:4] + receipts[5:])
    yield "the first claim left out", whole(receipts[:1] + receipts[2:])
    yield "a claim twice", whole(receipts[:2] + receipts[1:])
    yield "two claims exchanged", whole([receipts[0], receipts[2], receipts[1], *receipts[3:]])
    yield "seed and end exchanged", whole(receipts[:-2] + receipts[:-3:-1])
    yield "without its beginning", whole(receipts[1:])
    yield "without its seed", whole(receipts[:-2] + receipts[-1:])
    yield "without its end", whole(receipts[:-1])
    first = [base.records()[-1], *base.records()[:-1]]
    moved = receipts_of(first)
    yield "the end before the beginning in the log", whole(moved[1:] + moved[:1])
    alone = [ledger(1, 2, "EUR", T + 1)] * 3
    yield "three records of no gift", whole(receipts_of(alone))


def malformed():
    data = made(Story())
    receipts = [one.bytes() for one in receipts_of(Story().records())]
    yield "the first line alone", HEAD
    yield "the first line cut", HEAD[:-1]
    yield "another version", data.replace(b"gift-proof@v1", b"gift-proof@v2", 1)
    yield "two receipts", whole(receipts[:2])
    yield "the last byte missing", data[:-1]
    yield "a byte behind the last receipt", data + b"\n"
    yield "an empty line before the first", HEAD + b"\n" + data[len(HEAD):]
    length = b"receipt %d\n" % len(receipts[0])
    for name, line in (("zero", b"receipt 0\n"), ("none", b"receipt \n"), ("negative", b"receipt -1\n"),
                       ("with a leading zero", length.replace(b" ", b" 0")),
                       ("with a plus", length.replace(b" ", b" +")),
                       ("with a space behind", length.replace(b"\n", b" \n")),
                       ("with CR", length.replace(b"\n", b"\r\n")),
                       ("of eight digits", b"receipt 10000000\n"), ("of seven", b"receipt 9999999\n"),
                       ("one less", b"receipt %d\n" % (len(receipts[0]) - 1)),
                       ("one more", b"receipt %d\n" % (len(receipts[0]) + 1)),
                       ("in capitals", length.replace(b"receipt", b"RECEIPT"))):
        yield f"a length: {name}", data.replace(length, line, 1)
    yield "a receipt that is none", whole([receipts[0], b"x\n", *receipts[1:]])
    yield "a gift proof in a gift proof", whole([data, *receipts])
    yield "1,004 receipts", whole([b"x"] * 1004)
    yield "a receipt", receipts[0]


def others():
    receipts = receipts_of(Story().records())
    strange = receipts_of(Story().records(), [(OTHER, None)], OTHER.name)
    path = receipts[3].path
    yield "a path cut", whole([*receipts[:3], receipts[3].copy(path=path[:-1]), *receipts[4:]]), (
        PLAIN, "not_included")
    yield "a record changed", whole([
        *receipts[:2], receipts[2].copy(record=receipts[1].record), *receipts[3:]]), (PLAIN, "not_included")
    yield "a record not opened", whole([*receipts[:5], receipts[5].copy(extra_line="")]), (
        PLAIN, "bad_opening")
    yield "another log", whole(receipts), (OTHER_LOG, "unknown_log")
    yield "one of another log", whole(receipts[:-1] + strange[-1:]), (PLAIN, "unknown_log")
    yield "of two logs", whole(receipts[:-1] + strange[-1:]), (BOTH_LOGS, "unfair")
    yield "without witnesses", whole(receipts), (TWO, "quorum")
    yield "one without a signature of the log", whole(
        [receipts[0].copy(signatures=[OTHER.line(receipts[0].text, None)]), *receipts[1:]]), (
        PLAIN, "not_signed")


def cases():
    for name, data, policy in good():
        yield f"good: gift: {name}", data, policy, "ok"
    for name, data in unfair():
        yield f"unfair: gift: {name}", data, PLAIN, "unfair"
    for name, data in malformed():
        yield f"malformed: gift: {name}", data, PLAIN, "malformed"
    for name, data, (policy, expected) in others():
        yield f"{expected}: gift: {name}", data, policy, expected
