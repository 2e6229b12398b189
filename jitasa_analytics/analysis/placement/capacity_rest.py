"""What a better plan with limited room can still use, once a bound and a plan are known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from jitasa_analytics.analysis.placement.answer import Plan
from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.task import Task
from jitasa_analytics.analysis.travel import Travel

_TABLE = 2_000_000  # entries of a table of places or pairs by candidates


@dataclass(frozen=True, eq=False)
class Filled:
    """Sites filled with those who gain most by them, which proves a bound.

    Attributes
    ----------
    task : Task
    served : int array, shape (n,)
        Places that must be served.
    sites : tuple of arrays
        Where the pairs of each candidate start, their places (positions in ``served``) and costs.
    people, multiplier : float arrays, shape (n,)
    room, worth : float arrays, shape (m,)
        ``worth`` is what a candidate adds to the bound when open, 0 or less.
    free : bool array, shape (m,)
        Candidates that are neither fixed nor forbidden.
    wanted : int
        How many of them open.
    take : float array, one per pair
        The share of the place that the candidate takes.
    bound : float
    top : bool array, shape (m,)
        The sites that the bound opens.
    """

    task: Task
    served: Ints
    sites: tuple[Ints, Ints, Floats]
    people: Floats
    room: Floats
    free: Bools
    wanted: int
    multiplier: Floats
    take: Floats
    worth: Floats
    bound: float
    top: Bools

    def rest(self, plan: Plan | None) -> Task:
        """The task without what no plan better than the best one uses; what ``plan`` uses stays."""
        watch, model, bound, top = self.task.watch, self.task.model, self.bound, self.top
        m = len(self.worth)
        free = np.sort(self.worth[self.free])
        last = free[self.wanted - 1] if self.wanted > 0 else -np.inf
        following = free[self.wanted] if self.wanted < len(free) else np.inf
        slack = 1e-9 * (abs(bound) + float(np.abs(self.worth).sum()))
        # One that comes in puts the last out; one that goes lets the next in.
        enter = np.where(top, 0.0, self.worth - last) if np.isfinite(last) else np.where(top, 0.0, np.inf)
        leave = np.where(top & self.free, following - self.worth, 0.0)
        shut = self.free & (bound + enter > watch.value + slack)
        needed = self.free & top & (bound + leave > watch.value + slack)
        # A pair costs at least what its place counts more there than the worst that the site takes.
        start, row, cost = self.sites
        site = np.repeat(np.arange(m), np.diff(start))
        ratio = cost - self.multiplier[row]
        taken = self.take > 0
        worst = np.zeros(m)
        load = np.bincount(site, self.people[row] * self.take, minlength=m)
        full = load >= self.room * (1 - 1e-9)
        most = np.full(m, -np.inf)
        np.maximum.at(most, site[taken], ratio[taken])
        worst[full] = np.minimum(most[full], 0.0)
        extra = np.where(self.task.limits.split, 0.0, np.maximum(0.0, self.people[row] * (ratio - worst[site])))
        used = (bound + enter[site] + extra <= watch.value + slack) & ~shut[site]
        if not self.task.limits.split and len(self.people) * m <= _TABLE:
            some = np.flatnonzero(used)
            lost = np.zeros((len(self.people), m))
            lost[row, site] = self.take * self.people[row] * np.maximum(worst[site] - ratio, 0.0)
            used[some] = bound + self._with(row[some], site[some], extra[some], lost) <= watch.value + slack
        keep = set(zip(self.served[row[used]].tolist(), site[used].tolist(), strict=True))
        travel = model.travel
        mine = np.fromiter(((i, j) in keep for i, j in zip(travel.rows.tolist(), travel.indices.tolist(), strict=True)),
                           bool, travel.n_pairs)
        if plan is not None and plan.flows is not None:  # the plan itself stays possible
            own = set(zip(plan.flows.place.tolist(), plan.flows.site.tolist(), strict=True))
            mine |= np.fromiter(((i, j) in own for i, j in zip(
                travel.rows.tolist(), travel.indices.tolist(), strict=True)), bool, travel.n_pairs)
            needed[np.setdiff1d(np.flatnonzero(needed), plan.chosen)] = False
            shut[plan.chosen] = False
        small = replace(model, fixed=model.fixed | needed, forbidden=model.forbidden | shut,
                        travel=_kept(travel, mine))
        return replace(self.task, model=small)

    def _with(self, row: Ints, site: Ints, extra: Floats, lost: Floats) -> Floats:
        """By how much the bound is higher at least where a place goes whole to a site, for some pairs.

        The site is open then, which costs it ``extra``, and no other one takes the place: those that did lose
        ``lost`` (shape (n, m)), so that others may be open in their stead.
        """
        before, fixed = float(self.worth[self.top].sum()), self.task.model.fixed
        rise = np.empty(len(row))
        for part in np.array_split(np.arange(len(row)), 1 + len(row) * len(fixed) // _TABLE):
            mine, one_of_free = self.worth[site[part]] + extra[part], ~fixed[site[part]]
            worth = self.worth + lost[row[part]]
            worth[np.arange(len(part)), site[part]] = np.where(one_of_free, np.inf, mine)
            others = np.sort(worth[:, self.free], axis=1)
            total = worth[:, fixed].sum(axis=1)
            if self.wanted:
                # Where the site is one of the free ones, it is in the place of the last of the others.
                total += others[:, : self.wanted - 1].sum(axis=1)
                total += np.where(one_of_free, mine, others[:, self.wanted - 1])
            rise[part] = total - before
        return rise


def only(task: Task, plan: Plan) -> Task:
    """The task with the sites of a plan and no other."""
    model, mine = task.model, np.zeros(len(task.model.fixed), bool)
    mine[plan.chosen] = True
    travel = _kept(model.travel, mine[model.travel.indices])
    return replace(task, model=replace(model, fixed=mine, forbidden=~mine, travel=travel))


def _kept(travel: Travel, mask: Bools) -> Travel:
    """Some of the pairs only."""
    indptr = np.concatenate([[0], np.cumsum(mask)])[travel.indptr]
    return replace(travel, indptr=indptr, indices=travel.indices[mask], costs=travel.costs[mask])
