"""Reach the most people with a given number of sites."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Unpack

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from jitasa_analytics.analysis.placement import by_program
from jitasa_analytics.analysis.placement.answer import Plan
from jitasa_analytics.analysis.placement.cover import Ints, problem
from jitasa_analytics.analysis.placement.cover_solver import solve
from jitasa_analytics.analysis.placement.limits import Limits
from jitasa_analytics.analysis.placement.model import Model
from jitasa_analytics.analysis.placement.result import Placement
from jitasa_analytics.analysis.placement.task import prepare
from jitasa_analytics.analysis.placement.watch import Progress
from jitasa_analytics.analysis.travel import Lines, Travel


def max_cover(
    demand: pd.DataFrame,
    candidates: Any,
    travel: Travel | Lines,
    *,
    within: float,
    n_sites: int | None = None,
    fixed: Iterable[object] = (),
    forbidden: Iterable[object] = (),
    gap: float = 0.0,
    time_limit: float = 60.0,
    seed: int = 0,
    progress: Progress | None = None,
    **limits: Unpack[Limits],
) -> Placement:
    """Choose sites so that the most people have one within reach, and prove how good that is.

    Parameters
    ----------
    demand : DataFrame, shape (n,), column ``people`` (persons)
    candidates : DataFrame, Index or sequence of labels, shape (m,)
    travel : Travel or Lines, shape (n, m)
        Labels are those of ``demand`` and ``candidates``, in any order.
    within : float
        Reach, in ``travel.unit``; the boundary counts as reached.
    n_sites : int
        Sites that are open in the end, **fixed ones included**; exactly so many are chosen. Sites
        that reach nobody new are filled up by the people they reach as a second site. With a
        ``budget`` at most so many are chosen.
    fixed, forbidden : labels, optional
        Candidates that must be chosen (existing sites), and that must not.
    gap : float
        Stop when the plan is proven to be within this share of the best; 0 asks for the best.
    time_limit : float
        Seconds; then the best plan so far is given with its bound.
    seed : int
        The same seed gives the same plan, also for shuffled rows.
    progress : callable, optional
        Called with seconds, incumbent and bound; False stops the search.
    **limits
        See `Limits`.

    Returns
    -------
    Placement
        ``objective`` is people covered, ``bound`` what no plan can exceed. People whom no allowed
        candidate reaches are in ``params["unreachable_people"]``.

    Raises
    ------
    InputError
        If a column is absent, missing or negative, a label unknown or repeated, labels differ from
        those of ``travel``, or an option is out of range.
    InfeasibleError
        If ``n_sites`` is below the number of fixed or above that of allowed candidates, or no
        allowed candidate reaches any demand at all.

    References
    ----------
    Church & ReVelle (1974), Papers of the Regional Science Association 32.

    Examples
    --------
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [10, 20, 30]}, index=["a", "b", "c"])
    >>> t = from_matrix([[5, 40], [30, 40], [40, 5]], origins=demand, destinations=["s", "t"])
    >>> plan = max_cover(demand, ["s", "t"], t, within=30, n_sites=1)
    >>> plan.objective, plan.bound, plan.status, list(plan.sites.index)
    (30.0, 30.0, 'optimal', ['s'])
    """
    task = prepare(
        "max_cover", demand, candidates, travel, n_sites=n_sites, within=within, fixed=fixed,
        forbidden=forbidden, gap=gap, time_limit=time_limit, seed=seed, progress=progress, limits=limits,
    )
    if not task.limits.none:
        plan, finished = by_program.solve(task)
        return task.placement(plan, finished=finished, method=by_program.METHOD)
    model = task.model
    assert model.n_sites is not None
    reach = model.travel.within(task.within)
    cover = problem(model.people, reach, model.n_sites).opened(np.flatnonzero(model.fixed))
    cover = cover.keep(~model.forbidden[cover.columns])
    solution = solve(cover, whole=model.whole_people, seed=task.seed, watch=task.watch)
    plan = Plan(_filled(model, reach, solution.chosen))
    return task.placement(plan, finished=solution.finished, method=solution.method)


def _filled(model: Model, reach: csr_array, chosen: Ints) -> Ints:
    """The chosen and fixed columns, filled up to the number of sites by the people they reach."""
    assert model.n_sites is not None
    taken = model.fixed.copy()
    taken[chosen] = True
    if int(taken.sum()) >= model.n_sites:
        return np.flatnonzero(taken)
    people = np.asarray(csr_array(reach.T) @ model.people)
    spare = np.flatnonzero(~taken & ~model.forbidden)
    order = spare[np.argsort(-people[spare], kind="stable")]
    taken[order[: model.n_sites - int(taken.sum())]] = True
    return np.flatnonzero(taken)
