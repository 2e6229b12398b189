"""A chosen set of sites as the tables and the number of an answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.model import Model


@dataclass(frozen=True, eq=False)
class Flows:
    """Who goes where: place, site, cost and people of each assignment, by place and then by cost."""

    place: Ints
    site: Ints
    cost: Floats
    people: Floats


@dataclass(frozen=True, eq=False)
class Plan:
    """Chosen candidates (positions, ascending), and who goes where if that isn't to the nearest."""

    chosen: Ints
    flows: Flows | None = None


def near(model: Model, chosen: Ints, within: float) -> Flows:
    """All pairs of places and chosen sites within reach, by place, cost and label."""
    is_open = np.zeros(len(model.fixed), bool)
    is_open[chosen] = True
    travel = model.travel
    kept = np.flatnonzero(is_open[travel.indices])
    kept = kept[travel.costs[kept] <= within]
    site, cost = travel.indices[kept].astype(np.int64), travel.costs[kept]
    place = np.searchsorted(travel.indptr, kept, "right") - 1
    order = np.lexsort((site, cost, place))
    return Flows(place[order], site[order], cost[order], model.people[place[order]])


def rank(flows: Flows) -> Ints:
    """Position of each assignment among those of its place, from 0."""
    starts = np.flatnonzero(np.diff(flows.place, prepend=-1))
    lengths = np.diff(np.append(starts, len(flows.place)))
    return np.arange(len(flows.place)) - np.repeat(starts, lengths)


def nearest(model: Model, chosen: Ints, within: float, k: int) -> Flows:
    """Each place and its k cheapest sites; places with fewer than k in reach are left out."""
    flows = near(model, chosen, within)
    count = np.bincount(flows.place, minlength=len(model.people))
    kept = (rank(flows) < k) & (count[flows.place] >= k)
    return Flows(flows.place[kept], flows.site[kept], flows.cost[kept], flows.people[kept])


def objective(problem: str, model: Model, plan: Plan, within: float, k: int, price: Floats | None) -> float:
    """What a plan is worth, anew from its sites."""
    if problem == "set_cover":
        return float(len(plan.chosen) if price is None else price[plan.chosen].sum())
    flows = nearest(model, plan.chosen, within, k) if plan.flows is None else plan.flows
    if problem == "max_cover":
        return float(flows.people.sum() / (k if plan.flows is None else 1))
    if problem == "p_median":
        return float(flows.people @ flows.cost)
    lived = flows.people > 0
    return float(flows.cost[lived].max(initial=0.0))


def unserved(model: Model, plan: Plan, within: float, k: int, must: Bools) -> Ints:
    """Places that have to be served and aren't."""
    flows = nearest(model, plan.chosen, within, k) if plan.flows is None else plan.flows
    served = np.zeros(len(must), bool)
    served[flows.place] = True
    return np.flatnonzero(must & ~served)


def tables(
    demand: pd.Index, candidates: pd.Index, model: Model, plan: Plan, within: float, k: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sites and assignments in the caller's order.

    Parameters
    ----------
    demand, candidates : Index, shapes (n,) and (m,)
        The caller's labels in the caller's order.
    model : Model
    plan : Plan
    within : float
        Reach that "only here" looks at.
    k : int
        How many sites serve a place.

    Returns
    -------
    sites : DataFrame on the candidates' index, see `Placement`
    assignments : DataFrame with columns ``demand``, ``site``, ``cost``
        Each place and the sites that serve it; with ``people`` where the plan says who goes where.
    """
    flows = nearest(model, plan.chosen, within, k) if plan.flows is None else plan.flows
    reach = near(model, plan.chosen, within)
    needed = np.bincount(reach.place, minlength=len(model.people))[reach.place] <= k
    labels = model.travel.destinations
    sites = pd.DataFrame(
        {
            "fixed": model.fixed[plan.chosen],
            "people": _summed(flows.site, flows.people, plan.chosen, model),
            "people_only_here": _summed(reach.site[needed], reach.people[needed], plan.chosen, model),
        },
        index=labels[plan.chosen],
    )
    order = np.argsort(demand.get_indexer(model.travel.origins[flows.place]), kind="stable")
    columns = {
        "demand": model.travel.origins[flows.place[order]].array,
        "site": labels[flows.site[order]].array,
        "cost": flows.cost[order],
    }
    if plan.flows is not None:
        columns["people"] = flows.people[order]
    return sites.reindex(candidates[candidates.isin(sites.index)]), pd.DataFrame(columns)


def _summed(site: Ints, people: Floats, chosen: Ints, model: Model) -> Floats | Ints:
    """People by chosen site, as integers where all are."""
    total = np.bincount(site, people, minlength=len(model.fixed))[chosen]
    if (total == np.floor(total)).all() and model.whole_people:
        return total.astype(np.int64)
    return np.asarray(total, np.float64)
