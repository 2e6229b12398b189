"""Which pairs of a large p-median problem are worth sorting: loops over rows of sparse costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.jit import compiled


@compiled
def two_nearest(
    start: Any, site: Any, cost: Floats, row: Ints, first: int, last: int, marked: Bools,
    which: Ints, near: Floats, second: Floats,
) -> int:
    """Nearest marked candidate, its cost and that of the second; of the rows from ``first`` to before ``last``.

    ``row`` says which rows of the costs these are. Where none is marked, ``which`` becomes -1 and
    the costs inf.
    """
    for q in range(first, last):
        one, two, found = np.inf, np.inf, -1
        for k in range(start[row[q]], start[row[q] + 1]):
            if marked[site[k]]:
                value = cost[k]
                if value < one:
                    two, one, found = one, value, site[k]
                elif value < two:
                    two = value
        which[q], near[q], second[q] = found, one, two
    return last - first


@compiled
def count_near(
    start: Any, site: Any, cost: Floats, row: Ints, first: int, last: int, shut: Bools,
    limit: Floats, size: Ints, cut: Floats,
) -> int:
    """How many pairs of each row cost at most its limit, and the least cost of the others (inf without others)."""
    for q in range(first, last):
        least, count = np.inf, 0
        for k in range(start[row[q]], start[row[q] + 1]):
            if not shut[site[k]]:
                if cost[k] <= limit[q]:
                    count += 1
                elif cost[k] < least:
                    least = cost[k]
        size[q], cut[q] = count, least
    return last - first


@compiled
def take_near(
    start: Any, site: Any, cost: Floats, row: Ints, first: int, last: int, shut: Bools,
    limit: Floats, new: Ints, sites: Ints, costs: Floats,
) -> int:
    """The pairs that `count_near` counts, by ascending cost and candidate; fills the last two."""
    for q in range(first, last):
        at = new[q]
        for k in range(start[row[q]], start[row[q] + 1]):
            if not shut[site[k]] and cost[k] <= limit[q]:
                sites[at] = site[k]
                costs[at] = cost[k]
                at += 1
        order = np.argsort(costs[new[q] : at], kind="mergesort")
        own, which = costs[new[q] : at].copy(), sites[new[q] : at].copy()
        for z in range(len(order)):
            costs[new[q] + z] = own[order[z]]
            sites[new[q] + z] = which[order[z]]
    return last - first
