"""The sample: real facts, schematic cells, invented people, the same bytes everywhere."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jitasa_analytics import contracts, privacy
from jitasa_analytics.geo import in_thailand
from jitasa_analytics.resources import data_dir

SAMPLE = data_dir() / "sample"
AS_OF = pd.Timestamp("2021-08-15T18:00:00+07:00")
NATIONAL_ID = re.compile(r"(?<!\d)\d(?:[ -]?\d){12}(?!\d)")
PHONE = re.compile(r"(?<![\d.:-])(?:\+66|0)\d{0,2}[ -]?\d{3}[ -]?\d{3,4}(?!\d)")
ORDER = {"new": 0, "confirmed": 1, "assigned": 2, "on_the_way": 3}


def load_build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sample_build", SAMPLE / "build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample")
    load_build().build(out)
    return out


@pytest.fixture(scope="module")
def tables(built: Path) -> dict[str, pd.DataFrame]:
    return {p.stem: pd.read_csv(p, dtype=str, keep_default_na=False) for p in built.glob("*.csv")}


@pytest.fixture(scope="module")
def areas(built: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(built / "areas.geojson").set_index("code")


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


def numbers(table: pd.DataFrame, *columns: str) -> np.ndarray:
    return table[list(columns)].to_numpy(float)


# --- the same everywhere

def test_another_process_time_zone_and_hash_seed_give_the_same_bytes(built: Path, tmp_path: Path) -> None:
    env = os.environ | {"TZ": "America/Lima", "PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, SAMPLE / "build.py", tmp_path], check=True, env=env, cwd="/",
                   stdout=subprocess.DEVNULL)
    assert contents(tmp_path) == contents(built)


def test_another_seed_changes_people_and_leaves_facts(built: Path, tmp_path: Path) -> None:
    load_build().build(tmp_path, seed=1)
    one, other = contents(built), contents(tmp_path)
    changed = {name for name in one if one[name] != other[name]}
    assert changed == {"places.csv", "requests.csv", "request_items.csv", "request_events.csv",
                       "volunteers.csv", "doses.csv", "observations.csv"}


# --- facts

def test_areas_are_77_provinces_and_chonburi_whole(areas: gpd.GeoDataFrame) -> None:
    assert areas["level"].value_counts().to_dict() == {"tambon": 92, "province": 77, "district": 11}
    assert areas.loc["200104", ["name_th", "parent", "basis"]].tolist() == ["แสนสุข", "2001", "schematic"]
    assert set(areas.loc[areas["level"] == "province", "basis"]) == {"simplified"}
    assert areas.index.is_unique


def test_codes_and_names_are_dopas(areas: gpd.GeoDataFrame) -> None:
    import geothai

    known = {p.code: p.name_th for p in geothai.provinces()}
    known |= {d.code: d.name_th for d in geothai.districts("20")}
    known |= {s.code: s.name_th for d in geothai.districts("20") for s in geothai.subdistricts(d.code)}
    assert areas["name_th"].to_dict() == known


def test_population_adds_up_at_every_level(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["population"].assign(people=lambda t: t["people"].astype(int))
    now = table[table["year"] == "2021"]
    sums = now.groupby(now["area_code"].str.len())["people"].sum().to_dict()
    assert sums == {2: 66_171_439, 4: 1_583_672, 6: 1_583_672}
    here = table[table["area_code"].str.startswith("20")]
    by_level = here.groupby(["year", here["area_code"].str.len()])["people"].sum().unstack()
    assert (by_level.nunique(axis=1) == 1).all()


def test_dose_reports_are_those_published(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["dose_reports"]
    row = table[(table["area_code"] == "20") & (table["as_of"] == "2021-08-15")].set_index("dose_no")
    assert row["count"].to_dict() == {"1": "589886", "2": "188366", "3": "17993"}
    assert set(row["denominator"]) == {"2047622"}
    provinces = table[table["area_code"] != ""].groupby("as_of")["area_code"].nunique()
    assert set(provinces) == {77} and len(provinces) == 12
    assert set(table["facility_id"]) - {""} <= set(tables["facilities"]["facility_id"])


def test_health_regions_hold_every_province_once(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["area_groups"][lambda t: t["group_kind"] == "health_region"]
    assert table["group_code"].nunique() == 13 and table["area_code"].is_unique and len(table) == 77
    assert table.set_index("area_code").loc[["10", "20", "50"], "group_code"].tolist() == ["13", "06", "01"]


def test_every_province_but_bangkok_has_its_organisation(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["area_groups"][lambda t: t["group_kind"] == "pao"]
    assert len(table) == 76 and "10" not in set(table["area_code"])
    assert table.set_index("area_code").loc["20", ["name_th", "name_en"]].tolist() == ["อบจ.ชลบุรี", "Chon Buri PAO"]


def test_hospitals_are_where_they_are(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["facilities"].set_index("facility_id")
    assert table.loc["10662", ["lon", "lat", "beds_total"]].tolist() == ["100.987", "13.353", "850"]
    here = table[table["area_code"].str.startswith("20")]
    assert len(here) == 39 and here["services"].str.contains("vaccination_point").sum() == 35


# --- shapes

def test_cells_tile_the_province(areas: gpd.GeoDataFrame) -> None:
    province = areas.loc["20", "geometry"]
    for level in ("district", "tambon"):
        cells = areas.loc[areas["level"] == level, "geometry"].to_numpy()
        assert shapely.is_valid(cells).all() and not shapely.is_empty(cells).any()
        assert shapely.coverage_is_valid(cells), "cells overlap, or their edges do not match"
        assert shapely.area(cells).sum() == pytest.approx(province.area, rel=1e-5)
        assert shapely.symmetric_difference(shapely.union_all(cells), province).area < 1e-5 * province.area


def test_a_district_is_the_union_of_its_tambons(areas: gpd.GeoDataFrame) -> None:
    tambons = areas[areas["level"] == "tambon"]
    for code, group in tambons.groupby("parent"):
        whole = areas.loc[code, "geometry"]
        assert shapely.symmetric_difference(shapely.union_all(group.geometry.to_numpy()), whole).area < 1e-9


def test_provinces_are_valid_and_do_not_overlap(areas: gpd.GeoDataFrame) -> None:
    shapes = areas.loc[areas["level"] == "province", "geometry"].to_numpy()
    assert shapely.is_valid(shapes).all()
    assert shapely.area(shapes).sum() == pytest.approx(shapely.union_all(shapes).area, rel=1e-9)
    inside = json.loads((SAMPLE / "provinces.geojson").read_text(encoding="utf-8"))
    assert len(inside["features"]) == 77


@pytest.mark.parametrize("name", ["requests", "volunteers", "places", "facilities", "candidates"])
def test_points_lie_in_the_area_they_name(name: str, tables: dict[str, pd.DataFrame],
                                          areas: gpd.GeoDataFrame) -> None:
    table = tables[name]
    points = shapely.points(numbers(table, "lon", "lat"))
    shapes = areas["geometry"].reindex(table["area_code"]).to_numpy()
    outside = table[~shapely.contains(shapes, points)]
    assert outside.empty, outside.head().to_string()


def test_fourteen_tambons_have_no_place(tables: dict[str, pd.DataFrame]) -> None:
    counts = tables["places"].groupby("area_code").size()
    assert len(counts) == 92 - 14 and counts.between(3, 8).all()
    assert (tables["places"]["people"] == "").all(), "people are shared over places by the import"
    people = tables["population"].query("year == '2021'").set_index("area_code")["people"].astype(int)
    without = people[people.index.str.len() == 6].drop(counts.index).sum()
    assert without / 1_583_672 == pytest.approx(0.15, abs=0.005)


# --- contracts and privacy

def test_there_is_a_file_for_every_dataset(built: Path) -> None:
    assert {p.stem for p in built.iterdir()} == set(contracts.DATASETS)


@pytest.mark.parametrize("name", [n for n in contracts.DATASETS if n != "areas"])
def test_rows_satisfy_their_contract(name: str, tables: dict[str, pd.DataFrame]) -> None:
    contract, table = contracts.dataset(name), tables[name]
    assert len(table) and set(table.columns) <= set(contract.names)
    for column in contract.columns:
        if column.name not in table:
            assert not column.required or column.default is not None, column.name
            continue
        given = table[column.name]
        assert not column.required or (given != "").all(), column.name
        check_values(column, given[given != ""])
    key = [c for c in contract.key if c in table]
    assert not table.duplicated(key).any()
    if contract.one_of:
        assert (table[list(contract.one_of)] != "").any(axis=1).all()


def check_values(column: contracts.Column, given: pd.Series) -> None:
    """Every value is of the column's kind, among its choices and within its bounds."""
    if column.kind in ("int", "float", "lon", "lat"):
        value = given.astype(float)
        assert (value >= (-np.inf if column.minimum is None else column.minimum)).all(), column.name
        assert (value <= (np.inf if column.maximum is None else column.maximum)).all(), column.name
        assert column.kind != "int" or (value % 1 == 0).all(), column.name
    if column.kind == "lon":
        assert in_thailand(given.astype(float), np.full(len(given), 13.0)).all()
    if column.kind == "lat":
        assert in_thailand(np.full(len(given), 101.0), given.astype(float)).all()
    if column.kind in ("date", "datetime"):
        pd.to_datetime(given, format="ISO8601")
    if column.kind == "token":
        assert given.map(privacy.is_token).all(), column.name
    if column.choices:
        parts = given.str.split(";").explode() if column.kind == "list" else given
        assert set(parts) <= set(column.choices), column.name


