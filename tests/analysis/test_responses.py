"""Waiting, silence and use: on paper, from a textbook, and in a country whose true need is known."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf, nbinom
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import mean_poisson_deviance

from jitasa_analytics.analysis import adoption, responses
from jitasa_analytics.errors import InputError

NAN, INF = float("nan"), float("inf")
START = pd.Timestamp("2021-07-01")


def requests(closed_after, made_after=None) -> pd.DataFrame:
    """Requests of 1 July 2021, closed after so many hours; None is still open."""
    made = START + pd.to_timedelta(made_after or [0] * len(closed_after), unit="h")
    closed = [NAN if c is None else c for c in closed_after]
    return pd.DataFrame({"requested_at": made, "closed_at": START + pd.to_timedelta(closed, unit="h")})


def at(hours: float) -> pd.Timestamp:
    return START + pd.Timedelta(hours=hours)


def test_age_of_what_is_open_at_the_moment():
    table = requests([None, 5, 30, None], made_after=[0, 0, 1, 40])
    # At 24 h: the first is open for 24, the second closed, the third open (its closing comes
    # later) for 23, the fourth not made.
    assert responses.open_hours(table, as_of=at(24)).tolist() == pytest.approx([24, NAN, 23, NAN], nan_ok=True)
    assert responses.open_hours(table, as_of=at(5)).tolist() == pytest.approx([5, NAN, 4, NAN], nan_ok=True)


def test_zones_are_one_time():
    table = requests([None])
    bangkok = pd.Timestamp("2021-07-01 10:00", tz="Asia/Bangkok")  # 03:00 UTC
    assert responses.open_hours(table, as_of=bangkok).tolist() == [3]
    local = table.assign(requested_at=table["requested_at"].dt.tz_localize("Asia/Bangkok"))  # 17:00 UTC the day before
    assert responses.open_hours(local, as_of=at(0)).tolist() == [7]


def test_kaplan_meier_of_the_textbook():
    # Remission under 6-MP, weeks (Freireich et al. 1963, the example of most textbooks): 21
    # patients, those with a plus still in remission. S: 0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448.
    closed = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    plus = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    end = 35
    waiting = requests([None] * 12, [end - hours for hours in plus])
    both = pd.concat([requests(closed), waiting], ignore_index=True)
    found = responses.time_to_close(both, as_of=at(end))
    assert found.curve["hours"].tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert found.curve["at_risk"].tolist() == [21, 17, 15, 12, 11, 7, 6]
    published = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert found.curve["still_open"].tolist() == pytest.approx(published, abs=5e-4)
    assert (found.median, found.n_requests, found.n_open) == (23, 21, 12)
    # The mean of the nine closed ones alone is 12 hours: half of what half of them wait.
    assert np.mean(closed) < 13


@given(st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=2, max_size=25))
def test_kaplan_meier_is_scipys(rows):
    end = 50
    closed = [hours if done else None for hours, done in rows]
    made = [0 if done else end - hours for hours, done in rows]
    found = responses.time_to_close(requests(closed, made), as_of=at(end))
    uncensored, right = [h for h, d in rows if d], [h for h, d in rows if not d]
    if not uncensored:
        assert len(found.curve) == 0 and found.median == INF
        return
    peer = ecdf(CensoredData(uncensored=uncensored, right=right)).sf
    expected = dict(zip(peer.quantiles, peer.probabilities, strict=True))
    assert found.curve["still_open"].tolist() == pytest.approx([expected[h] for h in found.curve["hours"]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where all are closed its formula divides by zero
        bounds = peer.confidence_interval(0.95, method="log-log")
    low = dict(zip(bounds.low.quantiles, bounds.low.probabilities, strict=True))
    high = dict(zip(bounds.high.quantiles, bounds.high.probabilities, strict=True))
    for row in found.curve[found.curve["still_open"] > 1e-9].itertuples():
        assert (row.low, row.high) == (pytest.approx(low[row.hours]), pytest.approx(high[row.hours]))


def test_quantiles_say_when_they_are_not_reached():
    found = responses.time_to_close(requests([1, 2, None, None, None]), as_of=at(10))
    assert found.quantile(0.4) == 2 and found.quantile(0.2) == 1
    assert found.median == INF  # not 1.5, the median of those closed
    assert math.isnan(responses.time_to_close(requests([]), as_of=at(1)).median)
    with pytest.raises(InputError, match="share is 0"):
        found.quantile(0)


def test_overdue_begins_after_the_limit():
    table = requests([None, None, 1, None], [0, 18, 0, 0]).assign(urgency=["critical", "critical", "critical", "low"])
    found = responses.overdue(table, limit_hours={"critical": 6, "low": 24}, as_of=at(24))
    assert found["hours_over"].tolist() == pytest.approx([18, 0, NAN, 0], nan_ok=True)
    assert found["overdue"].tolist() == [True, False, False, False]
    limits = {"critical": 6, "normal": 12, "low": 24}
    summary = responses.overdue_by_urgency(table, limit_hours=limits, as_of=at(24))
    assert summary.index.tolist() == ["critical", "normal", "low"]
    assert summary["open"].tolist() == [2, 0, 1] and summary["overdue"].tolist() == [1, 0, 0]
    assert summary["share"].tolist() == pytest.approx([0.5, NAN, 0], nan_ok=True)
    assert summary["oldest_hours"].tolist() == pytest.approx([24, NAN, 24], nan_ok=True)
    with pytest.raises(InputError, match=r"holds 'critical', which limit_hours has no limit for"):
        responses.overdue(table, limit_hours={"low": 24}, as_of=at(24))


def test_an_area_that_never_reported_is_not_calm():
    reports = pd.DataFrame({
        "area_code": ["a", "b", "b", "c", "elsewhere"],
        "at": pd.to_datetime(["2021-07-01", "2021-07-01", "2021-07-08", "2021-07-20", "2021-07-09"]),
    })
    table = responses.silence(reports, ["a", "b", "c", "d"], as_of="2021-07-10", days=2)
    assert table["days_since"].tolist() == [9, 2, INF, INF]  # c's report is of the future
    assert table["silent"].tolist() == [True, False, True, True]
    assert table["never"].tolist() == [False, False, True, True]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="closed_at"), "requests has no column 'closed_at'"),
        (lambda t: t.assign(requested_at=pd.NaT), r"requested_at'\] is missing at 0"),
        (lambda t: t.assign(closed_at=START - pd.Timedelta(hours=1)), "closed before they were made at 0"),
        (lambda t: t.assign(requested_at="soon"), r"requested_at'\] holds something that is not a time"),
    ],
)
def test_wrong_requests_are_named(change, message):
    with pytest.raises(InputError, match=message):
        responses.open_hours(change(requests([1])), as_of=at(2))
    with pytest.raises(InputError, match="as_of must be one time, not 'soon'"):
        responses.open_hours(requests([1]), as_of="soon")


def test_per_1000_keeps_no_data_apart_from_none():
    table = responses.per_1000(pd.Series([5, 0, NAN, 1]), pd.Series([1000, 500, 10, 0]))
    assert table["per_1000"].tolist() == pytest.approx([5, 0, NAN, NAN], nan_ok=True)
    assert table["no_data"].tolist() == [False, False, True, True]


def country(seed: int, n: int = 300, noise: float = 0.2):
    """Areas whose need follows cases and age, and whose use follows trained volunteers."""
    rng = np.random.default_rng(seed)
    need = pd.DataFrame({"cases": rng.gamma(2, 2, n), "old": rng.uniform(5, 30, n)}, index=[f"t{i}" for i in range(n)])
    use = pd.DataFrame({"volunteers": rng.uniform(0, 10, n)}, index=need.index)
    people = pd.Series(rng.integers(2_000, 20_000, n), index=need.index)
    true = people * np.exp(-5.5 + 0.15 * need["cases"] + 0.04 * need["old"])
    if noise:
        true = true * rng.gamma(1 / noise**2, noise**2, n)  # what no feature tells
    share = np.exp(0.25 * (use["volunteers"] - 9)).clip(upper=1)  # nearly all ask at 9 volunteers, a tenth at 0
    return need, use, people, true, pd.Series(rng.poisson(true * share), index=need.index)


def test_true_need_shows_where_few_use_the_app():
    need, use, people, true, asked = country(1)
    found = responses.expected_need(asked, people, need=need, use=use, draws=50)
    table = found.table
    assert found.skill > 0.6 and found.reference["volunteers"] == pytest.approx(9, abs=0.3)
    assert table["expected"].sum() == pytest.approx(true.sum(), rel=0.1)  # the requests are 40 % of it
    assert asked.sum() < 0.6 * true.sum()
    # The areas with least use look calm: 12 % of their need is asked for, and the model finds it.
    quiet = use["volunteers"] < 2
    assert asked[quiet].sum() < 0.25 * true[quiet].sum()
    assert table.loc[quiet, "expected"].sum() == pytest.approx(true[quiet].sum(), rel=0.15)
    assert table.loc[quiet, "seen"].mean() < 0.3 < 0.8 < table.loc[use["volunteers"] > 8.5, "seen"].mean()
    inside = (true >= table["low"]) & (true <= table["high"])
    assert 0.82 <= inside.mean() <= 0.97  # an interval of 90 %
    assert 0.2**2 / 2 < found.dispersion < 0.1  # 0.04 drawn, and the model's own misfit on top


def test_the_spread_is_that_of_the_likeliest_negative_binomial():
    rng = np.random.default_rng(8)
    mean = rng.gamma(3, 20, 400)
    count = rng.poisson(mean * rng.gamma(1 / 0.5, 0.5, 400)).astype(float)
    tried = np.geomspace(0.05, 5, 400)
    sums = [nbinom.logpmf(count, 1 / d, 1 / (1 + d * mean)).sum() for d in tried]
    found = adoption._dispersion(count, mean)
    assert found == pytest.approx(tried[int(np.argmax(sums))], rel=0.02) and 0.4 < found < 0.6
    assert adoption._dispersion(np.round(mean), mean) == 0  # closer to their means than chance would have it
    assert adoption._dispersion(rng.poisson(mean).astype(float), mean) < 0.01


def test_one_area_far_off_does_not_undo_the_interval_of_all():
    # A sum of squares is that of the one area with 60 times its share: it makes the spread 15, and the gamma drawn from
    # that lies next to nothing nearly always.
    need, use, people, true, asked = country(6, n=77)
    odd = (asked - asked.quantile(0.8)).abs().idxmin()
    asked[odd] *= 60
    found = responses.expected_need(asked, people, need=need, use=use, draws=100)
    table = found.table.drop(index=odd)
    assert found.dispersion < 3
    assert ((table["expected"] / 1e6 < table["low"]) & (table["expected"] < table["high"])).all()
    assert ((table["low"] <= true[table.index]) & (true[table.index] <= table["high"])).mean() > 0.8


def test_features_that_tell_nothing_have_no_skill():
    need, _, people, _, asked = country(2)
    rng = np.random.default_rng(0)
    junk = pd.DataFrame(rng.normal(size=need.shape), index=need.index, columns=need.columns)
    found = responses.expected_need(
        asked, people, need=junk, use=junk[["old"]].rename(columns={"old": "noise"}), draws=5
    )
    assert found.skill < 0.05


def test_areas_without_a_count_get_an_expectation_and_those_without_features_none():
    need, use, people, true, asked = country(3, n=120)
    asked = asked.astype(float)
    asked["t0"] = NAN
    need.loc["t1", "old"] = NAN
    people = people.astype(float)
    people["t2"] = 0
    found = responses.expected_need(asked, people, need=need.iloc[::-1], use=use, draws=8)
    table = found.table
    assert table.index.equals(asked.index) and found.n_areas == 117
    assert table["no_data"][["t0", "t1", "t2"]].tolist() == [False, True, True] and table["no_data"].sum() == 2
    assert np.isnan(table.loc["t1", ["expected", "low", "high", "seen"]].astype(float)).all()
    assert table.loc["t0", "low"] < true["t0"] * 1.6 and np.isnan(table.loc["t0", "seen"])
    again = responses.expected_need(asked, people, need=need, use=use, draws=8)
    pd.testing.assert_frame_equal(table, again.table)  # rows in another order, the same seed


def test_too_little_to_learn_from_is_said():
    need, use, people, _, asked = country(4, n=12)
    with pytest.raises(InputError, match=r"9 areas have requests.*at least 10 areas"):
        responses.expected_need(asked.where(~asked.index.isin(["t0", "t1", "t2"])), people, need=need, use=use)
    with pytest.raises(InputError, match="with 0 requests"):
        responses.expected_need(asked * 0, people, need=need, use=use)
    with pytest.raises(InputError, match="use must be a DataFrame"):
        responses.expected_need(asked, people, need=need, use=use[[]])
    with pytest.raises(InputError, match="requests has labels that need lacks: 't11'"):
        responses.expected_need(asked, people, need=need.iloc[:-1], use=use)


@pytest.mark.parametrize("penalty", [1e-6, 1e-2, 1.0])
def test_the_count_model_is_that_of_scikit_learn(penalty):
    # Rates over their mean, weighted by people: the model of PoissonRegressor, by Newton's steps instead of L-BFGS.
    rng = np.random.default_rng(5)
    x, n = rng.normal(size=(120, 3)), rng.integers(500, 20_000, 120).astype(float)
    k = rng.poisson(n * np.exp(-6 + x @ [0.5, -0.3, 0.0])).astype(float)
    mean = k.sum() / n.sum()
    other = PoissonRegressor(alpha=penalty, tol=1e-10, max_iter=10_000).fit(x, k / n / mean, sample_weight=n)
    ours = adoption._fit(x, k, n, penalty)
    assert ours[1:] == pytest.approx(other.coef_, abs=1e-5)
    assert ours[0] == pytest.approx(other.intercept_ + np.log(mean), abs=1e-5)
    expected = n * np.exp(adoption._linear(x, ours))
    assert adoption._deviance(k, expected) == pytest.approx(120 * mean_poisson_deviance(k, expected))
