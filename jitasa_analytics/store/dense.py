"""Counts that have a place each: rows are counted where they come by, and nothing of them is held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from jitasa_analytics.store.room import room

Longs = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]

# More places than this are not worth their memory; the rows are counted in another way.
MOST = 1 << 24
# Of more rows than this a place might not hold the number.
_ROWS = (1 << 31) - 1
# What stands in a place: how often, and where it is asked for how many people, and the latest moment.
_TIMES, _PEOPLE, _LAST = 0, 1, 2
_NOTHING = np.empty(0, np.int64)


@dataclass(frozen=True)
class Filled:
    """The places that hold something, in the order in which they were asked for.

    Attributes
    ----------
    one, two, three, four : array of int32, shape (n,)
        Where each lies: the position in the order that was asked for, and ``two`` as it was counted.
    times, people, last : array of int64, shape (n,)
        ``people`` and ``last`` are empty where only ``times`` was counted.
    """

    one: Ints
    two: Ints
    three: Ints
    four: Ints
    times: Longs
    people: Longs
    last: Longs


class Dense:
    """How often four numbers stand together, where few different ones of each do.

    Only the second may be negative.

    Parameters
    ----------
    wide : bool
        Whether each row also has people, who are added up, and a moment, of which the latest is kept.
    """

    def __init__(self, *, wide: bool = False) -> None:
        self._low = self._given = 0
        # Rows come in any order: it takes a third of the time where most of the table stays in the processor's cache.
        self._table = np.zeros((0, 0, 0, 0, 3 if wide else 1), np.int64 if wide else np.int32)

    def add(self, one: Longs, two: Longs, three: Longs, four: Longs, times: int, people: Longs = _NOTHING,
            last: Longs = _NOTHING) -> bool:
        """Count each row so many times; False, and nothing is counted, where that would take too many places."""
        if not len(one):
            return True
        low, high = int(two.min()), int(two.max())
        if not self._take(len(one)) or not self._make_room(
                int(one.max()) + 1, low, high + 1, int(three.max()) + 1, int(four.max()) + 1):
            return False
        _count(one, two, three, four, people, last, self._low, times, self._table)
        return True

    def add_by(self, one: npt.NDArray[Any], ones: Longs, two: npt.NDArray[Any], twos: Longs, first: int, three: Longs,
               four: int, times: int) -> bool:
        """The same for rows that all have the same fourth number, as they come: nothing is made for each of them.

        Parameters
        ----------
        one, two, three : array of int, shape (n,)
            The first number of a row is ``ones[one]``, the second ``twos[two - first]``, which ascend.
        """
        if not len(one):
            return True
        if not self._take(len(one)) or not self._make_room(
                int(ones.max()) + 1, int(twos[0]), int(twos[-1]) + 1, int(three.max()) + 1, four + 1):
            return False
        _count_by(one, ones, two, twos, first, three, four, self._low, times, self._table)
        return True

    def _take(self, rows: int) -> bool:
        """Whether so many more rows can be counted."""
        self._given += rows
        return self._given <= _ROWS

    def _make_room(self, ones: int, low: int, high: int, threes: int, fours: int) -> bool:
        have = self._table.shape
        if have[0]:
            low, high = min(low, self._low), max(high, self._low + have[1])
        wanted = (max(ones, have[0]), high - low, max(threes, have[2]), max(fours, have[3]))
        if wanted == have[:4]:
            return True
        if wanted[0] > have[0]:  # new areas come one after the other
            wanted = (wanted[0] + wanted[0] // 4, *wanted[1:])
        if float(np.prod(np.array(wanted, float))) > MOST:
            return False
        table = np.zeros((*wanted, have[4]), self._table.dtype)
        if have[0]:
            at = self._low - low
            table[:have[0], at:at + have[1], :have[2], :have[3]] = self._table
        self._low, self._table = low, table
        return True

    def cells(self) -> tuple[Longs, ...]:
        """The numbers that were counted, in order, and how often: less than 0 where more were taken away."""
        one, two, three, four = np.nonzero(self._table[..., _TIMES])
        found = self._table[one, two, three, four].T.astype(np.int64, order="C")
        return (one, two + self._low, three, four, *found)

    def folded(self, groups: Longs) -> Dense:
        """The same counts by the group of the first number; rows of a group less than 0 are left out.

        Parameters
        ----------
        groups : array of int64, shape (ones,)
            The group of each first number, counted from 0.
        """
        out = Dense(wide=self._table.shape[4] > 1)
        have = self._table.shape
        out._low = self._low
        out._table = np.zeros((int(groups.max(initial=-1)) + 1, *have[1:]), self._table.dtype)
        _fold(self._table, groups, out._table)
        return out

    def filled(self, ones: Longs, threes: Longs | None, fours: Longs) -> Filled:
        """What was counted once or more, for these numbers, in their order; the second ones ascend.

        Numbers that were never counted may be among them; without ``threes`` all third numbers are meant.
        """
        have = self._table.shape
        threes = np.arange(have[2]) if threes is None else threes
        count = int(np.count_nonzero(self._table[..., _TIMES] > 0))
        where, values = room((4, count), np.int32), room((have[4], count), np.int64)
        count = _list(self._table, self._low, ones, threes, fours, where, values)
        where, values = where[:, :count], values[:, :count]
        more = values if have[4] > 1 else np.empty((3, 0), np.int64)
        one, two, three, four = where
        return Filled(one, two, three, four, values[_TIMES], more[_PEOPLE], more[_LAST])

    def spans(self, ones: Longs, fours: Longs, width: int, begin: int, *, together: bool) -> Filled:
        """What was counted once or more in so many second numbers at a time, span after span.

        Parameters
        ----------
        ones, fours : array of int64
            Which first and fourth numbers are asked for, and in which order within a span.
        width, begin : int
            How many second numbers are a span, and one with which a span begins: ``two`` is counted from that one.
        together : bool
            Whether the fourth numbers are added up.
        """
        most = int(np.count_nonzero(self._table[..., _TIMES] > 0))
        where, times = room((4, most), np.int32), room(most, np.int64)
        count = _list_spans(self._table, self._low, ones, fours, width, begin, together, where, times)
        one, two, three, four = where[:, :count]
        return Filled(one, two, three, four, times[:count], _NOTHING, _NOTHING)


@numba.njit(cache=True, nogil=True)
def _count(one: Longs, two: Longs, three: Longs, four: Longs, people: Longs, last: Longs, low: int, times: int,
           table: npt.NDArray[Any]) -> None:
    wide = table.shape[4] > 1
    for i in range(len(one)):
        # A name for the place itself would be an array, and made anew for each row.
        a, b, c, d = np.uint64(one[i]), np.uint64(two[i] - low), np.uint64(three[i]), np.uint64(four[i])
        before = table[a, b, c, d, _TIMES]
        if wide:
            table[a, b, c, d, _LAST] = last[i] if before == 0 else max(table[a, b, c, d, _LAST], last[i])
            table[a, b, c, d, _PEOPLE] += people[i]
        table[a, b, c, d, _TIMES] = before + times


@numba.njit(cache=True, nogil=True)
def _count_by(one: npt.NDArray[Any], ones: Longs, two: npt.NDArray[Any], twos: Longs, first: int, three: Longs,
              four: int, low: int, times: int, table: npt.NDArray[Any]) -> None:
    for i in range(len(one)):
        a, b = ones[np.uint64(one[i])], twos[np.uint64(two[i] - first)] - low
        table[np.uint64(a), np.uint64(b), np.uint64(three[i]), np.uint64(four), _TIMES] += times


@numba.njit(cache=True, nogil=True)
def _fold(table: npt.NDArray[Any], groups: Longs, out: npt.NDArray[Any]) -> None:
    wide = table.shape[4] > 1
    for i in range(min(len(groups), table.shape[0])):
        g = groups[i]
        if g < 0:
            continue
        for j in range(table.shape[1]):
            for k in range(table.shape[2]):
                for m in range(table.shape[3]):
                    if table[i, j, k, m, _TIMES] <= 0:
                        continue
                    if wide:
                        moment = table[i, j, k, m, _LAST]
                        if out[g, j, k, m, _TIMES] == 0 or moment > out[g, j, k, m, _LAST]:
                            out[g, j, k, m, _LAST] = moment
                        out[g, j, k, m, _PEOPLE] += table[i, j, k, m, _PEOPLE]
                    out[g, j, k, m, _TIMES] += table[i, j, k, m, _TIMES]


@numba.njit(cache=True, nogil=True)
def _list(table: npt.NDArray[Any], low: int, ones: Longs, threes: Longs, fours: Longs, where: Ints,
          values: npt.NDArray[np.int64]) -> int:
    found = 0
    for i in range(len(ones)):
        if ones[i] >= table.shape[0]:
            continue
        for j in range(table.shape[1]):
            for k in range(len(threes)):
                for m in range(len(fours)):
                    if threes[k] >= table.shape[2] or fours[m] >= table.shape[3]:
                        continue
                    if table[ones[i], j, threes[k], fours[m], _TIMES] <= 0:
                        continue
                    where[0, found], where[1, found], where[2, found], where[3, found] = i, j + low, k, m
                    for v in range(table.shape[4]):
                        values[v, found] = table[ones[i], j, threes[k], fours[m], v]
                    found += 1
    return found


@numba.njit(cache=True, nogil=True)
def _list_spans(table: npt.NDArray[Any], low: int, ones: Longs, fours: Longs, width: int, anchor: int,
                together: bool, where: Ints, times: Longs) -> int:
    found = 0
    last = low + table.shape[1] - 1
    for span in range((low - anchor) // width, (last - anchor) // width + 1):
        begin = max(0, anchor + span * width - low)
        end = min(table.shape[1], anchor + (span + 1) * width - low)
        for i in range(len(ones)):
            if ones[i] >= table.shape[0]:
                continue
            for k in range(table.shape[2]):
                total = 0
                for m in range(len(fours)):
                    if fours[m] < table.shape[3]:
                        for j in range(begin, end):
                            total += max(0, table[ones[i], j, k, fours[m], _TIMES])
                    if total > 0 and (not together or m == len(fours) - 1):
                        where[0, found], where[1, found], where[2, found], where[3, found] = i, span, k, m
                        times[found] = total
                        found += 1
                    if not together:
                        total = 0
    return found
