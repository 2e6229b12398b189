"""Cubes: what screens ask again and again, counted once when a version is built.

``dose_cube`` counts injections by area × week × dose × group, ``dose_total_cube`` those of all groups together,
``dose_month_cube`` and ``dose_span_cube`` those of four and sixteen weeks at a time, ``request_cube`` requests by
area × day × category × status × urgency.
Each is kept at every level (country, province, district, tambon), so that a question about the country reads its few
rows and not those of 7,400 tambons. A cube lies in the file of the rows that it counts: whichever
version is opened, the two agree.
"""

from __future__ import annotations

from importlib import resources

import duckdb
import pyarrow as pa

from jitasa_analytics.store.tables import can_read, quoted

# The datasets that a cube is made of, or the cube before it.
MADE_OF: dict[str, tuple[str, ...]] = {
    "dose_cube": ("doses",), "dose_month_cube": ("dose_cube",), "dose_span_cube": ("dose_cube",),
    "dose_total_cube": ("dose_cube",),
    "request_cube": ("requests", "request_items")}
GROUP_OF = {"dose_cube": "doses", "dose_total_cube": "doses", "dose_month_cube": "doses", "dose_span_cube": "doses",
            "request_cube": "live"}
# What a cell of the cubes of injections is, in the order in which they lie.
CELL_OF = {"dose_cube": ("digits", "area_code", "week", "dose_no", "group"),
           "dose_total_cube": ("digits", "week", "area_code", "dose_no"),
           "dose_month_cube": ("digits", "month", "area_code", "dose_no", "group"),
           "dose_span_cube": ("digits", "span", "area_code", "dose_no", "group")}


def definition(name: str, database: str = "", **sources: str) -> str:
    """The SELECT that counts a cube.

    Parameters
    ----------
    database : str
        The catalogue whose rows are counted.
    sources : str
        Other rows that stand in for a dataset's: the name of a table, or a SELECT in brackets.
    """
    text = resources.files("jitasa_analytics.store").joinpath("queries", f"{name}.sql").read_text("utf-8")
    for dataset in MADE_OF[name]:
        text = text.replace(f"$rows.{dataset}", sources.get(dataset, f"{database}.{dataset}"))
    return text


def source(connection: duckdb.DuckDBPyConnection, name: str, database: str) -> str:
    """What follows FROM to read a cube: its table, or the SELECT that counts it where a file lacks it."""
    if not missing(connection, name, database):
        return f"{database}.{quoted(name)}"
    below = {cube: source(connection, cube, database) for cube in MADE_OF[name] if cube in MADE_OF}
    return f"({definition(name, database, **below)})"


def build(connection: duckdb.DuckDBPyConnection, name: str, database: str) -> None:
    """Count a cube anew."""
    connection.execute(f"CREATE OR REPLACE TABLE {database}.{quoted(name)} AS {definition(name, database)}")


def fill(connection: duckdb.DuckDBPyConnection, name: str, database: str, cells: pa.Table) -> None:
    """Make a cube of cells that were counted elsewhere, in the cube's order."""
    table = f"{database}.{quoted(name)}"
    connection.execute(f"CREATE OR REPLACE TABLE {table} AS {definition(name, database)} LIMIT 0")
    connection.register("counted", cells)
    connection.execute(f"INSERT INTO {table} BY NAME FROM counted")
    connection.unregister("counted")


def missing(connection: duckdb.DuckDBPyConnection, name: str, database: str) -> bool:
    """Whether a file was written before there were cubes."""
    return not can_read(connection, f"FROM {database}.{quoted(name)}")
