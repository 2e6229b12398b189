"""Who may write, and who is reading which version.

Both are locks of the operating system (``flock``): they end with the process that holds them,
however it ends, so that none is ever stale.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jitasa_analytics.errors import StoreError
from jitasa_analytics.store.manifest import Manifest, path_of

LOCK = "LOCK"


@contextmanager
def writing(folder: Path, *, wait: float = 60.0) -> Iterator[None]:
    """Hold the writer's lock of a store.

    Raises
    ------
    StoreError
        If another writer holds it for longer than ``wait`` seconds, or the folder is read-only.
    """
    handle = acquire(folder / LOCK, wait=wait)
    if handle is None:
        raise StoreError(f"another import is writing to {folder}; try again when it has finished",
                         key="error.store_locked", path=str(folder))
    try:
        yield
    finally:
        release(handle)


def acquire(path: Path, *, wait: float) -> int | None:
    """Lock a file for this process alone; None where another holds it for longer than ``wait`` seconds.

    A lock whose file was removed meanwhile is no lock: whoever comes next would make a new one.

    Raises
    ------
    StoreError
        If the file can't be opened for writing.
    """
    end = time.monotonic() + wait
    pause = 0.001
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StoreError(f"the store at {path.parent} can't be written ({error.strerror}); check the folder's "
                             "permissions", key="error.store_read_only", path=str(path.parent)) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _same(handle, path):
                return handle
            os.close(handle)
        except BlockingIOError:
            os.close(handle)
            if time.monotonic() > end:
                return None
            time.sleep(pause)
            pause = min(2 * pause, 0.05)
        except BaseException:
            os.close(handle)
            raise


def release(handle: int) -> None:
    """Let go of a lock, also where a child process inherited it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_UN)
    finally:
        os.close(handle)


def hold(folder: Path, manifest: Manifest) -> int | None:
    """Keep a version from being pruned while it is read; gives the handle to close in the end.

    None where the file system knows no locks: then nobody can tell that the version is read.

    Raises
    ------
    StoreError
        If the version was removed since its manifest was read.
    """
    path = path_of(folder, manifest.version)
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise _gone(manifest) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if not _same(handle, path):
            raise _gone(manifest)
    except BlockingIOError as error:  # it is being removed right now
        os.close(handle)
        raise _gone(manifest) from error
    except StoreError:
        os.close(handle)
        raise
    except OSError:
        os.close(handle)
        return None
    return handle


@contextmanager
def unread(folder: Path, version: int) -> Iterator[bool]:
    """Whether nobody reads a version, and nobody begins to while the block runs."""
    try:
        handle = os.open(path_of(folder, version), os.O_RDONLY)
    except FileNotFoundError:
        yield True
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = True
        except BlockingIOError:
            free = False
        except OSError:  # no locks here: readers keep what they have open
            free = True
        yield free
    finally:
        os.close(handle)


def _same(handle: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    mine = os.fstat(handle)
    return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)


def _gone(manifest: Manifest) -> StoreError:
    return StoreError(f"version {manifest.version} of the store was removed; open the newest one",
                      key="store.error.version_gone", version=manifest.version)
