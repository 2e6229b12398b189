"""p-center at any size: covers from above, proofs from below, until they meet."""

from __future__ import annotations

import functools

import numpy as np

from jitasa_analytics.analysis.placement import answer
from jitasa_analytics.analysis.placement import covering_kernels as kernels
from jitasa_analytics.analysis.placement.answer import Plan
from jitasa_analytics.analysis.placement.beside import all_of, beside
from jitasa_analytics.analysis.placement.cover import Floats, Ints
from jitasa_analytics.analysis.placement.covering import Rows
from jitasa_analytics.analysis.placement.covering_solver import MANY, least_number, within_number
from jitasa_analytics.analysis.placement.task import Task

METHOD = "bisection over costs: row weighting for covers, linear programs and branch and bound (HiGHS) for proofs"

_CORE = 6000  # places that the search looks at where there are more
_BEGIN = 1500  # places that the first plan is made for; those that it leaves out come to them
_NODES = 500  # of the first branch and bound for a radius
_PROOF = 3000  # places that a proof begins with
_TRIES = 5  # radii that are tried for a proof in a turn

Pairs = tuple[Ints, Ints, Floats, int]
"""Place (its position among some), candidate and cost of each pair, and how many places there are."""


def solve(task: Task) -> tuple[Plan, bool] | None:
    """The best plan of a p-center without further limits; None where no plan was found that serves all."""
    return _Search(task).run()


