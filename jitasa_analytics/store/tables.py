"""Tables from contracts, and frames to and from DuckDB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import geopandas as gpd
import pandas as pd
import pyarrow as pa
from duckdb.func import ARROW, SPECIAL

from jitasa_analytics import cells
from jitasa_analytics.contracts import CELL, Column, Dataset, datasets_of
from jitasa_analytics.geo import WGS84

RESTRICTED = "restricted"
# Columns that a dataset got later; they stand behind the others.
_LATER = {"request_events": ("quantity_promised", "vehicle", "same_as", "recorded_by")}
FILE_GROUPS = ("reference", "doses", "live", RESTRICTED)

# Rows that were refused, whole; what was imported; digests of rows whose key is only a running number.
_RESTRICTED_TABLES = (
    'CREATE TABLE quarantine (dataset VARCHAR, file VARCHAR, sheet VARCHAR, "row" BIGINT, "column" VARCHAR, '
    'code VARCHAR, value VARCHAR, original VARCHAR, "at" TIMESTAMP)',
    'CREATE TABLE imports (file VARCHAR, sha256 VARCHAR, dataset VARCHAR, recipe VARCHAR, "at" TIMESTAMP, '
    '"read" BIGINT, accepted BIGINT, quarantined BIGINT, duplicate BIGINT)',
    "CREATE TABLE fingerprints (dataset VARCHAR, fingerprint VARCHAR, key VARCHAR)",
)


def quoted(name: str) -> str:
    """An identifier that may be a word of SQL (``group``)."""
    return '"' + name.replace('"', '""') + '"'


def column_list(dataset: Dataset, prefix: str = "") -> str:
    """The dataset's columns for a SELECT."""
    return ", ".join(prefix + quoted(n) for n in dataset.names)


def create_tables(connection: duckdb.DuckDBPyConnection, group: str) -> None:
    """The tables of one file group, empty."""
    for dataset in datasets_of([group]):
        columns = ", ".join(f"{quoted(c.name)} {c.sql_type}" for c in dataset.stored)
        connection.execute(f"CREATE TABLE {quoted(dataset.name)} ({columns})")
    if group == RESTRICTED:
        for statement in _RESTRICTED_TABLES:
            connection.execute(statement)


def to_arrow(frame: pd.DataFrame, dataset: Dataset) -> pa.Table:
    """A frame in the dataset's columns and types; columns it lacks become NULL, derived ones are computed."""
    arrays: list[pa.Array] = []
    for column in dataset.columns:
        if column.name not in frame:
            arrays.append(pa.nulls(len(frame), pa.string() if column.kind != "geometry" else pa.binary()))
        elif column.kind == "geometry":
            wkb = gpd.GeoSeries(frame[column.name]).to_wkb()
            arrays.append(pa.array([None if v is None else v for v in wkb], pa.binary()))
        else:
            arrays.append(pa.Array.from_pandas(frame[column.name], type=arrow_type(column.sql_type)))
    return with_cells(pa.table(arrays, names=[c.name for c in dataset.columns]), dataset)


def with_cells(table: pa.Table, dataset: Dataset) -> pa.Table:
    """The table with the H3 cell of each row's point, where the dataset has one and the table gives points."""
    if CELL not in dataset.derived or not {"lon", "lat"} <= set(table.column_names):
        return table
    lon, lat = (table.column(n).cast(pa.float64()).to_numpy() for n in ("lon", "lat"))
    return table.append_column(CELL.name, cells.texts(lon, lat))


def rows_of(connection: duckdb.DuckDBPyConnection, dataset: Dataset, database: str) -> str:
    """What follows FROM to read a dataset with all its columns, also in a file from before cells were stored."""
    table = f"{database}.{quoted(dataset.name)}"
    later = lacking(connection, dataset, database)
    if later:
        empty = ", ".join(f"CAST(NULL AS {c.sql_type}) AS {quoted(c.name)}" for c in later)
        return f"(SELECT *, {empty} FROM {table})"
    if not lacks_cells(connection, dataset, database):
        return table
    return f"(SELECT *, {_cell_function(connection)}(lon, lat) AS {CELL.name} FROM {table})"


def lacking(connection: duckdb.DuckDBPyConnection, dataset: Dataset, database: str) -> list[Column]:
    """Columns of a dataset that a file from before there were such does not have."""
    table = f"{database}.{quoted(dataset.name)}"
    later = [dataset.column(name) for name in _LATER.get(dataset.name, ())]
    if not later or can_read(connection, f"SELECT {', '.join(quoted(c.name) for c in later)} FROM {table}"):
        return []
    return [c for c in later if not can_read(connection, f"SELECT {quoted(c.name)} FROM {table}")]


