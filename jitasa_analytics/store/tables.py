"""Tables from contracts, and frames to and from DuckDB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import geopandas as gpd
import pandas as pd
import pyarrow as pa

from jitasa_analytics.contracts import Dataset, datasets_of
from jitasa_analytics.geo import WGS84

RESTRICTED = "restricted"
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
        columns = ", ".join(f"{quoted(c.name)} {c.sql_type}" for c in dataset.columns)
        connection.execute(f"CREATE TABLE {quoted(dataset.name)} ({columns})")
    if group == RESTRICTED:
        for statement in _RESTRICTED_TABLES:
            connection.execute(statement)


def to_arrow(frame: pd.DataFrame, dataset: Dataset) -> pa.Table:
    """A frame in the dataset's columns and types; columns it lacks become NULL."""
    arrays: list[pa.Array] = []
    for column in dataset.columns:
        if column.name not in frame:
            arrays.append(pa.nulls(len(frame), pa.string() if column.kind != "geometry" else pa.binary()))
        elif column.kind == "geometry":
            wkb = gpd.GeoSeries(frame[column.name]).to_wkb()
            arrays.append(pa.array([None if v is None else v for v in wkb], pa.binary()))
        else:
            arrays.append(pa.Array.from_pandas(frame[column.name], type=_arrow_type(column.sql_type)))
    return pa.table(arrays, names=list(dataset.names))


def _arrow_type(sql_type: str) -> pa.DataType:
    types: dict[str, pa.DataType] = {
        "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us"),
    }
    return types.get(sql_type, pa.string())


def select_from_arrow(dataset: Dataset, source: str) -> str:
    """SELECT of a registered arrow table in the dataset's SQL types."""
    parts = []
    for c in dataset.columns:
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
