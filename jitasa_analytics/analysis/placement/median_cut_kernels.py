"""Rows of the relaxed p-median problem, found and written down: loops over places and their nearest candidates."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitasa_analytics.analysis.placement.cover import Floats, Ints
from jitasa_analytics.analysis.placement.jit import compiled


@compiled
def at_least(
    row_start: Ints, row_site: Ints, row_cost: Floats, cut: Floats, open_share: Floats, way: Floats, slack: float,
    radius: Floats, worth: Floats,
) -> int:
    """How long each place's way must be where candidates are open in part, and by what row that is proven.

    A place takes its nearest candidates until they are one together; the last one's cost is the ``radius`` D of
    the row ``way + Σ max(0, D - cost) × share ≥ D``, which holds for every D and is sharpest there. ``radius``
    becomes -1 where ``way`` is no more than ``slack`` too short already, and inf where all candidates of a place
    together are less than one. Fills the last two; returns how many rows are wanted.
    """
    count = 0
    for i in range(len(way)):
        total, sure, at = 0.0, 0.0, -1.0
        for k in range(row_start[i], row_start[i + 1]):
            share = open_share[row_site[k]]
            if share <= 0.0:
                continue
            total += share
            if total >= 1.0 - 1e-9:
                at = row_cost[k]
                sure += at * (1.0 - (total - share))
                break
            sure += row_cost[k] * share
        if at < 0.0:
            at = cut[i]
            sure += at * (1.0 - total) if np.isfinite(at) else 0.0
        worth[i] = sure
        wanted = at == np.inf or sure > way[i] + slack * (1.0 + sure)
        radius[i] = at if wanted else -1.0
        count += wanted
    return count


@compiled
def about(
    row_start: Ints, row_cost: Floats, cut: Floats, level: Floats, each: int, radius: Floats,
) -> int:
    """For each place up to ``each`` different costs of its candidates below a level and as many from there on.

    Fills ``radius``, ``2 × each`` for each place, -1 where there are fewer.
    """
    for i in range(len(level)):
        first, last = row_start[i], row_start[i + 1]
        here = first + np.searchsorted(row_cost[first:last], level[i])
        base = 2 * each * i
        count, before = 0, -1.0
        k = here - 1
        while k >= first and count < each:
            if row_cost[k] != before:
                before = row_cost[k]
                radius[base + count] = before
                count += 1
            k -= 1
        count, before = each, -1.0
        k = here
        while k < last and count < 2 * each:
            if row_cost[k] != before:
                before = row_cost[k]
                radius[base + count] = before
                count += 1
            k += 1
        if k >= last and count < 2 * each and np.isfinite(cut[i]):
            radius[base + count] = cut[i]
    return len(level)


@compiled
def written(
    row_start: Ints, row_site: Ints, row_cost: Floats, column: Ints, n_sites: int, place: Ints, radius: Floats,
    start: Ints, index: Any, value: Floats, fill: bool,
) -> int:
    """The rows of places and radii: the way's own column, and that of each candidate nearer than the radius.

    Columns are ``column`` of a candidate (-1 without one), and ``n_sites`` and up for the ways. Counts into
    ``start``, or fills ``index`` and ``value``.
    """
    total = 0
    for r in range(len(place)):
        i, at = place[r], total
        endless = not np.isfinite(radius[r])
        if not endless:
            if fill:
                index[at], value[at] = n_sites + i, 1.0
            at += 1
        for k in range(row_start[i], row_start[i + 1]):
            if row_cost[k] >= radius[r]:
                break
            if column[row_site[k]] >= 0:
                if fill:
                    index[at] = column[row_site[k]]
                    value[at] = 1.0 if endless else radius[r] - row_cost[k]
                at += 1
        total = at
        if not fill:
            start[r + 1] = total
    return total
