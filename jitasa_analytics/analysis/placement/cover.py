"""Covering in the abstract: which columns cover the heaviest rows, and what can be left out.

Everything here keeps the best value exactly: the small problem has it if and only if the
large one has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

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
    reach : csr_array of float64 ones, shape (n, m), sorted indices
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
    def by_column(self) -> csr_array:
        """The rows of each column, shape (m, n)."""
        return csr_array(self.reach.T.tocsr())

    @cached_property
    def by_column_arrays(self) -> tuple[Ints, npt.NDArray[np.int32]]:
        """Where each column's rows start, and the rows, as the compiled loops want them."""
        return self.by_column.indptr.astype(np.int64), self.by_column.indices.astype(np.int32, copy=False)

    def value(self, chosen: Iterable[int]) -> float:
        """Weight that these columns (positions) cover, with the base."""
        return self.base + float(self.weights[self.hits(chosen) > 0].sum())

    def hits(self, chosen: Iterable[int]) -> Ints:
        """How many of these columns cover each row, shape (n,)."""
        positions = np.asarray(list(chosen), np.int64)
        rows = self.by_column[positions].indices
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
            self.weights[~covered], _slice(self.reach, ~covered, others), self.columns[others],
            self.n_open - len(positions), self.base + float(self.weights[covered].sum()),
        )

    def keep(self, kept: Bools) -> Cover:
        """The problem with some columns only."""
        if kept.all():
            return self
        rows = np.ones(len(self.weights), bool)
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
        return Cover(
            weights[useful], csr_array(self.reach[first[useful]]), self.columns, self.n_open, self.base
        )


def problem(weights: Floats, reach: csr_array, n_open: int) -> Cover:
    """A covering problem from a boolean reach matrix, shape (n, m)."""
    ones = csr_array((np.ones(reach.nnz), reach.indices, reach.indptr), shape=reach.shape)
    ones.sort_indices()
    return Cover(weights, ones, np.arange(reach.shape[1]), n_open)


def _slice(matrix: csr_array, rows: Bools, columns: Bools) -> csr_array:
    part = csr_array(matrix[np.flatnonzero(rows)][:, np.flatnonzero(columns)])
    part.sort_indices()
    return part


def _groups(matrix: csr_array) -> tuple[Ints, Ints]:
    """Rows with equal columns: first row of each group, and the group of each row."""
    n, m = matrix.shape
    start, index = matrix.indptr.astype(np.int64), matrix.indices
    random = np.random.default_rng(0).integers(0, 2**63, m, dtype=np.uint64)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(random[index], dtype=np.uint64)])
    mark = sums[start[1:]] - sums[start[:-1]]
    _, first, group = np.unique(mark, return_index=True, return_inverse=True)
    # Equal sums of random numbers are no proof; equal columns are.
    length = np.diff(start)
    model = first[group]
    shift = np.repeat(start[model] - start[:-1], length)
    same = (length == length[model]).all() and (
        np.array_equal(index, index[np.minimum(np.arange(len(index)) + shift, len(index) - 1)]) if len(index) else True
    )
    if not same:  # two rows with different columns and the same sum: never seen
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
