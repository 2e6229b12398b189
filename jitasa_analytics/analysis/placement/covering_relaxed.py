"""The relaxed problem of a cover, with rows and columns added as they are needed, and then cutting planes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from jitasa_analytics.analysis.placement import covering_cut_kernels as cut_kernels
from jitasa_analytics.analysis.placement import covering_kernels as kernels
from jitasa_analytics.analysis.placement import exact
from jitasa_analytics.analysis.placement.cover import Bools, Ints
from jitasa_analytics.analysis.placement.covering import Rows
from jitasa_analytics.analysis.placement.covering_cuts import QUICK, THOROUGH, violated
from jitasa_analytics.analysis.placement.covering_system import System, program, proven

_BIG = 400_000  # pairs above which only some rows are taken in at first
_FIRST = 8000
_MORE = 4000  # rows at a time
_SLACK, _SLACK_MANY = 0.1, 0.03  # of a row that leaves; of very many, once there are planes
_FAST, _TOLERANCE = 100_000, 3e-4  # pairs above which programs are solved to this only
_SAME, _RISEN = 1e-7, 1e-5


def lp_work(pairs: int, tolerance: float | None = None) -> float:
    """Seconds that a relaxed problem with so many pairs takes on a usual processor, about."""
    return float(0.43 * (pairs / 56_000) ** 1.75) if tolerance is None else 2.7e-6 * pairs


class Relaxed:
    """A relaxed problem between two solutions of it; what it has proven holds at any time.

    Attributes
    ----------
    bound : float
        The greatest that is proven.
    system, dual : System and float array
        The rows and multipliers that prove it.
    x : float array, shape (m,)
        The last solution.
    whole : bool
        Whether that solution keeps to all rows, also those that aren't in the program.
    """

    def __init__(self, rows: Rows, left: Callable[[], float]) -> None:
        self.rows, self.left = rows, left
        self.name = np.arange(rows.n)  # of each row in the program; -1 is a cutting plane
        self.partial = len(rows.index) > _BIG
        self.tolerance = _TOLERANCE if len(rows.index) > _FAST else None
        if self.partial:
            taken = np.zeros(rows.n, bool)
            taken[np.linspace(0, rows.n - 1, min(_FIRST, rows.n)).astype(int)] = True
            taken[np.argsort(np.diff(rows.start), kind="stable")[: _FIRST // 2]] = True
            self.name = np.flatnonzero(taken)
        self.active = self._rows(self.name)
        self.bound, self.system, self.dual = 0.0, self.active, np.zeros(self.active.n)
        self.x, self.whole, self.reduced_cost = np.zeros(rows.m), False, np.ones(rows.m)
        self.priced = np.zeros(rows.m, bool)  # columns that the duals found missing
        self.basis: exact.Basis | None = None

    def _rows(self, which: Ints) -> System:
        keep = np.zeros(self.rows.n, bool)
        keep[which] = True
        return System.of(self.rows.keep(keep))

    def _columns(self) -> Bools:
        """Columns that the program needs: of a part of the rows many cover no more than others do."""
        if not self.partial:
            return np.ones(self.rows.m, bool)
        part = self.active.keep(self.name >= 0)
        columns = kernels.transposed(part.start, part.index, part.m)
        order = np.argsort(np.diff(columns[0]), kind="stable")
        return ~kernels.dominated(*columns, part.start, part.index, order, False) | self.priced | (self.x > 0)

    @property
    def work(self) -> float:
        """Seconds that the next solution takes on a usual processor, about."""
        return lp_work(len(self.active.index), self.tolerance)

    def solve(self) -> bool:
        """Solve the program as it is; False where time was too short."""
        used = self._columns()
        part = program(self.active.keep(np.ones(self.active.n, bool), used), np.ones(int(used.sum())))
        needed = np.zeros(self.active.n, bool)
        if self.tolerance is not None:
            found = exact.relaxed_duals(part, time_limit=self.left(), tolerance=self.tolerance)
        elif (reached := exact.vertex(part, time_limit=self.left(), basis=self.basis)) is not None:
            found, self.basis = reached[:2], reached[2]
            needed = self.basis[1] != exact.BASIC  # without these it would be no basis
        else:
            found = None
        if found is None:
            return False
        near = 10 * (self.tolerance or _SAME)
        self.x = np.zeros(self.rows.m)
        self.x[used] = found[0]
        dual = np.abs(found[1])
        self.priced |= proven(self.active, dual)[1] < -near
        if self.tolerance is not None:
            active = self.active
            dual = cut_kernels.polished(active.start, active.index, active.value, active.least, active.m, dual, 10)
        bound, _, dual = proven(self.active, dual)
        risen = bound > self.bound + _RISEN * max(self.bound, 1.0)
        if bound > self.bound:
            self.bound, self.system, self.dual = bound, self.active, dual
        slack = self.active.sums(self.x) - self.active.least
        covered = np.add.reduceat(self.x[self.rows.index], self.rows.start[:-1])
        known = np.zeros(self.rows.n, bool)
        known[self.name[self.name >= 0]] = True
        bad = (covered < 1 - near) & ~known
        self.whole = not bad.any() and not (self.priced & ~used).any()
        worst = np.argsort(covered, kind="stable")[:_MORE]
        # Slack rows leave, which keeps the value; but not for ever the same ones in turn.
        most = _SLACK_MANY if self.partial and (self.name < 0).any() else _SLACK
        keep = needed | (dual > 0) | (slack < most) | (not risen)
        self.active, self.name = self.active.keep(keep), self.name[keep]
        if self.basis is not None:
            self.basis = self.basis[0], self.basis[1][keep]
        added = np.sort(worst[bad[worst]])
        self._add(self._rows(added), added)
        return True

    def _add(self, more: System, name: Ints) -> None:
        self.active = self.active.more(more)
        self.name = np.concatenate([self.name, name])
        if self.basis is not None:
            self.basis = self.basis[0], np.concatenate([self.basis[1], np.full(more.n, exact.BASIC)])

    @property
    def cuts(self) -> System:
        """The cutting planes that are in the program."""
        return self.active.keep(self.name < 0)

    def linear(self, enough: float = np.inf, work: float = np.inf) -> None:
        """Solve with all rows; ``work`` is what that may take, in seconds of a usual processor."""
        while self.left() > 0 and self.bound <= enough and not self.whole:
            work -= self.work
            if (self.bound > 0 and work < 0) or not self.solve():
                break

    def cut(self, workers: int = 1) -> bool:
        """Add cutting planes for the solution there is, found by so many threads; False where there are none."""
        new = violated(self.active, self.x, QUICK if self.partial else THOROUGH, workers)
        self._add(new, np.full(new.n, -1))
        return new.n > 0
