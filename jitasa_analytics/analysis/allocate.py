"""Whole persons shared out so that the sum stays what it was."""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import SupportsIndex

import numpy as np
import pandas as pd

from jitasa_analytics.analysis.inputs import counts as _counts
from jitasa_analytics.analysis.inputs import labels_of, numbers, same_labels, some
from jitasa_analytics.errors import InputError


def largest_remainder(total: SupportsIndex, weights: pd.Series) -> pd.Series:
    """Share a whole number in proportion to weights, exactly.

    Each place gets its quota ``total × weight / Σ weights`` rounded down; the persons left
    over go one each to the largest remainders (Hamilton's method). Equal remainders go to the
    greater weight, then to the row that comes first. Quotas are computed as exact fractions.

    Parameters
    ----------
    total : int, at least 0
    weights : Series, shape (n,)
        Finite, not negative, with a positive sum where there is something to share.

    Returns
    -------
    Series of int64, shape (n,), on ``weights.index``
        Sums to ``total``; a weight of 0 gets 0.

    Raises
    ------
    InputError
        If ``total`` is no whole number or negative, or nothing can be shared by the weights.

    References
    ----------
    Balinski & Young (2001), Fair Representation, ch. 3.

    Examples
    --------
    >>> largest_remainder(10, pd.Series([1, 1, 1], index=["a", "b", "c"])).tolist()
    [4, 3, 3]
    """
    try:
        whole = operator.index(total)
    except TypeError:
        raise InputError(f"total must be a whole number, not {total!r}") from None
    if whole < 0:
        raise InputError(f"total is {whole}; it must be 0 or more")
    values = numbers(weights, "weights")
    wrong = ~(np.isfinite(values) & (values >= 0))
    if wrong.any():
        raise InputError(
            f"weights are missing, infinite or negative at {some(weights.index[wrong])} ({values[wrong][0]:g}); "
            "they must be 0 or more"
        )
    result = np.zeros(len(values), np.int64)
    if whole > 0:
        parts = [Fraction(value) for value in values.tolist()]
        everything = sum(parts, Fraction(0))
        if everything == 0:
            raise InputError(
                f"{whole} can't be shared: no weight is above 0; give the places equal weights if nothing "
                "is known about them"
            )
        quotas = [part * whole / everything for part in parts]
        floors = [int(quota) for quota in quotas]
        order = sorted(range(len(parts)), key=lambda i: (floors[i] - quotas[i], -parts[i], i))
        for i in order[: whole - sum(floors)]:
            floors[i] += 1
        result[:] = floors
    return pd.Series(result, index=weights.index, name="people")


def by_group(totals: pd.Series, weights: pd.Series, groups: pd.Series) -> pd.Series:
    """Share each group's whole number over its rows, for instance a tambon's people over its villages.

    Parameters
    ----------
    totals : Series of int, shape (g,), on the groups' labels
    weights : Series, shape (n,)
    groups : Series, shape (n,)
        The group of each row, on the index of ``weights``.

    Returns
    -------
    Series of int64, shape (n,), on ``weights.index``
        The rows of each group sum to its total.

    Raises
    ------
    InputError
        If a group with people has no row (its people would vanish), a row's group has no total,
        or as in `largest_remainder`.

    Examples
    --------
    >>> weights = pd.Series([2, 1, 1], index=["x", "y", "z"])
    >>> groups = pd.Series(["A", "A", "B"], index=["x", "y", "z"])
    >>> by_group(pd.Series({"A": 7, "B": 5}), weights, groups).tolist()
    [5, 2, 5]
    """
    numbers(weights, "weights")
    if not same_labels(labels_of(weights, "weights"), labels_of(groups, "groups"), "weights", "groups"):
        groups = groups.reindex(weights.index)
    members = pd.Series(np.arange(len(weights))).groupby(groups.to_numpy(), dropna=False).indices
    counts = _counts(totals, "totals")
    labels_of(totals, "totals")
    unknown = [group for group in members if group not in totals.index]
    if unknown:
        raise InputError(f"rows lie in groups without a total: {some(unknown)}")
    empty = [g for g, count in zip(totals.index, counts, strict=True) if g not in members and count != 0]
    if empty:
        raise InputError(f"groups with people but without a row: {some(empty)}; give each a place")
    result = np.zeros(len(weights), np.int64)
    for group, rows in members.items():
        count = float(counts[totals.index.get_loc(group)])
        if not count.is_integer():
            raise InputError(f"the total of group {group!r} is {count:g}; it must be a whole number")
        result[rows] = largest_remainder(int(count), weights.iloc[rows]).to_numpy()
    return pd.Series(result, index=weights.index, name="people")
