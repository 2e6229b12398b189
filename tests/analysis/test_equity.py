"""Inequality: on paper, by definition, against PySAL, and the parts add up."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inequality.gini import Gini
from inequality.theil import Theil, TheilD

from jitasa_analytics.analysis import equity
from jitasa_analytics.errors import InputError

NAN = float("nan")
amounts = st.lists(st.tuples(st.integers(0, 100), st.integers(1, 50)), min_size=1, max_size=12).filter(
    lambda rows: any(x for x, _ in rows)
)


def series(values) -> pd.Series:
    return pd.Series(list(values), index=[f"a{i}" for i in range(len(values))], dtype=float)


@given(amounts)
def test_gini_by_its_definition_and_people_count_one_by_one(rows):
    x, people = zip(*rows, strict=True)
    ours = equity.gini(series(x), people=series(people))
    everyone = np.repeat(x, people).astype(float)  # one row for each person
    assert ours == pytest.approx(equity.gini(series(everyone)))
    differences = np.abs(everyone[:, None] - everyone).mean()
    assert ours == pytest.approx(differences / (2 * everyone.mean()), abs=1e-12)
    assert 0 <= ours + 1e-12 < 1
    assert ours == pytest.approx(equity.gini(series(x) * 7, people=series(people)), abs=1e-12)


def test_against_pysal():
    rng = np.random.default_rng(2)
    x, groups = rng.gamma(2, 5, 300), rng.integers(0, 7, 300)
    values, labels = series(x), pd.Series(groups, index=series(x).index)
    assert equity.gini(values) == pytest.approx(float(Gini(x.copy()).g))
    assert equity.theil(values) == pytest.approx(float(np.ravel(Theil(x).T)[0]))
    parts, peer = equity.theil_by_group(values, labels), TheilD(x, groups)
    assert parts.between == pytest.approx(float(np.ravel(peer.bg)[0]))
    assert parts.within == pytest.approx(float(np.ravel(peer.wg)[0]))


@given(amounts, st.data())
def test_theil_adds_up(rows, data):
    x, people = zip(*rows, strict=True)
    groups = data.draw(st.lists(st.sampled_from("pqr"), min_size=len(x), max_size=len(x)))
    values, persons = series(x), series(people)
    parts = equity.theil_by_group(values, pd.Series(groups, index=values.index), people=persons)
    assert parts.total == pytest.approx(equity.theil(values, people=persons))
    assert parts.total == pytest.approx(parts.between + parts.within, abs=1e-9)
    assert parts.between >= -1e-12 and parts.within >= -1e-12
    assert parts.groups["people"].sum() == pytest.approx(sum(people))
    # One group has nothing between, and each area for itself nothing within.
    assert equity.theil_by_group(values, pd.Series("p", index=values.index), people=persons).between == pytest.approx(0)
    own = pd.Series(values.index, index=values.index)
    assert equity.theil_by_group(values, own, people=persons).within == pytest.approx(0)


def test_theil_on_paper():
    # 1, 1, 3, 3 with mean 2: (1/2)(0.5 ln 0.5) + (1/2)(1.5 ln 1.5) = 0.130812, all between.
    values, groups = series([1, 1, 3, 3]), pd.Series(list("ppqq"), index=series([1] * 4).index)
    parts = equity.theil_by_group(values, groups)
    assert parts.total == pytest.approx(0.5 * 0.5 * math.log(0.5) + 0.5 * 1.5 * math.log(1.5))
    assert parts.within == 0
    assert parts.groups.loc["q"].tolist() == pytest.approx([2, 3, 0, 0.75 * math.log(1.5), 0])
    # A group with nothing adds nothing between or within.
    nothing = equity.theil_by_group(series([0, 0, 3, 3]), groups)
    assert (nothing.total, nothing.between) == (pytest.approx(math.log(2)), pytest.approx(math.log(2)))


def test_concentration_index_has_a_direction():
    # Four areas, only the poorest has something: 2 × (1/8) - 1 = -0.75; only the richest: +0.75.
    income = series([10, 20, 30, 40])
    assert equity.concentration_index(series([8, 0, 0, 0]), income) == -0.75
    assert equity.concentration_index(series([0, 0, 0, 8]), income) == 0.75
    assert equity.concentration_index(series([2, 2, 2, 2]), income) == pytest.approx(0)
    # Equal incomes have no order, so whoever has it, the index is 0.
    assert equity.concentration_index(series([8, 0, 0, 0]), income * 0) == pytest.approx(0)
    assert equity.concentration_index(series([8, 0, 0, 0]), income.iloc[::-1]) == -0.75


@given(amounts)
def test_ranked_by_itself_concentration_is_gini(rows):
    x, people = zip(*rows, strict=True)
    values, persons = series(x), series(people)
    assert equity.concentration_index(values, values, people=persons) == pytest.approx(
        equity.gini(values, people=persons), abs=1e-12
    )


def test_palma_on_paper():
    # Ten people: the top tenth has 6, the bottom four 1 each.
    assert equity.palma(series([1, 1, 1, 1, 2, 2, 2, 2, 2, 6])) == pytest.approx(1.5)
    # Two areas of 50 people with 1 and 3: the top 10 % have 30, the bottom 40 % have 40.
    assert equity.palma(series([3, 1]), people=series([50, 50])) == pytest.approx(0.75)
    # 30 with 1 and 70 with 2: the bottom 40 % are 30 × 1 + 10 × 2 = 50, the top 10 % are 20.
    assert equity.palma(series([1, 2]), people=series([30, 70])) == pytest.approx(0.4)
    assert equity.palma(series([5, 5, 5])) == pytest.approx(0.25)
    assert equity.palma(series([0, 0, 0, 1])) == math.inf
    for top, bottom in ((0, 0.4), (0.7, 0.4)):
        with pytest.raises(InputError, match="must be above 0 and together at most 1"):
            equity.palma(series([1, 2]), top=top, bottom=bottom)


MEASURES = (equity.gini, equity.theil, equity.palma)


@pytest.mark.parametrize("measure", MEASURES)
def test_no_data_takes_no_part_and_is_not_zero(measure):
    values, people = series([1, 4, NAN, 2]), series([10, 20, NAN, 5])
    assert measure(values, people=people) == pytest.approx(measure(series([1, 4, 2]), people=series([10, 20, 5])))
    assert measure(values, people=people) != pytest.approx(measure(values.fillna(0), people=people.fillna(50)))
    for empty in (series([]), series([NAN]), series([0, 0])):
        assert math.isnan(measure(empty))
    assert math.isnan(measure(series([1]), people=series([0])))


@pytest.mark.parametrize("measure", MEASURES)
def test_wrong_input_is_named(measure):
    with pytest.raises(InputError, match="values is missing, infinite or negative at 'a1'"):
        measure(series([1, -1]))
    with pytest.raises(InputError, match="people is missing, infinite or negative at 'a0'"):
        measure(series([1, 1]), people=series([NAN, 1]))
    with pytest.raises(InputError, match="values has labels that people lacks: 'a1'"):
        measure(series([1, 1]), people=series([1]))
    values = series([3, 1])
    measure(values)
    assert values.tolist() == [3, 1]


def test_groups_must_be_known():
    with pytest.raises(InputError, match="groups is missing at 'a1'"):
        equity.theil_by_group(series([1, 1]), pd.Series(["p", None], index=["a0", "a1"]))
    missing = equity.theil_by_group(series([NAN, 1]), pd.Series(["p", "q"], index=["a0", "a1"]))
    assert missing.groups.loc["p", "people"] == 0 and missing.total == 0
