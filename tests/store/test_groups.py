"""Groups of areas as a scope: a health region of provinces, a municipality of tambons."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

import jitasa_analytics as ja
from jitasa_analytics import areas, groups, studies
from jitasa_analytics.contracts import GROUP_KINDS
from jitasa_analytics.errors import InputError, UnknownError
from jitasa_analytics.service import roles
from jitasa_analytics.service.roles import NotAllowedError, User
from jitasa_analytics.store import Store

REGION_6 = ["11", "20", "21", "22", "23", "24", "25", "27"]
TOWN = "town_municipality:test"


@pytest.fixture(scope="module")
def store(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The sample, and a municipality of two tambons of one district and one of another."""
    folder = tmp_path_factory.mktemp("groups") / "store"
    shutil.copytree(sample_store, folder)
    made = Store(folder)
    with made.transaction(note="groups") as tx:
        tx.insert("area_groups", pd.DataFrame({
            "group_kind": "town_municipality", "group_code": "test", "area_code": ["200104", "200103", "200705"],
            "name_th": "เทศบาลทดสอบ", "name_en": "Test Town", "source": "test"}))
    return made


def test_kinds_are_those_of_the_contract() -> None:
    assert set(groups.LIKE) == set(GROUP_KINDS)


def test_a_group_is_known_by_code_and_by_name(store: Store) -> None:
    for text in ("health_region:06", "เขตสุขภาพที่ 6", "Health region 06"):
        assert areas.resolve(text) == "health_region:06"
    with store.snapshot("health_region:06") as s:
        assert list(s.members) == REGION_6
    with store.snapshot() as s:
        found = s.groups()
    assert (found["kind"] == "health_region").sum() == 13 and TOWN in set(found["group"])
    assert areas.resolve("Test Town") == TOWN and areas.name(TOWN) == "เทศบาลทดสอบ"
    assert areas.path(TOWN) == ["TH", TOWN] and areas.below(areas.level_of(TOWN)) == "tambon"
    for unknown in ("health_region:99", "sao:none"):
        with pytest.raises(UnknownError):
            store.snapshot(unknown)
    with pytest.raises(UnknownError):
        areas.resolve("no_kind:06")


@pytest.mark.parametrize(("scope", "members"), [("health_region:06", REGION_6), (TOWN, ["200104", "200103", "200705"])])
def test_a_group_holds_the_rows_of_its_members_and_no_others(store: Store, scope: str, members: list[str]) -> None:
    """Row by row against the whole country, in each dataset that has an area."""
    inside = tuple(members)
    for name in ("requests", "volunteers", "observations", "officers", "doses"):
        with store.snapshot() as whole, store.snapshot(scope) as part:
            every = whole.frame(name)
            expected = every[every["area_code"].fillna("").str.startswith(inside)]
            got = part.frame(name)
            key = ja.contracts.dataset(name).key[0]
            assert sorted(got[key]) == sorted(expected[key]), name
    with store.snapshot() as whole, store.snapshot(scope) as part:
        mine = set(part.frame("requests")["request_id"])
        items = whole.frame("request_items")
        assert len(part.frame("request_items")) == items["request_id"].isin(mine).sum()
        level = "province" if scope != TOWN else "tambon"
        assert list(part.areas(level).index) == sorted(members)
        assert list(whole.areas(level, within=scope).index) == sorted(members)
        cube = part.sql(f"SELECT sum(requests) AS n FROM request_cube WHERE digits = {len(members[0])} "
                        "AND category = ''")["n"].iloc[0]
        assert cube == len(mine)


def test_figures_of_a_group_are_the_sums_of_its_members(store: Store) -> None:
    for scope, members in (("health_region:06", REGION_6), (TOWN, ["200104", "200103", "200705"])):
        with store.snapshot(scope) as s:
            whole = s.query("page_figures", head=scope).iloc[0]
            days = s.query("page_days", head=scope)
            listed = s.query("page_areas", head=scope, digits=len(members[0]))
        parts = []
        for code in members:
            with store.snapshot(code) as s:
                parts.append(s.query("page_figures", head=code).iloc[0])
        for column in ("people", "requests", "waiting", "being_helped", "helped", "volunteers"):
            assert whole[column] == sum(p[column] for p in parts), (scope, column)
        assert days["requests"].sum() == whole["requests"] and sorted(listed["area_code"]) == sorted(members)


@pytest.mark.parametrize("name", ["coverage_gaps", "vaccination", "volunteer_ratio", "access", "beds", "readiness",
                                  "responses", "supplies", "data_quality"])
def test_studies_answer_for_a_group(store: Store, name: str) -> None:
    """A row for each member and none beside, and people that add up to the members' own answers."""
    with store.snapshot("health_region:06") as s:
        whole = studies.run(name, s)
    codes = set(whole.frame.index)
    assert codes <= set(REGION_6) | {c for c in codes if c[:2] in REGION_6}, "rows of other provinces"
    assert {c[:2] for c in codes} == set(REGION_6)
    if name in ("coverage_gaps", "responses", "supplies", "beds"):
        with store.snapshot("TH") as s:
            every = studies.run(name, s).frame
        column = next(c for c in whole.frame if c.startswith(("people", "requests")))
        mine = every[every.index.isin(REGION_6)][column]
        assert whole.frame[column].astype(float).sum() == pytest.approx(mine.astype(float).sum())


def test_a_municipality_s_gaps_are_those_of_its_tambons(store: Store) -> None:
    with store.snapshot(TOWN) as s:
        town = studies.run("coverage_gaps", s, minutes=10.0).frame
    with store.snapshot("20") as s:
        province = studies.run("coverage_gaps", s, minutes=10.0, level="tambon").frame
    assert sorted(town.index) == ["200103", "200104", "200705"]
    for column in ("people", "people_out_of_reach"):
        assert town[column].tolist() == province.loc[town.index, column].tolist()


def test_by_area_goes_through_the_members(store: Store) -> None:
    found = ja.run_by_area("responses", store, by="province", scope="health_region:06")
    assert {c[:2] for c in found.frame.index} == set(REGION_6)


def test_accounts_of_a_group(store: Store) -> None:
    with store.snapshot() as s:
        s.groups()
    region, town = User("r", "coordinator", "health_region:06"), User("t", "district", TOWN)
    assert region.within("TH") == "health_region:06" and region.within("2001") == "2001" and region.holds("200104")
    assert town.within("TH") == TOWN and town.holds("200104") and not town.holds("2001") and not town.holds("200101")
    for user, area in ((region, "10"), (town, "20"), (town, "2001"), (town, "health_region:06"), (region, TOWN),
                       (User("c", "province", "20"), TOWN), (User("c", "province", "20"), "health_region:06")):
        with pytest.raises(NotAllowedError):
            user.within(area)
    assert roles.checked("district", TOWN) == ("district", TOWN)
    for role, scope in (("ministry", "health_region:06"), ("province", "health_region:06"), ("tambon", TOWN)):
        with pytest.raises(InputError):
            roles.checked(role, scope)


def test_no_code_of_a_group_reaches_into_a_query(store: Store) -> None:
    for bad in ("health_region:06' OR '1'='1", "sao:x'); DROP TABLE requests; --", "pao:" + "9" * 100):
        with pytest.raises(UnknownError):
            store.snapshot(bad)
    with pytest.raises(ValueError, match="20'"):
        groups.inside_sql("area_code", ["20' OR true"])
