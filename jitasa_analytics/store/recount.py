"""What of the cubes is counted anew when a version is built: only what its rows touch.

A version with one new request counts the requests of that day again, not those of two years; new
injections are counted by themselves and added. The same SELECT counts the whole and the part, so the
two can't come apart.
"""

from __future__ import annotations

from typing import Any

import duckdb

from jitasa_analytics.store import cubes
from jitasa_analytics.store.tables import quoted

# Where more than this share of a cube is touched it is made from the start: that also puts it in order again.
_SHARE = 0.25
_FEW = 1000
_DAY = "CAST(requested_at + INTERVAL 7 HOUR AS DATE)"
_CELL = ("digits", "area_code", "week", "dose_no", '"group"')


class Recount:
    """The touched parts of the cubes, in the memory of a transaction's connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._whole: set[str] = set()
        self._part: set[str] = set()

    def everything(self, dataset: str) -> None:
        """Any row of a dataset may have changed."""
        self._whole |= {cube for cube, made_of in cubes.MADE_OF.items() if dataset in made_of}

    def rows(self, connection: duckdb.DuckDBPyConnection, dataset: str, source: str, *, new: bool) -> None:
        """Some rows of a dataset are about to be written; call before they are.

        Parameters
        ----------
        connection : DuckDBPyConnection
            One that sees the source; a cursor of the transaction's own.
        source : str
            What follows FROM: the rows, with the dataset's columns.
        new : bool
            Whether none of their keys is in the table.
        """
        for cube, made_of in cubes.MADE_OF.items():
            if dataset not in made_of or cube in self._whole:
                continue
            if cube == "request_cube":
                self._requests(connection, source)
            elif new:
                self._doses(connection, source)
            else:
                self.everything(dataset)

    def _requests(self, connection: duckdb.DuckDBPyConnection, source: str) -> None:
        """Remember requests, and the days on which they stand so far."""
        if "request_cube" not in self._part:
            self._connection.execute("CREATE TABLE memory.main.touched (request_id VARCHAR)")
            self._connection.execute("CREATE TABLE memory.main.touched_days (day DATE)")
            self._part.add("request_cube")
        connection.execute(f"INSERT INTO memory.main.touched SELECT DISTINCT request_id FROM {source}")
        self._days(connection)

    def _days(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(f"INSERT INTO memory.main.touched_days SELECT DISTINCT {_DAY} FROM g_live.requests "
                           "SEMI JOIN memory.main.touched USING (request_id)")

    def _doses(self, connection: duckdb.DuckDBPyConnection, source: str) -> None:
        """Count new injections by themselves."""
        counted = cubes.definition("dose_cube", doses=f"(SELECT * FROM {source})")
        if "dose_cube" in self._part:
            connection.execute(f"INSERT INTO memory.main.more_doses {counted}")
        else:
            connection.execute(f"CREATE TABLE memory.main.more_doses AS {counted}")
            self._part.add("dose_cube")

    def finish(self, cube: str, database: str) -> None:
        """Bring a cube up to the rows as they stand now."""
        if cube in self._whole or cubes.missing(self._connection, cube, database):
            cubes.build(self._connection, cube, database)
        elif cube in self._part:
            if cube == "request_cube":
                self._count_days(database)
            else:
                self._add_doses(database)

    def _count_days(self, database: str) -> None:
        self._days(self._connection)
        on_them = f"{database}.requests WHERE {_DAY} IN (FROM memory.main.touched_days)"
        if self._number(f"FROM {on_them}") > _SHARE * self._number(f"FROM {database}.requests") + _FEW:
            cubes.build(self._connection, "request_cube", database)
            return
        self._connection.execute("CREATE TABLE memory.main.part AS SELECT request_id, area_code, requested_at, "
                                 f"status, urgency, people FROM {on_them}")
        items = (f"(SELECT request_id, category FROM {database}.request_items "
                 "SEMI JOIN memory.main.part USING (request_id))")
        counted = cubes.definition("request_cube", requests="memory.main.part", request_items=items)
        self._connection.execute(f"DELETE FROM {database}.request_cube WHERE day IN (FROM memory.main.touched_days)")
        self._connection.execute(f"INSERT INTO {database}.request_cube {counted}")

    def _add_doses(self, database: str) -> None:
        cube, more = f"{database}.dose_cube", "memory.main.more_doses"
        summed = f"{', '.join(_CELL)}, CAST(sum(doses) AS BIGINT) AS doses"
        if self._number(f"FROM {more}") > _SHARE * self._number(f"FROM {cube}"):
            self._connection.execute(
                f"CREATE TABLE {database}.dose_cube_next AS SELECT {summed} FROM (FROM {cube} UNION ALL FROM {more}) "
                f"GROUP BY ALL ORDER BY {', '.join(_CELL)}")
            self._connection.execute(f"DROP TABLE {cube}")
            self._connection.execute(f"ALTER TABLE {database}.dose_cube_next RENAME TO {quoted('dose_cube')}")
            return
        same = " AND ".join(f"c.{name} IS NOT DISTINCT FROM m.{name}" for name in _CELL)
        self._connection.execute(f"CREATE TABLE memory.main.added AS SELECT {summed} FROM {more} GROUP BY ALL "
                                 f"ORDER BY {', '.join(_CELL)}")
        # Cells that are there leave the list of new ones before any is written.
        self._connection.execute(f"CREATE TABLE memory.main.fresh AS SELECT m.* FROM memory.main.added AS m "
                                 f"ANTI JOIN {cube} AS c ON {same}")
        self._connection.execute(f"UPDATE {cube} AS c SET doses = c.doses + m.doses FROM memory.main.added AS m "
                                 f"WHERE {same}")
        self._connection.execute(f"INSERT INTO {cube} FROM memory.main.fresh")

    def _number(self, source: str) -> int:
        rows: Any = self._connection.execute(f"SELECT count(*) {source}").fetchall()
        return int(rows[0][0])
