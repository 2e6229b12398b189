"""Rows of a table that share their key: found while they come in, read once all are there, and taken out at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from jitasa_analytics.contracts import Dataset
from jitasa_analytics.store.keys import Keys
from jitasa_analytics.store.places import Places
from jitasa_analytics.store.tables import quoted, to_frame

ROW = "_row"
# Hashes of keys that are compared at a time.
_PART = 20_000_000
_GROUPS = 100_000


class Doubles:
    """Which rows of one table share their key.

    Parameters
    ----------
    connection, table
        Where the rows are, once they are there.
    contract : Dataset
        Whose key is meant.
    types : dict of str to pyarrow DataType
        What the table holds in each column of the key that the rows give.
    numbered : bool
        Whether the table holds the number of each row in ``_row``. Else it is known where each row stands, and it
        takes the rows as they come: to write and pack the numbers takes a tenth of the time of an import.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: str, contract: Dataset,
                 types: dict[str, pa.DataType], *, numbered: bool) -> None:
        self._connection, self._table = connection, table
        self._key = ", ".join(quoted(k) for k in contract.key)
        defaults = {c.name: c.default for c in contract.columns if c.default is not None}
        self._keys = Keys(contract, types, defaults, _PART)
        self._places = None if numbered else Places()
        self._at = ROW if numbered else "rowid"
        self._page = pd.Series(dtype=np.int64)  # where the rows of the page before stand, by number
        self._gone: list[npt.NDArray[np.int64]] = []

    def take(self, rows: pa.Table) -> pa.Table:
        """Note the keys of rows with ``_row``; says what the table has to hold of them."""
        numbers = rows[ROW].to_numpy()
        if self._places is None:
            self._keys.add(rows, numbers)
            return rows
        self._keys.add(rows, self._places.add(numbers))
        return rows.drop_columns([ROW])

    def pages(self, columns: str, ended: Callable[[], None], loaded: Callable[[], None]) -> Iterator[pd.DataFrame]:
        """Rows that share their key with another of them, in their order and whole keys at a time.

        Parameters
        ----------
        columns : str
            What to read of each row, as SQL.
        ended, loaded : callable
            Called before anything is looked for, when the last rows may still come, and before the table is read.
        """
        ended()
        if self._keys.whole:
            pages: Iterator[npt.NDArray[Any]] = self._keys.alike(_GROUPS)
            same = f"{self._at} = h"
        else:
            loaded()
            pages, same = self._candidates(), f"hash({self._key}) = h"
        for page in pages:
            loaded()
            self._connection.register("candidates", pa.table({"h": page}))
            found = to_frame(self._connection.sql(
                f"SELECT * FROM (SELECT {columns}, {self._at} AS {ROW}, count(*) OVER (PARTITION BY {self._key}) AS "
                f"_times FROM {self._table} SEMI JOIN candidates ON {same}) WHERE _times > 1 ORDER BY {ROW}"))
            self._connection.unregister("candidates")
            if not len(found):
                continue
            found = found.drop(columns="_times")
            if self._places is not None:
                # What came from the careful lane stands behind rows that it stood before.
                at = found[ROW].to_numpy(np.int64)
                found[ROW] = self._places.rows(at)
                self._page = pd.Series(at, found[ROW])
                found = found.sort_values(ROW, ignore_index=True)
            yield found

    def _candidates(self) -> Iterator[npt.NDArray[np.uint64]]:
        """Hashes of keys that stand more than once, and by rare chance those of different keys, some at a time."""
        counted: Any = self._connection.execute(f"SELECT count(*) FROM {self._table}").fetchall()
        parts = counted[0][0] // _PART + 1
        found: list[npt.NDArray[np.uint64]] = []
        for part in range(parts):
            some = "" if parts == 1 else f" WHERE hash({self._key}) % {parts} = {part}"
            asked = self._connection.sql(f"SELECT hash({self._key}) AS h FROM {self._table}{some}")
            hashes = asked.to_arrow_table()["h"].to_numpy()
            odd = hashes & np.uint64(1) == 1
            with ThreadPoolExecutor(2) as pool:
                found += pool.map(_twice, (hashes[odd], hashes[~odd]))
        candidates = np.concatenate(found)
        for start in range(0, len(candidates), _GROUPS):
            yield candidates[start:start + _GROUPS]

    def take_out(self, rows: npt.ArrayLike) -> pa.Table:
        """Mark some rows of the page before, by their number; says what the table holds of them."""
        at = np.asarray(rows, np.int64)
        if self._places is not None:
            at = self._page[at].to_numpy()
        self._gone.append(at)
        self._connection.register("gone", pa.table({"r": at}))
        found = self._connection.sql(f"FROM {self._table} SEMI JOIN gone ON {self._at} = r").to_arrow_table()
        self._connection.unregister("gone")
        return found

    def remove(self) -> None:
        """Remove the marked rows: all at once, since where the others stand may change with it."""
        if not self._gone:
            return
        self._connection.register("gone", pa.table({"r": np.concatenate(self._gone)}))
        self._connection.execute(f"DELETE FROM {self._table} USING gone WHERE {self._at} = r")
        self._connection.unregister("gone")
        self._gone = []


def _twice(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Those that stand more than once."""
    hashes.sort()
    return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
