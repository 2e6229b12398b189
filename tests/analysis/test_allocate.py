"""Whole persons: the sum is what it was, and nobody is shared out unfairly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jitasa_analytics.analysis import allocate
from jitasa_analytics.errors import InputError

weights = st.lists(st.floats(0, 1e12, allow_subnormal=True) | st.integers(0, 10**9), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**13), weights)
def test_sum_is_exact_and_each_is_a_neighbour_of_its_quota(total, parts):
    assume(sum(parts) > 0)
    series = pd.Series(parts, index=[f"p{i}" for i in range(len(parts))], dtype=float)
    shared = allocate.largest_remainder(total, series)
    assert shared.sum() == total and shared.dtype == np.int64 and shared.index.equals(series.index)
    everything = sum(Fraction(p) for p in series.tolist())
    for got, part in zip(shared.tolist(), series.tolist(), strict=True):
        quota = Fraction(part) * total / everything
        assert quota - 1 < got < quota + 1
        assert part > 0 or got == 0


def test_on_paper():
    # 100 over 1, 1, 1: 33 each and one left, which goes to the first. 10 over 5, 3, 1: quotas
    # 5.56, 3.33, 1.11; floors 5, 3, 1; the one left goes to the largest remainder.
    assert allocate.largest_remainder(100, pd.Series([1, 1, 1])).tolist() == [34, 33, 33]
    assert allocate.largest_remainder(10, pd.Series([5, 3, 1])).tolist() == [6, 3, 1]
    # Equal remainders of 1/2: the greater weight has it, wherever it stands. 4 × (1, 3) / 8.
    assert allocate.largest_remainder(4, pd.Series([1, 3, 4])).tolist() == [0, 2, 2]
    assert allocate.largest_remainder(4, pd.Series([3, 1, 4])).tolist() == [2, 0, 2]
    assert allocate.largest_remainder(0, pd.Series([0.0, 0.0])).tolist() == [0, 0]


def test_by_group_on_paper():
    groups = pd.Series(["x", "y", "x", "y"], index=list("abcd"))
    parts = pd.Series([1, 1, 2, 0], index=list("abcd"))
    shared = allocate.by_group(pd.Series({"x": 10, "y": 4, "z": 0}), parts, groups.iloc[::-1])
    assert shared.to_dict() == {"a": 3, "b": 4, "c": 7, "d": 0}


def test_people_cannot_vanish():
    parts = pd.Series([1.0], index=["a"])
    groups = pd.Series(["x"], index=["a"])
    with pytest.raises(InputError, match="people but without a row: 'z'"):
        allocate.by_group(pd.Series({"x": 1, "z": 2}), parts, groups)
    with pytest.raises(InputError, match="without a total: 'x'"):
        allocate.by_group(pd.Series({"y": 0}), parts, groups)
    with pytest.raises(InputError, match="whole number"):
        allocate.by_group(pd.Series({"x": 1.5}), parts, groups)


@pytest.mark.parametrize(
    ("total", "parts", "message"),
    [
        (1.5, [1], "whole number, not 1.5"),
        (-1, [1], "total is -1"),
        (1, [0, 0], "no weight is above 0"),
        (1, [], "no weight is above 0"),
        (1, [-1, 2], "negative at 0"),
        (1, [np.nan, 2], "missing, infinite or negative at 0"),
    ],
)
def test_wrong_input_is_named(total, parts, message):
    with pytest.raises(InputError, match=message):
        allocate.largest_remainder(total, pd.Series(parts, dtype=float))
