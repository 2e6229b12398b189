"""What of the cubes is counted anew when a version is built: only what its rows touch.

A version with one new request counts the requests of that day again, not those of two years; new
injections are counted by themselves and added. The same SELECT counts the whole and the part, so the
two can't come apart.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import duckdb

from jitasa_analytics.store import cubes
from jitasa_analytics.store.counted import Counted
from jitasa_analytics.store.tables import quoted

# Where more than this share of a cube is touched it is made from the start: that also puts it in order again.
_SHARE = 0.25
_FEW = 1000
_DAY = "CAST(requested_at + INTERVAL 7 HOUR AS DATE)"


class Recount:
    """The touched parts of the cubes, in the memory of a transaction's connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._whole: set[str] = set()
        self._part: set[str] = set()
        self._counted: dict[str, Counted] = {}
        self._filled: dict[str, tuple[Future[set[str]], duckdb.DuckDBPyConnection]] = {}
        self._ended = False

    def everything(self, dataset: str) -> None:
        """Any row of a dataset may have changed."""
        touched = {cube for cube, made_of in cubes.MADE_OF.items() if dataset in made_of}
        self._whole |= touched
        for cube in touched:
            self._forget(cube)

    def counted(self, counted: Counted, database: str) -> None:
        """All rows of a dataset are new, and were counted as they came: its cubes are made beside all else."""
        if counted.whole:
            self._counted[counted.cube] = counted
            pool, cursor = ThreadPoolExecutor(1), self._connection.cursor()
            self._filled[counted.cube] = pool.submit(self._fill, counted, database, cursor), cursor
            pool.shutdown(wait=False)

    def _fill(self, counted: Counted, database: str, connection: duckdb.DuckDBPyConnection) -> set[str]:
        """Make the cubes of counted rows; says which could be made of them."""
        made = set()
        with connection:
            for cube in (c for c, below in cubes.MADE_OF.items() if counted.cube in (c, *below)):
                if not self._ended and (cells := counted.table(cube)) is not None:
                    cubes.fill(connection, cube, database, cells)
                    made.add(cube)
        return made

    def _forget(self, cube: str) -> None:
        """Counted rows of a cube are not all there are."""
        self._counted.pop(cube, None)
        if cube in self._filled:
            self._filled.pop(cube)[0].exception()  # what went wrong with it is nobody's any more

    def end(self) -> None:
        """Make an end of cubes that are being made: nobody needs them any more."""
        self._ended = True
        for made, cursor in self._filled.values():
            with suppress(duckdb.Error):
                cursor.interrupt()
            made.exception()
        self._filled = {}

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
            if dataset not in made_of:
                continue
            self._forget(cube)
            if cube in self._whole:
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
        """Bring a cube up to the rows as they stand now; a cube that is made of another comes after it."""
        below = cubes.MADE_OF[cube]
        if cube in self._whole or self._whole & set(below) or cubes.missing(self._connection, cube, database):
            # Those of a cube that is made of another were counted with the other one.
            counted = next((c for c in (cube, *below) if c in self._counted), None)
            made = self._filled[counted][0] if counted is not None else None
            if made is None or made.exception() is not None or cube not in made.result() or (
                    cube == "request_cube" and self._number(f"FROM {database}.request_items")):
                cubes.build(self._connection, cube, database)
            self._whole.add(cube)
        elif cube == "request_cube" and cube in self._part:
            self._count_days(database)
        elif cube == "dose_cube" and cube in self._part:
            self._add(database, cube, "memory.main.more_doses")
        elif cube in cubes.CELL_OF and "dose_cube" in self._part:
            more = cubes.definition(cube, dose_cube="memory.main.more_doses")
            self._add(database, cube, f"({more})")

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

    def _add(self, database: str, name: str, more: str) -> None:
        """Add counts to the cells of a cube of injections, and cells that it lacks."""
        cube, cell = f"{database}.{name}", [quoted(part) for part in cubes.CELL_OF[name]]
        names, same = ", ".join(cell), " AND ".join(f"c.{name} IS NOT DISTINCT FROM m.{name}" for name in cell)
        summed = f"SELECT {names}, CAST(sum(doses) AS BIGINT) AS doses FROM {{}} GROUP BY ALL ORDER BY {names}"
        run = self._connection.execute
        run(f"CREATE OR REPLACE TABLE memory.main.added AS {summed.format(more)}")
        if self._number("FROM memory.main.added") > _SHARE * self._number(f"FROM {cube}"):
            both = summed.format(f"(FROM {cube} UNION ALL BY NAME FROM memory.main.added)")
            run(f"CREATE TABLE {cube}_next AS {both}")
            run(f"DROP TABLE {cube}")
            run(f"ALTER TABLE {cube}_next RENAME TO {cube.rpartition('.')[2]}")
            return
        # Cells that the cube lacks are told apart before it is changed.
        run(f"CREATE OR REPLACE TABLE memory.main.fresh AS SELECT m.* FROM memory.main.added AS m "
            f"ANTI JOIN {cube} AS c ON {same}")
        run(f"UPDATE {cube} AS c SET doses = c.doses + m.doses FROM memory.main.added AS m WHERE {same}")
        run(f"INSERT INTO {cube} BY NAME FROM memory.main.fresh")

    def _number(self, source: str) -> int:
        rows: Any = self._connection.execute(f"SELECT count(*) {source}").fetchall()
        return int(rows[0][0])
