"""Cases of balance proofs with the receipts of their statement's lines."""
import base64

from book import little, sibling_line
from cast import (ANNA, BOOK, BY_LOG, BY_THREE, CREDITS, DEBITS, DEEP, FULL, GREAT, LOG, OTHER_LOG, PLAIN,
                  SINGLE, TWO, WRAPPED)
from receipts import LIMIT, flipped, line_flipped, loose
from signers import b64

HEAD = 9  # lines before the path
PLACE = next(place for place, one in CREDITS.balances.items() if one[0] == 1005)
PROOF = CREDITS.proof(PLACE, 4, 1, 10, "credit")


def statement(line, signers=BY_LOG):
    return BOOK.receipt(7, line, FULL, signers).bytes()


def whole(lines):
    return "".join(line + "\n" for line in lines).encode()


def with_value(word, value):
    return [f"{word} {value}" if line.startswith(word + " ") else line for line in PROOF]


def with_sibling(level, line):
    return PROOF[:HEAD + level] + [line] + PROOF[HEAD + level + 1:]


def sibling(line):
    data = base64.b64decode(line)
    return data[:32], int.from_bytes(data[32:], "big")


def good():
    for place, (account, _) in sorted(CREDITS.balances.items()):
        yield f"account {account}", CREDITS.proof(place, 4, 1, 10, "credit"), 0
    for place in sorted(DEBITS.balances):
        yield f"debit, place {place}", DEBITS.proof(place, 4, 1, 10, "debit"), 1
    yield "height 0", SINGLE.proof(0, 4, 2, 10, "credit"), 2
    for place in GREAT.balances:
        yield f"sums up to 2^128 - 1, place {place}", GREAT.proof(place, 4, 3, 20, "credit"), 3
    yield "height 9, code 65535", DEEP.proof(3, 4, 4, 65535, "debit"), 4


def out_of_form_lines():
    """Lines that are no balance proof."""
    yield "another version", ["counterfoil/balance-proof@v2"] + PROOF[1:]
    yield "a receipt's first line", ["c2sp.org/tlog-proof@v1"] + PROOF[1:]
    for n in range(HEAD):
        yield f"line {n + 1} missing", PROOF[:n] + PROOF[n + 1:]
        yield f"line {n + 1} twice", PROOF[:n + 1] + PROOF[n:]
        if n < HEAD - 1:
            yield f"lines {n + 1} and {n + 2} exchanged", (
                PROOF[:n] + [PROOF[n + 1], PROOF[n]] + PROOF[n + 2:])
        yield f"cut after line {n}", PROOF[:n]
        yield f"a space behind line {n + 1}", PROOF[:n] + [PROOF[n] + " "] + PROOF[n + 1:]
    for word, bits in (("statement", 64), ("ledger", 32), ("code", 16), ("account", 128),
                       ("amount", 128), ("leaf", 64)):
        value = next(line for line in PROOF if line.startswith(word)).split()[1]
        for name, text in (("a leading zero", "0" + value), ("a plus sign", "+" + value),
                           ("a minus sign", "-" + value), ("nothing", ""), ("a point", value + ".0"),
                           (f"2^{bits}", str(2**bits)), ("a space before", " " + value)):
            yield f"{word}: {name}", with_value(word, text)
    yield "amount: other digits", with_value("amount", "\u0661\u0662")
    yield "amount: digits in groups", with_value("amount", "100,005")
    yield "amount: 1000 digits", with_value("amount", "9" * 1000)
    yield "side: in capitals", with_value("side", "Credit")
    yield "side: a number", with_value("side", "0")
    yield "side: none", with_value("side", "")
    blind = PROOF[8][6:]
    for name, text in (("15 bytes", b64(base64.b64decode(blind)[:15])), ("17 bytes", b64(bytes(17))),
                       ("nothing", ""), ("loose bits", loose(blind)), ("no padding", blind.rstrip("="))):
        yield f"blind: {name}", with_value("blind", text)


