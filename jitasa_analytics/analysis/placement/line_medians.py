"""p-median along straight lines of any length: no table of costs, lengths are worked out in the loops.

The plan comes from swaps, the bound from Lagrangian multipliers, which few candidates at a time raise and
all candidates prove. Both begin with a problem whose places stand for many each, and go on with finer ones.
"""

from __future__ import annotations

import functools

import numpy as np
from scipy.spatial import cKDTree

from jitasa_analytics.analysis.lines import Lines
from jitasa_analytics.analysis.placement import line_kernels as kernels
from jitasa_analytics.analysis.placement import line_shake_kernels as shakes
from jitasa_analytics.analysis.placement.answer import Plan
from jitasa_analytics.analysis.placement.beside import beside
from jitasa_analytics.analysis.placement.cover import Floats, Ints
from jitasa_analytics.analysis.placement.line_dual import Ascent, Choice
from jitasa_analytics.analysis.placement.line_tree import Tree, gathered, tree_of
from jitasa_analytics.analysis.placement.task import Task

METHOD = "swaps, Lagrangian bound; lengths worked out when needed"

_GATHERED = (16, 4)  # places that are one at first, and then
_COARSE_ROWS = 4000
_COARSE_GAP = 0.003
_COARSE_TURNS = 2  # of multipliers and swaps, at each of these sizes
_ROUNDS = (40, 20, 20)  # of multipliers between two proofs, at these sizes and for all places
_PROOFS = 4  # for all places, beside the first search by swaps
_LATER, _AGAIN, _SETTLED = 80, 0.1, 0.04  # rounds in later turns; steps they begin with, and until which they go on
_SWEEP = 160  # rounds from then on
_SLACK = (0.3, 0.1, 0.05)  # of what a candidate has to save, that it may save less and raise the bound
_ACTIVE, _LEAST_ACTIVE = 10, 2500  # candidates for each site that raise the bound at first, and at least
_AIM = 1.005  # of the incumbent, that multipliers aim at
_TRIED, _LEAST_TRIED = 8, 1000  # candidates for each site that swaps put in, and at least,
_LIKELY = 1e-3  # besides those that were among the open ones in so many of the rounds
_EXCHANGED, _AROUND = 5, 100  # sites at most that are exchanged before others around them are tried; those others
_FAR = 0.5  # of the exchanges, in which one of the sites comes from anywhere
_CROSSINGS = 12  # of two plans
_CHANCE = 0.02  # of a candidate to come in, besides how often it was among the open ones
_TRIES, _AT_ONCE = 3, 40  # how often in a turn so many exchanges are tried
_COARSE_PROOFS = 2  # beside a search by swaps


def solve(task: Task, lines: Lines) -> tuple[Plan, bool]:
    """The best plan of a p-median problem without further limits, and whether it is good enough."""
    return _Search(task, lines).run()


