"""A person leaves the store: a compacted version without them, and no older one.

A row that is about the person goes: their doses, their offer of help, their requests with items and
events. Where they are only mentioned (who observed something, who brought something, a note that
holds their number) the mention goes and the row stays. Every group file that held a trace is written
anew, because DuckDB keeps deleted rows in the blocks of a file until they are needed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from jitasa_analytics.contracts import Dataset, datasets_of
from jitasa_analytics.errors import StoreError
from jitasa_analytics.store import cubes, history, implied, journal, sweep
from jitasa_analytics.store import manifest as files
from jitasa_analytics.store.manifest import Held, Manifest, Position
from jitasa_analytics.store.store import Store
from jitasa_analytics.store.tables import RESTRICTED, quoted
from jitasa_analytics.store.transaction import described

Mentions = Callable[[str], bool]


@dataclass(frozen=True)
class Erased:
    """What an erasure did.

    Attributes
    ----------
    version : int
        The version without the person; the same as before where the store held no trace.
    removed : dict
        Rows removed, by table.
    cleared : dict
        Rows that stay without the mention of the person, by table.
    versions : int
        Older versions that were purged.
    """

    version: int
    removed: dict[str, int]
    cleared: dict[str, int]
    versions: int


def erase(store: Store, token: str, *, mentions: Mentions, settled_as: Callable[[str, str], str]) -> Erased:
    """Make a version without a person and purge all older ones.

    Parameters
    ----------
    store : Store
        Where. Copies elsewhere (backups, exports) are out of reach.
    token : str
        The person's token, as it stands in the datasets.
    mentions : callable
        Whether a text as somebody wrote it (a cell of a refused row, a note) names the person.
    settled_as : callable
        The mark under which a refused row (dataset, original) is remembered once it is settled.
    """
    # What is written from now on goes into a new segment; those before are folded, and go.
    fresh = journal.journal_of(store.folder).rotate() if journal.segments(store.folder) else Position()
    with store.writing() as base:
        base = replace(base, journal=max(base.journal, fresh))
        number = store.next_number(base)
        work = _Work(store.folder, base, number, token, mentions, settled_as)
        try:
            manifest = work.build()
            old = [n for n in files.numbers(store.folder) if n < number]
            if not work.found and not _in_older(store.folder, base, old, work):
                work.discard()
                return Erased(base.version, {}, {}, 0)
            files.publish(store.folder, manifest, base)
        except BaseException:
            if not files.points_at(store.folder, number):
                work.discard()
            raise
        sweep.versions(store.folder, manifest, old, even_read=True)
        journal.remove_folded(store.folder, manifest.journal)
        history.log(store, "erase", version=number, removed=work.removed, cleared=work.cleared, versions=len(old))
    return Erased(number, work.removed, work.cleared, len(old))


def _in_older(folder: Path, base: Manifest, old: list[int], like: _Work) -> bool:
    """Whether a version that is no longer current holds a trace of the person."""
    seen = set(base.files.values())
    for number in reversed(old):
        try:
            manifest = files.load(files.path_of(folder, number))
        except StoreError:
            return True  # what can't be read may hold anything
        if set(manifest.files.values()) <= seen:
            continue
        seen.update(manifest.files.values())
        work = _Work(folder, manifest, like.number + 1, like.token, like.mentions, like.settled_as)
        try:
            work.build()
        finally:
            work.discard()
        if work.found:
            return True
    return False


class _Work:
    """Copies of all groups without one person."""

    def __init__(self, folder: Path, base: Manifest, number: int, token: str, mentions: Mentions,
                 settled_as: Callable[[str, str], str]) -> None:
        self.folder, self.base, self.number, self.token = folder, base, number, token
        self.mentions, self.settled_as = mentions, settled_as
        self.removed: dict[str, int] = {}
        self.cleared: dict[str, int] = {}
        self._made: dict[str, str] = {}
        self._requests: list[str] = []

    @property
    def found(self) -> bool:
        """Whether there was a trace of the person."""
        return bool(self.removed or self.cleared)

    def build(self) -> Manifest:
        """Write each group anew and describe the version."""
        now = datetime.now(UTC).replace(microsecond=0).isoformat()
        held = dict(self.base.datasets)
        # The restricted file is last: it is searched for the requests that went.
        for group in sorted(self.base.files, key=lambda g: g == RESTRICTED):
            with duckdb.connect(":memory:") as connection:
                name = f"{group}-{self.number:08d}.duckdb"
                self._made[group] = name
                _copy_all(connection, self.folder / files.FILES, self.base.files[group], name)
                if group == RESTRICTED:
                    self._restricted(connection)
                else:
                    for contract in datasets_of([group]):
                        self._dataset(connection, contract)
                        old = held.get(contract.name, Held())
                        held[contract.name] = replace(described(connection, contract, "new"),
                                                      imported_at=old.imported_at)
                for cube in (c for c, g in cubes.GROUP_OF.items() if g == group):
                    cubes.build(connection, cube, "new")
                _settle(connection, self.folder / files.FILES / name)
        return replace(self.base, version=self.number, created_at=now, files=dict(self._made), datasets=held,
                       note=sweep.ERASE, oldest=self.number)

    def discard(self) -> None:
        """Remove what was built."""
        for name in self._made.values():
            for path in (self.folder / files.FILES).glob(f"{name}*"):
                path.unlink(missing_ok=True)

    def _dataset(self, connection: duckdb.DuckDBPyConnection, contract: Dataset) -> None:
        table = f"new.{quoted(contract.name)}"
        # A column that no row holds names nobody, and can't be written.
        unsaid = implied.implied(connection, contract, "new")
        held = [c for c in contract.columns if c not in unsaid]
        for column in held:
            if column.kind != "token":
                continue
            if contract.name == "requests":
                self._requests = [str(r[0]) for r in connection.execute(
                    f"SELECT request_id FROM {table} WHERE {quoted(column.name)} = $t", {"t": self.token}).fetchall()]
            if column.required or contract.name == "requests":
                self._delete(connection, contract.name, table, f"{quoted(column.name)} = $t", {"t": self.token})
            else:
                self._clear(connection, contract.name, table, column.name, [self.token])
        if contract.scoped_by == "request_id" and self._requests:
            self._delete(connection, contract.name, table, "list_contains($ids, request_id)", {"ids": self._requests})
        for column in held:
            # What people wrote themselves, and codes that may name a volunteer.
            if column.kind in ("text", "code") and column.name not in contract.key and not column.required:
                found = [v for v in _distinct(connection, table, column.name) if v == self.token or self.mentions(v)]
                self._clear(connection, contract.name, table, column.name, found)

    def _delete(self, connection: duckdb.DuckDBPyConnection, name: str, table: str, where: str,
                values: dict[str, Any]) -> None:
        count = int(connection.execute(f"DELETE FROM {table} WHERE {where}", values).fetchall()[0][0])
        if count:
            self.removed[name] = self.removed.get(name, 0) + count

    def _clear(self, connection: duckdb.DuckDBPyConnection, name: str, table: str, column: str,
               found: list[str]) -> None:
        if not found:
            return
        count = int(connection.execute(
            f"UPDATE {table} SET {quoted(column)} = NULL WHERE list_contains($found, {quoted(column)})",
            {"found": found}).fetchall()[0][0])
        if count:
            self.cleared[name] = self.cleared.get(name, 0) + count

    def _restricted(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Refused rows that name the person, and the marks of rows that went."""
        tables = [str(r[0]) for r in connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'new'").fetchall()]
        marks: set[str] = set()
        for name in tables:
            kinds = connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE new.{quoted(name)})").fetchall()
            texts = [str(c) for c, kind in kinds if str(kind).startswith(("VARCHAR", "JSON"))]
            if not texts or name == "fingerprints":
                continue
            going, select = [], ", ".join(quoted(c) for c in texts)
            for rowid, *cells in connection.execute(f"SELECT rowid, {select} FROM new.{quoted(name)}").fetchall():
                row = dict(zip(texts, cells, strict=True))
                if any(self._named(v) for v in row.values() if v is not None):
                    going.append(int(rowid))
                    if name == "quarantine":
                        marks.add(self.settled_as(str(row["dataset"]), str(row["original"])))
            if going:
                rows = pa.table({"id": pa.array(going, pa.int64())})
                connection.register("going", rows)
                self._delete(connection, name, f"new.{quoted(name)}", "rowid IN (SELECT id FROM going)", {})
                connection.unregister("going")
        if "fingerprints" in tables:
            self._delete(connection, "fingerprints", "new.fingerprints",
                         "list_contains($ids, key) OR list_contains($marks, fingerprint) OR key = $t",
                         {"ids": self._requests, "marks": sorted(marks), "t": self.token})

    def _named(self, text: str) -> bool:
        return any(v == self.token or self.mentions(v) or v in self._requests for v in _cells(text))


