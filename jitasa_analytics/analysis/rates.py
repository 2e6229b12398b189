"""Shares of a population, with what the data can and can't say about them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from jitasa_analytics.analysis.inputs import Floats, counts, labels_of, number, paired_counts, same_labels
from jitasa_analytics.analysis.smoothing import empirical_bayes
from jitasa_analytics.errors import InputError

__all__ = [
    "coverage", "drop_out", "drop_out_over_time", "empirical_bayes", "switch_denominator", "wilson", "zero_dose",
]


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
    k, n = paired_counts(count, people, "count", "people")
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
    the count of that many weeks before: `drop_out_over_time` looks it up.

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
    a, b = paired_counts(first, second, "first", "second")
    return pd.Series(_lost(a, b), index=first.index, name="drop_out")


def drop_out_over_time(first: pd.DataFrame, second: pd.DataFrame, *, interval_days: float) -> pd.DataFrame:
    """Drop-out at each date, lagged by the interval between the doses.

    ``(first(t - interval) - second(t)) / first(t - interval)``: whoever began less than an
    interval ago couldn't have come back, and isn't counted as lost. The first dose is read at
    each area's own last report on or before ``t - interval``: areas don't all report every day.

    Parameters
    ----------
    first, second : DataFrame, shapes (t, n) and (u, n)
        Cumulative persons with the first and the second dose: rows are ascending dates,
        columns the areas, the same in both in any order.
    interval_days : float, at least 0
        Planned days between the doses, for instance 21 or 84.

    Returns
    -------
    DataFrame of float, shape (u, n), on the labels of ``second``
        Negative where more people had the second dose than could have: kept. NaN where the second
        count is missing, nobody had begun, or the area has no report that old.

    Raises
    ------
    InputError
        If rows aren't ascending dates, areas differ, or a count is negative or infinite.

    Examples
    --------
    >>> days = pd.to_datetime(["2021-06-01", "2021-06-22"])
    >>> first = pd.DataFrame({"a": [100, 400]}, index=days)
    >>> second = pd.DataFrame({"a": [0, 90]}, index=days)
    >>> drop_out_over_time(first, second, interval_days=21)["a"].tolist()
    [nan, 0.1]
    """
    lag = pd.Timedelta(days=number(interval_days, "interval_days"))
    for table, name in ((first, "first"), (second, "second")):
        if not isinstance(table, pd.DataFrame) or not isinstance(table.index, pd.DatetimeIndex):
            raise InputError(f"{name} must be a DataFrame with dates as its index; convert them with pd.to_datetime")
        labels_of(table, name)
        if not table.index.is_monotonic_increasing:
            raise InputError(f"the dates of {name} must ascend; sort them with sort_index()")
    same_labels(labels_of(second.columns, "the areas of second"), labels_of(first.columns, "the areas of first"),
                "second", "first")
    due = pd.DatetimeIndex(second.index) - lag
    rows = pd.DatetimeIndex(first.index).searchsorted(due, side="right") - 1
    result = {}
    for area in second.columns:
        began = pd.Series(counts(first[area], f"first[{area!r}]")).ffill().to_numpy()
        went_on = counts(second[area], f"second[{area!r}]")
        before = np.where(rows >= 0, np.append(began, np.nan)[rows], np.nan)
        result[area] = _lost(before, went_on)
    return pd.DataFrame(result, index=second.index, columns=second.columns, dtype=np.float64)


def zero_dose(first: pd.Series, people: pd.Series, *, confidence: float = 0.95) -> pd.DataFrame:
    """People without any dose: ``people - first``, and their share with its Wilson interval.

    Parameters
    ----------
    first : Series, shape (n,)
        Persons with at least one dose.
    people : Series, shape (n,)
        The denominator, persons, on the same labels.
    confidence : float, between 0 and 1

    Returns
    -------
    DataFrame, shape (n,), on ``first.index``
        ``people`` (persons without a dose), ``share``, ``low``, ``high``; ``over_100`` where
        the denominator is smaller than the count, which makes the number negative: kept, so
        that sums stay true; ``no_data``, where numbers are NaN.

    Raises
    ------
    InputError
        As in `coverage`.

    Examples
    --------
    >>> zero_dose(pd.Series([90, 120]), pd.Series([100, 100]))[["people", "share", "over_100"]].round(3)
       people  share  over_100
    0    10.0    0.1     False
    1   -20.0   -0.2      True
    """
    had, everyone = paired_counts(first, people, "first", "people")
    table = coverage(first, people, confidence=confidence)
    return pd.DataFrame(
        {
            "people": np.where(table["no_data"], np.nan, everyone - had),
            "share": 1.0 - table["share"],
            "low": 1.0 - table["high"],
            "high": 1.0 - table["low"],
            "over_100": table["over_100"],
            "no_data": table["no_data"],
        },
        index=first.index,
    )


def switch_denominator(count: pd.Series, people: pd.DataFrame) -> pd.DataFrame:
    """Coverage and rank under each denominator, and how the rank changes.

    Parameters
    ----------
    count : Series, shape (n,)
        Persons counted.
    people : DataFrame, shape (n, k)
        A column for each denominator, for instance ``registered``, ``resident``,
        ``with_unregistered``; the first is what the others are compared with.

    Returns
    -------
    DataFrame, shape (n, 4k - 1), on ``count.index``
        For each denominator ``share_*``, ``rank_*`` (1: the highest share; equal shares share
        the smallest rank; NaN without data), ``over_100_*``, and for all but the first
        ``change_*``: places gained (positive: nearer to the top) against the first, counted
        among the areas that have data under both.

    Raises
    ------
    InputError
        If there is no denominator, or as in `coverage`.

    Examples
    --------
    >>> people = pd.DataFrame({"registered": [100, 100], "resident": [100, 200]}, index=["a", "b"])
    >>> table = switch_denominator(pd.Series([60, 80], index=["a", "b"]), people)
    >>> table[["share_registered", "rank_registered", "rank_resident", "change_resident"]]
       share_registered  rank_registered  rank_resident  change_resident
    a               0.6              2.0            1.0              1.0
    b               0.8              1.0            2.0             -1.0
    """
    if not isinstance(people, pd.DataFrame) or people.shape[1] == 0:
        raise InputError("people must be a DataFrame with one column for each denominator")
    counts(count, "count")
    names = labels_of(people.columns, "the columns of people")
    result: dict[str, pd.Series] = {}
    base = pd.Series(np.nan, index=count.index)
    for position, name in enumerate(names):
        table = coverage(count, people[name])
        share = table["share"]
        result[f"share_{name}"] = share
        result[f"rank_{name}"] = _rank(share)
        result[f"over_100_{name}"] = table["over_100"]
        if position == 0:
            base = share
        else:
            both = base.notna() & share.notna()
            result[f"change_{name}"] = _rank(base.where(both)) - _rank(share.where(both))
    return pd.DataFrame(result, index=count.index)


def _rank(share: pd.Series) -> pd.Series:
    return share.rank(ascending=False, method="min")


def _lost(first: Floats, second: Floats) -> Floats:
    """Share lost between two counts; NaN where nobody began."""
    result = np.full(len(first), np.nan)
    np.divide(first - second, first, out=result, where=first > 0)
    return result
