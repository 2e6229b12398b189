"""The versions of a store: what there is, back to an old one, away with what nobody needs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jitasa_analytics.errors import InputError, StoreError
from jitasa_analytics.store import locks, sweep
from jitasa_analytics.store import manifest as files
from jitasa_analytics.store.manifest import Manifest
from jitasa_analytics.store.store import Store

LOG = "history.log"


@dataclass(frozen=True)
class Known:
    """A version as a list shows it.

    Attributes
    ----------
    version : int
        Its number.
    created_at : str
        UTC.
    note : str
        What it was made for; empty where its manifest is damaged.
    rows : int
        Rows of all datasets.
    bytes : int
        Size of its files, of which other versions may share some.
    current : bool
        Whether CURRENT names it.
    read : bool
        Whether a reader on this machine holds it.
    whole : bool
        Whether it can be opened: manifest and files are there.
    """

    version: int
    created_at: str
    note: str
    rows: int
    bytes: int
    current: bool
    read: bool
    whole: bool


def versions(store: Store) -> list[Known]:
    """All versions of a store, newest first; also where CURRENT is missing.

    Raises
    ------
    StoreError
        If there is no store.
    """
    if not store.exists:
        store.manifest()
    found = []
    for number in reversed(files.numbers(store.folder)):
        path = files.path_of(store.folder, number)
        try:
            manifest = files.read(path)
        except StoreError:
            found.append(Known(number, "", "", 0, 0, False, False, whole=False))
            continue
        sizes = [_size(store.folder / files.FILES / n) for n in manifest.files.values()]
        with locks.unread(store.folder, number) as free:
            found.append(Known(
                number, manifest.created_at, manifest.note, sum(h.rows for h in manifest.datasets.values()),
                sum(s or 0 for s in sizes), files.points_at(store.folder, number), not free, None not in sizes))
    return found


def restore(store: Store, version: int) -> Manifest:
    """Publish the state of an older version as a new one; nothing is copied and nothing lost.

    Works also where CURRENT is missing or damaged: it is what brings such a store back.

    Raises
    ------
    StoreError
        If there is no such version, or it is damaged.
    """
    if not store.exists:
        store.manifest()
    with store.writing(repair=True) as base:
        path = files.path_of(store.folder, version)
        if not path.is_file():
            raise StoreError(f"the store has no version {version}; the newest is {base.version}",
                             key="error.no_version", version=version, newest=base.version)
        old = files.load(path)
        made = replace(base, version=store.next_number(base), created_at=_now(), files=old.files,
                       datasets=old.datasets, sample=base.sample or old.sample, note=f"restore {version}")
        files.publish(store.folder, made, base, repair=True)
        log(store, "restore", version=made.version, of=version)
    return made


@dataclass(frozen=True)
class Pruned:
    """What a pruning did: versions removed, versions kept because they are read, bytes freed."""

    removed: tuple[int, ...]
    read: tuple[int, ...]
    freed: int


def prune(store: Store, keep: int) -> Pruned:
    """Remove all but the newest versions.

    A version that somebody on this machine reads is kept until the next time. A reader on another
    machine can't be told on every file system; such a reader keeps what it has open, and gets a clean
    error when it opens the version anew.

    Parameters
    ----------
    store : Store
        Where.
    keep : int
        How many of the newest versions stay, at least 1: the current one always does.

    Raises
    ------
    InputError
        If ``keep`` is less than 1.
    """
    if keep < 1:
        raise InputError(f"{keep} versions can't be kept; keep at least 1", key="store.error.prune_keep", keep=keep)
    with store.writing() as base:
        before = disk_used(store)
        going = [n for n in files.numbers(store.folder) if n != base.version]
        going = going[:max(0, len(going) - (keep - 1))]
        gone, read = sweep.versions(store.folder, base, going)
        sweep.unnamed(store.folder, base)  # also what a pruning left that was cut off
        freed = max(0, before - disk_used(store))
        if gone:
            log(store, "prune", version=base.version, removed=len(gone))
    return Pruned(tuple(gone), tuple(read), freed)


def disk_used(store: Store) -> int:
    """Bytes of all group files of a store."""
    return sum(_size(p) or 0 for p in (store.folder / files.FILES).iterdir())


def log(store: Store, action: str, **facts: int | str | Mapping[str, int]) -> None:
    """Add a durable line to the store's own history: what was done and when, never about whom."""
    line: dict[str, Any] = {"at": _now(), "action": action, **facts}
    with (store.folder / LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _now() -> str:
    return datetime.now(UTC).replace(microsecond=0).isoformat()
