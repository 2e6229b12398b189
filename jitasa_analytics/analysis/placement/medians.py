"""The least total way with a given number of sites."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Unpack

import pandas as pd

from jitasa_analytics.analysis.placement import by_program, capacity_solver, line_medians, median_solver
from jitasa_analytics.analysis.placement.limits import Limits
from jitasa_analytics.analysis.placement.result import Placement
from jitasa_analytics.analysis.placement.task import prepare
from jitasa_analytics.analysis.placement.watch import Progress
from jitasa_analytics.analysis.travel import Lines, Travel
from jitasa_analytics.errors import InputError


def p_median(
    demand: pd.DataFrame,
    candidates: Any,
    travel: Travel | Lines,
    *,
    n_sites: int | None = None,
    within: float | None = None,
    fixed: Iterable[object] = (),
    forbidden: Iterable[object] = (),
    gap: float = 0.001,
    time_limit: float = 60.0,
    seed: int = 0,
    progress: Progress | None = None,
    **limits: Unpack[Limits],
) -> Placement:
    """Choose sites so that people travel least in all, and prove how good that is.

    Every place where somebody lives and that an allowed candidate reaches at all is served; the
    others are reported in ``params["unreachable_people"]``.

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
    within : float, optional
        Only with ``floors``: the cost up to which somebody counts as reached.
    fixed, forbidden : labels, optional
        Candidates that must be chosen (existing sites), and that must not.
    gap : float
        Stop when the plan is proven to be within this share of the best; 0 asks for the best.
    time_limit : float
        Seconds; then the best plan so far is given with its bound.
    seed : int
    progress : callable, optional
        Called with seconds, incumbent and bound; False stops the search.
    **limits
        See `Limits`.

    Returns
    -------
    Placement
        ``objective`` is Σ people × cost, ``bound`` what no plan can be below.

    Raises
    ------
    InputError, InfeasibleError

    References
    ----------
    Hakimi (1964), Operations Research 12(3).

    Examples
    --------
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [10, 20]}, index=["a", "b"])
    >>> t = from_matrix([[5, 1], [1, 4]], origins=demand, destinations=["s", "t"])
    >>> plan = p_median(demand, ["s", "t"], t, n_sites=1)
    >>> plan.objective, plan.bound, plan.status, list(plan.sites.index)
    (70.0, 70.0, 'optimal', ['s'])
    """
    task = prepare(
        "p_median", demand, candidates, travel, n_sites=n_sites, within=within, fixed=fixed,
        forbidden=forbidden, gap=gap, time_limit=time_limit, seed=seed, progress=progress, limits=limits,
    )
    if task.limits.backup and task.limits.floors is not None:
        raise InputError(
            "p_median with backup counts two ways for each place, so a floor on who is reached isn't "
            "defined; drop floors, or use max_cover with backup"
        )
    if task.lines is not None:
        plan, finished = line_medians.solve(task, task.lines)
        return task.measured(plan).placement(plan, finished=finished, method=line_medians.METHOD)
    if task.limits.none:
        plan, finished = median_solver.solve(task)
        return task.placement(plan, finished=finished, method=median_solver.METHOD)
    if capacity_solver.suits(task):
        plan, finished = capacity_solver.solve(task)
        return task.placement(plan, finished=finished, method=capacity_solver.METHOD)
    plan, finished = by_program.solve(task)
    return task.placement(plan, finished=finished, method=by_program.METHOD)

