"""The whole way on real Thai data: files, store, studies, command line.

The folder is named by JITASA_TEST_DATA; without it these tests are skipped with the reason.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import jitasa_analytics as ja
from jitasa_analytics.store import Store, open_store

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("real")]

FILES = {
    "areas": ("boundaries/thailand_adm1.parquet", "boundaries/thailand_adm2.parquet",
              "boundaries/thailand_adm3.parquet"),
    "population": ("population/dopa_2018_2021.parquet",),
    "places": ("villages/villages_2012.parquet",),
    "facilities": ("facilities/hospitals_moph_2020.csv", "facilities/vaccination_hospitals_2021.csv"),
    "dose_reports": ("vaccination/hospital_doses_2021_06_07.csv", "vaccination/province_snapshots_2021_05_08.csv",
                     "vaccination/province_daily_doses_2021_03_05.csv",
                     "vaccination/province_moph_reports_2021_05_to_2022_12.csv"),
    "requests": ("help_requests/thai_covid_requests_2020_a.csv",),
}


def jitasa(*words: object, ok: int = 0) -> str:
    """Run the command; its output on success, what it says on stderr otherwise."""
    done = subprocess.run([sys.executable, "-m", "jitasa_analytics.cli", *map(str, words)], capture_output=True,
                          text=True, env={**os.environ, "JITASA_LANG": "en"}, timeout=300)
    assert done.returncode == ok, done.stderr[-2000:]
    return done.stdout if ok == 0 else done.stderr


def imported(real_data: Path, base: Path) -> dict[str, dict]:
    """Import every file with the command; the reports by dataset, and the store's folder under 'store'."""
    found: dict[str, dict] = {"store": {"path": base / "store"}}
    for dataset, names in FILES.items():
        out = base / f"{dataset}.json"
        jitasa("import", dataset, *(real_data / n for n in names), "--store", base / "store", "--report", out)
        found[dataset] = json.loads(out.read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def reports(real_reports: dict[str, dict]) -> dict[str, dict]:
    return real_reports


@pytest.fixture(scope="module")
def store(reports: dict[str, dict]) -> Store:
    return open_store(reports["store"]["path"])


def test_every_row_of_every_file_is_accounted_for(reports: dict[str, dict], real_data: Path) -> None:
    for dataset, names in FILES.items():
        report = reports[dataset]
        assert report["read"] == report["accepted"] + report["quarantined"] + report["duplicate"]
        for file, name in zip(report["files"], names, strict=True):
            path = real_data / name
            rows = len(pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=str))
            assert file["read"] == rows == file["accepted"] + file["quarantined"] + file["duplicate"], name
            assert sum(file["rules"].values()) == file["quarantined"], name


def test_the_country_has_its_areas(store: Store) -> None:
    with store.snapshot() as s:
        levels = s.sql("SELECT level, count(*) AS n FROM areas GROUP BY level").set_index("level")["n"].to_dict()
        chonburi = s.areas("tambon", within="20")
        assert s.areas("tambon", within="20").geometry.is_valid.all()
    assert levels == {"province": 77, "district": 928, "tambon": 7425}
    assert len(chonburi) == 92
    with store.snapshot("20") as s:
        assert len(s.areas("district")) == 11


def test_people_of_chonburi_and_the_same_sum_over_its_places(store: Store) -> None:
    with store.snapshot() as s:
        assert s.sql("SELECT people FROM population WHERE area_code = '20' AND year = 2021 AND \"group\" = 'all'"
                     )["people"].tolist() == [1_583_672]
        by_tambon = s.sql("SELECT area_code, sum(people) AS people FROM places WHERE starts_with(area_code, '20') "
                          "GROUP BY area_code").set_index("area_code")["people"]
        counted = s.sql("SELECT area_code, people FROM population WHERE starts_with(area_code, '20') AND year = 2021 "
                        "AND length(area_code) = 6 AND \"group\" = 'all'").set_index("area_code")["people"]
        alone = s.sql("SELECT count(*) AS n, sum(people) AS people FROM places WHERE starts_with(area_code, '20') "
                      "AND kind = 'representative'")
        assert s.sql("SELECT sum(people) AS n FROM places")["n"].tolist() == [66_171_439]
    assert by_tambon.sum() == 1_583_672
    assert by_tambon.sort_index().to_dict() == counted.sort_index().to_dict()
    # 14 of the 92 tambons hold no village of the list; one of them gets a village that lies just off
    # its coast. A representative point stands for the people of each of the others.
    assert alone["n"].tolist() == [13]
    assert 0.10 < float(alone["people"].iloc[0]) / 1_583_672 < 0.16


def test_two_lists_of_hospitals_are_one_facility_each(store: Store, real_data: Path, reports: dict[str, dict]) -> None:
    moph = pd.read_csv(real_data / FILES["facilities"][0], dtype=str)
    vaccinating = pd.read_csv(real_data / FILES["facilities"][1], dtype=str)
    real = set(moph["main_code"].str.zfill(5)) - {"00000", "99999"}
    shared = real & set(vaccinating["h_code"])
    with store.snapshot() as s:
        facilities = s.frame("facilities").set_index("facility_id")
    assert facilities.index.is_unique
    assert set(facilities.index) == real | set(vaccinating["h_code"])
    both = facilities.index[facilities["services"].str.contains("hospital")
                            & facilities["services"].str.contains("vaccination_point")]
    assert set(both) == shared
    assert "04007" in facilities.index and "4007" not in facilities.index
    assert facilities.loc["F1301", "kind"] == "field_hospital"
    assert {f["value"] for f in reports["facilities"]["findings"] if f["code"] == "test_row"} == {"0", "99999"}


