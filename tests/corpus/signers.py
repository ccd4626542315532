"""Keys that sign notes: Ed25519 (RFC 8032), cosignature/v1 and ML-DSA-44 (FIPS 204, no randomness).

Deterministic, for tests only: nothing here is constant in time. The NTT and the samplings of
ML-DSA are those of the verifier: that both are right shows only where another verifier agrees.
"""
import base64
import functools
import hashlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../sdk/python"))
sys.dont_write_bytecode = True
import counterfoil_verify as verifier  # noqa: E402

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (15112221349535400772501151409588531511454012693041857206046113283949847762202, BASE_Y)
Q, GAMMA1, GAMMA2, BETA, OMEGA, K = 8380417, 1 << 17, 95232, 78, 80, 4


def b64(data):
    return base64.b64encode(data).decode()


def add(a, b):
    """Projective addition on the Edwards curve: whole for every two points (RFC 8032, 5.1.4)."""
    (x1, y1, z1), (x2, y2, z2) = a, b
    z, x, y = z1 * z2 % P, x1 * x2 % P, y1 * y2 % P
    t = D * x * y % P
    minus, plus = (z * z - t) % P, (z * z + t) % P
    return (z * minus * ((x1 + y1) * (x2 + y2) - x - y) % P, z * plus * (y + x) % P, minus * plus % P)


def multiply(n):
    """n times the base point, as affine x and y."""
    result, power = (0, 1, 1), (*BASE, 1)
    while n:
        result = add(result, power) if n & 1 else result
        power, n = add(power, power), n >> 1
    inverse = pow(result[2], P - 2, P)
    return result[0] * inverse % P, result[1] * inverse % P


