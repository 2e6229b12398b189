"""Many rows on their way into an empty table: doubles are found, and cubes made beside what else there is."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from jitasa_analytics.contracts import dataset
from jitasa_analytics.store import Store, Transaction, cubes, doubles
from jitasa_analytics.store.bulk import Stage
from tests.store.test_cubes import same_when_counted_anew


def rows_of(first: int, last: int) -> dict[str, list[Any]]:
    at = range(first, last)
    return {"person_token": [f"P{i}" for i in at], "dose_no": [1] * len(at), "date": [dt.date(2021, 7, 1)] * len(at),
            "area_code": ["200101"] * len(at), "_row": list(at)}


def staged(tx: Transaction, name: str, rows: dict[str, list[Any]]) -> None:
    """Rows without a double go into the store."""
    contract = dataset(name)
    stage = Stage(tx, contract, [n for n in contract.names if n in rows])
    stage.add(pa.table(rows))
    assert not list(stage.doubles())
    stage.settle("override")


@pytest.mark.parametrize("items", [False, True])
def test_many_rows_of_two_files_in_one_version_add_to_the_cubes(tmp_path: Path, items: bool) -> None:
    """The cubes of the first file are made while the second one comes."""
    store = Store(tmp_path / "store")
    with store.transaction(create=True) as tx:
        if items:
            tx.insert("request_items", pd.DataFrame({"request_id": ["r1", "r1"], "item": ["rice", "mask"],
                                                     "category": ["food", "medical"]}))
        for first, last in ((0, 40), (30, 70)):
            at = range(first, last)
            days, area = [dt.date(2021, 7, 1 + i % 28) for i in at], [str(200101 + i % 3) for i in at]
            rows = {"doses": {"person_token": [f"P{i}" for i in at], "dose_no": [1] * len(at), "date": days},
                    "requests": {"request_id": [f"r{i}" for i in at], "status": ["new"] * len(at),
                                 "requested_at": [dt.datetime.combine(d, dt.time(10)) for d in days]}}
            for name, columns in rows.items():
                staged(tx, name, {**columns, "area_code": area, "_row": list(at)})
    same_when_counted_anew(store, 70)
    with store.snapshot() as s:
        known = s.sql("SELECT category, sum(requests) AS n FROM request_cube WHERE digits = 0 GROUP BY 1 ORDER BY 1")
        assert list(known.itertuples(index=False)) == [("", 70), *([("food", 1), ("medical", 1)] if items else [])]


@pytest.mark.parametrize("most", [50, 100, 101, 102, 1000])
def test_doubles_are_found_where_the_last_rows_are_one_too_many_for_their_keys_to_be_kept(
        most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubles, "_PART", most)
    store, contract = Store(tmp_path / "store"), dataset("doses")
    with store.transaction(create=True) as tx:
        plain = rows_of(0, 100)
        stage = Stage(tx, contract, [n for n in contract.names if n in plain])
        plain["person_token"][7] = "P2"
        stage.add(pa.table(plain))
        few = pd.DataFrame(rows_of(200, 202) | {"person_token": ["P1", "new"]})
        stage.add_frame(few)  # these come when no more are expected
        found = pd.concat(list(stage.doubles()))
        assert sorted(found["_row"]) == [1, 2, 7, 200]
        stage.drop([7, 200])
        assert stage.settle("override").accepted == 100
    with store.snapshot() as s:
        assert s.sql("SELECT count(*) AS n, count(DISTINCT person_token) AS p FROM doses").to_numpy().tolist() == [
            [100, 100]]
        assert s.sql("SELECT doses FROM dose_cube WHERE digits = 0")["doses"].sum() == 100


def test_cubes_that_could_not_be_made_beside_are_made_at_the_end(tmp_path: Path,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*_: Any) -> None:
        raise duckdb.OutOfMemoryException("no room")

    monkeypatch.setattr(cubes, "fill", fill)
    store = Store(tmp_path / "store")
    with store.transaction(create=True) as tx:
        for first, last in ((0, 10), (10, 30)):
            staged(tx, "doses", rows_of(first, last))
    with store.snapshot() as s:
        assert s.sql("SELECT doses FROM dose_cube WHERE digits = 6")["doses"].tolist() == [30]


def test_cubes_on_their_way_end_with_the_transaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, made = threading.Event(), threading.Event(), []
    real = cubes.fill

    def fill(connection: Any, name: str, *rest: Any) -> None:
        begun.set()
        assert go_on.wait(60)
        real(connection, name, *rest)
        made.append(name)

    monkeypatch.setattr(cubes, "fill", fill)
    store = Store(tmp_path / "store")
    with pytest.raises(KeyboardInterrupt), store.transaction(create=True) as tx:
        staged(tx, "doses", rows_of(0, 10))
        assert begun.wait(60)
        threading.Timer(0.2, go_on.set).start()
        raise KeyboardInterrupt
    assert len(made) <= 1  # the others are not begun
    assert not list((tmp_path / "store").rglob("*.duckdb"))
