"""The public file: small counts hidden, months that never change, nobody in it."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from jitasa_analytics import areas
from jitasa_analytics.errors import InputError
from jitasa_analytics.service import publish
from jitasa_analytics.store import Store

LATER = date(2030, 1, 1)


@pytest.fixture(scope="module")
def one_month(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sample's requests of one month in one province, and what was published of them."""
    folder = tmp_path_factory.mktemp("publish") / "store"
    shutil.copytree(sample_store, folder)
    with Store(folder).transaction() as tx:
        rows = tx.frame("requests")
        month = (rows["requested_at"] + pd.Timedelta(hours=7)).dt.strftime("%Y-%m")
        near = rows["area_code"].str[:2] == "20"
        tx.replace("requests", rows[near & month.isin(month[near].value_counts().index[:1])])
        tx.replace("volunteers", tx.frame("volunteers").head(12))
    file = folder.parent / "public.json"
    publish.publish(Store(folder), file, today=LATER)
    return folder, file


@pytest.fixture
def store(one_month: tuple[Path, Path], tmp_path: Path) -> Store:
    shutil.copytree(one_month[0], tmp_path / "store")
    shutil.copy(one_month[1], tmp_path / "public.json")
    return Store(tmp_path / "store")


def test_small_counts_are_hidden_and_the_rest_is_true(one_month: tuple[Path, Path]) -> None:
    store, file = Store(one_month[0]), one_month[1]
    found = publish.read(file)
    with store.snapshot() as s:
        rows = s.frame("requests").query("status != 'duplicate'")
        rows["month"] = (rows["requested_at"] + pd.Timedelta(hours=7)).dt.strftime("%Y-%m")
    shown = 0
    for month, tables in found["months"].items():
        here = rows[(rows["month"] == month) & (rows["area_code"].str.len() >= 4)]
        for code, row in tables["requests"].items():
            true = here["area_code"].str.startswith("" if code == "TH" else code).sum()
            assert row["all"] is None or (row["all"] == true and (true == 0 or true >= 10)), (month, code)
            shown += row["all"] is not None
            assert all(v is None or v == 0 or v >= 10 for v in row.values())
        assert all(n >= 10 for n in tables["hexagons"].values())
    assert shown > 3
    assert found["sample"] is True and found["areas"]["20"] == [areas.name("20", "th"), areas.name("20", "en")]


def test_a_month_is_published_once_and_never_again_in_another_form(store: Store, tmp_path: Path) -> None:
    """Late rows would be the difference of two versions: the month stays as it was."""
    file = tmp_path / "public.json"
    before = json.loads(file.read_text("utf-8"))["months"]
    with store.transaction() as tx:
        rows = tx.frame("requests")
        late = rows.iloc[[0]].assign(request_id="late-1")
        new = rows.iloc[[1]].assign(request_id="late-2", requested_at=pd.Timestamp("2029-01-05"))
        tx.insert("requests", pd.concat([late, new]))
    done = publish.publish(store, file, today=LATER)
    after = json.loads(file.read_text("utf-8"))["months"]
    assert done["months"] == ["2029-01"]
    assert {m: t for m, t in after.items() if m != "2029-01"} == before
    # One request in a month: everything that could tell it from none is hidden.
    row = after["2029-01"]["requests"]["TH"]
    assert row["all"] is None


def test_the_open_month_waits(store: Store, tmp_path: Path) -> None:
    with store.snapshot() as s:
        newest = s.frame("requests")["requested_at"].max() + pd.Timedelta(hours=7)
    done = publish.publish(store, tmp_path / "a.json", today=(newest + pd.Timedelta(days=1)).date())
    assert f"{newest:%Y-%m}" not in done["months"]


def test_what_can_not_be_a_public_file_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="inside the store"):
        publish.publish(store, store.folder / "public.json")
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(InputError, match="no public file"):
        publish.publish(store, tmp_path / "other.json")
    with pytest.raises(InputError, match="threshold 10"):
        publish.publish(store, tmp_path / "public.json", today=LATER, threshold=5)
