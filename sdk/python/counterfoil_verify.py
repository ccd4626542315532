#!/usr/bin/env python3
"""Verifies what Counterfoil hands out, offline and from the bytes alone.

    counterfoil_verify.py FILE [--statement RECEIPT] (--key VKEY... | --policy FILE) [--json]

FILE is a receipt (its first line is `c2sp.org/tlog-proof@v1`), a balance proof
(`counterfoil/balance-proof@v1`, which needs the receipt of its statement's line), a gift proof
(`counterfoil/gift-proof@v1`) or a bare checkpoint. A key is the log's, a policy is a C2SP tlog-policy. Ends with 0 where the file holds,
with 1 and `refused: CODE: sentence` where it does not, with 2 where the call itself is wrong.

One file, standard library only, Python 3.8 or later. Written from docs/format.md and the C2SP
formats (signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof, tlog-policy), Ed25519 from
RFC 8032, ML-DSA-44 from FIPS 204; shares nothing with the program. The arithmetic is not
constant in time: it only ever sees what is public.
"""
import argparse
import base64
import binascii
import hashlib
import json
import re
import sys

FILE_MAX, SIGNATURES_MAX, PATH_MAX, RECORD_MAX, BATCH_MAX = 1 << 18, 64, 40, 512, 16_384
INNER_PATH_MAX, POLICY_MAX = 14, 64
RECEIPT, BALANCE = "c2sp.org/tlog-proof@v1", "counterfoil/balance-proof@v1"
GIFT, GIFT_RECEIPTS_MAX = "counterfoil/gift-proof@v1", 1_003
GIFT_MAX = GIFT_RECEIPTS_MAX << 12
SIDES = ("credit", "debit")


class Refused(Exception):
    """The file does not hold; `code` is stable, the message is for people."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


class PolicyError(ValueError):
    """A key or a policy is not in form, so there is nothing to verify against."""


def need(holds, message, code="malformed"):
    if not holds:
        raise Refused(code, message)


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# Ed25519, as strict as there is: one encoding of each point, s below L, nothing of small order.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def point_add(a, b):
    """Sum in extended coordinates (RFC 8032, section 5.1.4)."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_double(a):
    """Twice a point; `t` of the argument is not needed."""
    x, y, z = a[0] * a[0] % P, a[1] * a[1] % P, 2 * a[2] * a[2] % P
    h = x + y
    e, g = h - (a[0] + a[1]) * (a[0] + a[1]) % P, x - y
    f = z + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_from(encoded):
    """The point of 32 bytes, or None: also for y >= p and for x = 0 with a sign."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if len(encoded) != 32 or y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * ROOT % P
    if v * x * x % P != u or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def small_order(point):
    for _ in range(3):
        point = point_double(point)
    return point[0] % P == 0


BASE = point_from((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_verify(public, message, signature):
    """Whether s B = R + k A, without the cofactor."""
    a, r = point_from(public), point_from(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or not a or not r or s >= L or small_order(a) or small_order(r):
        return False
    hashed = hashlib.sha512(signature[:32] + public + message).digest()
    k = int.from_bytes(hashed, "little") % L
    minus = (P - a[0], a[1], 1, P - a[3])
    table, point = (None, BASE, minus, point_add(BASE, minus)), (0, 1, 1, 0)
    for bit in range(252, -1, -1):
        point = point_double(point)
        digit = (s >> bit & 1) | (k >> bit & 1) << 1
        if digit:
            point = point_add(point, table[digit])
    return (point[0] - r[0] * point[2]) % P == 0 and (point[1] - r[1] * point[2]) % P == 0


# ML-DSA-44, pure mode with an empty context. Names and algorithm numbers are those of FIPS 204.

Q, GAMMA1, GAMMA2, BETA, OMEGA, TAU, K = 8380417, 1 << 17, 95232, 78, 80, 39, 4
ZETAS = [pow(1753, int(f"{i:08b}"[::-1], 2), Q) for i in range(256)]


def ntt(w):
    """Algorithm 41, on a copy."""
    w, m, length = list(w), 0, 128
    while length:
        for start in range(0, 256, 2 * length):
            m += 1
            zeta = ZETAS[m]
            for j in range(start, start + length):
                t = zeta * w[j + length] % Q
                w[j + length], w[j] = (w[j] - t) % Q, (w[j] + t) % Q
        length //= 2
    return w


def ntt_inverse(w):
    """Algorithm 42, on a copy."""
    w, m, length = list(w), 256, 1
    while length < 256:
        for start in range(0, 256, 2 * length):
            m -= 1
            zeta = -ZETAS[m]
            for j in range(start, start + length):
                t = w[j]
                w[j], w[j + length] = (t + w[j + length]) % Q, zeta * (t - w[j + length]) % Q
        length *= 2
    return [8347681 * value % Q for value in w]


def bits_of(data, width):
    """Integers of `width` bits each, the lowest bits first (algorithms 18 and 19)."""
    whole, mask = int.from_bytes(data, "little"), (1 << width) - 1
    return [whole >> at & mask for at in range(0, 8 * len(data) - width + 1, width)]


def sample_matrix(rho):
    """Algorithms 30 and 32: the matrix A in the NTT domain."""
    matrix = []
    for r in range(K):
        row = []
        for s in range(K):
            stream = hashlib.shake_128(rho + bytes([s, r])).digest(1344)  # 448 tries for 256
            values = [value for value in bits_of(stream, 24) if value & 0x7FFFFF < Q]
            row.append([value & 0x7FFFFF for value in values[:256]])
        matrix.append(row)
    return matrix


def sample_in_ball(seed):
    """Algorithm 29: a polynomial with `TAU` coefficients of 1 and -1."""
    stream = hashlib.shake_256(seed).digest(1024)
    signs, at, c = int.from_bytes(stream[:8], "little"), 8, [0] * 256
    for i in range(256 - TAU, 256):
        while stream[at] > i:
            at += 1
        c[i], c[stream[at]] = c[stream[at]], 1 - 2 * (signs & 1)
        signs, at = signs >> 1, at + 1
    return c


def hint_from(data):
    """Algorithm 21: for each polynomial the places of its hints, or None where not in form."""
    hints, at = [], 0
    for i in range(K):
        end = data[OMEGA + i]
        places = list(data[at:end])
        if not at <= end <= OMEGA or any(a >= b for a, b in zip(places, places[1:])):
            return None
        hints.append(set(places))
        at = end
    return None if any(data[at:OMEGA]) else hints


def high_bits(value, hint):
    """Algorithms 36 and 40."""
    low = value % (2 * GAMMA2)
    low -= 2 * GAMMA2 if low > GAMMA2 else 0
    high = (value - low) // (2 * GAMMA2)
    if value - low == Q - 1:
        high, low = 0, low - 1
    return (high + (1 if low > 0 else -1)) % 44 if hint else high


def ml_dsa_verify(public, message, signature):
    """Algorithms 3 and 8."""
    if len(public) != 1312 or len(signature) != 2420:
        return False
    c_hash, z_bytes, hints = signature[:32], signature[32:2336], hint_from(signature[2336:])
    z = [[GAMMA1 - v for v in bits_of(z_bytes[i:i + 576], 18)] for i in range(0, 2304, 576)]
    if hints is None or any(abs(value) >= GAMMA1 - BETA for one in z for value in one):
        return False
    rows, z = sample_matrix(public[:32]), [ntt(one) for one in z]
    c, w1 = ntt(sample_in_ball(c_hash)), 0
    for i, row in enumerate(rows):
        t = ntt([v << 13 for v in bits_of(public[32 + 320 * i:352 + 320 * i], 10)])
        w = [sum(a[n] * b[n] for a, b in zip(row, z)) - c[n] * t[n] for n in range(256)]
        for n, value in enumerate(ntt_inverse(w)):
            w1 |= high_bits(value, n in hints[i]) << 6 * (256 * i + n)
    tr = hashlib.shake_256(public).digest(64)
    mu = hashlib.shake_256(tr + b"\0\0" + message).digest(64)
    return hashlib.shake_256(mu + w1.to_bytes(768, "little")).digest(32) == c_hash


# Text: numbers, base64, keys, notes.


def decimal(text, bits, what):
    """Decimal digits without leading zeros, below 2^bits."""
    need(re.fullmatch("0|[1-9][0-9]{0,38}", text), f"{what} is no decimal number")
    need(int(text) < 1 << bits, f"{what} is too large")
    return int(text)


def base64_bytes(text, what):
    """Standard alphabet, padded, and the only encoding of its bytes."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise Refused("malformed", f"{what} is not base64") from None
    need(base64.b64encode(data).decode() == text, f"{what} is not canonical base64")
    return data


