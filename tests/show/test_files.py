"""Exports: what leaves the program says what it rests on, opens in a spreadsheet, and runs nothing there."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from jitasa_analytics import show
from jitasa_analytics.errors import InputError
from jitasa_analytics.show import files

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


def test_workbook_holds_answer_tables_and_what_it_rests_on() -> None:
    book = openpyxl.load_workbook(io.BytesIO(files.to_bytes(Answer(town()), "xlsx", "th")))
    assert set(book.sheetnames) == {"answer", "about", "curve"}
    about = {row[0]: row[1] for row in book["about"].iter_rows(values_only=True)}
    assert about["รุ่นข้อมูล"] == "7"
    assert any(str(text).startswith(LABEL) for text in about.values())
    cells = list(book["answer"].iter_rows(values_only=True))
    assert cells[2][1] == "'=1+1"
    assert not any(cell.data_type == "f" for row in book["answer"].iter_rows() for cell in row)


@pytest.mark.parametrize("kind", show.KINDS)
def test_same_answer_same_bytes(kind: show.Kind) -> None:
    assert files.to_bytes(Answer(town()), kind) == files.to_bytes(Answer(town()), kind)


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
    with pytest.raises(InputError, match=r"must end in \.csv"):
        show.export(Answer(town()), tmp_path / "town.doc")
    with pytest.raises(InputError, match="folder that exists"):
        show.export(Answer(town()), tmp_path / "none" / "town.csv")
    with pytest.raises(InputError, match="no outlines"):
        show.export(Answer(pd.DataFrame(town().drop(columns="geometry"))), tmp_path / "town.geojson")
