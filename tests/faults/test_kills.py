"""Importers of a large file are killed at any moment: all of their rows are there or none, and never twice."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jitasa_analytics.store import Store, open_store
from tests.faults import work

KILLS = 25
ROWS = 5_000
EACH = 10


def file_of(folder: Path, number: int, rows: int) -> Path:
    """A file of requests whose ids no other file has."""
    path = folder / f"requests{number}.csv"
    lines = [f"f{number}-{i},2021-07-{1 + i % 28:02d} 10:00,new,{1 + i % 5},{200101 + i % 3}" for i in range(rows)]
    path.write_text("request_id,requested_at,status,people,area_code\n" + "\n".join(lines) + "\n")
    return path


def run(store: Store, path: Path, seconds: float | None = None, after: str = "reading") -> tuple[str, float]:
    """Import a file in a process of its own, killed some time after a stage began; where it was then, and seconds."""
    context = work.context()
    stage = context.Value("i", 0)
    child = context.Process(target=work.import_one, args=(str(store.folder), str(path), stage))
    child.start()
    while stage.value < work.STAGES.index(after) and child.is_alive():
        time.sleep(0.0005)
    start = time.perf_counter()
    if seconds is None:
        child.join(300)
        assert child.exitcode == 0
        return work.STAGES[stage.value], time.perf_counter() - start
    while time.perf_counter() - start < seconds and child.is_alive():
        time.sleep(0.0005)
    child.kill()
    child.join(60)
    return work.STAGES[stage.value], time.perf_counter() - start


@dataclass
class Killed:
    """What came of killed importers: kills by the stage that they were at, and what was wrong afterwards."""

    stages: Counter[str] = field(default_factory=Counter)
    landed: int = 0
    lost: int = 0
    half: int = 0
    duplicated: int = 0
    left: list[str] = field(default_factory=list)
    slowest: float = 0.0
    whole: float = 0.0

    @property
    def kills(self) -> int:
        return sum(self.stages.values())


def kill_importers(folder: Path, kills: int, rows: int, seed: int = 7, seconds: float = 1e9) -> Killed:
    """Import files one by one, each importer killed at some moment, half of them in the last third.

    A store is used for ``EACH`` kills, so that it stays as small as it was; ``seconds`` limits how long it takes.
    """
    dice, found = random.Random(seed), Killed()
    until = time.monotonic() + seconds
    while found.kills < kills and time.monotonic() < until:
        store = work.make(folder / f"store{found.kills}")
        times = [run(store, file_of(folder, number, rows))[1] for number in (998, 999)]  # the first warms up
        found.whole = times[-1]
        files = [998, 999]
        for _ in range(min(EACH, kills - found.kills)):
            path = file_of(folder, len(files), rows)
            # At any time, in the last third, at any time, and in the short moment of publishing.
            share = dice.uniform(0, 1) if found.kills % 2 == 0 else dice.uniform(2 / 3, 1.05)
            if found.kills % 4 == 3:
                stage, _ = run(store, path, dice.uniform(0, 0.05), "publishing")
            else:
                stage, took = run(store, path, share * found.whole)
                if stage == "done":
                    found.whole = 0.5 * (found.whole + took)
            found.stages[stage] += 1
            start = time.perf_counter()
            with open_store(store.folder).snapshot() as s:
                counts = s.sql("SELECT left(request_id, position('-' IN request_id)) AS file, count(*) AS n, "
                               "count(DISTINCT request_id) AS ids FROM requests WHERE request_id LIKE 'f%-%' "
                               "GROUP BY 1")
            found.slowest = max(found.slowest, time.perf_counter() - start)
            there = set(counts["file"])
            found.half += int((counts["n"] != rows).sum() + (counts["ids"] != rows).sum())
            found.lost += sum(f"f{n}-" not in there for n in files)
            if f"f{len(files)}-" in there:
                files.append(len(files))
                found.landed += 1
        files.append(5000)
        run(store, file_of(folder, 5000, rows))  # works after
        with store.snapshot() as s:
            ids = s.frame("requests", columns=["request_id"])["request_id"]
        found.lost += max(0, len(files) * rows + 3 - ids.nunique())
        found.duplicated += len(ids) - ids.nunique()
        found.left += [p.name for p in store.folder.rglob("*.tmp")]
        found.left += [p.name for p in (store.folder / "files").glob("*.wal")]
        shutil.rmtree(store.folder)
    return found


def test_no_row_is_lost_doubled_or_half_visible(quick_path: Path) -> None:
    found = kill_importers(quick_path, KILLS, ROWS)
    assert (found.lost, found.duplicated, found.half, found.left) == (0, 0, 0, [])
    assert found.kills == KILLS


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
