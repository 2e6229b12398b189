"""Cells in the one form that needs no thought, read by compiled code.

Each function answers which cells it has read; the others are left to the rules, never guessed.
What is read here is read exactly as ``ingest.clean`` and its neighbours read it: tests hold the two
against each other on every form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jitasa_analytics.ingest.bulk.eights import Bytes, Ints, copy, eights

Flags = npt.NDArray[np.bool_]
Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# More digits than a double holds for certain are left to a reader that rounds correctly.
_DIGITS = 15
_POWERS: Floats = np.array([float(10**k) for k in range(_DIGITS + 1)])
_MICROSECONDS_A_DAY = 86_400_000_000
NOBODY, LABEL, NATIONAL_ID = 0, 1, 2


@numba.njit(cache=True, nogil=True)
def whole(data: Bytes, start: Ints, length: Ints, low: int, high: int, out: Longs, read: Flags) -> None:
    """Whole numbers of digits alone within bounds."""
    for i in range(len(start)):
        read[i] = False
        if not 0 < length[i] <= _DIGITS:
            continue
        value = 0
        fine = True
        for k in range(start[i], start[i] + length[i]):
            d = data[k] - 48
            if not 0 <= d <= 9:
                fine = False
                break
            value = 10 * value + d
        if fine and low <= value <= high:
            out[i] = value
            read[i] = True


@numba.njit(cache=True, nogil=True)
def _decimal(data: Bytes, start: Ints, length: Ints, powers: Floats, out: Floats, read: Flags, long: Flags) -> None:
    """Decimal numbers; ``long`` marks those with too many digits to be read here."""
    for i in range(len(start)):
        read[i] = long[i] = False
        if not 0 < length[i] <= 40:
            continue
        k, end = start[i], start[i] + length[i]
        negative = data[k] == 45
        if negative:
            k += 1
        value = 0
        digits = before = after = 0
        point = False
        fine = True
        while k < end:
            d = data[k] - 48
            if 0 <= d <= 9:
                digits += 1
                if digits <= _DIGITS:
                    value = 10 * value + d
                if point:
                    after += 1
                else:
                    before += 1
            elif data[k] == 46 and not point:
                point = True
            else:
                fine = False
                break
            k += 1
        if not fine or before == 0 or (point and after == 0):
            continue
        if digits > _DIGITS:
            long[i] = True
            continue
        # Both are exact, so that their quotient is the nearest double.
        number = value / powers[after]
        out[i] = -number if negative else number
        read[i] = True


def decimal(data: Bytes, start: Ints, length: Ints) -> tuple[Floats, Flags]:
    """Decimal numbers without separators or exponents."""
    out, read, long = np.full(len(start), np.nan), np.empty(len(start), bool), np.empty(len(start), bool)
    _decimal(data, start, length, _POWERS, out, read, long)
    at = np.flatnonzero(long)
    if len(at):
        out[at] = pc.cast(strings(data, start[at], length[at]), pa.float64()).to_numpy(zero_copy_only=False)
        read[at] = True
    return out, read


@numba.njit(cache=True, nogil=True)
def _two(data: Bytes, k: int) -> int:
    a, b = data[k] - 48, data[k + 1] - 48
    return 10 * a + b if 0 <= a <= 9 and 0 <= b <= 9 else -1


@numba.njit(cache=True, nogil=True)
def moment(data: Bytes, start: Ints, length: Ints, offset: int, first: int, last: int, out: Longs,
           read: Flags) -> None:
    """``2020-03-24 07:30`` with or without seconds, as microseconds since 1970 less an offset, between two bounds."""
    months = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    for i in range(len(start)):
        read[i] = False
        s, n = start[i], length[i]
        if n != 16 and n != 19:
            continue
        if data[s + 4] != 45 or data[s + 7] != 45 or (data[s + 10] != 32 and data[s + 10] != 84) or data[s + 13] != 58:
            continue
        century, year, month, day = _two(data, s), _two(data, s + 2), _two(data, s + 5), _two(data, s + 8)
        hour, minute, second = _two(data, s + 11), _two(data, s + 14), 0
        if n == 19:
            if data[s + 16] != 58:
                continue
            second = _two(data, s + 17)
        if min(century, year, month, day, hour, minute, second) < 0 or hour > 23 or minute > 59 or second > 59:
            continue
        year += 100 * century
        if not 1900 <= year < 2200 or not 1 <= month <= 12:
            continue
        leap = month == 2 and (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
        if not 1 <= day <= months[month - 1] + leap:
            continue
        # Days since 1970 by the civil calendar that begins in March.
        y = year - (month <= 2)
        era = y // 400
        yoe = y - 400 * era
        doy = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
        days = 146097 * era + 365 * yoe + yoe // 4 - yoe // 100 + doy - 719468
        stamp = days * 86_400_000_000 + (3600 * hour + 60 * minute + second) * 1_000_000 - offset
        if first <= stamp <= last:
            out[i] = stamp
            read[i] = True


@numba.njit(cache=True, nogil=True)
def plain(data: Bytes, start: Ints, length: Ints, is_code: bool, read: Flags) -> None:
    """Texts of printable ASCII that no rule touches: no spaces to trim, no word that means empty."""
    for i in range(len(start)):
        s, n = start[i], length[i]
        read[i] = False
        if not 0 < n <= 200:
            continue
        b = data[s]
        if n <= 4 and (b == 45 or b == 60 or b == 78 or b == 110):
            continue
        if is_code and n > 2 and data[s + n - 1] == 48 and data[s + n - 2] == 46:
            continue
        fine = b != 32 and data[s + n - 1] != 32
        space = False
        for k in range(s, s + n):
            b = data[k]
            if not 32 <= b <= 126 or (b == 32 and space):
                fine = False
                break
            space = b == 32
        read[i] = fine


@numba.njit(cache=True, nogil=True)
def person(data: Bytes, start: Ints, length: Ints, kind: npt.NDArray[np.uint8]) -> None:
    """Which cells hold a token or label already, and which a national id whose check digit fits."""
    for i in range(len(start)):
        s, n = np.int64(start[i]), np.int64(length[i])
        kind[i] = NOBODY
        if n == 34 and data[np.uint64(s)] == 112 and data[np.uint64(s + 1)] == 95:
            # Letters, digits, ``_`` and ``-``: so many of them, counted in bytes, are looked at all at once.
            letters = data[np.uint64(s + 2):np.uint64(s + 34)]
            strange = np.uint8(0)
            for k in range(32):
                b = letters[k]
                digit = np.uint8(b - np.uint8(48)) <= 9
                letter = np.uint8(np.uint8(b | np.uint8(32)) - np.uint8(97)) <= 25
                strange = np.uint8(strange + np.uint8(not (digit | letter | (b == 95) | (b == 45))))
            kind[i] = LABEL if strange == 0 else NOBODY
            continue
        if not 1 < n <= 61:
            continue
        digits = 0
        word = True
        for k in range(s, s + n):
            b = data[k]
            if 48 <= b <= 57:
                digits += 1
            elif not (65 <= b <= 90 or 97 <= b <= 122 or b == 95 or b == 45):
                word = False
                break
        if not word:
            continue
        b = data[s]
        letter = 65 <= b <= 90 or 97 <= b <= 122
        if letter:
            if 1 <= digits <= 5 or (digits == 6 and n > 8):
                kind[i] = LABEL
        elif n == 13 and digits == 13:
            total = 0
            for k in range(12):
                total += (13 - k) * (data[s + k] - 48)
            if (11 - total % 11) % 10 == data[s + 12] - 48:
                kind[i] = NATIONAL_ID


@dataclass(frozen=True)
class Texts:
    """Cells that become an Arrow array of text once it is known which rows stay.

    Attributes
    ----------
    start, length : array of int32, shape (n,)
        Where each text begins in ``data``, and its bytes.
    missing : array of bool, shape (n,)
    """

    data: Bytes
    start: Ints
    length: Ints
    missing: Flags

    def array(self, rows: Longs | None = None) -> Any:
        """The texts of some rows, or of all."""
        start, length, missing = self.start, self.length, self.missing
        if rows is not None:
            start, length, missing = start[rows], length[rows], missing[rows]
        return strings(self.data, start, np.where(missing, 0, length), missing) if missing.any() else strings(
            self.data, start, length)


def strings(data: Bytes, start: Ints, length: Ints, missing: Flags | None = None) -> Any:
    """Cells as an Arrow array of text; those that are missing are null."""
    offsets = np.zeros(len(start) + 1, np.int32)
    np.cumsum(length, out=offsets[1:])
    out = np.empty(int(offsets[-1]) + 8, np.uint8)
    copy(data, eights(data), np.ascontiguousarray(start), np.ascontiguousarray(length), out, eights(out), offsets)
    valid = None
    if missing is not None and missing.any():
        valid = pa.py_buffer(np.packbits(~missing, bitorder="little").tobytes())
    return pa.StringArray.from_buffers(len(start), pa.py_buffer(offsets), pa.py_buffer(out), valid)
