"""The store: open it, look at a version, write the next."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from jitasa_analytics import areas, privacy
from jitasa_analytics.contracts import DATASETS
from jitasa_analytics.errors import JitasaError, StoreError
from jitasa_analytics.store import locks, sweep
from jitasa_analytics.store import manifest as files
from jitasa_analytics.store.fold import fold, now_and_then
from jitasa_analytics.store.folder import folding_of
from jitasa_analytics.store.journal import Receipt, journal_of
from jitasa_analytics.store.manifest import Held, Manifest
from jitasa_analytics.store.rows import Row
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
        with self.writing(wait=wait, create=create, sample=sample) as base:
            tx = Transaction(self.folder, base, self.next_number(base))
            try:
                yield tx
                if tx.changed:
                    tx.ensure_all_groups()
                    made = tx.seal(note=note, sample=base.sample or sample)
                    files.publish(self.folder, made, base)
                    now_and_then(self.folder, made)
                else:
                    tx.close()
            except BaseException:
                # What interrupts between the pointer's move and here comes too late: the version stands.
                if files.points_at(self.folder, tx.version):
                    tx.abandon()
                else:
                    tx.discard()
                raise

    @contextmanager
    def writing(self, *, wait: float = 60.0, create: bool = False, repair: bool = False,
                sample: bool = False) -> Iterator[Manifest]:
        """Hold the writer's lock; gives the version that the next one is built on, leftovers swept up.

        Parameters
        ----------
        wait : float
            Seconds to wait for another writer.
        create : bool
            Make the store where none is; it is removed again if the block raises.
        repair : bool
            Where CURRENT is missing or damaged, build on the newest version that is whole.
        sample : bool
            Whether a store made here is sample data.
        """
        made = self._make_folders() if create and not self.exists else None
        try:
            with locks.writing(self.folder, wait=wait):
                base = Manifest(0, "", sample) if self._is_new() else self._base(repair)
                sweep.strays(self.folder, base)
                if files.points_at(self.folder, base.version):
                    base = fold(self.folder, base, self.next_number(base))
                yield base
        except BaseException as error:
            if made is not None and self._is_new():
                shutil.rmtree(made, ignore_errors=True)
            if isinstance(error, (OSError, duckdb.Error)) and not isinstance(error, JitasaError):
                why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
                raise StoreError(f"the store can't be written: {why}; nothing was changed", key="error.store_write",
                                 why=why) from error
            raise

    def _base(self, repair: bool) -> Manifest:
        try:
            return files.current(self.folder)
        except StoreError:
            if not repair:
                raise
            for number in reversed(files.numbers(self.folder)):
                with contextlib.suppress(StoreError):
                    return files.load(files.path_of(self.folder, number))
            raise

    def next_number(self, base: Manifest) -> int:
        """The number of the next version: one that no manifest ever had."""
        return max([base.version, *files.numbers(self.folder)]) + 1

    # -- small writes ------------------------------------------------------------------------

    def append(self, name: str, row: Row) -> Receipt:
        """Write one request, event, volunteer, observation …; when this returns it is on the disk.

        Every reader sees it within about a second: a thread of this process makes the next version,
        or, if the process is killed first, the next writer does. A row whose key is known takes its place,
        column by column (datasets of events keep the first; what differs is kept aside).

        Parameters
        ----------
        name : str
            A dataset of the group ``live``.
        row : mapping
            Values by column; times with their offset, tokens for persons (`token`).

        Raises
        ------
        InputError
            If the row does not satisfy the contract; it names column, value and rule.
        StoreError
            If it can't be kept; nothing is promised then, and it may be sent again.
        """
        return self.append_together([(name, row)])

    def append_together(self, rows: Sequence[tuple[str, Row]]) -> Receipt:
        """Write rows of one or more datasets that become visible together, such as a request and its items."""
        return self._small(rows, partial=False)

    def amend(self, name: str, row: Row) -> Receipt:
        """Change some columns of a known row: its key and what is new; None clears a column.

        A row whose key turns out to be unknown is kept aside like a refused row of a file.
        """
        return self._small([(name, row)], partial=True)

    def settle(self, *, wait: float = 60.0) -> Manifest:
        """Fold every acknowledged write now; gives the version that holds them all."""
        with self.writing(wait=wait) as base:
            return base

    def token(self, identity: str) -> str:
        """The token that stands for a national id, phone or other identity in this store."""
        return privacy.token(identity, privacy.load_key(self.folder))

    def _small(self, rows: Sequence[tuple[str, Row]], *, partial: bool) -> Receipt:
        receipt = journal_of(self.folder).append(rows, partial=partial)
        folding_of(self.folder, self._fold_if_free).wake()
        return receipt

    def _fold_if_free(self) -> bool:
        """Fold what is pending unless somebody else writes; says whether the lock was free."""
        try:
            self.settle(wait=0.0)
        except StoreError as error:
            if error.key != "error.store_locked":
                raise
            return False
        return True

    # -- looking -----------------------------------------------------------------------------

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
