"""p-median at any size: swaps for the plan, multipliers for the bound, branching for what is left."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from jitasa_analytics.analysis.placement import median_kernels as kernels
from jitasa_analytics.analysis.placement.answer import Plan
from jitasa_analytics.analysis.placement.cover import Floats, Ints
from jitasa_analytics.analysis.placement.covering import rows_of
from jitasa_analytics.analysis.placement.covering_solver import MANY, within_number
from jitasa_analytics.analysis.placement.diagnose import blocked
from jitasa_analytics.analysis.placement.formulate import formulate
from jitasa_analytics.analysis.placement.median_branch import Branching, Node, Target
from jitasa_analytics.analysis.placement.median_kernels import FREE, OPEN, SHUT
from jitasa_analytics.analysis.placement.median_lists import LARGE, Lists, Pairs, grouped, listed, together
from jitasa_analytics.analysis.placement.task import Task
from jitasa_analytics.errors import InfeasibleError, OutOfTimeError

METHOD = "swaps, Lagrangian bound, relaxed problem by rows (Benders), branch and bound (HiGHS)"

_COARSE_ROWS = 4000  # above it a problem with fewer places gives the first plan and multipliers
_SHRINK = 12
_COARSE_ROUNDS, _COARSE_GAP = 300, 0.003
_REACH = 1.2  # how far a list goes beyond what the small problem's ways need
_WIDER = 1.5  # how much farther, where that turns out to be too short
_SMALL_STEPS = 0.03  # steps of the ascent at which little more will come
_TRIED = 8  # candidates for each site that swaps of large problems try
# What the ascent aims at, in incumbents; how much of a direction the next one keeps; rounds without gain it bears.
_STEPS, _LARGE_STEPS = (1.02, 0.5, 8), (1.005, 0.7, 6)
_ROUNDS = 60  # of multipliers between two looks at the clock
_SHAKEN, _TRIES = 0.06, 20  # of the sites, exchanged before another search by swaps; how often before branching
_EXPLAINED = 500_000  # pairs up to which an infeasible problem is solved again to say what would do


def solve(task: Task) -> tuple[Plan, bool]:
    """The best plan of a p-median problem without further limits, and whether the search finished."""
    return _Search(task).run()


class _Search:
    """One problem while it is being solved."""

    def __init__(self, task: Task) -> None:
        model = task.model
        assert model.n_sites is not None
        self.task, self.watch, self.p = task, task.watch, model.n_sites
        self.state = np.where(model.fixed, OPEN, np.where(model.forbidden, SHUT, FREE)).astype(np.int64)
        self.m, self.served = len(model.fixed), np.flatnonzero(task.must)
        self.plan: Ints | None = None
        self.target = Target(task.watch, task.whole)
        self.penalty = 1e3 * (1.0 + float(model.travel.costs.max(initial=0.0)))
        travel = model.travel
        self.pairs = Pairs(travel.indptr, travel.indices, travel.costs, model.forbidden, self.served,
                           model.people[self.served])
        self.begin: Ints | None = None
        self.tried = np.flatnonzero(self.state == FREE)
        self.multiplier: Floats | None = None
        if len(self.served) > _COARSE_ROWS and model.travel.n_pairs > LARGE:
            self._large()
            return
        place, site, cost = model.pairs()
        count = np.bincount(place, minlength=len(task.must))[self.served]
        start = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
        # Few of a row's candidates can matter; the bound allows for those left out.
        most = max(200, 3 * self.m // self.p + 150)
        self.lists = listed(model.people[self.served], start, site, cost, self.m, most)

    def run(self) -> tuple[Plan, bool]:
        """Search until it is proven, good enough, or over."""
        lists, watch = self.lists, self.watch
        watch.tell(bound=0.0)
        if self.begin is not None:
            self._offer(self.begin)
        if self.plan is None:
            self._first_plan(self.begin)
        multiplier = self._start(lists, self.plan) if self.multiplier is None else self.multiplier
        node = Node(-np.inf, 0, self.state, np.minimum(multiplier, lists.cap), np.zeros(self.m))
        self._root(node)
        self._shake(node)
        branching = Branching(self.lists, self.p, self.target, self._offer, self._mended)
        finished = branching.run(node)
        assert self.plan is not None
        return Plan(np.sort(self.plan)), finished

    def _offer(self, chosen: Ints) -> None:
        """Take a plan over if it serves everybody and is better."""
        is_open = np.zeros(self.m, bool)
        is_open[chosen] = True
        way, _ = kernels.second_costs(*self.lists.rows, np.full(len(self.served), np.inf), is_open)
        if not np.isfinite(way).all():  # some places are served from farther away than is listed, or not at all
            _, way, _ = self.pairs.nearest(is_open)
        if np.isfinite(way).all():
            value = float(self.lists.people @ way)
            if self.plan is None or self.watch.better(value):
                self.plan = chosen.copy()
            self.watch.tell(value)

    def _improve(self, lists: Lists, chosen: Ints) -> Ints:
        chosen = np.asarray(chosen, np.int64).copy()
        kernels.swap(*lists.rows, *lists.sites, lists.people, lists.far(self.penalty), self.state, self.tried, chosen,
                     50 * self.p + 2000)
        return chosen

    def _mended(self, chosen: Ints) -> Ints:
        return self._improve(self.lists, chosen)

    def _random(self, lists: Lists, seed: int) -> Ints:
        return kernels.first_sites(
            lists.row_start, lists.row_site, *lists.sites, lists.people, lists.far(self.penalty),
            self.state, self.p, seed,
        )

    def _first_plan(self, start: Ints | None) -> None:
        """A first plan by swaps; where it leaves somebody out, from a plan that serves all."""
        tries = 3 if len(self.served) <= _COARSE_ROWS else 1
        for seed in range(tries):
            begin = self._random(self.lists, self.task.seed + seed) if start is None else start
            self._offer(self._improve(self.lists, begin))
            if self.watch.left() <= 0:
                break
        if self.plan is not None:
            return
        sites = self._serving()
        self._offer(sites)
        self._offer(self._improve(self.lists, sites))

    def _patience(self) -> Callable[[], float]:
        """Seconds that are left, one more than there are: without a plan there is no answer."""
        end = self.watch.spent() + max(self.watch.left(), 1.0)
        return lambda: 0.0 if self.watch.cancelled else max(0.0, end - self.watch.spent())

    def _serving(self) -> Ints:
        """Sites that serve everybody, where swaps don't find any by themselves."""
        model, limits = self.task.model, self.task.limits
        place, site, _ = model.pairs()
        wanted = self.task.must.copy()
        wanted[place[model.fixed[site]]] = False
        rows = rows_of(place, site, len(wanted), self.m).keep(wanted)
        fixed = np.flatnonzero(model.fixed)
        # What can't be is often soon proven: only if it isn't, the search may take its time.
        for work in (0.05 + 2e-5 * len(rows.index), self.watch.work / 4):
            sites, none = within_number(
                rows, self.p - len(fixed), left=self._patience(), work=min(work, self.watch.work / 4),
                seed=self.task.seed, nodes=MANY,
            )
            if sites is not None or none:
                break
        if sites is not None:
            chosen = np.union1d(fixed, sites)
            spare = np.setdiff1d(np.flatnonzero(~model.forbidden), chosen)
            return np.concatenate([chosen, spare[: self.p - len(chosen)]])
        if none and len(place) <= _EXPLAINED:
            form = formulate(model, limits, "serve", np.inf, self.task.must)
            raise InfeasibleError(blocked(model, limits, form, seed=self.task.seed))
        if none:
            raise InfeasibleError(
                f"n_sites={self.p} can't serve every place that some candidate reaches; raise n_sites, or "
                "compute costs for pairs that lie farther apart"
            )
        raise OutOfTimeError(
            f"no plan that serves everybody was found in {self.watch.time_limit:g} seconds, and none was "
            "ruled out; give more time_limit, or costs for more pairs"
        )

    def _start(self, lists: Lists, chosen: Ints | None) -> Floats:
        """Multipliers between the nearest and the second nearest way."""
        is_open = np.zeros(self.m, bool)
        is_open[chosen] = True
        longest = np.maximum.reduceat(lists.row_cost, lists.row_start[:-1]) if len(lists.people) else np.zeros(0)
        near, second = kernels.second_costs(*lists.rows, longest, is_open)
        return np.asarray(lists.people * (near + 0.5 * (second - near)))

    def _large(self) -> None:
        """Lists, plan and multipliers to begin with, by way of a problem where one place stands for those about it.

        What the small problem says of the ways decides how far each place's list needs to go.
        """
        model, pairs = self.task.model, self.pairs
        allowed = np.flatnonzero(~model.forbidden)
        sample = np.zeros(self.m, bool)
        wanted = max(len(self.served) // _SHRINK, 4 * self.p)
        sample[np.random.default_rng(self.task.seed).permutation(allowed)[:wanted]] = True
        group, middle = grouped(pairs, sample)
        order = np.argsort(group, kind="stable")  # neighbours stand together, which memory likes
        people = np.asarray(np.bincount(group, pairs.people), np.float64)
        small = replace(pairs.of(middle).drawn(np.full(len(middle), np.inf)), people=people)
        self.begin, best = self._coarse(small)
        group, self.pairs = group[order], pairs.of(order)
        self.served, pairs = self.pairs.rows, self.pairs
        is_open = np.zeros(self.m, bool)
        is_open[self.begin] = True
        _, near, second = pairs.nearest(is_open)
        each = (best / people)[group]
        limit = _REACH * np.where(np.isfinite(second), np.maximum(second, each), np.inf)
        # A remote place needs its whole list, so that the search knows what would leave it alone.
        limit[np.diff(pairs.start)[pairs.rows] <= self.m // self.p + 50] = np.inf
        self.limit, self.lists = limit, pairs.drawn(limit)
        alone = pairs.of(np.flatnonzero(~np.isfinite(near))).drawn(np.full(int((~np.isfinite(near)).sum()), np.inf))
        helping = np.unique(alone.row_site)
        self.helping = helping[self.state[helping] == FREE]
        self.tried = np.union1d(self.tried, self.helping)
        self.multiplier = each * pairs.people

    def _coarse(self, small: Lists) -> tuple[Ints, Floats]:
        """Plan and multipliers of a small problem; and the candidates worth trying in ``tried``."""
        sites = self._improve(small, self._random(small, self.task.seed))
        multiplier = np.minimum(self._start(small, sites), small.cap)
        value = self._value(small, sites)
        best, reduced, usage = multiplier.copy(), np.zeros(self.m), np.zeros(self.m)
        theta, done = 1.0, 0
        while done < _COARSE_ROUNDS and theta >= 1e-2 and self.watch.left() > 0:
            bound, theta, rounds = kernels.ascend(
                *small.rows, *small.sites, small.people, small.cap, self.state, self.p, _LARGE_STEPS[0] * value,
                value * (1 - _COARSE_GAP), multiplier, theta, *_LARGE_STEPS[1:], _ROUNDS, best, reduced, usage,
            )
            done += rounds
            multiplier = best.copy()
            if bound >= value * (1 - _COARSE_GAP):
                break
            self.tried = self._worth_trying(reduced)
            other = self._improve(small, self._often(usage))
            if (worth := self._value(small, other)) < value:
                sites, value = other, worth
        self.tried = self._worth_trying(reduced)
        return sites, best

    def _worth_trying(self, reduced: Floats) -> Ints:
        """The free candidates that the multipliers like best."""
        free = np.flatnonzero(self.state == FREE)
        return np.sort(free[np.argsort(reduced[free], kind="stable")[: max(_TRIED * self.p, 1000)]])

    def _often(self, usage: Floats, state: Ints | None = None) -> Ints:
        """The sites that multipliers opened most often, the open ones first."""
        state = self.state if state is None else state
        return np.argsort(-(usage + 2.0 * (state == OPEN) - 2.0 * (state == SHUT)), kind="stable")[: self.p]

    def _value(self, lists: Lists, chosen: Ints) -> float:
        is_open = np.zeros(self.m, bool)
        is_open[chosen] = True
        near, _ = kernels.second_costs(*lists.rows, lists.far(self.penalty), is_open)
        return float(lists.people @ near)

    def _ascend(self, node: Node, theta: float, rounds: int, reduced: Floats) -> float:
        """Raise the bound of a node; its multipliers become the best ones."""
        aim, momentum, patience = _STEPS if self.multiplier is None else _LARGE_STEPS
        best = np.empty_like(node.multiplier)
        bound, theta, _ = kernels.ascend(
            *self.lists.rows, *self.lists.sites, self.lists.people, self.lists.cap, node.state, self.p,
            aim * self.watch.value, self.target.goal(), node.multiplier.copy(), theta, momentum, patience, rounds,
            best, reduced, node.usage,
        )
        if bound > node.bound:
            node.bound, node.multiplier = bound, best
        return float(theta)

    def _root(self, node: Node) -> None:
        """Multipliers for the whole problem, with plans read off them on the way.

        Large problems look for the plan of one round of multipliers while the next round runs.
        """
        theta, reduced = 1.0, np.zeros(self.m)
        begin, turn = self.begin, 0
        while not self.watch.over() and theta >= 1e-3:
            ascent = functools.partial(self._ascend, node, theta, _ROUNDS, reduced)
            if begin is None:
                theta = ascent()
            else:
                theta, found = together([ascent, functools.partial(self._improve, self.lists, begin)])
                self._offer(found)
            self.target.tell(node.bound)
            if self.watch.over() or node.bound >= self.target.goal():
                break
            if theta < _SMALL_STEPS and self._widened(node):
                theta = _SMALL_STEPS * 4
            begin = self._often(node.usage, node.state)
            if len(self.lists.row_site) <= LARGE:
                self._offer(self._improve(self.lists, begin))
                begin = None
            elif self.multiplier is not None:
                turn += 1
                # By turns a new plan of the candidates worth trying, and the best plan with all of them.
                if turn % 2 or self.plan is None:
                    self.tried = np.union1d(np.union1d(self._worth_trying(reduced), self.helping),
                                            begin if self.plan is None else self.plan)
                    self.tried = self.tried[self.state[self.tried] == FREE]
                else:
                    begin, self.tried = self.plan, np.flatnonzero(self.state == FREE)

    def _shake(self, node: Node) -> None:
        """Exchange a few sites of the best plan for what multipliers open often, and mend it by swaps; again."""
        rng = np.random.default_rng(self.task.seed)
        tries = _TRIES if len(self.served) <= _COARSE_ROWS else 0
        for _ in range(tries):
            if self.plan is None or self.watch.over() or node.bound >= self.target.goal():
                return
            kept = self.plan[(self.state[self.plan] == OPEN) | (rng.random(self.p) >= _SHAKEN)]
            order = np.argsort(-(node.usage + 0.05 * rng.random(self.m)), kind="stable")
            fresh = order[(self.state[order] == FREE) & ~np.isin(order, kept)]
            self._offer(self._improve(self.lists, np.concatenate([kept, fresh[: self.p - len(kept)]])))

    def _widened(self, node: Node) -> bool:
        """Longer lists for the places whose multiplier is held down by the end of its list; False where none is."""
        if self.multiplier is None:
            return False
        held = np.isfinite(self.lists.cap) & (node.multiplier >= self.lists.cap * (1 - 1e-9))
        if not held.any():
            return False
        self.limit[held] = _WIDER * self.lists.cut[held]
        self.lists = self.pairs.drawn(self.limit)
        return True
