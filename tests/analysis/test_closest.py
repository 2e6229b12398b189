"""Travel to the nearest only is the nearest of the full table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitasa_analytics.analysis import coverage, travel


def points(lon, lat, prefix: str) -> pd.DataFrame:
    index = pd.Index([f"{prefix}{i}" for i in range(len(lon))], dtype="str")
    return pd.DataFrame({"lon": np.asarray(lon, float), "lat": np.asarray(lat, float)}, index=index)


# Many on one spot and on a grid: equal distances, and more of them than are looked at first.
spot = st.tuples(st.sampled_from([-180.0, 99.0, 99.5, 100.0, 179.9]), st.sampled_from([-90.0, 0.0, 13.0, 13.5, 89.5]))


@settings(max_examples=60)
@given(st.lists(spot, max_size=12), st.lists(spot, max_size=25), st.sampled_from([10.0, 200.0, 25_000.0]))
def test_the_nearest_of_all(here, there, km):
    a, b = points([p[0] for p in here], [p[1] for p in here], "a"), points([p[0] for p in there], [p[1] for p in there],
                                                                           "b")
    full = travel.straight_line(a, b, max_km=km, detour=1.3, speed_kmh=40)
    found = travel.to_nearest(a, b, max_km=km, detour=1.3, speed_kmh=40)
    pd.testing.assert_frame_equal(found.nearest(), full.nearest())
    assert (found.unit, found.limit, found.shape) == (full.unit, full.limit, full.shape)


@pytest.mark.parametrize("seed", range(3))
def test_scattered_places_have_the_same_nearest(seed):
    rng = np.random.default_rng(seed)
    a, b = points(rng.uniform(97, 106, 500), rng.uniform(5, 21, 500), "a"), points(rng.uniform(97, 106, 80),
                                                                                   rng.uniform(5, 21, 80), "b")
    full, found = travel.straight_line(a, b, max_km=150), travel.to_nearest(a, b, max_km=150)
    pd.testing.assert_frame_equal(found.nearest(), full.nearest())
    demand = a.assign(people=rng.integers(0, 100, 500))
    costs = np.linspace(0, 150, 7)
    pd.testing.assert_series_equal(coverage.curve(demand, found, costs), coverage.curve(demand, full, costs))


def test_north_and_south_a_degree_is_shorter_than_on_a_sphere():
    # At the equator a degree north is 110.574 km and a degree east 111.320 km: on a sphere they are equal, and the one
    # a thousandth farther away in degrees is nearer on the ground.
    here = points([0.0], [0.0], "a")
    there = points([1.0, 0.0], [0.0, 1.001], "b")
    assert travel.to_nearest(here, there, max_km=200).nearest()["destination"].item() == "b1"
