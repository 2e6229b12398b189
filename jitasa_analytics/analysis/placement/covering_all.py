"""Fewest sites, or cheapest, that reach everybody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Unpack

import pandas as pd

from jitasa_analytics.analysis.placement import by_program, covering_solver
from jitasa_analytics.analysis.placement.limits import Limits
from jitasa_analytics.analysis.placement.result import Placement
from jitasa_analytics.analysis.placement.task import prepare
from jitasa_analytics.analysis.placement.watch import Progress
from jitasa_analytics.analysis.travel import Lines, Travel


def set_cover(
    demand: pd.DataFrame,
    candidates: Any,
    travel: Travel | Lines,
    *,
    within: float,
    fixed: Iterable[object] = (),
    forbidden: Iterable[object] = (),
    gap: float = 0.0,
    time_limit: float = 60.0,
    seed: int = 0,
    progress: Progress | None = None,
    **limits: Unpack[Limits],
) -> Placement:
    """Choose as few sites as possible so that everybody has one within reach, and prove how few.

    Every place where somebody lives and that an allowed candidate reaches is served; the others are
    reported in ``params["unreachable_people"]``.

    Parameters
    ----------
    demand : DataFrame, shape (n,), column ``people`` (persons)
    candidates : DataFrame, Index or sequence of labels, shape (m,)
    travel : Travel or Lines, shape (n, m)
        Labels are those of ``demand`` and ``candidates``, in any order.
    within : float
        Reach, in ``travel.unit``; the boundary counts as reached.
    fixed, forbidden : labels, optional
        Candidates that must be chosen (existing sites), and that must not.
    gap, time_limit, seed, progress
        As in `p_median`.
    **limits
        See `Limits`; with ``cost`` the cheapest sites are looked for instead of the fewest.

    Returns
    -------
    Placement
        ``objective`` is the number of sites or their cost, fixed ones included.

    Raises
    ------
    InputError, InfeasibleError

    References
    ----------
    Toregas, Swain, ReVelle & Bergman (1971), Operations Research 19(6).

    Examples
    --------
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [10, 20, 5]}, index=["a", "b", "c"])
    >>> t = from_matrix([[5, 40], [30, 40], [40, 5]], origins=demand, destinations=["s", "t"])
    >>> plan = set_cover(demand, ["s", "t"], t, within=30)
    >>> plan.objective, plan.status, list(plan.sites.index)
    (2.0, 'optimal', ['s', 't'])
    """
    task = prepare(
        "set_cover", demand, candidates, travel, n_sites=None, within=within, fixed=fixed,
        forbidden=forbidden, gap=gap, time_limit=time_limit, seed=seed, progress=progress, limits=limits,
    )
    if task.limits.none:
        plan, finished = covering_solver.solve(task)
        return task.placement(plan, finished=finished, method=covering_solver.METHOD)
    plan, finished = by_program.solve(task)
    return task.placement(plan, finished=finished, method=by_program.METHOD)

