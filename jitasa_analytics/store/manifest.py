"""Versions on disk: the manifest, the CURRENT pointer, the lock, and what makes them durable.

A version is a manifest ``versions/v00000042.json`` that names one immutable DuckDB file per
group. ``CURRENT`` names the manifest and is moved atomically, so a reader sees a whole version
or the one before. Nothing is ever renamed over a file that a reader may hold open: files of
groups get names that are never used again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jitasa_analytics.errors import StoreError

FORMAT = 1
POINTER = "CURRENT"
VERSIONS = "versions"
FILES = "files"
LOCK = "LOCK"


@dataclass(frozen=True)
class Held:
    """What a version holds of one dataset."""

    rows: int = 0
    as_of: str | None = None
    imported_at: str | None = None


@dataclass(frozen=True)
class Manifest:
    """One version of the store."""

    version: int
    created_at: str
    sample: bool
    files: dict[str, str] = field(default_factory=dict)
    datasets: dict[str, Held] = field(default_factory=dict)
    note: str = ""
    format: int = FORMAT

    @property
    def name(self) -> str:
        """The manifest's file name."""
        return f"v{self.version:08d}.json"


def dump(manifest: Manifest) -> bytes:
    """The manifest as JSON with a checksum over its body, so that half a file is never believed."""
    body = asdict(manifest)
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, indent=1)
    return json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest(), "manifest": body},
                      ensure_ascii=False, sort_keys=True, indent=1).encode()


def load(path: Path) -> Manifest:
    """Read a manifest and check it.

    Raises
    ------
    StoreError
        If it is missing, damaged, of a newer format, or names a file that is gone.
    """
    try:
        outer = json.loads(path.read_text("utf-8"))
        body: dict[str, Any] = outer["manifest"]
        text = json.dumps(body, ensure_ascii=False, sort_keys=True, indent=1)
        whole = hashlib.sha256(text.encode()).hexdigest() == outer["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"the store's version file {path.name} is missing or damaged ({error}); "
                         "restore the folder from a copy, or import again into a new store",
                         key="error.store_damaged", what=path.name) from error
    if not whole:
        raise StoreError(f"the store's version file {path.name} is damaged: its checksum does not fit; "
                         "restore the folder from a copy, or import again into a new store",
                         key="error.store_damaged", what=path.name)
    if body["format"] > FORMAT:
        raise StoreError(f"the store is of format {body['format']}, this program reads up to {FORMAT}; "
                         "update jitasa-analytics", key="error.store_newer")
    body["datasets"] = {k: Held(**v) for k, v in body["datasets"].items()}
    manifest = Manifest(**body)
    for name in manifest.files.values():
        if not (path.parent.parent / FILES / name).is_file():
            raise StoreError(f"the store is incomplete: {path.name} names {FILES}/{name}, which is gone; "
                             "restore the folder from a copy, or import again into a new store",
                             key="error.store_damaged", what=name)
    return manifest


def current(folder: Path) -> Manifest:
    """The manifest that CURRENT names.

    Raises
    ------
    StoreError
        If there is no store at ``folder``, or a half-written one.
    """
    pointer = folder / POINTER
    if not folder.is_dir() or not (pointer.is_file() or (folder / VERSIONS).is_dir()):
        raise StoreError(f"there is no store at {folder}; make one with 'jitasa import' or 'jitasa demo', "
                         "or name another folder with --store",
                         key="error.no_store", path=str(folder))
    try:
        name = pointer.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        name = ""
    if not (name.startswith("v") and name.endswith(".json") and "/" not in name):
        raise StoreError(f"the store at {folder} is half-written: its file {POINTER} is missing or damaged; "
                         "restore the folder from a copy, or import again into a new store",
                         key="error.store_damaged", what=POINTER)
    return load(folder / VERSIONS / name)


def at_version(folder: Path, version: int) -> Manifest:
    """The manifest of an older version by number."""
    newest = current(folder)
    path = folder / VERSIONS / f"v{version:08d}.json"
    if not path.is_file():
        raise StoreError(f"the store has no version {version}; the newest is {newest.version}",
                         key="error.no_version", version=version, newest=newest.version)
    return load(path)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make a file's bytes durable."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def write_new(path: Path, content: bytes) -> None:
    """Write a file whole: beside its place, flushed, then moved there."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def publish(folder: Path, manifest: Manifest) -> None:
    """Make a version the current one; its group files must be complete and closed."""
    for name in manifest.files.values():
        sync_file(folder / FILES / name)
    sync_folder(folder / FILES)
    write_new(folder / VERSIONS / manifest.name, dump(manifest))
    write_new(folder / POINTER, f"{manifest.name}\n".encode())


def remove_strays(folder: Path, keep: set[str]) -> None:
    """Remove group files and temporary files that a crashed writer left; call under the lock.

    Only files newer than every published version are touched, so that readers of old versions
    keep theirs.
    """
    known = set(keep)
    for path in (folder / VERSIONS).glob("v*.json"):
        try:
            known.update(load(path).files.values())
        except StoreError:
            continue
    for path in (folder / FILES).iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name.removesuffix(".wal") not in known:
            path.unlink(missing_ok=True)
    for parent in (folder, folder / VERSIONS):
        for path in parent.glob(".*.tmp"):
            path.unlink(missing_ok=True)


@contextmanager
def lock(folder: Path, *, wait: float = 60.0) -> Iterator[None]:
    """Hold the writer's lock of a store.

    Raises
    ------
    StoreError
        If another writer holds it for longer than ``wait`` seconds, or the folder is read-only.
    """
    try:
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StoreError(f"the store at {folder} can't be written ({error.strerror}); "
                         "check the folder's permissions", key="error.store_read_only", path=str(folder)) from error
    try:
        end = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise StoreError(f"another import is writing to {folder}; try again when it has finished",
                                     key="error.store_locked", path=str(folder)) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(handle)
