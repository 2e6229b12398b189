"""Importers of a large file are killed at any moment: all of their rows are there or none, and never twice."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest

from jitasa_analytics.store import Store, open_store
from tests.faults import work

KILLS = 25
ROWS = 8_000


def file_of(folder: Path, number: int, rows: int) -> Path:
    """A file of requests whose ids no other file has."""
    path = folder / f"requests{number}.csv"
    lines = [f"f{number}-{i},2021-07-{1 + i % 28:02d} 10:00,new,{1 + i % 5},{200101 + i % 3}" for i in range(rows)]
    path.write_text("request_id,requested_at,status,people,area_code\n" + "\n".join(lines) + "\n")
    return path


def kill_importers(folder: Path, kills: int, rows: int, seed: int = 7) -> dict[str, Any]:
    """Import files one by one, each importer killed at some moment, half of them in the last third.

    Returns
    -------
    dict
        kills, landed (killed after the version was published), lost, duplicated, half (rows of files
        that are there in part), slowest (seconds until the next read was answered).
    """
    context, dice = work.context(), random.Random(seed)
    store = work.make(folder / "store")
    whole = 0.0
    for number in (-2, -1):  # how long an import takes; the first also warms everything up
        path = file_of(folder, 1000 + number, rows)
        child = context.Process(target=work.import_one, args=(str(store.folder), str(path)))
        start = time.perf_counter()
        child.start()
        child.join(300)
        assert child.exitcode == 0
        whole = time.perf_counter() - start
    files = {998: True, 999: True}
    lost = half = done = 0
    slowest = 0.0
    for kill in range(kills):
        number = done
        path = file_of(folder, number, rows) if not (folder / f"requests{number}.csv").exists() \
            else folder / f"requests{number}.csv"
        child = context.Process(target=work.import_one, args=(str(store.folder), str(path)))
        start = time.perf_counter()
        child.start()
        share = dice.uniform(0, 1) if kill % 2 else dice.uniform(2 / 3, 1.05)
        while time.perf_counter() - start < share * whole and child.is_alive():
            time.sleep(0.001)
        child.kill()
        child.join(60)
        start = time.perf_counter()
        with open_store(store.folder).snapshot() as s:
            counts = s.sql("SELECT left(request_id, position('-' IN request_id)) AS file, count(*) AS n, "
                           "count(DISTINCT request_id) AS ids FROM requests WHERE request_id LIKE 'f%-%' GROUP BY 1")
        slowest = max(slowest, time.perf_counter() - start)
        found = dict(zip(counts["file"], counts["n"], strict=True))
        half += int((counts["n"] != rows).sum() + (counts["ids"] != rows).sum())
        lost += sum(f"f{n}-" not in found for n in files)
        if f"f{number}-" in found:
            files[number] = True
            done += 1
    child = context.Process(target=work.import_one, args=(str(store.folder), str(file_of(folder, 5000, rows))))
    child.start()
    child.join(300)
    assert child.exitcode == 0
    with store.snapshot() as s:
        ids = s.frame("requests")["request_id"]
    expected = (len(files) + 1) * rows + 3
    left = [p.name for p in store.folder.rglob("*.tmp")] + [p.name for p in (store.folder / "files").glob("*.wal")]
    return {"kills": kills, "landed": done, "lost": lost + max(0, expected - ids.nunique()), "half": half,
            "duplicated": len(ids) - ids.nunique(), "left": left, "slowest": slowest, "import": whole}


def test_no_row_is_lost_doubled_or_half_visible(quick_path: Path) -> None:
    found = kill_importers(quick_path, KILLS, ROWS)
    assert (found["lost"], found["duplicated"], found["half"], found["left"]) == (0, 0, 0, [])


def test_the_kills_reach_the_building_of_a_version(quick_path: Path) -> None:
    """A writer stopped between building and publishing leaves files that nobody sees and the next one removes."""
    store = work.make(quick_path / "store")
    child = work.context().Process(target=work.interrupted,
                                   args=(str(store.folder), str(quick_path / "p"), "write", 4, False))
    child.start()
    child.join(60)
    named = {n for v in (1, 2, 3) for n in store.manifest(v).files.values()}
    assert {p.name for p in (store.folder / "files").iterdir()} - named
    with store.transaction() as tx:
        tx.insert("requests", work.requests("next"))
    assert {p.name for p in (store.folder / "files").iterdir()} == named | set(store.manifest().files.values())


@pytest.mark.parametrize("stray", ["files/live-00000004.duckdb", "files/live-00000004.duckdb.wal", "files/x.work",
                                   "versions/v00000004.json", "versions/.v00000004.json.1.tmp", ".CURRENT.77.tmp"])
def test_stray_files_of_any_kind_do_no_harm(quick_path: Path, stray: str) -> None:
    store = work.make(quick_path / "store")
    (store.folder / stray).write_bytes(b"left by a crash")
    whole = work.digests(store)
    with Store(store.folder).transaction() as tx:
        tx.insert("requests", work.requests("next"))
    with store.snapshot() as s:
        assert s.version == 4 and set(s.frame("requests")["request_id"]) == {"a", "mine", "b", "next"}
    assert work.digests(store, 3) == whole
    assert not (store.folder / stray).exists() or (store.folder / stray).read_bytes() != b"left by a crash"