class _Search:
    """One problem while it is being solved."""

    def __init__(self, task: Task, lines: Lines) -> None:
        model = task.model
        assert model.n_sites is not None
        self.task, self.watch, self.lines, self.p = task, task.watch, lines, model.n_sites
        self.names = np.flatnonzero(~model.forbidden)
        self.choice = Choice(lines.ends[self.names], model.fixed[self.names], self.p, lines.blur)
        self.m = len(self.names)
        served = np.flatnonzero(task.must)
        self.tree = tree_of(lines.starts[served], model.people[served])
        self.people = model.people
        self.plan: Ints | None = None
        self.km = np.inf  # of the plan, by the straight line through the ground

    def run(self) -> tuple[Plan, bool]:
        """Search until it is proven, good enough, or over."""
        watch = self.watch
        watch.tell(bound=0.0)
        sizes = [*_GATHERED, 1] if len(self.tree.people) > _COARSE_ROWS else [1]
        small = gathered(self.tree, sizes[0])[0] if sizes[0] > 1 else self.tree
        begin = kernels.line_seeds(
            *small.located, *small.rough_sites(self.choice.ends), np.flatnonzero(self.choice.fixed), self.p,
            self.task.seed)
        chosen, near, second, _ = self._improve(small, begin, np.arange(self.m))
        mu = near + 0.5 * (second - near) if self.p > 1 else 1.5 * near
        active = np.union1d(self.choice.spread(max(_ACTIVE * self.p, _LEAST_ACTIVE)), chosen)
        for level, following in enumerate(sizes[1:]):
            state = Ascent(small, self.choice, mu, active, _SLACK[level])
            chosen = self._coarse(state, chosen, _ROUNDS[level])
            small = gathered(self.tree, following)[0] if following > 1 else self.tree
            mu, active = state.at(small.points), state.active
        self._offer(chosen)
        self._climb(Ascent(self.tree, self.choice, mu, active, _SLACK[-1]), chosen)
        assert self.plan is not None
        return Plan(np.sort(self.names[self.plan])), watch.enough()

    def _improve(
        self, tree: Tree, begin: Ints, tried: Ints, most: int | None = None
    ) -> tuple[Ints, Floats, Floats, float]:
        """Swaps from a plan: sites, ways to the nearest and the second nearest, and Σ people × way in km."""
        fixed = self.choice.fixed
        chosen = np.concatenate([begin[fixed[begin]], begin[~fixed[begin]]]).astype(np.int64)
        n = len(tree.people)
        near, second = np.empty(n, np.float32), np.empty(n, np.float32)
        km = kernels.line_swaps(
            *tree.rough, *tree.rough_sites(self.choice.ends), int(fixed.sum()), tried.astype(np.int64), chosen,
            50 * self.p + 2000 if most is None else most, near, second)
        return chosen, near.astype(np.float64), second.astype(np.float64), float(km)

    def _offer(self, chosen: Ints) -> None:
        """Take a plan over if it is better."""
        travel = self.lines.near(np.sort(self.names[chosen]), 1)
        value = float(self.people @ travel.costs)
        if self.plan is None or self.watch.better(value):
            self.plan, self.km = chosen.copy(), value / self.lines.factor
        self.watch.tell(value)

    def _coarse(self, state: Ascent, chosen: Ints, rounds: int) -> Ints:
        """Raise the multipliers of a smaller problem while swaps look for its plan."""
        begin = chosen
        km = self._improve(state.tree, chosen, np.arange(0))[3]

        def climb() -> None:
            for _ in range(_COARSE_PROOFS):
                state.climb(rounds, _AIM * km, km * (1 - _COARSE_GAP))

        for turn in range(_COARSE_TURNS):
            if self.watch.left() <= 0:
                break
            improve = functools.partial(self._improve, state.tree, begin, np.arange(self.m))
            found, _, _, value = beside(climb, improve, self.watch.left)
            if value < km or turn == 0:
                chosen, km = found, value
            if state.bound >= km * (1 - _COARSE_GAP):
                break
            begin = state.often()
        return chosen

    def _climb(self, state: Ascent, begin: Ints) -> None:
        """Multipliers of the whole problem, while swaps look for plans beside."""
        watch, turn = self.watch, 0
        watch.tell(bound=state.bound * self.lines.factor)
        rng = np.random.default_rng(self.task.seed)
        liked = np.zeros(self.m, bool)  # candidates of any plan so far
        while not watch.over():
            look = functools.partial(self._improved, begin, rng.permutation(self.m))
            if turn > 1:
                likely = liked | (state.usage > _LIKELY)
                likely[state.best(max(_TRIED * self.p, _LEAST_TRIED))] = True
                look = functools.partial(
                    self._shaken, int(rng.integers(2**31)), state.usage.copy(), np.flatnonzero(likely),
                    begin if turn % 2 else None)
            found = beside(functools.partial(self._raise, state, turn), look, watch.left)
            self._offer(found)
            liked[found] = True
            turn += 1
            begin = state.often()

    def _improved(self, begin: Ints, tried: Ints) -> Ints:
        """The plan that swaps lead to."""
        return self._improve(self.tree, begin, tried)[0]

    def _shaken(self, seed: int, usage: Floats, tried: Ints, begin: Ints | None) -> Ints:
        """The best plan after exchanges mended around there, or a fresh one after them crossed with the best.

        A plan to ``begin`` with makes it a fresh one.
        """
        assert self.plan is not None
        plan, rng = self.plan, np.random.default_rng(seed)
        tried = np.union1d(tried, plan)
        if self.p < 2 or len(tried) == self.p or self.choice.fixed[plan].all():
            return plan
        if begin is None:
            return self._exchanged(plan, usage, tried, rng)
        fresh = self._improve(self.tree, begin, rng.permutation(tried))[0]
        fresh = self._exchanged(fresh, usage, np.union1d(tried, fresh), rng)
        return self._crossed(plan, fresh, rng)

    def _exchanged(self, plan: Ints, usage: Floats, tried: Ints, rng: np.random.Generator) -> Ints:
        """A plan after so many exchanges of neighbouring sites, each kept where it is better once it is mended."""
        fixed, watch = self.choice.fixed, self.watch
        ends = self.choice.ends[tried]
        about = cKDTree(ends).query(ends, k=np.arange(1, min(_AROUND, len(tried)) + 1))[1]
        chosen = np.searchsorted(tried, np.concatenate([plan[fixed[plan]], plan[~fixed[plan]]])).astype(np.int64)
        for _ in range(_TRIES):
            if watch.cancelled or watch.spent() > watch.time_limit:
                break
            shakes.line_shaken(
                *self.tree.rough, *self.tree.rough_sites(ends), int(fixed.sum()), np.asarray(about, np.int64),
                usage[tried] + _CHANCE, chosen, _AT_ONCE, _EXCHANGED, _FAR, int(rng.integers(2**31)))
        return np.asarray(tried[chosen])

    def _crossed(self, one: Ints, other: Ints, rng: np.random.Generator) -> Ints:
        """The best of two plans and of those that have the sites of one in a ball and those of the other elsewhere."""
        fixed, ends, watch = self.choice.fixed, self.choice.ends, self.watch
        worth = [self._improve(self.tree, plan, one[:0])[3] for plan in (one, other)]
        for _ in range(_CROSSINGS):
            if watch.cancelled or watch.spent() > watch.time_limit:
                break
            middle = ends[one[rng.integers(self.p)]]
            first, second = (plan[np.argsort(((ends[plan] - middle) ** 2).sum(axis=1), kind="stable")]
                             for plan in (one, other))
            same = [k for k in range(1, self.p) if not np.array_equal(first[:k], second[:k])
                    and len(np.unique(child := np.concatenate([second[:k], first[k:]]))) == self.p
                    and fixed[child].sum() == fixed.sum()]
            if not same:
                continue
            k = same[int(rng.integers(len(same)))]
            for child in (np.concatenate([second[:k], first[k:]]), np.concatenate([first[:k], second[k:]])):
                if len(np.unique(child)) < self.p or fixed[child].sum() != fixed.sum():
                    continue
                value = self._improve(self.tree, child, child[:0])[3]
                if value < min(worth):
                    one, worth[0] = child, value
                    break
        return one if worth[0] <= worth[1] else other

    def _raise(self, state: Ascent, turn: int) -> None:
        """A whole turn of multipliers, proven with all candidates."""
        aim, enough = _AIM * self.km, self.km * (1 - self.watch.gap)
        if turn == 1:
            state.theta = max(state.theta, _AGAIN)
        settled = turn > 1 and state.theta < _SETTLED
        for _ in range(1 if settled else 2 if turn else _PROOFS):
            if self.watch.over():
                return
            if settled:
                state.sweep(_SWEEP, aim, enough)
            else:
                state.climb(_LATER if turn else _ROUNDS[-1], aim, enough)
            self.watch.tell(bound=state.bound * self.lines.factor)
