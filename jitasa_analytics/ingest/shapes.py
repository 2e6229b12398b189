"""Files with shapes, and Parquet: parsed apart, then attributes as text and shapes in degrees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from jitasa_analytics.errors import InputError
from jitasa_analytics.geo import WGS84
from jitasa_analytics.ingest import child
from jitasa_analytics.ingest.apart import handover
from jitasa_analytics.ingest.table import Table, from_frame
from jitasa_analytics.ingest.workbook import check_name

MAX_BYTES = 4 << 30


def read(path: Path, kind: str, sheet: str = "") -> list[Table]:
    """A Parquet file, a shapefile alone or in a zip, a GeoJSON or a GeoPackage file: one table a layer.

    Raises
    ------
    InputError
        If it says no coordinate system and is not in degrees, holds marks of a merge conflict, is damaged
        or a bomb.
    """
    if path.stat().st_size > MAX_BYTES:
        raise child.too_large(path, f"it has {path.stat().st_size >> 20:,} MB")
    _refuse_conflicts(path)
    with child.parsed(path, kind, sheet=sheet) as parts:
        check_name(path, [p.sheet for p in parts], sheet)
        found = [(p.told, handover.read_table(p.file)) for p in parts if p.file is not None]
    tables = [_table(path, told, data, named=len(parts) > 1) for told, data in found]
    # A layer without features beside others is no table; a file of nothing else says that it has no rows.
    return [t for t in tables if t.rows] or tables[:1]


def _refuse_conflicts(path: Path) -> None:
    """A file that version control left half-merged says two things at once; nobody can choose for its owner."""
    if path.suffix.lower() not in (".json", ".geojson"):
        return
    with path.open("rb") as file:
        number = 1
        while line := file.readline(1 << 20):
            if line.startswith(b"<<<<<<< "):
                raise InputError(f"{path.name} holds the marks of a merge conflict (line {number}); choose one of the "
                                 "two texts and save it again", key="import.merge_conflict", file=path.name,
                                 line=number)
            number += line.endswith(b"\n")


def _table(path: Path, told: dict[str, Any], data: Any, *, named: bool) -> Table:
    column = told.get("geometry") or ""
    rest = data.drop_columns([column]) if column in data.column_names else data
    table = from_frame(path, rest.to_pandas())
    table.sheet = told["sheet"] if named else ""
    if told.get("silent"):
        table.remarks = ((1, "encoding_assumed", ""),)
    if column in data.column_names:
        _add_shapes(table, _drawn(path, data.column(column).to_pandas()), told.get("crs"))
    return table


def _drawn(path: Path, raw: pd.Series) -> gpd.GeoSeries:
    """The shapes; a damaged one refuses the file, since an area without its outline would not be missed."""
    shapes = gpd.GeoSeries.from_wkb(raw, on_invalid="ignore")
    lost = np.flatnonzero(raw.notna().to_numpy() & shapes.isna().to_numpy())
    if len(lost):
        row = int(lost[0]) + 2
        raise InputError(f"the shape in row {row} of {path.name} is damaged, for instance a ring that is not closed; "
                         "mend it or export the file again", key="import.shape_broken", file=path.name, row=row)
    return shapes


def _add_shapes(table: Table, shapes: gpd.GeoSeries, crs: str | None) -> None:
    """Put shapes beside the rows, in degrees; points are positions as well."""
    if not crs:
        west, south, east, north = shapes.total_bounds if len(shapes) else (0, 0, 0, 0)
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise InputError(f"{table.path.name} has no coordinate system and its coordinates are no degrees; "
                             "add the .prj file or export it as WGS84", key="error.file_crs", file=table.path.name)
        shapes = shapes.set_crs(WGS84)
    else:
        shapes = shapes.set_crs(crs)
        shapes = shapes if shapes.crs == WGS84 else shapes.to_crs(WGS84)
    table.geometry = gpd.GeoSeries(shapes.to_numpy(), index=table.frame.index, crs=WGS84)
    points = table.geometry.geom_type.eq("Point") & ~table.geometry.is_empty
    if points.any() and not {"lon", "lat"} & set(table.frame):
        # Facilities and requests have columns for a position, outlines do not.
        text = pd.DataFrame({"lon": table.geometry[points].x, "lat": table.geometry[points].y}).map("{:.7f}".format)
        table.frame = table.frame.assign(lon=text["lon"].reindex(table.frame.index, fill_value="").astype("str"),
                                         lat=text["lat"].reindex(table.frame.index, fill_value="").astype("str"))