def hash_from(text, what):
    data = base64_bytes(text, what)
    need(len(data) == 32, f"{what} is not of 32 bytes")
    return data


def is_key_name(name):
    plain = "+" not in name and not any(char.isspace() for char in name)
    return plain and 1 <= len(name.encode("utf-8", "surrogateescape")) <= 255


class Key:
    """A verifier key `name+id+base64(type | public key)`: Ed25519 (1), cosignature/v1 (4) or
    ML-DSA-44 (6)."""

    def __init__(self, text):
        name, _, rest = text.partition("+")
        ident, _, encoded = rest.partition("+")
        try:
            data = base64_bytes(encoded, "its key")
        except Refused as refused:
            raise PolicyError(f"not a verifier key: {refused.message}") from None
        self.name, self.kind, self.public = name, data[0] if data else 0, data[1:]
        utf8 = not re.search("[\ud800-\udfff]", name)
        if not utf8 or not is_key_name(name) or self.kind not in (1, 4, 6):
            raise PolicyError("not a verifier key: its name or its type")
        if len(self.public) != (1312 if self.kind == 6 else 32):
            raise PolicyError("not a verifier key: its length")
        if self.kind != 6 and not point_from(self.public):
            raise PolicyError("not a verifier key: no point of the curve")
        self.id = sha(name.encode(), b"\n", data)[:4]
        if not re.fullmatch("[0-9a-f]{8}", ident) or bytes.fromhex(ident) != self.id:
            raise PolicyError("not a verifier key: its id is that of another")

    def verify(self, note, signature):
        """Whether it signed, and when it says so (None for type 1)."""
        if self.kind == 1:
            return ed25519_verify(self.public, note.text.encode(), signature), None
        time = int.from_bytes(signature[:8], "big")
        if len(signature) < 8 or time >= 1 << 63:
            return False, None
        if self.kind == 4:
            message = f"cosignature/v1\ntime {time}\n{note.text}".encode()
            return ed25519_verify(self.public, message, signature[8:]), time
        name, origin = self.name.encode(), note.origin.encode()  # the origin is some key's name
        message = b"".join((
            b"subtree/v1\n\0", bytes([len(name)]), name, signature[:8], bytes([len(origin)]),
            origin, bytes(8), note.size.to_bytes(8, "big"), note.root))
        return ml_dsa_verify(self.public, message, signature[8:]), time


