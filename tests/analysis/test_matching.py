"""Who helps whom: every way tried on small cases, linear_sum_assignment on greater ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from jitasa_analytics.analysis import matching, travel
from jitasa_analytics.errors import InputError
from tests import oracles

INF = float("inf")


def frames(n, m, capacity=None):
    requests = pd.DataFrame(index=[f"r{i}" for i in range(n)])
    helpers = pd.DataFrame({"capacity": capacity or [1] * m}, index=[f"h{j}" for j in range(m)])
    return requests, helpers


def test_the_nearest_helper_is_not_always_the_best():
    # r0 is nearest to h0 (1), and so is r1 (2); r1 has nobody else within 30. 10 + 2, not 1 + 50.
    requests, helpers = frames(2, 2)
    t = travel.from_matrix([[1, 10], [2, 50]], origins=requests, destinations=helpers)
    found = matching.match(requests, helpers, t)
    assert found.table["helper"].tolist() == ["h1", "h0"] and found.total == found.bound == 12
    assert (found.status, found.gap, found.n_matched) == ("optimal", 0.0, 2)
    # As many as possible come before minutes: with a limit both are helped still.
    assert matching.match(requests, helpers, t, within=10).total == 12
    one = matching.match(requests, helpers, t, within=9)
    assert one.n_matched == 1 and one.total == 1
    assert one.table["reason"].tolist() == ["", "all full"]


def test_why_nobody_helps():
    requests, helpers = frames(4, 2, [1, 0])
    requests["needs_skills"] = [["nurse"], ["nurse"], ["driver"], None]
    helpers["skills"] = [["nurse", "cook"], []]
    t = travel.from_matrix([[1, 5], [9, 5], [1, 1], [INF, INF]], origins=requests, destinations=helpers)
    found = matching.match(requests, helpers, t)
    assert found.table["reason"].tolist() == ["", "all full", "nobody fits", "out of reach"]
    assert found.table["helper"].isna().tolist() == [False, True, True, True]
    assert found.table["cost"].tolist() == [1, INF, INF, INF]
    assert found.load.to_dict() == {"h0": 1, "h1": 0}
    # Whoever fits and has no free place is full, not missing.
    assert matching.match(requests, helpers.assign(capacity=0), t).table["reason"].tolist()[0] == "all full"


def test_priority_comes_before_minutes():
    requests, helpers = frames(3, 1)
    t = travel.from_matrix([[1], [2], [40]], origins=requests, destinations=helpers)
    assert matching.match(requests, helpers, t).table["helper"].notna().tolist() == [True, False, False]
    urgent = matching.match(requests.assign(priority=[1, 1, 2]), helpers, t)
    assert urgent.table["helper"].notna().tolist() == [False, False, True] and urgent.total == 40 == urgent.bound


def test_patients_to_beds():
    # Two intensive beds and three others; the ventilated may only lie in the former.
    patients, hospitals = frames(4, 2, [2, 3])
    patients["needs_skills"] = [["icu"], ["icu"], [], []]
    hospitals["skills"] = [["icu"], []]
    t = travel.from_matrix([[30, 5], [40, 5], [5, 20], [5, 25]], origins=patients, destinations=hospitals)
    found = matching.match(patients, hospitals, t)
    assert found.table["helper"].tolist() == ["h0", "h0", "h1", "h1"] and found.total == 115 == found.bound


words = st.lists(st.sampled_from(["nurse", "boat"]), max_size=2)


@settings(max_examples=150)
@given(st.data())
def test_against_every_way(data):
    n, m = data.draw(st.integers(0, 5)), data.draw(st.integers(1, 3))
    cost = st.sampled_from([0.0, 1.0, 5.0, 7.5, 12.0, 30.0, INF])
    table = np.array(data.draw(st.lists(st.lists(cost, min_size=m, max_size=m), min_size=n, max_size=n))).reshape(n, m)
    requests, helpers = frames(n, m, data.draw(st.lists(st.integers(0, 3), min_size=m, max_size=m)))
    priority = data.draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))
    requests["priority"] = np.array(priority, dtype=int)
    needs = data.draw(st.lists(words, min_size=n, max_size=n))
    has = data.draw(st.lists(words, min_size=m, max_size=m))
    requests["needs_equipment"] = pd.Series(needs, index=requests.index, dtype=object)
    helpers["equipment"] = pd.Series(has, index=helpers.index, dtype=object)
    goes = data.draw(st.lists(st.sampled_from([0.0, 7.5, 30.0, float("nan")]), min_size=m, max_size=m))
    helpers["max_cost"] = goes
    t = travel.from_matrix(table, origins=requests, destinations=helpers)
    found = matching.match(requests, helpers, t, within=12)
    allowed = table.copy()
    for i in range(n):
        for j in range(m):
            limit = min(12.0, INF if np.isnan(goes[j]) else goes[j])
            if not set(needs[i]) <= set(has[j]) or table[i, j] > limit:
                allowed[i, j] = INF
    helped, least = oracles.match(allowed, helpers["capacity"].tolist(), priority)
    done = found.table["helper"].notna().to_numpy()
    assert int(np.array(priority)[done].sum()) == helped
    assert found.total == pytest.approx(least) and found.bound == pytest.approx(least)
    assert found.status == "optimal" and len(found.table) == n
    assert (found.load <= helpers["capacity"]).all() and found.load.sum() == found.n_matched == done.sum()
    for i, label in enumerate(found.table["helper"]):  # each pair is one that may be, at its cost
        if done[i]:
            assert found.table["cost"].iloc[i] == allowed[i, helpers.index.get_loc(label)] < INF


def test_against_linear_sum_assignment():
    rng = np.random.default_rng(3)
    table = rng.uniform(0, 60, (120, 90))
    requests, helpers = frames(120, 90)
    t = travel.from_matrix(table, origins=requests, destinations=helpers)
    found = matching.match(requests, helpers, t)
    rows, columns = linear_sum_assignment(table)
    assert found.n_matched == 90 and found.total == pytest.approx(table[rows, columns].sum())
    assert found.bound == found.total
    order = rng.permutation(120)
    assert matching.match(requests.iloc[order], helpers.iloc[::-1], t).total == pytest.approx(found.total)


def test_the_bound_does_not_trust_the_solver(monkeypatch):
    # A solver that gives everybody the first helper with a seat: worse, and the bound says by how much.
    requests, helpers = frames(2, 2)
    t = travel.from_matrix([[1, 10], [2, 50]], origins=requests, destinations=helpers)
    monkeypatch.setattr(matching, "_solve", lambda *_: np.array([0, 1]))
    found = matching.match(requests, helpers, t)
    assert found.total == 51 and found.bound <= 12 and found.status == "gap" and found.gap >= 39 / 51


@pytest.mark.parametrize(
    ("requests", "helpers", "message"),
    [
        ({}, {"capacity": -1}, r"helpers\['capacity'\] is negative"),
        ({"priority": 0}, {}, r"requests\['priority'\] is 0 at 'r0'"),
        ({"priority": 1.5}, {}, "must be a whole number"),
        ({"needs_skills": "nurse"}, {"skills": [["nurse"]]}, r"needs_skills'\] is 'nurse' at 'r0'; it must be a list"),
        ({"needs_skills": [["nurse"]]}, {}, "helpers has no column 'skills'"),
        ({"max_cost": -1}, {}, r"requests\['max_cost'\] is negative"),
    ],
)
def test_wrong_input_is_named(requests, helpers, message):
    one, other = frames(1, 1)
    t = travel.from_matrix([[1]], origins=one, destinations=other)
    with pytest.raises(InputError, match=message):
        matching.match(one.assign(**requests), other.assign(**helpers), t)
    with pytest.raises(InputError, match="helpers has no column 'capacity'"):
        matching.match(one, other.drop(columns="capacity"), t)
