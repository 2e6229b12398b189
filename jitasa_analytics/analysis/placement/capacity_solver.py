"""p-median with limited room: multipliers for bound and plan, branch and bound for what they leave open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jitasa_analytics.analysis.placement import by_program
from jitasa_analytics.analysis.placement import capacity_kernels as kernels
from jitasa_analytics.analysis.placement.answer import Flows, Plan
from jitasa_analytics.analysis.placement.capacity_rest import Filled, only
from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.median_kernels import by_site
from jitasa_analytics.analysis.placement.task import Task

METHOD = "Lagrangian bound and plans, moves and exchanges, branch and bound (HiGHS)"

_EPS = float(np.finfo(np.float64).eps)
_EXCHANGED = 4000  # places up to which every exchange of two is tried
_PATIENCE = 12
_EVERY = 25  # rounds between two plans
_RISE, _HARDLY = 50, 0.01  # rounds in which the bound has to gain so much of what is missing, where pairs are few
_TRIALS = 300  # exchanges of a site that are tried
_SMALL = 25_000  # pairs up to which the solver is done sooner than a higher bound
_SWEEPS, _ROUNDS = 14, 100  # of further rises of the bound, and rounds in each
_SWEEP, _SMALLER, _CARRIED = 0.1, 0.8, 0.95  # their steps, by what these shrink, and what is kept of a direction
_AIM = 1.003  # of the plan, that they aim at
_LITTLE = 0.01  # of what is missing, which is no gain; twice in a row is the end
_SETTLING = 200  # nodes of branch and bound for the sites of the best plan alone
_LEFT = 60_000  # pairs up to which what is left open is given to the solver


def suits(task: Task) -> bool:
    """Whether room is the only further limit."""
    limits = task.limits
    others = (limits.price, limits.budget, limits.group, limits.today)
    return limits.capacity is not None and all(value is None for value in others) and not limits.backup


def solve(task: Task) -> tuple[Plan, bool]:
    """The best plan, and whether the search finished.

    Raises
    ------
    InfeasibleError, JitasaError
        As `by_program.solve`.
    """
    search = _Search(task)
    search.ascend()
    if search.plan is None:
        return by_program.solve(task)  # the solver finds a plan or says why there is none
    if not task.watch.over():
        search.improve()
    if len(search.cost) > _SMALL:
        search.sweep()
    if task.watch.enough():
        return search.plan, True
    if task.watch.left() <= 0:
        return search.plan, False
    if not task.limits.split:
        search.settle()
    rest = search.reduced()
    if rest.model.travel.n_pairs > _LEFT:
        return search.plan, False
    outcome = by_program.attempt(rest, start=search.plan, proof_only=True)
    if outcome.plan is not None and task.worth(outcome.plan) < task.worth(search.plan):
        search.plan = outcome.plan
    task.watch.tell(task.worth(search.plan), task.watch.value if outcome.infeasible else None)
    return search.plan, outcome.finished or outcome.infeasible


@dataclass(eq=False)
class _Search:
    """One problem while it is being solved; places are those that must be served."""

    task: Task

    def __post_init__(self) -> None:
        model, limits = self.task.model, self.task.limits
        assert limits.capacity is not None and model.n_sites is not None
        self.served = np.flatnonzero(self.task.must)
        place, site, cost = model.pairs()
        people = model.people
        if not limits.split:
            fits = people[place] <= limits.capacity[site]
            place, site, cost = place[fits], site[fits], cost[fits]
        self.people, self.room, self.p = people[self.served], limits.capacity, model.n_sites
        self.n, self.m = len(self.served), len(model.fixed)
        position = np.full(len(people), -1, np.int64)
        position[self.served] = np.arange(self.n)
        start = np.concatenate([[0], np.cumsum(np.bincount(position[place], minlength=self.n))]).astype(np.int64)
        self.row, self.of, self.cost = position[place], site, cost
        self.sites = by_site(start, site, cost, self.m)
        self.free = ~model.fixed & ~model.forbidden
        self.wanted = self.p - int(model.fixed.sum())
        self.multiplier: Floats = np.zeros(self.n)
        self.plan: Plan | None = None
        self.bound, self.least = -np.inf, np.inf  # the least ways of places that aren't split
        self.take, self.worth, self.size = np.zeros(len(cost)), np.zeros(self.m), np.zeros(self.m)

    def _fill(self, multiplier: Floats) -> tuple[float, Bools]:
        """The bound of multipliers, rounded down, and the sites it opens."""
        kernels.filled(*self.sites, self.people, self.room, multiplier, self.take, self.worth, self.size)
        order = np.flatnonzero(self.free)[np.argsort(self.worth[self.free], kind="stable")[: self.wanted]]
        top = self.task.model.fixed.copy()
        top[order] = True
        paid = self.people * multiplier
        longest = int(np.diff(self.sites[0]).max(initial=0))
        error = 4 * _EPS * (self.n + 2 * longest + self.p + 8) * (float(paid.sum()) + float(self.size[top].sum()))
        return float(paid.sum()) + float(self.worth[top].sum()) - error, top

    def ascend(self, rounds: int = 1500) -> None:
        """Raise the bound by subgradients and read plans off the sites that they open."""
        watch = self.task.watch
        least = np.full(self.n, np.inf)
        np.minimum.at(least, self.row, self.cost)
        if not np.isfinite(least).all() or self.wanted > self.free.sum() or self.wanted < 0:
            return
        multiplier = self._start(least)
        best, usage, direction = multiplier, np.zeros(self.m), np.zeros(self.n)
        theta, stale, tried, before = 1.0, 0, set[tuple[int, ...]](), -np.inf
        for round_ in range(rounds):
            bound, top = self._fill(multiplier)
            usage = 0.95 * usage + 0.05 * top
            stale = 0 if bound > self.bound * (1 + 1e-7) or not np.isfinite(self.bound) else stale + 1
            if bound > self.bound:
                self.bound, best = bound, multiplier
            if round_ % _EVERY == _EVERY - 1:
                often = np.argsort(-(usage + 2.0 * self.task.model.fixed - 2.0 * self.task.model.forbidden),
                                   kind="stable")[: self.p]
                for chosen in (np.sort(often), np.flatnonzero(top)):
                    if tuple(chosen) not in tried:
                        tried.add(tuple(chosen))
                        self._offer(chosen, multiplier)
                watch.tell(bound=self._told(self.bound))
            if round_ % _RISE == _RISE - 1 and len(self.cost) <= _SMALL:
                if self.bound - before < _HARDLY * (watch.value - self.bound):
                    break  # the solver is done sooner
                before = self.bound
            if watch.over() or theta < 1e-4:
                break
            if stale >= _PATIENCE:
                theta, stale, multiplier = theta * 0.7, 0, best
                direction = np.zeros(self.n)
                continue
            count = kernels.served(self.sites[0], self.sites[1], self.take, top, self.n)
            direction = 1.0 - count + 0.5 * direction
            length = float(direction**2 @ self.people)
            if length <= 0:
                break
            goal = watch.value if np.isfinite(watch.value) else max(2.0 * bound, float(self.people @ least) + 1.0)
            step = theta * max(1.02 * goal - bound, 1e-9 * abs(goal)) / length
            multiplier = np.maximum(multiplier + step * direction, 0.0)
        self.multiplier = best
        watch.tell(bound=self._told(self.bound))

    def sweep(self) -> None:
        """Raise the bound further, by steps that get smaller by plan and keep their direction longer.

        A step aims at the best bound so far and some of the way from there to the plan, whatever the last one gained.
        """
        watch, step, idle = self.task.watch, _SWEEP, 0
        best, direction = self.multiplier, np.zeros(self.n)
        for _ in range(_SWEEPS):
            multiplier, before = best, self.bound
            for _ in range(_ROUNDS):
                bound, top = self._fill(multiplier)
                if bound > self.bound:
                    self.bound, best = bound, multiplier
                count = kernels.served(self.sites[0], self.sites[1], self.take, top, self.n)
                direction = 1.0 - count + _CARRIED * direction
                length = float(direction**2 @ self.people)
                if watch.over() or length <= 0 or not np.isfinite(watch.value):
                    break
                goal = step * max(_AIM * watch.value - self.bound, 1e-9 * abs(watch.value)) + self.bound - bound
                multiplier = np.maximum(multiplier + goal / length * direction, 0.0)
            self.multiplier = best
            watch.tell(bound=self._told(self.bound))
            idle = idle + 1 if self.bound - before < _LITTLE * (watch.value - before) else 0
            if watch.over() or idle > 1:
                break
            step *= _SMALLER

    def _start(self, least: Floats) -> Floats:
        """A first worth of serving: the way to about the site that is the nearest where p are spread evenly."""
        reach = np.sort(self.cost)[: max(1, len(self.cost) // max(self.p, 1))]
        return np.asarray(np.maximum(least, float(reach[-1])), np.float64)

    def _told(self, bound: float) -> float:
        return float(np.ceil(bound)) if self.task.whole and np.isfinite(bound) else bound

    def _open(self, chosen: Ints) -> Floats:
        """Costs of each place to the open sites, shape (n, p); inf where there is no pair."""
        start, row, cost = self.sites
        table = np.full((self.n, len(chosen)), np.inf)
        for r, j in enumerate(chosen):
            table[row[start[j] : start[j + 1]], r] = cost[start[j] : start[j + 1]]
        return table

    def _offer(self, chosen: Ints, multiplier: Floats) -> None:
        """Share the places out among the sites, move sites to the middle of theirs, and again."""
        site, value = self._shared(chosen)
        for _ in range(30):
            if not np.isfinite(value):
                break
            moved = self._middles(chosen, site)
            if (moved == chosen).all():
                break
            other, less = self._shared(moved)
            if less >= value:
                break
            chosen, site, value = moved, other, less
        if not np.isfinite(value):
            return
        self._take(chosen, site, value)

    def _take(self, chosen: Ints, site: Ints, value: float) -> None:
        """Take a plan over if it is better."""
        table = self._open(chosen)
        flows = Flows(self.served, chosen[site], table[np.arange(self.n), site], self.people)
        plan = Plan(np.sort(chosen), flows)
        if self.task.limits.split and value < self.least:
            plan = self._split(plan) or plan
        self.least = min(self.least, value)
        if self.plan is None or self.task.watch.better(self.task.worth(plan)):
            self.plan = plan
            self.task.watch.tell(self.task.worth(plan))

    def improve(self) -> None:
        """Exchange sites of the best plan."""
        assert self.plan is not None
        site, value = self._shared(self.plan.chosen)
        if np.isfinite(value):
            self._take(*self._exchanged(self.plan.chosen, site, value))

    def _exchanged(self, chosen: Ints, site: Ints, value: float) -> tuple[Ints, Ints, float]:
        """Exchange one site for a candidate as long as that shortens the ways.

        What an exchange would be worth were room unlimited is never more than what it is worth, so
        that only those below the value are looked at, the most promising first.
        """
        far = 10.0 * (1.0 + float(self.cost.max(initial=0.0)))
        left = _TRIALS
        while left > 0:
            hope = kernels.exchanges(self._open(chosen), *self.sites, self.people, far)
            hope[~self.free] = np.inf
            hope[chosen] = np.inf
            hope[:, self.task.model.fixed[chosen]] = np.inf
            order = np.argsort(hope, axis=None, kind="stable")[:left]
            order = order[hope.ravel()[order] < value]
            for z in order:
                left -= 1
                j, r = divmod(int(z), len(chosen))
                other = chosen.copy()
                other[r] = j
                new, less = self._shared(other, thorough=False)
                if less < 1.003 * value:
                    new, less = self._shared(other)
                if less < value * (1 - 1e-9):
                    chosen, site, value = other, new, less
                    break
                if self.task.watch.left() <= 0:
                    return chosen, site, value
            else:
                break
        return chosen, site, value

    def _shared(self, chosen: Ints, thorough: bool = True) -> tuple[Ints, float]:
        """Places to open sites, whole, and their ways in all; inf where they weren't made to fit."""
        table = self._open(chosen)
        if table.shape[1] > 1:
            two = np.partition(table, 1, axis=1)
            regret = np.where(np.isfinite(two[:, 1]), two[:, 1], 1e12) - np.where(
                np.isfinite(two[:, 0]), two[:, 0], 1e12)
        else:
            regret = np.zeros(self.n)
        order = np.argsort(-regret * self.people, kind="stable")
        swap = thorough and self.n <= _EXCHANGED
        site, value = kernels.assigned(table, self.people, self.room[chosen], order, 8, swap)
        if not np.isfinite(value) and thorough:  # the large ones first fit more often
            order = np.argsort(-self.people, kind="stable")
            site, value = kernels.assigned(table, self.people, self.room[chosen], order, 8, swap)
        return site, float(value)

    def _middles(self, chosen: Ints, site: Ints) -> Ints:
        """For each group of places the candidate with the least ways that has room for them; fixed ones stay."""
        p = len(chosen)
        group = site[self.row]
        key = group * self.m + self.of
        total = np.bincount(key, self.people[self.row] * self.cost, minlength=p * self.m).reshape(p, self.m)
        count = np.bincount(key, minlength=p * self.m).reshape(p, self.m)
        load = np.bincount(site, self.people, minlength=p)
        members = np.bincount(site, minlength=p)
        possible = (count == members[:, None]) & (self.room[None, :] >= load[:, None]) & self.free[None, :]
        total = np.where(possible, total, np.inf)
        moved = chosen.copy()
        for r in range(p):
            if self.task.model.fixed[chosen[r]] or members[r] == 0:
                continue
            row = total[r].copy()
            row[moved] = np.inf
            row[moved[r]] = total[r, moved[r]]
            j = int(np.argmin(row))
            if row[j] < total[r, chosen[r]]:
                moved[r] = j
        return moved

    def settle(self) -> None:
        """Share the places out among the sites of the best plan as well as can be."""
        assert self.plan is not None
        rest = only(self.reduced(), self.plan)
        if rest.model.travel.n_pairs > _SMALL:
            return
        outcome = by_program.attempt(rest, start=self.plan, quiet=True, nodes=_SETTLING)
        if outcome.plan is not None and self.task.watch.better(self.task.worth(outcome.plan)):
            self.plan = outcome.plan
            self.task.watch.tell(self.task.worth(self.plan))

    def _split(self, plan: Plan) -> Plan | None:
        """The same sites with the people of places shared out at best."""
        return by_program.attempt(only(self.task, plan), quiet=True).plan

    def reduced(self) -> Task:
        """The task without what no better plan uses."""
        bound, top = self._fill(self.multiplier)
        filled = Filled(
            self.task, self.served, self.sites, self.people, self.room, self.free, self.wanted, self.multiplier,
            self.take, self.worth, bound, top)
        return filled.rest(self.plan)
