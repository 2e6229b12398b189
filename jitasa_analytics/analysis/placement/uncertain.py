"""How a plan holds when need isn't known well: how often each site is right, and what is regretted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from jitasa_analytics.analysis.inputs import labels_of, number, numbers, quantity, same_labels, some
from jitasa_analytics.analysis.placement import answer
from jitasa_analytics.analysis.placement.answer import Plan
from jitasa_analytics.analysis.placement.maximal_cover import max_cover
from jitasa_analytics.analysis.placement.medians import p_median
from jitasa_analytics.analysis.placement.model import build
from jitasa_analytics.analysis.placement.result import Placement
from jitasa_analytics.analysis.travel import Travel
from jitasa_analytics.errors import InputError

Floats = npt.NDArray[np.float64]
Drawn = Callable[[int, int], object]
"""Called with draws done and draws wanted; False stops."""

_PROBLEMS: dict[str, Any] = {"max_cover": max_cover, "p_median": p_median}
_REFUSED = {
    "capacity": "a plan may have no room under another need",
    "floors": "a plan may break a floor under another need",
    "groups": "a plan may break a floor under another need",
}


@dataclass(frozen=True, eq=False)
class Robust:
    """A plan under many possible needs.

    Attributes
    ----------
    plan : Placement
        The best plan for the need as given.
    sites : DataFrame, on candidates that were ever chosen, the most frequent first
        ``chosen``: share of the draws whose best plan has it; ``in_plan``; ``in_safest``.
    draws : DataFrame, one row a draw
        ``people``; ``value``: objective of the plan under this need; ``best``: of the best plan found
        for it; ``bound``: what no plan can beat; ``regret``: how much better the best one is (0 or
        more), ``most_regret``: how much better any plan could be; both in the unit of the objective;
        ``safest_regret``: the regret of the plan below.
    safest : Index
        Sites of the plan, among those that were best in some draw, whose largest regret is least.
    """

    plan: Placement
    sites: pd.DataFrame
    draws: pd.DataFrame
    safest: pd.Index


def robust(
    demand: pd.DataFrame, candidates: Any, travel: Travel, *, problem: str = "max_cover", draws: int = 200,
    spread: float | pd.Series = 0.2, needs: pd.DataFrame | None = None, seed: int = 0, time_limit: float = 120.0,
    progress: Drawn | None = None, **options: Any,
) -> Robust:
    """Solve again for many possible needs: which sites stay, and what the plan would lose.

    Parameters
    ----------
    demand, candidates, travel, **options
        As in the problem's own function.
    problem : "max_cover" or "p_median"
    draws : int
        How many needs.
    spread : float or Series on the demand's labels
        Standard deviation of the number of people over its mean. Each place is drawn by itself,
        log-normally, with the given number as its mean.
    needs : DataFrame, shape (n, draws), optional
        People at each place in each draw, instead of drawing; on the demand's labels.
    seed : int
    time_limit : float
        Seconds for all draws together; then those done so far are reported.
    progress : callable, optional
        Called with draws done and wanted; False stops.

    Returns
    -------
    Robust

    Raises
    ------
    InputError, InfeasibleError

    References
    ----------
    Kouvelis & Yu (1997), Robust Discrete Optimization and Its Applications (regret).

    Examples
    --------
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [10, 9]}, index=["a", "b"])
    >>> t = from_matrix([[1, 9], [9, 1]], origins=demand, destinations=["s", "t"])
    >>> needs = pd.DataFrame([[10, 10, 4], [9, 1, 9]], index=demand.index)
    >>> found = robust(demand, ["s", "t"], t, within=5, n_sites=1, needs=needs)
    >>> found.sites["chosen"].round(2).to_dict(), found.draws["regret"].tolist(), list(found.safest)
    ({'s': 0.67, 't': 0.33}, [0.0, 0.0, 5.0], ['s'])
    """
    if problem not in _PROBLEMS:
        raise InputError(f"problem is {problem!r}; it must be {' or '.join(_PROBLEMS)}: the number of people "
                         "doesn't change the plans of the others")
    for name, why in _REFUSED.items():
        if options.get(name) is not None:
            raise InputError(f"robust can't take {name}: {why}; drop it")
    people = _needs(demand, draws, spread, needs, seed)
    end = time.perf_counter() + number(time_limit, "time_limit", infinite=True)
    solve = _PROBLEMS[problem]
    first = solve(demand, candidates, travel, seed=seed, time_limit=max(end - time.perf_counter(), 1.0), **options)
    model = build(demand, candidates, travel, n_sites=None, fixed=(), forbidden=first.params["forbidden"])
    labels = model.travel.destinations
    within = float(first.params["within"]) if problem == "max_cover" else np.inf
    k = 2 if first.params.get("backup") else 1
    places = demand.index.get_indexer(model.travel.origins)
    plans = {tuple(np.sort(labels.get_indexer(first.sites.index))): 0}
    found = list[tuple[int, float]]()
    for draw in range(people.shape[1]):
        left = end - time.perf_counter()
        if draw and left <= 0:
            break
        best = solve(demand.assign(people=people[:, draw]), candidates, travel, seed=seed, time_limit=max(left, 1.0),
                     **options)
        chosen = tuple(np.sort(labels.get_indexer(best.sites.index)))
        found.append((plans.setdefault(chosen, len(plans)), best.bound))
        if progress is not None and progress(draw + 1, people.shape[1]) is False:
            break
    ways = np.array([_ways(model, np.array(plan), within, k) for plan in plans])
    return _result(first, problem, labels, list(plans), ways, people[places][:, : len(found)], found)


def _needs(demand: pd.DataFrame, draws: int, spread: float | pd.Series, needs: pd.DataFrame | None, seed: int
           ) -> Floats:
    """People by place and draw, in the order of the demand."""
    mean = quantity(demand, "people", "demand")
    if needs is not None:
        same_labels(labels_of(needs, "needs"), demand.index, "needs", "demand")
        table = np.column_stack([numbers(needs[c].reindex(demand.index), f"needs[{c!r}]") for c in needs.columns])
        wrong = np.flatnonzero(~(np.isfinite(table) & (table >= 0)).all(axis=1))
        if len(wrong):
            raise InputError(f"needs is missing, infinite or negative at {some(demand.index[wrong])}; correct it")
        return np.asarray(table, np.float64)
    if isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 1:
        raise InputError(f"draws is {draws!r}; it must be a whole number of at least 1")
    if isinstance(spread, pd.Series):
        same_labels(labels_of(spread, "spread"), demand.index, "spread", "demand")
        relative = numbers(spread.reindex(demand.index), "spread")
        if not (np.isfinite(relative) & (relative >= 0)).all():
            raise InputError("spread is missing, infinite or negative; it must be 0 or more at every place")
    else:
        relative = np.full(len(mean), number(spread, "spread"))
    # Drawn in the order of the labels, so that a shuffled frame gives the same needs.
    order = np.asarray(demand.index.astype(str).argsort(), np.int64)
    sigma = np.sqrt(np.log1p(relative**2))
    factor = np.empty((len(mean), draws))
    factor[order] = np.random.default_rng(seed).standard_normal((len(mean), draws))
    return np.asarray(np.rint(mean[:, None] * np.exp(sigma[:, None] * factor - sigma[:, None] ** 2 / 2)), np.float64)


def _ways(model: Any, chosen: npt.NDArray[np.int64], within: float, k: int) -> Floats:
    """What a person at each place counts under a plan: 1 where reached (max_cover), the cost (p_median)."""
    flows = answer.nearest(model, Plan(chosen).chosen, within, k)
    count = np.bincount(flows.place, minlength=len(model.people))
    if np.isfinite(within):
        return np.asarray(count >= k, np.float64)
    total = np.bincount(flows.place, flows.cost, minlength=len(model.people))
    # Places that nobody serves but in other plans: as good as impossible there.
    return np.where(count >= k, total, np.inf)


def _result(
    first: Placement, problem: str, labels: pd.Index, plans: list[tuple[int, ...]], ways: Floats, people: Floats,
    found: list[tuple[int, float]],
) -> Robust:
    """Values of every plan in every draw, and what follows."""
    sense = 1.0 if problem == "max_cover" else -1.0
    # Places that no plan at all serves count nothing anywhere.
    dead = ~np.isfinite(ways).any(axis=0)
    ways = np.where(dead, 0.0, ways)
    lost = np.isinf(ways)
    value = np.where(lost, 0.0, ways) @ people
    value = np.where((lost.astype(float) @ (people > 0)) > 0, np.inf, value)
    best = value.max(axis=0) if sense > 0 else value.min(axis=0)
    bound = np.array([b for _, b in found])
    bound = np.maximum(bound, best) if sense > 0 else np.minimum(bound, best)
    regret = sense * (best - value)
    safest = int(np.argmin(regret.max(axis=1)))
    winner = np.array([plan for plan, _ in found])
    share = np.zeros(len(labels))
    for plan in winner:
        share[list(plans[plan])] += 1.0 / len(winner)
    in_plan = np.isin(np.arange(len(labels)), plans[0])
    in_safest = np.isin(np.arange(len(labels)), plans[safest])
    shown = np.flatnonzero((share > 0) | in_plan)
    shown = shown[np.argsort(-share[shown], kind="stable")]
    sites = pd.DataFrame({"chosen": share[shown], "in_plan": in_plan[shown], "in_safest": in_safest[shown]},
                         index=labels[shown])
    table = pd.DataFrame({
        "people": people.sum(axis=0), "value": value[0], "best": best, "bound": bound, "regret": regret[0],
        "most_regret": sense * (bound - value[0]), "safest_regret": regret[safest]})
    return Robust(first, sites, table, labels[list(plans[safest])])
