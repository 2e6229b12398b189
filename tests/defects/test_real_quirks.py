"""Files with defects as they were found in the world."""

from __future__ import annotations

from pathlib import Path

import pytest

from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import clean, import_files, read
from jitasa_analytics.store import Store

pytestmark = pytest.mark.real


def test_a_shapefile_without_its_encoding_is_thai(real_data: Path) -> None:
    table = read.read(real_data / "quirks" / "shapefile_without_cpg" / "tha_adm1_province.shp")
    assert ("encoding_assumed" in {code for _, code, _ in table.remarks})
    cells = "".join(str(v) for v in table.frame.to_numpy().ravel())
    assert "กรุงเทพมหานคร" in cells
    assert "à¸" not in cells


def test_marks_of_a_merge_conflict(real_data: Path) -> None:
    with pytest.raises(InputError) as refusal:
        read.read(real_data / "quirks" / "provincial_vaccination_with_merge_conflict.json")
    assert refusal.value.key == "import.merge_conflict"


def test_ragged_rows_of_a_published_estimate(real_data: Path) -> None:
    path = real_data / "quirks" / "unregistered-population.csv"
    table = read.read(path)
    assert table.rows == len(path.read_text("utf-8").strip().splitlines()) - 1
    assert table.ragged


def test_blocks_of_empty_rows_and_totals_in_a_census(real_data: Path, tmp_path: Path) -> None:
    own = tmp_path / "census.toml"
    own.write_text('dataset = "population"\n[columns]\narea_code = "province"\nyear = {value = "2020"}\n'
                   'people = "total"\n', "utf-8")
    report = import_files(Store(tmp_path / "store"), "population", [real_data / "quirks" / "census-age-group-raw.csv"],
                          recipe=str(own), accept_quarantine="regions stand among the provinces")
    assert report.read == report.accepted + report.quarantined + report.duplicate
    with Store(tmp_path / "store").snapshot() as s:
        assert s.sql("SELECT people FROM population WHERE area_code = 'TH'")["people"].tolist() == [66_186_727]
        assert s.sql("SELECT count(*) AS n FROM population WHERE length(area_code) = 2")["n"][0] >= 77


def test_spellings_met_in_printed_reports(real_data: Path) -> None:
    names = read.read(real_data / "names" / "province_name_variants.csv").frame["Name(in Thai)"]
    codes = {clean.area(n.strip()).value for n in names}
    assert len(codes - {None}) >= 70
