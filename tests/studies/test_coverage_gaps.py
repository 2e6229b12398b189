from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from jitasa_analytics import geo
from jitasa_analytics.errors import InputError, NoDataError, UnknownError
from tests.studies.road import LAT, STEP_KM, ask, town

NEAR = {"km": 12, "detour": 1}  # one step of the road, not two


def test_the_town_by_hand(make):
    answer = ask(make(town()), "coverage_gaps", **NEAR)
    frame = answer.frame
    # A and B reach the hospital, D the point across the border, C nothing.
    assert frame["people"].to_dict() == {"200201": 450, "200101": 100, "200102": 200}
    assert frame["people_out_of_reach"].to_dict() == {"200201": 400, "200101": 0, "200102": 0}
    assert frame["share_out_of_reach"].to_dict() == pytest.approx({"200201": 400 / 450, "200101": 0, "200102": 0})
    assert frame["facilities"].to_dict() == {"200201": 0, "200101": 1, "200102": 0}
    assert frame["rank"].to_dict() == {"200201": 1, "200101": 2, "200102": 2}
    assert isinstance(frame, gpd.GeoDataFrame)
    assert frame.crs == "EPSG:4326"
    figures = {name: figure.value for name, figure in answer.figures.items()}
    assert (figures["people"], figures["people_out_of_reach"]) == (750, 400)
    assert figures["share_out_of_reach"] == pytest.approx(400 / 750)
    assert figures["gap_areas"] == 1


def test_every_place_names_its_nearest_facility_also_beyond_reach(make):
    places = ask(make(town()), "coverage_gaps", **NEAR).tables["places"]
    assert places["in_reach"].to_dict() == {"A": True, "B": True, "C": False, "D": True}
    assert places.loc["D", "facility_id"] == "f2"
    assert places.loc["C", "km"] == pytest.approx(2 * STEP_KM, abs=0.05)


def test_the_curve_steps_where_places_lie(make):
    curve = ask(make(town()), "coverage_gaps", **NEAR).tables["curve"].set_index("km")["share_covered"]
    assert curve.loc[0] == pytest.approx(100 / 750)
    assert curve.loc[12] == pytest.approx(350 / 750)
    assert curve.loc[24] == 1.0
    assert curve.is_monotonic_increasing


def test_minutes_are_kilometres_at_the_speed_of_the_mode(make):
    store = make(town())
    by_km = ask(store, "coverage_gaps", km=12, detour=1.3).frame
    by_time = ask(store, "coverage_gaps", minutes=18, mode="car", detour=1.3).frame  # 12 km at 40 km/h
    pd.testing.assert_frame_equal(by_km.drop(columns="geometry"), by_time.drop(columns="geometry"))


def test_levels_add_up_and_no_area_is_dropped(make):
    store = make(town())
    for level, areas in (("province", 1), ("district", 2), ("tambon", 3)):
        frame = ask(store, "coverage_gaps", level=level, **NEAR).frame
        assert len(frame) == areas
        assert frame["people"].sum() == 750
        assert frame["people_out_of_reach"].sum() == 400
    assert list(ask(store, "coverage_gaps", "TH", **NEAR).frame.index) == ["20", "21"]


def test_people_outside_every_known_area_stay_in_the_sum(make):
    tables = town()
    tables["places"].loc[2, "area_code"] = "209999"  # an area without an outline
    tables["places"].loc[3, "area_code"] = None
    store = make(tables)
    answer = ask(store, "coverage_gaps", "TH", level="tambon", **NEAR)
    assert answer.frame["people"].sum() == 820
    assert answer.frame.loc["209999", "people_out_of_reach"] == 400
    assert answer.frame.loc["209999"].geometry is None
    assert answer.frame.loc["TH", "people"] == 50
    assert "note.no_outline" in {note.key for note in answer.notes}


def test_an_area_without_places_is_no_data_not_zero(make):
    tables = town()
    tables["places"] = tables["places"].drop(index=1)
    answer = ask(make(tables), "coverage_gaps", **NEAR)
    row = answer.frame.loc["200102"]
    assert row[["people", "people_out_of_reach", "share_out_of_reach", "rank"]].isna().all()
    assert "note.no_places" in {note.key for note in answer.notes}


def test_a_kind_absent_in_the_province_is_no_data_not_no_service(make):
    tables = town()
    tables["facilities"].loc[0, "services"] = "hospital"  # now only the next province has the kind
    answer = ask(make(tables), "coverage_gaps", **NEAR)
    frame = answer.frame
    assert frame["people_out_of_reach"].isna().all()  # D's tambon too: C in it is not known
    assert frame["people"].sum() == 750
    assert frame["people_no_data"].sum() == 700  # all but D, who reaches the next province
    assert answer.figures["people_out_of_reach"].value == 0
    assert answer.figures["people_no_data"].value == 700
    assert "note.kind_absent" in {note.key for note in answer.notes}
    whole = ask(make(tables), "coverage_gaps", "TH", **NEAR).frame
    assert whole.loc["21", "people_out_of_reach"] == 0
    assert pd.isna(whole.loc["20", "people_out_of_reach"])


def test_a_closed_facility_serves_nobody_but_is_data(make):
    answer = ask(make(town()), "coverage_gaps", service="waiting_centre", **NEAR)
    assert answer.figures["people_out_of_reach"].value == 750
    assert answer.frame["facilities"].sum() == 0


