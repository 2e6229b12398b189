"""The power fails between any two steps on the disk: what was there is there, what is new is whole or absent."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from jitasa_analytics.errors import StoreError
from jitasa_analytics.store import Store, backup, history, journal
from tests.faults import work
from tests.faults.power import OUT_OF_POWER


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("power")
    backup.backup(work.make(folder / "store"), folder / "backup.zip")
    return folder


def run(name: str, folder: Path, step: int, loses_names: bool, steps: Any = None) -> int | None:
    child = work.context().Process(target=work.interrupted, args=(
        str(folder / "store"), str(folder / "promised"), name, step, loses_names, steps))
    child.start()
    child.join(120)
    return child.exitcode


def fresh(base: Path, folder: Path, name: str) -> Store:
    shutil.copytree(base, folder)
    if name == "unpack":
        shutil.rmtree(folder / "store")
    return Store(folder / "store")


@pytest.mark.parametrize("loses_names", [False, True], ids=["names kept", "names lost"])
@pytest.mark.parametrize("name", work.WORK)
def test_no_step_is_one_too_many(base: Path, quick_path: Path, name: str, loses_names: bool) -> None:
    before = work.digests(Store(base / "store"))
    queue = work.context().Queue()
    done = fresh(base, quick_path / "done", name)
    assert run(name, quick_path / "done", 0, loses_names, queue) == 0
    steps = queue.get(timeout=60)
    after = work.digests(done)
    assert steps >= 5
    # Each loss meets each step of the commonest work; of the others a dozen, and the two losses take turns.
    stride = 1 if name == "write" else max(2, steps // 12)
    for step in range(1 if stride == 1 else 1 + loses_names, steps + 1, stride):
        folder = quick_path / str(step)
        store = fresh(base, folder, name)
        assert run(name, folder, step, loses_names) == OUT_OF_POWER, step
        try:
            now = work.digests(store)
        except StoreError:
            # Only a store that was never whole may be unreadable, and making it again works.
            assert name == "unpack", step
            now = {}
        if name != "small":  # small writes pass through states in between
            assert now in (before, after, {}), (step, [n for n in now if now[n] != before[n]])
        again(name, store, folder, now == after)
        assert work.digests(store) == after, step
        assert not list(store.folder.rglob("*.tmp")) and len(list((store.folder / "files").glob("*.wal"))) == 0
        shutil.rmtree(folder)


def again(name: str, store: Store, folder: Path, is_done: bool) -> None:
    """Do what is left of the work; what was promised, or done, must be there."""
    if name == "write" and not is_done:
        work.write(store, folder / "promised")
    elif name == "small":
        promised = (folder / "promised").read_text().split() if (folder / "promised").exists() else []
        store.settle()
        with store.snapshot() as s:
            kept = s.frame("requests")["request_id"].tolist()
        assert set(promised) <= set(kept) and len(kept) == len(set(kept))
        work.small(store, folder / "promised")
    elif name in ("restore", "unpack"):
        work.WORK[name](store, folder / "promised")
    elif name == "prune":
        history.prune(store, 1)
        assert [k.version for k in history.versions(store)] == [3]
        assert {p.name for p in (store.folder / "files").iterdir()} == set(store.manifest().files.values())
    elif name == "forget":
        work.forget(store, folder / "promised")
        with store.transaction():
            pass
        assert [k.version for k in history.versions(store)] == [store.manifest().version]
        assert not [p for p in store.folder.rglob("*") if p.is_file() and work.PERSON.encode() in p.read_bytes()]
    assert not journal.pending(store.folder, store.manifest().journal)
