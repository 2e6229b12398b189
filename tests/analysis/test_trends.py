"""Series whose answer is known: drawn with it, or found in the world."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitasa_analytics.analysis import trends
from jitasa_analytics.errors import InputError

NAN = float("nan")

# Thailand's doses of AstraZeneca, cumulative, as a scraper published them: the 27th is doubled.
MAKER = pd.Series(
    [39_337_379, 40_815_995, 41_200_477, 82_479_357, 41_386_991],
    index=pd.to_datetime(["2021-11-24", "2021-11-25", "2021-11-26", "2021-11-27", "2021-11-28"]),
)


def daily(values, start="2021-06-01") -> pd.Series:
    return pd.Series(values, index=pd.date_range(start, periods=len(values)), dtype=float)


def test_weeks_begin_on_monday_and_empty_ones_stay():
    when = ["2021-07-04 23:59", "2021-07-05 00:00", "2021-07-11 23:59", "2021-07-20 12:00", "2021-08-01 12:00"]
    times = pd.Series(pd.to_datetime(when))
    table = trends.weekly(times, start="2021-07-03", end="2021-07-21")
    assert [d.isoformat()[:10] for d in table.index] == ["2021-06-28", "2021-07-05", "2021-07-12", "2021-07-19"]
    assert table["count"].tolist() == [1, 2, 0, 1]  # that of 1 August lies outside
    assert table["complete"].tolist() == [False, True, True, False]
    with pytest.raises(InputError, match="end must be later"):
        trends.weekly(times, start="2021-07-03", end="2021-07-03")


def test_a_week_without_a_report_is_no_data():
    days = pd.to_datetime(["2021-07-05", "2021-07-11", "2021-07-18", "2021-08-01", "2021-08-08"])
    new = trends.weekly_new(pd.Series([10, 40, 100, 300, 310], index=days))
    assert new.tolist() == pytest.approx([60, NAN, NAN, 10], nan_ok=True)
    assert new.index[0] == pd.Timestamp("2021-07-12") and len(trends.weekly_new(daily([]))) == 0


def test_the_doubled_day_is_found_and_the_next_is_no_fall():
    table = trends.anomalies(MAKER)
    assert table["doubles"].tolist() == [False, False, False, True, False]
    assert not table["falls"].any()  # 41,386,991 is more than what was believed before
    assert np.isnan(table["clean"].iloc[3]) and table["clean"].notna().sum() == 4
    assert table["clean"].dropna().is_monotonic_increasing
    # On the day itself nobody knows the next value yet: flagged all the same.
    assert trends.anomalies(MAKER.iloc[:4])["doubles"].tolist() == [False, False, False, True]


def test_the_doubled_day_in_the_real_file(real_data: Path):
    table = pd.read_csv(real_data / "vaccination/raw_2021_11_28/vaccine-manufacturer-timeseries.csv")
    for maker in ("AstraZeneca", "Sinovac", "Sinopharm", "Pfizer"):
        series = pd.Series(table[maker].to_numpy(), index=pd.to_datetime(table["date"]))
        autumn = trends.anomalies(series)["doubles"].loc["2021-10-01":]
        assert autumn[autumn].index.tolist() == [pd.Timestamp("2021-11-27")], maker


@pytest.mark.parametrize(
    ("values", "falls", "doubles", "clean"),
    [
        ([100, 110, 10, 112], [2], [], [100, 110, NAN, 112]),  # a slip, taken out
        ([100, 110, 90, 95, 99], [2], [], [100, 110, 90, 95, 99]),  # a revision: said once, then believed
        ([100, 300, 310], [], [], [100, 300, 310]),  # late reports that came together stay
        ([100, 300, 120], [], [1], [100, NAN, 120]),
        ([0, 50, 60], [], [], [0, 50, 60]),  # nothing can't be doubled
        ([100, NAN, 250, NAN, 130], [], [2], [100, NAN, NAN, NAN, 130]),
        ([], [], [], []),
    ],
)
def test_anomalies_on_paper(values, falls, doubles, clean):
    table = trends.anomalies(daily(values))
    assert np.flatnonzero(table["falls"]).tolist() == falls
    assert np.flatnonzero(table["doubles"]).tolist() == doubles
    assert table["clean"].tolist() == pytest.approx(clean, nan_ok=True)


@given(st.lists(st.integers(0, 50), max_size=30))
def test_a_growing_series_without_jumps_has_no_anomaly(steps):
    table = trends.anomalies(daily(list(1000 + np.cumsum(steps))))
    assert not table["falls"].any() and not table["doubles"].any()


def brute_cut(x: np.ndarray, least: int, price: float) -> float:
    best = math.inf
    for k in range(len(x) // least):
        for cuts in itertools.combinations(range(1, len(x)), k):
            edges = [0, *cuts, len(x)]
            if min(np.diff(edges)) >= least:
                cost = sum(((x[a:b] - x[a:b].mean()) ** 2).sum() for a, b in itertools.pairwise(edges))
                best = min(best, cost + k * price)
    return best


@given(st.lists(st.integers(0, 20), min_size=4, max_size=11), st.sampled_from([1, 2, 3]))
def test_change_points_are_the_cheapest_cut(values, least):
    x = np.array(values, float)
    table = trends.change_points(pd.Series(x), min_size=least)
    sigma = np.median(np.abs(np.diff(x))) / 0.9539
    if sigma == 0:
        return
    price = 4 * sigma**2 * np.log(len(x))
    cost = sum(((x[r.start:r.end + 1] - r.mean) ** 2).sum() for r in table.itertuples()) + (len(table) - 1) * price
    assert cost == pytest.approx(brute_cut(x, least, price))
    assert table["size"].sum() == len(x) and (table["size"] >= least).all()


def test_change_points_are_found_where_they_were_made_and_not_in_noise():
    rng = np.random.default_rng(6)
    levels = np.repeat([10.0, 25.0, 18.0], [20, 15, 25])
    noisy = pd.Series(levels + rng.normal(0, 2, 60), index=pd.date_range("2021-01-04", periods=60, freq="7D"))
    table = trends.change_points(noisy)
    assert table["start"].tolist() == [noisy.index[0], noisy.index[20], noisy.index[35]]
    assert table["change"].tolist() == pytest.approx([NAN, 15, -7], abs=1.5, nan_ok=True)
    alarms = [len(trends.change_points(pd.Series(rng.normal(0, 1, 60)))) > 1 for _ in range(200)]
    assert np.mean(alarms) < 0.03
    assert len(trends.change_points(pd.Series([7.0] * 30))) == 1
    assert trends.change_points(pd.Series([1.0] * 6 + [2.0] * 6))["size"].tolist() == [6, 6]
    assert len(trends.change_points(pd.Series([], dtype=float))) == 0
    gap = trends.change_points(pd.Series([5, NAN, 6, 5, 20, 21, 20], index=list("abcdefg")))
    assert gap[["start", "end"]].to_numpy().tolist() == [["a", "d"], ["e", "g"]]


def steady(weeks=8, per_day=10.0):
    return daily(np.arange(weeks * 7 + 1) * per_day)


def test_projection_on_paper():
    # 10 a day: after 8 weeks 560 of 1,000; 140 more to 70 % are 14 days. No spread, no interval.
    series = steady()
    found = trends.project(series, people=1000, target=0.7, due="2021-08-10")
    assert found.newest == pd.Timestamp("2021-07-27") and found.share == 0.56 and found.per_week == 70
    assert found.date == found.earliest == found.latest == pd.Timestamp("2021-08-10")
    assert found.status == "on course"
    assert trends.project(series, people=1000, target=0.7, due="2021-08-09").status == "late"
    met = trends.project(series, people=1000, target=0.5)
    assert met.status == "met" and met.date == pd.Timestamp("2021-07-21")  # day 50 has 500
    stopped = trends.project(daily([100.0] * 60), people=1000, target=0.7)
    assert (stopped.status, stopped.date, stopped.latest) == ("late", None, None)
    short = trends.project(steady(weeks=3), people=1000, target=0.7)
    assert short.status == "unknown" and math.isnan(short.per_week) and short.share == 0.21
    assert trends.project(daily([NAN]), people=10, target=0.5).newest is None


def test_the_interval_holds_the_true_date_as_often_as_it_says():
    rng = np.random.default_rng(9)
    inside, early = [], []
    for _ in range(400):
        steps = np.maximum(rng.normal(100, 30, 80), 0)
        weeks = pd.Series(np.cumsum(steps), index=pd.date_range("2021-01-04", periods=80, freq="7D"))
        found = trends.project(weeks.iloc[:12], people=10_000, target=0.3, weeks=8, confidence=0.9)
        true = weeks.index[(weeks >= 3000).to_numpy().argmax()]
        latest = found.latest or pd.Timestamp.max
        assert found.earliest <= found.date <= latest
        inside.append(found.earliest <= true <= latest + pd.Timedelta(days=6))  # true is known to the week only
        early.append(true < found.earliest)
    assert 0.85 <= np.mean(inside) <= 0.97 and np.mean(early) < 0.1


def test_few_reports_are_no_certainty():
    # The same noisy weeks, of which every third or only the odd one was reported: a straight line between reports has
    # no spread of its own, and would hold the true date far less often than it says.
    rng = np.random.default_rng(4)
    inside = []
    for _ in range(300):
        weeks = pd.Series(np.cumsum(np.maximum(rng.normal(100, 40, 90), 0)),
                          index=pd.date_range("2021-01-04", periods=90, freq="7D"))
        told = weeks.iloc[[0, 3, 6, 7, 9, 12]]
        found = trends.project(told, people=10_000, target=0.3, weeks=12, confidence=0.9)
        true = weeks.index[(weeks >= 3000).to_numpy().argmax()]
        latest = found.latest or pd.Timestamp.max
        inside.append(found.earliest <= true <= latest + pd.Timedelta(days=6))
    assert 0.85 <= np.mean(inside) <= 0.97
    # Two reports make a line and no interval: nothing is foretold.
    two = trends.project(weeks.iloc[[0, 12]], people=10_000, target=0.3, weeks=12)
    assert two.status == "unknown" and two.date is None and math.isnan(two.per_week)
    # With a report each week the missing ones change nothing.
    every = trends.project(weeks.iloc[:13], people=10_000, target=0.3, weeks=12)
    daily_ = weeks.iloc[:13].resample("D").interpolate()
    assert trends.project(daily_, people=10_000, target=0.3, weeks=12) == every


def test_more_doubt_is_a_wider_interval():
    rng = np.random.default_rng(1)
    series = daily(np.cumsum(np.maximum(rng.normal(10, 6, 70), 0)))
    narrow, wide = (trends.project(series, people=3000, target=0.5, confidence=c) for c in (0.5, 0.95))
    assert wide.earliest < narrow.earliest <= narrow.date <= narrow.latest < wide.latest


def test_data_age():
    newest = pd.Series(pd.to_datetime(["2021-07-01", None, "2021-07-05"]), index=list("abc"))
    table = trends.data_age(newest, as_of="2021-07-04 12:00")
    assert table["days"].tolist() == pytest.approx([3.5, NAN, -0.5], nan_ok=True)
    assert table["no_data"].tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: trends.anomalies(pd.Series([1, 2])), "must have dates without a zone"),
        (lambda: trends.anomalies(daily([1, 2]).iloc[::-1]), "must ascend; sort them"),
        (lambda: trends.anomalies(daily([1, -2])), "cumulative is negative or infinite"),
        (lambda: trends.anomalies(daily([1]), factor=1), "factor is 1; it must be above 1"),
        (lambda: trends.project(daily([1]), people=0, target=0.5), "people is 0"),
        (lambda: trends.project(daily([1]), people=10, target=0.5, weeks=1), "weeks is 1"),
        (lambda: trends.project(daily([1]), people=10, target=0.5, due="soon"), "due must be one time, not 'soon'"),
        (lambda: trends.change_points(pd.Series([1.0, np.inf])), "values is infinite at 1"),
        (lambda: trends.weekly(pd.Series([pd.NaT]), start="2021-01-01", end="2021-02-01"), "missing 1 times"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