def out_of_form_path():
    hashed, count = sibling(PROOF[HEAD + 2])
    large = sibling_line((hashed, 2**64))
    yield "a sum with a leading zero byte", with_sibling(2, b64(hashed + little(count, 16)[::-1]))
    yield "a sum of one zero byte", with_sibling(2, b64(hashed + b"\0"))
    yield "a sum of 17 bytes", with_sibling(2, b64(hashed + b"\1" + bytes(16)))
    yield "a sum of 16 bytes, the first zero", with_sibling(2, b64(hashed + bytes(15) + b"\1"))
    yield "a sibling of 31 bytes", with_sibling(2, b64(hashed[:31]))
    yield "an empty line in the path", with_sibling(2, "")
    yield "a sibling with loose bits", with_sibling(2, loose(large))
    yield "a sibling without padding", with_sibling(2, large.rstrip("="))
    yield "a space behind a sibling", with_sibling(2, PROOF[HEAD + 2] + " ")
    yield "a word before a sibling", with_sibling(2, "path " + PROOF[HEAD + 2])
    yield "41 siblings", PROOF[:HEAD] + [PROOF[HEAD]] * 41
    yield "an empty line at the end", PROOF + [""]
    yield "a line behind the path", PROOF + ["garbage"]


def malformed():
    for source in (out_of_form_lines, out_of_form_path):
        for name, lines in source():
            yield name, whole(lines)
    data = whole(PROOF)
    yield "no last newline", data[:-1]
    yield "lines end in CR LF", data.replace(b"\n", b"\r\n")
    yield "byte order mark", b"\xef\xbb\xbf" + data
    yield "a NUL at the end", data + b"\0"
    yield "invalid UTF-8", data.replace(b"credit", b"cr\xffdit")
    yield "the proof twice", data * 2
    yield "the statement behind the proof", data + statement(0)
    yield "the statement's receipt", statement(0)


def not_counted():
    def changed(word, value):
        return with_value(word, value)

    amount = int(PROOF[6].split()[1])
    yield "amount larger", changed("amount", amount + 1), 0
    yield "amount smaller", changed("amount", amount - 1), 0
    yield "amount of nothing", changed("amount", 0), 0
    yield "amount of 2^128 - 1", changed("amount", 2**128 - 1), 0
    yield "account changed", changed("account", 1006), 0
    yield "account with high bits", changed("account", 1005 + 2**127), 0
    yield "leaf changed", changed("leaf", PLACE ^ 1), 0
    yield "leaf changed above", changed("leaf", PLACE ^ 16), 0
    yield "leaf of 2^height", changed("leaf", 32), 0
    yield "leaf of 2^height and the true one", changed("leaf", 32 + PLACE), 0
    yield "leaf of 2^64 - 1", changed("leaf", 2**64 - 1), 0
    yield "blind changed", changed("blind", line_flipped(PROOF[8][6:])), 0
    yield "blind of zeros", changed("blind", b64(bytes(16))), 0
    for level in range(5):
        hashed, count = sibling(PROOF[HEAD + level])
        yield f"sum {level} larger", with_sibling(level, sibling_line((hashed, count + 1))), 0
        yield f"hash {level} changed", with_sibling(level, sibling_line((flipped(hashed), count))), 0
    hashed, count = sibling(PROOF[HEAD])
    moved = with_sibling(0, sibling_line((hashed, count + 5)))
    moved[6] = f"amount {amount - 5}"
    yield "value moved to the sibling", moved, 0
    level = next(n for n in range(1, 5) if sibling(PROOF[HEAD + n])[1] > 7)
    hashed, count = sibling(PROOF[HEAD + level])
    moved = with_sibling(level, sibling_line((hashed, count - 7)))
    moved[6] = f"amount {amount + 7}"
    yield "value moved from a sibling", moved, 0
    path = PROOF[HEAD:]
    yield "siblings exchanged", PROOF[:HEAD] + [path[1], path[0]] + path[2:], 0
    yield "path reversed", PROOF[:HEAD] + path[::-1], 0
    yield "path too short", PROOF[:-1], 0
    yield "first sibling missing", PROOF[:HEAD] + path[1:], 0
    yield "path too long", PROOF + [path[0]], 0
    yield "path of 40", PROOF[:HEAD] + [path[0]] * 40, 0
    yield "no path", PROOF[:HEAD], 0
    yield "a path at height 0", SINGLE.proof(0, 4, 2, 10, "credit") + [path[0]], 2
    yield "a leaf of 1 at height 0", [
        line.replace("leaf 0", "leaf 1") for line in SINGLE.proof(0, 4, 2, 10, "credit")], 2
    for place in (3, 12, 5):
        yield f"sums that wrap, place {place}", WRAPPED.proof(place, 4, 5, 20, "credit"), 5
    yield "a sum of 2^128 - 1 overflows", with_sibling(4, sibling_line((hashed, 2**128 - 1))), 0
    again = [line.replace("ledger 1", "ledger {}") for line in PROOF]
    for name, ledger in (("a statement of another height", 7),
                         ("a statement of a smaller height", 8), ("a statement of another total", 9)):
        yield name, [line.format(ledger) for line in again], ledger