class Checkpoint:
    """A checkpoint as a signed note: origin, size and root, and the lines of its signatures."""

    def __init__(self, text):
        body, empty, lines = text.rpartition("\n\n")
        need(empty and lines.endswith("\n"), "the checkpoint has no signatures, or ends in one")
        self.text = body + "\n"
        parts = body.split("\n")
        need(len(parts) == 3 and parts[0], "the checkpoint is not of three lines")
        self.origin, self.size = parts[0], decimal(parts[1], 63, "the size")
        self.root, self.signatures = hash_from(parts[2], "the root"), []
        lines = lines[:-1].split("\n")
        need(len(lines) <= SIGNATURES_MAX, "the checkpoint has too many signatures")
        for line in lines:
            need(line.startswith("\u2014 "), "a line of a signature has no em dash and space")
            name, _, encoded = line[2:].partition(" ")
            data = base64_bytes(encoded, "a signature")
            need(is_key_name(name) and len(data) > 4, "a signature has no name, or no bytes")
            self.signatures.append((name, data[:4], data[4:]))


# Policies: C2SP tlog-policy.


class Policy:
    """Which logs and witnesses count, and how many of them."""

    def __init__(self):
        self.logs, self.witnesses, self.groups, self.quorum = [], {}, {}, None

    @classmethod
    def of_keys(cls, vkeys):
        """The keys of logs, and no witnesses asked for."""
        self = cls()
        for vkey in vkeys:
            self.log([vkey])
        self.quorum = "none"
        return self

    @classmethod
    def parse(cls, data):
        self, members = cls(), set()
        if len(data) > FILE_MAX or re.search(rb"[^\t\n\x20-\x7e\x80-\xff]", data):
            raise PolicyError("the policy is too large, or has control characters")
        *lines, rest = data.split(b"\n")
        if rest:
            raise PolicyError("the policy does not end in a newline")
        for number, line in enumerate(lines, 1):
            items = [item.decode("utf-8", "surrogateescape") for item in re.findall(rb"[^ \t]+", line)]
            if not items or items[0].startswith("#"):
                continue
            try:
                self.line(items[0], items[1:], members)
            except PolicyError as error:
                raise PolicyError(f"policy, line {number}: {error}") from None
        if self.quorum is None:
            raise PolicyError("the policy has no quorum line")
        return self

    def line(self, word, items, members):
        known = {"log": self.log, "witness": self.witness, "group": self.group, "quorum": self.end}
        if word not in known:
            raise PolicyError(f"no line begins with {word!r}")
        known[word](items, members)

    def log(self, items, _=None):
        if len(items) not in (1, 2) or len(self.logs) == POLICY_MAX:
            raise PolicyError("not a log line, or one too many")
        key = Key(items[0])
        if key.kind == 4 or any(key.public == other.public for other in self.logs):
            raise PolicyError("not the key of a log, or there twice")
        self.logs.append(key)

    def witness(self, items, _):
        if len(items) not in (2, 3) or len(self.witnesses) == POLICY_MAX:
            raise PolicyError("not a witness line, or one too many")
        key = Key(items[1])
        if key.kind == 1 or any(key.public == one.public for one in self.witnesses.values()):
            raise PolicyError("not the key of a witness, or there twice")
        self.new_name(items[0])
        self.witnesses[items[0]] = key

    def group(self, items, members):
        if len(items) < 3 or len(self.groups) == POLICY_MAX:
            raise PolicyError("not a group line, or one too many")
        name, least, names = items[0], items[1], items[2:]
        self.new_name(name)
        for one in names:
            if one in members or one not in self.witnesses and one not in self.groups:
                raise PolicyError(f"{one!r} is not defined before, or a member already")
            members.add(one)
        least = {"any": "1", "all": str(len(names))}.get(least, least)
        if not re.fullmatch("[1-9][0-9]{0,3}", least) or int(least) > len(names):
            raise PolicyError("the threshold is not from 1 to the count of members")
        self.groups[name] = (int(least), names)

    def end(self, items, _):
        known = ("none", *self.witnesses, *self.groups)
        if self.quorum is not None or len(items) != 1 or items[0] not in known:
            raise PolicyError("a second quorum line, or its name is not defined before")
        self.quorum = items[0]

    def new_name(self, name):
        if name == "none" or name in self.witnesses or name in self.groups:
            raise PolicyError(f"the name {name!r} is taken")

    def reached(self, name, signed):
        if name not in self.groups:
            return name == "none" or name in signed
        least, names = self.groups[name]
        return sum(self.reached(one, signed) for one in names) >= least

    def check(self, note):
        """The witnesses that cosigned, with the time of the first cosignature of each."""
        logs = [key for key in self.logs if key.name == note.origin]
        need(logs, f"the policy has no log {note.origin}", "unknown_log")
        keys = [(key, None) for key in logs] + [(key, name) for name, key in self.witnesses.items()]
        by_log, signed = False, {}
        for name, ident, signature in note.signatures:
            for key, witness in keys:
                if (key.name, key.id) != (name, ident):
                    continue
                holds, time = key.verify(note, signature)
                need(holds, f"the signature of {name} is not of this checkpoint", "bad_signature")
                if witness is None:
                    by_log = True
                else:
                    signed.setdefault(witness, time)
        need(by_log, "no known key of the log has signed", "not_signed")
        need(self.reached(self.quorum, signed), "the cosignatures do not reach the quorum", "quorum")
        return signed


# Records: docs/format.md. A side is 0 for credit, 1 for debit; a field of 96 bits is a currency.

