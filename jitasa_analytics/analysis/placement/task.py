"""What all four problems share: checking a call, and writing its answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from jitasa_analytics.analysis.inputs import labels_of, number
from jitasa_analytics.analysis.lines import Lines
from jitasa_analytics.analysis.placement import answer
from jitasa_analytics.analysis.placement.answer import Plan
from jitasa_analytics.analysis.placement.cover import Bools
from jitasa_analytics.analysis.placement.limits import Checked, check
from jitasa_analytics.analysis.placement.model import Model, build
from jitasa_analytics.analysis.placement.result import Placement, relative_gap, verdict
from jitasa_analytics.analysis.placement.watch import Progress, Watch
from jitasa_analytics.analysis.travel import Travel
from jitasa_analytics.errors import InfeasibleError, InputError

_TABLE = 4_000_000  # pairs up to which lines are worked out at once


@dataclass(frozen=True, eq=False)
class Task:
    """One call, checked: the model, its limits, and the clock.

    Attributes
    ----------
    problem : str
    model : Model
    limits : Checked
    within : float
        Reach in the unit of travel; ``inf`` where the problem has none.
    reachable : bool array, shape (n,)
        Places that enough allowed candidates reach.
    watch : Watch
    seed : int
    demand, candidates : Index
        The caller's labels in the caller's order.
    params : dict
    lines : Lines, optional
        Where costs are worked out when they are needed; the travel of the model is empty then.
    """

    problem: str
    model: Model
    limits: Checked
    within: float
    reachable: Bools
    watch: Watch
    seed: int
    demand: pd.Index
    candidates: pd.Index
    params: Mapping[str, Any]
    lines: Lines | None = None

    @property
    def whole(self) -> bool:
        """Whether every objective is a whole number, so that a bound may be rounded to one."""
        if self.problem == "set_cover":
            return self.limits.price is None
        if not self.model.whole_people or self.limits.split:
            return False
        if self.problem != "p_median":
            return self.problem == "max_cover"
        costs = self.model.travel.costs
        return all(bool((part == np.floor(part)).all()) for part in (costs[:1000], costs[1000:]))

    @property
    def k(self) -> int:
        """How many sites serve a place."""
        return 2 if self.limits.backup else 1

    @property
    def must(self) -> Bools:
        """Places that are to be served: somebody lives there, and somebody can come."""
        return self.reachable & (self.model.people > 0)

    @property
    def radius(self) -> float:
        """Reach of the pairs that the problem uses; in p_median only the floors look at ``within``."""
        return np.inf if self.problem in ("p_median", "p_center") else self.within

    def worth(self, plan: Plan) -> float:
        """The objective of a plan."""
        return answer.objective(self.problem, self.model, plan, self.radius, self.k, self.limits.price)

    def measured(self, plan: Plan) -> Task:
        """The same with the costs to the two nearest sites of a plan as travel, where there is none."""
        if self.lines is None:
            return self
        # Two, so that nobody seems to have one site only.
        return replace(self, model=replace(self.model, travel=self.lines.near(np.sort(plan.chosen), 2)))

    def placement(self, plan: Plan, *, finished: bool, method: str) -> Placement:
        """The answer with its certificate."""
        watch = self.watch
        objective = self.worth(plan)
        watch.tell(objective)
        # The tables may differ from the search by the last digit of a sum.
        bound = max(watch.bound, objective) if watch.sense > 0 else min(watch.bound, objective)
        status = verdict(objective, bound, watch.gap, finished)
        if status == "time limit" and watch.cancelled:
            status = "cancelled"
        sites, assignments = answer.tables(self.demand, self.candidates, self.model, plan, self.radius, self.k)
        history = list(watch.history)
        if history[-1][1:] != (objective, bound):
            history.append((history[-1][0], objective, bound))
        return Placement(
            sites, assignments, objective, bound, relative_gap(objective, bound), status, method,
            pd.DataFrame(history, columns=["seconds", "incumbent", "bound"]), self.params, self.seed,
        )


def prepare(
    problem: str, demand: pd.DataFrame, candidates: Any, travel: Travel | Lines, *, n_sites: int | None,
    within: float | None, fixed: Iterable[object], forbidden: Iterable[object], gap: float, time_limit: float,
    seed: int, progress: Progress | None, limits: Mapping[str, Any],
) -> Task:
    """Check a call and bring it into the model's order.

    Raises
    ------
    InputError, InfeasibleError
    """
    reach = np.inf if within is None else number(within, "within", infinite=True)
    gap, time_limit = number(gap, "gap"), number(time_limit, "time_limit", infinite=True)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**31:
        raise InputError(f"seed is {seed!r}; it must be a whole number from 0 to 2147483647")
    if progress is not None and not callable(progress):
        raise InputError(f"progress must be a callable (seconds, incumbent, bound), not {progress!r}")
    fixed, forbidden = labels_of(fixed, "fixed"), labels_of(forbidden, "forbidden")
    lines = None
    if isinstance(travel, Lines):
        travel, lines = _held(travel, problem, reach, limits)
    model = build(demand, candidates, travel, n_sites=n_sites, fixed=fixed, forbidden=forbidden)
    if np.isfinite(reach):
        model.travel.check_limit(reach)
    checked = check(model, problem, limits, within=within is not None)
    k = 2 if checked.backup else 1
    used = np.inf if problem in ("p_median", "p_center") else reach
    if lines is not None:
        lines = lines.restrict(model.travel.origins, model.travel.destinations)
        reachable = np.ones(len(model.people), bool)
    elif np.isinf(used) and not model.forbidden.any():
        reachable = np.diff(model.travel.indptr) >= k
    else:
        allowed = (model.travel.costs <= used) & ~model.forbidden[model.travel.indices]
        reachable = np.bincount(model.travel.rows[allowed], minlength=len(model.people)) >= k
    if not reachable.any():
        raise InfeasibleError(_nobody(model, used, k))
    params = {
        "problem": problem, "within": within if within is None else reach, "unit": travel.unit,
        "n_sites": model.n_sites, "fixed": tuple(fixed), "forbidden": tuple(forbidden), "gap": gap,
        "time_limit": time_limit, "travel": travel.method, "people": float(model.people.sum()),
        "unreachable_people": float(model.people[~reachable].sum()),
        "unreachable_places": int((~reachable).sum()),
        **{name: value for name, value in limits.items() if value is not None},
    }
    watch = Watch(1 if problem == "max_cover" else -1, gap, time_limit, progress)
    return Task(problem, model, checked, reach, reachable, watch, int(seed), demand.index,
                labels_of(candidates, "candidates"), params, lines)


def _held(lines: Lines, problem: str, reach: float, limits: Mapping[str, Any]) -> tuple[Travel, Lines | None]:
    """The costs of lines as far as a problem needs all of them; else none, and the lines."""
    n, m = lines.shape
    if problem in ("max_cover", "set_cover"):
        return lines.table(reach), None
    if n * m <= _TABLE or any(value is not None for value in limits.values()):
        return lines.table(), None
    empty = Travel(np.zeros(n + 1, np.int64), np.zeros(0, np.int64), np.zeros(0), lines.origins, lines.destinations,
                   lines.unit, lines.method)
    return empty, lines


def _nobody(model: Model, within: float, k: int) -> str:
    """Why nobody can be reached, and the smallest radius that changes it."""
    allowed = ~model.forbidden[model.travel.indices]
    rows, costs = model.travel.rows[allowed], model.travel.costs[allowed]
    unit = model.travel.unit
    order = np.lexsort((costs, rows))
    rows, costs = rows[order], costs[order]
    enough = costs[k - 1 :][rows[k - 1 :] == rows[: len(rows) - k + 1]]
    who = "no candidate reaches" if k == 1 else "no two candidates reach"
    if len(enough) == 0:
        return f"{who} any demand at any cost in this travel ({model.travel.method}); widen it"
    nearest = "the nearest pair" if k == 1 else "the nearest two"
    verb = "needs" if k == 1 else "need"
    return f"{who} any demand within {within:g} {unit}; {nearest} {verb} within={enough.min():g} {unit}"
