"""Edwards25519 by the book (RFC 8032 § 5.1), slow and with nothing checked: what a library refuses to sign, this signs."""

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1)


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, P - 2, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - product, P - 2, P) % P
    return x, y


def multiply(scalar, point):
    result = IDENTITY
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def x_of(y, sign):
    """The x of a y, of this sign; None when there is none."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign and x else x


def encode(point):
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(content):
    """The point of an encoding, canonical or not."""
    number = int.from_bytes(content, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    x = x_of(y % P, sign)
    return None if x is None else (x, y % P)


BASE = (x_of(4 * pow(5, P - 2, P) % P, 0), 4 * pow(5, P - 2, P) % P)


def small_order():
    """The eight points of small order."""
    points, at = [], 0
    while len(points) < 8:
        at += 1
        x = x_of(at, 0)
        if x is None:
            continue
        torsion = multiply(L, (x, at))
        found = [multiply(factor, torsion) for factor in range(8)]
        # Some start gives a generator of all eight.
        points = found if len(set(found)) == 8 else points
    return points


def small_order_encodings():
    """Every 32 bytes that a lenient reader takes for one of them: the canonical ones, then y + p and the sign of zero."""
    found = {}
    for point in small_order():
        found.setdefault(encode(point), point)
    for point in small_order():
        x, y = point
        for shown in (y, y + P):
            for sign in (0, 1):
                if shown < 1 << 255 and (x == 0 or x & 1 == sign):
                    found.setdefault((shown | sign << 255).to_bytes(32, "little"), point)
    return list(found.items())


def challenge(r, key, message):
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


def secret_scalar(seed):
    digest = bytearray(hashlib.sha512(seed).digest())
    digest[0] &= 248
    digest[31] = digest[31] & 127 | 64
    return int.from_bytes(digest[:32], "little"), bytes(digest[32:])


def sign_with(scalar, key, message, nonce, r=None):
    """A signature under the given encodings of key and R, whatever they are."""
    r = encode(multiply(nonce, BASE)) if r is None else r
    s = (nonce + challenge(r, key, message) * scalar) % L
    return r + s.to_bytes(32, "little")