def other_statement():
    yield "another number", with_value("statement", 5), 0
    yield "statement 0", with_value("statement", 0), 0
    yield "another ledger", with_value("ledger", 2), 0
    yield "another code", with_value("code", 11), 0
    yield "another side", with_value("side", "debit"), 0
    yield "the line of the debit side", PROOF, 1
    yield "the line of another ledger", PROOF, 2
    yield "another ledger and amount", with_value("ledger", 2)[:6] + ["amount 1"] + PROOF[7:], 0
    yield "another number and no path", with_value("statement", 5)[:HEAD], 0


def statements():
    """What is wrong with the statement's receipt: (name, lines, statement, policy, expected)."""
    good_line, witnessed = BOOK.receipt(7, 0, FULL, BY_LOG), BOOK.receipt(7, 0, FULL, BY_THREE)
    wrong = with_value("amount", 1)
    yield "witnessed", PROOF, witnessed.bytes(), TWO, "ok"
    for batch, index, name in ((1, 0, "a ledger"), (1, 3, "a transfer"), (1, 6, "an erasure")):
        yield f"receipt of {name}", PROOF, BOOK.receipt(batch, index, FULL, BY_LOG).bytes(), PLAIN, "not_a_statement"
    yield "receipt of a transfer, wrong amount", wrong, BOOK.receipt(1, 3, FULL, BY_LOG).bytes(), PLAIN, (
        "not_a_statement")
    scheme = [line.replace("ledger 1", "ledger 6") for line in PROOF]
    yield "a statement by another scheme", scheme, statement(6), PLAIN, "not_a_statement"
    yield "a statement of height 41", PROOF, statement(10), PLAIN, "not_a_statement"
    yield "an empty statement", PROOF, b"", PLAIN, "malformed"
    yield "the proof as its statement", PROOF, whole(PROOF), PLAIN, "malformed"
    yield "a checkpoint as its statement", PROOF, good_line.bytes().split(b"\n\n", 1)[1], PLAIN, "malformed"
    yield "a statement cut", PROOF, good_line.bytes()[:-9], PLAIN, "malformed"
    yield "too large a statement", PROOF, b"A" * (LIMIT + 1), PLAIN, "too_large"
    yield "a statement of a log unknown", PROOF, good_line.bytes(), OTHER_LOG, "unknown_log"
    yield "a statement with a bad signature", PROOF, good_line.copy(
        signatures=[LOG.line_of(bytes(64))]).bytes(), PLAIN, "bad_signature"
    yield "a statement by nobody", PROOF, good_line.copy(
        signatures=[ANNA.line(good_line.text, 1)]).bytes(), PLAIN, "not_signed"
    yield "a statement without its quorum", PROOF, good_line.bytes(), TWO, "quorum"
    yield "a statement without an opening", PROOF, good_line.copy(extra_line="").bytes(), PLAIN, "bad_opening"
    forged = CREDITS.line(4, 1, 10, 0, total=7)
    yield "a statement that was not logged", wrong, good_line.copy(record=forged).bytes(), PLAIN, "not_included"
    yield "a statement with another path", PROOF, good_line.copy(path=[]).bytes(), PLAIN, "not_included"
    yield "proof and statement both out of form", PROOF[:3], b"", PLAIN, "malformed"


def cases():
    """All cases as (name, bytes, statement, policy, expected)."""
    for name, lines, line in good():
        yield f"good: balance, {name}", whole(lines), statement(line), PLAIN, "ok"
    for name, data in malformed():
        yield f"malformed: balance, {name}", data, statement(0), PLAIN, "malformed"
    yield "too_large: balance", whole(PROOF) + b"A" * LIMIT, statement(0), PLAIN, "too_large"
    for source in (other_statement, not_counted):
        for name, lines, line in source():
            code = source.__name__
            yield f"{code}: balance, {name}", whole(lines), statement(line), PLAIN, code
    for name, lines, data, policy, expected in statements():
        yield f"{expected}: balance, {name}", whole(lines), data, policy, expected
