"""Who is reached and who is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from jitasa_analytics.analysis.inputs import framed, labels_of, number, numbers, quantity, same_labels, some, travelled
from jitasa_analytics.analysis.travel import Travel
from jitasa_analytics.errors import InputError


def nearest_cost(demand: pd.DataFrame, travel: Travel) -> pd.Series:
    """Cost to the nearest destination.

    Parameters
    ----------
    demand : DataFrame, shape (n,)
        Its index holds the labels of ``travel.origins``, in any order.
    travel : Travel, shape (n, m)

    Returns
    -------
    Series of float, shape (n,), on ``demand.index``
        In ``travel.unit``; ``inf`` where no destination is in reach.

    Raises
    ------
    InputError
        If the labels of ``demand`` and ``travel`` differ.

    Examples
    --------
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [10, 20]}, index=["a", "b"])
    >>> t = from_matrix([[12, 5], [float("inf"), float("inf")]], origins=demand, destinations=["s", "t"])
    >>> nearest_cost(demand, t).tolist()
    [5.0, inf]
    """
    index, travel = labels_of(demand, "demand"), travelled(travel)
    _, cost = travel.nearest_positions()
    nearest = pd.Series(cost, index=travel.origins, name="nearest_" + travel.unit)
    if not same_labels(index, travel.origins, "demand", "travel.origins"):
        nearest = nearest.reindex(index)
    nearest.index = index
    return nearest


def served(demand: pd.DataFrame, travel: Travel, *, within: float) -> pd.Series:
    """Whether some destination is in reach: cost ≤ ``within``.

    Parameters
    ----------
    demand : DataFrame, shape (n,)
        Its index holds the labels of ``travel.origins``, in any order.
    travel : Travel, shape (n, m)
    within : float
        In ``travel.unit``; the boundary counts as reached.

    Returns
    -------
    Series of bool, shape (n,), on ``demand.index``

    Raises
    ------
    InputError
        If labels differ, or ``within`` is negative, NaN or beyond ``travel.limit``.

    Examples
    --------
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [10, 20]}, index=["a", "b"])
    >>> served(demand, from_matrix([[30], [31]], origins=demand, destinations=["s"]), within=30).tolist()
    [True, False]
    """
    limit = _limit(within, travelled(travel))
    # An infinite limit means "at all": an absent pair has an infinite cost, but is no reach.
    cost = nearest_cost(demand, travel)
    reached = (cost <= limit).to_numpy() & np.isfinite(cost.to_numpy())
    return pd.Series(reached, index=cost.index, name="served")


def out_of_reach(demand: pd.DataFrame, travel: Travel, *, within: float) -> pd.Series:
    """People for whom nothing is in reach.

    Parameters
    ----------
    demand : DataFrame, shape (n,), column ``people`` (persons)
    travel : Travel, shape (n, m)
    within : float
        In ``travel.unit``; the boundary counts as reached.

    Returns
    -------
    Series, shape (n,), on ``demand.index``
        Persons; 0 where somebody is in reach.

    Raises
    ------
    InputError
        If ``people`` is absent, missing or negative, or as in `served`.

    Examples
    --------
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [10, 20]}, index=["a", "b"])
    >>> t = from_matrix([[30], [31]], origins=demand, destinations=["s"])
    >>> out_of_reach(demand, t, within=30).tolist()
    [0, 20]
    """
    quantity(demand, "people", "demand")
    reached = served(demand, travel, within=within)
    return demand["people"].where(~reached, 0).rename("people_out_of_reach")


def curve(demand: pd.DataFrame, travel: Travel, costs: Sequence[float] | npt.ArrayLike) -> pd.Series:
    """Share of people with a destination within each cost.

    Parameters
    ----------
    demand : DataFrame, shape (n,), column ``people`` (persons)
    travel : Travel, shape (n, m)
    costs : sequence of float, shape (k,)
        In ``travel.unit``.

    Returns
    -------
    Series of float, shape (k,), on ``costs``
        In [0, 1] and never falling with cost; NaN where nobody lives there at all.

    Raises
    ------
    InputError
        As in `out_of_reach`, for any of the costs.

    Examples
    --------
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [10, 30]}, index=["a", "b"])
    >>> t = from_matrix([[5], [20]], origins=demand, destinations=["s"])
    >>> curve(demand, t, [0, 5, 20]).tolist()
    [0.0, 0.25, 1.0]
    """
    people = quantity(demand, "people", "demand")
    asked = np.array([_limit(c, travelled(travel), "costs") for c in np.atleast_1d(np.asarray(costs))], np.float64)
    nearest = nearest_cost(demand, travel).to_numpy()
    reached = np.isfinite(nearest)
    order = np.argsort(nearest[reached], kind="stable")
    running = np.concatenate([[0.0], np.cumsum(people[reached][order])])
    upto = running[np.searchsorted(nearest[reached][order], asked, side="right")]
    total = people.sum()
    share = np.minimum(upto / total, 1.0) if total > 0 else np.full(len(asked), np.nan)
    return pd.Series(share, index=pd.Index(asked, name=travel.unit), name="share_covered")


def gaps(
    demand: pd.DataFrame, travel: Travel, *, within: float, by: str | pd.Series, areas: Any = None
) -> pd.DataFrame:
    """Areas ranked by the people whom nothing reaches.

    Parameters
    ----------
    demand : DataFrame, shape (n,), column ``people`` (persons)
    travel : Travel, shape (n, m)
    within : float
        In ``travel.unit``; the boundary counts as reached.
    by : str or Series, shape (n,)
        The area of each row: a column of ``demand``, or a Series on its index. Rows without
        an area stay, under a missing label. Categories without rows stay too.
    areas : sequence of labels, optional
        All areas that must be in the answer, also those where nobody lives.

    Returns
    -------
    DataFrame, one row per area, most people out of reach first
        ``people``, ``people_out_of_reach`` (persons), ``share_out_of_reach`` in [0, 1] (NaN where
        an area has no people: no data), ``rank`` (1 first, equals share a rank).

    Raises
    ------
    InputError
        As in `out_of_reach`, or if ``by`` is no column or lies on another index, or an area of
        ``demand`` is not among ``areas``.

    Examples
    --------
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [10, 30, 5], "area": ["N", "S", "N"]}, index=["a", "b", "c"])
    >>> t = from_matrix([[5], [40], [40]], origins=demand, destinations=["s"])
    >>> gaps(demand, t, within=30, by="area").reset_index().round(2)
      area  people  people_out_of_reach  share_out_of_reach  rank
    0    S      30                   30                1.00     1
    1    N      15                    5                0.33     2
    """
    beyond = out_of_reach(demand, travel, within=within)
    area = _areas(demand, by)
    rows = pd.DataFrame({"people": demand["people"], "people_out_of_reach": beyond})
    table = rows.groupby(area.array, dropna=False, observed=False, sort=True).sum()
    if areas is not None:
        wanted = labels_of(areas, "areas")
        unknown = table.index.dropna().difference(wanted)
        if len(unknown):
            raise InputError(f"demand lies in areas that are not among areas: {some(unknown)}; add them")
        absent = wanted.difference(table.index, sort=False)
        table = pd.concat([table, pd.DataFrame(0, index=absent, columns=table.columns)]).sort_index()
    table.index.name = area.name
    people = table["people"].to_numpy(np.float64)
    share = np.full(len(table), np.nan)
    np.divide(table["people_out_of_reach"].to_numpy(np.float64), people, out=share, where=people > 0)
    table["share_out_of_reach"] = share
    table["rank"] = table["people_out_of_reach"].rank(method="min", ascending=False).astype(int)
    return table.sort_values("rank", kind="stable")


def within_capacity(demand: pd.DataFrame, supply: pd.DataFrame, travel: Travel, *, within: float) -> pd.Series:
    """People who can be served when facilities are full at their capacity: as many as can be in all.

    The largest flow from places to facilities (Dinic). How many are served in all is certain; which of several
    places that share a facility go without is one choice of many.

    Parameters
    ----------
    demand : DataFrame, shape (n,), column ``people`` (whole persons)
    supply : DataFrame, shape (m,), column ``capacity`` (persons; parts are rounded down; ``inf``: no limit)
    travel : Travel, shape (n, m)
    within : float
        In ``travel.unit``; the boundary counts as reached.

    Returns
    -------
    Series of int64, shape (n,), on ``demand.index``
        Persons served, at most ``people``.

    Raises
    ------
    InputError
        As in `out_of_reach`, or if a capacity is missing or negative.

    References
    ----------
    Dinic (1970), Soviet Mathematics Doklady 11.

    Examples
    --------
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [10, 20]}, index=["a", "b"])
    >>> supply = pd.DataFrame({"capacity": [5, 12]}, index=["s", "t"])
    >>> t = from_matrix([[5, 9], [float("inf"), 9]], origins=demand, destinations=supply)
    >>> int(within_capacity(demand, supply, t, within=10).sum())
    17
    """
    people = quantity(demand, "people", "demand")
    if (people != np.floor(people)).any():
        part = demand.index[people != np.floor(people)]
        raise InputError(f"demand['people'] is no whole number at {some(part)}; round it: persons are served or not")
    people = people.astype(np.int64)
    travel = travelled(travel)
    if "capacity" not in framed(supply, "supply").columns:
        raise InputError(f"supply has no column 'capacity'; it has {some(supply.columns, 8) or 'none'}. Add it")
    if not (same_labels(demand.index, travel.origins, "demand", "travel.origins")
            and same_labels(supply.index, travel.destinations, "supply", "travel.destinations")):
        travel = travel.restrict(demand.index, supply.index)
    most = int(people.sum())
    places = numbers(supply["capacity"], "supply['capacity']")
    wrong = ~(places >= 0)
    if wrong.any():
        raise InputError(
            f"supply['capacity'] is missing or negative at {some(supply.index[wrong])} ({places[wrong][0]:g}); "
            "it must be 0 or more, inf for no limit"
        )
    if most >= np.iinfo(np.int32).max:
        raise InputError(f"demand['people'] adds up to {most}; more than {np.iinfo(np.int32).max} can't be shared out")
    capacity = np.floor(np.minimum(places, most)).astype(np.int64)
    near = csr_array(travel.within(_limit(within, travel)))
    near.sort_indices()
    n, m = near.shape
    i, j = np.repeat(np.arange(n), np.diff(near.indptr)), near.indices.astype(np.int64)
    source, sink = n + m, n + m + 1
    ends = (np.concatenate([np.full(n, source), i, n + np.arange(m)]), np.concatenate([np.arange(n), n + j,
                                                                                       np.full(m, sink)]))
    flows = csr_array((np.concatenate([people, people[i], capacity]).astype(np.int32), ends), shape=(n + m + 2,) * 2)
    found = maximum_flow(flows, source, sink).flow
    served = np.asarray(found[[source], :n].todense()).ravel() if n else np.zeros(0)
    return pd.Series(served.astype(np.int64), index=demand.index, name="served")


def _limit(within: float, travel: Travel, name: str = "within") -> float:
    limit = number(within, name, infinite=True)
    if np.isfinite(limit):
        travel.check_limit(limit, name)
    return limit


def _areas(demand: pd.DataFrame, by: str | pd.Series) -> pd.Series:
    if isinstance(by, pd.Series):
        aligned = same_labels(demand.index, by.index, "demand", "by")
        return by if aligned else by.reindex(demand.index)
    if not isinstance(by, str) or by not in demand.columns:
        raise InputError(f"demand has no column {by!r} to group by; it has {some(demand.columns, 8)}")
    if list(demand.columns).count(by) > 1:
        raise InputError(f"demand has several columns named {by!r}; keep one")
    return demand[by]