def encode(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


class Ed25519:
    """RFC 8032, section 5.1."""

    def __init__(self, seed):
        hashed = hashlib.sha512(seed).digest()
        self.scalar = int.from_bytes(hashed[:32], "little") & (1 << 254) - 8 | 1 << 254
        self.prefix, self.public = hashed[32:], encode(multiply(self.scalar))

    @functools.lru_cache(maxsize=None)
    def sign(self, message):
        r = int.from_bytes(hashlib.sha512(self.prefix + message).digest(), "little") % L
        return self.end(r, encode(multiply(r)), message)

    def end(self, r, point, message):
        """With r and R given: R need not be r B, so that what must be refused can be made."""
        hashed = hashlib.sha512(point + self.public + message).digest()
        s = (r + int.from_bytes(hashed, "little") * self.scalar) % L
        return point + s.to_bytes(32, "little")


def joined(values, width):
    """Integers as bits, the lowest first."""
    whole = sum(value << width * at for at, value in enumerate(values))
    return whole.to_bytes(len(values) * width // 8, "little")


def centered(value, modulus):
    value %= modulus
    return value - modulus if value > modulus // 2 else value


def split(value):
    """Decompose: high and low bits."""
    value %= Q
    low = centered(value, 2 * GAMMA2)
    return (0, low - 1) if value - low == Q - 1 else ((value - low) // (2 * GAMMA2), low)


def shake(length, *parts):
    return hashlib.shake_256(b"".join(parts)).digest(length)


class MlDsa44:
    """FIPS 204, algorithms 6 and 7, with no randomness (32 zero bytes)."""

    def __init__(self, seed):
        expanded = shake(128, seed, bytes([K, K]))
        rho, rho2, self.key = expanded[:32], expanded[32:96], expanded[96:]
        self.matrix = verifier.sample_matrix(rho)
        vectors = [self.small(rho2, n) for n in range(2 * K)]
        self.s1, self.s2 = ([verifier.ntt(one) for one in part] for part in (vectors[:K], vectors[K:]))
        self.t0, packed = [], b""
        for row, error in zip(self.times(self.s1), vectors[K:]):
            t = [(a + b) % Q for a, b in zip(row, error)]
            low = [centered(value, 1 << 13) for value in t]
            packed += joined([(value - part) >> 13 for value, part in zip(t, low)], 10)
            self.t0.append(verifier.ntt([value % Q for value in low]))
        self.public = rho + packed
        self.tr = shake(64, self.public)

    @staticmethod
    def small(seed, n):
        """Coefficients from -2 to 2, by rejection."""
        stream = shake(512, seed, n.to_bytes(2, "little"))
        nibbles = [nibble for byte in stream for nibble in (byte & 15, byte >> 4) if nibble < 15]
        return [2 - nibble % 5 for nibble in nibbles[:256]]

    def times(self, vector):
        return [verifier.ntt_inverse([sum(a[n] * b[n] for a, b in zip(row, vector)) % Q
                                      for n in range(256)]) for row in self.matrix]

    @staticmethod
    def scaled(c, vector):
        return [[centered(v, Q) for v in verifier.ntt_inverse([a * b % Q for a, b in zip(c, one)])]
                for one in vector]

    @functools.lru_cache(maxsize=None)
    def sign(self, message):
        mu = shake(64, self.tr, b"\0\0", message)
        rho, kappa = shake(64, self.key, bytes(32), mu), 0
        while True:
            y = [[GAMMA1 - v for v in verifier.bits_of(
                shake(576, rho, (kappa + n).to_bytes(2, "little")), 18)] for n in range(K)]
            kappa += K
            signature = self.attempt(mu, y)
            if signature:
                return signature

    def attempt(self, mu, y):
        w = self.times([verifier.ntt([value % Q for value in one]) for one in y])
        high = [split(value)[0] for one in w for value in one]
        c_hash = shake(32, mu, joined(high, 6))
        c = verifier.ntt(verifier.sample_in_ball(c_hash))
        z = [[a + b for a, b in zip(one, two)] for one, two in zip(y, self.scaled(c, self.s1))]
        r = [[a - b for a, b in zip(one, two)] for one, two in zip(w, self.scaled(c, self.s2))]
        t0 = self.scaled(c, self.t0)
        if (any(abs(v) >= GAMMA1 - BETA for one in z for v in one)
                or any(abs(split(v)[1]) >= GAMMA2 - BETA for one in r for v in one)
                or any(abs(v) >= GAMMA2 for one in t0 for v in one)):
            return None
        hints = [[n for n in range(256) if split(one[n])[0] != split(one[n] + two[n])[0]]
                 for one, two in zip(r, t0)]
        places = [place for one in hints for place in one]
        if len(places) > OMEGA:
            return None
        ends = [sum(map(len, hints[:n + 1])) for n in range(K)]
        packed = b"".join(joined([GAMMA1 - v for v in one], 18) for one in z)
        return c_hash + packed + bytes(places) + bytes(OMEGA - len(places)) + bytes(ends)


class Signer:
    """A named key of type 1 (log), 4 (cosignature/v1) or 6 (ML-DSA-44)."""

    def __init__(self, name, kind, seed):
        self.name, self.kind = name, kind
        self.key = MlDsa44(seed) if kind == 6 else Ed25519(seed)
        data = bytes([kind]) + self.key.public
        self.id = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{b64(data)}"

    def message(self, text, time):
        """What is signed for the text of a checkpoint."""
        if self.kind == 1:
            return text.encode()
        if self.kind == 4:
            return f"cosignature/v1\ntime {time}\n{text}".encode()
        origin, size, root = text.split("\n")[:3]
        name, origin = self.name.encode(), origin.encode()
        return b"".join((
            b"subtree/v1\n\0", bytes([len(name)]), name, time.to_bytes(8, "big"),
            bytes([len(origin)]), origin, bytes(8), int(size).to_bytes(8, "big"),
            base64.b64decode(root)))

    def signature(self, text, time=None):
        stamp = b"" if self.kind == 1 else time.to_bytes(8, "big")
        return stamp + self.key.sign(self.message(text, time))

    def line(self, text, time=None):
        return self.line_of(self.signature(text, time))

    def line_of(self, signature):
        return f"\u2014 {self.name} {b64(self.id + signature)}"
