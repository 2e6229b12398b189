"""What a plan means: what each site is for, what would replace it, and what a sequence of plans costs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from jitasa_analytics.analysis.inputs import labels_of
from jitasa_analytics.analysis.placement import answer
from jitasa_analytics.analysis.placement.centers import p_center
from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.limits import Limits
from jitasa_analytics.analysis.placement.maximal_cover import max_cover
from jitasa_analytics.analysis.placement.medians import p_median
from jitasa_analytics.analysis.placement.model import Model, build
from jitasa_analytics.analysis.placement.result import Placement
from jitasa_analytics.analysis.travel import Lines, Travel
from jitasa_analytics.errors import InputError

_PROBLEMS = {"max_cover": max_cover, "p_median": p_median, "p_center": p_center}


def explain(result: Placement, demand: pd.DataFrame, candidates: Any, travel: Travel | Lines) -> pd.DataFrame:
    """For each site of a plan: who depends on it, and what its best replacement would cost.

    Parameters
    ----------
    result : Placement
        Of `max_cover`, `p_median` or `p_center` without further limits.
    demand, candidates, travel
        Those of the call that gave it. Of `Lines` only the pairs are worked out that can matter.

    Returns
    -------
    DataFrame, on ``result.sites``'s index
        ``fixed``, ``people`` and ``people_only_here`` as in the plan; ``without``: the objective if
        the site closes and nothing opens (inf where somebody is then not served at all);
        ``runner_up``: the candidate that replaces it best (missing where there is none), and
        ``with_runner_up``: the objective then; ``replacement_cost``: how much worse that is, in the
        unit of the objective, negative where the plan wasn't the best one.

    Raises
    ------
    InputError
        If the plan is of another kind.

    Examples
    --------
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [10, 20]}, index=["a", "b"])
    >>> t = from_matrix([[5, 1], [1, 4]], origins=demand, destinations=["s", "t"])
    >>> plan = p_median(demand, ["s", "t"], t, n_sites=1)
    >>> explain(plan, demand, ["s", "t"], t)[["runner_up", "with_runner_up", "replacement_cost"]].values.tolist()
    [['t', 90.0, 20.0]]
    """
    problem = result.params["problem"]
    more = [name for name in Limits.__annotations__ if result.params.get(name)]
    if problem not in _PROBLEMS or more:
        beside = f" with {', '.join(more)}" if more else ""
        raise InputError(
            f"explain knows plans of {', '.join(_PROBLEMS)} without further limits, not of {problem}{beside}"
        )
    within = np.inf if problem in ("p_median", "p_center") else float(result.params["within"])
    if isinstance(travel, Lines):
        travel = _that_matter(travel, result.sites.index, within)
    model = build(demand, candidates, travel, n_sites=None, fixed=result.params["fixed"],
                  forbidden=result.params["forbidden"])
    labels = model.travel.destinations
    pairs = model.pairs(within)
    chosen = np.sort(labels.get_indexer(result.sites.index))
    served = np.isfinite(_ways(model, chosen, within)) & (model.people > 0)
    spare = np.setdiff1d(np.flatnonzero(~model.forbidden), chosen)
    sense = 1.0 if problem == "max_cover" else -1.0
    rows = []
    cover = _Cover(model, pairs, chosen) if problem == "max_cover" else None
    for j in chosen:
        if cover is not None:
            without, values = cover.without(j)
        else:
            without, values = _replaced(problem, model, pairs, _ways(model, chosen[chosen != j], within), served)
        if len(spare):
            best = int(spare[np.argmax(sense * values[spare])])
            rows.append((without, labels[best], values[best], sense * (result.objective - values[best])))
        else:
            rows.append((without, None, without, sense * (result.objective - without)))
    table = pd.DataFrame(
        rows, index=labels[chosen], columns=["without", "runner_up", "with_runner_up", "replacement_cost"])
    return result.sites.join(table.reindex(result.sites.index))


def _that_matter(lines: Lines, sites: pd.Index, within: float) -> Travel:
    """The pairs that can change what a plan is worth when one of its sites is exchanged.

    A place that loses its site goes to the next one of the plan: only a candidate that is as near matters to it.
    """
    chosen = np.sort(lines.destinations.get_indexer(sites))
    if np.isfinite(within) or len(chosen) < 2 or (chosen < 0).any():
        return lines.table(within)
    two = lines.near(chosen, 2)
    return lines.within_each(np.maximum.reduceat(two.costs, two.indptr[:-1]))


def _ways(model: Model, chosen: Ints, within: float) -> Floats:
    """Cost of each place to the nearest of the sites; inf where none is in reach."""
    flows = answer.near(model, chosen, within)
    way = np.full(len(model.people), np.inf)
    np.minimum.at(way, flows.place, flows.cost)
    return way


class _Cover:
    """A plan of max_cover while its sites are taken out one by one: only what a site alone reaches changes."""

    def __init__(self, model: Model, pairs: tuple[Ints, Ints, Floats], chosen: Ints) -> None:
        self.place, self.site, _ = pairs
        self.people, self.m = model.people, len(model.fixed)
        is_open = np.zeros(self.m, bool)
        is_open[chosen] = True
        own = is_open[self.site]
        hits = np.bincount(self.place[own], minlength=len(self.people))
        self.worth = float(self.people[hits > 0].sum())
        beyond = hits[self.place] == 0
        self.gain = np.bincount(self.site[beyond], self.people[self.place[beyond]], minlength=self.m)
        alone = own & (hits[self.place] == 1)
        self.only, self.owner = self.place[alone], self.site[alone]
        self.start = np.searchsorted(self.place, np.arange(len(self.people) + 1))

    def without(self, j: int) -> tuple[float, Floats]:
        """People reached without the site, and with each candidate in its place, shape (m,)."""
        lost = self.only[self.owner == j]
        length = self.start[lost + 1] - self.start[lost]
        at = np.repeat(self.start[lost] - np.cumsum(length) + length, length) + np.arange(int(length.sum()))
        back = np.bincount(self.site[at], self.people[self.place[at]], minlength=self.m)
        base = self.worth - float(self.people[lost].sum())
        return base, np.asarray(base + self.gain + back, np.float64)


def _replaced(
    problem: str, model: Model, pairs: tuple[Ints, Ints, Floats], way: Floats, served: Bools
) -> tuple[float, Floats]:
    """The objective with the sites that are left, and with each candidate beside them, shape (m,)."""
    place, site, cost = pairs
    people, m = model.people, len(model.fixed)
    reached = np.isfinite(way)
    lost = served & ~reached
    helped = np.bincount(site, lost[place], minlength=m) == lost.sum()
    counted = served[place]
    place, site, cost = place[counted], site[counted], cost[counted]
    if problem == "p_median":
        near = np.where(reached & served, way, 0.0)
        base = float(people @ near)
        # What was lost is added with its new way, the others may get nearer.
        change = np.where(lost[place], cost, np.minimum(cost - near[place], 0.0)) * people[place]
        values = np.asarray(base + np.bincount(site, change, minlength=m), np.float64)
    else:
        base = float(way[served & reached].max(initial=0.0))
        values = np.empty(m, np.float64)
        order = np.lexsort((place, site))
        start = np.searchsorted(site[order], np.arange(m + 1))
        for j in range(m):
            own = order[start[j] : start[j + 1]]
            after = np.where(served, way, 0.0)
            after[place[own]] = np.minimum(after[place[own]], cost[own])
            values[j] = after.max(initial=0.0)
    values = np.where(helped, values, np.inf)
    return (np.inf if lost.any() else base), values


@dataclass(frozen=True, eq=False)
class Phases:
    """Plans that grow, each holding the sites of the one before.

    Attributes
    ----------
    plans : tuple of Placement
    table : DataFrame, on the number of sites
        ``objective`` and ``bound`` of the nested plan, ``free`` and ``free_bound``: of the plan that
        needn't hold the earlier sites; ``price``: what nesting costs, in the unit of the objective
        (0 where the nested plan is at least as good as the free one that was found).
    """

    plans: tuple[Placement, ...]
    table: pd.DataFrame


def plan(
    numbers: Sequence[int], problem: str, demand: pd.DataFrame, candidates: Any, travel: Travel, **options: Any
) -> Phases:
    """Sites in phases: each number of sites holds the sites of the number before.

    Each phase is the best that can be added to the phase before it. That is a plan that can be
    built step by step; it isn't the best of all nested plans.

    Parameters
    ----------
    numbers : sequence of int, ascending
    problem : "max_cover", "p_median" or "p_center"
    demand, candidates, travel, **options
        As in the problem's own function, without ``n_sites``.

    Returns
    -------
    Phases

    Raises
    ------
    InputError, InfeasibleError

    Examples
    --------
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [10, 11, 12]}, index=["a", "b", "c"])
    >>> t = from_matrix([[0, 9, 1], [9, 0, 1], [9, 9, 9]], origins=demand, destinations=["s", "t", "u"])
    >>> phases = plan([1, 2], "max_cover", demand, ["s", "t", "u"], t, within=5)
    >>> phases.table["objective"].tolist(), phases.table["price"].tolist()
    ([21.0, 21.0], [0.0, 0.0])
    """
    if problem not in _PROBLEMS:
        raise InputError(f"problem is {problem!r}; phases are planned for {', '.join(_PROBLEMS)}")
    wanted = list(numbers)
    if not wanted or any(b <= a for a, b in itertools.pairwise(wanted)):
        raise InputError(f"numbers is {wanted!r}; it must be at least one number of sites, ascending")
    solve: Any = _PROBLEMS[problem]
    given = labels_of(options.pop("fixed", ()), "fixed")
    plans, rows = [], []
    fixed = given
    sense = 1.0 if problem == "max_cover" else -1.0
    for number in wanted:
        free = solve(demand, candidates, travel, n_sites=number, fixed=given, **options)
        nested = solve(demand, candidates, travel, n_sites=number, fixed=fixed, **options)
        fixed = nested.sites.index
        plans.append(nested)
        price = max(0.0, sense * (free.objective - nested.objective))
        rows.append((nested.objective, nested.bound, free.objective, free.bound, price))
    table = pd.DataFrame(rows, index=pd.Index(wanted, name="n_sites"),
                         columns=["objective", "bound", "free", "free_bound", "price"])
    return Phases(tuple(plans), table)
