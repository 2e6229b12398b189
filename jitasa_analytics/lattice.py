"""Compiled code for `cells`: points of one face of the icosahedron to the numbers of their cells."""

from __future__ import annotations

import math

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

# Two cells that are nearly as near (in steps of the lattice, squared) are told apart by h3 itself.
_HAIR = 1e-6
_LEVELS = 8
_FINEST_BIT = 3 * (15 - _LEVELS)


@numba.njit(cache=True, nogil=True)
def _seventh(value: int) -> int:
    """The whole number nearest to a seventh; no seventh lies in the middle of two."""
    return (2 * value + 7) // 14


@numba.njit(cache=True, nogil=True)
def cells_of(lon: Floats, lat: Floats, frame: Floats, table: Longs, box: Floats, out: Longs) -> None:
    """Cells of points: 0 where there is none, -1 where h3 has to be asked.

    Parameters
    ----------
    lon, lat : array of float, shape (n,), degrees
    frame, table
        As `cells` learnt them.
    box : array of float, shape (4,)
        Least and greatest longitude and latitude of what lies on this face.
    out : array of int64, shape (n,)
        Written.
    """
    radian = math.pi / 180.0
    for k in range(len(lon)):
        x, y = lon[k], lat[k]
        if not (math.isfinite(x) and math.isfinite(y)):
            out[k] = 0
            continue
        out[k] = -1
        if x < box[0] or x > box[1] or y < box[2] or y > box[3]:
            continue
        c = math.cos(y * radian)
        px, py, pz = c * math.cos(x * radian), c * math.sin(x * radian), math.sin(y * radian)
        depth = frame[2, 0] * px + frame[2, 1] * py + frame[2, 2] * pz
        u = (frame[0, 0] * px + frame[0, 1] * py + frame[0, 2] * pz) / depth
        v = (frame[1, 0] * px + frame[1, 1] * py + frame[1, 2] * pz) / depth
        # The nearest of the four corners around; the two directions stand at 120 degrees.
        i0, j0 = math.floor(u), math.floor(v)
        best = second = 10.0
        a = b = 0
        for di in range(2):
            for dj in range(2):
                du, dv = u - (i0 + di), v - (j0 + dj)
                far = du * du + dv * dv - du * dv
                if far < best:
                    second, best = best, far
                    a, b = int(i0) + di, int(j0) + dj
                elif far < second:
                    second = far
        if second - best < _HAIR:
            continue
        digits = 0
        for level in range(_LEVELS, 0, -1):
            if level % 2:
                ua, ub = _seventh(3 * a - b), _seventh(a + 2 * b)
                ma, mb = 2 * ua + ub, 3 * ub - ua
            else:
                ua, ub = _seventh(2 * a + b), _seventh(3 * b - a)
                ma, mb = 3 * ua - ub, ua + 2 * ub
            step = 3 * (a - ma) + b - mb
            digit = (1 if step == -4 else 2 if step == 1 else 3 if step == -3 else 4 if step == 3
                     else 5 if step == -1 else 6 if step == 4 else 0)
            digits |= digit << 3 * (_LEVELS - level)
            a, b = ua, ub
        if abs(a) > 3 or abs(b) > 3 or table[a + 3, b + 3, 0] < 0:
            continue
        row = table[a + 3, b + 3]
        cell = row[0]
        for level in range(_LEVELS):
            cell |= row[1 + (digits >> 3 * level & 7)] << (_FINEST_BIT + 3 * level)
        out[k] = cell


@numba.njit(cache=True, nogil=True)
def letters_of(cells: Longs, out: npt.NDArray[np.uint8]) -> None:
    """The fifteen hexadecimal letters of each cell, one after the other; nothing for 0."""
    at = 0
    for k in range(len(cells)):
        cell = cells[k]
        if cell == 0:
            continue
        for shift in range(56, -4, -4):
            digit = cell >> shift & 15
            out[at] = 48 + digit if digit < 10 else 87 + digit
            at += 1
