"""What a series says: by week, where it turned, where it can't be true, when it gets there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from jitasa_analytics.analysis.inputs import Floats, counts, labels_of, number, numbers, some
from jitasa_analytics.analysis.moments import moment, times_of
from jitasa_analytics.analysis.projection import Projection, project
from jitasa_analytics.errors import InputError

__all__ = ["Projection", "anomalies", "change_points", "data_age", "project", "weekly", "weekly_new"]


def weekly(times: pd.Series, *, start: Any, end: Any) -> pd.DataFrame:
    """Events by week, the empty weeks among them.

    Parameters
    ----------
    times : Series of times, shape (k,)
        One for each event, for instance when requests were made. Those outside are left aside.
    start, end : time
        What is covered by the data: from ``start`` up to but not including ``end``.

    Returns
    -------
    DataFrame, on the Mondays of all weeks from ``start`` to ``end``
        ``count``, and ``complete``: whether the whole week (Monday to Sunday, UTC) is covered.
        The last week of live data is usually not, and is no fall.

    Raises
    ------
    InputError
        If a time is missing or ``end`` isn't after ``start``.

    Examples
    --------
    >>> times = pd.Series(pd.to_datetime(["2021-07-05", "2021-07-06", "2021-07-19"]))
    >>> weekly(times, start="2021-07-05", end="2021-07-20")
                count  complete
    2021-07-05      2      True
    2021-07-12      0      True
    2021-07-19      1     False
    """
    first, last = moment(start, "start"), moment(end, "end")
    if last <= first:
        raise InputError(f"end is {end!r} and start {start!r}; end must be later")
    when = times_of(_times(times, "times").reset_index(drop=True).to_frame("time"), "time", "times")
    if np.isnat(when).any():
        raise InputError(f"times is missing {int(np.isnat(when).sum())} times; leave those rows out")
    begin = _monday(np.array([first], "datetime64[us]"))[0]
    mondays = np.arange(begin, last, np.timedelta64(7, "D")).astype("datetime64[us]")
    inside = when[(when >= first) & (when < last)]
    position = np.searchsorted(mondays, inside, side="right") - 1
    complete = (mondays >= first) & (mondays + np.timedelta64(7, "D") <= last)
    return pd.DataFrame(
        {"count": np.bincount(position, minlength=len(mondays)), "complete": complete}, index=pd.DatetimeIndex(mondays)
    )


def weekly_new(cumulative: pd.Series) -> pd.Series:
    """What each week added to a cumulative series.

    The newest report of a week less the newest of the week before. Clean the series first,
    with `anomalies`: a fall becomes a negative week.

    Parameters
    ----------
    cumulative : Series, shape (t,), on ascending dates

    Returns
    -------
    Series of float, on the Mondays of all weeks from the second to the last
        NaN where that week or the one before has no report: what was added over a silence
        can't be dated.

    Raises
    ------
    InputError
        If the index isn't ascending dates, or a count is negative or infinite.

    Examples
    --------
    >>> days = pd.to_datetime(["2021-07-05", "2021-07-11", "2021-07-18", "2021-08-01"])
    >>> weekly_new(pd.Series([10, 40, 100, 300], index=days)).tolist()
    [60.0, nan, nan]
    """
    values = _series(cumulative, "cumulative")
    known = ~np.isnan(values)
    if not known.any():
        return pd.Series([], index=pd.DatetimeIndex([]), dtype=np.float64, name="new")
    weeks = pd.DatetimeIndex(_monday(np.asarray(cumulative.index.to_numpy(), "datetime64[us]")))
    newest = pd.Series(values[known], index=weeks[known]).groupby(level=0).last()
    every = pd.date_range(weeks.min(), weeks.max(), freq="7D")
    return newest.reindex(every).diff().iloc[1:].rename("new")


def anomalies(cumulative: pd.Series, *, factor: float = 1.8) -> pd.DataFrame:
    """Values that a cumulative count can't have: it fell, or it doubled and came back.

    Each value is held against the last believed one. It *falls* if it is smaller: where the
    next value is back at the old level it was a slip, else a revision, and the new level is
    believed from then on. It *doubles* if it is at least ``factor`` times as great and the next
    value is smaller again, or there is none yet; a jump that stays is believed.

    Parameters
    ----------
    cumulative : Series, shape (t,), on ascending dates
    factor : float, above 1

    Returns
    -------
    DataFrame, shape (t,), on ``cumulative.index``
        ``falls``, ``doubles`` (bool), and ``clean``: the values, NaN where they slipped or
        doubled; a revision stays in.

    Raises
    ------
    InputError
        If the index isn't ascending dates, a count is negative or infinite, or ``factor`` is not above 1.

    Examples
    --------
    >>> days = pd.date_range("2021-11-25", periods=4)
    >>> anomalies(pd.Series([40.8, 41.2, 82.5, 41.4], index=days))["doubles"].tolist()
    [False, False, True, False]
    """
    limit = number(factor, "factor")
    if limit <= 1:
        raise InputError(f"factor is {limit:g}; it must be above 1, for instance 1.8")
    values = _series(cumulative, "cumulative")
    falls, doubles, clean = np.zeros(len(values), bool), np.zeros(len(values), bool), values.copy()
    rows = np.flatnonzero(~np.isnan(values))
    believed = np.nan
    for place, row in enumerate(rows):
        value = values[row]
        following = values[rows[place + 1]] if place + 1 < len(rows) else np.nan
        if value < believed:
            falls[row] = True
            if following >= believed:  # a slip: the level before is still the one to believe
                clean[row] = np.nan
                continue
        elif believed > 0 and value >= limit * believed and not following >= value:
            doubles[row] = True
            clean[row] = np.nan
            continue
        believed = value
    return pd.DataFrame({"falls": falls, "doubles": doubles, "clean": clean}, index=cumulative.index)


def change_points(values: pd.Series, *, min_size: int = 3, penalty: float = 4.0) -> pd.DataFrame:
    """Where the level of a series changed.

    The series is cut into segments with a mean each so that ``Σ (x - mean)² + changes · penalty
    · σ² ln t`` is smallest, exactly (dynamic programming). σ is estimated from the differences
    between neighbours, by their median, so that the changes themselves don't count as noise.

    Parameters
    ----------
    values : Series, shape (t,)
        In order, for instance `weekly_new`; missing values are left aside. For counts that
        grow by a factor give their logarithm.
    min_size : int, at least 1
        Least number of values in a segment.
    penalty : float
        More gives fewer changes. 3 is the modified BIC: of series of 60 values of pure noise one in
        forty then shows a change; with 4 one in two hundred.

    Returns
    -------
    DataFrame, a row for each segment
        ``start``, ``end`` (labels of its first and last value), ``size``, ``mean``, ``change``
        (from the segment before; NaN for the first).

    Raises
    ------
    InputError
        If a value is infinite or an option out of bounds.

    References
    ----------
    Jackson et al. (2005), IEEE Signal Processing Letters 12(2); Zhang & Siegmund (2007),
    Biometrics 63(1), for the penalty.

    Examples
    --------
    >>> change_points(pd.Series([5, 6, 5, 6, 5, 20, 21, 20, 21, 20]))[["start", "end", "mean"]]
       start  end  mean
    0      0    4   5.4
    1      5    9  20.4
    """
    least, weight = int(number(min_size, "min_size", minimum=1)), number(penalty, "penalty")
    full = numbers(values, "values")
    labels_of(values, "values")
    if np.isinf(full).any():
        raise InputError(f"values is infinite at {some(values.index[np.isinf(full)])}")
    known = np.flatnonzero(~np.isnan(full))
    x = full[known]
    rows = []
    starts = _cuts(x, least, weight)
    for begin, end in zip(starts, [*starts, len(x)][1:], strict=True):
        rows.append({
            "start": values.index[known[begin]], "end": values.index[known[end - 1]], "size": end - begin,
            "mean": float(x[begin:end].mean()),
        })
    table = pd.DataFrame(rows, columns=["start", "end", "size", "mean"])
    table["mean"] = table["mean"].astype(np.float64)
    return table.assign(change=table["mean"].diff())


def data_age(newest: pd.Series, *, as_of: Any) -> pd.DataFrame:
    """How old each area's newest data are.

    Parameters
    ----------
    newest : Series of times, shape (n,)
        Of the newest data of each area; missing where there are none.
    as_of : time

    Returns
    -------
    DataFrame, shape (n,), on ``newest.index``
        ``days`` (negative: data from the future, a wrong date; NaN: none) and ``no_data``.

    Raises
    ------
    InputError
        If ``newest`` doesn't hold times.

    Examples
    --------
    >>> newest = pd.Series(pd.to_datetime(["2021-07-01", None]), index=["a", "b"])
    >>> data_age(newest, as_of="2021-07-04")["days"].tolist()
    [3.0, nan]
    """
    times, now = times_of(_times(newest, "newest").to_frame("newest"), "newest", "newest"), moment(as_of, "as_of")
    missing = np.isnat(times)
    days = np.where(missing, np.nan, (now - times).astype(np.int64) / 86_400e6)
    return pd.DataFrame({"days": days, "no_data": missing}, index=newest.index)


def _times(times: Any, name: str) -> pd.Series:
    if not isinstance(times, pd.Series):
        raise InputError(f"{name} must be a Series of times, not {type(times).__name__}")
    return times


def _monday(times: Any) -> Any:
    """The start of the ISO week of each time."""
    days = times.astype("datetime64[D]")
    weekday = (days.astype(np.int64) + 3) % 7  # 1 January 1970 was a Thursday
    return (days - weekday.astype("timedelta64[D]")).astype("datetime64[us]")


def _series(values: pd.Series, name: str) -> Floats:
    """Cumulative counts on ascending dates."""
    array = counts(values, name)
    if not isinstance(values.index, pd.DatetimeIndex) or values.index.tz is not None:
        raise InputError(f"{name} must have dates without a zone as its index; convert them with pd.to_datetime")
    labels_of(values, name)
    if not values.index.is_monotonic_increasing:
        raise InputError(f"the dates of {name} must ascend; sort them with sort_index()")
    return array


def _cuts(x: Floats, least: int, penalty: float) -> list[int]:
    """Starts of the segments of the cheapest cut."""
    n = len(x)
    if n == 0:
        return []
    steps = np.abs(np.diff(x))
    sigma = float(np.median(steps)) / 0.9539 if n > 1 else 0.0  # median |difference| of a unit normal
    if sigma == 0 and n > 1:
        sigma = float(steps.mean()) / 1.1284 / np.sqrt(n)  # mostly equal values: any change is one
    price = penalty * sigma**2 * np.log(max(n, 2))
    centred = x - x.mean()
    sums, squares = np.append(0.0, np.cumsum(centred)), np.append(0.0, np.cumsum(centred**2))
    best, before = np.full(n + 1, np.inf), np.zeros(n + 1, np.int64)
    best[0] = -price
    for end in range(min(least, n), n + 1):
        begin = np.arange(0, max(end - least, 0) + 1)
        inside = squares[end] - squares[begin] - (sums[end] - sums[begin]) ** 2 / (end - begin)
        total = best[begin] + inside + price
        before[end] = begin[np.argmin(total)]
        best[end] = total.min()
    cuts, end = [], n
    while end > 0:
        end = int(before[end])
        cuts.append(end)
    return cuts[::-1]
