"""p-median along straight lines of any length: no table of costs, lengths are worked out in the loops.

The plan comes from swaps, the bound from Lagrangian multipliers, which few candidates at a time raise and
all candidates prove.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass

import numpy as np

from jitasa_analytics.analysis.lines import Lines
from jitasa_analytics.analysis.placement import line_kernels as kernels
from jitasa_analytics.analysis.placement.answer import Plan
from jitasa_analytics.analysis.placement.beside import beside
from jitasa_analytics.analysis.placement.cover import Floats, Ints
from jitasa_analytics.analysis.placement.line_tree import Tree, gathered, tree_of
from jitasa_analytics.analysis.placement.median_lists import together
from jitasa_analytics.analysis.placement.task import Task

METHOD = "swaps, Lagrangian bound; lengths worked out when needed"

_GATHERED = (16, 4)  # places that are one at first, and then
_COARSE_ROWS = 4000
_COARSE_ROUNDS, _COARSE_GAP = 300, 0.003
_ROUNDS = 40  # of multipliers between two proofs
_ACTIVE, _LEAST_ACTIVE = 20, 1500  # candidates for each site that raise the bound, and at least
_TRIED, _LEAST_TRIED = 8, 1000  # the same for those that swaps put in
_STEPS = (1.005, 0.7, 6)  # what ascents aim at, in incumbents; how much of a direction stays; rounds without gain
_PARTS = 16
_LIKELY = 0.02  # of the rounds, in which a candidate was among the open ones
_SHAKEN = 0.08  # of the sites, exchanged before another search
_PROOFS = 6  # beside a search by swaps
_SETTLED = 1e-3  # steps at which an ascent has arrived


def solve(task: Task, lines: Lines) -> tuple[Plan, bool]:
    """The best plan of a p-median problem without further limits, and whether it is good enough."""
    return _Search(task, lines).run()


@dataclass
class _Ascent:
    """Multipliers on their way up: what they prove, and how."""

    mu: Floats
    rho: Floats
    usage: Floats
    bound: float = -np.inf
    theta: float = 1.0
    wide: int = _ACTIVE


class _Search:
    """One problem while it is being solved."""

    def __init__(self, task: Task, lines: Lines) -> None:
        model = task.model
        assert model.n_sites is not None
        self.task, self.watch, self.lines, self.p = task, task.watch, lines, model.n_sites
        self.names = np.flatnonzero(~model.forbidden)
        self.ends = lines.ends[self.names]
        self.fixed = model.fixed[self.names]
        self.m = len(self.names)
        served = np.flatnonzero(task.must)
        self.tree = tree_of(lines.starts[served], model.people[served])
        self.people = model.people
        self.plan: Ints | None = None
        self.km = np.inf  # of the plan, by the straight line through the ground

    def run(self) -> tuple[Plan, bool]:
        """Search until it is proven, good enough, or over."""
        tree, watch = self.tree, self.watch
        watch.tell(bound=0.0)
        chosen: Ints | None = None
        mu: Floats = np.zeros(0)
        for size in _GATHERED if len(tree.people) > _COARSE_ROWS else (1,):
            small, group = gathered(tree, size)
            if chosen is None:
                begin = kernels.line_seeds(
                    *small.located, *small.rough_sites(self.ends), np.flatnonzero(self.fixed), self.p, self.task.seed)
                chosen, near, second, _ = self._improve(small, begin, np.arange(self.m))
                start = near + 0.5 * (second - near) if self.p > 1 else 1.5 * near
            else:
                start = np.asarray(np.bincount(group, tree.people * mu) / np.bincount(group, tree.people))
            self._offer(chosen)
            if size > 1:
                start, chosen = self._coarse(small, start, chosen)
                self._offer(chosen)
            mu = start[group]
        assert chosen is not None
        self._climb(mu, chosen)
        assert self.plan is not None
        return Plan(np.sort(self.names[self.plan])), watch.enough()

    def _improve(self, tree: Tree, begin: Ints, tried: Ints) -> tuple[Ints, Floats, Floats, float]:
        """Swaps from a plan: sites, ways to the nearest and the second nearest, and Σ people × way in km."""
        chosen = np.concatenate([begin[self.fixed[begin]], begin[~self.fixed[begin]]]).astype(np.int64)
        n = len(tree.people)
        near, second = np.empty(n, np.float32), np.empty(n, np.float32)
        km = kernels.line_swaps(
            *tree.rough, *tree.rough_sites(self.ends), int(self.fixed.sum()), tried.astype(np.int64), chosen,
            50 * self.p + 2000, near, second)
        return chosen, near.astype(np.float64), second.astype(np.float64), float(km)

    def _offer(self, chosen: Ints) -> None:
        """Take a plan over if it is better."""
        travel = self.lines.near(np.sort(self.names[chosen]), 1)
        value = float(self.people @ travel.costs)
        if self.plan is None or self.watch.better(value):
            self.plan, self.km = chosen.copy(), value / self.lines.factor
        self.watch.tell(value)

    def _sums(self, tree: Tree, mu: Floats) -> Floats:
        """Of every candidate: what it saves at most, against the multipliers."""
        rho = np.empty(self.m)
        x, y, z = np.ascontiguousarray(self.ends.T)
        edges = np.linspace(0, self.m, _PARTS + 1).astype(int).tolist()
        together([
            functools.partial(kernels.line_sums, *tree.fine, mu, self.lines.blur, x, y, z, first, last, rho)
            for first, last in itertools.pairwise(edges) if last > first])
        return rho

    def _proven(self, tree: Tree, mu: Floats, rho: Floats) -> float:
        """What multipliers prove, in km, rounded down for all that float64 may have lost."""
        free = np.sort(rho[~self.fixed])
        taken = np.concatenate([rho[self.fixed], free[: self.p - int(self.fixed.sum())]])
        total = float(tree.people @ mu)
        size = total - float(taken.sum())
        lost = 4.5e-16 * (2 * len(mu) + 10 * self.p + 64) * size
        return (total + float(taken.sum()) - lost) * (1 - 1e-15)

    def _active(self, rho: Floats, each: int, least: int) -> Ints:
        """The candidates that multipliers like best, and the fixed ones."""
        order = np.argsort(np.where(self.fixed, -np.inf, rho), kind="stable")
        return np.sort(order[: max(each * self.p, least)])

    def _ascend(
        self, tree: Tree, active: Ints, mu: Floats, theta: float, km: float, gap: float, usage: Floats
    ) -> tuple[Floats, float, float]:
        """Raise multipliers with some candidates: the best ones, what they seem worth, and the step size left."""
        best, used = mu.copy(), usage[active]
        aim, momentum, patience = _STEPS
        value, theta, _ = kernels.line_ascent(
            *tree.rough, *tree.rough_sites(self.ends[active]), self.fixed[active], self.p, aim * km,
            km * (1 - gap), mu.copy(), theta, momentum, patience, _ROUNDS, best, used)
        usage *= 0.95**_ROUNDS
        usage[active] = used
        return best, float(value), float(theta)

    def _often(self, usage: Floats) -> Ints:
        """The candidates that multipliers opened most often."""
        return np.argsort(-(usage + 2.0 * self.fixed), kind="stable")[: self.p].astype(np.int64)

    def _coarse(self, tree: Tree, mu: Floats, chosen: Ints) -> tuple[Floats, Ints]:
        """Multipliers and plan of a smaller problem."""
        theta, usage, done = 1.0, np.zeros(self.m), 0
        rho = self._sums(tree, mu)
        begin, km = chosen, np.inf
        while done < _COARSE_ROUNDS and theta > 1e-2 and self.watch.left() > 0:
            tried = self._active(rho, _ACTIVE, _LEAST_ACTIVE) if done else np.arange(self.m)
            other, _, _, value = self._improve(tree, begin, tried)
            if value < km:
                chosen, km = other, value
            for _ in range(2):
                mu, _, theta = self._ascend(tree, self._active(rho, _ACTIVE, _LEAST_ACTIVE), mu, theta, km,
                                            _COARSE_GAP, usage)
                rho = self._sums(tree, mu)
                done += _ROUNDS
            if self._proven(tree, mu, rho) >= km * (1 - _COARSE_GAP):
                break
            begin = self._often(usage)
        return mu, chosen

    def _climb(self, mu: Floats, begin: Ints) -> None:
        """Multipliers of the whole problem, while swaps look for plans beside."""
        watch, turn = self.watch, 0
        state = _Ascent(mu, self._sums(self.tree, mu), np.zeros(self.m))
        state.bound = self._proven(self.tree, mu, state.rho)
        watch.tell(bound=state.bound * self.lines.factor)
        rng = np.random.default_rng(self.task.seed)
        liked = np.zeros(self.m, bool)  # candidates of any plan so far
        liked[begin] = True
        while not watch.over():
            # By turns all candidates and those that plans and multipliers like, in an order of its own each time.
            tried = rng.permutation(self.m)
            if turn % 3:
                likely = liked | (state.usage > _LIKELY)
                likely[self._active(state.rho, _TRIED, _LEAST_TRIED)] = True
                tried = tried[likely[tried]]
            found = beside(functools.partial(self._raise, state), functools.partial(
                self._improve, self.tree, begin, tried), watch.left)
            self._offer(found[0])
            liked[found[0]] = True
            turn += 1
            begin = self._often(state.usage) if turn % 2 else self._shaken(rng, state.usage)

    def _shaken(self, rng: np.random.Generator, usage: Floats) -> Ints:
        """The best plan with a few of its sites exchanged for candidates that multipliers like."""
        assert self.plan is not None
        kept = self.plan[self.fixed[self.plan] | (rng.random(self.p) >= _SHAKEN)]
        order = np.argsort(-(usage + 0.05 * rng.random(self.m)), kind="stable")
        fresh = order[~np.isin(order, kept)]
        return np.concatenate([kept, fresh[: self.p - len(kept)]]).astype(np.int64)

    def _raise(self, state: _Ascent) -> None:
        """Some rounds of multipliers, each proven with all candidates."""
        for _ in range(_PROOFS):
            if self.watch.over():
                return
            active = self._active(state.rho, state.wide, _LEAST_ACTIVE)
            mu, value, state.theta = self._ascend(
                self.tree, active, state.mu, state.theta, self.km, self.watch.gap, state.usage)
            rho = self._sums(self.tree, mu)
            proven = self._proven(self.tree, mu, rho)
            self.watch.tell(bound=proven * self.lines.factor)
            if proven < value - 2e-4 * abs(value):  # candidates that were left out matter
                state.wide *= 2
            if proven > state.bound:
                state.bound, state.mu, state.rho = proven, mu, rho
            elif state.theta < _SETTLED:
                state.theta = 0.1
