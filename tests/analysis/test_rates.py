"""Shares with an interval: the formula on paper, the edges, and what must not be hidden."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

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
