"""How much help there is for each person, given who can get where."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from jitasa_analytics.analysis.inputs import quantity, same_labels
from jitasa_analytics.analysis.travel import Travel
from jitasa_analytics.errors import UnitError

Floats = npt.NDArray[np.float64]


def ratio(demand: pd.DataFrame, supply: pd.DataFrame, travel: Travel, *, within: float) -> pd.Series:
    """Capacity within reach for each person of a place, for instance volunteers per request.

    ``Σ capacity_j / people_i`` over supplies with cost ≤ ``within``. Supply that several
    places reach counts in full for each; `two_step` shares it among them.

    Parameters
    ----------
    demand : DataFrame, shape (n,), column ``people`` (persons, or requests)
    supply : DataFrame, shape (m,), column ``capacity``
    travel : Travel, shape (n, m)
        Labels are those of ``demand`` and ``supply``, in any order.
    within : float
        In ``travel.unit``; the boundary counts as reached.

    Returns
    -------
    Series of float, shape (n,), on ``demand.index``
        Capacity per person: 0 where nothing is in reach, ``inf`` where something is and nobody
        asks for it.

    Raises
    ------
    InputError
        If a column is absent, missing or negative, labels differ, or ``within`` is not within
        what ``travel`` holds.

    Examples
    --------
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [10, 20]}, index=["a", "b"])
    >>> supply = pd.DataFrame({"capacity": [5, 3]}, index=["s", "t"])
    >>> t = from_matrix([[10, 30], [31, 40]], origins=demand, destinations=supply)
    >>> ratio(demand, supply, t, within=30).tolist()
    [0.8, 0.0]
    """
    people, capacity, travel = _aligned(demand, supply, travel)
    near = np.asarray(travel.within(within) @ capacity, np.float64)
    result = np.where(near > 0, np.inf, 0.0)
    np.divide(near, people, out=result, where=people > 0)
    return pd.Series(result, index=demand.index, name="ratio")


def two_step(
    demand: pd.DataFrame,
    supply: pd.DataFrame,
    travel: Travel,
    *,
    decay: Callable[[Floats], npt.ArrayLike],
) -> pd.Series:
    """Supply per person within reach, by the two-step floating catchment area.

    First each supply divides its capacity by the people who reach it, weighted by ``decay``;
    then each place adds up the ratios that it reaches, weighted again. With `decay.step` it is
    2SFCA, with `decay.zones` E2SFCA. People times access adds up to the capacity of all supply
    that somebody reaches.

    Parameters
    ----------
    demand : DataFrame, shape (n,), column ``people`` (persons)
    supply : DataFrame, shape (m,), column ``capacity`` (for instance persons a day)
    travel : Travel, shape (n, m)
        Labels are those of ``demand`` and ``supply``, in any order.
    decay : callable, array of costs -> array of weights in [0, 1]
        In the unit of ``travel``; see `jitasa_analytics.analysis.decay`.

    Returns
    -------
    Series of float, shape (n,), on ``demand.index``
        Capacity per person; 0 where nothing is in reach, or where nobody lives who shares in it.

    Raises
    ------
    UnitError
        If ``decay`` is for another unit than ``travel`` is in.
    InputError
        If a column is absent, missing or negative, labels differ, or the decay reaches beyond
        what ``travel`` holds.

    References
    ----------
    Radke & Mu (2000), Geographic Information Sciences 6(2). Luo & Wang (2003), Environment
    and Planning B 30(6). Luo & Qi (2009), Health & Place 15(4).

    Examples
    --------
    >>> from jitasa_analytics.analysis import decay
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [10, 30]}, index=["a", "b"])
    >>> supply = pd.DataFrame({"capacity": [8]}, index=["s"])
    >>> t = from_matrix([[10], [30]], origins=demand, destinations=supply)
    >>> two_step(demand, supply, t, decay=decay.step(30)).tolist()
    [0.2, 0.2]
    """
    people, capacity, travel = _aligned(demand, supply, travel)
    _check_decay(decay, travel)
    weights = travel.weighted(decay)
    load = np.asarray(weights.T @ people, np.float64)
    per_person = np.zeros_like(capacity)
    np.divide(capacity, load, out=per_person, where=load > 0)
    return pd.Series(np.asarray(weights @ per_person, np.float64), index=demand.index, name="access")


def _aligned(
    demand: pd.DataFrame, supply: pd.DataFrame, travel: Travel
) -> tuple[Floats, Floats, Travel]:
    """People, capacity, and the travel with its rows and columns in their order."""
    people = quantity(demand, "people", "demand")
    capacity = quantity(supply, "capacity", "supply")
    rows = same_labels(demand.index, travel.origins, "demand", "travel.origins")
    columns = same_labels(supply.index, travel.destinations, "supply", "travel.destinations")
    if not (rows and columns):
        travel = travel.restrict(demand.index, supply.index)
    return people, capacity, travel


def _check_decay(decay: Callable[[Floats], npt.ArrayLike], travel: Travel) -> None:
    unit = getattr(decay, "unit", travel.unit)
    if unit != travel.unit:
        raise UnitError(
            f"the decay is in {unit} and the travel in {travel.unit}; convert the travel with "
            f"to_minutes(...), or make the decay with unit={travel.unit!r}"
        )
    reach = getattr(decay, "reach", None)
    if reach is not None:
        travel.check_limit(float(reach), "the reach of the decay")
