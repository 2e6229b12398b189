"""What fairness costs: the best plans as the least-served group is lifted step by step."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from jitasa_analytics.analysis.inputs import number
from jitasa_analytics.analysis.placement.maximal_cover import max_cover
from jitasa_analytics.analysis.placement.medians import p_median
from jitasa_analytics.analysis.placement.result import Placement
from jitasa_analytics.analysis.travel import Travel
from jitasa_analytics.errors import InfeasibleError, InputError, OutOfTimeError

Step = Callable[[int, pd.DataFrame], object]
"""Called with the number of plans so far and their table; False stops."""

_PROBLEMS: dict[str, Any] = {"max_cover": max_cover, "p_median": p_median}


@dataclass(frozen=True, eq=False)
class Frontier:
    """Plans from the best for all to the fairest, and what each step of fairness costs.

    Attributes
    ----------
    plans : tuple of Placement
    table : DataFrame, one row a plan, the best for all first
        ``floor`` asked for and ``least_share`` reached (share of the least-served group's people in
        reach), ``least_group``, ``people`` in reach, ``objective``, ``bound``, ``status``, ``price``:
        how much worse the objective is than that of the first plan.
    shares : DataFrame, shape (plans, groups)
        Share of each group's people in reach.
    end : float
        No plan lifts the least-served group to this share; NaN where that wasn't proven in time.
    """

    plans: tuple[Placement, ...]
    table: pd.DataFrame
    shares: pd.DataFrame
    end: float


def frontier(
    demand: pd.DataFrame, candidates: Any, travel: Travel, *, within: float, groups: pd.Series,
    problem: str = "max_cover", step: float = 0.01, most: int = 50, time_limit: float = 120.0,
    progress: Step | None = None, **options: Any,
) -> Frontier:
    """The price of an equity floor: the best plan for each least share that every group must get.

    Each plan is the best one whose least-served group is at least ``step`` better off than in the
    plan before, until none is. With a step below the difference of any two plans that is every
    plan that isn't beaten in both respects.

    Parameters
    ----------
    demand, candidates, travel, within
        As in `max_cover`; the cost up to which somebody counts as reached.
    groups : Series on the demand's labels
        District or group of each place; missing where it belongs to none.
    problem : "max_cover" or "p_median"
    step : float
        Least rise of the least share, 0.01 being a percentage point.
    most : int
        Most plans.
    time_limit : float
        Seconds for all plans together.
    progress : callable, optional
        Called with the number of plans and their table after each; False stops.
    **options
        As in the problem's own function; ``n_sites`` or a budget among them.

    Returns
    -------
    Frontier

    Raises
    ------
    InputError, InfeasibleError, OutOfTimeError

    References
    ----------
    Haimes, Lasdon & Wismer (1971), IEEE Transactions on Systems, Man, and Cybernetics 1(3) (one
    aim bounded, the other improved).

    Examples
    --------
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [90, 60, 10]}, index=["a", "b", "c"])
    >>> t = from_matrix([[1, 9, 9], [9, 1, 9], [9, 9, 1]], origins=demand, destinations=["s", "t", "u"])
    >>> groups = pd.Series(["north", "north", "south"], index=demand.index)
    >>> fair = frontier(demand, ["s", "t", "u"], t, within=5, groups=groups, n_sites=2)
    >>> fair.table[["least_share", "people", "price"]].values.tolist()
    [[0.0, 150.0, 0.0], [0.6, 100.0, 50.0]]
    """
    if problem not in _PROBLEMS:
        raise InputError(f"problem is {problem!r}; a frontier is drawn for {' and '.join(_PROBLEMS)}")
    step = number(step, "step")
    if not 0 < step <= 1:
        raise InputError(f"step is {step:g}; it must be a share above 0 and up to 1 (0.01 for a percentage point)")
    if "floors" in options:
        raise InputError("a frontier sets the floors itself; drop floors")
    most = int(number(most, "most", minimum=1))
    end = time.perf_counter() + number(time_limit, "time_limit", infinite=True)
    solve = _PROBLEMS[problem]
    plans, rows, shares, limit, floor = list[Placement](), list[dict[str, Any]](), list[pd.Series](), np.nan, 0.0
    while len(plans) < most and floor <= 1.0 and (not plans or time.perf_counter() < end):
        left = max(end - time.perf_counter(), 1.0)
        try:
            plan = solve(demand, candidates, travel, within=within, groups=groups, floors=floor, time_limit=left,
                         **options)
        except InfeasibleError:
            if not plans:
                raise
            limit = floor
            break
        except OutOfTimeError:
            if not plans:
                raise
            break
        share, people = _shares(plan, demand, groups, travel, within)
        lost = plan.objective - (plans[0].objective if plans else plan.objective)
        least = float(share.min())
        row = {"floor": floor, "least_share": least, "least_group": share.idxmin(), "people": people,
               "objective": plan.objective, "bound": plan.bound, "status": plan.status,
               "price": max(0.0, -lost if problem == "max_cover" else lost)}
        plans.append(plan)
        rows.append(row)
        shares.append(share)
        # A plan that is no better for all and less fair than the new one has nothing to say.
        sense = 1.0 if problem == "max_cover" else -1.0
        while len(rows) > 1 and sense * (row["objective"] - rows[-2]["objective"]) >= 0:
            for kept in (plans, rows, shares):
                del kept[-2]
        if progress is not None and progress(len(plans), pd.DataFrame(rows)) is False:
            break
        if least >= 1.0:
            break
        floor = least + step
    else:
        limit = floor if floor > 1.0 and plans else limit
    table = pd.DataFrame(rows)
    if problem == "max_cover":
        table["price"] = (table["objective"].iloc[0] - table["objective"]).clip(lower=0.0)
    else:
        table["price"] = (table["objective"] - table["objective"].iloc[0]).clip(lower=0.0)
    return Frontier(tuple(plans), table, pd.DataFrame(shares).reset_index(drop=True), limit)


def _shares(plan: Placement, demand: pd.DataFrame, groups: pd.Series, travel: Travel, within: float
            ) -> tuple[pd.Series, float]:
    """Share of the people of each group whom the plan reaches, and people reached in all."""
    people = demand["people"].astype(float)
    table = plan.assignments
    near = table[table["cost"] <= within]
    if "people" in near:
        served = near.groupby("demand")["people"].sum().reindex(demand.index).fillna(0.0)
    else:
        backup: Mapping[str, Any] = plan.params
        count = near.groupby("demand").size().reindex(demand.index).fillna(0)
        served = people.where(count >= (2 if backup.get("backup") else 1), 0.0)
    group = groups.reindex(demand.index)
    total = people.groupby(group).sum()
    share = (served.groupby(group).sum() / total)[total > 0]
    return share, float(served.sum())
