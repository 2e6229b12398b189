"""The store: open it, look at a version, write the next."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from jitasa_analytics import areas
from jitasa_analytics.contracts import DATASETS
from jitasa_analytics.errors import StoreError
from jitasa_analytics.store import manifest as files
from jitasa_analytics.store.manifest import Held, Manifest
from jitasa_analytics.store.snapshot import Snapshot
from jitasa_analytics.store.transaction import Transaction


class Store:
    """A folder of immutable versions.

    Any number of processes read while one writes; a reader keeps the version it opened.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def exists(self) -> bool:
        """Whether a version was ever published here."""
        return (self.folder / files.POINTER).is_file() or (self.folder / files.VERSIONS).is_dir()

    def manifest(self, version: int | None = None) -> Manifest:
        """The manifest of the current version, or of an older one by number."""
        return files.current(self.folder) if version is None else files.at_version(self.folder, version)

    def snapshot(self, scope: str | int | None = None, version: int | None = None) -> Snapshot:
        """Open a version, limited to a scope.

        Parameters
        ----------
        scope : str, optional
            Code or name of an area; the whole country by default.
        version : int, optional
            An older version; the current one by default.
        """
        code = areas.COUNTRY if scope is None else areas.resolve(scope)
        return Snapshot(self.folder, self.manifest(version), code)

    @contextmanager
    def transaction(self, *, note: str = "", sample: bool = False, create: bool = False,
                    wait: float = 60.0) -> Iterator[Transaction]:
        """Build the next version; it is published when the block ends, and not at all if it raises.

        Parameters
        ----------
        note : str
            What the version is for.
        sample : bool
            Whether the rows are sample data. A store that ever held sample rows stays labelled so.
        create : bool
            Make the store where none is.
        wait : float
            Seconds to wait for another writer.
        """
        made = self._make_folders() if create and not self.exists else None
        try:
            with files.lock(self.folder, wait=wait):
                base = Manifest(0, "", sample) if self._is_new() else files.current(self.folder)
                files.remove_strays(self.folder, set(base.files.values()))
                tx = Transaction(self.folder, base)
                try:
                    yield tx
                    if tx.changed:
                        tx.ensure_all_groups()
                        files.publish(self.folder, tx.seal(note=note, sample=base.sample or sample))
                    else:
                        tx.close()
                except BaseException as error:
                    tx.discard()
                    if isinstance(error, (OSError, duckdb.Error)) and not isinstance(error, StoreError):
                        raise StoreError(f"the store can't be written: {error}; nothing was changed",
                                         key="error.store_write", why=str(error)) from error
                    raise
        except BaseException:
            if made is not None and self._is_new():
                shutil.rmtree(made, ignore_errors=True)
            raise

    def info(self) -> dict[str, Any]:
        """Version, rows and data age by dataset, sample or real."""
        manifest = self.manifest()
        held = {name: manifest.datasets.get(name, Held()) for name in DATASETS}
        return {
            "store": str(self.folder), "version": manifest.version, "created_at": manifest.created_at,
            "sample": manifest.sample, "note": manifest.note,
            "rows": {name: h.rows for name, h in held.items()},
            "as_of": {name: h.as_of for name, h in held.items()},
            "imported_at": {name: h.imported_at for name, h in held.items()},
        }

    def _is_new(self) -> bool:
        versions = self.folder / files.VERSIONS
        return not (self.folder / files.POINTER).exists() and not any(versions.glob("v*.json"))

    def _make_folders(self) -> Path:
        """Make an empty store; returns the topmost folder that was made."""
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise StoreError(f"{self.folder} is neither a store nor an empty folder; name another with --store",
                             key="error.not_a_store", path=str(self.folder))
        top = self.folder
        while not top.parent.exists():
            top = top.parent
        existed = top.exists()
        try:
            for name in (files.VERSIONS, files.FILES):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"no store can be made at {self.folder} ({error.strerror}); check the folder's "
                             "permissions", key="error.store_read_only", path=str(self.folder)) from error
        return top if not existed else self.folder / files.VERSIONS


def open_store(path: str | os.PathLike[str]) -> Store:
    """Open the store in a folder.

    Raises
    ------
    StoreError
        If there is none, or it is half-written; the message says what to do.
    """
    store = Store(Path(path))
    store.manifest()
    return store
