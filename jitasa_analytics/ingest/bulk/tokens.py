"""National ids as keyed tokens by the million: HMAC-SHA-256 in compiled code.

The same tokens as ``privacy.token``, of which tests hold it to every byte. An id and its padding fill
one block of the digest, so that a token costs two blocks once the key's own two are done. Many are digested at
once: each step of the digest waits for the one before, but that of one id not for that of another.
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
# So many texts are digested at once, and where the e of the rounds stand behind their a.
_LANES = 64
_E = 68 * _LANES
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
def _compress(state: Words32, w: Words32, rounds: Words32, rolling: Words32) -> None:
    """Digest one block of sixteen words of each of many texts into their states.

    Every array has the texts' words side by side: word ``i`` of text ``k`` at ``i * _LANES + k``, so that one
    instruction works on many texts. ``w`` has room for 64 words, of which the first sixteen are given. ``rolling``
    takes what is called a and e in each round, and four before the first: b, c and d are the a of the rounds before.
    """
    for i in range(16 * _LANES, 64 * _LANES, _LANES):
        for k in range(i, i + _LANES):
            x, y = w[k - 15 * _LANES], w[k - 2 * _LANES]
            s0 = ((x >> np.uint32(7)) | (x << np.uint32(25))) ^ ((x >> np.uint32(18)) | (x << np.uint32(14))) ^ (
                x >> np.uint32(3))
            s1 = ((y >> np.uint32(17)) | (y << np.uint32(15))) ^ ((y >> np.uint32(19)) | (y << np.uint32(13))) ^ (
                y >> np.uint32(10))
            w[k] = w[k - 16 * _LANES] + s0 + w[k - 7 * _LANES] + s1
    for i in range(4):
        for k in range(_LANES):
            rolling[(3 - i) * _LANES + k] = state[i * _LANES + k]
            rolling[_E + (3 - i) * _LANES + k] = state[(4 + i) * _LANES + k]
    for i in range(64):
        constant, begin = rounds[i], i * _LANES
        for at in range(begin, begin + _LANES):
            a, b, c = rolling[3 * _LANES + at], rolling[2 * _LANES + at], rolling[_LANES + at]
            e, f, g = rolling[_E + 3 * _LANES + at], rolling[_E + 2 * _LANES + at], rolling[_E + _LANES + at]
            s1 = ((e >> np.uint32(6)) | (e << np.uint32(26))) ^ ((e >> np.uint32(11)) | (e << np.uint32(21))) ^ (
                (e >> np.uint32(25)) | (e << np.uint32(7)))
            t1 = np.uint32(rolling[_E + at] + s1 + ((e & f) ^ (~e & g)) + constant + w[at])
            s0 = ((a >> np.uint32(2)) | (a << np.uint32(30))) ^ ((a >> np.uint32(13)) | (a << np.uint32(19))) ^ (
                (a >> np.uint32(22)) | (a << np.uint32(10)))
            rolling[_E + 4 * _LANES + at] = rolling[at] + t1
            rolling[4 * _LANES + at] = t1 + s0 + ((a & b) ^ (a & c) ^ (b & c))
    for i in range(4):
        for k in range(_LANES):
            state[i * _LANES + k] += rolling[(67 - i) * _LANES + k]
            state[(4 + i) * _LANES + k] += rolling[_E + (67 - i) * _LANES + k]


@numba.njit(cache=True, nogil=True)
def _spread(state: Words32, out: Words32) -> None:
    """One state for all texts."""
    for i in range(8):
        for k in range(_LANES):
            out[i * _LANES + k] = state[i]


@numba.njit(cache=True, nogil=True)
def _tokens(data: Bytes, start: Ints, inner: Words32, outer: Words32, rounds: Words32, out: Bytes) -> None:
    hexes = np.array([48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102], np.uint8)
    w, state = np.empty(64 * _LANES, np.uint32), np.empty(8 * _LANES, np.uint32)
    rolling = np.empty(2 * _E, np.uint32)
    for first in range(0, len(start), _LANES):
        count = min(_LANES, len(start) - first)
        w[:16 * _LANES] = 0
        for i in range(count):
            s = np.int64(start[first + i])
            for k in range(_DIGITS):
                w[(k >> 2) * _LANES + i] |= np.uint32(data[np.uint64(s + k)]) << np.uint32(24 - 8 * (k & 3))
            w[(_DIGITS >> 2) * _LANES + i] |= np.uint32(0x80) << np.uint32(24 - 8 * (_DIGITS & 3))
        w[15 * _LANES:16 * _LANES] = np.uint32(8 * (_BLOCK + _DIGITS))
        _spread(inner, state)
        _compress(state, w, rounds, rolling)
        w[:8 * _LANES] = state
        w[8 * _LANES:9 * _LANES] = np.uint32(0x80000000)
        w[9 * _LANES:15 * _LANES] = 0
        w[15 * _LANES:16 * _LANES] = np.uint32(8 * (_BLOCK + 32))
        _spread(outer, state)
        _compress(state, w, rounds, rolling)
        for i in range(count):
            to = (first + i) * _LENGTH
            out[to], out[to + 1] = 112, 95
            for k in range(32):
                word = state[(k >> 3) * _LANES + i]
                out[to + 2 + k] = hexes[(word >> np.uint32(28 - 4 * (k & 7))) & np.uint32(15)]


def _begun(key: bytes, pad: int) -> Words32:
    """The state after the key's own block."""
    short = key if len(key) <= _BLOCK else hashlib.sha256(key).digest()
    block = bytes(b ^ pad for b in short.ljust(_BLOCK, b"\x00"))
    words, state = np.zeros((64, _LANES), np.uint32), np.empty(8 * _LANES, np.uint32)
    words[:16, 0] = np.frombuffer(block, ">u4")
    _spread(_FIRST, state)
    _compress(state, words.ravel(), _ROUNDS, np.empty(2 * _E, np.uint32))
    return state[::_LANES].copy()


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
