"""Cover every row with few columns: the problem, and what can be left out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from jitasa_analytics.analysis.placement import covering_kernels as kernels
from jitasa_analytics.analysis.placement.cover import Bools, Ints


class Sparse(Protocol):
    """What rows have in common, with coefficients or without."""

    @property
    def start(self) -> Ints:
        """Where each row starts, and the end, shape (n + 1,)."""

    @property
    def index(self) -> Ints:
        """Columns of the rows, one row after another."""

    @property
    def m(self) -> int:
        """Number of columns."""

    @property
    def n(self) -> int:
        """Number of rows."""

    def keep(self, rows: Bools, columns: Bools | None = None) -> Sparse:
        """Some rows and columns."""


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


def components(rows: Sparse) -> tuple[int, Ints]:
    """Number of parts that share no column, and the part of each row."""
    ones = np.ones(len(rows.index), np.int8)
    start = np.concatenate([rows.start, np.full(rows.m, rows.start[-1])])
    graph = csr_array((ones, rows.index + rows.n, start), shape=(rows.n + rows.m, rows.n + rows.m))
    _, label = connected_components(graph, directed=False)
    _, part = np.unique(label[: rows.n], return_inverse=True)
    return int(part.max(initial=-1)) + 1, np.asarray(part, np.int64)


def whole(bound: float) -> int:
    """The least whole number that a bound allows."""
    return int(np.ceil(bound))
