"""Counts that have a place each: rows are counted where they come by, and nothing of them is held."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

Longs = npt.NDArray[np.int64]

# More places than this are not worth their memory; the rows are counted in another way.
MOST = 1 << 22


class Dense:
    """How often four numbers stand together, where few different ones of each do.

    Only the second may be negative.
    """

    def __init__(self) -> None:
        self._low = 0
        self._table = np.zeros((0, 0, 0, 0), np.int64)

    def add(self, one: Longs, two: Longs, three: Longs, four: Longs, times: int) -> bool:
        """Count each row so many times; False, and nothing is counted, where that would take too many places."""
        if not len(one):
            return True
        low, high = int(two.min()), int(two.max())
        if not self._make_room(int(one.max()) + 1, low, high + 1, int(three.max()) + 1, int(four.max()) + 1):
            return False
        _count(one, two, three, four, self._low, times, self._table)
        return True

    def _make_room(self, ones: int, low: int, high: int, threes: int, fours: int) -> bool:
        have = self._table.shape
        if have[0]:
            low, high = min(low, self._low), max(high, self._low + have[1])
        wanted = (max(ones, have[0]), high - low, max(threes, have[2]), max(fours, have[3]))
        if wanted == have:
            return True
        if wanted[0] > have[0]:  # new areas come one after the other
            wanted = (wanted[0] + wanted[0] // 4, *wanted[1:])
        if float(np.prod(np.array(wanted, float))) > MOST:
            return False
        table = np.zeros(wanted, np.int64)
        if have[0]:
            at = self._low - low
            table[:have[0], at:at + have[1], :have[2], :have[3]] = self._table
        self._low, self._table = low, table
        return True

    def cells(self) -> tuple[Longs, Longs, Longs, Longs, Longs]:
        """The numbers that were counted, in order, and how often: less than 0 where more were taken away."""
        one, two, three, four = np.nonzero(self._table)
        return one, two + self._low, three, four, self._table[one, two, three, four]


@numba.njit(cache=True, nogil=True)
def _count(one: Longs, two: Longs, three: Longs, four: Longs, low: int, times: int,
           table: npt.NDArray[np.int64]) -> None:
    for i in range(len(one)):
        table[np.uint64(one[i]), np.uint64(two[i] - low), np.uint64(three[i]), np.uint64(four[i])] += times
