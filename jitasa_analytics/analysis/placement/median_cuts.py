"""The relaxed p-median problem by rows that are added where they are violated: the sharpest multipliers there are.

Only the shares of the candidates and the way of each place are columns; what a place's way has to be
at least, given the shares, is said by rows (Benders' decomposition).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from jitasa_analytics.analysis.placement import median_cut_kernels as kernels
from jitasa_analytics.analysis.placement.cover import Floats, Ints
from jitasa_analytics.analysis.placement.growing import Growing
from jitasa_analytics.analysis.placement.median_kernels import OPEN, SHUT
from jitasa_analytics.analysis.placement.median_lists import Lists

_EACH = 2  # rows for each place on either side of its multiplier to begin with
_SLACK = 1e-7  # of a way, by which it may be too short
_MOST_ROWS, _MOST_ENTRIES = 60_000, 4_000_000  # of a relaxed problem to begin with
_FULL = 6  # rows for each place from which on those without weight go


def suits(lists: Lists, state: Ints, multiplier: Floats) -> bool:
    """Whether the relaxed problem is small enough: rows for each place, and candidates in them."""
    if 2 * _EACH * len(lists.people) > _MOST_ROWS:
        return False
    level = multiplier / lists.people
    reached = lists.row_cost <= np.repeat(level, np.diff(lists.row_start))
    return 2 * _EACH * int((reached & (state[lists.row_site] != SHUT)).sum()) <= _MOST_ENTRIES


class Relaxed:
    """A relaxed problem whose rows grow with what it is asked.

    Parameters
    ----------
    lists : Lists
    state : int array, shape (m,)
        Candidates that are shut now stay so for good.
    p : int
    multiplier : float array, shape (n,)
        About the best ones; rows around them come first.

    Attributes
    ----------
    share : float array, shape (m,)
        How far each candidate is open at the last vertex.

    References
    ----------
    Duran-Mateluna, Ales & Elloumi (2023), European Journal of Operational Research 304(2).
    Cornuéjols, Fisher & Nemhauser (1977), Management Science 23(8).
    """

    def __init__(self, lists: Lists, state: Ints, p: int, multiplier: Floats) -> None:
        self.lists, self.p = lists, p
        self.names = np.flatnonzero(state != SHUT)
        self.column = np.full(len(state), -1, np.int64)
        self.column[self.names] = np.arange(len(self.names))
        self.share: Floats = np.zeros(len(state))
        n, k = len(lists.people), len(self.names)
        self.scale = float(lists.people.mean())
        self.least = self._nearest()
        self.weight = lists.people / self.scale
        self.program = Growing(
            np.concatenate([np.zeros(k), self.weight]), np.concatenate([np.zeros(k), self.least]),
            np.concatenate([np.ones(k), np.full(n, np.inf)]))
        self.program.add(np.array([float(p)]), np.array([float(p)]), np.array([0, k]), np.arange(k, dtype=np.int32),
                         np.ones(k))
        self.place, self.radius = np.array([-1]), np.array([np.inf])
        level = multiplier / lists.people
        radius = np.full(2 * _EACH * n, -1.0)
        kernels.about(lists.row_start, lists.row_cost, lists.cut, level, _EACH, radius)
        place = np.repeat(np.arange(n), 2 * _EACH)
        wanted = radius > self.least[place]
        self._add(place[wanted], radius[wanted])

    def _nearest(self) -> Floats:
        """The cost of each place's nearest candidate that isn't shut."""
        open_ = np.zeros(len(self.column))
        open_[self.names] = 1.0
        least, radius = np.empty(len(self.lists.people)), np.empty(len(self.lists.people))
        kernels.at_least(*self.lists.rows, self.lists.cut, open_, np.zeros(len(least)), 0.0, radius, least)
        return np.asarray(least)

    def _add(self, place: Ints, radius: Floats) -> None:
        given = (*self.lists.rows, self.column, len(self.names), place, radius)
        start = np.zeros(len(place) + 1, np.int64)
        size = kernels.written(*given, start, np.zeros(0, np.int32), np.zeros(0), False)
        index, value = np.empty(size, np.int32), np.empty(size)
        kernels.written(*given, start, index, value, True)
        self.program.add(np.where(np.isfinite(radius), radius, 1.0), np.full(len(place), np.inf), start, index, value)
        self.place, self.radius = np.concatenate([self.place, place]), np.concatenate([self.radius, radius])

    def settle(self, state: Ints) -> None:
        """Open, shut or free candidates."""
        own = state[self.names]
        self.program.limit(np.arange(len(own)), (own == OPEN).astype(float), (own != SHUT).astype(float))

    def solve(self, left: Callable[[], float]) -> bool | None:
        """The best vertex of the rows so far; False where there is none, None where the time was too short."""
        if self.program.count > _FULL * len(self.lists.people) and len(self.program.duals) == self.program.count:
            self._forget()
        done = self.program.solve(left)
        if done:
            self.share[self.names] = np.clip(self.program.values[: len(self.names)], 0.0, 1.0)
        return done

    def _forget(self) -> None:
        """Rows without weight go, so that the others are solved faster; who needs them gets them again."""
        gone = self.program.duals < 1e-12
        gone[0] = False
        self.program.drop(gone)
        self.place, self.radius = self.place[~gone], self.radius[~gone]
        self.program.duals = self.program.duals[~gone]

    def multipliers(self) -> Floats:
        """The multipliers that the vertex's duals stand for, 0 ≤ λ ≤ cap; what they prove is for others to work out.

        A row's dual w of radius D says w × D; by convexity the multiplier proves no less than the rows together.
        """
        n = len(self.lists.people)
        dual = np.maximum(self.program.duals[1:], 0.0) * self.scale
        place, radius = self.place[1:], self.radius[1:]
        endless = ~np.isfinite(radius)
        weight = np.bincount(place[~endless], dual[~endless], minlength=n)
        said = np.where(endless, 1.0, radius)
        value = np.asarray(np.bincount(place, dual * said, minlength=n), np.float64)
        value += np.maximum(self.lists.people - weight, 0.0) * self.least
        return np.clip(value, 0.0, self.lists.cap)

    def lacking(self) -> tuple[int, float]:
        """Adds the rows that the vertex violates; how many, and by how much it is too low for them, people × cost."""
        n = len(self.lists.people)
        way = self.program.values[len(self.names):]
        radius, worth = np.empty(n), np.empty(n)
        kernels.at_least(*self.lists.rows, self.lists.cut, self.share, way, _SLACK, radius, worth)
        place = np.flatnonzero(radius >= 0)
        self._add(place, radius[place])
        short = float(self.lists.people @ np.maximum(worth - way, 0.0))
        return len(place), short
