"""The inner loops of p-center: sites are exchanged until every row is covered; what fractions of sites cover.

``start, index`` are compressed rows (the columns that cover a row); ``column_start, column_row`` are the same by
column.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitasa_analytics.analysis.placement.cover import Floats, Ints
from jitasa_analytics.analysis.placement.jit import compiled, part
from jitasa_analytics.analysis.placement.line_parts import leaves_near

_MANY, _BARE = -2, -1  # covered by several sites; by none


@part
def add_site(
    r: int, rows: Any, weight: Ints, cover: Ints, owners: Ints, state: Ints, loss: Ints, bare: Ints, at: Ints,
    n_bare: int,
) -> int:
    """Site ``r`` covers some rows from now on; how many are bare then."""
    for i in rows:
        if cover[i] == 0:
            n_bare -= 1
            bare[at[i]] = bare[n_bare]
            at[bare[n_bare]] = at[i]
            loss[r] += weight[i]
            state[i] = r
        elif cover[i] == 1:
            loss[owners[i]] -= weight[i]
            state[i] = _MANY
        cover[i] += 1
        owners[i] += r  # the sum of owners is the owner where there is one
    return n_bare


@part
def take_site(
    r: int, rows: Any, weight: Ints, cover: Ints, owners: Ints, state: Ints, loss: Ints, bare: Ints, at: Ints,
    n_bare: int,
) -> int:
    """Site ``r`` covers some rows no longer; how many are bare then."""
    for i in rows:
        if cover[i] == 1:
            loss[r] -= weight[i]
            state[i] = _BARE
            bare[n_bare] = i
            at[i] = n_bare
            n_bare += 1
        cover[i] -= 1
        owners[i] -= r
        if cover[i] == 1:
            state[i] = owners[i]
            loss[owners[i]] += weight[i]
    return n_bare


@part
def best_exchange(
    columns: Any, column_start: Ints, column_row: Any, position: Ints, barred: Ints, held: Ints, step: int,
    weight: Ints, state: Ints, loss: Ints, saved: Ints,
) -> tuple[int, int, int]:
    """Which of some columns to put in and which site to take out, and how much more weight is bare then.

    Columns ``barred`` and sites ``held`` until a later step are left alone; of equal exchanges a random one.
    """
    p = len(loss)
    into, out, best, ties = -1, -1, 1 << 60, 0
    for j in columns:
        if position[j] >= 0 or barred[j] >= step:
            continue
        saved[:] = 0
        for k in range(column_start[j], column_start[j + 1]):
            i = column_row[k]
            saved[state[i] + 2] += weight[i]
        r, least = -1, 1 << 60
        for s in range(p):
            lost = loss[s] - saved[s + 2]
            if lost < least and held[s] < step:
                r, least = s, lost
        if r < 0:
            continue
        more = least - saved[1]
        if more == best:
            ties += 1
            if np.random.randint(ties) == 0:
                into, out = j, r
        elif more < best:
            into, out, best, ties = j, r, more, 1
    return into, out, best


@compiled
def exchange_sites(
    start: Ints, index: Any, column_start: Ints, column_row: Any, chosen: Ints, weight: Ints, steps: int, tenure: int,
    seed: int,
) -> tuple[int, int]:
    """Exchange sites, at most so many times, until they cover every row; how many rows are left bare, and the steps.

    An uncovered row is drawn, and the exchange that covers it and leaves least weight bare is made, even where
    more is bare than before; then the rows that are bare weigh more. What went may not come back for ``tenure``
    steps or a few more. Changes ``chosen`` and ``weight``.

    References
    ----------
    Zhang, Lü, Su, Li, Fang & Ma (2020), IJCAI 29, 1481-1487.
    """
    n, m, p = len(start) - 1, len(column_start) - 1, len(chosen)
    np.random.seed(seed)
    cover, owners, state = np.zeros(n, np.int64), np.zeros(n, np.int64), np.full(n, _BARE, np.int64)
    loss, saved = np.zeros(p, np.int64), np.zeros(p + 2, np.int64)
    position, barred, held = np.full(m, -1, np.int64), np.zeros(m, np.int64), np.zeros(p, np.int64)
    bare, at = np.arange(n), np.arange(n)
    n_bare = n
    for r in range(p):
        position[chosen[r]] = r
        rows = column_row[column_start[chosen[r]] : column_start[chosen[r] + 1]]
        n_bare = add_site(r, rows, weight, cover, owners, state, loss, bare, at, n_bare)
    step = 0
    while step < steps and n_bare > 0:
        step += 1
        row = bare[np.random.randint(n_bare)]
        into, r, more = best_exchange(
            index[start[row] : start[row + 1]], column_start, column_row, position, barred, held, step, weight, state,
            loss, saved)
        if into < 0:
            continue
        if more >= 0:
            for z in range(n_bare):
                weight[bare[z]] += 1
        gone = chosen[r]
        rows = column_row[column_start[gone] : column_start[gone + 1]]
        n_bare = take_site(r, rows, weight, cover, owners, state, loss, bare, at, n_bare)
        rows = column_row[column_start[into] : column_start[into + 1]]
        n_bare = add_site(r, rows, weight, cover, owners, state, loss, bare, at, n_bare)
        position[gone], position[into], chosen[r] = -1, r, into
        barred[gone], held[r] = step + tenure + np.random.randint(tenure + 1), step + 1
    return n_bare, step


@compiled
def line_covered(
    x: Floats, y: Floats, z: Floats, low: Floats, high: Floats, begin: Ints, end: Ints,
    sx: Floats, sy: Floats, sz: Floats, share: Floats, radius: float, covered: Floats,
) -> int:
    """Adds the share of each site to all points of a tree within a radius of it."""
    stack, leaves = np.empty(128, np.int64), np.empty(len(begin), np.int64)
    far = np.full(len(begin), radius * (1 + 1e-12))
    for j in range(len(sx)):
        for t in range(leaves_near(low, high, far, sx[j], sy[j], sz[j], stack, leaves)):
            for i in range(begin[leaves[t]], end[leaves[t]]):
                ex, ey, ez = x[i] - sx[j], y[i] - sy[j], z[i] - sz[j]
                if np.sqrt(ex * ex + ey * ey + ez * ez) <= radius:
                    covered[i] += share[j]
    return len(sx)
