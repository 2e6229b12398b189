"""A transaction: what a writer builds beside the published version until it is whole."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from jitasa_analytics.contracts import Dataset, dataset, datasets_of
from jitasa_analytics.errors import StoreError
from jitasa_analytics.store import cubes, engine, implied
from jitasa_analytics.store.counted import Counted
from jitasa_analytics.store.early import Early
from jitasa_analytics.store.manifest import FILES, Held, Manifest
from jitasa_analytics.store.recount import Recount
from jitasa_analytics.store.tables import (
    FILE_GROUPS,
    RESTRICTED,
    add_cells,
    add_columns,
    create_tables,
    lacks_cells,
    quoted,
    rows_of,
    select_from_arrow,
    to_arrow,
)
from jitasa_analytics.store.tables import to_frame as relation_to_frame

# What the rows of a large file may take of the memory before they go to the disk.
_BULK_MEMORY = "2GB"
# A file that nobody else sees is written whole and flushed when it is published, or thrown away after a crash:
# a log of each step, flushed by itself, would only take time.
_OWN = " (RECOVERY_MODE no_wal_writes)"


class Transaction:
    """Changes to a store that become visible together, or not at all.

    Only the files of the groups that are touched are copied. Made by ``Store.transaction``.
    """

    def __init__(self, folder: Path, base: Manifest, number: int | None = None, *, threads: int | None = None) -> None:
        self._folder = folder
        self._base = base
        self.version = base.version + 1 if number is None else number
        # Few rows are written by an engine that is kept for the next time, many by one of their own.
        self._kept = threads is not None
        self._connection = engine.borrow(threads) if threads is not None else duckdb.connect(":memory:")
        self._over = False
        self._recount = Recount(self._connection)
        self._files: dict[str, str] = {}
        self._read: set[str] = set()
        self._touched: set[str] = set()
        self._beside: set[Path] = set()
        self._early: dict[str, Early] = {}
        self._remembered = 0

    # -- reading what the transaction sees -------------------------------------------------

    def frame(self, name: str) -> pd.DataFrame:
        """A dataset as it stands inside the transaction."""
        contract = dataset(name)
        self._open(contract.group)
        shape = next((c.name for c in contract.columns if c.kind == "geometry"), None)
        select = ", ".join(f"ST_AsWKB({quoted(c)}) AS {quoted(c)}" if c == shape else quoted(c) for c in contract.names)
        return relation_to_frame(self._connection.sql(f"SELECT {select} FROM {self.source(contract)}"), geometry=shape)

    def ask(self, group: str, query: str, **tables: pa.Table) -> pd.DataFrame:
        """Run a SELECT of the import's own over one group's tables and some arrow tables."""
        self._open(group)
        for name, table in tables.items():
            self._connection.register(name, table)
        try:
            return relation_to_frame(self._connection.sql(query))
        finally:
            for name in tables:
                self._connection.unregister(name)

    def known(self, name: str, keys: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
        """The rows of these keys as they stand inside the transaction, in Python's types."""
        contract = dataset(name)
        self._open(contract.group)
        parts = pd.DataFrame(list(keys), columns=list(contract.key), dtype="object")
        self._connection.register("wanted", to_arrow(parts, contract).select(list(contract.key)))
        same = " AND ".join(f"t.{quoted(k)} IS NOT DISTINCT FROM w.{quoted(k)}" for k in contract.key)
        found = self._connection.sql(f"SELECT t.* FROM {self.source(contract)} AS t SEMI JOIN wanted AS w ON {same}")
        rows: list[dict[str, Any]] = found.to_arrow_table().to_pylist()
        self._connection.unregister("wanted")
        return rows

    # -- writing ---------------------------------------------------------------------------

    def insert(self, name: str, frame: pd.DataFrame) -> None:
        """Append rows; their keys must be new."""
        contract = dataset(name)
        self._own(contract.group)
        self._connection.register("incoming", to_arrow(frame, contract))
        rows = select_from_arrow(contract, "incoming")
        self._recount.rows(self._connection, name, f"({rows})", new=True)
        implied.insert(self._connection, contract, f"g_{contract.group}", rows)
        self._connection.unregister("incoming")
        self._touched.add(name)

    def replace(self, name: str, frame: pd.DataFrame) -> None:
        """Put a frame in the place of all rows."""
        contract = dataset(name)
        self.own(contract)
        self._connection.execute(f"DELETE FROM {self._table(contract)}")
        self.insert(name, frame)

    def update(self, name: str, frame: pd.DataFrame) -> None:
        """Put rows in the place of those with the same key."""
        contract = dataset(name)
        self._own(contract.group)
        self._connection.register("incoming", to_arrow(frame, contract))
        same = " AND ".join(f"t.{quoted(k)} IS NOT DISTINCT FROM i.{quoted(k)}" for k in contract.key)
        rows = select_from_arrow(contract, "incoming")
        self._recount.rows(self._connection, name, f"({rows})", new=False)
        self._connection.execute(f"DELETE FROM {self._table(contract)} AS t USING ({rows}) AS i WHERE {same}")
        self._connection.unregister("incoming")
        self.insert(name, frame)

    def keep_aside(self, table: str, rows: pd.DataFrame | str, once: Sequence[str] = ()) -> None:
        """Append to a table of the restricted file (quarantine, imports).

        Parameters
        ----------
        rows : DataFrame or str
            The rows, or the name of remembered ones.
        once : sequence of str
            Columns in which rows that are kept already are not kept again.
        """
        source = rows if isinstance(rows, str) else "incoming"
        if not isinstance(rows, str):
            if not len(rows):
                return
            self._connection.register("incoming", pa.Table.from_pandas(rows, preserve_index=False))
        if once:
            self._open(RESTRICTED)
            same = " AND ".join(f"k.{quoted(c)} IS NOT DISTINCT FROM r.{quoted(c)}" for c in once)
            source = f"{source} AS r WHERE NOT EXISTS (FROM g_{RESTRICTED}.{quoted(table)} AS k WHERE {same})"
        found: Any = self._connection.execute(f"SELECT 1 FROM {source} LIMIT 1").fetchall()
        if found:
            names = rows.columns if isinstance(rows, pd.DataFrame) else self._connection.sql(f"FROM {rows}").columns
            columns = ", ".join(quoted(c) for c in names)
            self._own(RESTRICTED)
            self._connection.execute(f"INSERT INTO g_{RESTRICTED}.{quoted(table)} ({columns}) "
                                     f"SELECT {columns} FROM {source}")
        if not isinstance(rows, str):
            self._connection.unregister("incoming")

    # -- many rows at once (store.bulk) ----------------------------------------------------

    def holds(self, contract: Dataset) -> bool:
        """Whether a dataset's table has any row."""
        self._open(contract.group)
        rows: Any = self._connection.execute(f"SELECT 1 FROM {self._table(contract)} LIMIT 1").fetchall()
        return bool(rows)

    def beside(self, group: str | None) -> duckdb.DuckDBPyConnection:
        """A connection for rows that come in: into a group's own file, or into ``g_beside``, which goes away again.

        It has a transaction of its own, and writes to the disk what does not fit into its memory.
        """
        spill = self._folder / FILES / f"spill-{self.version:08d}"
        self._beside.add(spill)
        path = str(spill).replace("'", "''")
        self._connection.execute(f"SET memory_limit = '{_BULK_MEMORY}'")
        self._connection.execute(f"SET temp_directory = '{path}'")
        if group is not None:
            self._own(group)
            if group not in self._early:
                self._early[group] = Early(self._folder / FILES / self._files[group])
        else:
            file = self._folder / FILES / f"beside-{self.version:08d}.duckdb"
            if file not in self._beside:
                self._beside.add(file)
                name = str(file).replace("'", "''")
                self._connection.execute(f"ATTACH '{name}' AS g_beside{_OWN}")
        return self._connection.cursor()

    def own(self, contract: Dataset) -> None:
        """Make a dataset's table writable; any of its rows may change."""
        self._own(contract.group)
        self._touched.add(contract.name)
        self._recount.everything(contract.name)

    def counted(self, counted: Counted) -> None:
        """The rows of a dataset that was just made its own were counted as they came."""
        self._recount.counted(counted, f"g_{cubes.GROUP_OF[counted.cube]}")

    def writable(self, name: str) -> None:
        """Copy the file of a dataset's group, so that it has every column of the contract before it is asked."""
        self._own(dataset(name).group)

    def own_for(self, contract: Dataset, connection: duckdb.DuckDBPyConnection, source: str, *, new: bool) -> None:
        """Make a dataset's table writable for the rows of ``FROM source``, whose keys are all ``new`` or not."""
        self._own(contract.group)
        self._touched.add(contract.name)
        self._recount.rows(connection, contract.name, source, new=new)

    def remember(self, connection: duckdb.DuckDBPyConnection, query: str) -> str:
        """Keep an answer until the transaction ends, under the name that is returned."""
        self._remembered += 1
        name = f"memory.main.remembered_{self._remembered}"
        connection.execute(f"CREATE TABLE {name} AS {query}")
        return name

    def remember_rows(self, rows: pd.DataFrame, name: str = "") -> str:
        """Keep rows until the transaction ends, together with those kept under a name before."""
        self._connection.register("incoming", pa.Table.from_pandas(rows, preserve_index=False))
        if name:
            self._connection.execute(f"INSERT INTO {name} SELECT * FROM incoming")
        else:
            name = self.remember(self._connection, "SELECT * FROM incoming")
        self._connection.unregister("incoming")
        return name

    def forget(self, name: str) -> None:
        """Let go of what was remembered."""
        if name:
            self._connection.execute(f"DROP TABLE {name}")

    def without(self, remembered: str, contract: Dataset, column: str, *, most: int) -> tuple[int, pd.DataFrame]:
        """Of remembered rows, or a SELECT in brackets, those whose id is in no row of a dataset: how many, and some."""
        self._open(contract.group)
        source = (f"{remembered} AS r WHERE NOT EXISTS "
                  f"(FROM {self._table(contract)} AS t WHERE t.{quoted(column)} = r.id)")
        rows: Any = self._connection.execute(f"SELECT count(*) FROM {source}").fetchall()
        first = self._connection.sql(f"SELECT row, id FROM {source} ORDER BY row LIMIT {most}")
        return int(rows[0][0]), relation_to_frame(first)

    def _remove_beside(self) -> None:
        for path in self._beside:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            path.unlink(missing_ok=True)
            path.with_name(f"{path.name}.wal").unlink(missing_ok=True)

    # -- the end ---------------------------------------------------------------------------

    def seal(self, *, note: str, sample: bool) -> Manifest:
        """Close the group files and describe the version; nothing is visible yet."""
        now = datetime.now(UTC).replace(microsecond=0).isoformat()
        held = dict(self._base.datasets)
        for name in sorted(self._touched):
            contract = dataset(name)
            held[name] = replace(described(self._connection, contract, f"g_{contract.group}"), imported_at=now)
        for cube, group in cubes.GROUP_OF.items():
            if group in self._files:
                self._recount.finish(cube, f"g_{group}")
        self.close()
        files = {**self._base.files, **self._files}
        return replace(self._base, version=self.version, created_at=now, sample=sample, files=files, datasets=held,
                       note=note)

    def close(self) -> None:
        """Checkpoint and let go of all files."""
        self._end_early()
        if self._beside:  # after many rows each takes a while
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(self._checkpoint, self._files))
        else:
            for group in self._files:
                self._checkpoint(group)
        for group in (*self._files, *self._read):
            self._connection.execute(f"DETACH g_{group}")
        self._let_go(whole=True)
        self._remove_beside()

    def _checkpoint(self, group: str) -> None:
        with self._connection.cursor() as connection:
            connection.execute(f"CHECKPOINT g_{group}")

    def _let_go(self, *, whole: bool = False) -> None:
        """Be done with the engine, once; ``whole`` says that nothing failed in it."""
        if self._over:
            return
        self._over = True
        try:
            self._recount.end()
        finally:
            self._close_engine(whole=whole)

    def _close_engine(self, *, whole: bool) -> None:
        self._end_early()
        if self._kept and whole:
            engine.give_back(self._connection)
        elif whole and not any(path.exists() for path in self._beside):
            # Nothing is attached any more. What is left is to give much memory back, and nobody has to wait for it.
            threading.Thread(target=self._connection.close, name="letting go").start()
        else:
            self._connection.close()

    def _end_early(self) -> None:
        for early in self._early.values():
            early.end()
        self._early = {}

    def discard(self) -> None:
        """Remove what was built."""
        try:
            self._let_go()
        finally:
            for name in self._files.values():
                for path in (self._folder / FILES / name, self._folder / FILES / f"{name}.wal"):
                    path.unlink(missing_ok=True)
            self._remove_beside()

    def abandon(self) -> None:
        """Let go of everything and keep the files: the version was published."""
        self._let_go()
        self._remove_beside()

    def _table(self, contract: Dataset) -> str:
        return f"g_{contract.group}.{quoted(contract.name)}"

    def source(self, contract: Dataset) -> str:
        """What follows FROM to read a dataset, whose group is open, with all its columns."""
        return rows_of(self._connection, contract, f"g_{contract.group}")

    def _open(self, group: str) -> None:
        """Attach a group for reading, in the copy where there is one."""
        if group in self._files or group in self._read:
            return
        name = self._base.files.get(group)
        if name is None:
            self._own(group)
            return
        self._attach(group, name, read_only=True)
        self._read.add(group)

    def _own(self, group: str) -> None:
        """Copy a group's file, or make it, so that it can be written."""
        if group in self._files:
            return
        if group not in FILE_GROUPS:
            raise ValueError(f"no file group {group!r}")
        if group in self._read:
            self._connection.execute(f"DETACH g_{group}")
            self._read.discard(group)
        name = f"{group}-{self.version:08d}.duckdb"
        base = self._base.files.get(group)
        self._files[group] = name  # before the copy: half of one must go, too
        try:
            if base is not None:
                shutil.copyfile(self._folder / FILES / base, self._folder / FILES / name)
            self._attach(group, name, read_only=False)
            if base is None:
                self._connection.execute(f"USE g_{group}")
                create_tables(self._connection, group)
                self._connection.execute("USE memory")
            for contract in datasets_of([group]):
                add_columns(self._connection, contract, f"g_{group}")
                if lacks_cells(self._connection, contract, f"g_{group}"):
                    add_cells(self._connection, contract, f"g_{group}")
        except OSError as error:
            raise StoreError(f"the store can't be written: {error.strerror}; free space or check permissions, "
                             "nothing was changed", key="error.store_write", why=error.strerror or "") from error

    def _attach(self, group: str, name: str, *, read_only: bool) -> None:
        path = str(self._folder / FILES / name).replace("'", "''")
        mode = " (READ_ONLY)" if read_only else _OWN
        self._connection.execute(f"ATTACH '{path}' AS g_{group}{mode}")

    def ensure_all_groups(self) -> None:
        """Make every group's file, so that a first version is whole."""
        for group in FILE_GROUPS:
            if group not in self._base.files:
                self._own(group)

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return bool(self._files)


def described(connection: duckdb.DuckDBPyConnection, contract: Dataset, database: str) -> Held:
    """What a database holds of a dataset: rows, and the newest date in them."""
    newest = f"max({quoted(contract.as_of)})" if contract.as_of else "NULL"
    if contract.as_of and contract.column(contract.as_of).kind == "datetime":
        newest = f"CAST({newest} + INTERVAL 7 HOUR AS DATE)"  # the day on the clock of Thailand
    rows: Any = connection.execute(f"SELECT count(*), CAST({newest} AS VARCHAR) "
                                   f"FROM {database}.{quoted(contract.name)}").fetchall()
    return Held(int(rows[0][0]), rows[0][1])
