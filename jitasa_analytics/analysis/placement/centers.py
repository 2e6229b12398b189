"""The shortest longest way with a given number of sites."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Unpack

import numpy as np
import pandas as pd

from jitasa_analytics.analysis.placement import by_program, center_solver, line_centers
from jitasa_analytics.analysis.placement.answer import Plan
from jitasa_analytics.analysis.placement.diagnose import blocked
from jitasa_analytics.analysis.placement.formulate import formulate
from jitasa_analytics.analysis.placement.limits import Limits
from jitasa_analytics.analysis.placement.result import Placement
from jitasa_analytics.analysis.placement.task import Task, prepare
from jitasa_analytics.analysis.placement.watch import Progress
from jitasa_analytics.analysis.travel import Lines, Travel
from jitasa_analytics.errors import InfeasibleError, OutOfTimeError


def p_center(
    demand: pd.DataFrame,
    candidates: Any,
    travel: Travel | Lines,
    *,
    n_sites: int | None = None,
    fixed: Iterable[object] = (),
    forbidden: Iterable[object] = (),
    gap: float = 0.0,
    time_limit: float = 60.0,
    seed: int = 0,
    progress: Progress | None = None,
    **limits: Unpack[Limits],
) -> Placement:
    """Choose sites so that the longest way of anybody is as short as possible, and prove it.

    Every place where somebody lives and that an allowed candidate reaches at all is served; the
    others are reported in ``params["unreachable_people"]``. How many people live at a place makes
    no difference, unless ``capacity`` is limited.

    Parameters
    ----------
    demand : DataFrame, shape (n,), column ``people`` (persons)
    candidates : DataFrame, Index or sequence of labels, shape (m,)
    travel : Travel or Lines, shape (n, m)
        Labels are those of ``demand`` and ``candidates``, in any order. A pair that is absent
        can't be used.
    n_sites : int
        Sites that are open in the end, fixed ones included; exactly so many are chosen, or at
        most so many where a ``budget`` is given.
    fixed, forbidden : labels, optional
        Candidates that must be chosen (existing sites), and that must not.
    gap, time_limit, seed, progress
        As in `p_median`.
    **limits
        See `Limits`.

    Returns
    -------
    Placement
        ``objective`` is the largest cost, ``bound`` a cost that no plan can be below.

    Raises
    ------
    InputError, InfeasibleError

    References
    ----------
    Minieka (1970), SIAM Review 12(1).

    Examples
    --------
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [10, 20]}, index=["a", "b"])
    >>> t = from_matrix([[5, 1], [1, 4]], origins=demand, destinations=["s", "t"])
    >>> plan = p_center(demand, ["s", "t"], t, n_sites=1)
    >>> plan.objective, plan.bound, plan.status, list(plan.sites.index)
    (4.0, 4.0, 'optimal', ['t'])
    """
    task = prepare(
        "p_center", demand, candidates, travel, n_sites=n_sites, within=None, fixed=fixed,
        forbidden=forbidden, gap=gap, time_limit=time_limit, seed=seed, progress=progress, limits=limits,
    )
    if task.lines is not None:
        plan, finished = line_centers.solve(task, task.lines)
        return task.measured(plan).placement(plan, finished=finished, method=line_centers.METHOD)
    if task.limits.none and (found := center_solver.solve(task)) is not None:
        return task.placement(found[0], finished=found[1], method=center_solver.METHOD)
    plan, finished = _bisected(task)
    return task.placement(plan, finished=finished, method="bisection over costs, branch and bound (HiGHS)")


def _bisected(task: Task) -> tuple[Plan, bool]:
    """Halve the costs in question: a radius either has a plan or is proven to have none."""
    model, watch = task.model, task.watch
    place, _, cost = model.pairs()
    costs = np.unique(cost[task.must[place]])
    if len(costs) == 0:  # nobody to be served
        costs = np.zeros(1)
    plan, none = by_program.serving(task, np.inf, time_limit=max(watch.left(), 1e-3))
    if none:
        form = formulate(model, task.limits, "serve", np.inf, task.must)
        raise InfeasibleError(blocked(model, task.limits, form, seed=task.seed))
    if plan is None:
        raise OutOfTimeError(f"no plan was found in {watch.time_limit:g} seconds, and none was ruled out; give more")
    low, high = 0, int(np.searchsorted(costs, task.worth(plan)))
    watch.tell(task.worth(plan), float(costs[0]))
    while low < high and not watch.over():
        middle = (low + high) // 2
        better, none = by_program.serving(task, float(costs[middle]), time_limit=watch.left())
        if better is not None:
            plan = better
            high = int(np.searchsorted(costs, task.worth(plan)))
        elif none:
            low = middle + 1
        else:
            break
        watch.tell(task.worth(plan), float(costs[low]))
    return plan, low >= high
