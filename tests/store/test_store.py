"""Versions: whole or not at all, never blocked, never torn."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from jitasa_analytics.errors import InputError, StoreError, UnknownError
from jitasa_analytics.store import Store, open_store


def requests(*ids: str, area: str = "200101") -> pd.DataFrame:
    return pd.DataFrame({"request_id": list(ids), "requested_at": pd.Timestamp("2020-03-24"), "status": "new",
                         "people": 1, "area_code": area})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store")
    with made.transaction(create=True) as tx:
        tx.insert("requests", requests("a", "b"))
        tx.insert("requests", requests("far", area="100101"))
    return made


def test_a_version_is_a_manifest_that_names_one_file_a_group(store: Store) -> None:
    manifest = store.manifest()
    assert manifest.version == 1
    assert set(manifest.files) == {"reference", "doses", "live", "restricted"}
    assert (store.folder / "CURRENT").read_text().strip() == "v00000001.json"
    assert store.info()["rows"]["requests"] == 3


def test_only_the_groups_that_are_touched_get_a_new_file(store: Store) -> None:
    before = store.manifest().files
    with store.transaction() as tx:
        tx.insert("requests", requests("c"))
    after = store.manifest().files
    assert {g for g in after if after[g] != before[g]} == {"live"}


def test_a_transaction_that_fails_changes_nothing(store: Store) -> None:
    before = sorted(p.name for p in store.folder.rglob("*"))
    with pytest.raises(RuntimeError), store.transaction() as tx:
        tx.insert("requests", requests("c"))
        raise RuntimeError
    assert sorted(p.name for p in store.folder.rglob("*")) == before


def test_a_transaction_that_writes_nothing_makes_no_version(store: Store) -> None:
    with store.transaction() as tx:
        tx.frame("requests")
    assert store.manifest().version == 1


def test_a_reader_keeps_its_version_while_others_write(store: Store) -> None:
    with store.snapshot() as old:
        with store.transaction() as tx:
            tx.update("requests", requests("a").assign(status="helped"))
        assert set(old.frame("requests")["status"]) == {"new"}
        with store.snapshot() as new:
            assert new.version == 2
            assert new.frame("requests").set_index("request_id")["status"]["a"] == "helped"
    with store.snapshot(version=1) as again:
        assert set(again.frame("requests")["status"]) == {"new"}


def test_scope_limits_what_is_about_people_and_not_what_is_public(store: Store) -> None:
    with store.transaction() as tx:
        tx.insert("request_items", pd.DataFrame({"request_id": ["a", "far"], "item": "x", "category": "food"}))
        tx.insert("facilities", pd.DataFrame({"facility_id": ["1", "2"], "name": "n", "kind": "hospital", "lon": 101.0,
                                              "lat": 13.0, "area_code": ["200101", "100101"]}))
        tx.insert("dose_reports", pd.DataFrame({"facility_id": ["1", "2"], "as_of": pd.Timestamp("2021-06-01"),
                                                "dose_no": 0, "group": "all", "count": [5, 7]}))
    with store.snapshot("ชลบุรี") as s:
        assert s.scope == "20"
        assert s.frame("requests")["request_id"].tolist() == ["a", "b"]
        assert s.frame("request_items")["request_id"].tolist() == ["a"]
        assert s.frame("dose_reports")["count"].tolist() == [5]
        assert len(s.frame("facilities")) == 2
        assert s.sql("SELECT count(*) AS n FROM requests")["n"].tolist() == [2]


@pytest.mark.parametrize("query", [
    "SELECT * FROM g_live.requests", "SELECT * FROM g_live.main.requests", "DELETE FROM requests", "SELECT 1; SELECT 2",
    "ATTACH 'x.db'", "COPY requests TO 'x.csv'", "SELECT * FROM read_csv('x.csv')", "SELECT * FROM duckdb_tables()",
    "SELECT * FROM 'x.parquet'", "WITH x AS (SELECT * FROM g_live.requests) SELECT * FROM x", "",
    "SELECT (SELECT count(*) FROM g_live.requests)", "SELECT * FROM query('SELECT * FROM g_live.requests')",
    "SELECT * FROM query_table('g_live.requests')", "SELECT nothing FROM requests", "SELEC", "PRAGMA database_list",
    "FROM g_live.requests", "TABLE g_live.requests", "SELECT * FROM information_schema.tables",
])
def test_sql_reads_datasets_in_the_scope_and_nothing_else(store: Store, query: str) -> None:
    with store.snapshot("20") as s, pytest.raises(InputError):
        s.sql(query)


def test_sql_takes_parameters_and_joins(store: Store) -> None:
    with store.snapshot() as s:
        frame = s.sql('SELECT r.request_id AS id, i.item FROM requests r LEFT JOIN request_items i USING (request_id) '
                      "WHERE request_id = $id", id="a")
    assert frame["id"].tolist() == ["a"]


def test_shapes_come_back_with_their_reference_system(store: Store) -> None:
    square = shapely.box(100, 13, 101, 14)
    rows = gpd.GeoDataFrame({"code": ["20", "20"], "valid_from": pd.to_datetime(["2020-01-01", "2022-01-01"]),
                             "level": "province", "name_th": ["เก่า", "ชลบุรี"]},
                            geometry=[shapely.box(0, 0, 1, 1), square], crs="EPSG:4326")
    with store.transaction() as tx:
        tx.insert("areas", rows)
    with store.snapshot() as s:
        newest = s.areas("province")
        assert newest.crs == "EPSG:4326"
        assert newest["name_th"].tolist() == ["ชลบุรี"]
        assert newest.geometry.iloc[0].equals(square)
        assert s.areas("tambon").empty
        assert s.frame("areas").crs == "EPSG:4326"


def test_missing_damaged_and_half_written_stores_say_what_to_do(tmp_path: Path, store: Store) -> None:
    with pytest.raises(StoreError, match=r"no store at .*jitasa import"):
        open_store(tmp_path / "nowhere")
    with pytest.raises(UnknownError, match="no area"):
        store.snapshot("Atlantis")
    with pytest.raises(StoreError, match="no version 9; the newest is 1"):
        store.snapshot(version=9)
    pointer = store.folder / "CURRENT"
    pointer.write_text("")
    with pytest.raises(StoreError, match="half-written"):
        open_store(store.folder)
    pointer.unlink()
    with pytest.raises(StoreError, match="half-written"):
        open_store(store.folder)
    pointer.write_text("v00000001.json\n")
    open_store(store.folder)
    path = store.folder / "versions" / "v00000001.json"
    whole = path.read_bytes()
    for broken in (whole[:-20], whole.replace(b'"version": 1', b'"version": 2'), b""):
        path.write_bytes(broken)
        with pytest.raises(StoreError, match="damaged"):
            open_store(store.folder)
    path.write_bytes(whole)
    (store.folder / "files" / store.manifest().files["live"]).unlink()
    with pytest.raises(StoreError, match="is gone"):
        open_store(store.folder)


def test_a_folder_that_is_no_store_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"x")
    with pytest.raises(StoreError, match="neither a store nor an empty folder"), \
            Store(tmp_path / "photos").transaction(create=True):
        pass
    assert [p.name for p in (tmp_path / "photos").iterdir()] == ["a.jpg"]


def test_a_second_writer_waits_and_then_says_so(store: Store) -> None:
    with store.transaction():
        started = time.monotonic()
        with pytest.raises(StoreError, match="another import"), Store(store.folder).transaction(wait=0.2):
            pass
        assert time.monotonic() - started >= 0.2


def test_what_a_killed_writer_left_is_not_seen_and_swept_up(store: Store) -> None:
    script = (
        "import sys, time, pandas as pd\n"
        "from pathlib import Path\nfrom jitasa_analytics.store import Store\n"
        "with Store(Path(sys.argv[1])).transaction() as tx:\n"
        "    tx.insert('requests', pd.DataFrame({'request_id': ['half'], 'status': ['new']}))\n"
        "    print('ready', flush=True)\n    time.sleep(60)\n")
    writer = subprocess.Popen([sys.executable, "-c", script, str(store.folder)], stdout=subprocess.PIPE)
    assert writer.stdout is not None and writer.stdout.readline().strip() == b"ready"
    stray = store.folder / "files" / "live-00000002.duckdb"
    assert stray.exists()
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    with open_store(store.folder).snapshot() as s:
        assert s.count("requests") == 3
    with store.transaction() as tx:
        tx.insert("requests", requests("c"))
    with store.snapshot() as s:
        assert sorted(s.frame("requests")["request_id"]) == ["a", "b", "c", "far"]
    assert len(list((store.folder / "files").glob("live-*"))) == 2


def _write_many(folder: str, name: str, times: int) -> None:
    for i in range(times):
        with Store(Path(folder)).transaction() as tx:
            pair = requests(f"{name}{i}-1", f"{name}{i}-2")
            tx.insert("requests", pair[:1])
            tx.insert("requests", pair[1:])


def _read_many(folder: str, queue: object) -> None:
    seen, torn = 0, 0
    end = time.monotonic() + 4
    while time.monotonic() < end:
        with open_store(folder).snapshot() as s:
            torn += s.version < seen or s.count("requests") % 2 == 0
            seen = s.version
    queue.put((torn, seen))


def test_readers_see_whole_versions_that_never_go_back(store: Store) -> None:
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    readers = [context.Process(target=_read_many, args=(str(store.folder), queue)) for _ in range(2)]
    writers = [context.Process(target=_write_many, args=(str(store.folder), n, 4)) for n in ("x", "y")]
    for process in (*readers, *writers):
        process.start()
    results = [queue.get(timeout=60) for _ in readers]
    for process in (*readers, *writers):
        process.join(60)
        assert process.exitcode == 0
    assert [torn for torn, _ in results] == [0, 0]
    assert store.manifest().version == 9
    assert store.info()["rows"]["requests"] == 3 + 16


def test_a_read_only_folder_is_said(store: Store) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (store.folder / "LOCK").chmod(0o400)
    with pytest.raises(StoreError, match="can't be written"), store.transaction():
        pass


def test_an_unknown_format_asks_for_an_update(store: Store) -> None:
    import hashlib

    path = store.folder / "versions" / "v00000001.json"
    body = json.loads(path.read_text())["manifest"] | {"format": 99}
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, indent=1)
    path.write_text(json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest(), "manifest": body}))
    with pytest.raises(StoreError, match="update jitasa-analytics"):
        open_store(store.folder)


def test_a_closed_snapshot_says_so(store: Store) -> None:
    with store.snapshot() as s:
        pass
    with pytest.raises(StoreError, match="the snapshot is closed"):
        s.frame("requests")