class _Search:
    """One problem while it is being solved."""

    def __init__(self, task: Task) -> None:
        self.task, self.watch, model = task, task.watch, task.model
        assert model.n_sites is not None
        self.p, self.fixed = model.n_sites - int(model.fixed.sum()), model.fixed
        place, site, cost = model.pairs()
        self.place, self.site, self.cost, self.pairs = place, site, cost, len(cost)
        self.served = np.flatnonzero(task.must)
        self.costs: Floats = np.zeros(0)
        self.plan: Plan | None = None
        self.seed = task.seed
        self.start: Ints | None = None  # of the pairs of each place
        self.core: Ints = self.served  # places that the search looks at, and those that it left out and that matter

    def run(self) -> tuple[Plan, bool] | None:
        """Search until it is proven, good enough, or over."""
        watch = self.watch
        least = np.full(len(self.task.must), np.inf)
        np.minimum.at(least, self.place, self.cost)
        watch.tell(bound=float(least[self.served].max(initial=0.0)))
        self._first()
        if self.plan is None:
            return None
        self.costs = np.unique(self.cost[(self.cost >= watch.bound) & (self.cost <= watch.value)])
        if len(self.served) <= _CORE:
            # Proofs come first: a search for a radius that is too small only ends with its work.
            self._from_below()
            self._from_above(self.served)
            nodes = _NODES
            while not watch.over() and self._low() < self._high():
                self._between(self.served, nodes)
                nodes *= 4
        else:
            self._both_ends(self._thin(_CORE))
        return self.plan, self._low() >= self._high()

    def _both_ends(self, core: Ints) -> None:
        """Places too many to prove anything about all: searches and proofs side by side, on more of them each time."""
        wanted, effort, self.core, radius = _PROOF, 1.0, core, 0.0
        while not self.watch.over() and self._low() < self._high():
            refute = functools.partial(
                self._refuted, self._pairs_of(core[:wanted]), self._low(), self._high(), _NODES if effort > 1 else 0,
                radius)
            above = functools.partial(self._from_above, self.core, effort)
            bound, radius = beside(above, refute, self.watch.left)
            self.watch.tell(bound=bound)
            wanted, effort = min(2 * wanted, len(core)), 3 * effort

    def _refuted(self, part: Pairs, low: int, high: int, nodes: int, radius: float) -> tuple[float, float]:
        """The largest cost that no plan is below, as far as the relaxed problem shows; and where to go on.

        A plan has to serve each of these places, whatever else it serves. Radii are tried where the number of
        sites that the last one needs, which falls with the square, would be the number there is.
        """
        costs, left = self.costs, self.watch.left
        radius = radius or float(costs[low] + 0.75 * (costs[high] - costs[low]))
        for _ in range(_TRIES):
            if low >= high or left() <= 0 or costs[high] - costs[low] <= 2e-4 * costs[high]:
                break
            span = costs[high] - costs[low]
            radius = min(max(radius, costs[low] + 0.1 * span), costs[high] - 0.1 * span)
            middle = int(np.clip(np.searchsorted(costs, radius, "right") - 1, low, high - 1))
            needed = least_number(
                self._near(part, float(costs[middle])), self.p, left=left, nodes=nodes, seed=self.task.seed)
            if needed > self.p:
                low = middle + 1
            else:
                high = middle
            nearly = 1.002 if needed > self.p else 0.998
            radius = float(costs[middle] * np.sqrt(max(needed, 1.0) / max(self.p, 1)) * nearly)
        return float(costs[low]), radius

    def _patience(self) -> float:
        """Work of a search for one radius: as much as the problem is large."""
        return min(0.1 * self.watch.work, 0.01 + 5e-7 * self.pairs)

    def _left(self) -> float:
        """Seconds that are left; one until there is a plan."""
        return max(self.watch.left(), 1.0) if self.plan is None and not self.watch.cancelled else self.watch.left()

    def _low(self) -> int:
        return int(np.searchsorted(self.costs, self.watch.bound))

    def _high(self) -> int:
        return int(np.searchsorted(self.costs, self.watch.value))

    def _thin(self, wanted: int) -> Ints:
        """About so many places that lie apart from each other, in a random order."""
        start = np.concatenate([[0], np.cumsum(np.bincount(self.place, minlength=len(self.task.must)))])
        order = self.served[np.random.default_rng(self.seed).permutation(len(self.served))]
        low, high = 0.0, float(self.watch.value)
        kept = order
        for _ in range(8):
            apart = (low + high) / 2
            kept = kernels.thinned(start.astype(np.int64), self.site, self.cost, apart, order)
            low, high = (apart, high) if len(kept) > wanted else (low, apart)
        return kept

    def _pairs_of(self, places: Ints) -> Pairs:
        """The pairs of the places that aren't served by a fixed site at any cost in question."""
        if self.start is None:
            count = np.bincount(self.place, minlength=len(self.task.must))
            self.start = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
        places = np.sort(places)
        length = np.diff(self.start)[places]
        begin = np.concatenate([[0], np.cumsum(length)])
        take = np.repeat(self.start[places] - begin[:-1], length) + np.arange(begin[-1])
        return np.repeat(np.arange(len(places)), length), self.site[take], self.cost[take], len(places)

    def _near(self, part: Pairs, radius: float) -> Rows:
        """The places that no fixed site reaches, and the candidates within the radius of each."""
        place, site, cost, n = part
        near = cost <= radius
        wanted = np.ones(n, bool)
        wanted[place[near & self.fixed[site]]] = False
        kept = near & wanted[place]
        count = np.bincount(place[kept], minlength=n)[wanted]
        start = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
        return Rows(start, site[kept], len(self.fixed))

    def _offer(self, sites: Ints) -> Floats:
        """Take sites over as a plan if they are better; the way of each place."""
        model = self.task.model
        chosen = np.flatnonzero(self.fixed | np.isin(np.arange(len(self.fixed)), sites))
        spare = np.flatnonzero(~model.forbidden & ~np.isin(np.arange(len(self.fixed)), chosen))
        missing = self.p + int(self.fixed.sum()) - len(chosen)
        plan = Plan(np.sort(np.concatenate([chosen, spare[:missing]])))
        flows = answer.nearest(model, plan.chosen, np.inf, 1)
        way = np.full(len(self.task.must), np.inf)
        way[flows.place] = flows.cost
        way[~self.task.must] = 0.0
        if np.isfinite(way).all() and self.watch.better(float(way.max())):
            self.plan = plan
            self.watch.tell(float(way.max()))
            # Pairs beyond the incumbent can't be in a better plan.
            kept = self.cost <= self.watch.value
            if kept.mean() < 0.7:
                self.place, self.site, self.cost = self.place[kept], self.site[kept], self.cost[kept]
                self.start = None
        return way

    def _cover(self, places: Ints, radius: float, *, work: float, nodes: int | None) -> tuple[Ints | None, bool]:
        self.seed += 1
        return within_number(
            self._near(self._pairs_of(places), radius), self.p, left=self._left, work=work,
            seed=self.seed % 2**31, nodes=nodes,
        )

    def _first(self) -> None:
        """Any plan that serves everybody."""
        places = self.served
        if len(places) > _CORE:
            places = np.sort(np.random.default_rng(self.seed).permutation(places)[: min(_CORE, _BEGIN)])
        for _ in range(10):
            sites, _ = self._cover(places, np.inf, work=max(10 * self._patience(), 0.1), nodes=MANY)
            if sites is None:
                return
            out = np.flatnonzero(~np.isfinite(self._offer(sites)))
            if self.plan is not None:
                return
            places = np.union1d(places, out)

    def _from_above(self, core: Ints, effort: float = 1.0) -> None:
        """Covers with ever smaller radii, by search alone."""
        low, steps = self._low(), max(8, int(np.ceil(np.log2(len(self.costs) + 1))))
        each = effort * min(self._patience(), max(0.02, 0.3 * self.watch.work / steps / 2))
        while low < self._high() and not self.watch.over():
            middle = (low + self._high()) // 2
            radius = float(self.costs[middle])
            if self.costs[self._high()] - radius < 2e-4 * radius and len(core) < len(self.served):
                break
            sites, none = self._cover(core, radius, work=each, nodes=None)
            if none:
                self.watch.tell(bound=float(self.costs[middle + 1]))
            if sites is None:
                low = middle + 1
                continue
            way = self._offer(sites)
            out = np.flatnonzero(way > radius)
            if len(out):  # the search left out places that matter
                grown = np.union1d(core, out[np.argsort(-way[out], kind="stable")[:300]])
                if len(grown) == len(core):
                    low = middle + 1
                core = self.core = grown

    def _from_below(self) -> None:
        """Radii proven too small by the relaxed problem."""
        low, high = self._low(), self._high()
        while low < high and not self.watch.over():
            middle = (low + high) // 2
            _, none = self._cover(self.served, float(self.costs[middle]), work=0.0, nodes=0)
            if none:
                self.watch.tell(bound=float(self.costs[middle + 1]))
                low = middle + 1
            else:
                high = middle

    def _between(self, places: Ints, nodes: int) -> None:
        """Decide radii below the incumbent by branch and bound with so many nodes, two at a time.

        The next smaller one settles everything where the incumbent is the best already, or the first that proves
        the gap asked for; the other one, at seven eighths of what is left, keeps the bound moving where that is too
        hard.
        """
        low, high, next_too = self._low(), self._high(), True
        while low < high and not self.watch.over():
            enough = int(np.searchsorted(self.costs, self.watch.value * (1.0 - self.watch.gap)))
            last = max(low, min(enough, high - 1))
            part_way = low + 7 * (last + 1 - low) // 8
            tried = sorted({part_way, last} if next_too else {part_way})
            part, calls = self._pairs_of(places), []
            for middle in tried:
                self.seed += 1
                calls.append(functools.partial(
                    within_number, self._near(part, float(self.costs[middle])), self.p, left=self._left,
                    work=self._patience(), seed=self.seed % 2**31, nodes=nodes,
                ))
            undecided = []
            for middle, (sites, none) in zip(tried, all_of(calls, len(calls)), strict=True):
                if sites is not None:
                    self._offer(sites)
                if none:
                    self.watch.tell(bound=float(self.costs[middle + 1]))
                    low = middle + 1
                elif sites is None:
                    undecided.append(middle)
            low, high = max(low, self._low()), min(high, self._high())
            next_too = next_too and tried[-1] not in undecided
            high = min([high, *(middle for middle in undecided if middle < tried[-1] or len(tried) == 1)])
