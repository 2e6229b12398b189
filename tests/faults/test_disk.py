"""A disk that is full, a folder that can't be written: a sentence, nothing changed, and it works afterwards."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jitasa_analytics.errors import JitasaError, StoreError
from jitasa_analytics.store import Store, backup, history, open_store
from tests.faults import work

NOBODY = 65534


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 12 MB in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)],
                             capture_output=True, check=False) if os.geteuid() == 0 else None
    if mounted is None or mounted.returncode:
        pytest.skip("no disk can be mounted here; the limit on a file's size is tested all the same")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_said_and_the_store_works_on(small_disk: Path) -> None:
    store = work.make(small_disk / "store")
    before, names = work.digests(store), sorted(p.name for p in store.folder.rglob("*"))
    ballast = small_disk / "ballast"
    with ballast.open("wb") as file, pytest.raises(OSError):
        while True:
            file.write(bytes(1 << 16))
            file.flush()
    with pytest.raises(StoreError), store.transaction() as tx:
        tx.insert("requests", work.requests(*(f"r{i}" for i in range(20_000))))
    with pytest.raises(StoreError):
        backup.backup(store, small_disk / "backup.zip")
    with pytest.raises(StoreError):
        for _ in range(1000):
            store.append("requests", {"request_id": "x", "requested_at": work.AT, "status": "new",
                                      "area_code": "200101", "source": "y" * 15_000})
    assert work.digests(open_store(store.folder)) == before
    assert [n for n in sorted(p.name for p in store.folder.rglob("*"))
            if n not in names and not n.startswith("j0") and n not in ("journal", "LOCK")] == []
    ballast.unlink()
    with store.transaction() as tx:
        tx.insert("requests", work.requests("after"))
    with store.snapshot() as s:
        assert "after" in set(s.frame("requests")["request_id"])


def limited(path: str, promised: str, name: str, limit: int, out: Any) -> None:
    """Do a work while no file may grow over a size."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        work.WORK[name](Store(Path(path)), Path(promised))
        out.put("done")
    except JitasaError as error:
        out.put(type(error).__name__)
    except BaseException as error:
        out.put(repr(error))


@pytest.mark.parametrize("name", ["write", "small", "restore", "forget", "unpack"])
@pytest.mark.parametrize("limit", [0, 100, 3_000, 200_000])
def test_a_file_that_can_not_grow_leaves_the_store_as_it_was(tmp_path: Path, name: str, limit: int) -> None:
    store = work.make(tmp_path / "store")
    backup.backup(store, tmp_path / "backup.zip")
    before = work.digests(store)
    queue = work.context().Queue()
    child = work.context().Process(target=limited, args=(str(store.folder), str(tmp_path / "promised"), name, limit,
                                                          queue))
    child.start()
    said = queue.get(timeout=60)
    child.join(60)
    assert said in ("done", "StoreError"), said
    if said != "done":
        assert not list(store.folder.rglob("*.tmp"))
        if name != "small":
            assert work.digests(store) == before
            assert [k.version for k in history.versions(store)] == [3, 2, 1]
    with store.transaction() as tx:
        tx.insert("requests", work.requests("after"))
    with store.snapshot() as s:
        assert "after" in set(s.frame("requests")["request_id"])


def as_nobody(path: str, out: Any) -> None:
    """Read and try to write as a user who may only read."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    store = open_store(path)
    with store.snapshot() as s:
        out.put(s.count("requests"))
    row = {"request_id": "x", "requested_at": work.AT, "status": "new", "area_code": "200101"}
    attempts: dict[str, Callable[[], object]] = {
        "transaction": lambda: store.transaction().__enter__(), "restore": lambda: history.restore(store, 1),
        "prune": lambda: history.prune(store, 1), "append": lambda: store.append("requests", row)}
    for name, attempt in attempts.items():
        try:
            attempt()
            out.put(f"{name} went through")
        except StoreError as error:
            out.put(str(error))
        except BaseException as error:
            out.put(f"{name}: {error!r}")


def test_a_folder_that_may_only_be_read_is_read_and_a_writer_is_told(tmp_path: Path) -> None:
    store = work.make(tmp_path / "store")
    before = work.digests(store)
    folders = [store.folder, *(p for p in store.folder.rglob("*") if p.is_dir())]
    above = [p for p in (tmp_path, *tmp_path.parents) if p.owner() and p.stat().st_uid == os.geteuid()
             and not p.stat().st_mode & 0o001]
    modes = {p: p.stat().st_mode for p in (*folders, *above)}
    for path in store.folder.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
    for path in folders:
        path.chmod(0o555)
    for path in above:
        path.chmod(path.stat().st_mode | 0o011)
    queue = work.context().Queue()
    child = work.context().Process(target=as_nobody, args=(str(store.folder), queue))
    try:
        child.start()
        assert queue.get(timeout=60) == 3
        for _ in range(4):
            assert "permissions" in queue.get(timeout=60)
    finally:
        child.join(60)
        for path, mode in modes.items():
            path.chmod(mode)
    assert work.digests(store) == before
