"""DuckDB in the memory of this process, kept for the next small version: to start one takes longer than to use it."""

from __future__ import annotations

import contextlib
import os

import duckdb

from jitasa_analytics.store.tables import quoted

# Small versions of one process are made one after the other; a second engine serves a second store.
_KEPT = 2
_idle: list[duckdb.DuckDBPyConnection] = []


def borrow(threads: int) -> duckdb.DuckDBPyConnection:
    """An empty engine with so many threads; give it back when nothing is attached to it any more."""
    with contextlib.suppress(IndexError):
        connection = _idle.pop()
        connection.execute(f"SET threads = {threads:d}")
        return connection
    return duckdb.connect(":memory:", config={"threads": threads})


def give_back(connection: duckdb.DuckDBPyConnection) -> None:
    """Take back an engine: its tables go, and what is attached makes it useless for others."""
    try:
        found = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'memory'").fetchall()
        for (name,) in found:
            connection.execute(f"DROP TABLE memory.main.{quoted(str(name))}")
        attached = connection.execute("SELECT count(*) FROM duckdb_databases() WHERE NOT internal").fetchall()
        if len(_idle) < _KEPT and attached[0][0] == 1:
            _idle.append(connection)
            return
    except duckdb.Error:
        pass
    connection.close()


_inherited: list[duckdb.DuckDBPyConnection] = []


def _forked() -> None:
    """A child has no threads of its parent's: engines that work with them are neither used nor closed."""
    _inherited.extend(_idle)
    _idle.clear()


os.register_at_fork(after_in_child=_forked)
