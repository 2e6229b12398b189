"""Covers as linear programs: rows with whole coefficients, and what any multipliers of them prove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, hstack

from jitasa_analytics.analysis.placement import exact
from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.covering import Sparse


@dataclass(frozen=True, eq=False)
class System:
    """Rows ``value · x ≥ least`` with whole numbers, as compressed sparse rows with ascending columns.

    Attributes
    ----------
    start, index, value : int64 arrays, shapes (n + 1,), (k,) and (k,)
    least : int64 array, shape (n,)
    m : int
        Number of columns.
    """

    start: Ints
    index: Ints
    value: Ints
    least: Ints
    m: int

    @classmethod
    def of(cls, rows: Sparse) -> System:
        """Each row covered at least once."""
        return cls(rows.start, rows.index, np.ones(len(rows.index), np.int64), np.ones(rows.n, np.int64), rows.m)

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.least)

    @property
    def lines(self) -> Ints:
        """The row of each entry, shape (k,)."""
        return np.repeat(np.arange(self.n), np.diff(self.start))

    def sums(self, x: Floats) -> Floats:
        """``value · x`` of every row, shape (n,)."""
        return np.asarray(np.bincount(self.lines, self.value * x[self.index], minlength=self.n), np.float64)

    def keep(self, rows: Bools, columns: Bools | None = None) -> System:
        """Some of the rows; with ``columns`` only these, renamed to their position among those kept."""
        used = np.repeat(rows, np.diff(self.start))
        if columns is not None:
            used &= columns[self.index]
        length = np.bincount(self.lines[used], minlength=self.n)[rows]
        start = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
        index, m = self.index[used], self.m
        if columns is not None:
            index, m = (np.cumsum(columns) - 1)[index], int(columns.sum())
        return System(start, index, self.value[used], self.least[rows], m)

    def more(self, other: System) -> System:
        """These rows and then others."""
        return System(
            np.concatenate([self.start, self.start[-1] + other.start[1:]]), np.concatenate([self.index, other.index]),
            np.concatenate([self.value, other.value]), np.concatenate([self.least, other.least]), self.m)


def proven(system: System, dual: Floats) -> tuple[float, Floats, Floats]:
    """What any multipliers prove, recomputed: the bound rounded down, reduced costs, and the multipliers used."""
    dual = np.maximum(np.nan_to_num(dual, posinf=0.0), 0.0)
    spent = np.bincount(system.index, np.repeat(dual, np.diff(system.start)) * system.value, minlength=system.m)
    reduced_cost = np.asarray(1.0 - spent, np.float64)
    total = float(dual @ system.least)
    bound = total + float(np.minimum(reduced_cost, 0.0).sum())
    return bound - 1e-12 * (1.0 + total + float(spent.sum())), reduced_cost, dual


def program(
    system: System, cost: Floats, cap: float | None = None, regions: Sequence[Ints] = (),
    least: Floats | None = None, most: Floats | None = None, instead: float | None = None,
) -> exact.Program:
    """Least cost of columns that keep to every row; ``cap`` is the most columns.

    Each of the ``regions`` (positions of columns) gets a variable of its own, the number of columns
    taken in it. It adds nothing to the problem, but to branch on it divides the plans far more evenly
    than to branch on one column. ``least`` and ``most`` limit those numbers, 0 and all where left out.
    With ``instead`` there is a last variable, which costs so much and alone keeps to every row.
    """
    m, r = system.m, len(regions)
    start, index, data = [system.start], [system.index], [system.value.astype(np.float64)]
    lower, upper = [system.least.astype(np.float64)], [np.full(system.n, np.inf)]
    for z, region in enumerate(regions):
        start.append(np.array([start[-1][-1] + len(region) + 1]))
        index.append(np.append(region, m + z))
        data.append(np.append(np.ones(len(region)), -1.0))
        lower.append(np.zeros(1))
        upper.append(np.zeros(1))
    if cap is not None:
        start.append(np.array([start[-1][-1] + m]))
        index.append(np.arange(m))
        data.append(np.ones(m))
        lower.append(np.array([-np.inf]))
        upper.append(np.array([cap]))
    low, high = np.concatenate(lower), np.concatenate(upper)
    matrix = csr_array(
        (np.concatenate(data), np.concatenate(index), np.concatenate(start)), shape=(len(low), m + r))
    sizes = np.array([len(region) for region in regions], np.float64)
    last = np.zeros(0)
    if instead is not None:
        last = np.array([instead])
        matrix = csr_array(hstack([matrix, csr_array(np.maximum(low, 0.0)[:, None])]))
    return exact.Program(
        np.concatenate([-cost, np.zeros(r), -last]), np.ones(matrix.shape[1], bool), matrix, low, high,
        lower=np.concatenate([np.zeros(m), np.zeros(r) if least is None else least, 0 * last]),
        upper=np.concatenate([np.ones(m), sizes if most is None else most, np.ones(len(last))]),
    )
