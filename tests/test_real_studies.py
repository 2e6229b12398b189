"""Every study on the real Thailand store, held against figures that anyone can look up.

The figures are those of the published files that data/README.md names; docs/real_data_check.md says what was seen.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import jitasa_analytics as ja
from jitasa_analytics import studies
from jitasa_analytics.errors import NoDataError
from jitasa_analytics.store import Store, open_store

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("real")]

# The public files hold no volunteers, officers, events or free beds: those studies say so.
WITHOUT = {"volunteer_ratio": "volunteers", "matching": "volunteers", "transport": "volunteers",
           "readiness": "officers", "beds": "beds_free"}
SCOPES = ("TH", "20", "2001")
# Studies that have no data for a scope: doses by number are published for provinces, not inside them, and nobody
# of Mueang Chon Buri is in the requests.
NOTHING = {("equity", "20"), ("equity", "2001"), ("vaccination", "2001"), ("reopening", "2001"),
           ("hotspots", "2001"), ("adoption", "2001"),
           # Everybody of Mueang Chon Buri is in reach of a hospital that gives vaccine: no site to plan.
           ("enough_sites", "2001"), ("fair_sites", "2001"), ("phased_sites", "2001"), ("sure_sites", "2001")}
# The country is large for what only has to run here; the search itself is tested on small cases and measured apart.
LIGHT: dict[str, dict[str, Any]] = {"fair_sites": {"time_limit": 20}, "sure_sites": {"draws": 20, "time_limit": 20},
                                    "enough_sites": {"time_limit": 10}}


@pytest.fixture(scope="module")
def store(real_reports: dict[str, dict[str, Any]]) -> Store:
    return open_store(real_reports["store"]["path"])


def run(store: Store, study: str, scope: str = "20", **params: Any) -> Any:
    with store.snapshot(scope) as snapshot:
        return ja.run(study, snapshot, **params)


@pytest.mark.parametrize("study", sorted(set(studies.known()) - {"best_sites"}))
@pytest.mark.parametrize("scope", SCOPES)
def test_every_study_answers_or_says_what_is_missing(store: Store, study: str, scope: str) -> None:
    if study in WITHOUT:
        with pytest.raises(NoDataError, match=WITHOUT[study]):
            run(store, study, scope)
    elif (study, scope) in NOTHING:
        with pytest.raises(NoDataError):
            run(store, study, scope)
    else:
        answer = run(store, study, scope, **LIGHT.get(study, {}) if scope == "TH" else {})
        assert len(answer.frame) and answer.measure in answer.frame
        assert answer.figures and any(answer.as_of.values())
        assert answer.version == store.manifest().version and not answer.sample


def test_the_base_of_chonburi_moved_in_june_2021(store: Store) -> None:
    # 134,221 first doses on 11 June over 1,566,885; 143,031 on 14 June over 2,077,885, the last of four reports of that
    # day (the first said 136,376): more people, less coverage.
    before, after = (run(store, "vaccination", dose=1, level="province", denominator="published",
                         source="dose_reports", date=dt.date(2021, 6, day)).frame.loc["20"] for day in (11, 14))
    assert (before["count"], before["people"]) == (134_221, 1_566_885)
    assert (after["count"], after["people"]) == (143_031, 2_077_885)
    assert after["count"] > before["count"] and after["share"] < before["share"]
    findings = run(store, "data_quality").tables["findings"]
    moved = findings[(findings["check"] == "base_moved") & (findings["unit"] == "20 · 1")]
    assert moved["detail"].item().startswith("1,566,885 → 2,077,885 → 2,047,622")


def test_more_were_vaccinated_than_are_registered(store: Store) -> None:
    answer = run(store, "vaccination", level="province")
    row = answer.frame.loc["20"]
    assert (row["count"], row["people"]) == (2_117_164, 1_583_672)
    assert row["over_100"] and row["share"] == pytest.approx(2_117_164 / 1_583_672)  # kept, not clipped
    assert "note.over_100" in {n.key for n in answer.notes}
    assert run(store, "vaccination", level="province", denominator="published").frame.loc["20", "share"] < 1


def test_another_denominator_moves_provinces_in_the_ranking(store: Store) -> None:
    table = run(store, "vaccination", "TH").tables["denominators"].set_index("area_code")
    assert len(table) == 77
    assert table.loc["20", "over_100_registered"] and not table.loc["20", "over_100_published"]
    assert (table["change_published"] != 0).sum() > 20
    assert table["change_published"].sum() == 0 or table["rank_published"].duplicated().any()


def test_reopening_of_chonburi_as_it_came(store: Store) -> None:
    # 335,782 had a first dose on 20 July 2021; 70 % were reached before the end of the year. Two reports of that day
    # name different denominators; the one that says when it was reported counts.
    july = run(store, "reopening", level="province", rules="1 70% 2021-11-01", date=dt.date(2021, 7, 20),
               denominator="published")
    assert july.frame.loc["20", "share"] == pytest.approx(335_782 / 2_077_885)
    assert july.frame.loc["20", "status"] in ("late", "unknown", "on_course")
    assert july.frame.loc["20", "people_missing"] == int(np.ceil(0.7 * 2_077_885)) - 335_782
    later = run(store, "reopening", level="province", rules="1 70% 2021-11-01", denominator="published")
    assert later.frame.loc["20", "status"] == "met"


def test_access_shares_out_all_capacity_and_reaches_nobody_it_does_not_reach(store: Store) -> None:
    answer = run(store, "access", "TH", service="hospital", method="2sfca", capacity="beds_total")
    places, sites = answer.tables["places"], answer.tables["existing"]
    known = places[places["access"].notna()]
    assert float((known["access"] * known["people"]).sum()) / 1000 == pytest.approx(sites["capacity"].sum(), rel=1e-6)
    assert int(places["people"].sum()) == 66_171_439
    # The same villages, by another way: nobody in reach of a hospital with beds is nobody with access.
    assert ((known["access"] > 0) == known["in_reach"]).all()


def test_a_province_alone_is_as_in_the_whole_country(store: Store) -> None:
    whole = run(store, "access", "TH", service="hospital", level="tambon", capacity="beds_total").frame["access"]
    for scope in ("20", "27"):
        part = run(store, "access", scope, service="hospital", level="tambon", capacity="beds_total").frame["access"]
        pd.testing.assert_series_equal(part, whole.reindex(part.index), rtol=1e-9)


def test_requests_of_march_2020_are_those_of_the_file(store: Store, real_data: Path) -> None:
    raw = pd.read_csv(real_data / "help_requests" / "thai_covid_requests_2020_a.csv", dtype=str, keep_default_na=False)
    once = raw.drop_duplicates(subset=[c for c in raw.columns if c != "request_no"])
    answer = run(store, "responses", "TH")
    assert answer.figures["requests_open"].value == len(once) == 154
    assert answer.figures["median_hours"].value == float("inf")  # not one was closed
    lacking = run(store, "supplies", "TH")
    masks = lacking.tables["items"].set_index("item")["requests_lacking"]
    assert masks.max() == max((once[c] == "true").sum() for c in ("mask", "gel", "alcohol", "food", "medical_tools",
                                                                  "medicine"))
    # The points of the file lie in 50 provinces: the other 27 are no data, not calm ones.
    with store.snapshot("TH") as snapshot:
        provinces = snapshot.areas("province")
    points = gpd.GeoSeries.from_xy(once["lon"].astype(float), once["lat"].astype(float), crs=provinces.crs)
    found = {code for code, shape in provinces.geometry.items() if points.intersects(shape).any()}
    assert answer.figures["areas_no_data"].value == 77 - len(found) == 27


def test_a_few_requests_make_no_hot_spot(store: Store) -> None:
    answer = run(store, "hotspots", "TH")
    assert answer.figures["hot_areas"].value == 0
    assert answer.figures["areas_no_data"].value == 27
