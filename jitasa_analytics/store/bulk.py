"""Many rows beside the table they are for, until all of them are there: then they meet it at once.

The rows lie in a table of their own, which becomes the dataset's where that is empty. Nothing here
holds more than a part of them in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from jitasa_analytics.contracts import Column, Dataset
from jitasa_analytics.store import implied
from jitasa_analytics.store.counted import CUBE_OF, Counted
from jitasa_analytics.store.doubles import ROW, Doubles
from jitasa_analytics.store.feed import GROUP, MOST_BYTES, Feed
from jitasa_analytics.store.staging import Authority, merge_sql
from jitasa_analytics.store.tables import arrow_type, quoted, to_arrow, to_frame, with_cells
from jitasa_analytics.store.transaction import Transaction

_FILLED = "_filled"
_GROUPS = 100_000


@dataclass(frozen=True)
class Settled:
    """What became of the rows.

    Attributes
    ----------
    accepted, known : int
        How many were new or newer, and how many were known.
    remembered : str
        The table with ``row`` and ``id`` of the accepted ones, where that was asked for.
    differing : DataFrame or None
        Where known keys are kept: row and key of those that say something else.
    """

    accepted: int
    known: int
    remembered: str = ""
    differing: pd.DataFrame | None = None


class Stage:
    """Rows of one dataset that are not in its table yet.

    Parameters
    ----------
    tx : Transaction
        Where they will go.
    contract : Dataset
        Their dataset; it has no shapes.
    given : sequence of str
        The columns that the rows give; the others take their default where the row is new.
    remembered : str
        A column that is to be remembered of the accepted rows.
    """

    def __init__(self, tx: Transaction, contract: Dataset, given: Sequence[str], remembered: str = "") -> None:
        self._contract = contract
        known = {*given, *(c.name for c in contract.derived if {"lon", "lat"} <= set(given))}
        self._given = tuple(c for c in contract.stored if c.name in known)
        self._tx = tx
        self._empty = not tx.holds(contract)
        self._connection = tx.beside(contract.group if self._empty else None)
        schema = f"g_{contract.group}" if self._empty else "g_beside"
        self._name = f"{schema}.{quoted(f'{contract.name}_incoming')}"
        self._counted = Counted(contract) if self._empty and contract.name in CUBE_OF else None
        # Where the rows alone become the table nobody asks for the number of each.
        numbered = not self._empty or bool(remembered)
        types = {c.name: arrow_type(c.sql_type) for c in self._given if c.name in contract.key}
        self._doubles = Doubles(self._connection, self._name, contract, types, numbered=numbered)
        self.aside = ""
        self._defaults = {c.name: (i, default) for i, c in enumerate(contract.columns)
                          if (default := implied.default_sql(c)) is not None}
        self._remembered = remembered
        filled = f", {ROW} BIGINT" if numbered else ""
        filled += f", {_FILLED} BIGINT" if any(c.name in self._defaults for c in self._given) else ""
        columns = ", ".join(f"{quoted(c.name)} {c.sql_type}{_unpacked(c, contract)}" if c in self._given else
                            implied.declaration(c) for c in contract.stored)
        self._connection.execute(f"CREATE TABLE {self._name} ({columns}{filled})")
        self._connection.execute("BEGIN")
        self._loading, self._ended = True, False
        self._few: list[pa.Table] = []
        self._feed = Feed(self._connection, self._insert)

    # -- rows come in ----------------------------------------------------------------------

    def add(self, table: pa.Table) -> None:
        """Add rows: the given columns and ``_row``."""
        self._put(with_cells(table, self._contract).select([*(c.name for c in self._given), ROW]))

    def add_frame(self, frame: pd.DataFrame) -> None:
        """Add checked rows with ``_row``."""
        table = to_arrow(frame, self._contract).select([c.name for c in self._given])
        self._few.append(table.append_column(ROW, pa.array(frame[ROW].to_numpy(np.int64))))
        if sum(t.nbytes for t in self._few) >= MOST_BYTES:
            self._put_few(whole=False)
        elif sum(map(len, self._few)) >= GROUP:
            self._put_few(whole=True)

    def _put_few(self, *, whole: bool) -> None:
        """Rows that came a few at a time, in whole groups or all: among others they would leave no group whole."""
        if not self._few:
            return
        some = pa.concat_tables(self._few)
        count = len(some) // GROUP * GROUP if whole else len(some)
        self._few = [some.slice(count)] if count < len(some) else []
        for start in range(0, count, GROUP):
            self._put(self._feed.fitted(some.slice(start, min(GROUP, count - start)).combine_chunks()))

    def _put(self, table: pa.Table) -> None:
        if self._counted is not None:
            self._counted.add(table)
        self._feed.put(self._doubles.take(table))

    def _insert(self, names: list[str]) -> str:
        """The INSERT of incoming rows with these columns."""
        parts, filled = [], []
        for column in self._given:
            name, default = quoted(column.name), self._defaults.get(column.name)
            value = f"CAST({name} AS {column.sql_type})"
            if default is None:
                parts.append(value)
            else:
                parts.append(f"coalesce({value}, {default[1]})")
                filled.append(f"(CASE WHEN {name} IS NULL THEN {1 << default[0]} ELSE 0 END)")
        if ROW in names:
            parts.append(ROW)
        if filled:
            parts.append(" + ".join(filled))
        return f"INSERT INTO {self._name} SELECT {', '.join(parts)} FROM incoming"

    def keep_aside(self, rows: pd.DataFrame) -> None:
        """Rows for the quarantine, which are kept until the end."""
        self.aside = self._tx.remember_rows(rows, self.aside)

    def give_up(self) -> None:
        """Take everything back, as if there had been no rows."""
        self.stop()
        if self._loading:
            self._connection.execute("ROLLBACK")
        self._connection.execute(f"DROP TABLE IF EXISTS {self._name}")
        self._tx.forget(self.aside)
        self._connection.close()

    def stop(self) -> None:
        """Let go of rows that are on their way, before the transaction is given up."""
        if self._loading:
            self._feed.stop()

    # -- all are there ---------------------------------------------------------------------

    def doubles(self) -> Iterator[pd.DataFrame]:
        """Rows that share their key with another of them, in the order of rows and whole keys at a time."""
        return self._doubles.pages(self._raw(), self._end, self._loaded)

    def drop(self, rows: npt.ArrayLike) -> None:
        """Take some of the rows that share their key out again, by their number."""
        gone = self._doubles.take_out(rows)
        if self._counted is not None:
            self._counted.remove(gone)

    def settle(self, authority: Authority, at_once: Callable[[str], None] | None = None) -> Settled:
        """Let the rows meet the table.

        Parameters
        ----------
        authority : {"override", "fill"}
            Whether given values replace known ones, or only fill what is missing.
        at_once : callable, optional
            Called, where that can be, with what follows FROM to read them: then they need not be remembered.
        """
        self._loaded()
        self._doubles.remove()
        contract, tx, remembered = self._contract, self._tx, self._remembered
        rows = self._count(f"SELECT count(*) FROM {self._name}")
        if self._empty:
            kept = f"SELECT {ROW} AS row, {quoted(remembered)} AS id FROM {self._name}" if remembered else ""
            name = ""
            if kept and at_once is not None:
                at_once(f"({kept})")
            elif kept:
                name = tx.remember(self._connection, kept)
            self._become()
            if rows:
                tx.own(contract)
                if self._counted is not None:
                    tx.counted(self._counted)
            return Settled(rows, 0, name)
        self._meet(authority)
        new = self._count("SELECT count(*) FROM met WHERE NOT _known")
        changed = self._count("SELECT count(*) FROM met WHERE _known AND NOT _same")
        update = contract.on_known == "update"
        keys = ", ".join(quoted(k) for k in contract.key)
        differing = None
        if changed and not update:
            differing = to_frame(self._connection.sql(
                f"SELECT {ROW}, {keys} FROM met WHERE _known AND NOT _same ORDER BY {ROW} LIMIT {_GROUPS}"))
        taken = "NOT _same" if update else "NOT _known"
        name = ""
        if remembered:
            name = tx.remember(self._connection,
                               f"SELECT {ROW} AS row, {quoted(remembered)} AS id FROM met WHERE {taken}")
        count = new + (changed if update else 0)
        if count:
            self._write(taken, replace=update and changed > 0)
        self._connection.execute("DROP TABLE met")
        self._connection.execute(f"DROP TABLE {self._name}")
        return Settled(count, rows - count, name, differing)

    def _write(self, taken: str, *, replace: bool) -> None:
        """Put the rows that are new or newer into the table."""
        contract = self._contract
        self._tx.own_for(contract, self._connection, f"met WHERE {taken}", new=not replace)
        table = f"g_{contract.group}.{quoted(contract.name)}"
        if replace:
            same = " AND ".join(f"t.{quoted(k)} IS NOT DISTINCT FROM m.{quoted(k)}" for k in contract.key)
            self._connection.execute(
                f"DELETE FROM {table} AS t USING met AS m WHERE m._known AND NOT m._same AND {same}")
        columns = ", ".join(quoted(c.name) for c in contract.stored)
        implied.insert(self._connection, contract, f"g_{contract.group}", f"SELECT {columns} FROM met WHERE {taken}")

    def _meet(self, authority: Authority) -> None:
        """Every row beside the one of the same key: merged, known or not, the same or not."""
        contract = self._contract
        joined = " AND ".join(f"t.{quoted(k)} IS NOT DISTINCT FROM i.{quoted(k)}" for k in contract.key)
        merged, same = [], ["true"]
        for column in contract.stored:
            name, default = quoted(column.name), self._defaults.get(column.name)
            value = merge_sql(column, column in self._given, authority)
            merged.append((f"coalesce({value}, {default[1]})" if default else value) + f" AS {name}")
            if column in self._given:
                same.append(f"({merge_sql(column, True, authority)}) IS NOT DISTINCT FROM t.{name}")
        self._connection.execute(
            f"CREATE TEMP TABLE met AS SELECT i.{ROW}, {', '.join(merged)}, t._known IS NOT NULL AS _known, "
            f"coalesce(t._known AND {' AND '.join(same)}, false) AS _same FROM (SELECT {self._raw()}, {ROW} "
            f"FROM {self._name}) i LEFT JOIN (SELECT *, true AS _known FROM {self._tx.source(contract)}) t ON {joined}")

    def _become(self) -> None:
        """The rows become the table."""
        contract = self._contract
        table = f"g_{contract.group}.{quoted(contract.name)}"
        for column in (ROW, _FILLED):
            self._connection.execute(f"ALTER TABLE {self._name} DROP COLUMN IF EXISTS {column}")
        self._connection.execute(f"DROP TABLE {table}")
        self._connection.execute(f"ALTER TABLE {self._name} RENAME TO {quoted(contract.name)}")

    def _raw(self) -> str:
        """The rows' own values: null where a default stands for one."""
        parts = []
        for column in self._contract.stored:
            name, default = quoted(column.name), self._defaults.get(column.name)
            if column not in self._given:
                parts.append(f"NULL::{column.sql_type} AS {name}")
            elif default is not None:
                parts.append(f"CASE WHEN {_FILLED} & {1 << default[0]} = 0 THEN {name} END AS {name}")
            else:
                parts.append(name)
        return ", ".join(parts)

    def _end(self) -> None:
        """All rows have come: the last ones may still be on their way into the table."""
        if self._loading and not self._ended:
            self._ended = True
            self._put_few(whole=False)
            if self._counted is not None:
                self._counted.begin()
            self._feed.end()

    def _loaded(self) -> None:
        if self._loading:
            self._end()
            self._feed.finish()
            self._connection.execute("COMMIT")
            self._loading = False

    def _count(self, query: str) -> int:
        rows: Any = self._connection.execute(query).fetchall()
        return int(rows[0][0])


def _unpacked(column: Column, contract: Dataset) -> str:
    """Texts that are all different cost more to pack than all the rest of an import; tokens stay as large, besides."""
    different = column.kind == "token" or (contract.key == (column.name,) and column.sql_type == "VARCHAR")
    return " USING COMPRESSION uncompressed" if different else ""