def add_columns(connection: duckdb.DuckDBPyConnection, dataset: Dataset, database: str) -> None:
    """Give a dataset of such a file the columns it lacks, empty."""
    for column in lacking(connection, dataset, database):
        connection.execute(f"ALTER TABLE {database}.{quoted(dataset.name)} ADD COLUMN {quoted(column.name)} "
                           f"{column.sql_type}")


def lacks_cells(connection: duckdb.DuckDBPyConnection, dataset: Dataset, database: str) -> bool:
    """Whether a file was written before cells were stored."""
    if CELL not in dataset.derived:
        return False
    return not can_read(connection, f"SELECT {CELL.name} FROM {database}.{quoted(dataset.name)}")


def can_read(connection: duckdb.DuckDBPyConnection, query: str) -> bool:
    """Whether all that a query names is there: asked of the binder, since listing a catalogue takes ten times as long.

    The query must fail in no other way: a failure within a transaction would end it.
    """
    try:
        connection.execute(f"{query} LIMIT 0")
    except (duckdb.BinderException, duckdb.CatalogException):
        return False
    return True


def add_cells(connection: duckdb.DuckDBPyConnection, dataset: Dataset, database: str) -> None:
    """Give a dataset of such a file its cells."""
    table = f"{database}.{quoted(dataset.name)}"
    connection.execute(f"ALTER TABLE {table} ADD COLUMN {CELL.name} {CELL.sql_type}")
    connection.execute(f"UPDATE {table} SET {CELL.name} = {_cell_function(connection)}(lon, lat)")


def _cell_function(connection: duckdb.DuckDBPyConnection) -> str:
    name = "jitasa_cell"
    known = connection.execute("SELECT count(*) FROM duckdb_functions() WHERE function_name = $n", {"n": name})
    if not known.fetchall()[0][0]:
        connection.create_function(name, _cells, ["DOUBLE", "DOUBLE"], "VARCHAR", type=ARROW, null_handling=SPECIAL)
    return name


def _cells(lon: pa.ChunkedArray, lat: pa.ChunkedArray) -> pa.Array:
    return cells.texts(lon.to_numpy(), lat.to_numpy())


def arrow_type(sql_type: str) -> pa.DataType:
    """What stands for a type of SQL."""
    types: dict[str, pa.DataType] = {
        "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us"),
    }
    return types.get(sql_type, pa.string())


def select_from_arrow(dataset: Dataset, source: str) -> str:
    """SELECT of a registered arrow table in the dataset's SQL types."""
    parts = []
    for c in dataset.stored:
        if c.kind == "geometry":
            parts.append(f"ST_GeomFromWKB({quoted(c.name)}) AS {quoted(c.name)}")
        else:
            parts.append(f"CAST({quoted(c.name)} AS {c.sql_type}) AS {quoted(c.name)}")
    return f"SELECT {', '.join(parts)} FROM {source}"


def to_frame(relation: Any, *, geometry: str | None = None) -> pd.DataFrame:
    """A relation as a frame; with ``geometry`` named, a GeoDataFrame in WGS84.

    Integers keep their type where no value is missing and become ``Int64`` otherwise.
    """
    table: pa.Table = relation.to_arrow_table()
    if geometry is not None:
        plain = table.drop_columns([geometry])
        wkb = table.column(geometry)
        frame: pd.DataFrame = _pandas(plain)
        shapes = gpd.GeoSeries.from_wkb(wkb.cast(pa.binary()).to_pandas(), crs=WGS84)
        shaped: pd.DataFrame = gpd.GeoDataFrame(frame, geometry=shapes.to_numpy(), crs=WGS84)
        return shaped
    return _pandas(table)


def digest(connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> str:
    """A digest of a table's rows, whatever their order: their number, and two sums over the hashes of rows."""
    kinds = dict(connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {table})").fetchall())
    parts = ", ".join(f"ST_AsWKB({quoted(c)})" if str(kinds[c]).startswith("GEOMETRY") else quoted(c) for c in columns)
    rows: Any = connection.execute(
        f"SELECT count(*), coalesce(sum(h), 0), coalesce(bit_xor(h * 31 + 7), 0) "
        f"FROM (SELECT CAST(hash({parts}) AS HUGEINT) AS h FROM {table})").fetchall()
    return "-".join(f"{int(v):x}" for v in rows[0])


def _pandas(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(integer_object_nulls=False, date_as_object=False)
    for field in table.schema:
        if pa.types.is_integer(field.type) and table.column(field.name).null_count:
            frame[field.name] = table.column(field.name).to_pandas(types_mapper={field.type: pd.Int64Dtype()}.get)
        elif pa.types.is_string(field.type):
            frame[field.name] = frame[field.name].astype("str")
        elif pa.types.is_null(field.type):
            frame[field.name] = frame[field.name].astype("object")
    return frame
