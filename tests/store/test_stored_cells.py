"""Every located row has its H3 cell, whichever way it came; stores from before open and catch up."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import h3
import pandas as pd
import pytest

from jitasa_analytics.contracts import DATASETS
from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import import_files
from jitasa_analytics.ingest.bulk import opened
from jitasa_analytics.store import Store, open_store

LOCATED = ("places", "facilities", "candidates", "requests", "volunteers")


def cell(lon: float, lat: float) -> str:
    return str(h3.latlng_to_cell(lat, lon, 8))


def expected(frame: pd.DataFrame) -> list[str | None]:
    return [None if pd.isna(a) else cell(a, b) for a, b in zip(frame["lon"], frame["lat"], strict=True)]


def given(frame: pd.DataFrame) -> list[str | None]:
    return [None if pd.isna(c) else str(c) for c in frame["h3"]]


def requests(path: Path, rows: int, shift: float = 0.0) -> Path:
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["request_id", "requested_at", "status", "lon", "lat", "area_code"])
        for i in range(rows):
            where = [f"{100.9 + i * 1e-3 + shift:.6f}", f"{13.1 + i * 2e-3:.6f}"] if i % 5 else ["", ""]
            out.writerow([f"r{i}", "2021-07-01T08:00:00+07:00", "new", *where, "200101"])
    return path


def test_the_datasets_that_have_a_cell() -> None:
    assert tuple(d.name for d in DATASETS.values() if d.derived) == LOCATED
    assert all(d.names[-1] == "h3" and "h3" not in [c.name for c in d.columns] for d in map(DATASETS.get, LOCATED) if d)


@pytest.mark.parametrize("large", [False, True])
def test_rows_of_files_have_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    """New rows and rows that moved, by the careful way and by the fast one."""
    monkeypatch.setattr(opened, "LARGE", 1 if large else 1 << 40)
    store = Store(tmp_path / "store")
    for number, shift in enumerate((0.0, 0.0, 0.25)):
        report = import_files(store, "requests", [requests(tmp_path / f"{number}.csv", 40, shift)])
        assert report.accepted == (40, 0, 32)[number]
        with store.snapshot() as s:
            frame = s.frame("requests")
        assert given(frame) == expected(frame) and frame["h3"].notna().sum() == 32


def test_small_writes_have_cells(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    import_files(store, "requests", [requests(tmp_path / "a.csv", 10)])
    at = datetime(2021, 7, 1, tzinfo=UTC)
    store.append("requests", {"request_id": "new", "requested_at": at, "status": "new", "area_code": "200101",
                              "lon": 101.2, "lat": 13.2})
    store.amend("requests", {"request_id": "r1", "lon": 101.3, "lat": 13.3})
    store.amend("requests", {"request_id": "r2", "lon": None, "lat": None})
    store.settle()
    with store.snapshot() as s:
        frame = s.frame("requests").set_index("request_id")
    assert given(frame) == expected(frame)
    assert frame.at["new", "h3"] == cell(101.2, 13.2) and frame.at["r1", "h3"] == cell(101.3, 13.3)
    assert pd.isna(frame.at["r2", "h3"])
    with pytest.raises(InputError, match="computes it"):
        store.append("requests", {"request_id": "x", "requested_at": at, "area_code": "200101", "h3": "8"})


@pytest.mark.parametrize("large", [False, True])
def test_a_store_from_before_opens_and_catches_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                  large: bool) -> None:
    store = Store(tmp_path / "store")
    import_files(store, "requests", [requests(tmp_path / "a.csv", 40)])
    with store.snapshot() as s:
        whole = s.digest("requests")
    for name in set(store.manifest().files.values()):
        with duckdb.connect(str(store.folder / "files" / name)) as file:
            for dataset in DATASETS.values():
                if dataset.derived and name.startswith(dataset.group):
                    file.execute(f"ALTER TABLE {dataset.name} DROP COLUMN h3")
    with open_store(store.folder).snapshot(scope="20") as s:
        frame = s.frame("requests")
        assert given(frame) == expected(frame) and frame["h3"].notna().sum() == 32
        assert s.digest("requests") == whole
        assert len(s.sql("SELECT h3, count(*) AS n FROM requests GROUP BY h3")) > 10
    monkeypatch.setattr(opened, "LARGE", 1 if large else 1 << 40)
    same = import_files(store, "requests", [requests(tmp_path / "a.csv", 40)])
    assert same.version is None and same.duplicate == 40
    import_files(store, "requests", [requests(tmp_path / "b.csv", 44)])
    with duckdb.connect(str(store.folder / "files" / store.manifest().files["live"]), read_only=True) as file:
        rows = file.execute("SELECT lon, lat, h3 FROM requests").fetchall()
    assert len(rows) == 44 and all(h == (None if a is None else cell(a, b)) for a, b, h in rows)


def test_a_column_of_that_name_in_a_file_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("request_id,requested_at,area_code,lon,lat,h3\na,2021-07-01,200101,101.2,13.2,8000\n", "utf-8")
    store = Store(tmp_path / "store")
    report = import_files(store, "requests", [path])
    assert any(f.code == "columns_unused" and "h3" in f.value for f in report.files[0].findings)
    with store.snapshot() as s:
        assert s.frame("requests")["h3"].tolist() == [cell(101.2, 13.2)]
