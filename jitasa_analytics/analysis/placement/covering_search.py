"""A search for small covers that can be continued."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from jitasa_analytics.analysis.placement import covering_kernels as kernels
from jitasa_analytics.analysis.placement.cover import Bools
from jitasa_analytics.analysis.placement.covering import Rows
from jitasa_analytics.analysis.placement.covering_search_kernels import weigh_rows

_AGAIN = 60_000  # steps after which the search goes back to the best cover; weights stay


@dataclass(eq=False)
class Searcher:
    """Row weighting that can be continued."""

    rows: Rows
    seed: int

    def __post_init__(self) -> None:
        self.columns = self.rows.columns
        self.best: Bools = kernels.greedy(
            *self.columns, self.rows.n, np.zeros(self.rows.m, bool), self.seed % 2**31)
        self.weight = np.ones(self.rows.n, np.int64)

    @property
    def size(self) -> int:
        """Number of columns in the best cover."""
        return int(self.best.sum())

    def offer(self, columns: Bools) -> None:
        """Take a cover over if it is smaller, after dropping what it doesn't need."""
        better = kernels.greedy(*self.columns, self.rows.n, columns, self.seed % 2**31)
        if better.sum() < self.size:
            self.best = better

    def _step(self) -> float:
        """Seconds that a step takes on a usual processor, about."""
        spread = (len(self.rows.index) / max(self.rows.n, 1)) * (len(self.rows.index) / max(self.rows.m, 1))
        return 1e-9 * (20.0 + 1.4 * self.size + 16.0 * float(spread**0.7))

    def run(self, work: float, target: int, stop: Callable[[], bool] = lambda: False) -> None:
        """Search for so much work (seconds of a usual processor), or until the cover is as small as wanted."""
        setup = 1e-8 * len(self.rows.index)
        while self.size > target and not stop() and work > 0:
            steps = int(np.clip(work / self._step(), 100, _AGAIN))
            work -= steps * self._step() + setup
            self.seed += 1
            cover, size = weigh_rows(
                self.rows.start, self.rows.index, *self.columns, self.best, self.weight, steps, target,
                self.seed % 2**31)
            if size < self.size:
                self.best = cover
