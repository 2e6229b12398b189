"""The pairs of a p-median problem as sorted lists, and a smaller problem that resembles it."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from jitasa_analytics.analysis.placement import median_choice as choice
from jitasa_analytics.analysis.placement import median_kernels as kernels
from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints

LARGE = 200_000  # pairs above which it pays to do two things at once
_PARTS = 8


def together(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Results of calls that run at the same time where there are processors for it; the same in any case."""
    if len(calls) < 2:
        return [call() for call in calls]
    with ThreadPoolExecutor(min(len(calls), os.cpu_count() or 1)) as pool:
        return list(pool.map(lambda call: call(), calls))


@dataclass(frozen=True, eq=False)
class Lists:
    """The pairs of a p-median problem, by place (ascending cost) and by candidate.

    ``cut`` is the cost of the first candidate that a row's list leaves out, inf where none is.
    """

    people: Floats
    row_start: Ints
    row_site: Ints
    row_cost: Floats
    cut: Floats
    site_start: Ints
    site_row: Ints
    site_cost: Floats

    @property
    def rows(self) -> tuple[Ints, Ints, Floats]:
        """The pairs by place."""
        return self.row_start, self.row_site, self.row_cost

    @property
    def sites(self) -> tuple[Ints, Ints, Floats]:
        """The pairs by candidate."""
        return self.site_start, self.site_row, self.site_cost

    @property
    def cap(self) -> Floats:
        """Largest multiplier for which what was left out adds nothing; inf times nobody is 0."""
        # Rounded down, so that people × cost of a pair left out can't be below it.
        return np.where(np.isfinite(self.cut), self.people * self.cut * (1 - 1e-15), np.inf)

    def far(self, penalty: float) -> Floats:
        """Cost that the search counts for a place without a listed site."""
        return np.where(np.isfinite(self.cut), 1.5 * self.cut, penalty)


def listed(people: Floats, start: Ints, site: Ints, cost: Floats, m: int, most: int) -> Lists:
    """Lists from pairs by place, each cut after ``most`` candidates."""
    n = len(people)
    new = np.concatenate([[0], np.cumsum(np.minimum(np.diff(start), most))]).astype(np.int64)
    sites, costs, cut = np.empty(new[-1], np.int32), np.empty(new[-1]), np.full(n, np.inf)
    together([functools.partial(kernels.sort_rows, start, site, cost, first, last, new, sites, costs, cut)
              for first, last in _parts(n, len(site))])
    return Lists(people, new, sites, costs, cut, *kernels.by_site(new, sites, costs, m))


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pairs of a model as they were given, without a copy: sparse rows, and candidates that are shut.

    ``rows`` are those that are to be served, ``people`` theirs.
    """

    start: npt.NDArray[np.integer[Any]]
    site: npt.NDArray[np.integer[Any]]
    cost: Floats
    shut: Bools
    rows: Ints
    people: Floats

    def nearest(self, marked: Bools) -> tuple[Ints, Floats, Floats]:
        """For each row the nearest marked candidate (-1 for none), its cost, and that of the second."""
        n = len(self.rows)
        which, near, second = np.empty(n, np.int64), np.empty(n), np.empty(n)
        together([functools.partial(choice.two_nearest, self.start, self.site, self.cost, self.rows, first, last,
                                    marked, which, near, second) for first, last in _parts(n, len(self.site))])
        return which, near, second

    def of(self, rows: Ints) -> Pairs:
        """The same for some of the rows."""
        return replace(self, rows=self.rows[rows], people=self.people[rows])

    def drawn(self, limit: Floats) -> Lists:
        """Lists of the pairs that cost no more than each row's limit."""
        n, m = len(self.rows), len(self.shut)
        size, cut = np.empty(n, np.int64), np.empty(n)
        parts = _parts(n, len(self.site))
        given = (self.start, self.site, self.cost, self.rows)
        together([functools.partial(choice.count_near, *given, first, last, self.shut, limit, size, cut)
                  for first, last in parts])
        new = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
        sites, costs = np.empty(new[-1], np.int32), np.empty(new[-1])
        together([functools.partial(choice.take_near, *given, first, last, self.shut, limit, new, sites, costs)
                  for first, last in parts])
        return Lists(self.people, new, sites, costs, cut, *kernels.by_site(new, sites, costs, m))


def _parts(n: int, pairs: int) -> list[tuple[int, int]]:
    """Rows in parts that may be worked on at the same time, since they don't touch each other."""
    edges = np.linspace(0, n, _PARTS + 1).astype(int).tolist() if pairs > LARGE else [0, n]
    return list(itertools.pairwise(edges))


def grouped(pairs: Pairs, sample: Bools) -> tuple[Ints, Ints]:
    """Rows in groups with the same nearest candidate of a sample: the group of each, and one row for each group.

    The row that stands for a group is the one with the shortest way to the group's middle.
    """
    n, m = len(pairs.rows), len(sample)
    label, way, _ = pairs.nearest(sample)
    far = np.flatnonzero(label < 0)
    if len(far):
        label[far] = m + pairs.of(far).nearest(~pairs.shut)[0]
        way[far] = 0.0
    _, group = np.unique(label, return_inverse=True)
    order = np.lexsort((np.arange(n), way, group))
    return np.asarray(group, np.int64), order[np.flatnonzero(np.diff(group[order], prepend=-1))]
