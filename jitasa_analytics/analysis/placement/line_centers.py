"""p-center along straight lines of any length: covers of places that lie apart, and proofs that smaller ones won't do.

A cover of some places within a radius is a plan for all, whatever it leaves out; a radius that doesn't do for some
places does for all even less.
"""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np

from jitasa_analytics.analysis.lines import Lines
from jitasa_analytics.analysis.placement import center_kernels, line_kernels
from jitasa_analytics.analysis.placement.answer import Plan
from jitasa_analytics.analysis.placement.beside import beside
from jitasa_analytics.analysis.placement.cover import Floats, Ints
from jitasa_analytics.analysis.placement.covering import Rows
from jitasa_analytics.analysis.placement.covering_relaxed import lp_work
from jitasa_analytics.analysis.placement.line_radii import Proof
from jitasa_analytics.analysis.placement.line_tree import tree_of
from jitasa_analytics.analysis.placement.task import Task

METHOD = "exchanges with weighted places, linear programs (HiGHS) for proofs; lengths worked out when needed"

_CORE = 2000  # places that lie apart, which the search looks at first
_MOST_CORE = 8000
_PROOF = 1000  # places of the first proof
_WORK = 0.03  # of all there is, for the search beside a proof at most
_PROOF_WORK = 0.4  # of a usual linear program, that one of these takes
_STEP, _LEAST_STEP = 0.05, 5e-4  # by which the radius shrinks
_STEPS, _MOST_STEPS = 300, 20_000  # of the search for one radius
_TENURE = 5  # steps for which a site that went may not come back


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
        self.order = self.core = self.served[order]
        self.from_fixed = np.full(len(task.must), np.inf)
        if len(self.fixed):
            self.from_fixed = lines.near(self.fixed, 1).costs
        self.weight = np.ones(len(task.must), np.int64)
        self.rough, self.step, self.steps, self.seed = True, _STEP, _STEPS, task.seed
        self.target = np.inf  # the radius that is tried
        self.plan: Ints | None = None
        self.sites: Ints = np.zeros(0, np.int64)  # where the search is
        self.high, self.low = np.inf, 0.0

    def run(self) -> tuple[Plan, bool]:
        """Search until it is good enough or over."""
        watch = self.watch
        watch.tell(bound=0.0)
        self._begin()
        self.target = self.high * (1 - _STEP)
        tree = tree_of(self.lines.starts[self.served], np.ones(len(self.served)))
        tree = replace(tree, names=self.served[tree.names])
        proof = Proof(self._needy, self._rows, tree, self.lines.ends, self.order[:_PROOF], self.p, self.task.seed,
                      watch.left)
        while not watch.over() and self.low < self.high * (1 - 1e-9):
            work = min(_WORK * watch.work, 0.02 + _PROOF_WORK * lp_work(proof.pairs))
            low, sites = beside(functools.partial(self._search, work), functools.partial(
                proof.turn, self.low, self.high), watch.left)
            self._prove(low)
            if sites is not None:
                self._offer(sites)
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
            self.sites = np.setdiff1d(chosen, self.fixed)
            self.high = float(way.max()) / self.lines.factor
        self.watch.tell(float(way.max()))
        return np.asarray(way / self.lines.factor)

    def _needy(self, places: Ints, radius: float) -> Ints:
        """Those of some places that no fixed site serves within a radius."""
        return places[self.from_fixed[places] > radius * self.lines.factor]

    def _rows(self, places: Ints, radius: float) -> Rows:
        """Candidates within a radius of each place."""
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

    def _search(self, work: float) -> None:
        """Covers with ever smaller radii, for some work; the places that they leave out come to the core."""
        at, radius = 0.0, 0.0
        places: Ints = np.zeros(0, np.int64)
        rows = Rows(np.zeros(1, np.int64), places, len(self.task.model.fixed))
        while work > 0 and not self.watch.over() and self.low < self.high and self.p > 0:
            radius = max(min(self.target, self.high * (1 - _LEAST_STEP)), self.low)
            if radius != at:
                at, places = radius, np.zeros(0, np.int64)
                rows = Rows(np.zeros(1, np.int64), np.zeros(0, np.int64), rows.m)
            fresh = np.setdiff1d(self._needy(self.core, radius), places)
            more = self._rows(fresh, radius)
            places = np.concatenate([places, fresh])
            rows = Rows(np.concatenate([rows.start, rows.start[-1] + more.start[1:]]),
                        np.concatenate([rows.index, more.index]), rows.m)
            left, spent = self._exchange(rows, places)
            work -= spent
            if left:
                self._missed()
            elif self.rough:
                self.target *= 1 - _STEP
            else:
                self._met(radius)

    def _exchange(self, rows: Rows, places: Ints) -> tuple[int, float]:
        """Exchange sites until they cover the rows of some places: how many stay bare, and the work that it was."""
        if (np.diff(rows.start) == 0).any():
            return 1, 0.01
        columns = rows.columns
        self.seed += 1
        weight = self.weight[places]
        left, steps = center_kernels.exchange_sites(
            rows.start, rows.index.astype(np.int32), columns[0], columns[1].astype(np.int32), self.sites, weight,
            self.steps, _TENURE, self.seed % 2**31)
        self.weight[places] = weight
        k = len(rows.index)
        each = k / max(rows.n, 1) * (k / max(rows.m, 1) * 2e-9 + self.p * 1e-9)
        return left, 1e-4 + 2e-8 * k + 5e-7 * len(self.served) + steps * each

    def _missed(self) -> None:
        """No cover was found: a larger radius next, and with the least step a longer search from the best plan."""
        if self.rough:
            self.rough, self.target = False, self.target / (1 - _STEP)
            return
        if self.step <= _LEAST_STEP:
            self.steps = min(2 * self.steps, _MOST_STEPS)
            assert self.plan is not None
            self.sites = np.setdiff1d(self.plan, self.fixed)
            self.weight[:] = 1
        self.step = max(min(self.step, 1 - self.target / self.high) / 2, _LEAST_STEP)
        self.target = self.high * (1 - self.step)

    def _met(self, radius: float) -> None:
        """The core is covered: the worst place of each site that is still left out comes to it."""
        way = self._offer(self.sites)
        out = np.flatnonzero(way > radius * (1 + 1e-9))
        if len(out) == 0:
            self.step = min(1.2 * self.step, _STEP)
            self.target = self.high * (1 - self.step)
            return
        out = out[np.argsort(-way[out], kind="stable")]
        _, first = np.unique(np.floor(self.lines.starts[out] / max(0.04 * radius, 1e-9)), axis=0, return_index=True)
        self.core = np.union1d(self.core, out[np.sort(first)[:200]])
        if len(self.core) > _MOST_CORE:
            self.core = np.union1d(self.order, self.core[self.weight[self.core] > 1])
