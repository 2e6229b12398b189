"""Covering in the abstract: which columns cover the heaviest rows, and what can be left out.

Everything here keeps the best value exactly: the small problem has it if and only if the
large one has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

_LARGE = 2_000_000  # pairs

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
AnyInts = npt.NDArray[np.int32] | npt.NDArray[np.int64]
"""Positions that may be many: half the memory where they fit."""
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Cover:
    """Open at most ``n_open`` of m columns to cover rows of the greatest total weight.

    Attributes
    ----------
    weights : float array, shape (n,)
    reach : csr_array of ones (int8), shape (n, m), sorted indices
    columns : int array, shape (m,)
        What the columns were called before the reduction.
    n_open : int
    base : float
        Weight that is covered whatever is opened.
    """

    weights: Floats
    reach: csr_array
    columns: Ints
    n_open: int
    base: float = 0.0

    @cached_property
    def by_column_arrays(self) -> tuple[Ints, AnyInts]:
        """Where each column's rows start, and the rows, as the compiled loops want them."""
        start, rows = kernels().by_columns(self.reach.indptr, self.reach.indices, self.reach.shape[1])
        return start, rows

    def value(self, chosen: Iterable[int]) -> float:
        """Weight that these columns (positions) cover, with the base."""
        return self.base + float(self.weights[self.hits(chosen) > 0].sum())

    def hits(self, chosen: Iterable[int]) -> Ints:
        """How many of these columns cover each row, shape (n,)."""
        positions = np.asarray(list(chosen), np.int64)
        start, row = self.by_column_arrays
        begin, length = start[positions], np.diff(start)[positions]
        before = np.concatenate([[0], np.cumsum(length)])
        rows = row[np.repeat(begin - before[:-1], length) + np.arange(before[-1])]
        return np.bincount(rows, minlength=len(self.weights))

    def opened(self, chosen: Iterable[int]) -> Cover:
        """The rest of the problem once these columns (positions) are open."""
        positions = np.asarray(list(chosen), np.int64)
        if len(positions) == 0:
            return self
        covered = self.hits(positions) > 0
        others = np.ones(len(self.columns), bool)
        others[positions] = False
        return Cover(
            self.weights[~covered], _slice(self.reach, np.flatnonzero(~covered), others), self.columns[others],
            self.n_open - len(positions), self.base + float(self.weights[covered].sum()),
        )

    def keep(self, kept: Bools) -> Cover:
        """The problem with some columns only."""
        if kept.all():
            return self
        rows = np.arange(len(self.weights))
        return Cover(self.weights, _slice(self.reach, rows, kept), self.columns[kept], self.n_open, self.base)

    def reduced(self) -> Cover:
        """The problem without rows and columns that can't matter.

        Rows with the same columns become one; rows without weight or columns go. A column
        whose rows are all in another one goes: wherever it is open, the other can be instead.
        """
        smaller = self
        while True:
            shape, pairs = smaller.reach.shape, smaller.reach.nnz
            smaller = smaller._merge_rows()
            smaller = smaller.keep(~_dominated(smaller))
            # A large problem isn't gone through again for the last few pairs.
            if smaller.reach.shape == shape or (pairs > _LARGE and smaller.reach.nnz > 0.8 * pairs):
                return smaller

    def _merge_rows(self) -> Cover:
        first, group = _groups(self.reach)
        weights = np.asarray(np.bincount(group, self.weights, minlength=len(first)), np.float64)
        useful = (weights > 0) & (np.diff(self.reach.indptr)[first] > 0)
        if useful.all() and len(first) == len(self.weights):
            return self
        every = np.ones(len(self.columns), bool)
        return Cover(weights[useful], _slice(self.reach, first[useful], every), self.columns, self.n_open, self.base)


def problem(weights: Floats, reach: csr_array, n_open: int) -> Cover:
    """A covering problem from a boolean reach matrix, shape (n, m)."""
    ones = csr_array((np.ones(reach.nnz, np.int8), reach.indices, reach.indptr), shape=reach.shape)
    ones.sort_indices()
    return Cover(weights, ones, np.arange(reach.shape[1]), n_open)


def kernels() -> Any:
    """The compiled loops, which import this module in turn."""
    from jitasa_analytics.analysis.placement import cover_kernels

    return cover_kernels


def _slice(matrix: csr_array, rows: Ints, columns: Bools) -> csr_array:
    """Some rows in this order, and the columns that are kept."""
    name = np.where(columns, np.cumsum(columns) - 1, -1)
    start, index = kernels().picked(matrix.indptr, matrix.indices, np.asarray(rows, np.int64), name)
    return csr_array((np.ones(len(index), np.int8), index, start), shape=(len(rows), int(columns.sum())))


def _groups(matrix: csr_array) -> tuple[Ints, Ints]:
    """Rows with equal columns: first row of each group, and the group of each row."""
    n, m = matrix.shape
    random = np.random.default_rng(0).integers(0, 2**63, m, dtype=np.int64)
    mark = kernels().marks(matrix.indptr, matrix.indices, random)
    _, first, group = np.unique(mark, return_index=True, return_inverse=True)
    # Equal marks are no proof; equal columns are.
    if not kernels().equal_rows(matrix.indptr, matrix.indices, np.asarray(first[group], np.int64)):
        # two rows with different columns and the same mark: never seen
        first, group = np.arange(n), np.arange(n)
    order = np.argsort(first, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return np.asarray(first[order], np.int64), np.asarray(place[group], np.int64)


def _dominated(cover: Cover) -> Bools:
    """Columns whose rows all lie in another column; of equal ones the first stays. Shape (m,)."""
    from jitasa_analytics.analysis.placement.covering_kernels import dominated

    start, row = cover.by_column_arrays
    order = np.lexsort((-np.arange(len(cover.columns)), np.diff(start)))
    return dominated(
        start, row, cover.reach.indptr.astype(np.int64), cover.reach.indices.astype(np.int32, copy=False), order, False
    )
