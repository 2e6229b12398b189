"""When a share of people will be reached at the pace of the last weeks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from jitasa_analytics.analysis.inputs import counts, labels_of, number
from jitasa_analytics.analysis.moments import moment
from jitasa_analytics.errors import InputError

Status = Literal["met", "on course", "late", "unknown"]


@dataclass(frozen=True)
class Projection:
    """When a target is reached.

    Attributes
    ----------
    status : "met", "on course", "late" or "unknown"
        Met: the target is reached. On course: it will be by the due date (or at all, where none
        is given). Late: it will be after it, or never at this pace. Unknown: too few reports.
    date, earliest, latest : Timestamp or None
        When, and the interval; None: not within the horizon. Where it is met, the date of the
        first report that shows it, three times.
    share : float
        Share at the newest report; NaN without one.
    per_week : float
        Pace of the last weeks, persons; NaN where unknown.
    newest : Timestamp or None
        Date of the newest report, which everything is counted from.
    """

    status: Status
    date: pd.Timestamp | None
    earliest: pd.Timestamp | None
    latest: pd.Timestamp | None
    share: float
    per_week: float
    newest: pd.Timestamp | None


def project(
    cumulative: pd.Series,
    *,
    people: float,
    target: float,
    due: Any = None,
    weeks: int = 6,
    confidence: float = 0.9,
    horizon_days: int = 1095,
) -> Projection:
    """Date at which a cumulative count reaches a share of people, with an interval.

    The steps between the reports a week apart, back from the newest, have mean p and standard
    deviation s over the last ``weeks``; after m more weeks the count is expected to have grown
    by m p ± t s √(m + m² / weeks): chance in the weeks to come, and in the pace itself. The
    target lies where that line and its bounds cross it. It assumes that the pace stays; a
    shortage or a campaign isn't in it.

    Weeks without a report make one step of d weeks with the next, whose deviation from d p
    counts as (step - d p)² / d: a series that is drawn straight between few reports would look
    certain where it is only unknown. Fewer steps mean fewer degrees of freedom of t.

    Parameters
    ----------
    cumulative : Series, shape (t,), on ascending dates
        Persons; missing values are left aside. Clean it first, with ``trends.anomalies``.
    people : float, above 0
        The denominator, persons.
    target : float, above 0
        Share of people, for instance 0.7.
    due : time, optional
        The date by which it shall be reached.
    weeks : int, at least 2
        Weeks that make the pace; at least two steps between reports must lie in them.
    confidence : float, between 0 and 1
    horizon_days : int
        Days ahead that are looked at.

    Returns
    -------
    Projection

    Raises
    ------
    InputError
        If the index isn't ascending dates, a count is negative, or an option is out of bounds.

    Examples
    --------
    >>> days = pd.date_range("2021-06-01", periods=5, freq="7D")
    >>> found = project(pd.Series([0, 10, 20, 30, 40], index=days), people=100, target=0.7, weeks=4, due="2021-08-01")
    >>> found.status, found.date.date().isoformat(), found.per_week
    ('on course', '2021-07-20', 10.0)
    """
    denominator, share, level = number(people, "people"), number(target, "target"), number(confidence, "confidence")
    used, ahead = int(number(weeks, "weeks", minimum=2)), int(number(horizon_days, "horizon_days", minimum=1))
    if denominator == 0 or share == 0 or not 0 < level < 1:
        raise InputError(
            f"people is {denominator:g}, target {share:g} and confidence {level:g}; people and target must be "
            "above 0, confidence between 0 and 1"
        )
    limit = None if due is None else pd.Timestamp(moment(due, "due"))
    values = counts(cumulative, "cumulative")
    if not isinstance(cumulative.index, pd.DatetimeIndex) or cumulative.index.tz is not None:
        raise InputError("cumulative must have dates without a zone as its index; convert them with pd.to_datetime")
    labels_of(cumulative, "cumulative")
    if not cumulative.index.is_monotonic_increasing:
        raise InputError("the dates of cumulative must ascend; sort them with sort_index()")
    known = ~np.isnan(values)
    dates, values = cumulative.index[known], values[known]
    if not len(values):
        return Projection("unknown", None, None, None, float("nan"), float("nan"), None)
    newest, now, wanted = dates[-1], float(values[-1] / denominator), share * denominator
    day = np.asarray((newest - dates) / pd.Timedelta(days=1), np.float64)
    if values[-1] >= wanted:
        first = dates[int(np.argmax(values >= wanted))]
        pace = _pace(day, values, used)[0]
        return Projection("met", first, first, first, now, pace, newest)
    pace, spread, freedom = _pace(day, values, used)
    if np.isnan(pace):
        return Projection("unknown", None, None, None, now, pace, newest)
    m = np.arange(1, ahead + 1) / 7.0
    width = float(stdtrit(freedom, 0.5 + level / 2)) * spread * np.sqrt(m + m**2 / used)
    missing = wanted - values[-1]
    found = [_first(newest, m * pace + side * width >= missing - 1e-9 * wanted) for side in (0, 1, -1)]
    date = found[0]
    in_time = date is not None and (limit is None or date <= limit)
    return Projection("on course" if in_time else "late", date, found[1], found[2], now, pace, newest)


def _pace(days_ago: np.ndarray[Any, np.dtype[np.float64]], values: np.ndarray[Any, np.dtype[np.float64]],
          weeks: int) -> tuple[float, float, int]:
    """Mean and standard deviation of the weekly steps before the newest report, and the steps less one.

    NaN if there are too few.
    """
    if days_ago[0] < 7.0 * weeks:
        return float("nan"), float("nan"), 0
    marks = 7.0 * np.arange(weeks, -1, -1)
    levels = np.interp(-marks, -days_ago, values)
    reported = np.array([((days_ago >= mark) & (days_ago < mark + 7.0)).any() for mark in marks])
    reported[[0, -1]] = True  # where the pace begins and ends
    length, steps = -np.diff(marks[reported]) / 7.0, np.diff(levels[reported])
    if len(steps) < 2:
        return float("nan"), float("nan"), 0
    pace = float(levels[-1] - levels[0]) / weeks
    spread = float(np.sqrt(((steps - length * pace) ** 2 / length).sum() / (len(steps) - 1)))
    return pace, spread, len(steps) - 1


def _first(start: pd.Timestamp, reached: np.ndarray[Any, np.dtype[np.bool_]]) -> pd.Timestamp | None:
    return start + pd.Timedelta(days=int(reached.argmax()) + 1) if reached.any() else None
