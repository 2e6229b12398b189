"""How long people wait for an answer, and where nobody asks or reports.

A request is open at a moment if it was made by then and not closed by then, so a closing
that came later is not known yet. Times without a zone are UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from jitasa_analytics.analysis.adoption import Need, expected_need, per_1000
from jitasa_analytics.analysis.inputs import Floats, labels_of, number, some
from jitasa_analytics.analysis.moments import moment, times_of
from jitasa_analytics.errors import InputError

__all__ = [
    "Need", "TimeToClose", "expected_need", "open_hours", "overdue", "overdue_by_urgency", "per_1000", "silence",
    "time_to_close",
]


@dataclass(frozen=True, eq=False)
class TimeToClose:
    """The Kaplan–Meier curve of requests still open.

    Attributes
    ----------
    curve : DataFrame, a row for each time at which a request was closed, ascending
        ``hours``, ``at_risk`` (requests that were open just before), ``closed`` (at that time),
        ``still_open`` (share), ``low``, ``high`` (its interval, log-log).
    n_requests, n_open : int
        All requests, and those not closed yet (censored).
    """

    curve: pd.DataFrame
    n_requests: int
    n_open: int

    def quantile(self, share: float) -> float:
        """Hours until this share of requests was closed; ``inf`` where it isn't reached yet.

        Raises
        ------
        InputError
            If ``share`` is not between 0 and 1.
        """
        wanted = number(share, "share")
        if not 0 < wanted <= 1:
            raise InputError(f"share is {wanted:g}; it must be above 0 and at most 1")
        reached = self.curve["still_open"].to_numpy() <= 1 - wanted + 1e-12
        return float(self.curve["hours"].to_numpy()[reached.argmax()]) if reached.any() else float("inf")

    @property
    def median(self) -> float:
        """Hours until half of the requests were closed; ``inf`` where more than half are open."""
        return self.quantile(0.5) if self.n_requests else float("nan")


def open_hours(requests: pd.DataFrame, *, as_of: Any) -> pd.Series:
    """Age of the requests that are open, in hours.

    Parameters
    ----------
    requests : DataFrame, shape (n,), columns ``requested_at``, ``closed_at``
        Times; ``closed_at`` is missing while a request is open. Leave out what was no request,
        for instance duplicates.
    as_of : time
        The moment that is asked about, for instance the data's newest.

    Returns
    -------
    Series of float, shape (n,), on ``requests.index``
        NaN where the request is closed or wasn't made yet.

    Raises
    ------
    InputError
        If a column is absent, ``requested_at`` is missing, or a request is closed before it was made.

    Examples
    --------
    >>> requests = pd.DataFrame({
    ...     "requested_at": pd.to_datetime(["2021-07-01 08:00", "2021-07-01 20:00"]),
    ...     "closed_at": pd.to_datetime([None, "2021-07-01 22:00"]),
    ... })
    >>> open_hours(requests, as_of="2021-07-02 08:00").tolist()
    [24.0, nan]
    """
    waited, known, closed = _waits(requests, as_of)
    return pd.Series(np.where(known & ~closed, waited, np.nan), index=requests.index, name="open_hours")


def time_to_close(requests: pd.DataFrame, *, as_of: Any, confidence: float = 0.95) -> TimeToClose:
    """How long requests stay open, those that still are counted for as long as they have been.

    The share still open is ``S(t) = Π (1 - d_i / n_i)`` over the times up to t, with d_i closed
    of n_i at risk (Kaplan–Meier); the mean of the closed ones alone would look shorter the
    more are left waiting. The interval is Greenwood's, on the log-log scale.

    Parameters
    ----------
    requests, as_of
        As in `open_hours`.
    confidence : float, between 0 and 1

    Returns
    -------
    TimeToClose

    Raises
    ------
    InputError
        As in `open_hours`.

    References
    ----------
    Kaplan & Meier (1958), Journal of the American Statistical Association 53(282); Kalbfleisch
    & Prentice (1980), The Statistical Analysis of Failure Time Data, for the interval.

    Examples
    --------
    >>> requests = pd.DataFrame({
    ...     "requested_at": pd.Timestamp("2021-07-01"),
    ...     "closed_at": pd.to_datetime(["2021-07-02", "2021-07-03", None, None]),
    ... })
    >>> found = time_to_close(requests, as_of="2021-07-05")
    >>> found.curve[["hours", "at_risk", "still_open"]].values.tolist()
    [[24.0, 4.0, 0.75], [48.0, 3.0, 0.5]]
    >>> found.median
    48.0
    """
    level = number(confidence, "confidence")
    if not 0 < level < 1:
        raise InputError(f"confidence is {level:g}; it must lie between 0 and 1, for instance 0.95")
    waited, known, closed = _waits(requests, as_of)
    waited, closed = waited[known], closed[known]
    times = np.unique(waited[closed])
    every, done = np.sort(waited), np.sort(waited[closed])
    at_risk = len(every) - np.searchsorted(every, times)
    events = np.searchsorted(done, times, side="right") - np.searchsorted(done, times)
    still_open = np.cumprod(1.0 - events / at_risk)
    low, high = np.full(len(times), np.nan), np.full(len(times), np.nan)
    inside = at_risk > events  # where all are closed there is nothing left to be unsure about
    steps = np.divide(events, at_risk * (at_risk - events), out=np.zeros(len(times)), where=inside)
    log = np.log(still_open[inside])
    width = -float(ndtri(0.5 - level / 2)) * np.sqrt(np.cumsum(steps)[inside]) / np.abs(log)
    low[inside], high[inside] = still_open[inside] ** np.exp(width), still_open[inside] ** np.exp(-width)
    curve = pd.DataFrame(
        {"hours": times, "at_risk": at_risk, "closed": events, "still_open": still_open, "low": low, "high": high}
    )
    return TimeToClose(curve, len(waited), int((~closed).sum()))


def overdue(requests: pd.DataFrame, *, limit_hours: Mapping[str, float], as_of: Any) -> pd.DataFrame:
    """Requests that have been open for longer than their urgency allows.

    Parameters
    ----------
    requests : DataFrame, shape (n,), columns ``requested_at``, ``closed_at``, ``urgency``
    limit_hours : mapping, urgency -> hours
        A request is overdue when its age exceeds the limit; at the limit it isn't yet.
    as_of : time

    Returns
    -------
    DataFrame, shape (n,), on ``requests.index``
        ``open_hours``, ``limit_hours``, ``hours_over`` (negative: time left) and ``overdue``;
        NaN and False where the request isn't open.

    Raises
    ------
    InputError
        As in `open_hours`, or if an urgency has no limit.

    Examples
    --------
    >>> requests = pd.DataFrame({
    ...     "requested_at": pd.to_datetime(["2021-07-01", "2021-07-01"]), "closed_at": pd.NaT,
    ...     "urgency": ["critical", "normal"],
    ... })
    >>> overdue(requests, limit_hours={"critical": 6, "normal": 48}, as_of="2021-07-02")["hours_over"].tolist()
    [18.0, -24.0]
    """
    hours = open_hours(requests, as_of=as_of)
    if "urgency" not in requests.columns:
        raise InputError(f"requests has no column 'urgency'; it has {some(requests.columns, 8)}")
    limits = {name: number(limit, f"limit_hours[{name!r}]") for name, limit in limit_hours.items()}
    unknown = ~requests["urgency"].isin(list(limits))
    if unknown.any():
        found = some(requests.loc[unknown, "urgency"].unique())
        raise InputError(f"requests['urgency'] holds {found}, which limit_hours has no limit for; add one")
    limit = requests["urgency"].map(limits).astype(np.float64).where(hours.notna())
    over = hours - limit
    return pd.DataFrame(
        {"open_hours": hours, "limit_hours": limit, "hours_over": over, "overdue": over > 0}, index=requests.index
    )


def overdue_by_urgency(requests: pd.DataFrame, *, limit_hours: Mapping[str, float], as_of: Any) -> pd.DataFrame:
    """Open and overdue requests of each urgency.

    Parameters
    ----------
    requests, limit_hours, as_of
        As in `overdue`.

    Returns
    -------
    DataFrame, on the urgencies of ``limit_hours`` in their order
        ``open``, ``overdue`` (requests), ``share`` (overdue of open; NaN where none is open),
        ``oldest_hours`` (NaN likewise).

    Raises
    ------
    InputError
        As in `overdue`.
    """
    table = overdue(requests, limit_hours=limit_hours, as_of=as_of)
    waiting = table[table["open_hours"].notna()]
    group = waiting.groupby(requests.loc[waiting.index, "urgency"].to_numpy())
    result = pd.DataFrame(
        {"open": group.size(), "overdue": group["overdue"].sum(), "oldest_hours": group["open_hours"].max()}
    ).reindex(list(limit_hours))
    counted = result[["open", "overdue"]].fillna(0).astype(np.int64)
    share = (counted["overdue"] / counted["open"]).where(counted["open"] > 0)
    return counted.assign(share=share, oldest_hours=result["oldest_hours"])


def silence(reports: pd.DataFrame, areas: Any, *, as_of: Any, days: float) -> pd.DataFrame:
    """Areas that haven't reported for more than some days.

    Parameters
    ----------
    reports : DataFrame, columns ``area_code``, ``at`` (time)
        Those after ``as_of`` aren't known yet; those of other areas are left aside.
    areas : frame, Index or sequence of labels, shape (n,)
        All areas that should report.
    as_of : time
    days : float
        Silence begins after this many days; at exactly so many it hasn't.

    Returns
    -------
    DataFrame, shape (n,), on the areas
        ``last`` (time of the newest report; missing: never), ``days_since`` (``inf``: never),
        ``silent`` (bool), ``never`` (bool): an area that never reported isn't known to be calm.

    Raises
    ------
    InputError
        If a column is absent, a time is missing, or a label repeated.

    Examples
    --------
    >>> reports = pd.DataFrame({"area_code": ["a", "a"], "at": pd.to_datetime(["2021-07-01", "2021-07-04"])})
    >>> silence(reports, ["a", "b"], as_of="2021-07-05", days=2)[["days_since", "silent", "never"]]
       days_since  silent  never
    a         1.0   False  False
    b         inf    True   True
    """
    index, limit, now = labels_of(areas, "areas"), number(days, "days"), moment(as_of, "as_of")
    at = times_of(reports, "at", "reports")
    if np.isnat(at).any():
        raise InputError(f"reports['at'] is missing at {some(reports.index[np.isnat(at)])}; leave those rows out")
    if "area_code" not in reports.columns:
        raise InputError(f"reports has no column 'area_code'; it has {some(reports.columns, 8)}")
    past = at <= now
    newest = pd.Series(at[past]).groupby(reports["area_code"].to_numpy()[past]).max()
    last = newest.reindex(index)
    never = last.isna().to_numpy()
    microseconds = (now - np.asarray(last.to_numpy(), "datetime64[us]")).astype(np.int64)
    passed = microseconds / 86_400e6
    since = np.where(never, np.inf, passed)
    return pd.DataFrame({"last": last, "days_since": since, "silent": since > limit, "never": never}, index=index)


def _waits(requests: pd.DataFrame, as_of: Any) -> tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Hours each request was open by the moment, whether it was made by then, and closed by then."""
    made, ended, now = (
        times_of(requests, "requested_at", "requests"), times_of(requests, "closed_at", "requests"),
        moment(as_of, "as_of"),
    )
    if np.isnat(made).any():
        raise InputError(
            f"requests['requested_at'] is missing at {some(requests.index[np.isnat(made)])}; leave those rows out"
        )
    early = ended < made
    if early.any():
        raise InputError(f"requests are closed before they were made at {some(requests.index[early])}; check closed_at")
    closed = ended <= now  # a missing time compares as False
    hours = (np.where(closed, ended, now) - made) / np.timedelta64(1, "h")
    return np.asarray(hours, np.float64), np.asarray(made <= now), np.asarray(closed)