def test_hospitals_of_chonburi_are_where_they_are(store: Store, real_data: Path) -> None:
    listed = pd.read_csv(real_data / "chonburi" / "hospitals_moph_2020.csv", dtype=str).set_index("main_code")
    with store.snapshot() as s:
        facilities = s.frame("facilities").set_index("facility_id")
    here = facilities.loc[listed.index]
    assert here["area_code"].str.startswith("20").all()
    assert (here["lon"] == listed["lon"].astype(float)).all()
    assert (here["lat"] == listed["lat"].astype(float)).all()
    assert here.loc["10662", "area_code"].startswith("2001")  # Chonburi Hospital stands in Mueang Chonburi


def test_resent_requests_are_counted_once(reports: dict[str, dict], store: Store, real_data: Path) -> None:
    raw = pd.read_csv(real_data / FILES["requests"][0], dtype=str, keep_default_na=False)
    copies = int(raw.drop(columns="request_no").duplicated().sum())
    report = reports["requests"]
    assert (report["read"], report["duplicate"], report["quarantined"]) == (len(raw), copies, 0)
    assert report["accepted"] == len(raw) - copies
    with store.snapshot() as s:
        assert s.count("requests") == report["accepted"]
        assert s.frame("requests")["area_code"].notna().all()
        items = s.frame("request_items")
    wishes = raw.loc[~raw.drop(columns="request_no").duplicated(), ["mask", "gel", "alcohol", "food", "medical_tools",
                                                                    "medicine"]]
    assert len(items) == int((wishes == "true").sum().sum())
    silent = int((wishes == "false").all(axis=1).sum())
    assert sum(f["code"] == "request_without_items" for f in report["findings"]) == silent


def test_rows_that_are_no_data_are_kept_aside(reports: dict[str, dict]) -> None:
    rules = {f["file"]: f["rules"] for f in reports["dose_reports"]["files"]}
    assert rules["province_snapshots_2021_05_08.csv"] == {"national_row": 10}
    assert rules["province_daily_doses_2021_03_05.csv"] == {"no_measure": 85}
    assert rules["province_moph_reports_2021_05_to_2022_12.csv"] == {}
    assert rules["hospital_doses_2021_06_07.csv"] == {}


def test_importing_the_files_again_changes_nothing(reports: dict[str, dict], real_data: Path, store: Store) -> None:
    before = store.manifest().version
    for dataset in ("facilities", "requests", "areas"):
        jitasa("import", dataset, *(real_data / n for n in FILES[dataset]), "--store", store.folder)
    assert store.manifest().version == before


def test_doses_of_chonburi_as_published(store: Store, real_data: Path) -> None:
    raw = pd.read_csv(real_data / "chonburi" / "vaccination_snapshots_2021_05_08.csv")
    first = raw[raw["update_at"] == "2021-06-11"].iloc[-1]
    with store.snapshot("20") as s:
        answer = ja.run("vaccination", s, dose=1, date=pd.Timestamp("2021-06-11").date(), level="province",
                        denominator="published", source="dose_reports")
    row = answer.frame.loc["20"]
    assert row["count"] == first["total-1st-dose"] == 134_221
    assert row["share"] == pytest.approx(134_221 / 1_566_885)


def test_coverage_gaps_over_all_people_of_chonburi(store: Store) -> None:
    with store.snapshot(scope="20") as s:
        answer = ja.run("coverage_gaps", s, service="vaccination_point", minutes=30)
        nearer = ja.run("coverage_gaps", s, service="vaccination_point", minutes=10)
    assert len(answer.frame) == 92
    assert int(answer.frame["people"].sum()) == 1_583_672
    further = answer.frame["people_out_of_reach"].reindex(nearer.frame.index)
    assert (further <= nearer.frame["people_out_of_reach"]).all()
    assert 0 < nearer.frame["people_out_of_reach"].sum() < 1_583_672


def test_best_sites_are_proven_best_on_real_villages(store: Store) -> None:
    with store.snapshot(scope="20") as s:
        answer = ja.run("best_sites", s, service="vaccination_point", minutes=15)
    assert len(answer.tables["sites"]) == 5
    figures = {k: f.value for k, f in answer.figures.items()}
    assert figures["covered_before"] < figures["covered_after"] <= figures["bound"] <= figures["people"] == 1_583_672
    assert figures["gap"] == 0


def test_the_command_line_gives_the_same_figures(store: Store, tmp_path: Path) -> None:
    info = json.loads(jitasa("info", "--store", store.folder, "--json"))
    assert info["rows"]["areas"] == 77 + 928 + 7425
    assert info["sample"] is False
    out = tmp_path / "people.csv"
    query = "SELECT sum(people) AS people FROM places WHERE starts_with(area_code, '20')"
    jitasa("sql", query, "--store", store.folder, "--out", out)
    assert out.read_text("utf-8-sig").split() == ["people", "1583672"]
    gaps = tmp_path / "gaps.csv"
    jitasa("run", "coverage_gaps", "--store", store.folder, "--area", "20", "--minutes", 30, "--out", gaps)
    assert pd.read_csv(gaps)["people"].sum() == 1_583_672


def test_a_folder_is_recognised(real_data: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    jitasa("import-folder", real_data / "chonburi", "--store", tmp_path / "store", "--report", report)
    said = json.loads(report.read_text("utf-8"))
    assert said["read"] == said["accepted"] + said["quarantined"] + said["duplicate"]
    assert {f["dataset"] for f in said["files"]} == {"areas", "population", "places", "facilities", "dose_reports",
                                                     "requests"}
    assert "covid_labs_2020.csv" in said["unrecognised"]
    with open_store(tmp_path / "store").snapshot() as s:
        assert s.sql("SELECT sum(people) AS n FROM places")["n"].tolist() == [1_583_672]
