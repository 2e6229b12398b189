"""Cover every row with few columns: reduction, search, and proofs that fewer won't do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from jitasa_analytics.analysis.placement import covering_kernels as kernels
from jitasa_analytics.analysis.placement import exact
from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints

_BETWEEN = 0.05  # work between two looks at the clock


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows and the columns that cover each, as compressed sparse rows with ascending columns.

    Attributes
    ----------
    start, index : int64 arrays, shapes (n + 1,) and (k,)
    m : int
        Number of columns.
    """

    start: Ints
    index: Ints
    m: int

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.start) - 1

    @property
    def columns(self) -> tuple[Ints, Ints]:
        """The same pairs by column."""
        start, rows = kernels.transposed(self.start, self.index, self.m)
        return start, rows

    def keep(self, rows: Bools, columns: Bools | None = None) -> Rows:
        """Some rows and columns; columns are renamed to their position among those kept."""
        if columns is None:
            return Rows(*kernels.restricted(self.start, self.index, rows, np.arange(self.m)), self.m)
        name = np.where(columns, np.cumsum(columns) - 1, -1)
        return Rows(*kernels.restricted(self.start, self.index, rows, name), int(columns.sum()))


@dataclass(frozen=True, eq=False)
class Reduced:
    """What is left of a problem, the old names of its columns, and the columns that any best plan may take."""

    rows: Rows
    names: Ints
    forced: Ints


def rows_of(place: Ints, site: Ints, n: int, m: int) -> Rows:
    """Rows from pairs that are sorted by place and then by site."""
    start = np.concatenate([[0], np.cumsum(np.bincount(place, minlength=n))]).astype(np.int64)
    return Rows(start, np.ascontiguousarray(site, np.int64), m)


def reduced(rows: Rows, rounds: int = 30) -> Reduced:
    """Drop rows and columns that can't matter, and take the columns that alone cover a row.

    The smallest cover keeps its size. A row that contains another one is covered with it; a
    column inside another one is never better.
    """
    names = np.arange(rows.m)
    for _ in range(rounds):
        order = np.argsort(np.diff(rows.start), kind="stable")
        dead = kernels.dominated(rows.start, rows.index, *rows.columns, order, True)
        rows = rows.keep(~dead)
        columns = rows.columns
        # Of equal columns the first stays: the last in the order.
        order = np.lexsort((-np.arange(rows.m), np.diff(columns[0])))
        useless = kernels.dominated(*columns, rows.start, rows.index, order, False)
        rows, names = rows.keep(np.ones(rows.n, bool), ~useless), names[~useless]
        if not useless.any():
            break
    single = np.diff(rows.start) == 1
    forced = np.zeros(rows.m, bool)
    forced[rows.index[rows.start[:-1][single]]] = True
    open_rows = np.ones(rows.n, bool)
    covered = np.repeat(np.arange(rows.n), np.diff(rows.start))[forced[rows.index]]
    open_rows[covered] = False
    return Reduced(rows.keep(open_rows, ~forced), names[~forced], names[forced])


def components(rows: Rows) -> tuple[int, Ints]:
    """Number of parts that share no column, and the part of each row."""
    ones = np.ones(len(rows.index), np.int8)
    start = np.concatenate([rows.start, np.full(rows.m, rows.start[-1])])
    graph = csr_array((ones, rows.index + rows.n, start), shape=(rows.n + rows.m, rows.n + rows.m))
    _, label = connected_components(graph, directed=False)
    _, part = np.unique(label[: rows.n], return_inverse=True)
    return int(part.max(initial=-1)) + 1, np.asarray(part, np.int64)


@dataclass(eq=False)
class Searcher:
    """Row weighting that can be continued."""

    rows: Rows
    seed: int

    def __post_init__(self) -> None:
        self.columns = self.rows.columns
        self.best: Bools = kernels.greedy(
            *self.columns, self.rows.n, np.zeros(self.rows.m, bool), self.seed % 2**31)
        self.last = self.best
        self.weight = np.ones(self.rows.n, np.int64)

    @property
    def size(self) -> int:
        """Number of columns in the best cover."""
        return int(self.best.sum())

    def offer(self, columns: Bools) -> None:
        """Take a cover over if it is smaller, after dropping what it doesn't need."""
        better = kernels.greedy(*self.columns, self.rows.n, columns, self.seed % 2**31)
        if better.sum() < self.size:
            self.best = self.last = better

    def _step(self) -> float:
        """Seconds that a step takes on a usual processor, about."""
        spread = (len(self.rows.index) / max(self.rows.n, 1)) * (len(self.rows.index) / max(self.rows.m, 1))
        return 1e-9 * (20.0 + 1.4 * self.size + 16.0 * float(spread**0.7))

    def run(self, work: float, target: int, stop: Callable[[], bool] = lambda: False) -> None:
        """Search for so much work (seconds of a usual processor), or until the cover is as small as wanted."""
        setup = 1e-8 * len(self.rows.index)
        while self.size > target and not stop() and work > 0:
            steps = int(np.clip(min(work, max(_BETWEEN, 5 * setup)) / self._step(), 100, 10**7))
            work -= steps * self._step() + setup
            self.seed += 1
            best, self.last, size = kernels.weigh_rows(
                self.rows.start, self.rows.index, *self.columns, self.last, self.weight, steps, target,
                self.seed % 2**31,
            )
            if size < self.size:
                self.best = best


