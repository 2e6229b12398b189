"""The store under fire, at length: killed importers, readers beside writers, small writes, killed small writers.

Run with ``python benchmarks/faults.py [--kills 200] [--seconds 60] [--journal-kills 50] [--only PART]``.
The short forms are tests (``tests/faults``).
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import pandas as pd  # noqa: E402

from jitasa_analytics.ingest.sample import build_sample_store  # noqa: E402
from jitasa_analytics.store import Store, open_store  # noqa: E402
from jitasa_analytics.store import folder as store_folder  # noqa: E402
from tests.faults import work  # noqa: E402
from tests.faults.test_crowd import crowd  # noqa: E402
from tests.faults.test_kills import kill_importers  # noqa: E402


def table(title: str, rows: Sequence[tuple[str, Any]]) -> None:
    print(f"\n### {title}\n| what | |\n|---|---|")
    for name, value in rows:
        print(f"| {name} | {value} |", flush=True)


def kills(folder: Path, number: int, rows: int, seed: int, seconds: float) -> None:
    found = kill_importers(folder, number, rows, seed, seconds)
    table(f"Importers killed ({rows:,} rows a file, an import takes {found.whole:.2f} s)", [
        ("kills", found.kills), *((f"of them while {stage}", found.stages[stage]) for stage in work.STAGES),
        ("versions that stood all the same", found.landed), ("rows lost", found.lost),
        ("rows doubled", found.duplicated), ("files visible in part", found.half),
        ("files left behind", len(found.left)), ("slowest next read, s", f"{found.slowest:.3f}")])


def crowded(folder: Path, seconds: float) -> None:
    found = crowd(folder, readers=8, writers=2, seconds=seconds)
    table(f"8 readers beside 2 writers and a pruner, {seconds:.0f} s", [
        ("reads", found["reads"]), ("torn, or an older version than before", found["torn"]),
        ("processes that failed", found["errors"]), ("versions", found["versions"]), ("pruned", found["pruned"]),
        ("slowest read, s", f"{found['slowest']:.3f}")])


def writer(path: str, name: str, until: float, out: Any, pause: float = 0.0) -> None:
    """Append until a time, each ``pause`` s at most; gives how many, the slowest, when each tenth was acknowledged."""
    store = Store(Path(path))
    number, slowest, told = 0, 0.0, []
    while time.time() < until:
        start = time.perf_counter()
        identity = f"{name}-{number}"
        store.append("requests", {"request_id": identity, "requested_at": work.AT, "status": "new",
                                  "area_code": "200101", "lon": 101.0, "lat": 13.3, "people": 2})
        slowest = max(slowest, time.perf_counter() - start)
        if number % 10 == 0:
            told.append((identity, time.time()))
        number += 1
        time.sleep(max(0.0, pause - (time.perf_counter() - start)))
    out.put((number, slowest, told))


def small_writes(folder: Path, seconds: float, writers: int = 8, rate: float = 0.0) -> None:
    """Writers beside a reader that looks 50 times a second; ``rate`` writes a second in all, or as fast as they go."""
    store = Store(folder / "chonburi")
    build_sample_store(store)
    size = sum(p.stat().st_size for p in (store.folder / "files").iterdir())
    first = store.manifest().version
    context = work.context()
    out = context.Queue()
    warm = context.Process(target=writer, args=(str(store.folder), "warm", 0.0, out))
    warm.start()
    out.get(timeout=120)
    warm.join()
    pause = writers / rate if rate else 0.0
    until = time.time() + seconds
    processes = [context.Process(target=writer, args=(str(store.folder), f"w{i}", until, out, pause))
                 for i in range(writers)]
    seen: dict[str, float] = {}
    stop = threading.Event()

    def watch() -> None:
        """When a reader sees each row first."""
        version = first
        while not stop.is_set():
            now = open_store(store.folder)
            if now.manifest().version == version:
                time.sleep(0.02)
                continue
            with now.snapshot() as s:
                version = s.version
                ids = s.sql("SELECT request_id FROM requests WHERE request_id LIKE 'w%-%0'")["request_id"]
            at = time.time()
            for identity in ids:
                seen.setdefault(identity, at)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for process in processes:
        process.start()
    told = [out.get(timeout=seconds + 120) for _ in processes]
    for process in processes:
        process.join(120)
    store.settle()
    end = time.time() + 10
    waited = [t for _, _, marks in told for t in marks]
    while time.time() < end and any(i not in seen for i, _ in waited):
        time.sleep(0.05)
    stop.set()
    watcher.join()
    delays = pd.Series([seen[i] - at for i, at in waited if i in seen])
    number = sum(n for n, _, _ in told)
    with store.snapshot() as s:
        kept = s.sql("SELECT count(*) AS n FROM requests WHERE request_id LIKE 'w%-%'")["n"].iloc[0]
    pace = f"{rate:.0f} a second asked for" if rate else "as fast as they go"
    table(f"Small writes: {writers} processes, {pace}, into the sample store ({size / 1e6:.0f} MB), {seconds:.0f} s", [
        ("acknowledged writes a second", f"{number / seconds:,.0f}"), ("written", f"{number:,}"),
        ("in the store", f"{kept:,}"),
        ("slowest acknowledgement, s", f"{max(t for _, t, _ in told):.3f}"),
        ("versions made", store.manifest().version - first),
        ("seen by a reader after, median s", f"{delays.median():.2f}"),
        ("99 of 100 within, s", f"{delays.quantile(0.99):.2f}"), ("slowest, s", f"{delays.max():.2f}"),
        ("never seen", len(waited) - len(delays))])


def promise(path: str, name: str, folds: bool, told: Any) -> None:
    """Append until killed, and say after each acknowledgement which it was."""
    if not folds:
        store_folder.Folding.wake = lambda self: None  # type: ignore[method-assign]
    store = Store(Path(path))
    for number in range(1_000_000):
        store.append("requests", {"request_id": f"{name}-{number}", "requested_at": work.AT, "status": "new",
                                  "area_code": "200101"})
        told.send_bytes(b"%d" % number)


def journal_kills(folder: Path, number: int) -> None:
    """Kill writers between an acknowledgement and its folding, every other one while a thread folds."""
    store, context = work.make(folder / "journal"), work.context()
    dice = random.Random(3)
    lost = promised_all = 0
    slowest = 0.0
    for kill in range(number):
        heard, told = context.Pipe(duplex=False)
        child = context.Process(target=promise, args=(str(store.folder), f"j{kill}", kill % 2 == 0, told))
        child.start()
        told.close()
        last = int(heard.recv_bytes())
        time.sleep(dice.uniform(0, 1))
        child.kill()
        with contextlib.suppress(EOFError, OSError):
            while True:
                last = int(heard.recv_bytes())
        child.join()
        heard.close()
        start = time.perf_counter()
        with store.transaction():  # the next writer
            pass
        with store.snapshot() as s:
            found = s.sql("SELECT request_id FROM requests WHERE starts_with(request_id, $j)", j=f"j{kill}-")
        kept = set(found["request_id"])
        slowest = max(slowest, time.perf_counter() - start)
        lost += sum(f"j{kill}-{n}" not in kept for n in range(last + 1))
        promised_all += last + 1
    with store.snapshot() as s:
        ids = s.frame("requests")["request_id"]
    table("Writers killed between acknowledgement and folding", [
        ("kills", number), ("writes acknowledged", f"{promised_all:,}"), ("lost", lost),
        ("doubled", len(ids) - ids.nunique()),
        ("slowest recovery and read, s", f"{slowest:.2f}")])


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--rows", type=int, default=40_000)
    options.add_argument("--seed", type=int, default=7, help="of the moments of the kills")
    options.add_argument("--at-most", type=float, default=1e9, help="seconds for the kills of importers")
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--journal-kills", type=int, default=50)
    options.add_argument("--only", choices=["kills", "crowd", "small", "paced", "journal"])
    chosen = options.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {multiprocessing.get_start_method()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = {"kills": lambda: kills(folder / "a", chosen.kills, chosen.rows, chosen.seed, chosen.at_most),
                 "crowd": lambda: crowded(folder / "b", chosen.seconds),
                 "small": lambda: small_writes(folder / "c", min(chosen.seconds, 30)),
                 "paced": lambda: small_writes(folder / "c2", min(chosen.seconds, 30), rate=250),
                 "journal": lambda: journal_kills(folder / "d", chosen.journal_kills)}
        for part in ("a", "b", "c", "c2", "d"):
            (folder / part).mkdir()
        for part_name, part in parts.items():
            if chosen.only in (None, part_name):
                part()


if __name__ == "__main__":
    main()
