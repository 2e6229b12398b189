"""What child processes of these tests do; they are forked from a server that has loaded the package already."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from jitasa_analytics.ingest import import_files
from jitasa_analytics.ingest.bulk import opened
from jitasa_analytics.store import Store, backup, folder, history, manifest, open_store
from jitasa_analytics.store.erasure import erase
from tests.faults.power import Power

PERSON = "p_0123456789abcdef0123456789abcdef"
AT = datetime(2021, 7, 1, tzinfo=UTC)


def context() -> Any:
    """Processes that start at once: pandas, DuckDB and compiled code are loaded where they are forked from."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(["tests.faults.work", "tests.faults.warm"])
    return made


def requests(*ids: str, **more: Any) -> pd.DataFrame:
    return pd.DataFrame({"request_id": list(ids), "requested_at": pd.Timestamp("2020-03-24"), "status": "new",
                         "people": 1, "area_code": "200101", **more})


def facilities(*ids: str) -> pd.DataFrame:
    return pd.DataFrame({"facility_id": list(ids), "name": "n", "kind": "hospital", "lon": 101.0, "lat": 13.0})


def make(path: Path) -> Store:
    """A store of three versions, with a person and a refused row."""
    store = Store(path)
    with store.transaction(create=True) as tx:
        tx.insert("requests", requests("a"))
        tx.insert("facilities", facilities("f1"))
    with store.transaction() as tx:
        tx.insert("requests", requests("mine", requester=PERSON))
        tx.keep_aside("quarantine", pd.DataFrame({"dataset": ["requests"], "original": ['{"requester": "x"}']}))
    with store.transaction() as tx:
        tx.insert("requests", requests("b"))
    return store


def digests(store: Store, version: int | None = None) -> dict[str, str]:
    """What a version holds, of the datasets that these tests write."""
    with store.snapshot(version=version) as s:
        return {name: s.digest(name) for name in ("requests", "facilities", "doses")}


def fast_folder() -> Path | None:
    """A folder in memory, where flushing costs nothing: what is tested is the order of steps, not the disk."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and os.access(memory, os.W_OK) else None


# -- what may be interrupted --------------------------------------------------------------------


def write(store: Store, promised: Path) -> None:
    with store.transaction(note="write") as tx:
        tx.insert("requests", requests("new1", "new2"))
        tx.insert("facilities", facilities("f2"))


def small(store: Store, promised: Path) -> None:
    for name in ("s1", "s2", "s3"):
        store.append("requests", {"request_id": name, "requested_at": AT, "status": "new", "area_code": "200101"})
        with promised.open("a") as file:
            file.write(f"{name}\n")
        if name != "s1":
            store.settle()


def restore(store: Store, promised: Path) -> None:
    history.restore(store, 1)


def prune(store: Store, promised: Path) -> None:
    history.prune(store, 1)


def forget(store: Store, promised: Path) -> None:
    erase(store, PERSON, mentions=lambda text: text == PERSON, settled_as=lambda dataset, original: "")


def unpack(store: Store, promised: Path) -> None:
    backup.restore(store, promised.with_name("backup.zip"))


WORK: dict[str, Callable[[Store, Path], None]] = {
    f.__name__: f for f in (write, small, restore, prune, forget, unpack)}


def interrupted(path: str, promised: str, name: str, step: int, loses_names: bool, steps: Any = None) -> None:
    """Do a work, and lose the power before one of its steps; says how many there were if it came to its end."""
    folder.Folding.wake = lambda self: None  # type: ignore[method-assign]
    with Power(Path(path), step, loses_names=loses_names) as power:
        WORK[name](Store(Path(path)), Path(promised))
    if steps is not None:
        steps.put(power.steps)
    os._exit(0) if steps is None else None


# -- importers, readers, writers ----------------------------------------------------------------


STAGES = ("starting", "reading", "building", "publishing", "done")


def import_one(path: str, file: str, stage: Any) -> None:
    """Import a file; ``stage`` tells how far it is, as a place in ``STAGES``."""
    def reach(name: str) -> None:
        stage.value = STAGES.index(name)

    publish = manifest.publish

    def publishing(*args: Any, **more: Any) -> None:
        reach("publishing")
        publish(*args, **more)

    manifest.publish = publishing
    opened.LARGE = 1  # read as large files are, without being large
    reach("reading")
    import_files(Store(Path(path)), "requests", [Path(file)],
                 progress=lambda name, at: reach("building") if at == "plan" else None)
    reach("done")


def write_pairs(path: str, name: str, gate: Any, seconds: float) -> None:
    """Write two requests in each version, or two in each small write, for a while from the moment all are there."""
    store = Store(Path(path))
    number = 0
    gate.wait()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pair = (f"{name}{number}-1", f"{name}{number}-2")
        if number % 2:
            with store.transaction() as tx:
                tx.insert("requests", requests(pair[0]))
                tx.insert("requests", requests(pair[1]))
        else:
            store.append_together([("requests", {"request_id": i, "requested_at": AT, "status": "new",
                                                 "area_code": "200101"}) for i in pair])
        number += 1


def read_pairs(path: str, gate: Any, seconds: float, out: Any) -> None:
    """Read for a while: how often, how many torn or older versions, the last version, the slowest read in seconds."""
    reads = torn = seen = 0
    slowest = 0.0
    gate.wait()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        start = time.perf_counter()
        with open_store(path).snapshot() as s:
            halves = s.sql("SELECT count(*) AS n FROM requests WHERE request_id LIKE '%-_' "
                           "GROUP BY left(request_id, length(request_id) - 2) HAVING count(*) <> 2")
            torn += int(len(halves) > 0 or s.version < seen)
            seen = s.version
        slowest = max(slowest, time.perf_counter() - start)
        reads += 1
    out.put((reads, torn, seen, slowest))