def test_opening_and_closing_days_count(make):
    tables = town()
    tables["facilities"]["closed"] = [pd.Timestamp("2020-01-01"), None, None]
    assert ask(make(tables), "coverage_gaps", **NEAR).figures["people_out_of_reach"].value == 700
    tables["facilities"]["closed"] = None
    tables["facilities"]["opened"] = [pd.Timestamp("2999-01-01"), None, None]
    assert ask(make(tables), "coverage_gaps", **NEAR).figures["people_out_of_reach"].value == 700


def test_without_the_kind_or_places_or_people_it_refuses(make):
    store = make(town())
    with pytest.raises(NoDataError, match="no facility of kind oxygen_point"):
        ask(store, "coverage_gaps", service="oxygen_point")
    with pytest.raises(NoDataError, match="no places in Bangkok"):
        ask(store, "coverage_gaps", "10")
    tables = town()
    tables["places"]["people"] = None
    with pytest.raises(NoDataError, match="none of the 4 places"):
        ask(make(tables), "coverage_gaps")
    del tables["facilities"]
    with pytest.raises(NoDataError, match="needs the dataset facilities"):
        ask(make(tables), "coverage_gaps")


@pytest.mark.parametrize(("params", "error", "says"), [
    ({"minutes": 0}, InputError, "minutes"), ({"mode": "rocket"}, InputError, "walk, motorcycle"),
    ({"minuts": 3}, UnknownError, "minuts"), ({"detour": float("nan")}, InputError, "detour"),
])
def test_parameters_are_checked(make, params, error, says):
    with pytest.raises(error, match=says):
        ask(make(town()), "coverage_gaps", **params)


def _random_town(seed: int) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    tables = town()
    lon, lat = rng.uniform(100.95, 101.35, 40), rng.uniform(LAT - 0.2, LAT + 0.2, 40)
    code = np.where(lon < 101.05, "200101", np.where(lon < 101.15, "200102", "200201"))
    tables["places"] = pd.DataFrame({"place_id": [f"p{i:02d}" for i in range(40)], "lon": lon, "lat": lat,
                                     "area_code": code, "people": rng.integers(0, 500, 40)})
    tables["facilities"] = pd.DataFrame({
        "facility_id": [f"f{i}" for i in range(6)], "name": "f", "kind": "clinic", "status": "open",
        "lon": rng.uniform(100.95, 101.45, 6), "lat": rng.uniform(LAT - 0.2, LAT + 0.2, 6), "area_code": "200101"})
    return tables


@pytest.mark.parametrize("seed", range(5))
def test_against_every_pair_measured(make, seed):
    tables = _random_town(seed)
    places, sites = tables["places"], tables["facilities"]
    km = np.array([[geo.geodesic_km([p.lon], [p.lat], [f.lon], [f.lat])[0] for f in sites.itertuples()]
                   for p in places.itertuples()])
    store, before = make(tables), np.inf
    for reach in (5.0, 10.0, 20.0):
        answer = ask(store, "coverage_gaps", service="clinic", km=reach, detour=1.2)
        beyond = places["people"].where((km * 1.2).min(axis=1) > reach, 0)
        expected = beyond.groupby(places["area_code"]).sum()
        assert answer.frame["people_out_of_reach"].sort_index().tolist() == expected.tolist()
        assert beyond.sum() <= before  # a wider reach never covers fewer
        before = beyond.sum()


def test_the_order_of_rows_changes_nothing(make):
    tables = _random_town(7)
    shuffled = {n: t.sample(frac=1, random_state=3) if n != "areas" else t for n, t in tables.items()}
    first, second = (ask(make(t), "coverage_gaps", service="clinic", km=8).frame for t in (tables, shuffled))
    pd.testing.assert_frame_equal(first.drop(columns="geometry"), second.drop(columns="geometry"))


def test_in_reach_but_over_capacity(make):
    # Within 20 minutes h1 at A (30 a day) is reached by A and B, 300 people; f2 by D (50). C reaches nothing.
    tables = town()
    tables["facilities"] = tables["facilities"].assign(capacity_per_day=[30, None, 5])
    store = make(tables)
    params = {"minutes": 20, "detour": 1, "level": "tambon"}
    answer = ask(store, "coverage_gaps", days=5, **params)
    figures = {n: f.value for n, f in answer.figures.items()}
    assert figures["people_served"] == 150 + 50  # nobody knows when f2 is full
    assert figures["people_over_capacity"] == 150
    assert figures["people_out_of_reach"] == 400
    assert sum(figures[n] for n in ("people_served", "people_over_capacity", "people_out_of_reach")) == 750
    assert answer.frame["people_over_capacity"].sum() == 150
    assert "study.coverage_gaps.note.no_capacity" in {n.key for n in answer.notes}
    assert ask(store, "coverage_gaps", days=10, **params).figures["people_over_capacity"].value == 0
    assert "people_served" not in ask(store, "coverage_gaps", **params).figures


def test_gaps_that_lie_together(make):
    store = make(town())
    one = ask(store, "coverage_gaps", minutes=1, detour=1, cluster_km=12).tables["gaps"]
    # A has its hospital; B, C and D (650 people) lie a step of 10.85 km apart.
    assert one[["places", "people", "name"]].values.tolist() == [[3, 650, "place C"]]
    apart = ask(store, "coverage_gaps", minutes=1, detour=1, cluster_km=5).tables["gaps"]
    assert apart["people"].tolist() == [400, 200, 50]
    assert len(ask(store, "coverage_gaps", minutes=600, detour=1).tables["gaps"]) == 0
