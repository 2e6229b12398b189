"""Access when people avoid crowds: the rational agent access model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from jitasa_analytics.analysis.inputs import Floats, aligned, number
from jitasa_analytics.analysis.travel import Travel
from jitasa_analytics.errors import InputError


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """Who goes where when nobody gains by going elsewhere.

    Attributes
    ----------
    cost : Series, shape (n,), on the demand's index
        Cost of the best site of each place, dimensionless; ``inf`` where no site is in reach.
    load : Series, shape (m,), on the supply's index
        Persons at each site; ``load / capacity / rho`` is its congestion.
    people : float array, shape (k,)
        Persons of each stored pair of ``travel``.
    travel : Travel, shape (n, m)
        In the order of demand and supply.
    gap : float
        What all people together could save by changing to their best site, over what they
        bear: 0 at the equilibrium.
    rounds : int
        Rounds that were run.
    rho, tau : float
        Persons per unit of capacity, and the cost in ``travel.unit``, that weigh 1.
    """

    cost: pd.Series
    load: pd.Series
    people: Floats
    travel: Travel
    gap: float
    rounds: int
    rho: float
    tau: float


def raam(
    demand: pd.DataFrame,
    supply: pd.DataFrame,
    travel: Travel,
    *,
    tau: float,
    rho: float | None = None,
    tolerance: float = 1e-4,
    max_rounds: int = 2000,
) -> pd.Series:
    """Cost of the best choice of each place when people share themselves out (RAAM).

    Going to site j costs ``load_j / (capacity_j · rho) + travel_ij / tau``. At the equilibrium
    all sites that a place uses cost it the same, and no other costs less. Lower is better:
    1 is the crowd of an average site at no distance.

    PySAL ``access`` moves a bounded whole number of people from the worst to the best site
    in 150 cycles and gives the mean over the sites then in use. Here the equilibrium itself is
    computed, with `equilibrium`; it is unique in the loads, so the order of rows doesn't matter.

    Parameters
    ----------
    demand : DataFrame, shape (n,), column ``people`` (persons)
    supply : DataFrame, shape (m,), column ``capacity``; sites with 0 are closed
    travel : Travel, shape (n, m)
        An absent pair can't be chosen.
    tau : float, above 0
        Travel, in ``travel.unit``, that people accept to avoid a crowd of one ``rho``.
    rho : float, above 0, optional
        Persons per unit of capacity that count as 1. Left out: all people over all capacity.
    tolerance : float, above 0
        Largest ``gap`` of `Equilibrium` that is accepted.
    max_rounds : int

    Returns
    -------
    Series of float, shape (n,), on ``demand.index``
        A cost, so ``inf`` (not 0) where no open site is in reach. A place without people gets
        what a newcomer would bear.

    Raises
    ------
    InputError
        If a column is absent, missing or negative, labels differ, an option is not above 0,
        nobody or nothing is there to set ``rho`` by, or the tolerance isn't met in ``max_rounds``.

    References
    ----------
    Saxon & Snow (2020), A rational agent model for the spatial accessibility of primary
    health care, Annals of the American Association of Geographers 110(1).

    Examples
    --------
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [30]}, index=["a"])
    >>> supply = pd.DataFrame({"capacity": [1, 1]}, index=["s", "t"])
    >>> t = from_matrix([[0, 10]], origins=demand, destinations=supply)
    >>> raam(demand, supply, t, tau=30, rho=15).round(3).tolist()  # 17.5 go to s, 12.5 to t
    [1.167]
    """
    found = equilibrium(
        demand, supply, travel, tau=tau, rho=rho, tolerance=tolerance, max_rounds=max_rounds
    )
    if found.gap > tolerance:
        raise InputError(
            f"after {found.rounds} rounds people could still save {found.gap:.2g} of their cost, more than the "
            f"tolerance {tolerance:g}; raise max_rounds or tolerance, or take equilibrium(...) as it is"
        )
    return found.cost


def equilibrium(
    demand: pd.DataFrame,
    supply: pd.DataFrame,
    travel: Travel,
    *,
    tau: float,
    rho: float | None = None,
    tolerance: float = 1e-4,
    max_rounds: int = 2000,
) -> Equilibrium:
    """The shares behind `raam`, with what is left to gain.

    Place after place spreads its people anew, exactly, given all others (block coordinate
    descent on the convex potential of Beckmann), until the gap is at most ``tolerance``.

    Parameters
    ----------
    demand, supply, travel, tau, rho, tolerance, max_rounds
        As in `raam`.

    Returns
    -------
    Equilibrium
        Its ``gap`` is above ``tolerance`` where ``max_rounds`` came first.

    Raises
    ------
    InputError
        As in `raam`, the last case apart.

    References
    ----------
    Beckmann, McGuire & Winsten (1956), Studies in the Economics of Transportation, ch. 3.
    """
    people, capacity, travel = aligned(demand, supply, travel)
    scale, accepted = _above_zero(tau, "tau"), _above_zero(tolerance, "tolerance")
    if rho is None:
        if people.sum() == 0 or capacity.sum() == 0:
            raise InputError("rho can't be computed: people or capacity add up to 0; give rho")
        persons = float(people.sum() / capacity.sum())
    else:
        persons = _above_zero(rho, "rho")
    from jitasa_analytics.analysis import congestion_kernel as kernel  # compiled: loaded when it is needed

    room = capacity * persons
    costs: Floats = travel.costs / scale
    flows = kernel.start(travel.indptr, travel.indices, costs, people, room)
    load = _loads(travel, flows)
    gap, rounds = kernel.gap(travel.indptr, travel.indices, costs, people, room, flows, load), 0
    while gap > accepted and rounds < max_rounds:
        for _ in range(min(5, max_rounds - rounds)):
            kernel.spread(travel.indptr, travel.indices, costs, people, room, flows, load)
            rounds += 1
        load = _loads(travel, flows)  # anew, which sheds rounding
        gap = kernel.gap(travel.indptr, travel.indices, costs, people, room, flows, load)
    best = _best(travel.indptr, travel.indices, costs, room, load)
    return Equilibrium(
        pd.Series(best, index=demand.index, name="raam"),
        pd.Series(load, index=supply.index, name="load"),
        flows, travel, float(gap), rounds, persons, scale,
    )


def _loads(travel: Travel, flows: Floats) -> Floats:
    return np.bincount(travel.indices, weights=flows, minlength=len(travel.destinations)).astype(np.float64)


def _best(
    indptr: npt.NDArray[np.integer[Any]], indices: npt.NDArray[np.integer[Any]], costs: Floats, room: Floats,
    load: Floats,
) -> Floats:
    """Cost of the best site of each origin, ``inf`` where there is none."""
    crowd = np.full(len(room), np.inf)
    np.divide(load, room, out=crowd, where=room > 0)
    result = np.full(len(indptr) - 1, np.inf)
    filled = np.flatnonzero(np.diff(indptr))
    if len(filled):
        result[filled] = np.minimum.reduceat(costs + crowd[indices], indptr[filled])
    return result


def _above_zero(value: float, name: str) -> float:
    result = number(value, name)
    if result == 0:
        raise InputError(f"{name} is 0; it must be above 0")
    return result
