"""Who helps whom: the least minutes in all, under skills, equipment, capacity and distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from jitasa_analytics.analysis.costs import Ints, Travel
from jitasa_analytics.analysis.inputs import Floats, framed, number, numbers, quantity, same_labels, some, travelled
from jitasa_analytics.errors import InputError

_NEEDS = (("needs_skills", "skills"), ("needs_equipment", "equipment"))


@dataclass(frozen=True, eq=False)
class Matching:
    """Who helps whom, and how far from the least cost this can be at most.

    Attributes
    ----------
    table : DataFrame, shape (n,), on the requests' index
        ``helper`` (missing: nobody), ``cost`` (``inf`` there), ``reason`` why nobody: "out of
        reach" (no helper within the limits), "nobody fits" (in reach, but without the skills or
        equipment), "all full" (those who fit help others); "" where somebody helps.
    load : Series, shape (m,), on the helpers' index
        Requests that each helps.
    n_matched : int
    total : float
        Sum of the costs, in the unit of the travel.
    bound : float
        Proven limit: no matching that helps as much costs less in all.
    gap : float
        ``(total - bound) / total``; 0 where both are 0.
    status : "optimal" or "gap"
        Optimal only where the bound proves it.
    """

    table: pd.DataFrame
    load: pd.Series
    n_matched: int
    total: float
    bound: float
    gap: float
    status: Literal["optimal", "gap"]


def match(requests: pd.DataFrame, helpers: pd.DataFrame, travel: Travel, *, within: float | None = None) -> Matching:
    """Give each request one helper, so that as much as possible is helped, in the least minutes.

    First the sum of the priorities of helped requests is as great as it can be, then the sum
    of costs as small. It serves volunteers to requests, vehicles to patients, and patients to
    beds: helpers are then the hospitals, ``capacity`` the free beds, ``skills`` what their
    beds are for.

    Solved exactly, as a sparse assignment with a seat for each request that a helper could
    take. The bound comes from prices of the helpers (linear programming duality), computed
    anew from the answer: it holds whatever the solver did.

    Parameters
    ----------
    requests : DataFrame, shape (n,)
        Optional columns: ``needs_skills``, ``needs_equipment`` (lists of words; missing or empty:
        none), ``priority`` (whole number, 1 or more; 1 where it is left out), ``max_cost``. A
        request takes one place; one for three beds is three rows.
    helpers : DataFrame, shape (m,), column ``capacity``
        Requests that each can take; parts are rounded down. Optional columns: ``skills``,
        ``equipment`` (lists of words), ``max_cost`` (how far each goes).
    travel : Travel, shape (n, m)
        From requests to helpers; its labels in any order.
    within : float, optional
        The greatest cost for all, in ``travel.unit``; the boundary is within.

    Returns
    -------
    Matching

    Raises
    ------
    InputError
        If a column is absent or holds something else, labels differ, or ``within`` is beyond
        what ``travel`` holds.

    References
    ----------
    Jonker & Volgenant (1987), Computing 38; Ahuja, Magnanti & Orlin (1993), Network Flows, ch. 9
    and 12, for the prices.

    Examples
    --------
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> requests = pd.DataFrame({"needs_equipment": [["boat"], []]}, index=["flood", "food"])
    >>> helpers = pd.DataFrame({"capacity": [1, 1], "equipment": [["boat"], []]}, index=["ann", "bo"])
    >>> minutes = from_matrix([[20, 5], [10, 30]], origins=requests, destinations=helpers)
    >>> found = match(requests, helpers, minutes)
    >>> found.table["helper"].tolist(), found.total, found.bound
    (['ann', 'bo'], 50.0, 50.0)
    """
    capacity = np.floor(quantity(helpers, "capacity", "helpers")).astype(np.int64)
    requests, travel = framed(requests, "requests"), travelled(travel)
    rows = same_labels(requests.index, travel.origins, "requests", "travel.origins")
    columns = same_labels(helpers.index, travel.destinations, "helpers", "travel.destinations")
    if not (rows and columns):
        travel = travel.restrict(requests.index, helpers.index)
    priority = _priority(requests)
    near = _in_reach(requests, helpers, travel, within)
    fits = near & _fitting(requests, helpers, travel)
    open_ = fits & (capacity[travel.indices] > 0)
    i, j, cost = travel.rows[open_], travel.indices[open_].astype(np.int64), travel.costs[open_]
    n = len(requests)
    # Leaving a request without help costs more than any detour of all others together.
    alone = priority * ((n + 1.0) * max(float(cost.max(initial=0.0)), 1.0))
    helper = _solve(i, j, cost, alone, capacity)
    own = np.full(n, np.inf)
    chosen = helper[i] == j
    own[i[chosen]] = cost[chosen]
    matched = helper >= 0
    load = np.bincount(helper[matched], minlength=len(helpers))
    total = float(own[matched].sum())
    excess = _excess(i, j, cost, alone, capacity, helper, own, load)
    if excess <= 1e-9 * max(total, 1.0):
        excess = 0.0  # float64 arithmetic, not a gap
    bound = max(total - excess, 0.0)
    gap = (total - bound) / total if total > 0 else 0.0
    reason = np.select(
        [matched, np.bincount(i, minlength=n) > 0, _any(travel, fits, n), _any(travel, near, n)],
        ["", "all full", "all full", "nobody fits"], "out of reach",
    )
    names = pd.Series(helpers.index)
    if pd.api.types.is_integer_dtype(names.dtype):
        names = names.astype("Int64")
    labels = names.reindex(helper)
    labels.index = requests.index
    table = pd.DataFrame({"helper": labels, "cost": own, "reason": reason}, index=requests.index)
    return Matching(
        table, pd.Series(load, index=helpers.index, name="load"), int(matched.sum()), total, bound, gap,
        "optimal" if excess == 0 else "gap",
    )


def _solve(i: Ints, j: Ints, cost: Floats, alone: Floats, capacity: Ints) -> Ints:
    """The helper of each request, -1 for nobody; at the least cost."""
    n = len(alone)
    seats = np.minimum(capacity, np.bincount(j, minlength=len(capacity)))
    first = np.append(0, np.cumsum(seats))
    # Each pair once for every seat of its helper.
    times = seats[j]
    pair = np.repeat(np.arange(len(j)), times)
    seat = first[j[pair]] + np.arange(len(pair)) - np.repeat(np.cumsum(times) - times, times)
    nobody = np.arange(n)
    weight = np.concatenate([cost[pair], alone]) + 1.0  # the solver takes 0 for no pair
    graph = csr_array(
        (weight, (np.concatenate([i[pair], nobody]), np.concatenate([seat, first[-1] + nobody]))),
        shape=(n, int(first[-1]) + n),
    )
    if n == 0:
        return np.zeros(0, np.int64)
    request, place = min_weight_full_bipartite_matching(graph)
    result = np.full(n, -1)
    taken = np.asarray(place) < first[-1]
    result[np.asarray(request)[taken]] = np.searchsorted(first, np.asarray(place)[taken], side="right") - 1
    return result


def _excess(
    i: Ints, j: Ints, cost: Floats, alone: Floats, capacity: Ints, helper: Ints, own: Floats, load: Ints
) -> float:
    """How much the matching may cost more than the dearest lower bound by prices of the helpers.

    A helper's price is the cheapest chain of moves that frees a seat with it: 0 where one is
    free. Any prices give a valid bound; these give the optimum where the matching is one.
    """
    n, order = len(alone), np.lexsort((j, i))
    i, j, cost = i[order], j[order], cost[order]
    starts = np.append(0, np.cumsum(np.bincount(i, minlength=n)))
    filled = np.flatnonzero(np.diff(starts))
    matched = np.flatnonzero(helper >= 0)
    price = np.where(load < capacity, 0.0, np.inf)
    cheapest = alone.copy()
    for _ in range(len(capacity) + 1):
        cheapest = alone.copy()
        if len(filled):
            cheapest[filled] = np.minimum(cheapest[filled], np.minimum.reduceat(cost + price[j], starts[filled]))
        lower = price.copy()
        np.minimum.at(lower, helper[matched], np.maximum(cheapest[matched] - own[matched], 0.0))
        if (lower >= price).all():
            break
        price = lower
    price = np.where(np.isfinite(price), price, 0.0)
    cheapest = alone.copy()
    if len(filled):
        cheapest[filled] = np.minimum(cheapest[filled], np.minimum.reduceat(cost + price[j], starts[filled]))
    paid = alone.copy()
    paid[matched] = own[matched] + price[helper[matched]]
    return float((paid - cheapest).sum() + (price * (capacity - load)).sum())


def _in_reach(
    requests: pd.DataFrame, helpers: pd.DataFrame, travel: Travel, within: float | None
) -> npt.NDArray[np.bool_]:
    """Pairs within all limits of cost."""
    limit = np.full(travel.n_pairs, np.inf)
    if within is not None:
        most = number(within, "within")
        travel.check_limit(most)
        limit[:] = most
    for frame, name, position in ((requests, "requests", travel.rows), (helpers, "helpers", travel.indices)):
        if "max_cost" in frame.columns:
            own = numbers(frame["max_cost"], f"{name}['max_cost']")  # missing: no limit of its own
            if (own < 0).any():
                raise InputError(f"{name}['max_cost'] is negative at {some(frame.index[own < 0])}; write 0 or more")
            finite = own[np.isfinite(own)]
            if len(finite):
                travel.check_limit(float(finite.max()), f"the greatest {name}['max_cost']")
            limit = np.fmin(limit, own[position])
    return np.asarray(travel.costs <= limit)


def _fitting(requests: pd.DataFrame, helpers: pd.DataFrame, travel: Travel) -> npt.NDArray[np.bool_]:
    """Pairs whose helper has all that the request needs."""
    result = np.ones(travel.n_pairs, bool)
    for needs, has in _NEEDS:
        if needs not in requests.columns:
            continue
        wanted = _words(requests, needs, "requests")
        if has not in helpers.columns and any(wanted):
            raise InputError(f"requests has {needs!r}, but helpers has no column {has!r}; add it, empty lists for none")
        owned = _words(helpers, has, "helpers") if has in helpers.columns else [frozenset[str]()] * len(helpers)
        want_code, want_kinds = pd.factorize(pd.Series(wanted, dtype=object))
        own_code, own_kinds = pd.factorize(pd.Series(owned, dtype=object))
        enough = np.array([[want <= own for own in own_kinds] for want in want_kinds], bool)
        if travel.n_pairs:
            result &= enough[want_code[travel.rows], own_code[travel.indices]]
    return result


def _words(frame: pd.DataFrame, column: str, name: str) -> list[frozenset[str]]:
    """The words of each row; missing is none."""
    result = []
    for label, value in frame[column].items():
        if isinstance(value, list | tuple | set | frozenset | np.ndarray):
            result.append(frozenset(str(word) for word in value))
        elif value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
            result.append(frozenset())
        else:
            raise InputError(f"{name}[{column!r}] is {value!r} at {some([label])}; it must be a list of words")
    return result


def _priority(requests: pd.DataFrame) -> Floats:
    if "priority" not in requests.columns:
        return np.ones(len(requests))
    values = quantity(requests, "priority", "requests")
    wrong = (values < 1) | (values != np.floor(values))
    if wrong.any():
        raise InputError(
            f"requests['priority'] is {values[wrong][0]:g} at {some(requests.index[wrong])}; it must be a whole "
            "number of 1 or more"
        )
    return values


def _any(travel: Travel, pairs: npt.NDArray[Any], n: int) -> npt.NDArray[np.bool_]:
    """Requests that have one of the pairs."""
    return np.asarray(np.bincount(travel.rows[pairs], minlength=n) > 0)
