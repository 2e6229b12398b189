"""National ids as keyed tokens by the million: HMAC-SHA-256 in compiled code.

The same tokens as ``privacy.token``, of which tests hold it to every byte. An id and its padding fill
one block of the digest, so that a token costs two blocks once the key's own two are done.
"""

from __future__ import annotations

import hashlib

import numba
import numpy as np
import numpy.typing as npt

from jitasa_analytics import privacy
from jitasa_analytics.ingest.bulk.cells import Flags
from jitasa_analytics.ingest.bulk.eights import Bytes, Ints

Words32 = npt.NDArray[np.uint32]

_BLOCK = 64
_DIGITS = 13
_LENGTH = 34
_FIRST = np.array([0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19],
                  np.uint32)


def _primes(count: int) -> list[int]:
    found: list[int] = []
    n = 2
    while len(found) < count:
        if all(n % p for p in found):
            found.append(n)
        n += 1
    return found


def _cube_root_bits(prime: int) -> int:
    """The first 32 bits of the fraction of a cube root, as FIPS 180-4 makes the constants."""
    wide = prime << 96
    low, high = 0, 1 << 40
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= wide else (low, middle - 1)
    return low & 0xFFFFFFFF


_ROUNDS = np.array([_cube_root_bits(p) for p in _primes(64)], np.uint32)


@numba.njit(cache=True, nogil=True)
def _compress(state: Words32, w: Words32, rounds: Words32) -> None:
    """Digest one block of sixteen words, which is extended in place, into a state."""
    for i in range(16, 64):
        x, y = w[i - 15], w[i - 2]
        s0 = ((x >> np.uint32(7)) | (x << np.uint32(25))) ^ ((x >> np.uint32(18)) | (x << np.uint32(14))) ^ (
            x >> np.uint32(3))
        s1 = ((y >> np.uint32(17)) | (y << np.uint32(15))) ^ ((y >> np.uint32(19)) | (y << np.uint32(13))) ^ (
            y >> np.uint32(10))
        w[i] = w[i - 16] + s0 + w[i - 7] + s1
    a, b, c, d = state[0], state[1], state[2], state[3]
    e, f, g, h = state[4], state[5], state[6], state[7]
    for i in range(64):
        s1 = ((e >> np.uint32(6)) | (e << np.uint32(26))) ^ ((e >> np.uint32(11)) | (e << np.uint32(21))) ^ (
            (e >> np.uint32(25)) | (e << np.uint32(7)))
        t1 = np.uint32(h + s1 + ((e & f) ^ (~e & g)) + rounds[i] + w[i])
        s0 = ((a >> np.uint32(2)) | (a << np.uint32(30))) ^ ((a >> np.uint32(13)) | (a << np.uint32(19))) ^ (
            (a >> np.uint32(22)) | (a << np.uint32(10)))
        t2 = np.uint32(s0 + ((a & b) ^ (a & c) ^ (b & c)))
        h, g, f, e, d, c, b, a = g, f, e, np.uint32(d + t1), c, b, a, np.uint32(t1 + t2)
    state[0] += a
    state[1] += b
    state[2] += c
    state[3] += d
    state[4] += e
    state[5] += f
    state[6] += g
    state[7] += h


@numba.njit(cache=True, nogil=True)
def _tokens(data: Bytes, start: Ints, inner: Words32, outer: Words32, rounds: Words32, out: Bytes) -> None:
    hexes = np.array([48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102], np.uint8)
    w = np.empty(64, np.uint32)
    state = np.empty(8, np.uint32)
    for i in range(len(start)):
        w[:16] = 0
        for k in range(_DIGITS):
            w[k >> 2] |= np.uint32(data[start[i] + k]) << np.uint32(24 - 8 * (k & 3))
        w[_DIGITS >> 2] |= np.uint32(0x80) << np.uint32(24 - 8 * (_DIGITS & 3))
        w[15] = np.uint32(8 * (_BLOCK + _DIGITS))
        state[:] = inner
        _compress(state, w, rounds)
        w[:8] = state
        w[8] = np.uint32(0x80000000)
        w[9:15] = 0
        w[15] = np.uint32(8 * (_BLOCK + 32))
        state[:] = outer
        _compress(state, w, rounds)
        to = i * _LENGTH
        out[to], out[to + 1] = 112, 95
        for k in range(32):
            out[to + 2 + k] = hexes[(state[k >> 3] >> np.uint32(28 - 4 * (k & 7))) & np.uint32(15)]


def _begun(key: bytes, pad: int) -> Words32:
    """The state after the key's own block."""
    short = key if len(key) <= _BLOCK else hashlib.sha256(key).digest()
    block = bytes(b ^ pad for b in short.ljust(_BLOCK, b"\x00"))
    words = np.zeros(64, np.uint32)
    words[:16] = np.frombuffer(block, ">u4")
    state = _FIRST.copy()
    _compress(state, words, _ROUNDS)
    return state


def of_ids(data: Bytes, start: Ints, key: bytes) -> Bytes:
    """The tokens of ids of 13 ASCII digits, 34 bytes each, one behind the other.

    A key of several lines, as a rotation leaves it, keys each token again line by line.
    """
    first, *later = key.split(b"\n")
    out = np.empty(_LENGTH * len(start), np.uint8)
    _tokens(data, np.ascontiguousarray(start), _begun(first, 0x36), _begun(first, 0x5C), _ROUNDS, out)
    for part in later:
        text = out.tobytes().decode()
        again = "".join(privacy.renewed(text[i:i + _LENGTH], part) for i in range(0, len(text), _LENGTH))
        out = np.frombuffer(again.encode(), np.uint8).copy()
    return out


def in_place(data: Bytes, start: Ints, length: Ints, ids: Flags, key: bytes) -> tuple[Bytes, Ints, Ints]:
    """Cells in which national ids have given way to their tokens."""
    at = np.flatnonzero(ids)
    start, length = start.copy(), length.copy()
    made = of_ids(data, start[at], key)
    start[at] = len(data) + _LENGTH * np.arange(len(at), dtype=np.int32)
    length[at] = _LENGTH
    return np.concatenate([data, made]), start, length
