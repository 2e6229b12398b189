"""How unequally help is spread over people.

Every measure takes a value per person for each area and counts an area by its people, so
that a town weighs more than a hamlet. Areas without data take no part; they are not zero.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from jitasa_analytics.analysis.inputs import labels_of, number, numbers, same_labels, some
from jitasa_analytics.analysis.theil import Decomposition, known_shares, theil, theil_by_group, with_value
from jitasa_analytics.errors import InputError

__all__ = ["Decomposition", "concentration_index", "gini", "palma", "theil", "theil_by_group"]


def gini(values: pd.Series, *, people: pd.Series | None = None) -> float:
    """Gini coefficient: 0 where all have the same, towards 1 where one has everything.

    ``Σ_i Σ_j p_i p_j |x_i - x_j| / (2 x̄)`` with p the shares of people and x̄ their mean: twice
    the area between the Lorenz curve and the diagonal. The population's Gini, without the
    small-sample factor n / (n - 1).

    Parameters
    ----------
    values : Series, shape (n,)
        Amount per person, at least 0; areas with missing values take no part.
    people : Series, shape (n,), optional
        Persons, on the same labels; each area counts once where it is left out.

    Returns
    -------
    float
        NaN where nobody is left or nobody has anything.

    Raises
    ------
    InputError
        If a value or a number of people is negative or infinite, people are missing where a
        value is known, or labels differ.

    References
    ----------
    Gini (1912), Variabilità e mutabilità; Lerman & Yitzhaki (1989), Journal of Econometrics
    42(1), for weights.

    Examples
    --------
    >>> gini(pd.Series([0, 0, 0, 8]))
    0.75
    >>> round(gini(pd.Series([0, 8]), people=pd.Series([3, 1])), 10)
    0.75
    """
    x, p = known_shares(values, people)
    order = np.argsort(x, kind="stable")
    x, p = x[order], p[order]
    mean = float(x @ p)
    if not len(x) or mean == 0:
        return float("nan")
    below = np.cumsum(p) - p
    return max(float(2.0 * (x * p) @ (below + p / 2.0) / mean - 1.0), 0.0)  # rounding below 0 would print as -0.00


def concentration_index(values: pd.Series, rank_by: pd.Series, *, people: pd.Series | None = None) -> float:
    """Concentration index: who has it, ordered by something else, for instance income.

    ``2 cov(x, r) / x̄`` with r the share of people below, halfway through their own area:
    negative where those low in ``rank_by`` have more, 0 where order makes no difference. Areas
    that are equal in ``rank_by`` share the middle of their rank, so their order doesn't matter.

    Parameters
    ----------
    values : Series, shape (n,)
        Amount per person, at least 0.
    rank_by : Series, shape (n,)
        What orders the areas, lowest first; any finite number.
    people : Series, shape (n,), optional
        As in `gini`.

    Returns
    -------
    float
        Between -1 and 1; NaN where nobody is left or nobody has anything. An area without
        either number takes no part.

    Raises
    ------
    InputError
        As in `gini`, or if ``rank_by`` is infinite.

    References
    ----------
    Wagstaff, Paci & van Doorslaer (1991), Social Science & Medicine 33(5); Kakwani, Wagstaff &
    van Doorslaer (1997), Journal of Econometrics 77(1).

    Examples
    --------
    >>> poor, rich = pd.Series([4, 0]), pd.Series([1, 2])
    >>> concentration_index(poor, rich)
    -0.5
    """
    order = numbers(rank_by, "rank_by")
    if np.isinf(order).any():
        raise InputError(f"rank_by is infinite at {some(rank_by.index[np.isinf(order)])}; it must be finite")
    numbers(values, "values")
    if not same_labels(labels_of(values, "values"), labels_of(rank_by, "rank_by"), "values", "rank_by"):
        order = numbers(rank_by.reindex(values.index), "rank_by")
    x, p = known_shares(values.where(~np.isnan(order)), people)
    order = order[with_value(values.where(~np.isnan(order)))]
    mean = float(x @ p)
    if not len(x) or mean == 0:
        return float("nan")
    _, group = np.unique(order, return_inverse=True)
    share = np.bincount(group, weights=p)
    rank = (np.cumsum(share) - share / 2.0)[group]
    return float(2.0 * (x * p) @ rank / mean - 1.0)


def palma(values: pd.Series, *, people: pd.Series | None = None, top: float = 0.1, bottom: float = 0.4) -> float:
    """What the best-off tenth has over what the worst-off two fifths have.

    An area on the border of the tenth is split by people.

    Parameters
    ----------
    values, people
        As in `gini`.
    top, bottom : float, above 0 and together at most 1
        Shares of people; Palma's are 0.1 and 0.4.

    Returns
    -------
    float
        0.25 where all have the same; ``inf`` where the worst-off have nothing; NaN where nobody
        is left or nobody has anything.

    Raises
    ------
    InputError
        As in `gini`, or if a share is not above 0 or they exceed 1.

    References
    ----------
    Palma (2011), Development and Change 42(1); Cobham & Sumner (2013).

    Examples
    --------
    >>> round(palma(pd.Series([1, 1, 1, 1, 2, 2, 2, 2, 2, 6])), 10)
    1.5
    """
    highest, lowest = number(top, "top"), number(bottom, "bottom")
    if not (highest > 0 and lowest > 0 and highest + lowest <= 1):
        raise InputError(f"top is {highest:g} and bottom {lowest:g}; both must be above 0 and together at most 1")
    x, p = known_shares(values, people)
    if not len(x) or float(x @ p) == 0:
        return float("nan")
    order = np.argsort(x, kind="stable")
    x, p = x[order], p[order]
    edges = np.append(0.0, np.cumsum(p))
    poor = float(x @ np.clip(lowest - edges[:-1], 0.0, p))
    rich = float(x @ np.clip(edges[1:] - (1.0 - highest), 0.0, p))
    return rich / poor if poor > 0 else float("inf")
