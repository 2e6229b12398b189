"""Shares with an interval: the formula on paper, the edges, and what must not be hidden."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from esda.smoothing import Empirical_Bayes
from hypothesis import given
from hypothesis import strategies as st

from jitasa_analytics.analysis import rates
from jitasa_analytics.errors import InputError

NAN = float("nan")


def one(count, people, **options):
    return rates.coverage(pd.Series([count], index=["a"]), pd.Series([people], index=["a"]), **options).iloc[0]


def test_wilson_on_paper():
    # 81 of 263 at 95 %: share 0.3080, interval 0.2553 to 0.3662 (Newcombe 1998, table I, method 3).
    row = one(81, 263)
    assert (row["low"], row["high"]) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))
    # 1 of 29: 0.0061 to 0.1718 in the same table.
    assert one(1, 29)["low"] == pytest.approx(0.0061, abs=5e-5)
    assert one(1, 29)["high"] == pytest.approx(0.1718, abs=5e-5)


def test_wilson_at_none_and_all():
    # With none counted the upper end is z² / (n + z²), 3.8415 / 23.8415 = 0.1611; with all its mirror.
    none, every = one(0, 20), one(20, 20)
    assert none["low"] == 0.0 and none["high"] == pytest.approx(0.16113, abs=1e-5)
    assert every["high"] == 1.0 and every["low"] == pytest.approx(1 - 0.16113, abs=1e-5)


def test_a_wider_confidence_is_a_wider_interval():
    assert one(5, 10, confidence=0.99)["high"] > one(5, 10)["high"] > one(5, 10, confidence=0.5)["high"]
    for wrong in (0, 1, 95):
        with pytest.raises(InputError, match="between 0 and 1"):
            one(5, 10, confidence=wrong)


def test_above_100_percent_is_kept_and_flagged():
    row = one(120, 100)
    assert row["share"] == 1.2 and row["over_100"] and not row["no_data"]
    assert math.isnan(row["low"]) and math.isnan(row["high"])
    assert one(100, 100)["over_100"] == np.False_
    nobody = one(3, 0)
    assert math.isinf(nobody["share"]) and nobody["over_100"]


@pytest.mark.parametrize(("count", "people"), [(7, NAN), (NAN, 7), (NAN, NAN), (0, 0)])
def test_no_data_is_not_zero(count, people):
    row = one(count, people)
    assert row["no_data"] and math.isnan(row["share"]) and not row["over_100"]


def test_rows_stay_and_labels_decide():
    count = pd.Series([1, 2, None], index=["a", "b", "c"], dtype="Int64")
    people = pd.Series([40, 20, 10], index=["b", "a", "c"])
    result = rates.coverage(count, people)
    assert list(result.index) == ["a", "b", "c"]
    assert result["share"].tolist()[:2] == [1 / 20, 2 / 40]
    with pytest.raises(InputError, match="people has labels that count lacks: 'c'"):
        rates.coverage(count.drop("c"), people)


@pytest.mark.parametrize("wrong", [-1, float("inf")])
def test_counts_that_cannot_be_are_named(wrong):
    with pytest.raises(InputError, match="count is negative or infinite at 'a'"):
        one(wrong, 10)
    with pytest.raises(InputError, match="people is negative or infinite at 'a'"):
        one(1, wrong)


def test_drop_out():
    index = ["a", "b", "c", "d"]
    first, second = pd.Series([100, 0, 50, NAN], index=index), pd.Series([80, 0, 60, 1], index=index)
    result = rates.drop_out(first, second.iloc[::-1])
    assert result.tolist() == pytest.approx([0.2, NAN, -0.2, NAN], nan_ok=True)
    assert first.tolist()[0] == 100


DAYS = pd.to_datetime(["2021-06-01", "2021-06-15", "2021-06-22", "2021-07-06"])


def test_drop_out_waits_for_the_interval():
    # On 22 June, 21 days after 1 June: 100 had begun, 90 came back. Without the lag the 400 of
    # 22 June would be asked for their second dose on the day of the first: 1 - 90/400 = 0.775.
    first = pd.DataFrame({"a": [100, 200, 400, 500], "b": [0, 10, NAN, 30]}, index=DAYS)
    second = pd.DataFrame({"b": [0, 0, 0, 12], "a": [0, 0, 90, 150]}, index=DAYS)
    lost = rates.drop_out_over_time(first, second, interval_days=21)
    assert lost["a"].tolist() == pytest.approx([NAN, NAN, 0.1, 0.25], nan_ok=True)
    # b: nobody had begun on 1 June; 12 second doses for 10 first ones doesn't fit, and stays.
    assert lost["b"].tolist() == pytest.approx([NAN, NAN, NAN, -0.2], nan_ok=True)
    assert list(lost.columns) == ["b", "a"] and lost.index.equals(DAYS)
    same_day = rates.drop_out_over_time(first, second, interval_days=0)
    assert same_day["a"].tolist() == pytest.approx([1.0, 1.0, 0.775, 0.7])
    # Between two reports the older one is read: 20 days before 22 June is 2 June.
    assert rates.drop_out_over_time(first, second, interval_days=20)["a"].iloc[2] == pytest.approx(0.1)


def test_drop_out_is_read_at_the_last_report_of_each_area():
    days = pd.to_datetime(["2021-06-01", "2021-06-08", "2021-06-29"])
    first = pd.DataFrame({"a": [100.0, 200.0, 300.0], "b": [100.0, np.nan, 300.0], "c": [np.nan, np.nan, 300.0]}, days)
    second = pd.DataFrame({"a": [0.0, 0.0, 150.0], "b": [0.0, 0.0, 90.0], "c": [0.0, 0.0, 90.0]}, days)
    lost = rates.drop_out_over_time(first, second, interval_days=21).iloc[2]
    # b did not report on 8 June: its 100 of a week before stand. c never had: nothing is known.
    assert lost["a"] == pytest.approx(0.25) and lost["b"] == pytest.approx(0.1) and np.isnan(lost["c"])


def test_drop_out_over_time_names_what_is_wrong():
    table = pd.DataFrame({"a": [1.0, 2.0]}, index=DAYS[:2])
    with pytest.raises(InputError, match="first must ascend"):
        rates.drop_out_over_time(table.iloc[::-1], table, interval_days=21)
    with pytest.raises(InputError, match="dates as its index"):
        rates.drop_out_over_time(table.reset_index(drop=True), table, interval_days=21)
    with pytest.raises(InputError, match="second has labels that first lacks: 'b'"):
        rates.drop_out_over_time(table, table.assign(b=1), interval_days=21)
    with pytest.raises(InputError, match="interval_days is -1"):
        rates.drop_out_over_time(table, table, interval_days=-1)
    with pytest.raises(InputError, match=r"second\['a'\] is negative"):
        rates.drop_out_over_time(table, -table, interval_days=1)


def test_zero_dose_mirrors_coverage():
    first, people = pd.Series([81, 0, 120, NAN]), pd.Series([263, 20, 100, 50])
    none = rates.zero_dose(first, people)
    # 81 of 263 have a dose (0.2553 to 0.3662), 182 have none (0.6338 to 0.7447).
    assert none["people"].tolist() == pytest.approx([182, 20, -20, NAN], nan_ok=True)
    assert (none["low"][0], none["high"][0]) == (pytest.approx(0.6338, abs=5e-5), pytest.approx(0.7447, abs=5e-5))
    assert none["high"][1] == 1.0
    assert none["over_100"].tolist() == [False, False, True, False]
    assert none["no_data"].tolist() == [False, False, False, True]


def test_empirical_bayes_on_paper():
    # m = 90/610; s² = (10 m² + 300 (0.1 - m)² + 300 (0.2 - m)²) / 610; A = s² - m / (610/3).
    m = 90 / 610
    between = (10 * m**2 + 300 * (0.1 - m) ** 2 + 300 * (0.2 - m) ** 2) / 610 - m / (610 / 3)
    expected = [m + between / (between + m / n) * (r - m) for n, r in ((10, 0), (300, 0.1), (300, 0.2))]
    result = rates.empirical_bayes(pd.Series([0, 30, 60]), pd.Series([10, 300, 300]))
    assert result["share"].tolist() == pytest.approx(expected)


def test_empirical_bayes_agrees_with_pysal_where_the_variance_is_positive():
    rng = np.random.default_rng(5)
    people = rng.integers(50, 5000, 200)
    count = rng.binomial(people, rng.beta(4, 20, 200))
    ours = rates.empirical_bayes(pd.Series(count), pd.Series(people))["share"]
    theirs = Empirical_Bayes(count, people).r.ravel()
    assert ours.to_numpy() == pytest.approx(theirs)


def test_empirical_bayes_variance_is_clipped_at_zero():
    # 10, 11 and 10 of 100 differ less than chance alone would make them: everyone gets 31/300.
    # Unclipped, the "variance" is negative and the order of the areas is turned round.
    index = ["a", "b", "c", "gone"]
    count, people = pd.Series([10, 11, 10, NAN], index=index), pd.Series([100, 100, 100, 9], index=index)
    result = rates.empirical_bayes(count, people)
    assert result["share"].tolist() == pytest.approx([31 / 300] * 3 + [NAN], nan_ok=True)
    assert result["weight"].tolist()[:3] == [0, 0, 0] and result["no_data"].tolist() == [False] * 3 + [True]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 500)), min_size=1, max_size=12))
def test_empirical_bayes_stays_between_the_raw_share_and_the_mean(pairs):
    count, people = pd.Series([float(k) for k, _ in pairs]), pd.Series([float(n) for _, n in pairs])
    result = rates.empirical_bayes(count, people)
    assert len(result) == len(pairs) and (result["no_data"] == (people == 0)).all()
    known = result[~result["no_data"]]
    if len(known):
        mean = count[known.index].sum() / people[known.index].sum()
        low, high = np.minimum(known["raw"], mean), np.maximum(known["raw"], mean)
        assert ((known["share"] >= low - 1e-12) & (known["share"] <= high + 1e-12)).all()


def test_another_denominator_changes_the_rank():
    # Registered people: a 60 %, b 80 %, c 120 % (too few registered). Resident: a 60 %, b 40 %, c 30 %.
    index = ["a", "b", "c", "d"]
    people = pd.DataFrame({"registered": [100, 100, 100, NAN], "resident": [100, 200, 400, 10]}, index=index)
    table = rates.switch_denominator(pd.Series([60, 80, 120, 10], index=index), people)
    assert table["rank_registered"].tolist() == pytest.approx([3, 2, 1, NAN], nan_ok=True)
    assert table["rank_resident"].tolist() == [2, 3, 4, 1]
    # d has no registered people known, so the change is counted among a, b and c: 3→1, 2→2, 1→3.
    assert table["change_resident"].tolist() == pytest.approx([2, 0, -2, NAN], nan_ok=True)
    assert table["over_100_registered"].tolist() == [False, False, True, False]
    assert "change_registered" not in table
    with pytest.raises(InputError, match="one column for each denominator"):
        rates.switch_denominator(pd.Series([1]), pd.DataFrame(index=[0]))
