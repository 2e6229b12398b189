"""Costs: the pairs are complete, boundaries and zeros count, and labels never slip."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from jitasa_analytics.analysis import travel
from jitasa_analytics.errors import InputError, UnitError
from tests import oracles, town

INF = float("inf")


def points(lon_lat: np.ndarray, prefix: str) -> pd.DataFrame:
    return pd.DataFrame(lon_lat, columns=["lon", "lat"], index=[f"{prefix}{i}" for i in range(len(lon_lat))])


def test_a_degree_of_the_equator_is_what_the_ellipsoid_says():
    # a = 6378.137 km on WGS84, so a degree along the equator is a × π / 180.
    degree = 6378.137 * np.pi / 180
    t = travel.straight_line(points(np.array([[0.0, 0.0]]), "o"), points(np.array([[1.0, 0.0]]), "d"), max_km=120)
    assert t.costs.tolist() == pytest.approx([degree], rel=1e-12)
    assert t.unit == "km"


@pytest.mark.parametrize("seed", range(6))
def test_pairs_are_those_of_the_full_table(seed):
    rng = np.random.default_rng(seed)
    low, high = [(-180, -90), (97, 5), (-1, -1)][seed % 3], [(180, 90), (106, 21), (1, 1)][seed % 3]
    a, b = rng.uniform(low, high, (40, 2)), rng.uniform(low, high, (30, 2))
    table = oracles.geodesic_table(a, b)
    # Radii on which a pair lies exactly: it has to be kept.
    for km in (np.sort(table, axis=None)[[0, 7, 300]]).tolist():
        t = travel.straight_line(points(a, "o"), points(b, "d"), max_km=km)
        np.testing.assert_array_equal(t.dense(), np.where(table <= km, table, INF))


def test_the_whole_globe_is_within_half_its_circumference():
    a = np.array([[0.0, 0.0], [100.0, 89.0], [-180.0, -90.0]])
    t = travel.straight_line(points(a, "o"), points(-a, "d"), max_km=20_100)
    assert t.n_pairs == 9


def test_pairs_are_found_in_every_round_of_the_search(monkeypatch):
    rng = np.random.default_rng(1)
    a, b = rng.uniform(100, 100.2, (50, 2)) - [0, 87], rng.uniform(100, 100.2, (20, 2)) - [0, 87]
    whole = travel.straight_line(points(a, "o"), points(b, "d"), max_km=8)
    monkeypatch.setattr(travel, "_ORIGINS_AT_ONCE", 7)
    parts = travel.straight_line(points(a, "o"), points(b, "d"), max_km=8)
    np.testing.assert_array_equal(whole.dense(), parts.dense())
    assert 0 < whole.n_pairs < 1000


def test_a_place_at_the_site_is_in_reach_at_no_cost():
    here = points(np.array([[100.5, 13.5]]), "o")
    t = travel.straight_line(here, here, max_km=0)
    assert t.n_pairs == 1
    assert t.costs[0] == 0.0
    assert t.within(0).toarray().tolist() == [[True]]


def test_speed_and_detour_come_after_the_geodesic_limit():
    # 20 km of meridian are kept within max_km=20 whatever the detour; 20 × 1.3 / 40 h = 39 min.
    a = points(np.array([[100.0, 13.0]]), "o")
    b = points(np.array([[100.0, 13.18]]), "d")
    km = travel.straight_line(a, b, max_km=20).costs[0]
    t = travel.straight_line(a, b, max_km=20, detour=1.3, speed_kmh=40)
    assert t.unit == "minutes"
    assert t.costs[0] == pytest.approx(km * 1.3 / 40 * 60)
    assert t.limit == pytest.approx(39)
    assert "1.3" in t.method and "40 km/h" in t.method
    two = travel.straight_line(a, b, max_km=20).to_minutes(40, detour=1.3)
    assert two.costs[0] == t.costs[0] and two.limit == t.limit and two.unit == "minutes"
    with pytest.raises(UnitError, match="minutes already"):
        two.to_minutes(40)


def test_round_kilometres_become_round_minutes():
    # 15 km at 40 km/h with detour 1.3 are 29.25 minutes; 20 km are 39: boundaries must not slip.
    t = travel.from_matrix([[15.0, 20.0, 10.0]], origins=["a"], destinations=list("stu"), unit="km")
    assert t.to_minutes(40, 1.3).costs.tolist() == [29.25, 39.0, 19.5]


def test_beyond_what_was_computed_is_refused_and_not_answered_too_small():
    a = points(np.array([[100.0, 13.0]]), "o")
    t = travel.straight_line(a, a, max_km=10)
    with pytest.raises(InputError, match=r"up to 10 km only.*max_km"):
        t.within(30)
    t.within(10)
    town.minutes().within(1e6)  # a brought matrix is complete


def test_boundary_counts_and_zero_is_stored():
    t = town.minutes()
    assert t.n_pairs == 8
    assert t.dense().tolist() == town.MINUTES
    reach = t.within(30)
    assert isinstance(reach, csr_array) and reach.dtype == bool
    assert reach.toarray().tolist() == [[True, True, False], [True, True, False], [False, True, False], [False] * 3]
    assert t.within(29.999).nnz == 3  # A to S, B and C to T


def test_nearest_on_paper():
    nearest = town.minutes().nearest()
    assert nearest["cost"].to_dict() == town.NEAREST_MINUTES
    assert nearest["destination"].to_dict() == town.NEAREST_SITE
    assert nearest.index.equals(town.demand().index)


def test_nearest_keeps_places_that_nothing_reaches_and_integer_labels():
    t = travel.from_matrix([[INF, INF], [4, 4], [INF, 0]], origins=[10, 20, 30], destinations=[7, 8])
    nearest = t.nearest()
    assert nearest["cost"].tolist() == [INF, 4.0, 0.0]
    assert nearest["destination"].isna().tolist() == [True, False, False]
    assert nearest["destination"].dropna().tolist() == [7, 8]  # 7 comes first among equals
    assert str(nearest["destination"].dtype) == "Int64"
    nothing = travel.from_matrix(np.zeros((2, 0)), origins=["a", "b"], destinations=[])
    assert nothing.nearest()["cost"].tolist() == [INF, INF]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_restrict_is_the_dense_table_cut_by_label(data):
    n, m = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    cell = st.sampled_from([0.0, 1.0, 2.5, INF])
    table = np.array(data.draw(st.lists(st.lists(cell, min_size=m, max_size=m), min_size=n, max_size=n)))
    rows = data.draw(st.permutations(range(n)))[: data.draw(st.integers(0, n))]
    columns = data.draw(st.permutations(range(m)))[: data.draw(st.integers(0, m))]
    t = travel.from_matrix(table, origins=[f"o{i}" for i in range(n)], destinations=[f"d{j}" for j in range(m)])
    part = t.restrict([f"o{i}" for i in rows], [f"d{j}" for j in columns])
    np.testing.assert_array_equal(part.dense(), table[np.ix_(rows, columns)])
    assert part.origins.tolist() == [f"o{i}" for i in rows]
    assert part.destinations.tolist() == [f"d{j}" for j in columns]
    for cost in (0.0, 1.0, 3.0):
        np.testing.assert_array_equal(t.within(cost).toarray(), table <= cost)


def test_arrays_are_frozen_and_the_value_can_be_sent_elsewhere():
    t = town.minutes()
    with pytest.raises(ValueError, match="read-only"):
        t.costs[0] = 5
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(t)).dense(), t.dense())


def test_inputs_stay_as_they_were():
    a = points(np.array([[100.0, 13.0], [101.0, 14.0]]), "o")
    before, costs = a.copy(), np.array([[1.0, INF]])
    travel.straight_line(a, a, max_km=300, speed_kmh=30)
    travel.from_matrix(costs, origins=["a"], destinations=["s", "t"])
    pd.testing.assert_frame_equal(a, before)
    assert costs.tolist() == [[1.0, INF]] and costs.flags.writeable


def test_a_frame_of_costs_brings_its_labels():
    frame = pd.DataFrame([[1.0, 2.0]], index=["a"], columns=["s", "t"])
    assert travel.from_matrix(frame).destinations.tolist() == ["s", "t"]
    with pytest.raises(InputError, match="labels of costs differ from destinations"):
        travel.from_matrix(frame, destinations=["t", "s"])


@pytest.mark.parametrize(
    ("costs", "options", "message"),
    [
        ([[np.nan]], {}, "NaN from 'a' to 's'"),
        ([[-1.0]], {}, "negative from 'a' to 's'"),
        ([[-INF]], {}, "negative"),
        ([[1.0, 2.0]], {}, r"shape \(1, 2\), but there are 1 origins and 1 destinations"),
        ([1.0], {}, "two dimensions"),
        ([["x"]], {}, "table of numbers"),
        ([[1.0]], {"origins": "a"}, r"write \['a'\]"),
        ([[1.0], [2.0]], {"origins": ["a", "a"]}, "repeated labels: 'a'"),
        ([[1.0]], {"unit": "hours"}, "'km' or 'minutes'"),
        ([[1.0]], {"origins": [None]}, "missing label"),
        ([[1.0]], {"origins": pd.MultiIndex.from_tuples([(1, 2)])}, "2 levels"),
    ],
)
def test_a_wrong_matrix_is_named(costs, options, message):
    with pytest.raises(InputError if "unit" not in options else UnitError, match=message):
        travel.from_matrix(costs, **({"origins": ["a"], "destinations": ["s"]} | options))


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"lat": [np.nan]}, {}, r"\['lat'\] is missing or beyond ±90 degrees at 'o0'"),
        ({"lat": [100.9], "lon": [13.4]}, {}, "swapped"),
        ({"lon": ["east"]}, {}, "not a number"),
        ({}, {"max_km": -1}, "max_km is -1"),
        ({}, {"max_km": np.nan}, "max_km"),
        ({}, {"detour": 0.9}, "detour is 0.9"),
        ({}, {"speed_kmh": 0}, "speed_kmh is 0"),
        ({}, {"speed_kmh": "car"}, "speed_kmh must be a number"),
    ],
)
def test_wrong_points_and_options_are_named(change, options, message):
    good = points(np.array([[100.0, 13.0]]), "o")
    with pytest.raises(InputError, match=message):
        travel.straight_line(good.assign(**change), good, **({"max_km": 10} | options))


def test_a_missing_column_or_repeated_label_is_named():
    good = points(np.array([[100.0, 13.0]]), "o")
    with pytest.raises(InputError, match="destinations has no column 'lon'; it has 'lng', 'lat'"):
        travel.straight_line(good, good.rename(columns={"lon": "lng"}), max_km=1)
    with pytest.raises(InputError, match="origins has repeated labels: 'o0'"):
        travel.straight_line(pd.concat([good, good]), good, max_km=1)
    with pytest.raises(InputError, match="must be a DataFrame"):
        travel.straight_line([[100, 13]], good, max_km=1)


def test_unknown_labels_and_broken_rows_are_refused():
    with pytest.raises(InputError, match="this travel lacks: 'Z'"):
        town.minutes().restrict(origins=["A", "Z"])
    labels = pd.Index(["a"])
    for indptr, indices, costs in (
        ([0, 2], [1, 0], [1.0, 1.0]),  # not ascending
        ([0, 2], [0, 0], [1.0, 1.0]),  # twice
        ([0, 1], [3], [1.0]),  # no such column
        ([0, 1], [0], [INF]),
        ([0, 1], [0], [-1.0]),
        ([0, 1], [0, 1], [1.0]),
        ([0], [], []),
    ):
        with pytest.raises(InputError):
            travel.Travel(np.array(indptr), np.array(indices, int), np.array(costs), labels, pd.Index(["s", "t"]))


def test_no_destinations_mean_that_nobody_is_reached():
    a = points(np.array([[100.0, 13.0]]), "o")
    t = travel.straight_line(a, a.iloc[:0], max_km=10)
    assert t.shape == (1, 0) and t.nearest()["cost"].tolist() == [INF]
    assert travel.straight_line(a.iloc[:0], a, max_km=10).shape == (0, 1)
