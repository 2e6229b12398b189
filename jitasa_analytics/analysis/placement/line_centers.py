"""p-center along straight lines of any length: covers of places that lie apart, and proofs that smaller ones won't do.

A cover of some places within a radius is a plan for all, whatever it leaves out; a radius that doesn't do for some
places does for all even less.
"""

from __future__ import annotations

import functools

import numpy as np

from jitasa_analytics.analysis.lines import Lines
from jitasa_analytics.analysis.placement import covering_kernels, line_kernels
from jitasa_analytics.analysis.placement.answer import Plan
from jitasa_analytics.analysis.placement.beside import beside
from jitasa_analytics.analysis.placement.cover import Floats, Ints
from jitasa_analytics.analysis.placement.covering import Rows, Searcher, reduced
from jitasa_analytics.analysis.placement.covering_solver import least_number
from jitasa_analytics.analysis.placement.line_tree import tree_of
from jitasa_analytics.analysis.placement.task import Task

METHOD = "row weighting for covers, linear programs (HiGHS) for proofs; lengths worked out when needed"

_CORE = 6000  # places that lie apart, which the search looks at
_PROOF, _MOST_PROOF = 1500, 4500  # of those, for the first proofs and for the last
_RADII = 3  # that a turn tries to prove too small
_WORK = 0.05  # of the first turn's search, of all there is
_TRY = 0.4  # of that, for one radius
_STEP, _LEAST_STEP = 0.08, 2e-5  # by which the radius shrinks
_FINE = 0.01  # of the radius, at which a proof is left for one with more places
_NODES = 500


def solve(task: Task, lines: Lines) -> tuple[Plan, bool]:
    """The best plan of a p-center without further limits, and whether it is good enough."""
    return _Search(task, lines).run()


