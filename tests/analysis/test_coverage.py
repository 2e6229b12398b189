"""Who is reached: on paper, under shuffling, and with areas that must not vanish."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from jitasa_analytics.analysis import coverage, travel
from jitasa_analytics.errors import InputError
from tests import town

INF = float("inf")


def test_served_on_paper():
    served = coverage.served(town.demand(), town.minutes(), within=30)
    assert served.to_dict() == {"A": True, "B": True, "C": True, "D": False}
    assert served.dtype == bool and served.index.equals(town.demand().index)
    assert coverage.served(town.demand(), town.minutes(), within=0).tolist() == [True, False, False, False]
    assert coverage.served(town.demand(), town.minutes(), within=20).sum() == 3  # C lies on the boundary
    assert coverage.served(town.demand(), town.minutes(), within=19.99).sum() == 2


def test_nearest_cost_on_paper_and_infinite_where_nothing_is():
    t = town.minutes()
    assert coverage.nearest_cost(town.demand(), t).to_dict() == town.NEAREST_MINUTES
    without_u = t.restrict(destinations=["S", "T"])
    assert coverage.nearest_cost(town.demand(), without_u).tolist() == [0.0, 10.0, 20.0, INF]
    # Even "at any cost" isn't reach where there is no way at all.
    assert coverage.served(town.demand(), without_u, within=INF).tolist() == [True, True, True, False]


def test_out_of_reach_counts_people_and_keeps_everyone():
    beyond = coverage.out_of_reach(town.demand(), town.minutes(), within=30)
    assert beyond.to_dict() == town.OUT_OF_REACH_30
    assert beyond.dtype == town.demand()["people"].dtype


def test_curve_on_paper_in_the_order_asked():
    curve = coverage.curve(town.demand(), town.minutes(), list(town.CURVE))
    assert curve.to_dict() == pytest.approx(town.CURVE)
    backwards = coverage.curve(town.demand(), town.minutes(), list(town.CURVE)[::-1])
    assert backwards.to_dict() == curve.to_dict()
    nobody = town.demand().assign(people=0)
    assert coverage.curve(nobody, town.minutes(), [10]).isna().all()


def test_gaps_on_paper_and_ranked():
    gaps = coverage.gaps(town.demand(), town.minutes(), within=30, by="district")
    assert list(gaps.index) == ["south", "north"] and gaps.index.name == "district"
    columns = ["people", "people_out_of_reach", "share_out_of_reach", "rank"]
    for area, expected in town.GAPS_30.items():
        assert tuple(gaps.loc[area, columns]) == pytest.approx(expected)


def test_gaps_never_drop_an_area():
    demand = town.demand()
    demand.loc["A", "district"] = None
    gaps = coverage.gaps(demand, town.minutes(), within=30, by="district")
    assert gaps["people"].sum() == 1000 and gaps.index.isna().sum() == 1
    # An area of the list where nobody lives: no people, and no share rather than 0 %.
    areas = ["north", "south", "west"]
    listed = coverage.gaps(town.demand(), town.minutes(), within=30, by="district", areas=areas)
    assert sorted(listed.index) == areas
    assert listed.loc["west", "people"] == 0 and np.isnan(listed.loc["west", "share_out_of_reach"])
    category = town.demand()["district"].astype(pd.CategoricalDtype(areas))
    by_category = coverage.gaps(town.demand(), town.minutes(), within=30, by=category)
    assert by_category["people"].to_dict() == {"north": 300, "south": 700, "west": 0}
    with pytest.raises(InputError, match="not among areas: 'north'"):
        coverage.gaps(town.demand(), town.minutes(), within=30, by="district", areas=["south"])


def test_gaps_by_a_series_in_another_order():
    by = town.demand()["district"].iloc[[3, 1, 0, 2]]
    gaps = coverage.gaps(town.demand(), town.minutes(), within=30, by=by)
    assert gaps["people"].to_dict() == {"south": 700, "north": 300}
    with pytest.raises(InputError, match="demand has labels that by lacks: 'A'"):
        coverage.gaps(town.demand(), town.minutes(), within=30, by=by.drop("A"))


def test_equal_gaps_share_a_rank():
    demand = pd.DataFrame({"people": [5, 5, 1], "area": ["x", "y", "z"]}, index=["a", "b", "c"])
    t = travel.from_matrix([[INF], [INF], [1]], origins=demand, destinations=["s"])
    assert coverage.gaps(demand, t, within=30, by="area")["rank"].to_dict() == {"x": 1, "y": 1, "z": 3}


tables = st.integers(1, 6).flatmap(
    lambda n: st.lists(
        st.lists(st.sampled_from([0.0, 5.0, 10.0, 15.5, INF]), min_size=3, max_size=3), min_size=n, max_size=n
    )
)


@settings(max_examples=80, deadline=None)
@given(tables, st.data())
def test_against_the_dense_table_whatever_the_order_of_rows(table, data):
    n = len(table)
    people = data.draw(st.lists(st.integers(0, 1000), min_size=n, max_size=n))
    demand = pd.DataFrame({"people": people}, index=[f"p{i}" for i in range(n)])
    t = travel.from_matrix(table, origins=demand, destinations=["s", "t", "u"])
    nearest = np.min(table, axis=1)
    order = data.draw(st.permutations(range(n)))
    shuffled = demand.iloc[order]
    assert coverage.nearest_cost(shuffled, t).tolist() == nearest[order].tolist()
    previous = 0.0
    for within in (0, 5, 9.9, 10, 15.5, 20):
        hit = nearest <= within
        assert coverage.served(shuffled, t, within=within).tolist() == hit[order].tolist()
        beyond = coverage.out_of_reach(shuffled, t, within=within)
        assert beyond.sum() == np.array(people)[~hit].sum()
        if sum(people):
            share = coverage.curve(shuffled, t, [within]).iloc[0]
            assert share == pytest.approx(np.array(people)[hit].sum() / sum(people))
            assert share >= previous - 1e-15  # a shorter radius never covers more
            previous = share


def test_inputs_stay_as_they_were():
    demand, t = town.demand(), town.minutes()
    coverage.gaps(demand, t, within=30, by="district", areas=["south", "north"])
    coverage.curve(demand, t, [1, 2])
    pd.testing.assert_frame_equal(demand, town.demand())
    assert t.dense().tolist() == town.MINUTES


@pytest.mark.parametrize(
    ("demand", "message"),
    [
        (town.demand().drop(columns="people"), "no column 'people'; it has 'district'"),
        (town.demand().assign(people=[1, 2, 3, -4]), r"negative at 'D' \(-4\)"),
        (town.demand().assign(people=[1, np.nan, 3, 4]), "missing or infinite at 'B'"),
        (town.demand().assign(people=list("wxyz")), "not a number"),
        (town.demand().drop("A"), "travel.origins has labels that demand lacks: 'A'"),
        (town.demand().rename(index={"A": "Z"}), "demand has labels that travel.origins lacks: 'Z'"),
        (pd.concat([town.demand(), town.demand()]), "repeated labels: 'A'"),
        (town.demand()["people"], "must be a DataFrame"),
        (pd.concat([town.demand()[["people"]]] * 2, axis=1), "several columns named 'people'"),
    ],
)
def test_wrong_demand_is_named(demand, message):
    for call in (
        lambda: coverage.out_of_reach(demand, town.minutes(), within=30),
        lambda: coverage.curve(demand, town.minutes(), [30]),
    ):
        with pytest.raises(InputError, match=message):
            call()


@pytest.mark.parametrize(("within", "message"), [(-1, "within is -1"), (np.nan, "within"), ("x", "must be a number")])
def test_wrong_radius_is_named(within, message):
    with pytest.raises(InputError, match=message):
        coverage.served(town.demand(), town.minutes(), within=within)


def test_a_radius_beyond_the_travel_is_refused():
    points = pd.DataFrame({"lon": [100.0], "lat": [13.0], "people": [5]}, index=["a"])
    t = travel.straight_line(points, points, max_km=10)
    for call in (
        lambda: coverage.served(points, t, within=11),
        lambda: coverage.curve(points, t, [5, 11]),
    ):
        with pytest.raises(InputError, match="up to 10 km only"):
            call()


def test_unknown_area_column_is_named():
    with pytest.raises(InputError, match="no column 'tambon' to group by"):
        coverage.gaps(town.demand(), town.minutes(), within=30, by="tambon")


def test_as_many_are_served_as_a_linear_program_can_serve():
    rng = np.random.default_rng(8)
    for _ in range(12):
        n, m = rng.integers(1, 7, 2)
        minutes = rng.uniform(0, 60, (n, m))
        places = pd.DataFrame({"people": rng.integers(0, 30, n)})
        sites = pd.DataFrame({"capacity": rng.integers(0, 40, m).astype(float)}, index=[f"s{k}" for k in range(m)])
        ways = travel.from_matrix(minutes, origins=places, destinations=sites)
        found = coverage.within_capacity(places, sites, ways, within=30)
        rows = np.concatenate([np.kron(np.eye(n), np.ones((1, m))), np.kron(np.ones((1, n)), np.eye(m))])
        best = linprog(-np.ones(n * m), A_ub=rows, b_ub=np.concatenate([places["people"], sites["capacity"]]),
                       bounds=[(0, None if near else 0) for near in (minutes <= 30).ravel()])
        assert found.sum() == pytest.approx(-best.fun)
        assert (found <= places["people"]).all()


def test_a_facility_without_a_limit_serves_all_in_reach():
    supply = town.supply().assign(capacity=float("inf"))
    served = coverage.within_capacity(town.demand(), supply, town.minutes(), within=30)
    assert served.to_dict() == {"A": 100, "B": 200, "C": 300, "D": 0}
    with pytest.raises(InputError, match=r"capacity.*missing or negative at 'S'"):
        coverage.within_capacity(town.demand(), supply.assign(capacity=[-1.0, 2, 3]), town.minutes(), within=30)
