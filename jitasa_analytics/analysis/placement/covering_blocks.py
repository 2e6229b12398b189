"""A sharper bound for large covers: blocks of rows solved as integer programs of their own."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from jitasa_analytics.analysis.placement import exact
from jitasa_analytics.analysis.placement.beside import all_of
from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.covering import Sparse, components
from jitasa_analytics.analysis.placement.covering_system import System, program, proven

_ERROR = 1e-6  # of the solver, per block


def split(rows: Sparse, size: int) -> tuple[Ints, int]:
    """Blocks of neighbouring rows: parts that share no column, the large ones halved again and again.

    A part is halved by the distance in steps from a row at its edge.
    """
    _, part = components(rows)
    label, count = np.zeros(rows.n, np.int64), 0
    order = np.argsort(part, kind="stable")
    todo = np.split(order, np.flatnonzero(np.diff(part[order])) + 1) if rows.n else []
    while todo:
        block = todo.pop()
        if len(block) <= size:
            label[block] = count
            count += 1
            continue
        inside = np.zeros(rows.n, bool)
        inside[block] = True
        block = np.flatnonzero(inside)
        reached = _from_edge(rows.keep(inside))
        half = len(block) // 2
        todo += [block[reached[:half]], block[reached[half:]]]
    return label, count


def _from_edge(rows: Sparse) -> Ints:
    """All rows by their distance in steps from a row at the edge; rows out of reach come last."""
    start = np.concatenate([rows.start, np.full(rows.m, rows.start[-1])])
    size = rows.n + rows.m
    one_way = csr_array((np.ones(len(rows.index), np.int8), rows.index + rows.n, start), shape=(size, size))
    graph = csr_array(one_way + one_way.T)
    begin = 0
    for _ in range(2):  # the row farthest from any row is near an edge
        order = breadth_first_order(graph, begin, directed=False, return_predecessors=False)
        order = order[order < rows.n]
        begin = int(order[-1])
    seen = np.zeros(rows.n, bool)
    seen[order] = True
    return np.concatenate([order, np.flatnonzero(~seen)]).astype(np.int64)


def regions(rows: Sparse, least: int = 60) -> list[Ints]:
    """Halves of the columns by where they are, halves of the halves, and so on down to ``least`` columns.

    Where there are so few columns that it wouldn't help there are none.
    """
    found: list[Ints] = []
    todo = [(np.arange(rows.n), np.arange(rows.m))] if rows.n else []
    line = np.repeat(np.arange(rows.n), np.diff(rows.start))
    while todo:
        mine, columns = todo.pop(0)
        if len(columns) < least or len(mine) < 2:
            continue
        inside = np.zeros(rows.n, bool)
        inside[mine] = True
        order = np.flatnonzero(inside)[_from_edge(rows.keep(inside))]
        place = np.full(rows.n, np.nan)
        place[order] = np.arange(len(order))
        near = inside[line]
        count = np.bincount(rows.index[near], minlength=rows.m)
        middle = np.bincount(rows.index[near], place[line[near]], minlength=rows.m) / np.maximum(count, 1)
        middle[count == 0] = np.inf
        columns = columns[np.argsort(middle[columns], kind="stable")]
        half, cut = len(columns) // 2, len(order) // 2
        for part in ((order[:cut], columns[:half]), (order[cut:], columns[half:])):
            found.append(np.sort(part[1]))
            todo.append(part)
    return found


def block_bound(
    rows: System, dual: Floats, label: Ints, count: int, *, left: Callable[[], float], nodes: int, seed: int,
    workers: int = 1,
) -> tuple[float, Bools]:
    """The sum of the blocks' own optima, with each column's cost shared among its blocks by the duals.

    A block that isn't solved after so many ``nodes`` counts with the bound that it has by then; that
    bound is the solver's, less its tolerance. ``workers`` blocks are solved at a time. Returns the
    bound and the columns that the blocks chose, which keep to every row whose block was solved.
    """
    _, reduced_cost, dual = proven(rows, dual)
    below = float(np.minimum(reduced_cost, 0.0).sum())
    spare = np.maximum(reduced_cost, 0.0)
    row = rows.lines
    key, inverse = np.unique(label[row] * rows.m + rows.index, return_inverse=True)
    column, block = key % rows.m, key // rows.m
    part = np.bincount(inverse, dual[row] * rows.value)
    total = np.bincount(column, part, minlength=rows.m)
    touching = np.bincount(column, minlength=rows.m)
    share = np.where(total[column] > 1e-9, part / np.maximum(total[column], 1e-9), 1.0 / touching[column])
    # Rounded down, so that a column's shares can't add up to more than its cost.
    cost = (part + share * spare[column]) * (1 - 1e-14)
    cut = np.searchsorted(block, np.arange(count + 1))

    def solved(b: int) -> tuple[float, Ints]:
        inside = label == b
        low = float(dual[inside] @ rows.least[inside]) * (1 - 1e-12)
        if left() < 0.02:
            return low, np.zeros(0, np.int64)
        mine = np.zeros(rows.m, bool)
        mine[column[cut[b] : cut[b + 1]]] = True
        part = rows.keep(inside, mine)
        outcome = exact.maximise(
            program(part, cost[cut[b] : cut[b + 1]], regions=regions(part)), gap=0.0, absolute_gap=1e-6,
            tolerance=1e-7, time_limit=left(), seed=seed, nodes=nodes, heed=lambda *_: left() <= 0.0,
        )
        known = -outcome.bound - _ERROR if np.isfinite(outcome.bound) else low
        taken = np.zeros(0, np.int64)
        if outcome.values is not None:
            taken = np.flatnonzero(mine)[outcome.values[: part.m] > 0.5]
        return max(low, known), taken

    found = all_of([functools.partial(solved, b) for b in range(count)], workers)
    bound, chosen = below + sum(value for value, _ in found), np.zeros(rows.m, bool)
    for _, taken in found:
        chosen[taken] = True
    return bound - 1e-9 * (1.0 + abs(bound)), chosen