def _cells(text: str) -> Iterator[str]:
    """A text, or the texts of a row that was kept as JSON."""
    if text[:1] not in "{[":
        yield text
        return
    try:
        todo: list[Any] = [json.loads(text)]
    except ValueError:
        yield text
        return
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)
        elif item is not None:
            yield str(item)


def _distinct(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> list[str]:
    found = connection.execute(f"SELECT DISTINCT {quoted(column)} FROM {table} WHERE {quoted(column)} IS NOT NULL")
    return [str(r[0]) for r in found.fetchall()]


def _copy_all(connection: duckdb.DuckDBPyConnection, folder: Path, old: str, new: str) -> None:
    """Copy a group into a working file, in which rows are deleted; what is left is copied once more."""
    path = str(folder / old).replace("'", "''")
    target = str(folder / f"{new}.work").replace("'", "''")
    connection.execute(f"ATTACH '{path}' AS old (READ_ONLY)")
    connection.execute(f"ATTACH '{target}' AS new")
    connection.execute("COPY FROM DATABASE old TO new")
    connection.execute("DETACH old")


def _settle(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write what is left of the working copy into the final file, and remove the working copy."""
    target = str(path).replace("'", "''")
    connection.execute(f"ATTACH '{target}' AS final")
    connection.execute("COPY FROM DATABASE new TO final")
    connection.execute("CHECKPOINT final")
    connection.execute("DETACH final")
    connection.execute("DETACH new")
    for rest in path.parent.glob(f"{path.name}.work*"):
        rest.unlink()