class _Search:
    """One problem while it is being solved; radii and ways in km by the straight line through the ground."""

    def __init__(self, task: Task, lines: Lines) -> None:
        model = task.model
        assert model.n_sites is not None
        self.task, self.watch, self.lines = task, task.watch, lines
        self.allowed = np.flatnonzero(~model.forbidden)
        self.fixed = np.flatnonzero(model.fixed)
        self.p = model.n_sites - len(self.fixed)
        self.tree = tree_of(lines.ends[self.allowed], np.ones(len(self.allowed)))
        self.names = self.allowed[self.tree.names]
        self.served = np.flatnonzero(task.must)
        points = lines.starts[self.served]
        x, y, z = np.ascontiguousarray(points.T)
        order, self.apart = line_kernels.line_spread(x, y, z, min(_CORE, len(points)))
        self.order = self.served[order]
        self.core = self.order
        self.step, self.share, self.seed = _STEP, _TRY, task.seed
        self.plan: Ints | None = None
        self.high, self.low, self.failed = np.inf, 0.0, np.inf

    def run(self) -> tuple[Plan, bool]:
        """Search until it is good enough or over."""
        watch = self.watch
        watch.tell(bound=0.0)
        self._begin()
        places, effort, fine, radius, blocks = _PROOF, 1.0, _FINE, 0.0, False
        while not watch.over() and self.low < self.high * (1 - 1e-9):
            proof = functools.partial(self._refuted, self.order[:places], self.high, radius, fine, blocks)
            low, radius, narrow = beside(functools.partial(self._search, effort), proof, watch.left)
            self._prove(low)
            if narrow:  # harder: more places, a finer radius, at last blocks
                blocks = places == min(_MOST_PROOF, len(self.order))
                places = min(2 * places, _MOST_PROOF, len(self.order))
                effort, fine, radius = 2.5 * effort, fine / 2, 0.0
        assert self.plan is not None
        return Plan(self.plan), watch.enough()

    def _begin(self) -> None:
        """A plan next to the places that lie farthest apart, and what needs no search to be proven."""
        nearest = self.lines.near(self.allowed, 1)
        wanted = np.unique(nearest.indices[self.order[: self.p]]) if self.p else np.zeros(0, np.int64)
        self._offer(wanted.astype(np.int64))
        self.watch.tell(bound=float(nearest.costs[self.served].max(initial=0.0)))
        self.low = self.watch.bound / self.lines.factor * (1 - 1e-12)
        if not len(self.fixed) and self.p < len(self.apart):  # one site can't serve two of them from nearer
            self._prove(float(self.apart[: self.p + 1].min()) / 2)

    def _prove(self, km: float) -> None:
        """No plan has a longest way of less."""
        self.low = max(self.low, km)
        self.watch.tell(bound=max(0.0, km - 2 * self.lines.blur) * self.lines.factor * (1 - 1e-12))

    def _offer(self, sites: Ints) -> Floats:
        """Take sites over as a plan if they are better, filled up to their number; the way of each place, km."""
        spare = np.setdiff1d(self.allowed, np.union1d(self.fixed, sites))
        chosen = np.union1d(self.fixed, np.union1d(sites, spare[: self.p - len(np.setdiff1d(sites, self.fixed))]))
        way = np.zeros(len(self.task.must))
        way[self.served] = self.lines.near(chosen, 1).costs[self.served]
        if self.plan is None or self.watch.better(float(way.max())):
            self.plan = chosen
            self.high = float(way.max()) / self.lines.factor
        self.watch.tell(float(way.max()))
        return np.asarray(way / self.lines.factor)

    def _rows(self, places: Ints, radius: float) -> Rows:
        """Candidates within a radius of each place that no fixed site reaches."""
        if len(self.fixed):
            nearest = self.lines.restrict(self.lines.origins[places]).near(self.fixed, 1).costs
            places = places[nearest > radius * self.lines.factor]
        px, py, pz = np.ascontiguousarray(self.lines.starts[places].T)
        x, y, z, _, low, high, begin, end = self.tree.fine
        start = np.zeros(len(places) + 1, np.int64)
        # No pair that is within the radius may be left out because of rounding.
        reach = radius * (1 + 1e-12) + self.lines.blur
        given = (low, high, begin, end, x, y, z, self.names, px, py, pz, reach)
        line_kernels.line_near(*given, start, np.empty(0, np.int64), False)
        start = np.cumsum(start)
        index = np.empty(start[-1], np.int64)
        line_kernels.line_near(*given, start, index, True)
        return Rows(start, index, len(self.task.model.fixed))

    def _search(self, effort: float) -> None:
        """Covers of the core with ever smaller radii, for some work."""
        left = effort * _WORK * self.watch.work
        while left > 0 and not self.watch.over() and self.low < self.high:
            work = min(left, self.share * _WORK * self.watch.work)
            left -= max(work / 3, 0.05)
            radius = max(self.high * (1 - self.step), self.low)
            sites = self._cover(self._rows(self.core, radius), work)
            if sites is None:
                self.step, self.share = max(self.step / 2, _LEAST_STEP), min(1.3 * self.share, 1.0)
                continue
            way = self._offer(sites)
            out = np.flatnonzero(way > radius * (1 + 1e-9))
            worst = out[np.argsort(-way[out], kind="stable")[:100]]
            self.core = np.unique(np.concatenate([self.core, worst, out[:: max(1, len(out) // 200)]]))
            if len(out) == 0:
                self.step *= 1.1

    def _cover(self, rows: Rows, work: float) -> Ints | None:
        """At most p candidates that cover all rows, near the best plan; None where none is found."""
        if (np.diff(rows.start) == 0).any():
            return None
        small = reduced(rows, 2)
        target = self.p - len(small.forced)
        if small.rows.n == 0:
            return small.forced if target >= 0 else None
        if target <= 0:
            return None
        assert self.plan is not None
        self.seed += 1
        s = Searcher(small.rows, self.seed % 2**31)
        s.last = covering_kernels.greedy(
            *s.columns, small.rows.n, np.isin(small.names, self.plan), self.seed % 2**31)
        s.run(work, target, lambda: self.watch.left() <= 0)
        return np.concatenate([small.forced, small.names[s.best]]) if s.size <= target else None

    def _refuted(
        self, places: Ints, high: float, radius: float, fine: float, blocks: bool
    ) -> tuple[float, float, bool]:
        """The largest radius shown to be too small for some places, where to go on, and whether little is left.

        The number of sites that a radius needs falls with its square: that says which one to try next.
        """
        low = self.low
        top = min(self.failed, high)
        radius = radius or low + 0.75 * (high - low)
        for _ in range(_RADII):
            if top - low <= fine * high or self.watch.left() <= 0:
                self.failed = np.inf
                return low, radius, True
            radius = min(max(radius, low + 0.1 * (top - low)), top - 0.1 * (top - low))
            needed = least_number(self._rows(places, radius), self.p, left=self.watch.left,
                                  nodes=_NODES if blocks else 0, seed=self.task.seed)
            if needed > self.p:
                low = radius
            else:
                top = self.failed = radius
            nearly = 1.002 if needed > self.p else 0.998
            radius = radius * float(np.sqrt(max(needed, 1.0) / max(self.p, 1))) * nearly
        return low, radius, False
