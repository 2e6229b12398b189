"""The permutation loop of the hot-spot measures, compiled. Arrays only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from jitasa_analytics.analysis.placement.jit import compiled

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]


@compiled
def tails(
    values: Floats, indptr: Positions, indices: Positions, draws: Positions, slack: float
) -> tuple[Positions, Positions]:
    """How often a drawn neighbourhood sums to at least, and to at most, the observed sum.

    ``draws``, shape (permutations, most neighbours): positions among the other n - 1 areas,
    each row without repetition. Sums that differ by no more than ``slack`` are equal.
    """
    n = len(values)
    above, below = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for i in range(n):
        size = indptr[i + 1] - indptr[i]
        observed = 0.0
        for k in range(indptr[i], indptr[i + 1]):
            observed += values[indices[k]]
        for row in range(draws.shape[0]):
            total = 0.0
            for k in range(size):
                j = draws[row, k]
                total += values[j + 1 if j >= i else j]
            if total >= observed - slack:
                above[i] += 1
            if total <= observed + slack:
                below[i] += 1
    return above, below
