"""How much help there is for each person, given who can get where."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from jitasa_analytics.analysis.congestion import Equilibrium, equilibrium, raam
from jitasa_analytics.analysis.inputs import aligned, labels_of, numbers, quantity, same_labels, some
from jitasa_analytics.analysis.travel import Travel
from jitasa_analytics.errors import InputError, UnitError

__all__ = ["Equilibrium", "equilibrium", "raam", "ratio", "spar", "three_step", "two_step"]

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
    people, capacity, travel = aligned(demand, supply, travel)
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
    people, capacity, travel = aligned(demand, supply, travel)
    _check_decay(decay, travel)
    weights = travel.weighted(decay)
    load = np.asarray(weights.T @ people, np.float64)
    per_person = np.zeros_like(capacity)
    np.divide(capacity, load, out=per_person, where=load > 0)
    return pd.Series(np.asarray(weights @ per_person, np.float64), index=demand.index, name="access")


def three_step(
    demand: pd.DataFrame,
    supply: pd.DataFrame,
    travel: Travel,
    *,
    decay: Callable[[Floats], npt.ArrayLike],
) -> pd.Series:
    """Supply per person by the three-step floating catchment area, where choices compete.

    People who have much to choose from ask less of each supply. First each place shares
    itself out: ``G_ij = w_ij / Σ_k w_ik`` over the supplies k in its catchment, whatever their
    capacity; then ``R_j = capacity_j / Σ_i G_ij w_ij people_i``; then ``A_i = Σ_j G_ij w_ij R_j``.
    People times access adds up to the capacity of all supply that somebody reaches.

    G is summed within the catchment, as in the paper and in PySAL ``access``; a sum over all
    supplies of the country would make access depend on what nobody there can reach.

    Parameters
    ----------
    demand, supply, travel, decay
        As in `two_step`. Wan et al. weigh four zones by a Gaussian.

    Returns
    -------
    Series of float, shape (n,), on ``demand.index``
        Capacity per person; 0 where nothing is in reach, or where nobody lives who shares in it.

    Raises
    ------
    UnitError, InputError
        As in `two_step`.

    References
    ----------
    Wan, Zou & Sternberg (2012), A three-step floating catchment area method for analyzing
    spatial access to health services, International Journal of Geographical Information
    Science 26(6).

    Examples
    --------
    >>> from jitasa_analytics.analysis import decay
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [10, 30]}, index=["a", "b"])
    >>> supply = pd.DataFrame({"capacity": [8, 3]}, index=["s", "t"])
    >>> t = from_matrix([[10, 99], [30, 5]], origins=demand, destinations=supply)
    >>> three_step(demand, supply, t, decay=decay.step(30)).tolist()  # b asks half of each
    [0.32, 0.26]
    """
    people, capacity, travel = aligned(demand, supply, travel)
    _check_decay(decay, travel)
    weights = travel.weighted(decay)
    total = np.asarray(weights.sum(axis=1), np.float64)[travel.rows]
    # w·G = w² / Σw, on the stored pairs.
    weights.data = np.divide(weights.data**2, total, out=np.zeros_like(weights.data), where=total > 0)
    load = np.asarray(weights.T @ people, np.float64)
    per_person = np.zeros_like(capacity)
    np.divide(capacity, load, out=per_person, where=load > 0)
    return pd.Series(np.asarray(weights @ per_person, np.float64), index=demand.index, name="access")


def spar(access: pd.Series, people: pd.Series | pd.DataFrame) -> pd.Series:
    """Spatial access ratio: access over the mean access of a person.

    ``A_i / (Σ people_i A_i / Σ people_i)``: 1 is what the average person has, 0.5 half of it.
    The mean is weighted by people; Wan et al. take the plain mean of the areas, which lets a
    hamlet count as much as a town.

    Parameters
    ----------
    access : Series, shape (n,)
        From `two_step` or `three_step`; capacity per person.
    people : Series of persons, or DataFrame with a column ``people``, shape (n,)
        The same labels, in any order.

    Returns
    -------
    Series of float, shape (n,), on ``access.index``
        0 where access is 0; NaN everywhere where nobody has any access, since there is no
        mean to compare with.

    Raises
    ------
    InputError
        If access is missing, infinite or negative, labels differ, or there are no people.

    References
    ----------
    Wan, Zhan, Zou & Chow (2012), A relative spatial access assessment approach for analyzing
    potential spatial access to colorectal cancer services in Texas, Applied Geography 32(2).

    Examples
    --------
    >>> spar(pd.Series([0.1, 0.4]), pd.Series([300, 100])).round(3).tolist()
    [0.571, 2.286]
    """
    table = people.to_frame("people") if isinstance(people, pd.Series) else people
    persons = quantity(table, "people", "people")
    values = numbers(access, "access")
    labels_of(access, "access")
    wrong = ~(np.isfinite(values) & (values >= 0))
    if wrong.any():
        raise InputError(
            f"access is missing, infinite or negative at {some(access.index[wrong])} ({values[wrong][0]:g}); "
            "it must be capacity per person"
        )
    if not same_labels(access.index, table.index, "access", "people"):
        persons = numbers(pd.Series(persons, index=table.index).reindex(access.index), "people")
    if persons.sum() == 0:
        raise InputError("people is 0 everywhere; the mean access of a person needs somebody")
    mean = float(persons @ values) / float(persons.sum())
    result = np.full(len(values), np.nan)
    np.divide(values, mean, out=result, where=mean > 0)
    return pd.Series(result, index=access.index, name="spar")


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
