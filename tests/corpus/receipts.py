"""Cases of receipts and checkpoints: good ones, and damage by the code that it is refused with."""
import base64

from book import little, sha
from cast import (ALL, ANNA, BERT, BOOK, BOTH_KEYS, BOTH_LOGS, BY_FOUR, BY_LOG, BY_THREE, CARL, COUNTED, DEEDS,
                  FULL, KINDS, LOG, NESTED, NONE, ONE, ORIGIN, OTHER, OTHER_LOG, PLAIN, PLATFORM, POISON,
                  POISONED, QUANTUM, QUINN, RESERVED, ROTATED, SECONDS, STRANGERS, TWO)
from signers import L, b64, multiply, encode

LIMIT = 1 << 18
BIG = BOOK.receipt(8, 5, FULL, BY_THREE)     # 13 records, 12 batches: paths of every shape
SIMPLE = BOOK.receipt(8, 5, FULL, BY_LOG)
CHECKPOINT = BIG.text + "\n" + "".join(line + "\n" for line in BIG.signatures)


def flipped(data, at=0, bit=1):
    data = bytearray(data)
    data[at] ^= bit
    return bytes(data)


def line_flipped(line, at=0, bit=1):
    return b64(flipped(base64.b64decode(line), at, bit))


def loose(text):
    """Base64 whose last group has bits that mean nothing: another letter, the same bytes."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    body = text.rstrip("=")
    assert len(body) < len(text)
    return body[:-1] + alphabet[alphabet.index(body[-1]) | 1] + text[len(body):]


def good():
    names = ("ledger", "account", "account again", "transfer", "expiry", "failure", "erasure", "marks")
    for index, name in enumerate(names):
        yield f"record: {name}", BOOK.receipt(1, index, FULL, BY_LOG), PLAIN
    for index, name in enumerate(("all ones", "all zeros", "failure of zeros", "longest currency")):
        yield f"record: {name}", BOOK.receipt(6, index, FULL, BY_LOG), PLAIN
    for index, name in enumerate(DEEDS):
        yield f"record: {name}", PLATFORM.receipt(1, index, 2, BY_LOG), PLAIN
    yield "record: statement line", BOOK.receipt(7, 0, FULL, BY_LOG), PLAIN
    for size in range(1, FULL + 1):
        yield f"first batch of {size}", BOOK.receipt(0, 0, size, BY_LOG), PLAIN
        if size > 1:
            yield f"last batch of {size}", BOOK.receipt(size - 1, 0, size, BY_LOG), PLAIN
    for index in (0, 15, 31):
        yield f"record {index} of 32", BOOK.receipt(10, index, FULL, BY_LOG), PLAIN
    for index in (0, 7, 8, 11, 12):
        yield f"record {index} of 13", BOOK.receipt(8, index, FULL, BY_LOG), PLAIN
    for book, name in zip(COUNTED, ("demands, disclosures and looks", "the most looks and nothing else")):
        yield f"counts of {name}", book.receipt(0, 3, 2, BY_LOG), PLAIN
        yield f"counts of {name}, the second batch", book.receipt(1, 2, 2, BY_THREE), TWO
    yield "two of three", BIG, TWO
    yield "two are enough", BIG.copy(signatures=BIG.signatures[:1] + BIG.signatures[2:]), TWO
    yield "all of three", BIG, ALL
    yield "one witness", BIG, ONE
    yield "witnesses not asked for", BIG, NONE
    yield "witnesses unknown", BIG, PLAIN
    yield "witnesses before the log", BIG.copy(signatures=BIG.signatures[::-1]), TWO
    yield "groups of groups, ML-DSA", BOOK.receipt(8, 5, FULL, BY_FOUR), NESTED
    yield "one witness of ML-DSA", BOOK.receipt(8, 5, FULL, BY_FOUR), QUANTUM
    yield "two logs known", SIMPLE, BOTH_LOGS
    yield "a second key unknown", BOOK.receipt(8, 5, FULL, BY_LOG + [(ROTATED, None)]), PLAIN
    yield "both keys known", BOOK.receipt(8, 5, FULL, BY_LOG + [(ROTATED, None)]), BOTH_KEYS
    yield "the other key of two", BOOK.receipt(8, 5, FULL, [(ROTATED, None)]), BOTH_KEYS
    strange = [one.line("another text\n1\nAA==\n", SECONDS) for one in STRANGERS]
    yield "unknown signatures", BIG.copy(signatures=strange + BIG.signatures), TWO
    yield "known name, unknown id", BIG.copy(signatures=BIG.signatures + [
        f"\u2014 {LOG.name} {b64(b'abcd' + bytes(64))}"]), TWO
    yield "known id, unknown name", BIG.copy(signatures=BIG.signatures + [
        f"\u2014 x{LOG.name} {b64(LOG.id + bytes(64))}"]), TWO
    yield "an unknown name of letters and marks", BIG.copy(signatures=BIG.signatures + [
        f"\u2014 sn\u00f6-\u2192/\u00e9\u4f8b {b64(b'abcd1')}"]), TWO
    yield "an unknown name of 255 bytes", BIG.copy(signatures=BIG.signatures + [
        "\u2014 " + "\u00e9" * 127 + "x " + b64(b"abcd1")]), TWO
    yield "the log's line twice", SIMPLE.copy(signatures=SIMPLE.signatures * 2), PLAIN
    yield "two times of one witness", BIG.copy(
        signatures=BIG.signatures + [ANNA.line(BIG.text, SECONDS + 9)]), TWO
    yield "64 signatures", BIG.copy(
        signatures=[STRANGERS[0].line("x\n1\n", 1)] * 60 + BIG.signatures), TWO
    yield "a time of 2^63 - 1", SIMPLE.copy(
        signatures=SIMPLE.signatures + [ANNA.line(BIG.text, 2**63 - 1)]), ONE
    yield "exactly 256 KiB", filled(LIMIT), PLAIN


def filled(length):
    """A receipt of just this length, by signatures that nobody knows."""
    rest = length - len(SIMPLE.bytes())
    lines, empty = [], len(f"\u2014 s \n".encode())
    count = rest // 8192
    for n in range(count):
        size = (rest // count if n < count - 1 else rest) - empty
        size -= size % 4
        data = b64(b"abcd" + bytes(size // 4 * 3 - 4))
        lines.append(data)
        rest -= empty + len(data)
    names = ["s"] * (count - 1) + ["s" + "t" * rest]
    return SIMPLE.copy(signatures=[f"\u2014 {name} {one}" for name, one in zip(names, lines)]
                       + SIMPLE.signatures)


def out_of_form_bytes():
    """Damage of the bytes as a whole."""
    whole = BIG.bytes()
    yield "empty file", b""
    yield "one newline", b"\n"
    yield "byte order mark", b"\xef\xbb\xbf" + whole
    yield "lines end in CR LF", whole.replace(b"\n", b"\r\n")
    yield "one CR", whole.replace(b"\n", b"\r\n", 1)
    yield "a NUL in the origin", whole.replace(b"/main\n", b"/ma\0in\n")
    yield "a NUL behind the file", whole + b"\0"
    yield "a tab in a signature's line", whole.replace(b"anna.witness", b"anna\twitness")
    yield "an escape in a name", whole.replace(b"anna.witness", b"anna\x1bwitness")
    yield "invalid UTF-8", whole.replace(b"anna.witness", b"anna\xff\xfewitness")
    yield "an overlong newline", whole.replace(b"anna.witness", b"anna\xc0\x8awitness")
    yield "a surrogate", whole.replace(b"anna.witness", b"anna\xed\xa0\x80witness")
    yield "UTF-16", whole.decode().encode("utf-16")
    yield "no last newline", whole[:-1]
    yield "an empty line at the end", whole + b"\n"
    yield "a line behind the signatures", whole + b"garbage\n"
    yield "an empty line and a line behind", whole + b"\ngarbage\n"
    yield "the file twice", whole * 2
    yield "hyphen for em dash", whole.replace("\u2014".encode(), b"-")
    yield "en dash for em dash", whole.replace("\u2014".encode(), "\u2013".encode())
    yield "no dash", whole.replace("\u2014 ".encode(), b"")
    yield "a space before the first line", b" " + whole
    lines = whole.split(b"\n")
    for n, line in enumerate(lines[:-1]):
        if line and not line.startswith("\u2014".encode()):
            # A space in the origin makes it that of another log, which is a different refusal.
            if n != lines.index(b"") + 1:
                yield f"a space behind line {n + 1}", b"\n".join(lines[:n] + [line + b" "] + lines[n + 1:])
            # Without extra or a hash the form is right, and what it says is wrong.
            if n == 0 or n == 2 or n > lines.index(b""):
                yield f"line {n + 1} missing", b"\n".join(lines[:n] + lines[n + 1:])
    for n in range(1, len(lines) - 4):
        yield f"cut after line {n}", b"".join(line + b"\n" for line in lines[:n])
    for part in range(1, 8):
        yield f"cut after {part} eighths", whole[:len(whole) * part // 8]


def out_of_form_lines():
    """Damage of the lines before the checkpoint."""
    lines = BIG.lines()
    extra, first = lines[1], BIG.path[0]

    def at(n, *new):
        return ("\n".join(lines[:n] + list(new) + lines[n + 1:]) + "\n").encode()

    yield "another version of the format", at(0, "c2sp.org/tlog-proof@v2")
    yield "a version with digits behind", at(0, "c2sp.org/tlog-proof@v11")
    yield "the first line in capitals", at(0, "C2SP.ORG/TLOG-PROOF@V1")
    yield "the first line twice", at(0, lines[0], lines[0])
    yield "extra behind index", at(1, lines[2], extra).replace(f"{lines[2]}\n{first}".encode(), first.encode())
    yield "extra twice", at(1, extra, extra)
    yield "extra without a value", at(1, "extra")
    yield "extra of nothing", at(1, "extra ")
    yield "extra with two spaces", at(1, extra.replace(" ", "  "))
    yield "extra without padding", BIG.copy(extra_line=padded(extra).rstrip("=")).bytes()
    yield "extra with loose bits", BIG.copy(extra_line=loose(padded(extra))).bytes()
    yield "extra with a space within", at(1, extra[:40] + " " + extra[40:])
    yield "extra in URL letters", BIG.copy(extra_line="extra " + b64(b"\xff" * 120).replace("/", "_")).bytes()
    yield "extra with padding twice", BIG.copy(extra_line=padded(extra) + "=").bytes()
    yield "extra of two texts", at(1, extra + "=QUJD")
    yield "another line before index", at(1, extra, "note x")
    yield "index twice", at(2, lines[2], lines[2])
    for name, value in (
            ("a plus sign", "+8"), ("a leading zero", "08"), ("two zeros", "00"), ("a minus sign", "-8"),
            ("nothing", ""), ("2^64", str(2**64)), ("2^128", str(2**128)), ("hexadecimal", "0x8"),
            ("an underscore", "1_0"), ("a point", "8.0"), ("other digits", "\u0668"), ("an exponent", "8e0"),
            ("a space before", " 8"), ("1000 digits", "9" * 1000)):
        yield f"index: {name}", at(2, f"index {value}")
    yield "the word index in capitals", at(2, "Index 8")
    yield "a hash of 31 bytes", at(3, b64(base64.b64decode(first)[:31]))
    yield "a hash of 33 bytes", at(3, b64(base64.b64decode(first) + b"x"))
    yield "a hash with loose bits", at(3, loose(first))
    yield "a hash without padding", at(3, first.rstrip("="))
    yield "a hash in hexadecimal", at(3, base64.b64decode(first).hex())
    yield "two hashes on a line", at(3, first + " " + BIG.path[1])
    yield "a path of 65", BIG.copy(path=[first] * 65).bytes()
    yield "a dash in a hash", at(3, "-" + first[1:])
    empty = lines.index("")
    yield "two empty lines before the checkpoint", at(empty, "", "")
    yield "an empty line within the path", at(3, first, "")
    yield "index behind the path", ("\n".join(
        lines[:2] + lines[3:empty] + [lines[2]] + lines[empty:]) + "\n").encode()
    yield "the checkpoint alone", CHECKPOINT.encode()
    yield "the checkpoint before the path", (CHECKPOINT + "\n" + "\n".join(lines[:empty]) + "\n").encode()


def padded(extra):
    """An extra line whose base64 ends in padding: of one byte more or less than the true one."""
    data = base64.b64decode(extra[6:])
    while len(data) % 3 != 1:
        data += b"\0"
    return "extra " + b64(data)


def out_of_form_checkpoint():
    """Damage of the checkpoint, which its keys have signed as it is."""
    origin, size, root = BIG.text[:-1].split("\n")

    def text(*lines):
        changed = "".join(line + "\n" for line in lines)
        # Only keys over the text sign what need not be a checkpoint.
        return changed, [LOG.line(changed), ANNA.line(changed, SECONDS), BERT.line(changed, SECONDS)]

    for name, value in (
            ("a leading zero", "0" + size), ("a plus sign", "+" + size), ("a minus sign", "-" + size),
            ("2^63", str(2**63)), ("2^64", str(2**64)), ("2^64 and the true one", str(2**64 + int(size))),
            ("nothing", ""), ("hexadecimal", hex(int(size))), ("a space before", " " + size),
            ("other digits", "\uff11\uff12")):
        yield f"size: {name}", text(origin, value, root)
    yield "an extension line", text(origin, size, root, "extension")
    yield "two extension lines", text(origin, size, root, "a", "b")
    yield "an empty line in the text", text(origin, size, root, "")
    yield "an empty line before the text", text("", origin, size, root)
    yield "an empty origin", text("", size, root)
    yield "no root", text(origin, size)
    yield "root and size exchanged", text(origin, root, size)
    yield "a root of 31 bytes", text(origin, size, b64(base64.b64decode(root)[:31]))
    yield "a root with loose bits", text(origin, size, loose(root))
    yield "a root without padding", text(origin, size, root.rstrip("="))
    yield "an empty root", text(origin, size, "")


def out_of_form_signatures():
    lines, known = BIG.signatures, LOG.signature(BIG.text)
    yield "65 signatures", [STRANGERS[0].line("x\n1\n", 1)] * 61 + lines
    for name, line in (
            ("without a name", f"\u2014 {b64(b'abcd' + known)}"),
            ("with an empty name", f"\u2014  {b64(b'abcd' + known)}"),
            ("with two spaces behind the name", f"\u2014 x  {b64(b'abcd' + known)}"),
            ("with two spaces behind the dash", f"\u2014  x {b64(b'abcd' + known)}"),
            ("without the space behind the dash", f"\u2014x {b64(b'abcd' + known)}"),
            ("with a name of 256 bytes", "\u2014 " + "\u00e9" * 128 + f" {b64(b'abcd' + known)}"),
            ("with a plus in the name", f"\u2014 a+b {b64(b'abcd' + known)}"),
            ("with a no-break space in the name", f"\u2014 a\u00a0b {b64(b'abcd' + known)}"),
            ("with an ideographic space in the name", f"\u2014 a\u3000b {b64(b'abcd' + known)}"),
            ("with a line separator in the name", f"\u2014 a\u2028b {b64(b'abcd' + known)}"),
            ("with a next line in the name", f"\u2014 a\u0085b {b64(b'abcd' + known)}"),
            ("without a signature", "\u2014 x"),
            ("with an empty signature", "\u2014 x "),
            ("of an id alone", f"\u2014 x {b64(b'abcd')}"),
            ("of three bytes", f"\u2014 x {b64(b'abc')}"),
            ("with loose bits", f"\u2014 x {loose(b64(b'abcd' + known))}"),
            ("without padding", f"\u2014 x {b64(b'abcd' + known).rstrip('=')}"),
            ("with a word behind", f"\u2014 x {b64(b'abcd' + known)} y"),
            ("with a space behind", f"\u2014 x {b64(b'abcd' + known)} "),
            ("with a letter that is none of base64", f"\u2014 x {b64(b'abcd' + known)[:-2]}*=")):
        yield f"an unknown signature {name}", lines + [line]
    yield "a signature of the log with loose bits", [loose(LOG.line(BIG.text))] + lines[1:]
    yield "an empty line between signatures", lines[:1] + [""] + lines[1:]


def unknown_log():
    other = BOOK.text(FULL).replace(ORIGIN, OTHER.name)
    yield "another origin", SIMPLE.copy(text=other), PLAIN
    yield "another origin, signed by its log", SIMPLE.copy(text=other, signatures=[OTHER.line(other)]), PLAIN
    yield "another origin, signed by the log", SIMPLE.copy(text=other, signatures=[LOG.line(other)]), PLAIN
    yield "the policy of another log", SIMPLE, OTHER_LOG
    yield "a policy without logs", SIMPLE, "quorum none\n"
    yield "the origin of a witness", BIG.copy(text=BIG.text.replace(ORIGIN, ANNA.name)), TWO
    for name, origin in (("a slash", ORIGIN + "/"), ("a capital", ORIGIN.capitalize()),
                         ("a space", ORIGIN + " "), ("a scheme", "https://" + ORIGIN)):
        yield f"an origin with {name}", SIMPLE.signed(BOOK.text(FULL).replace(ORIGIN, origin)), PLAIN
    broken = SIMPLE.copy(text=other, path=[], signatures=[LOG.line_of(bytes(64))])
    yield "before signatures and paths", broken, PLAIN


def bad_signature():
    text, known = BIG.text, LOG.signature(BIG.text)
    origin, size, root = text[:-1].split("\n")

    def only(signature, policy=PLAIN):
        return SIMPLE.copy(signatures=[LOG.line_of(signature)]), policy

    yield "root changed", *(SIMPLE.copy(text=f"{origin}\n{size}\n{line_flipped(root)}\n"), PLAIN)
    yield "size larger", *(SIMPLE.copy(text=f"{origin}\n{int(size) + 1}\n{root}\n"), PLAIN)
    yield "size smaller", *(SIMPLE.copy(text=f"{origin}\n{int(size) - 1}\n{root}\n"), PLAIN)
    yield "text of an older checkpoint", *(SIMPLE.copy(text=BOOK.text(9)), PLAIN)
    for at, bit in ((0, 1), (31, 128), (32, 1), (63, 1), (63, 128)):
        yield f"signature, byte {at} changed by {bit}", *only(flipped(known, at, bit))
    s = int.from_bytes(known[32:], "little")
    yield "s + L", *only(known[:32] + little(s + L, 32))
    yield "s + 2 L", *only(known[:32] + little(s + 2 * L, 32))
    yield "s of zero", *only(known[:32] + bytes(32))
    yield "R of small order", *only(LOG.key.end(0, encode((0, 1)), text.encode()))
    yield "R of small order, encoded otherwise", *only(LOG.key.end(0, little(2**255 - 18, 32), text.encode()))
    mixed = torsion_signature(text.encode())
    yield "R with a part of small order", *only(mixed)
    yield "signature of 63 bytes", *only(known[:63])
    yield "signature of 65 bytes", *only(known + b"\0")
    yield "signature of one byte", *only(b"\1")
    yield "signature of zeros", *only(bytes(64))
    yield "signature of another text", *only(LOG.signature(BOOK.text(9)))
    yield "signature of the text without its newline", *only(LOG.key.sign(text[:-1].encode()))
    yield "signature of the whole file", *only(LOG.key.sign(SIMPLE.bytes()))
    yield "signature by another key under this id", *only(ROTATED.signature(text))
    good, bad = LOG.line(text), LOG.line_of(flipped(known, 5))
    yield "a bad one behind a good one", SIMPLE.copy(signatures=[good, bad]), PLAIN
    yield "a bad one before a good one", SIMPLE.copy(signatures=[bad, good]), PLAIN
    yield "a bad one of a second known key", SIMPLE.copy(
        signatures=[good, ROTATED.line_of(bytes(64))]), BOTH_KEYS
    yield "a bad one of a witness that is not needed", BIG.copy(
        signatures=BIG.signatures[:3] + [CARL.line_of(bytes(72))]), TWO
    yield "a bad one of a witness, quorum none", BIG.copy(
        signatures=BIG.signatures[:3] + [CARL.line_of(bytes(72))]), NONE
    yield from bad_cosignature(text)


def torsion_signature(message):
    """R plus a point of order two: an equation with the cofactor would hold."""
    r = 123456789
    x, y = multiply(r)
    return LOG.key.end(r, encode((-x % (2**255 - 19), -y % (2**255 - 19))), message)


def bad_cosignature(text):
    first, rest = BIG.signatures[:1], BIG.signatures[2:]

    def anna(signature):
        return BIG.copy(signatures=first + [ANNA.line_of(signature)] + rest), TWO

    right = ANNA.signature(text, SECONDS)
    yield "cosignature: time changed", *anna(little(SECONDS + 1, 8)[::-1] + right[8:])
    yield "cosignature: time of the other byte order", *anna(right[:8][::-1] + right[8:])
    yield "cosignature: time of 2^63", *anna(ANNA.signature(text, 2**63))
    yield "cosignature: signature changed", *anna(flipped(right, 40))
    yield "cosignature: without time", *anna(right[8:])
    yield "cosignature: signed as a note", *anna(right[:8] + ANNA.key.sign(text.encode()))
    yield "cosignature: of another checkpoint", *anna(ANNA.signature(BOOK.text(9), SECONDS))
    yield "cosignature: of seven bytes", *anna(right[:7])
    yield "cosignature: of a time alone", *anna(right[:8])
    yield "cosignature: of 73 bytes", *anna(right + b"\0")
    yield "cosignature: by another witness", *anna(BERT.signature(text, SECONDS))
    four = BOOK.receipt(8, 5, FULL, BY_FOUR)
    right = QUINN.signature(text, SECONDS + 3)
    for name, signature in (
            ("time changed", flipped(right, 7)), ("challenge changed", flipped(right, 8)),
            ("z changed", flipped(right, 100)), ("last of z changed", flipped(right, 8 + 2335, 128)),
            ("hint changed", flipped(right, 8 + 2336)), ("count of hints changed", flipped(right, -1)),
            ("padding of hints changed", flipped(right, 8 + 2336 + 79)),
            ("too short", right[:-1]), ("too long", right + b"\0"), ("zeros", bytes(2428)),
            ("time of 2^63", QUINN.signature(text, 2**63)),
            ("of another checkpoint", QUINN.signature(BOOK.text(9), SECONDS + 3)),
            ("signed as cosignature/v1", right[:8] + QUINN.key.sign(
                f"cosignature/v1\ntime {SECONDS + 3}\n{text}".encode()))):
        yield f"ML-DSA: {name}", four.copy(signatures=four.signatures[:4] + [QUINN.line_of(signature)]), QUANTUM


def not_signed():
    text, known = BIG.text, LOG.signature(BIG.text)
    yield "only cosignatures", BIG.copy(signatures=BIG.signatures[1:]), TWO
    yield "only strangers", SIMPLE.copy(signatures=[STRANGERS[0].line(text, SECONDS)]), PLAIN
    yield "key id changed", SIMPLE.copy(
        signatures=[f"\u2014 {LOG.name} {b64(flipped(LOG.id) + known)}"]), PLAIN
    yield "key id of zeros", SIMPLE.copy(signatures=[f"\u2014 {LOG.name} {b64(bytes(4) + known)}"]), PLAIN
    yield "key id in the other byte order", SIMPLE.copy(
        signatures=[f"\u2014 {LOG.name} {b64(LOG.id[::-1] + known)}"]), PLAIN
    yield "key name changed", SIMPLE.copy(
        signatures=[f"\u2014 {LOG.name}x {b64(LOG.id + known)}"]), PLAIN
    yield "key name in capitals", SIMPLE.copy(
        signatures=[f"\u2014 {LOG.name.upper()} {b64(LOG.id + known)}"]), PLAIN
    yield "the rotated key is not known", SIMPLE.copy(signatures=[ROTATED.line(text)]), PLAIN
    yield "signed by another known log only", SIMPLE.copy(signatures=[OTHER.line(text)]), BOTH_LOGS
    yield "a bad one of another known log only", SIMPLE.copy(signatures=[OTHER.line_of(bytes(64))]), BOTH_LOGS
    yield "signed by nobody, quorum missed", SIMPLE.copy(signatures=[STRANGERS[0].line(text, SECONDS)]), TWO


def quorum():
    lines, four = BIG.signatures, BOOK.receipt(8, 5, FULL, BY_FOUR)
    yield "no cosignature", SIMPLE, TWO
    yield "one of two", BIG.copy(signatures=lines[:2]), TWO
    yield "one witness twice", BIG.copy(signatures=lines[:2] + lines[1:2]), TWO
    yield "one witness at two times", BIG.copy(
        signatures=lines[:2] + [ANNA.line(BIG.text, SECONDS + 7)]), TWO
    yield "two of all", BIG.copy(signatures=lines[:3]), ALL
    yield "the wrong witness", BIG.copy(signatures=lines[:1] + lines[2:]), ONE
    yield "one group of two", BIG, NESTED
    yield "the other group of two", four.copy(signatures=[four.signatures[n] for n in (0, 3, 4)]), NESTED
    yield "ML-DSA missing", BIG, QUANTUM
    yield "a witness with another id", BIG.copy(signatures=lines[:2] + [
        f"\u2014 {BERT.name} {b64(flipped(BERT.id) + BERT.signature(BIG.text, SECONDS))}"]), TWO
    yield "a witness under another name", BIG.copy(signatures=lines[:2] + [
        f"\u2014 {CARL.name} {b64(BERT.id + BERT.signature(BIG.text, SECONDS))}"]), TWO
    yield "quorum and no opening", SIMPLE.copy(extra_line=""), TWO


def bad_opening():
    extra = BIG.extra()

    def raw(data):
        return BIG.copy(extra_line="extra " + b64(data))

    yield "no extra", BIG.copy(extra_line="")
    yield "version 0", BIG.copy(version=0)
    yield "version 2", BIG.copy(version=2)
    yield "version 3", BIG.copy(version=3)
    yield "version 2 that counts nothing", BIG.copy(version=2, counts=bytes(24))
    counted = COUNTED[0].receipt(1, 2, 2, BY_THREE)
    yield "version 2 that counts nothing of a batch that does", counted.copy(counts=bytes(24))
    yield "version 3 with counts", counted.copy(version=3)
    wide = counted.extra()
    for name, length in (("before the counts", 85), ("within the counts", 100), ("behind the counts", 109),
                         ("before the path, version 2", 129), ("behind the path's length, version 2", 130)):
        yield f"extra cut {name}", counted.copy(extra_line="extra " + b64(wide[:length]))
    yield "extra of one byte", raw(extra[:1])
    for name, length in (("within its first fields", 20), ("before the salt", 89), ("before the path", 105),
                         ("behind the path's length", 106), ("within the path", 130)):
        yield f"extra cut {name}", raw(extra[:length])
    at = 106 + 32 * len(BIG.inner_path)
    yield "no record", raw(extra[:at])
    yield "record cut", raw(extra[:-1])
    yield "a byte behind the record", raw(extra + b"\0")
    yield "a record of 512 zeros", BIG.copy(record=bytes(512))
    yield "a record of 513 bytes", BIG.copy(record=BIG.record + bytes(513 - len(BIG.record)))
    yield "another record behind the record", raw(extra + BIG.record)
    yield "inner index of the count", BIG.copy(inner_index=13)
    yield "inner index of 2^32 - 1", BIG.copy(inner_index=2**32 - 1)
    yield "no records", BIG.copy(records=0)
    yield "16,385 records", BIG.copy(records=16_385)
    yield "2^32 - 1 records", BIG.copy(records=2**32 - 1)
    yield "a count with a longer path", BIG.copy(records=17)
    yield "a count with a shorter path", BIG.copy(records=6)
    yield "an index with a shorter path", BIG.copy(inner_index=12)
    path = BIG.inner_path
    yield "inner path too long", BIG.copy(inner_path=path + [path[0]], inner_length=len(path) + 1)
    yield "inner path too short", BIG.copy(inner_path=path[:-1], inner_length=len(path) - 1)
    yield "no inner path", BIG.copy(inner_path=[], inner_length=0)
    yield "an inner path where none belongs", BOOK.receipt(0, 0, FULL, BY_THREE).copy(
        inner_path=[bytes(32)], inner_length=1)
    yield "an inner path of 15", BIG.copy(inner_path=[bytes(32)] * 15, inner_length=15)
    yield "an inner path of 255", BIG.copy(inner_path=[bytes(32)] * 255, inner_length=255)
    yield "a path length that takes of the record", BIG.copy(inner_length=len(path) + 1)
    yield "a path length that gives to the record", BIG.copy(inner_length=len(path) - 1)
    yield "fields in the other byte order", BIG.copy(records=13 << 24, inner_index=5 << 24)
    yield "opening and path both wrong", BIG.copy(version=2, path=[])
    for n, name in enumerate(POISON):
        yield f"record logged: {name}", POISONED.receipt(n, 0, len(POISON), BY_THREE)


def not_included():
    index, path = BIG.index_line, BIG.path
    yield "salt changed", BIG.copy(salt=flipped(BIG.salt))
    yield "salt of another record", BIG.copy(salt=BOOK.batches[8].salts[4])
    for name, at in (("identity", 8), ("last byte", -1)):
        yield f"record changed in a bit: {name}", BIG.copy(record=flipped(BIG.record, at, 4))
    yield "another record of the batch", BIG.copy(record=BOOK.batches[8].records[4])
    yield "another record and its salt", BIG.copy(
        record=BOOK.batches[8].records[4], salt=BOOK.batches[8].salts[4])
    yield "another record, salt and index", BIG.copy(
        record=BOOK.batches[8].records[4], salt=BOOK.batches[8].salts[4], inner_index=4)
    yield "a record of another batch", BIG.copy(record=KINDS[3])
    yield "first record changed", BIG.copy(first=BIG.first + 1)
    yield "first record of 2^64 - 1", BIG.copy(first=2**64 - 1)
    yield "time changed", BIG.copy(time=BIG.time ^ 1)
    yield "previous changed", BIG.copy(previous=flipped(BIG.previous, 31, 128))
    yield "previous of zeros", BIG.copy(previous=bytes(32))
    yield "rule book changed", BIG.copy(rule_book=flipped(BIG.rule_book))
    counted = COUNTED[0].receipt(1, 2, 2, BY_THREE)
    for n, name in enumerate(("demands", "disclosures", "looks")):
        yield f"one {name[:-1]} less", counted.copy(counts=flipped(counted.counts, 8 * n))
    yield "counts left out", counted.copy(version=1, counts=b"")
    yield "counts where there are none", BIG.copy(version=2, counts=little(1, 8) + bytes(16))
    yield "rule book of zeros", BIG.copy(rule_book=bytes(32))
    yield "previous and rule book exchanged", BIG.copy(previous=BIG.rule_book, rule_book=BIG.previous)
    yield "count changed", BIG.copy(records=14)
    yield "inner index changed", BIG.copy(inner_index=4)
    inner = BIG.inner_path
    for n in range(len(inner)):
        yield f"inner hash {n} changed", BIG.copy(
            inner_path=inner[:n] + [flipped(inner[n], n, 16)] + inner[n + 1:])
    yield "inner hashes exchanged", BIG.copy(inner_path=[inner[1], inner[0]] + inner[2:])
    yield "inner hash twice", BIG.copy(inner_path=[inner[0], inner[0]] + inner[2:])
    for n in range(len(path)):
        yield f"hash {n} changed", BIG.copy(path=path[:n] + [line_flipped(path[n], 31 - n, 64)] + path[n + 1:])
    yield "hashes exchanged", BIG.copy(path=[path[1], path[0]] + path[2:])
    yield "path reversed", BIG.copy(path=path[::-1])
    yield "hash twice", BIG.copy(path=[path[0]] + path)
    yield "first hash missing", BIG.copy(path=path[1:])
    yield "last hash missing", BIG.copy(path=path[:-1])
    yield "no path", BIG.copy(path=[])
    yield "path with the root behind", BIG.copy(path=path + [BIG.text.split("\n")[2]])
    yield "path of 64", BIG.copy(path=[path[0]] * 64)
    yield "path of another batch", BIG.copy(path=BOOK.receipt(9, 0, FULL, BY_LOG).path)
    for other in (9, 7, 10, 0):
        yield f"index of batch {other}", BIG.copy(index_line=f"index {other}")
    for name, value in (("the size", FULL), ("2^63", 2**63), ("2^64 - 1", 2**64 - 1)):
        yield f"index of {name}", BIG.copy(index_line=f"index {value}")
    yield "opening of another batch", BIG.copy(extra_line=BOOK.receipt(7, 0, FULL, BY_LOG).lines()[1])
    for size in (1, 8, 9, FULL - 1):
        yield f"checkpoint of size {size}", BIG.signed(BOOK.text(size))
    origin, size, root = BIG.text[:-1].split("\n")
    for lie in (0, 8, 9, 13, 16, 17, 2**63 - 1):
        yield f"a size of {lie} that the log signed", BIG.signed(f"{origin}\n{lie}\n{root}\n")
    yield "another root that the log signed", BIG.signed(f"{origin}\n{size}\n{line_flipped(root)}\n")
    yield "a path where none belongs", BOOK.receipt(0, 0, 1, BY_THREE).copy(path=[path[0]])
    yield "the index of a tree of one", BOOK.receipt(0, 0, 1, BY_THREE).copy(index_line="index 1")
    yield "an outer leaf with reserved bytes set", RESERVED.receipt(0, 3, 2, BY_THREE)
    node = BIG.copy(index_line="index 4", path=path[1:])
    yield "a node in the place of a leaf", node
    assert index == "index 8" and sha() != root


def checkpoints():
    """Bare checkpoints, as (name, bytes, policy, expected)."""
    def note(text, lines):
        return (text + "\n" + "".join(line + "\n" for line in lines)).encode()

    text, lines = BIG.text, BIG.signatures
    yield "checkpoint", CHECKPOINT.encode(), PLAIN, "ok"
    yield "checkpoint with a quorum", CHECKPOINT.encode(), TWO, "ok"
    yield "checkpoint with ML-DSA", note(text, BOOK.receipt(8, 5, FULL, BY_FOUR).signatures), NESTED, "ok"
    first = BOOK.text(1)
    yield "checkpoint of one batch", note(first, [LOG.line(first)]), PLAIN, "ok"
    large = f"{ORIGIN}\n{2**63 - 1}\n{text.split()[2]}\n"
    yield "checkpoint of 2^63 - 1", note(large, [LOG.line(large)]), PLAIN, "ok"
    yield "checkpoint of a log unknown", CHECKPOINT.encode(), OTHER_LOG, "unknown_log"
    yield "checkpoint of another text", note(first, lines), PLAIN, "bad_signature"
    yield "checkpoint without the log", note(text, lines[1:]), TWO, "not_signed"
    yield "checkpoint without its quorum", note(text, lines[:2]), TWO, "quorum"
    extended = text + "extension\n"
    yield "checkpoint with an extension line", note(extended, [LOG.line(extended)]), PLAIN, "malformed"
    yield "checkpoint without signatures", text.encode(), PLAIN, "malformed"
    yield "checkpoint with nothing behind the empty line", (text + "\n").encode(), PLAIN, "malformed"
    yield "checkpoint without an empty line", CHECKPOINT.replace("\n\n", "\n").encode(), PLAIN, "malformed"
    yield "a receipt as a checkpoint", BIG.bytes(), PLAIN, "malformed"


def cases():
    """All cases as (name, kind, bytes, policy, expected)."""
    for name, receipt, policy in good():
        yield f"good: {name}", "receipt", receipt.bytes(), policy, "ok"
    yield "too_large: one byte too many", "receipt", filled(LIMIT + 1).bytes(), PLAIN, "too_large"
    for source in (out_of_form_bytes, out_of_form_lines):
        for name, data in source():
            yield f"malformed: {name}", "receipt", data, TWO, "malformed"
    for name, (text, lines) in out_of_form_checkpoint():
        receipt = BIG.copy(text=text, signatures=lines)
        yield f"malformed: {name}", "receipt", receipt.bytes(), TWO, "malformed"
    for name, lines in out_of_form_signatures():
        yield f"malformed: {name}", "receipt", BIG.copy(signatures=lines).bytes(), TWO, "malformed"
    for source in (unknown_log, bad_signature, not_signed, quorum):
        for name, receipt, policy in source():
            code = source.__name__
            yield f"{code}: {name}", "receipt", receipt.bytes(), policy, code
    for source in (bad_opening, not_included):
        for name, receipt in source():
            code = source.__name__
            yield f"{code}: {name}", "receipt", receipt.bytes(), TWO, code
    for name, data, policy, expected in checkpoints():
        yield f"{expected}: {name}", "checkpoint", data, policy, expected