def program(
    rows: Rows, cost: Floats, cap: float | None = None, regions: Sequence[Ints] = (),
    least: Floats | None = None, most: Floats | None = None,
) -> exact.Program:
    """Least cost of columns that cover every row; ``cap`` is the most columns.

    Each of the ``regions`` (positions of columns) gets a variable of its own, the number of columns
    taken in it. It adds nothing to the problem, but to branch on it divides the plans far more evenly
    than to branch on one column. ``least`` and ``most`` limit those numbers, 0 and all where left out.
    """
    k, r = len(rows.index), len(regions)
    start, index, data = [rows.start], [rows.index], [np.ones(k)]
    lower, upper = [np.ones(rows.n)], [np.full(rows.n, np.inf)]
    for z, region in enumerate(regions):
        start.append(np.array([start[-1][-1] + len(region) + 1]))
        index.append(np.append(region, rows.m + z))
        data.append(np.append(np.ones(len(region)), -1.0))
        lower.append(np.zeros(1))
        upper.append(np.zeros(1))
    if cap is not None:
        start.append(np.array([start[-1][-1] + rows.m]))
        index.append(np.arange(rows.m))
        data.append(np.ones(rows.m))
        lower.append(np.array([-np.inf]))
        upper.append(np.array([cap]))
    low, high = np.concatenate(lower), np.concatenate(upper)
    matrix = csr_array(
        (np.concatenate(data), np.concatenate(index), np.concatenate(start)), shape=(len(low), rows.m + r))
    sizes = np.array([len(region) for region in regions], np.float64)
    return exact.Program(
        np.concatenate([-cost, np.zeros(r)]), np.ones(rows.m + r, bool), matrix, low, high,
        lower=np.concatenate([np.zeros(rows.m), np.zeros(r) if least is None else least]),
        upper=np.concatenate([np.ones(rows.m), sizes if most is None else most]),
    )


def dual_bound(rows: Rows, dual: Floats) -> tuple[float, Floats, Floats]:
    """What any duals prove, recomputed: the bound rounded down, reduced costs, and the duals used."""
    dual = np.clip(np.nan_to_num(dual), 0.0, 1.0)
    spent = np.bincount(rows.index, np.repeat(dual, np.diff(rows.start)), minlength=rows.m)
    reduced_cost = np.asarray(1.0 - spent, np.float64)
    total = float(dual.sum())
    bound = total + float(np.minimum(reduced_cost, 0.0).sum())
    return bound - 1e-12 * (1.0 + total + float(spent.sum())), reduced_cost, dual


def lp_work(pairs: int) -> float:
    """Seconds that a relaxed problem with so many pairs takes on a usual processor, about."""
    return float(0.43 * (pairs / 56_000) ** 1.75)


def lp_bound(
    rows: Rows, left: Callable[[], float], enough: float = np.inf, *, first: int = 2000, more: int = 2500,
    big: int = 400_000, work: float = np.inf,
) -> tuple[float, Floats]:
    """The bound of the relaxed problem and its duals, with rows added as they are violated.

    ``left`` says how many seconds there are: the solver can't be cut in any other way. ``work`` is what
    all programs together may take, in seconds of a usual processor: what is proven by then holds.
    """
    partial = len(rows.index) > big
    active = np.ones(rows.n, bool)
    if partial:
        active[:] = False
        active[np.linspace(0, rows.n - 1, min(first, rows.n)).astype(int)] = True
        active[np.argsort(np.diff(rows.start), kind="stable")[: first // 2]] = True
    best, best_dual = 0.0, np.zeros(rows.n)
    while left() > 0:
        part = rows.keep(active)
        used = np.ones(rows.m, bool)
        if partial:
            columns = part.columns
            order = np.argsort(np.diff(columns[0]), kind="stable")
            used = ~kernels.dominated(*columns, part.start, part.index, order, False)
            part = part.keep(np.ones(part.n, bool), used)
        work -= lp_work(len(part.index))
        if best > 0 and work < 0:
            break
        solved = exact.relaxed_duals(program(part, np.ones(part.m)), time_limit=left())
        if solved is None:
            break
        value = np.zeros(rows.m)
        value[used] = solved[0]
        dual = np.zeros(rows.n)
        dual[active] = np.abs(solved[1])
        bound, _, dual = dual_bound(rows, dual)
        if bound > best:
            best, best_dual = bound, dual
        covered = np.add.reduceat(value[rows.index], rows.start[:-1])
        bad = (covered < 1 - 1e-6) & ~active
        if best > enough or not bad.any():
            break
        worst = np.argsort(covered, kind="stable")[:more]
        active &= (dual > 0) | (covered < 1.05)  # slack rows leave: the value stays
        active[worst] |= bad[worst]
    return best, best_dual


def whole(bound: float) -> int:
    """The least whole number that a bound allows."""
    return int(np.ceil(bound))
