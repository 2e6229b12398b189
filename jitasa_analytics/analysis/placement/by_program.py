"""Solving a placement problem as a mixed-integer program, with every limit."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from jitasa_analytics.analysis.placement import exact
from jitasa_analytics.analysis.placement.answer import Flows, Plan
from jitasa_analytics.analysis.placement.cover import Floats
from jitasa_analytics.analysis.placement.diagnose import blocked
from jitasa_analytics.analysis.placement.formulate import Formulation, Goal, formulate
from jitasa_analytics.analysis.placement.task import Task
from jitasa_analytics.errors import InfeasibleError, OutOfTimeError

METHOD = "branch and bound (HiGHS)"

# The solver may err by its tolerance, relative to the objective's scaled size; bounds are moved
# outwards by twice that.
_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Attempt:
    """What a run of the solver gave: a plan or None; whether it finished; whether there is none for certain."""

    form: Formulation
    plan: Plan | None
    finished: bool
    infeasible: bool


def solve(task: Task) -> tuple[Plan, bool]:
    """The best plan, and whether the solver finished.

    Raises
    ------
    InfeasibleError
        If no plan keeps to the limits.
    OutOfTimeError
        If no plan was found in time.
    """
    found = attempt(task)
    if found.infeasible:
        raise InfeasibleError(blocked(task.model, task.limits, found.form, seed=task.seed))
    if found.plan is None:
        raise OutOfTimeError(
            f"no plan that keeps to all limits was found in {task.watch.time_limit:g} seconds, and none was "
            "ruled out; give more time_limit, or loosen a limit"
        )
    return found.plan, found.finished


def attempt(
    task: Task, *, start: Plan | None = None, quiet: bool = False, proof_only: bool = False, nodes: int | None = None,
) -> Attempt:
    """Give a task to the solver; ``quiet`` keeps its bound from the watch, since it holds for less than the whole.

    ``proof_only`` and ``nodes`` as in `exact.maximise`.
    """
    goal: Goal = task.problem  # type: ignore[assignment]
    form = formulate(task.model, task.limits, goal, task.within, task.must)
    sense = task.watch.sense

    def heed(incumbent: float, bound: float) -> bool:
        # The incumbent is shown and not told: its value is known only once it has been recomputed.
        if not quiet:
            task.watch.look(sense * incumbent * form.scale)
            task.watch.tell(bound=outward(task, sense * bound * form.scale))
        return task.watch.left() <= 0.0

    outcome = exact.maximise(
        form.program, gap=task.watch.gap, absolute_gap=1e-6, tolerance=_TOLERANCE,
        time_limit=task.watch.left(), seed=task.seed, start=None if start is None else _written(form, start), heed=heed,
        proof_only=proof_only, nodes=nodes,
    )
    if outcome.infeasible or outcome.values is None:
        return Attempt(form, None, False, outcome.infeasible)
    plan = read(form, outcome.values, task)
    if not quiet:
        task.watch.tell(task.worth(plan), outward(task, sense * outcome.bound * form.scale))
    return Attempt(form, plan, outcome.finished, False)


def _written(form: Formulation, plan: Plan) -> Floats | None:
    """A plan with its flows as a solution of the program; None where it isn't one."""
    if plan.flows is None or form.pair_row is None or form.pair_column is None:
        return None
    width = int(form.pair_column.max(initial=0)) + 1 + form.m
    values = np.zeros(len(form.program.gain))
    values[plan.chosen] = 1.0
    known = form.pair_row * width + form.pair_column
    at = np.searchsorted(known, plan.flows.place * width + plan.flows.site)
    if (at >= len(known)).any() or (known[at] != plan.flows.place * width + plan.flows.site).any():
        return None
    place = plan.flows.place
    total = np.bincount(place, plan.flows.people)
    values[form.m + at] = plan.flows.people / total[place]
    return values


def serving(task: Task, radius: float, *, time_limit: float) -> tuple[Plan | None, bool]:
    """A plan that serves everybody within a radius; and whether it is proven that there is none."""
    count = np.bincount(task.model.pairs(radius)[0], minlength=len(task.must))
    if (count[task.must] < task.k).any():
        return None, True
    form = formulate(task.model, task.limits, "serve", radius, task.must)
    outcome = exact.maximise(
        form.program, gap=0.0, absolute_gap=1e-6, tolerance=_TOLERANCE, time_limit=time_limit, seed=task.seed,
        heed=lambda *_: task.watch.left() <= 0.0,
    )
    if outcome.infeasible or outcome.values is None:
        return None, outcome.infeasible
    return read(form, outcome.values, task), False


def outward(task: Task, bound: float) -> float:
    """A bound that holds in spite of the solver's tolerance, rounded where values are whole."""
    if not math.isfinite(bound):
        return bound
    sense = task.watch.sense
    error = 2 * _TOLERANCE * abs(bound)
    if task.whole and error < 0.1:
        return float(sense * math.floor(sense * bound + 0.1 + error))
    return bound + sense * error


def read(form: Formulation, values: Floats, task: Task) -> Plan:
    """The plan that a solution stands for."""
    chosen = np.flatnonzero(values[: form.m] > 0.5)
    if task.limits.capacity is None or form.pair_row is None:
        return Plan(chosen)
    assert form.pair_column is not None and form.pair_cost is not None
    share = np.clip(values[form.m :], 0.0, 1.0)
    is_open = np.zeros(form.m, bool)
    is_open[chosen] = True
    kept = is_open[form.pair_column] & (share > (1e-7 if task.limits.split else 0.5))
    flows = Flows(form.pair_row[kept], form.pair_column[kept], form.pair_cost[kept], share[kept])
    total = np.bincount(flows.place, flows.people, minlength=len(task.model.people))[flows.place]
    if task.problem != "max_cover" or not task.limits.split:
        flows = replace(flows, people=flows.people / total)
    order = np.lexsort((flows.site, flows.cost, flows.place))
    people = (task.model.people[flows.place] * flows.people)[order]
    return Plan(chosen, Flows(flows.place[order], flows.site[order], flows.cost[order], people))