def test_invented_rows_say_so(tables: dict[str, pd.DataFrame]) -> None:
    assert set(tables["requests"]["source"]) == {"sample"}
    assert tables["requests"]["requester"].str.fullmatch(r"sample-\d{6}").all()
    assert tables["doses"]["person_token"].str.fullmatch(r"sample-p-\d{6}").all()
    assert tables["candidates"]["source"].str.startswith("sample").all()
    assert set(tables["places"]["source"]) == {"sample"}


def test_nothing_looks_like_a_national_id_or_a_phone(built: Path) -> None:
    assert PHONE.search("โทร 081-234-5678") and NATIONAL_ID.search("1-1017-00230-70-8")
    for path in (*built.iterdir(), *SAMPLE.rglob("*.csv")):
        text = path.read_text(encoding="utf-8")
        for pattern in (NATIONAL_ID, PHONE):
            found = pattern.search(text)
            assert found is None, f"{path.name}: {found and found.group()}"


def test_files_in_the_repository_are_small() -> None:
    files = [p for p in SAMPLE.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    assert max(p.stat().st_size for p in files) < 300_000


# --- the life of a request

@pytest.fixture(scope="module")
def events(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    table = tables["request_events"].copy()
    table["at"] = pd.to_datetime(table["at"])
    return table


def test_the_last_event_is_the_status(tables: dict[str, pd.DataFrame], events: pd.DataFrame) -> None:
    requests = tables["requests"].set_index("request_id")
    stepped = events[events["status"] != ""]
    assert stepped.groupby("request_id")["status"].last().reindex(requests.index).equals(requests["status"])
    first = stepped.groupby("request_id").first().reindex(requests.index)
    assert (first["status"] == "new").all()
    assert (first["at"] == pd.to_datetime(requests["requested_at"])).all()


def test_events_go_forward_and_end_before_the_sample_does(events: pd.DataFrame) -> None:
    assert events["at"].is_monotonic_increasing and events["at"].max() <= AS_OF
    rank = events.loc[events["status"] != ""].assign(rank=lambda t: t["status"].map(ORDER).fillna(4))
    assert (rank.groupby("request_id")["rank"].diff().dropna() > 0).all()


def test_delivered_is_the_sum_of_deliveries(tables: dict[str, pd.DataFrame], events: pd.DataFrame) -> None:
    keys = ["request_id", "item"]
    items = tables["request_items"].set_index(keys)[["quantity", "delivered"]].astype(int)
    handed = events[events["item"] != ""]
    sums = handed["quantity_delivered"].astype(int).groupby([handed[k] for k in keys]).sum()
    assert (sums.reindex(items.index).fillna(0) == items["delivered"]).all()
    assert (items["delivered"] <= items["quantity"]).all() and (items["quantity"] > 0).all()
    status = tables["requests"].set_index("request_id")["status"].reindex(items.index.get_level_values(0))
    got = (items["delivered"] > 0).groupby(status.to_numpy()).mean()
    assert got["helped"] == 1.0
    assert (got.drop(["helped", "on_the_way"]) == 0).all()


def test_helpers_are_volunteers_of_the_province_who_were_free(tables: dict[str, pd.DataFrame],
                                                              events: pd.DataFrame) -> None:
    volunteers = tables["volunteers"].set_index("volunteer_id")
    requests = tables["requests"].set_index("request_id")
    came = events[events["by"].str.startswith("sample-v-") & (events["status"] == "assigned")]
    assert len(came) > 3000
    who = volunteers.loc[came["by"]]
    where = requests.loc[came["request_id"], "area_code"]
    assert (who["area_code"].str[:2].to_numpy() == where.str[:2].to_numpy()).all()
    day = came["at"].dt.strftime("%Y-%m-%d").to_numpy()
    assert (who["available_from"].to_numpy() <= day).all()
    assert ((who["available_to"] == "").to_numpy() | (who["available_to"].to_numpy() >= day)).all()


def test_every_request_has_one_to_four_items(tables: dict[str, pd.DataFrame]) -> None:
    counts = tables["request_items"].groupby("request_id").size()
    assert set(counts.index) == set(tables["requests"]["request_id"])
    assert set(counts) == {1, 2, 3, 4}


def test_duplicates_repeat_an_earlier_request(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["requests"].sort_values("request_id")
    copies = table[table["status"] == "duplicate"]
    place = ["requester", "lon", "lat"]
    earlier = table[table["status"] != "duplicate"].drop_duplicates(place)
    both = copies.merge(earlier, on=place, suffixes=("", "_first"))
    assert len(copies) > 100 and set(both["request_id"]) == set(copies["request_id"])
    assert (both["requested_at_first"] <= both["requested_at"]).all()


# --- believable

def test_requests_are_a_quarter_open_and_come_in_a_wave(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["requests"]
    assert table["status"].isin(contracts.OPEN_STATUSES).mean() == pytest.approx(0.25, abs=0.03)
    assert set(table["status"]) == set(contracts.STATUSES)
    assert set(table["urgency"]) == set(contracts.URGENCIES)
    by_month = table["requested_at"].str[:7].value_counts()
    assert by_month["2021-07"] > by_month["2021-04"] > by_month["2021-06"]
    assert table["area_code"].str.len().value_counts().to_dict() == {6: 4000, 2: 1500}


def test_requests_gather_where_people_live(tables: dict[str, pd.DataFrame]) -> None:
    people = tables["population"].query("year == '2021'").set_index("area_code")["people"].astype(int)
    asked = tables["requests"]["area_code"].str[:4].value_counts()
    asked = asked[asked.index.str.len() == 4]
    assert asked.corr(people.reindex(asked.index), method="spearman") > 0.85


def test_volunteers_are_of_every_kind_and_thinner_in_town(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["volunteers"]
    assert set(table["kind"]) == set(contracts.VOLUNTEER_KINDS) and len(table) == 1200
    asked = tables["requests"]["area_code"].str[:4].value_counts()
    ratio = table["area_code"].str[:4].value_counts() / asked
    assert ratio["2004"] < ratio["2006"], "more volunteers a request in Phanat Nikhom than around Pattaya"


def test_doses_follow_the_intervals_and_the_published_curve(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["doses"].assign(date=lambda t: pd.to_datetime(t["date"]))
    assert 780_000 < len(table) < 840_000 and table["date"].max() <= AS_OF.tz_localize(None)
    wide = table.pivot(index="person_token", columns="dose_no", values="date")
    assert wide["1"].notna().all() and not (wide["3"].notna() & wide["2"].isna()).any()
    assert (wide["2"] - wide["1"]).dropna().dt.days.between(21, 112).all()
    assert ((wide["3"] - wide["2"]).dropna().dt.days >= 30).all()
    share = table["dose_no"].value_counts()
    assert share["2"] / share["1"] == pytest.approx(188_366 / 589_886, abs=0.05)
    assert share["3"] / share["1"] == pytest.approx(17_993 / 589_886, abs=0.01)
    early = (wide["1"] <= "2021-05-20").mean()
    assert early == pytest.approx(68_722 / 589_886, abs=0.01)
    gives = tables["facilities"].query("services.str.contains('vaccination_point')")["facility_id"]
    assert set(table["facility_id"]) <= set(gives)
    person = table.groupby("person_token")[["area_code", "birth_year", "sex", "group"]]
    assert (person.nunique() == 1).all(axis=None)
    old = table.loc[table["group"] == "over_60", "birth_year"].astype(int)
    assert old.max() <= 1961 and table["birth_year"].astype(int).max() <= 2001