TRANSFER_ENDS = (("released_amount", 128), ("released_flags", 16))
SUMS = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
RECORDS = {
    1: ("ledger_declared", (("ledger", 32), ("exponent", 8), ("code", 96), ("timestamp", 64))),
    2: ("account_created", (
        ("id", 128), ("user_data_128", 128), ("user_data_64", 64), ("user_data_32", 32),
        ("ledger", 32), ("code", 16), ("flags", 16), ("timestamp", 64))),
    3: ("transfer_created", (
        ("id", 128), ("debit_account_id", 128), ("credit_account_id", 128), ("amount", 128),
        ("pending_id", 128), ("user_data_128", 128), ("user_data_64", 64), ("user_data_32", 32),
        ("timeout", 32), ("ledger", 32), ("code", 16), ("flags", 16), ("timestamp", 64))),
    4: ("transfer_expired", (
        ("pending_id", 128), ("debit_account_id", 128), ("credit_account_id", 128),
        ("amount", 128), ("flags", 16), ("timestamp", 64))),
    5: ("transfer_failed", (("id", 128), ("status_code", 32), ("timestamp", 64))),
    6: ("record_erased", (
        ("erased_batch", 64), ("erased_index", 32), ("retention_days", 32), ("remains_low", 128),
        ("remains_high", 128), ("timestamp", 64))),
    7: ("statement_line", (
        ("statement", 64), ("line", 32), ("lines", 32), ("scheme", 8), ("ledger", 32),
        ("code", 16), ("side", 8), ("height", 8), ("batches", 64), ("total", 128),
        ("root_low", 128), ("root_high", 128), ("timestamp", 64))),
    8: ("deed", (
        ("id", 128), ("act", 16), ("digest", 128), ("transfers", 32), ("first_transfer", 64),
        ("number", 64), ("timestamp", 64))),
    9: ("page", (("document", 64), ("part", 16), ("length", 16), ("timestamp", 64))),
}
PAGE_BYTES = 384
# Objects: kind, name and fields, each with its bits, `#` for 16 bytes, or the names of its numbers. The
# cause and the timestamp follow.
OBJECTS = """
16 chart_line code:16 class=asset|liability|equity|income|expense|memorandum
  role=none|safe|own|scheme_receivable|seller_receivable|dispute|suspense|wallet|escrow|seller\
    |reserve|gift|sharing|unallocated|exchange|commission|fee_income|acquiring|dispute_fee\
    |credit_loss|bank_fee
  parent:16 flags:16 name:128 name_more:128
17 fee id:128 ledger:32 flat:128 rate:32 least:128 most:128 bearer=payer|payee
  rounding=down|up|half_up|half_even tiers:8
18 fee_tier fee:128 number:8 above:128 flat:128 rate:32
19 calendar id:32 offset:32 weekend:8
20 holiday calendar:32 day:32 state=there|gone
21 day day:32 state=open|closed records:64
22 party id:128 kind=customer|merchant|bank|authority|staff tier:8 state=active|frozen|closed
  reason=none|own_wish|court_order|authority_order|suspicion|sanctions|lost_access|death|risk\
    |terms_broken|resolved
  commission:32 reserve:32 reserve_days:16 vault=none|kept|erased vault_digest:#
32 hold id:128 payer:128 payee:128 ledger:32 amount:128 captured:128
  state=held|captured|released|expired pending:128 deadline:64
33 payment id:128 payer:128 payee:128 ledger:32 amount:128 fee:128 bearer=payer|payee refunded:128
  shared:128 share_limit:32 receivers:8 state=paid|sharing deadline:64 disputed:128
  funding=wallet|card|bank
34 payment_request id:128 payee:128 payer:128 ledger:32 amount:128 state=open|paid|cancelled|expired
  deadline:64 payment:128
35 schedule id:128 payer:128 payee:128 ledger:32 amount:128 calendar:32 rule=once|days|weeks|months
  every:16 first_day:32 runs:32 runs_most:32 failed:32 last_status:32 state=running|ended|cancelled
  deadline:64
36 chargeback id:128 order:128 line:16 payment:128 seller:128 buyer:128 ledger:32 amount:128 fee:128
  from_seller:128 from_reserve:128 receivable:128 commission:128
  state=open|recovered|won|lost|uncollected deadline:64
40 listing number:32 seller:128 ledger:32 category:32 price:64 stock:32 state=offered|withdrawn text:#
41 order_line order:128 line:16 lines:16 buyer:128 seller:128 ledger:32 amount:128 paid:128 held:128
  refunded:128 commission:128 listing:32 quantity:32
  state=wait_buyer_pay|wait_seller_send_goods|wait_buyer_confirm_goods|trade_finished|trade_closed
  delivery=none|automatic|virtual|express|surface claim=none|open|granted|rejected claimed:128
  evidence:# paid_at:64 deadline:64 remaining:64 disputed:128 released:128 commission_rate:32
  reserve_rate:32 reserve_days:16
42 reserve order:128 line:16 seller:128 ledger:32 amount:128 deadline:64
48 gift id:128 sender:128 ledger:32 kind=equal|random amount:128 parts:16 claimed:128 claims:16
  returned:128 commitment:# commitment_more:# state=open|claimed|returned deadline:64
49 gift_seed gift:128 seed:# state=there|gone
50 gift_claim gift:128 party:128 number:16 ledger:32 amount:128
52 rule_version version:32 begins:64 document:64 rules:16 digest:# digest_more:# party:128
  signature_a:# signature_b:# signature_c:# signature_d:#
53 finding command:128 number:64 version:32 rule:16 then=refuse|hold|flag|report
  state=noted|open|allowed|declined|used party:128 kind:16
  channel=none|app|web|in_store|api|card|qr_a|qr_b|qr_c|qr_d debit_account_id:128
  credit_account_id:128 ledger:32 amount:128 used:128 limit:128 again:64 authority:128 decision:64
54 figure name:128 name_more:128 value:128 day:32
55 party_key party:128 key:# key_more:#
56 document digest:# digest_more:# number:64
  kind=mandate|decision|fulfilment|appeal|assessment|comment|entry|opening|step|budget party:128
  signature_a:# signature_b:# signature_c:# signature_d:#
57 mandate authority:128 number:32 document:64 decides:16 products:16 court=no|yes
  jurisdiction:128 bulk:8 begins:64 ends:64 decisions:64
58 decision authority:128 number:64
  kind=licence|approval|veto|restriction|fine|undertaking|lifting
  state=to_come|in_force|under_appeal|overdue|ended|fulfilled|lifted|annulled
  appeal=none|lodged|upheld|annulled addressee:128 document:64
  product=none|wallet|payment|sharing|exchange|gift|marketplace|payout|credit
  measure=none|stop|freeze|cap of=none|payer|payee|everyone window=none|day|month zone:16
  ledger:32 amount:128 lifts:64 begins:64 ends:64 due:64 appeal_to:128 appeal_until:64
59 register id:8 demands:64 disclosures:64 lookups:64 overdue:64
60 demand serial:64
  class=court|police|tax|customs|supervision|intelligence|competition|privacy|other
  state=received|examined|approved_once|approved|answered|noticed|closed|refused|withdrawn|annulled
  appeal=none|lodged|upheld|annulled subjects=all|persons|accounts|transfers named:16 document:64
  asked:# asked_more:# scope:# scope_more:# opens:64 opened=no|yes overdue=no|yes extensions:16
  received:64 answered:64 disclosures:32
61 demand_file serial:64 authority:128 examiner:128 first:128 second:128 appellant:128
62 disclosure number:64 demand:64 release=rows|aggregate digest:# digest_more:# bytes:64 rows:64
  accounts:64 scope:# scope_more:# proven:64 until:64 cost:32
63 budget authority:128 granted:64 spent:64 questions:32
64 question digest:# digest_more:# authority:128 cost:32
65 lookup party:128 number:64 role:128 pseudonym:#
  purpose=support|complaint|fraud|due_diligence|correction|demand|other reference:128
66 assessment digest:# digest_more:# party:128 draft:# draft_more:# comments_until:64 document:64
  comments:64
"""
ACTS = {
    1: "chart_line_set", 2: "party_open", 3: "party_tier", 4: "party_state", 5: "party_terms",
    6: "party_vault", 7: "party_erase", 8: "account_open", 9: "account_close", 10: "journal_post",
    11: "fee_set", 12: "fee_tier_add", 13: "calendar_set", 14: "holiday_set", 15: "day_close",
    30: "top_up", 31: "withdraw", 32: "pay", 33: "pay_split", 34: "pay_shared", 35: "share",
    36: "share_finish", 37: "refund", 38: "hold", 39: "capture", 40: "release", 41: "request",
    42: "request_pay", 43: "request_cancel", 44: "schedule", 45: "schedule_cancel", 46: "payout",
    47: "payout_batch", 48: "exchange", 49: "scheme_settle", 50: "sweep", 51: "fund",
    60: "chargeback_open", 61: "chargeback_recover", 62: "chargeback_won", 63: "chargeback_lost",
    70: "listing_add", 71: "listing_set", 72: "order_place", 73: "order_pay", 74: "order_ship",
    75: "order_confirm", 76: "order_cancel", 77: "claim_open", 78: "claim_decide", 79: "order_refund",
    90: "gift_send", 91: "gift_claim",
    100: "finding_review", 101: "figure_set", 102: "party_key_set",
}


