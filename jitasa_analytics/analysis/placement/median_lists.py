"""The pairs of a p-median problem as sorted lists, and a smaller problem that resembles it."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

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
    sites, costs, cut = np.empty(new[-1], np.int64), np.empty(new[-1]), np.full(n, np.inf)
    # Rows don't touch each other, so that the parts may be sorted at the same time.
    edges = np.linspace(0, n, _PARTS + 1).astype(int).tolist() if len(site) > LARGE else [0, n]
    together([functools.partial(kernels.sort_rows, start, site, cost, first, last, new, sites, costs, cut)
              for first, last in itertools.pairwise(edges)])
    row_start, row_site, row_cost = new, sites, costs
    return Lists(people, row_start, row_site, row_cost, cut, *kernels.by_site(row_start, row_site, row_cost, m))


def thinned(lists: Lists, sample: Bools) -> tuple[Lists, Ints]:
    """One place for all those with the same nearest candidate of a sample; and the group of each place.

    It stands for the people of the group. Good for a first plan and first multipliers only.
    """
    n, m = len(lists.people), len(sample)
    size = len(lists.row_site)
    hits = np.where(sample[lists.row_site], np.arange(size), size)
    first = np.minimum.reduceat(hits, lists.row_start[:-1])
    inside = first < size
    at = np.minimum(first, size - 1)
    label = np.where(inside, lists.row_site[at], m + lists.row_site[lists.row_start[:-1]])
    _, group = np.unique(label, return_inverse=True)
    people = np.asarray(np.bincount(group, lists.people), np.float64)
    # The member with the shortest way to the group's middle stands for it.
    order = np.lexsort((np.arange(n), np.where(inside, lists.row_cost[at], 0.0), group))
    members = order[np.flatnonzero(np.diff(group[order], prepend=-1))]
    length = np.diff(lists.row_start)[members]
    start = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    take = np.repeat(lists.row_start[:-1][members] - start[:-1], length) + np.arange(start[-1])
    row_site, row_cost = lists.row_site[take], lists.row_cost[take]
    small = Lists(people, start, row_site, row_cost, lists.cut[members],
                  *kernels.by_site(start, row_site, row_cost, m))
    return small, np.asarray(group, np.int64)
