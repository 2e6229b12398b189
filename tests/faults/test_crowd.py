"""Several readers and writers at once: no reader sees half of what belongs together, or a version again."""

from __future__ import annotations

import time
from pathlib import Path

from jitasa_analytics.store import history, open_store
from tests.faults import work


def crowd(folder: Path, *, readers: int, writers: int, seconds: float) -> dict[str, float]:
    """Let processes read and write for a while; gives reads, torn reads, versions and the slowest read."""
    context = work.context()
    store = work.make(folder / "store")
    out = context.Queue()
    gate = context.Barrier(readers + writers + 1)
    writing = [context.Process(target=work.write_pairs, args=(str(store.folder), n, gate, seconds))
               for n in "uvwxyz"[:writers]]
    reading = [context.Process(target=work.read_pairs, args=(str(store.folder), gate, seconds, out))
               for _ in range(readers)]
    for process in (*writing, *reading):
        process.start()
    gate.wait(timeout=120)
    until = time.monotonic() + seconds
    pruned = 0
    while time.monotonic() < until:
        pruned += len(history.prune(store, 5).removed)
        time.sleep(0.2)
    told = [out.get(timeout=120) for _ in reading]
    for process in (*writing, *reading):
        process.join(120)
    store.settle()
    return {"reads": sum(t[0] for t in told), "torn": sum(t[1] for t in told), "versions": store.manifest().version,
            "slowest": max(t[3] for t in told), "pruned": pruned,
            "errors": sum(p.exitcode != 0 for p in (*writing, *reading))}


def test_readers_see_whole_versions_while_others_write_and_prune(quick_path: Path) -> None:
    found = crowd(quick_path, readers=3, writers=2, seconds=5)
    assert found["torn"] == 0 and found["errors"] == 0
    assert found["reads"] > 0 and found["versions"] > 4
    with open_store(quick_path / "store").snapshot() as s:
        ids = s.frame("requests")["request_id"]
    assert ids.is_unique and ids.str.contains("-").sum() % 2 == 0