def add_objects():
    """Enters the objects among the records; what the numbers of their fields are called."""
    called = {}
    for text in re.split("\n(?! )", OBJECTS.strip()):
        kind, name, *fields = re.sub(" +[|]", "|", text).split()
        entered = [("cause", 16), ("timestamp", 64)]
        for place, field in enumerate(fields):
            field, sign, form = re.match("([a-z_]+)([:=])(.*)", field).groups()
            if sign == "=":
                called[name, field], bits = form.split("|"), 8
            elif form == "#":
                called[name, field], bits = form, 128
            else:
                bits = int(form)
            entered.insert(place, (field, bits))
        RECORDS[int(kind)] = (name, tuple(entered))
    return called


CALLED = add_objects()
# Fields that a reader of the facts has no use for, or finds elsewhere among them.
UNTOLD = {"scheme", "digest", "root_low", "root_high", "remains_low", "remains_high", "timestamp"}


def unpack(data, at, fields):
    """One group of packed integers: the values by name, the marks and where it ends."""
    widths = data[at:at + (len(fields) + 1) // 2]
    at += len(widths)
    nibbles = [nibble for byte in widths for nibble in (byte & 15, byte >> 4)]
    need(len(nibbles) >= len(fields), "the record is too short", "bad_opening")
    values = {}
    for (name, bits), width in zip(fields, nibbles):
        length = 16 if width == 15 else width
        need(at + length <= len(data), "the record is too short", "bad_opening")
        value = int.from_bytes(data[at:at + length], "little")
        at += length
        least = (value.bit_length() + 7) // 8
        need(width == min(least, 15), f"{name} is wider than it needs", "bad_opening")
        need(value < 1 << bits, f"{name} does not fit in its field", "bad_opening")
        values[name] = value
    return values, nibbles[-1] if len(fields) % 2 else 0, at


def record_values(data):
    """A record's name and its numbers by field, where the bytes are the one encoding of it."""
    need(1 <= len(data) <= RECORD_MAX, "the record is empty or too long", "bad_opening")
    kind = data[0]
    need(kind in RECORDS, f"no record has kind {kind}", "bad_opening")
    name, fields = RECORDS[kind]
    values, marks, end = unpack(data, 1, fields)
    need(marks < (8 if kind == 3 else 1), "the record has marks without meaning", "bad_opening")
    groups = [TRANSFER_ENDS] if marks & 1 else []
    for mark, side in ((2, "debit_account_"), (4, "credit_account_")):
        groups += [tuple((side + one, 128) for one in SUMS)] if marks & mark else []
    for group in groups:
        more, _, end = unpack(data, end, group)
        values.update(more)
    if name == "page":
        need(0 < values["length"] <= PAGE_BYTES, "a page is empty or too long", "bad_opening")
        end += values["length"]
        need(end <= len(data), "the record is too short", "bad_opening")
    need(end == len(data), "bytes follow the record", "bad_opening")
    return name, values


def record_fields(data):
    """A record by its field names, as the facts tell it."""
    (name, values), kind = record_values(data), data[0]
    if kind == 1:
        code = values["code"].to_bytes(12, "little").rstrip(b"\0").decode("latin-1")
        need(re.fullmatch("[A-Z0-9]{1,12}", code), "the code is no currency", "bad_opening")
        values["code"] = code
    if kind == 7:
        need(values["side"] < 2, "the side is neither credit nor debit", "bad_opening")
        low, high = values.pop("root_low"), values.pop("root_high")
        values["side"] = SIDES[values["side"]]
        values["root"] = (low.to_bytes(16, "little") + high.to_bytes(16, "little")).hex()
    return {"record": name, **{field: shown(name, field, value) for field, value in values.items()}}


def shown(record, field, value):
    """A value as the facts tell it: names of acts and states, digests in hexadecimal."""
    if (record, field) == ("deed", "act"):
        return ACTS.get(value, "unknown")
    if field == "cause":
        return ACTS.get(value, "time")
    names = CALLED.get((record, field))
    if names == "#":
        return value.to_bytes(16, "little").hex()
    if names:
        return names[value] if value < len(names) else "unknown"
    return value


# Trees: RFC 6962, and the sum tree of a statement.


def path_length(index, size):
    """How many siblings stand between the leaf and the root."""
    length, last = 0, size - 1
    while last:
        length += index & 1 or index < last
        index, last = index >> 1, last >> 1
    return length


def root_from_path(leaf, index, size, path):
    """The root that a path of the right length leads to."""
    last, path = size - 1, iter(path)
    while last:
        if index & 1:
            leaf = sha(b"\1", next(path), leaf)
        elif index < last:
            leaf = sha(b"\1", leaf, next(path))
        index, last = index >> 1, last >> 1
    return leaf


def little(value, length):
    return value.to_bytes(length, "little")


def sum_root(blind, account, amount, index, path):
    """Root hash and total that a leaf of the sum tree leads to, or None where sums overflow."""
    node = sha(b"\2", blind, little(account, 16), little(amount, 16))
    for sibling, other in path:
        pair = [(node, amount), (sibling, other)][::-1 if index & 1 else 1]
        node = sha(b"\3", *(part for one, count in pair for part in (one, little(count, 16))))
        amount, index = amount + other, index >> 1
        if amount >> 128:
            return None
    return node, amount


# The four kinds of files.


def text_of(data):
    need(len(data) <= FILE_MAX, "the file has more than 256 KiB", "too_large")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("malformed", "the file is not UTF-8") from None
    need(not re.search("[\0-\x09\x0b-\x1f]", text), "the file has control characters")
    return text


def trusted(note, policy):
    """The facts of a checkpoint that the policy trusts."""
    signed = policy.check(note)
    return {
        "status": "checkpointed" if policy.quorum == "none" else "witnessed",
        "origin": note.origin, "size": note.size,
        "witnesses": [{"name": policy.witnesses[one].name, "time": time}
                      for one, time in signed.items()],
    }


def verify_checkpoint(data, policy):
    """The facts of a bare checkpoint; raises Refused."""
    note = Checkpoint(text_of(data))
    return {"kind": "checkpoint", **trusted(note, policy), "root": note.root.hex()}


def opening(extra):
    """The parts of a receipt's extra that rebuild the outer leaf: docs/format.md."""
    need(extra is not None, "the receipt does not open a record", "bad_opening")
    need(extra[0] in (1, 2), "the opening is of no known version", "bad_opening")
    # Version 2 has the counts of the register behind the rule book, and some of them are not 0.
    at = 85 if extra[0] == 1 else 109
    need(len(extra) > at + 20, "the opening is cut", "bad_opening")
    counts = extra[85:at]
    need(extra[0] == 1 or any(counts), "the opening counts nothing and is not of version 1", "bad_opening")
    index, length = int.from_bytes(extra[at:at + 4], "little"), extra[at + 20]
    salt, path_at = extra[at + 4:at + 20], at + 21
    record_at = path_at + 32 * length
    need(length <= INNER_PATH_MAX and len(extra) > record_at, "the opening is cut", "bad_opening")
    path, record = [extra[at:at + 32] for at in range(path_at, record_at, 32)], extra[record_at:]
    fields, count = record_fields(record), int.from_bytes(extra[9:13], "little")
    need(index < count <= BATCH_MAX, "the batch has no such record", "bad_opening")
    need(length == path_length(index, count), "the inner path has another length", "bad_opening")
    inner = root_from_path(sha(b"\0", salt, record), index, count, path)
    return index, inner, counts, fields, record


def verify_receipt(data, policy):
    """The facts of a receipt; raises Refused."""
    head, empty, rest = text_of(data).partition("\n\n")
    lines, extra = head.split("\n"), None
    need(empty and lines.pop(0) == RECEIPT, "not a receipt")
    if lines and lines[0].startswith("extra "):
        extra = base64_bytes(lines.pop(0)[6:], "extra")
        need(extra, "extra is empty")
    need(lines and lines[0].startswith("index "), "the receipt has no index")
    batch = decimal(lines.pop(0)[6:], 64, "the index")
    path = [hash_from(line, "a hash of the path") for line in lines]
    need(len(path) <= 64, "the path has more than 64 hashes")
    note = Checkpoint(rest)
    facts = trusted(note, policy)
    index, inner, counts, fields, record = opening(extra)
    leaf = b"".join((
        b"cf-leaf1", little(batch, 8), extra[1:13], bytes(4), extra[13:21], inner, extra[21:85],
        counts.ljust(32, b"\0")))
    need(batch < note.size, "the checkpoint does not reach this batch", "not_included")
    need(len(path) == path_length(batch, note.size), "the path has another length", "not_included")
    root = root_from_path(sha(b"\0", leaf), batch, note.size, path)
    need(root == note.root, "the path leads to another root", "not_included")
    return {
        "kind": "receipt", **facts, "batch": batch,
        "batch_time": int.from_bytes(extra[13:21], "little"),
        "record_index": min(int.from_bytes(extra[1:9], "little") + index, (1 << 64) - 1),
        "record": fields, "record_bytes": record,
    }


def balance_from(data):
    """The lines of a balance proof."""
    lines = text_of(data).split("\n")
    words = (("statement", 64), ("ledger", 32), ("code", 16), ("side", 0), ("account", 128),
             ("amount", 128), ("leaf", 64), ("blind", 0))
    need(lines[0] == BALANCE and lines.pop() == "", "not a balance proof, or cut")
    need(len(words) < len(lines) <= len(words) + 1 + PATH_MAX, "lines are missing, or too many")
    proof = {}
    for (word, bits), line in zip(words, lines[1:]):
        need(line.startswith(word + " "), f"the line of {word} is not where it should be")
        value = line[len(word) + 1:]
        proof[word] = decimal(value, bits, word) if bits else value
    need(proof["side"] in SIDES, "the side is neither credit nor debit")
    proof["blind"] = base64_bytes(proof["blind"], "blind")
    need(len(proof["blind"]) == 16, "blind is not of 16 bytes")
    path = []
    for line in lines[len(words) + 1:]:
        node = base64_bytes(line, "a line of the path")
        need(32 <= len(node) <= 48 and node[32:33] != b"\0", "a sum of the path is not in form")
        path.append((node[:32], int.from_bytes(node[32:], "big")))
    return proof, path


def verify_balance(data, statement, policy):
    """The facts of a balance proof under the receipt of its statement's line; raises Refused."""
    proof, path = balance_from(data)
    receipt = verify_receipt(statement, policy)
    line = receipt["record"]
    sound = line["record"] == "statement_line" and line["statement"] and line["ledger"] and (
        line["line"] < line["lines"] and line["scheme"] == 1 and line["height"] <= PATH_MAX)
    need(sound, "the record is no line of a statement", "not_a_statement")
    for word in ("statement", "ledger", "code", "side"):
        need(proof[word] == line[word], f"the statement has another {word}", "other_statement")
    need(len(path) == line["height"], "the path has another length than the tree", "not_counted")
    need(proof["leaf"] >> line["height"] == 0, "the tree has no such leaf", "not_counted")
    end = sum_root(proof["blind"], proof["account"], proof["amount"], proof["leaf"], path)
    need(end is not None, "the sums overflow", "not_counted")
    need((end[0].hex(), end[1]) == (line["root"], line["total"]),
         "the path leads to another root or total", "not_counted")
    return {**receipt, "kind": "balance", **proof}


def gift_receipts(data):
    """The receipts in a gift proof."""
    need(len(data) <= GIFT_MAX, f"the file has more than {GIFT_MAX} bytes", "too_large")
    head = GIFT.encode() + b"\n"
    need(data.startswith(head), "not a gift proof")
    receipts, at = [], len(head)
    while at < len(data):
        line = re.compile(rb"receipt ([1-9][0-9]{0,6})\n").match(data, at)
        need(line, "a receipt is not behind its length")
        at = line.end() + int(line[1])
        need(at <= len(data), "the last receipt is cut")
        need(len(receipts) < GIFT_RECEIPTS_MAX, "a gift has at most 1,000 claims")
        receipts.append(data[line.end():at])
    need(len(receipts) >= 3, "it takes the receipts of the gift, its seed and its end")
    return receipts


def drawn_part(gift, claimed, number, seed):
    """What claim `number` gets where those before it got `claimed`; None where nothing is left to
    draw from."""
    rest, left = gift["amount"] - claimed, gift["parts"] + 1 - number
    if rest < 0 or left < 1:
        return None
    if gift["kind"] == 0:
        return gift["amount"] // gift["parts"] + (number <= gift["amount"] % gift["parts"])
    if left == 1:
        return rest
    most, counter = min(2 * rest // left, rest - (left - 1)), 0
    if most < 1:
        return None
    while True:
        drawn = sha(b"cf-draw", little(seed, 16), little(number, 4), little(counter, 4))
        drawn, counter = int.from_bytes(drawn[:16], "little"), counter + 1
        # Beyond the last whole multiple of `most` the first results would come up more often.
        if drawn < (1 << 128) - (1 << 128) % most:
            return 1 + drawn % most


def fair(holds, message):
    need(holds, message, "unfair")


def verify_gift(data, policy):
    """The facts of a gift proof: its draw, made again from the seed; raises Refused."""
    shown = [verify_receipt(receipt, policy) for receipt in gift_receipts(data)]
    fair(len({one["origin"] for one in shown}) == 1, "the receipts are of several logs")
    places = [one["record_index"] for one in shown]
    fair(all(one < after for one, after in zip(places, places[1:])),
         "the records do not follow each other in the log")
    records = [record_values(one["record_bytes"]) for one in shown]
    names = [name for name, _ in records]
    fair(names == ["gift"] + ["gift_claim"] * (len(names) - 3) + ["gift_seed", "gift"],
         "these are not the records of a gift, its claims, its seed and its end")
    (sent, *claims, seed, ended) = [values for _, values in records]
    fair(seed["state"] == 1 and seed["gift"] == sent["id"], "the seed is not revealed, or of another gift")
    fair(all(claim["gift"] == sent["id"] for claim in claims), "a claim is of another gift")
    fair(ACTS.get(sent["cause"]) == "gift_send" and not sent["claims"] and not sent["state"],
         "the first record is not of the gift as it was sent")
    same = ("id", "sender", "ledger", "kind", "amount", "parts")
    fair(all(sent[name] == ended[name] for name in same) and ended["state"],
         "the last record is not of the end of this gift")
    commitment = sha(b"cf-gift", little(sent["id"], 16), little(seed["seed"], 16))
    said = little(sent["commitment"], 16) + little(sent["commitment_more"], 16)
    fair(commitment == said, "the seed is not the one that was committed to")
    fair(ended["claims"] == len(claims), "a claim is left out")
    claimed = sent["claimed"]
    for number, claim in enumerate(claims, 1):
        part = drawn_part(sent, claimed, number, seed["seed"])
        fair(part is not None, "the parts do not add up")
        fair((claim["number"], claim["amount"]) == (number, part),
             f"claim {claim['number']} got {claim['amount']}, the draw gives claim {number} {part}")
        claimed += part
    fair(claimed == ended["claimed"] and claimed + ended["returned"] == sent["amount"],
         "what was claimed and what was returned is not what was sent")
    # The least that vouches for any of them.
    least = min(shown, key=lambda one: one["size"])
    return {
        **{name: least[name] for name in ("status", "origin", "size", "witnesses")},
        "kind": "gift", "gift": sent["id"], **{name: sent[name] for name in ("ledger", "amount", "parts")},
        "seed": little(seed["seed"], 16).hex(),
        "claims": [(claim["number"], claim["party"], claim["amount"]) for claim in claims],
        "returned": ended["returned"],
    }


def kind_of(data):
    """What a file is, by its first line."""
    first = data[:64].split(b"\n")[0]
    kinds = {RECEIPT: "receipt", BALANCE: "balance", GIFT: "gift"}
    return kinds.get(first.decode("latin-1"), "checkpoint")


def pairs(facts):
    """What holds, fact by fact, as every verifier tells it: names and texts, in order."""
    told = [(name, facts[name]) for name in ("kind", "status", "origin", "size")]
    told += [("witness", f"{one['name']} {one['time']}") for one in facts["witnesses"]]
    record = facts.get("record", {})
    _, fields = next((one for one in RECORDS.values() if one[0] == record.get("record")), ("", ()))
    of_object = fields[-2:-1] == (("cause", 16),)  # all fields of an object are told
    named = [(name, record[name]) for name, _ in fields
             if name not in UNTOLD or of_object and name != "timestamp"]
    if facts["kind"] == "checkpoint":
        told.append(("root", facts["root"]))
    elif facts["kind"] == "gift":
        told += [(name, facts[name]) for name in ("gift", "ledger", "amount", "parts", "seed")]
        told += [("claim", " ".join(map(str, claim))) for claim in facts["claims"]]
        told.append(("returned", facts["returned"]))
    elif facts["kind"] == "balance":
        told += [(name, facts[name]) for name in ("account", "amount")] + named
    else:
        told += [(name, facts[name]) for name in ("batch", "batch_time", "record_index")]
        told += [("record", record["record"]), *named, ("timestamp", record["timestamp"])]
    return [(name, str(value)) for name, value in told]


def read(path):
    with open(path, "rb") as file:
        return file.read(GIFT_MAX + 1)


def main(arguments):
    parser = argparse.ArgumentParser(description="Verifies a receipt, balance proof, gift proof or checkpoint.")
    parser.add_argument("file")
    parser.add_argument("--statement", metavar="RECEIPT", help="receipt of a balance's statement")
    trust = parser.add_mutually_exclusive_group(required=True)
    trust.add_argument("--key", action="extend", nargs="+", metavar="VKEY", help="a key of the log")
    trust.add_argument("--policy", metavar="FILE", help="a tlog-policy")
    parser.add_argument("--json", action="store_true", help="print the facts as JSON")
    given = parser.parse_args(arguments)
    try:
        policy = Policy.of_keys(given.key) if given.key else Policy.parse(read(given.policy))
        data = read(given.file)
        kind = kind_of(data)
        if (kind == "balance") != bool(given.statement):
            parser.error("a balance proof, and nothing else, needs --statement")
        statement = read(given.statement) if given.statement else None
    except (PolicyError, OSError) as error:
        parser.error(str(error))
    try:
        if kind == "balance":
            facts = verify_balance(data, statement, policy)
        else:
            verify = {"receipt": verify_receipt, "gift": verify_gift}.get(kind, verify_checkpoint)
            facts = verify(data, policy)
    except Refused as refused:
        print(f"refused: {refused}")
        return 1
    if given.json:
        print(json.dumps(pairs(facts), indent=1, ensure_ascii=False))
    else:
        for name, value in pairs(facts):
            print(f"{name}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
