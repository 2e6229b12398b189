"""The answer to a placement problem, with its certificate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

Status = Literal["optimal", "gap reached", "time limit", "cancelled"]

# Objective and bound closer than this, relatively, are the same number in float64 arithmetic.
SAME = 1e-8


@dataclass(frozen=True, eq=False)
class Placement:
    """Chosen sites, who goes where, and how far from the best this can be at most.

    Attributes
    ----------
    sites : DataFrame, on the candidates' index
        The chosen sites in the candidates' order: ``fixed`` (bool), ``people`` (persons assigned),
        ``people_only_here`` (persons whom no other chosen site reaches).
    assignments : DataFrame
        ``demand``, ``site``, ``cost``: each reached demand point and its cheapest chosen site.
    objective : float
        Value of this plan.
    bound : float
        Proven limit: no plan is better than this.
    gap : float
        ``|bound - objective| / |objective|``; 0 where both are 0.
    status : "optimal", "gap reached", "time limit" or "cancelled"
        Optimal only where the bound proves it; cancelled where ``progress`` asked to stop.
    method : str
        What found the plan and what proved the bound.
    history : DataFrame
        ``seconds``, ``incumbent``, ``bound`` over time.
    params : dict
        The options of the call, and what the data held: for instance ``unreachable_people``.
    seed : int
    """

    sites: pd.DataFrame
    assignments: pd.DataFrame
    objective: float
    bound: float
    gap: float
    status: Status
    method: str
    history: pd.DataFrame
    params: Mapping[str, Any]
    seed: int


def relative_gap(objective: float, bound: float) -> float:
    """Distance of bound and objective relative to the objective; 0 where both are 0.

    >>> relative_gap(80.0, 100.0), relative_gap(0.0, 0.0), relative_gap(0.0, 1.0)
    (0.25, 0.0, inf)
    """
    if bound == objective:
        return 0.0
    return abs(bound - objective) / abs(objective) if objective else math.inf


def verdict(objective: float, bound: float, wanted_gap: float, finished: bool) -> Status:
    """Name what was proven; ``finished`` says that the solver stopped of its own accord.

    >>> verdict(10.0, 10.0, 0.0, False), verdict(10.0, 10.4, 0.05, True), verdict(10.0, 12.0, 0.05, False)
    ('optimal', 'gap reached', 'time limit')
    """
    gap = relative_gap(objective, bound)
    if gap <= SAME:
        return "optimal"
    return "gap reached" if finished or gap <= wanted_gap else "time limit"
