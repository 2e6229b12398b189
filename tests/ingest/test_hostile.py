"""Files made to take the machine down are refused in words, quickly, and the importer lives."""

from __future__ import annotations

import contextlib
import gzip
import sqlite3
import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from jitasa_analytics import texts
from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import child, read, text
from jitasa_analytics.ingest.apart import delimited
from tests.ingest.made_books import with_xml

BLOCK = 1 << 20


def far_corner(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "request_id"
    book.active["XFD1048576"] = "x"
    book.save(path)


def bomb(path: Path) -> None:
    """A workbook whose only sheet unpacks to 300 MB of blanks."""
    with_xml(path, (b" " * BLOCK for _ in range(300)))


def long_line(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"request_id,requested_at\n")
        for _ in range(100):
            file.write(b"x" * BLOCK)


def endless(path: Path) -> None:
    """A gzip file of 200 kB that unpacks to 200 MB of rows."""
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(b"a,b\n")
        for _ in range(200):
            file.write(b"1,2\n" * (BLOCK // 4))


def bomb_of_shapes(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new, new.open("a.shp", "w") as file:
        for _ in range(100):
            file.write(b"\0" * BLOCK)


def bomb_of_xml(path: Path) -> None:
    """Entities that unfold into each other."""
    names = [f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, 12)]
    path.write_text(f"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY e0 'ha'>{''.join(names)}]><entity>&e11;</entity>")


def parquet_of_nothing(path: Path) -> None:
    """A few kilobytes that say two billion times the same."""
    schema = pa.schema([(f"c{n}", pa.string()) for n in range(100)])
    nothing = pa.table({f"c{n}": pa.nulls(1_000_000, pa.string()) for n in range(100)}, schema=schema)
    pq.write_table(nothing, path)


def geojson_of_brackets(path: Path) -> None:
    path.write_text('{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":'
                    '{"type":"Polygon","coordinates":' + "[" * 3_000_000)


def geopackage_without_end(path: Path) -> None:
    """A layer that is a view which never stops giving rows."""
    gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(100, 13)], crs="EPSG:4326").to_file(path, driver="GPKG")
    name = path.stem
    with contextlib.closing(sqlite3.connect(path)) as base:
        for (trigger,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f'DROP TRIGGER "{trigger}"')
        base.execute(f'ALTER TABLE "{name}" RENAME TO kept')
        base.execute(f'CREATE VIEW "{name}" AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) '
                     "SELECT n AS fid, kept.geom AS geom, kept.a AS a FROM r, kept")
        base.commit()


def shapefile_of_lies(path: Path) -> None:
    """A table that claims four billion records in a hundred bytes."""
    folder = path.parent / "parts"
    folder.mkdir()
    gpd.GeoDataFrame({"a": ["x"]}, geometry=[shapely.Point(100, 13)], crs="EPSG:4326").to_file(folder / "x.shp")
    table = bytearray((folder / "x.dbf").read_bytes())
    table[4:8] = b"\xff\xff\xff\x7f"
    (folder / "x.dbf").write_bytes(table)
    index = bytearray((folder / "x.shx").read_bytes())
    index[24:28] = b"\x7f\xff\xff\xf0"
    (folder / "x.shx").write_bytes(index)
    with zipfile.ZipFile(path, "w") as archive:
        for part in folder.iterdir():
            archive.write(part, part.name)


LARGE, BROKEN = "import.too_large", "error.file_broken"


@pytest.mark.parametrize(("name", "make", "keys"), [
    ("corner.xlsx", far_corner, [LARGE]), ("bomb.xlsx", bomb, [LARGE]), ("line.csv", long_line, [LARGE]),
    ("endless.csv.gz", endless, [LARGE]), ("shapes.zip", bomb_of_shapes, [LARGE]), ("bomb.xml", bomb_of_xml, [BROKEN]),
    ("nothing.parquet", parquet_of_nothing, [LARGE]), ("deep.geojson", geojson_of_brackets, [LARGE, BROKEN]),
    ("endless.gpkg", geopackage_without_end, [LARGE]), ("lies.zip", shapefile_of_lies, [LARGE, BROKEN]),
])
def test_hostile_files_are_refused(tmp_path: Path, name: str, make: object, keys: list[str],
                                   monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is refused in words by a process that may die of it; the limits are lower here, to be quick."""
    monkeypatch.setattr(child, "MEMORY", 1 << 30)
    monkeypatch.setattr(child, "SECONDS", 5)
    monkeypatch.setattr(child, "WRITTEN", 64 << 20)
    make(tmp_path / name)
    with pytest.raises(InputError) as refusal:
        read.read(tmp_path / name)
    assert refusal.value.key in keys
    assert name in texts.of_error(refusal.value, "th")


def test_nothing_is_followed_that_a_file_points_to(tmp_path: Path) -> None:
    """A description of another source, under the name of a map, opens nothing."""
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    (tmp_path / "a.geojson").write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{tmp_path / "secret.csv"}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>")
    with pytest.raises(InputError):
        read.read(tmp_path / "a.geojson")


def test_a_child_that_needs_too_much_dies_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big.xlsx"
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for _ in range(300):
        sheet.append([f"text {n}" for n in range(20)])
    book.save(path)
    assert read.read(path).rows == 299
    monkeypatch.setattr(child, "MEMORY", 16 << 20)
    with pytest.raises(InputError, match=r"not read|can't be read"):
        read.read(path)


@pytest.mark.parametrize(("code", "key"), [
    ("import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass", LARGE),
    ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", BROKEN), ("print('no answer')", LARGE),
    ("import os; os.abort()", LARGE),
], ids=["time", "crash", "silence", "abort"])
def test_a_reader_that_dies_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str,
                                          key: str) -> None:
    path = tmp_path / "a.xlsx"
    openpyxl.Workbook().save(path)
    (tmp_path / "apart").mkdir()
    (tmp_path / "apart" / "__main__.py").write_text(code)
    monkeypatch.setattr(child, "APART", tmp_path / "apart")
    with pytest.raises(InputError) as refusal:
        read.read(path)
    assert refusal.value.key == key


def test_a_large_text_that_is_not_plain_is_read_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A title above the header: the same table whether it is read here or in a process of its own."""
    path = tmp_path / "a.csv"
    lines = ["รายงาน,,", "", "เลขที่คำขอ,วันที่ขอ,จำนวนคน", *(f'r{n},24/03/2563,"{n}"' for n in range(3000)), "x,y"]
    path.write_bytes("\r\n".join(lines).encode("cp874"))
    here = text.read(path)
    monkeypatch.setattr(text, "HERE", 1000)
    apart = text.read(path)
    assert apart.frame.equals(here.frame) and apart.ragged == here.ragged and apart.remarks == here.remarks
    assert apart.rows == 3001
    path.write_bytes(path.read_bytes() + b'\r\nr9,"24/03/2563,1')
    with pytest.raises(InputError) as refusal:
        text.read(path)
    assert refusal.value.key == "import.unclosed_quote"


def test_a_damaged_workbook_is_no_bomb(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"PK\x03\x04" + b"x" * 100)
    with pytest.raises(InputError) as refusal:
        read.read(path)
    assert refusal.value.key == "error.file_broken"


def test_a_large_honest_gz_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "SMALL", 1000)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress("".join(["a,b\n", *(f"{n * 7919 % 100_003},{n}\n" for n in range(5000))]).encode()))
    assert read.read(path).rows == 5000
