"""How much a place still counts when it is farther away.

Each function here returns a `Decay`, which is handed to a measure: a measure never knows
which one it got. A decay is 0 beyond its reach, and a cost equal to the reach is within.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from jitasa_analytics.analysis.inputs import number
from jitasa_analytics.errors import InputError

Floats = npt.NDArray[np.float64]

LUO_QI_BREAKS = (10.0, 20.0, 30.0)
LUO_QI_WEIGHTS = (1.0, 0.68, 0.22)


@dataclass(frozen=True)
class Decay:
    """A weight in [0, 1] by cost.

    Attributes
    ----------
    name : str
        Formula and numbers, for the card beside an answer.
    reach : float
        Largest cost with a place in the catchment, in ``unit``.
    formula : callable, array -> array
        The weights up to ``reach``.
    unit : str
        Unit of the costs it is meant for, "minutes" or "km".
    """

    name: str
    reach: float
    formula: Callable[[Floats], Floats]
    unit: str = "minutes"

    def __call__(self, cost: npt.ArrayLike) -> Floats:
        """Weights of costs, in the shape of ``cost``; 0 beyond the reach."""
        costs = np.asarray(cost, np.float64)
        inside = costs <= self.reach
        if inside.all():  # the usual case, a travel computed up to the reach: no copies
            found = np.asarray(self.formula(costs), np.float64)
            own = not np.may_share_memory(found, costs) and found.flags.writeable
            return np.asarray(np.clip(found, 0.0, 1.0, out=found if own else None))
        weights = self.formula(np.where(inside, costs, self.reach))
        return np.where(inside, np.clip(weights, 0.0, 1.0), 0.0)


def step(minutes: float, *, unit: str = "minutes") -> Decay:
    """All or nothing: 1 up to ``minutes``, the boundary included.

    Raises
    ------
    InputError
        If ``minutes`` is negative, NaN or infinite.

    References
    ----------
    Radke & Mu (2000), Geographic Information Sciences 6(2); Luo & Wang (2003), Environment
    and Planning B 30(6).

    Examples
    --------
    >>> step(30)([0, 30, 30.5]).tolist()
    [1.0, 1.0, 0.0]
    """
    reach = number(minutes, "minutes")
    return Decay(f"step({reach:g} {unit})", reach, np.ones_like, unit)


def zones(
    breaks: Sequence[float] = LUO_QI_BREAKS,
    weights: Sequence[float] = LUO_QI_WEIGHTS,
    *,
    unit: str = "minutes",
) -> Decay:
    """One weight per zone; a cost on a break belongs to the nearer zone.

    Parameters
    ----------
    breaks : sequence of float, shape (k,), ascending
        Outer limit of each zone.
    weights : sequence of float, shape (k,), in [0, 1], not rising
        The defaults are those of E2SFCA: 1, 0.68, 0.22 for 0–10, 10–20, 20–30 minutes.

    Raises
    ------
    InputError
        If there are no zones, the lengths differ, breaks don't ascend or weights rise or leave [0, 1].

    References
    ----------
    Luo & Qi (2009), Health & Place 15(4).

    Examples
    --------
    >>> zones()([0, 10, 10.1, 30, 30.1]).tolist()
    [1.0, 1.0, 0.68, 0.22, 0.0]
    """
    limits = np.array([number(b, "breaks") for b in breaks])
    levels = np.array([number(w, "weights") for w in weights])
    if len(limits) == 0 or len(limits) != len(levels):
        raise InputError(f"zones need one weight for each break; there are {len(limits)} and {len(levels)}")
    if (np.diff(limits) <= 0).any():
        raise InputError(f"breaks must ascend; they are {limits.tolist()}")
    if (levels > 1).any() or (np.diff(levels) > 0).any():
        raise InputError(f"weights must lie in [0, 1] and not rise with cost; they are {levels.tolist()}")
    name = ", ".join(f"{b:g}: {w:g}" for b, w in zip(limits, levels, strict=True))
    return Decay(f"zones({name}; {unit})", float(limits[-1]), partial(_zones, limits, levels), unit)


def gaussian(minutes: float, *, unit: str = "minutes") -> Decay:
    """Dai's Gaussian, which falls from 1 at zero to 0 at ``minutes``.

    ``(exp(-(d/r)²/2) - exp(-1/2)) / (1 - exp(-1/2))`` for d ≤ r. It isn't `gaussian_sigma`,
    which has a tail and a jump at its limit.

    Raises
    ------
    InputError
        If ``minutes`` is not above zero.

    References
    ----------
    Dai (2010), Health & Place 16(5).

    Examples
    --------
    >>> gaussian(30)([0, 15, 30, 31]).round(3).tolist()
    [1.0, 0.701, 0.0, 0.0]
    """
    reach = _positive(minutes, "minutes")
    return Decay(f"Gaussian of Dai ({reach:g} {unit})", reach, partial(_dai, reach), unit)


def gaussian_sigma(sigma: float, limit: float, *, unit: str = "minutes") -> Decay:
    """The bell ``exp(-d² / 2σ²)``, cut at ``limit``.

    Raises
    ------
    InputError
        If ``sigma`` is not above zero or ``limit`` is negative.

    Examples
    --------
    >>> gaussian_sigma(10, 30)([0, 10, 30, 31]).round(4).tolist()
    [1.0, 0.6065, 0.0111, 0.0]
    """
    spread, reach = _positive(sigma, "sigma"), number(limit, "limit")
    return Decay(f"Gaussian (sigma {spread:g}, up to {reach:g} {unit})", reach, partial(_bell, spread), unit)


def exponential(beta: float, limit: float, *, unit: str = "minutes") -> Decay:
    """``exp(-beta d)``, cut at ``limit``.

    Parameters
    ----------
    beta : float, at least 0
        Per unit of cost: 0.05 halves the weight about every 14 minutes.
    limit : float
        Largest cost in reach.

    Raises
    ------
    InputError
        If ``beta`` or ``limit`` is negative.

    Examples
    --------
    >>> exponential(0.1, 30)([0, 10, 30, 30.1]).round(4).tolist()
    [1.0, 0.3679, 0.0498, 0.0]
    """
    rate, reach = number(beta, "beta"), number(limit, "limit")
    return Decay(f"exponential (beta {rate:g}, up to {reach:g} {unit})", reach, partial(_exp, rate), unit)


# Module-level, and bound with partial, so that a decay can be sent to another process.
def _zones(limits: Floats, levels: Floats, cost: Floats) -> Floats:
    zone = np.zeros(np.shape(cost), np.intp)
    for limit in limits[:-1]:  # a few comparisons of whole arrays beat a search for each cost
        zone += cost > limit
    return levels[zone]


def _dai(reach: float, cost: Floats) -> Floats:
    edge = np.exp(-0.5)
    return np.asarray((np.exp(-0.5 * (cost / reach) ** 2) - edge) / (1.0 - edge))


def _bell(sigma: float, cost: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * (cost / sigma) ** 2))


def _exp(rate: float, cost: Floats) -> Floats:
    return np.asarray(np.exp(-rate * cost))


def _positive(value: float, name: str) -> float:
    result = number(value, name)
    if result == 0:
        raise InputError(f"{name} is 0; it must be above 0")
    return result
