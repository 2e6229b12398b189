"""Shares of a population, with what the data can and can't say about them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from jitasa_analytics.analysis.inputs import Floats, labels_of, number, numbers, same_labels, some
from jitasa_analytics.errors import InputError


def coverage(count: pd.Series, people: pd.Series, *, confidence: float = 0.95) -> pd.DataFrame:
    """Share of people who are counted, with its Wilson score interval.

    Parameters
    ----------
    count : Series, shape (n,)
        Persons counted, for instance with a first dose; missing where nothing was reported.
    people : Series, shape (n,)
        The denominator, persons, on the same labels; missing where it is not known.
    confidence : float, between 0 and 1

    Returns
    -------
    DataFrame, shape (n,), on ``count.index``
        ``share``; ``low``, ``high`` (the interval, in [0, 1]); ``over_100``, ``no_data`` (bool).
        Where count or people is missing, or both are zero, numbers are NaN and ``no_data`` is set.
        A share above 1 is kept and flagged: the denominator is too small for the count, and no
        interval is given, since the count isn't a part of the people. It is ``inf`` where
        people are 0.

    Raises
    ------
    InputError
        If a number is negative or infinite, or labels differ.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22(158).

    Examples
    --------
    >>> count = pd.Series([50, 0, 120, 7], index=["a", "b", "c", "d"])
    >>> people = pd.Series([100, 100, 100, float("nan")], index=["a", "b", "c", "d"])
    >>> coverage(count, people).round(3)
       share    low   high  over_100  no_data
    a    0.5  0.404  0.596     False    False
    b    0.0  0.000  0.037     False    False
    c    1.2    NaN    NaN      True    False
    d    NaN    NaN    NaN     False     True
    """
    level = number(confidence, "confidence")
    if not 0 < level < 1:
        raise InputError(f"confidence is {level:g}; it must lie between 0 and 1, for instance 0.95")
    k, n = _pair(count, people, "count", "people")
    no_data = np.isnan(k) | np.isnan(n) | ((n == 0) & (k == 0))
    over = ~no_data & (k > n)
    share = np.where(over, np.inf, np.nan)
    np.divide(k, n, out=share, where=~no_data & (n > 0))
    low, high = wilson(k, n, level)
    outside = no_data | over
    low[outside] = high[outside] = np.nan
    return pd.DataFrame(
        {"share": share, "low": low, "high": high, "over_100": over, "no_data": no_data}, index=count.index
    )


def wilson(count: Floats, people: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Wilson score interval of a proportion, arrays of shape (n,).

    Exactly 0 below a count of 0 and exactly 1 above a full count; NaN where
    0 ≤ count ≤ people, people > 0 doesn't hold.
    """
    z2 = float(ndtri(0.5 + confidence / 2.0)) ** 2
    fits = (count >= 0) & (count <= people) & (people > 0)
    k, n = np.where(fits, count, 0.0), np.where(fits, people, 1.0)
    middle = (k + z2 / 2.0) / (n + z2)
    half = np.sqrt(z2) / (n + z2) * np.sqrt(k * (n - k) / n + z2 / 4.0)
    low = np.where(k == 0, 0.0, np.maximum(middle - half, 0.0))
    high = np.where(k == n, 1.0, np.minimum(middle + half, 1.0))
    low[~fits] = high[~fits] = np.nan
    return low, high


def drop_out(first: pd.Series, second: pd.Series) -> pd.Series:
    """Share of those who began and didn't go on: ``(first - second) / first``.

    Both counts are for the same people; where the second dose comes weeks later, ``first`` is
    the count of that many weeks before.

    Parameters
    ----------
    first, second : Series, shape (n,)
        Persons with the first and the second dose, on the same labels.

    Returns
    -------
    Series of float, shape (n,), on ``first.index``
        Negative where more people had the second than the first: kept, since it says that the
        reports don't fit. NaN where a count is missing or nobody began.

    Raises
    ------
    InputError
        If a number is negative or infinite, or labels differ.

    Examples
    --------
    >>> drop_out(pd.Series([100, 0, 50]), pd.Series([80, 0, 60])).tolist()
    [0.2, nan, -0.2]
    """
    a, b = _pair(first, second, "first", "second")
    result = np.full(len(a), np.nan)
    np.divide(a - b, a, out=result, where=a > 0)
    return pd.Series(result, index=first.index, name="drop_out")


def _pair(left: pd.Series, right: pd.Series, left_name: str, right_name: str) -> tuple[Floats, Floats]:
    """Two aligned columns of counts as floats, missing as NaN."""
    for values, name in ((left, left_name), (right, right_name)):
        array = numbers(values, name)
        labels_of(values, name)
        wrong = (array < 0) | np.isinf(array)
        if wrong.any():
            where = some(values.index[wrong])
            raise InputError(f"{name} is negative or infinite at {where}; counts are 0 or more")
    if not same_labels(left.index, right.index, left_name, right_name):
        right = right.reindex(left.index)
    return numbers(left, left_name), numbers(right, right_name)
