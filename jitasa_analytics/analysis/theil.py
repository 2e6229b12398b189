"""Theil's measure of inequality, which splits into between and within; see `equity`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from jitasa_analytics.analysis.inputs import Floats, labels_of, numbers, same_labels, some
from jitasa_analytics.errors import InputError

_COLUMNS = ("people", "mean", "theil", "between", "within")


@dataclass(frozen=True, eq=False)
class Decomposition:
    """Theil's T and what it is made of.

    Attributes
    ----------
    total, between, within : float
        ``total = between + within``; NaN where there is nothing to share.
    groups : DataFrame, index: the groups in the order they come
        ``people``, ``mean``, ``theil`` (inside the group), ``between`` and ``within`` (its part
        of each; they add up to the sums above).
    """

    total: float
    between: float
    within: float
    groups: pd.DataFrame


def theil(values: pd.Series, *, people: pd.Series | None = None) -> float:
    """Theil's T: 0 where all have the same, ln n where one of n has everything.

    ``Σ p_i (x_i / x̄) ln(x_i / x̄)`` with 0 ln 0 = 0, p the shares of people; PySAL adds a tiny
    number to each value instead, which gives the same.

    Parameters
    ----------
    values, people
        As in `gini`.

    Returns
    -------
    float
        NaN where nobody is left or nobody has anything.

    Raises
    ------
    InputError
        As in `gini`.

    References
    ----------
    Theil (1967), Economics and Information Theory.

    Examples
    --------
    >>> theil(pd.Series([0, 0, 0, 8])) == float(np.log(4))
    True
    """
    x, p = known_shares(values, people)
    return _theil(x, p)


def theil_by_group(values: pd.Series, groups: pd.Series, *, people: pd.Series | None = None) -> Decomposition:
    """Theil's T, split into differences between groups and within them.

    ``T = Σ_g s_g ln(x̄_g / x̄) + Σ_g s_g T_g`` with s_g the group's share of the whole amount.

    Parameters
    ----------
    values, people
        As in `gini`.
    groups : Series, shape (n,)
        The group of each area, for instance its province; on the same labels.

    Returns
    -------
    Decomposition

    Raises
    ------
    InputError
        As in `gini`, or if an area has no group.

    References
    ----------
    Theil (1967), Economics and Information Theory; Bourguignon (1979), Econometrica 47(4).

    Examples
    --------
    >>> parts = theil_by_group(pd.Series([1, 1, 3, 3]), pd.Series(["a", "a", "b", "b"]))
    >>> round(parts.total, 4), round(parts.between, 4), parts.within
    (0.1308, 0.1308, 0.0)
    """
    numbers(values, "values")
    if not same_labels(labels_of(values, "values"), labels_of(groups, "groups"), "values", "groups"):
        groups = groups.reindex(values.index)
    if groups.isna().any():
        raise InputError(f"groups is missing at {some(groups.index[groups.isna()])}; each area needs one")
    x, p = known_shares(values, people)
    codes, names = pd.factorize(groups)
    codes = codes[with_value(values)]
    mean, rows = float(x @ p), []
    for code in range(len(names)):
        inside = codes == code
        share = float(p[inside].sum())
        own = float(x[inside] @ p[inside]) / share if share > 0 else float("nan")
        amount = own * share / mean if mean > 0 and share > 0 else 0.0
        spread = _theil(x[inside], p[inside] / share) if share > 0 else float("nan")
        rows.append({
            "people": share, "mean": own, "theil": spread,
            "between": amount * float(np.log(own / mean)) if amount > 0 else 0.0,
            "within": amount * spread if amount > 0 else 0.0,
        })
    table = pd.DataFrame(rows, index=pd.Index(names, name=groups.name), columns=list(_COLUMNS), dtype=np.float64)
    table["people"] *= _total(values, people)
    if not len(x) or mean == 0:
        return Decomposition(float("nan"), float("nan"), float("nan"), table)
    between, within = float(table["between"].sum()), float(table["within"].sum())
    return Decomposition(_theil(x, p), between, within, table)


def with_value(values: pd.Series) -> npt.NDArray[np.bool_]:
    """Areas that have a value, shape (n,)."""
    return np.asarray(~np.isnan(numbers(values, "values")))


def known_shares(values: pd.Series, people: pd.Series | None) -> tuple[Floats, Floats]:
    """Known values (k,) and their shares of people, which add up to 1; for the measures of `equity`.

    Raises
    ------
    InputError
        If a value is negative or infinite, people are so or missing where a value is known, or
        labels differ.
    """
    x, used = numbers(values, "values"), with_value(values)
    labels_of(values, "values")
    p = np.ones(len(x))
    if people is not None:
        if not same_labels(values.index, labels_of(people, "people"), "values", "people"):
            people = people.reindex(values.index)
        p = numbers(people, "people")
    for array, name, what in ((x, "values", "an amount per person"), (p, "people", "persons")):
        wrong = used & ~((array >= 0) & np.isfinite(array))
        if wrong.any():
            raise InputError(
                f"{name} is missing, infinite or negative at {some(values.index[wrong])} ({array[wrong][0]:g}); "
                f"it must be {what}, 0 or more"
            )
    x, p = x[used], p[used]
    total = float(p.sum())
    return (x, p / total) if total > 0 else (np.zeros(0), np.zeros(0))


def _theil(x: Floats, p: Floats) -> float:
    mean = float(x @ p)
    if not len(x) or mean == 0:
        return float("nan")
    ratio = x / mean
    return max(float(p @ (ratio * np.log(ratio, out=np.zeros_like(ratio), where=ratio > 0))), 0.0)


def _total(values: pd.Series, people: pd.Series | None) -> float:
    if people is None:
        return float(with_value(values).sum())
    return float(numbers(people.reindex(values.index), "people")[with_value(values)].sum())
