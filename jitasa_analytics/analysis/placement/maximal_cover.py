"""Reach the most people with a given number of sites."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from jitasa_analytics.analysis.inputs import labels_of, number
from jitasa_analytics.analysis.placement.cover import Bools, Ints, problem
from jitasa_analytics.analysis.placement.cover_solver import solve
from jitasa_analytics.analysis.placement.model import Model, build
from jitasa_analytics.analysis.placement.result import Placement, relative_gap, verdict
from jitasa_analytics.analysis.placement.tables import tables
from jitasa_analytics.analysis.travel import Travel
from jitasa_analytics.errors import InfeasibleError, InputError


def max_cover(
    demand: pd.DataFrame,
    candidates: Any,
    travel: Travel,
    *,
    within: float,
    n_sites: int,
    fixed: Iterable[object] = (),
    forbidden: Iterable[object] = (),
    gap: float = 0.0,
    time_limit: float = 60.0,
    seed: int = 0,
) -> Placement:
    """Choose sites so that the most people have one within reach, and prove how good that is.

    Parameters
    ----------
    demand : DataFrame, shape (n,), column ``people`` (persons)
    candidates : DataFrame, Index or sequence of labels, shape (m,)
        Only the labels are used; sites have no capacity limit here.
    travel : Travel, shape (n, m)
        Labels are those of ``demand`` and ``candidates``, in any order.
    within : float
        Reach, in ``travel.unit``; the boundary counts as reached.
    n_sites : int
        Sites that are open in the end, **fixed ones included**; exactly so many are chosen. Sites
        that reach nobody new are filled up by the people they reach as a second site.
    fixed, forbidden : labels, optional
        Candidates that must be chosen (existing sites), and that must not.
    gap : float
        Stop when the plan is proven to be within this share of the best; 0 asks for the best.
    time_limit : float
        Seconds; then the best plan so far is given with its bound.
    seed : int
        The same seed gives the same plan, also for shuffled rows.

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
    within = number(within, "within", infinite=True)
    gap, time_limit = number(gap, "gap"), number(time_limit, "time_limit", infinite=True)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**31:
        raise InputError(f"seed is {seed!r}; it must be a whole number from 0 to 2147483647")
    fixed, forbidden = labels_of(fixed, "fixed"), labels_of(forbidden, "forbidden")
    model = build(demand, candidates, travel, n_sites=n_sites, fixed=fixed, forbidden=forbidden)
    reach = model.travel.within(within)
    allowed = reach[:, np.flatnonzero(~model.forbidden)]
    reachable = _rows_with(allowed)
    if not reachable.any():
        raise InfeasibleError(_nobody(model, within))

    cover = problem(model.people, reach, model.n_sites).opened(np.flatnonzero(model.fixed))
    cover = cover.keep(~model.forbidden[cover.columns])
    solution = solve(cover, whole=model.whole_people, gap=gap, time_limit=time_limit, seed=int(seed))

    chosen = _filled(model, reach, solution.chosen)
    objective = float(model.people[_rows_with(reach[:, chosen])].sum())
    bound = max(solution.bound, objective)
    solution.note(objective, bound)
    sites, assignments = tables(demand.index, labels_of(candidates, "candidates"), model, reach, chosen)
    params = {
        "problem": "max_cover", "within": within, "unit": travel.unit, "n_sites": model.n_sites,
        "fixed": tuple(fixed), "forbidden": tuple(forbidden), "gap": gap, "time_limit": time_limit,
        "travel": travel.method, "people": float(model.people.sum()),
        "unreachable_people": float(model.people[~reachable].sum()),
        "unreachable_places": int((~reachable).sum()),
    }
    return Placement(
        sites, assignments, objective, bound, relative_gap(objective, bound),
        verdict(objective, bound, gap, solution.finished), solution.method,
        pd.DataFrame(solution.history, columns=["seconds", "incumbent", "bound"]), params, int(seed),
    )


def _rows_with(matrix: csr_array) -> Bools:
    """Rows of a reach matrix with at least one entry."""
    return np.asarray(np.diff(csr_array(matrix).indptr) > 0)


def _filled(model: Model, reach: csr_array, chosen: Ints) -> Ints:
    """The chosen and fixed columns, filled up to the number of sites by the people they reach."""
    taken = model.fixed.copy()
    taken[chosen] = True
    people = np.asarray(csr_array(reach.T) @ model.people)
    spare = np.flatnonzero(~taken & ~model.forbidden)
    order = spare[np.argsort(-people[spare], kind="stable")]
    taken[order[: model.n_sites - int(taken.sum())]] = True
    return np.flatnonzero(taken)


def _nobody(model: Model, within: float) -> str:
    """Why nobody can be reached, and the smallest radius that changes it."""
    costs = model.travel.costs[~model.forbidden[model.travel.indices]]
    unit = model.travel.unit
    if len(costs) == 0:
        return f"no candidate reaches any demand at any cost in this travel ({model.travel.method}); widen it"
    return (
        f"no candidate reaches any demand within {within:g} {unit}; "
        f"the nearest pair needs within={costs.min():g} {unit}"
    )
