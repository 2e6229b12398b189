"""Whole numbers in order by the million: compiled, loaded only where there are many."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

Longs = npt.NDArray[np.int64]

_BITS = 11
_PASSES = 6


@numba.njit(cache=True, nogil=True)
def _order(numbers: Longs, places: npt.NDArray[np.int32], other: Longs, other_places: npt.NDArray[np.int32]) -> bool:
    """Sort numbers and where they stood, digit by digit; says whether the answer lies in the second pair."""
    size = 1 << _BITS
    count = np.zeros((_PASSES, size), np.int64)
    for i in range(len(numbers)):
        n = numbers[i]
        for p in range(_PASSES):
            count[p, n >> _BITS * p & size - 1] += 1
    second = False
    for p in range(_PASSES):
        total, most = 0, 0
        for d in range(size):
            c = count[p, d]
            count[p, d] = total
            total += c
            most = max(most, c)
        if most == len(numbers):
            continue  # all have the same digit here
        shift = _BITS * p
        for i in range(len(numbers)):
            n = numbers[i]
            to = count[p, n >> shift & size - 1]
            count[p, n >> shift & size - 1] = to + 1
            other[to] = n
            other_places[to] = places[i]
        numbers, other = other, numbers
        places, other_places = other_places, places
        second = not second
    return second


def in_order(numbers: Longs) -> tuple[Longs, npt.NDArray[np.int32]]:
    """Numbers from 0 to 2**63 in order, and where each stood; equal ones in the order in which they stood.

    >>> [a.tolist() for a in in_order(np.array([3, 1, 2, 1]))]
    [[1, 1, 2, 3], [1, 3, 2, 0]]
    """
    first, places = numbers.copy(), np.arange(len(numbers), dtype=np.int32)
    other, other_places = np.empty_like(first), np.empty_like(places)
    return (other, other_places) if _order(first, places, other, other_places) else (first, places)
