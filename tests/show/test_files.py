"""Exports: what leaves the program says what it rests on, opens in a spreadsheet, and runs nothing there."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely

from jitasa_analytics import show
from jitasa_analytics.errors import InputError
from jitasa_analytics.show import files

ROOT = Path(__file__).resolve().parent.parent.parent
LABEL = "ข้อมูลตัวอย่าง / sample data"


@dataclass(frozen=True)
class Number:
    value: float
    unit: str


@dataclass(frozen=True)
class Answer:
    """The least that can be shown: four areas in a row, the last without a value."""

    frame: pd.DataFrame
    study: str = "coverage_gaps"
    measure: str = "share_out_of_reach"
    unit: str = "share"
    kinds: str = ""
    figures: Any = field(default_factory=lambda: {"people": Number(100, "persons")})
    notes: tuple[Any, ...] = ()
    params: Any = field(default_factory=lambda: {"minutes": 30})
    version: int = 7
    scope: str = "20"
    sample: bool = True
    as_of: Any = field(default_factory=lambda: {"places": "2021-08-15"})
    tables: Any = field(default_factory=lambda: {"curve": pd.DataFrame({"minutes": [0.0, 10.0], "share": [0.1, 1.0]})})


def town() -> gpd.GeoDataFrame:
    shapes = [shapely.box(101 + i / 10, 13, 101.1 + i / 10, 13.1) for i in range(4)]
    return gpd.GeoDataFrame(
        {"name_th": ["แสนสุข", "=1+1", "@cmd", "-2"], "people": [10, 20, 30, 40],
         "share_out_of_reach": [0.0, 0.5, 1.0, float("nan")]},
        index=pd.Index(["200101", "200102", "200103", "200104"], name="area_code"), geometry=shapes, crs="EPSG:4326")


def test_csv_reads_back_with_codes_label_and_no_formula() -> None:
    content = files.to_bytes(Answer(town()), "csv")
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["area_code"] for row in rows] == ["200101", "200102", "200103", "200104"]
    assert [row["name_th"] for row in rows] == ["แสนสุข", "'=1+1", "'@cmd", "'-2"]
    assert {row["data"] for row in rows} == {LABEL}
    assert {row["store_version"] for row in rows} == {"7"}
    assert rows[3]["share_out_of_reach"] == ""


def test_a_real_store_carries_no_label_of_sample() -> None:
    header = files.to_bytes(Answer(town(), sample=False), "csv").decode("utf-8-sig").splitlines()[0]
    assert "data" not in header.split(",")


def test_workbook_holds_card_answer_and_tables_in_the_readers_words() -> None:
    book = openpyxl.load_workbook(io.BytesIO(files.to_bytes(Answer(town()), "xlsx", "th")))
    assert book.sheetnames == ["สรุป", "รายพื้นที่", "ความครอบคลุมตามระยะ"]
    card = {row[0]: row[1] for row in book["สรุป"].iter_rows(values_only=True)}
    assert card["รุ่นข้อมูล"] == "7"
    assert card["เวลาเดินทางไม่เกิน (นาที)"] == 30
    assert "15 ส.ค. 2564" in card.values()
    assert any(str(text).startswith(LABEL) for text in card)
    sheet = book["รายพื้นที่"]
    assert [c.value for c in sheet[1]] == ["รหัสพื้นที่", "พื้นที่", "อำเภอ", "จำนวนคน", "สัดส่วนที่ไปไม่ถึง"]
    assert [c.value for c in sheet[3]] == ["200102", "'=1+1", "เมืองชลบุรี", 20, 0.5]
    assert sheet["E3"].number_format == "0.0%"
    assert sheet["D3"].number_format == "#,##0"
    assert sheet["E5"].value is None
    assert sheet.freeze_panes == "C2"
    assert sheet.print_title_rows == "$1:$1"
    assert not any(cell.data_type == "f" for page in book for row in page.iter_rows() for cell in row)


def test_dates_of_a_workbook_are_dates_and_times_are_bangkoks() -> None:
    table = pd.DataFrame({"date": pd.to_datetime(["2021-08-14", "2021-08-15"]), "as_of": ["2021-08-14", None],
                          "at": pd.to_datetime(["2021-08-14 20:00", "2021-08-15 01:30"]), "skills": [["nurse"], []]})
    book = openpyxl.load_workbook(io.BytesIO(files.to_bytes(Answer(town(), tables={"series": table}), "xlsx", "th")))
    rows = list(book["ตามเวลา"].iter_rows(min_row=2))
    day = datetime.fromisoformat
    assert [c.value for c in rows[0]] == [day("2021-08-14"), day("2021-08-14"), day("2021-08-15 03:00"), "nurse"]
    assert "41E" in rows[0][0].number_format
    assert [c.value for c in rows[1]] == [day("2021-08-15"), None, day("2021-08-15 08:30"), None]


@pytest.mark.parametrize("kind", show.KINDS)
def test_same_answer_same_bytes(kind: show.Kind) -> None:
    assert files.to_bytes(Answer(town()), kind) == files.to_bytes(Answer(town()), kind)


def test_another_process_in_another_zone_and_language_writes_the_same_bytes() -> None:
    code = ("import hashlib\nfrom tests.show.test_files import Answer, town\nfrom jitasa_analytics.show import KINDS, "
            "files\nfor k in KINDS: print(k, hashlib.sha256(files.to_bytes(Answer(town()), k, 'th')).hexdigest())")
    env = {**os.environ, "TZ": "America/Los_Angeles", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "7", "JITASA_LANG": "en"}
    said = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    here = [f"{k} {hashlib.sha256(files.to_bytes(Answer(town()), k, 'th')).hexdigest()}" for k in show.KINDS]
    assert said.stdout.splitlines() == here


@pytest.mark.parametrize("kind", ["csv", "xlsx", "geojson", "parquet"])
def test_every_table_says_what_it_rests_on(kind: show.Kind, tmp_path: Path) -> None:
    content = files.to_bytes(Answer(town()), kind, "en")
    if kind == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(content))
        told = " ".join(str(c) for row in book.worksheets[0].iter_rows(values_only=True) for c in row)
        wanted = [LABEL, "15 Aug 2021", "At most (minutes) 30", "Chon Buri (20)", "Data version 7"]
    else:
        if kind == "parquet":
            told = pq.read_schema(io.BytesIO(content)).metadata[b"jitasa"].decode()
        else:
            told = content.decode("utf-8-sig")
        wanted = [LABEL, "2021-08-15", "coverage_gaps", "minutes", "30"]
    for words in wanted:
        assert words in told


def test_geojson_is_in_degrees_and_says_what_it_is() -> None:
    projected = town().to_crs("EPSG:3857")
    found = json.loads(files.to_bytes(Answer(projected), "geojson"))
    assert found["data"] == LABEL
    assert found["features"][0]["properties"]["data"] == LABEL
    assert found["features"][3]["properties"]["share_out_of_reach"] is None
    first = shapely.geometry.shape(found["features"][0]["geometry"])
    assert first.bounds == pytest.approx((101, 13, 101.1, 13.1), abs=1e-5)


def test_geoparquet_reads_back(tmp_path: Path) -> None:
    show.export(Answer(town()), tmp_path / "town.parquet")
    found = gpd.read_parquet(tmp_path / "town.parquet")
    assert found.crs == "EPSG:4326"
    assert found["people"].sum() == 100
    assert set(found["data"]) == {LABEL}


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"this call writes \.xlsx, but the name ends in \.csv; name it town\.xlsx or "
                                         r"call to_csv"):
        show.export(Answer(town()), tmp_path / "town.csv", kind="xlsx")
    with pytest.raises(InputError, match=r"must end in \.png, for instance town\.png"):
        show.export(Answer(town()), tmp_path / "town", kind="png")
    assert not list(tmp_path.iterdir())
    with pytest.raises(InputError, match=r"must end in \.csv"):
        show.export(Answer(town()), tmp_path / "town.doc")
    with pytest.raises(InputError, match="folder that exists"):
        show.export(Answer(town()), tmp_path / "none" / "town.csv")
    with pytest.raises(InputError, match="no outlines"):
        show.export(Answer(pd.DataFrame(town().drop(columns="geometry"))), tmp_path / "town.geojson")
