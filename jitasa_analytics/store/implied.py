"""Columns that a table holds no values of, since all of its rows say the same there: nothing, or the default.

A large file rarely has every column of its dataset. What it lacks is declared with the table and read like any
other column, but neither written nor packed, which would take a quarter of the time of an import. The first row that
says something else makes it a column like any other.
"""

from __future__ import annotations

from typing import Any

import duckdb

from jitasa_analytics.contracts import Column, Dataset
from jitasa_analytics.store.tables import quoted


def default_sql(column: Column) -> str | None:
    """What a new row has by default, as SQL."""
    if column.default is None:
        return None
    text = column.default.replace("'", "''")
    return f"CAST('{text}' AS {column.sql_type})"


def declaration(column: Column) -> str:
    """The column in a CREATE TABLE, of which no values are held."""
    return f"{quoted(column.name)} {column.sql_type} GENERATED ALWAYS AS ({_value(column)}) VIRTUAL"


def implied(connection: duckdb.DuckDBPyConnection, contract: Dataset, database: str) -> list[Column]:
    """The columns of a dataset's table of which no values are held."""
    found: Any = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE database_name = $database AND table_name = $table "
        "AND is_generated", {"database": database, "table": contract.name}).fetchall()
    names = {str(name) for (name,) in found}
    return [c for c in contract.stored if c.name in names]


def insert(connection: duckdb.DuckDBPyConnection, contract: Dataset, database: str, rows: str) -> None:
    """Append the rows of a SELECT of all of a dataset's columns to its table; outside of a transaction."""
    table = f"{database}.{quoted(contract.name)}"
    try:
        connection.execute(f"INSERT INTO {table} BY NAME {rows}")
        return
    except duckdb.BinderException:
        # To ask for such columns each time would take longer than to write a few rows.
        if not (same := implied(connection, contract, database)):
            raise
    differ = ", ".join(f"bool_or({quoted(c.name)} IS DISTINCT FROM {_value(c)})" for c in same)
    told: Any = connection.execute(f"SELECT {differ} FROM ({rows})").fetchall()
    for column, other in zip(same, told[0], strict=True):
        if other:
            hold(connection, column, table)
    left = {c.name for c, other in zip(same, told[0], strict=True) if not other}
    names = ", ".join(quoted(c.name) for c in contract.stored if c.name not in left)
    connection.execute(f"INSERT INTO {table} BY NAME SELECT {names} FROM ({rows})")


def hold(connection: duckdb.DuckDBPyConnection, column: Column, table: str) -> None:
    """Make such a column one like any other, in which each row has what it had."""
    name, value = quoted(column.name), default_sql(column)
    connection.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {column.sql_type}"
                       f"{' DEFAULT ' + value if value else ''}")
    if value:
        connection.execute(f"ALTER TABLE {table} ALTER COLUMN {name} DROP DEFAULT")


def _value(column: Column) -> str:
    return default_sql(column) or f"CAST(NULL AS {column.sql_type})"
