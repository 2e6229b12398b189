"""Files with shapes, and Parquet: read by GDAL and Arrow, after a look at how large they claim to be."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq

from jitasa_analytics.errors import InputError
from jitasa_analytics.geo import WGS84
from jitasa_analytics.ingest import child
from jitasa_analytics.ingest.table import Table, from_frame
from jitasa_analytics.ingest.workbook import too_large

MAX_BYTES = 4 << 30


def read_parquet(path: Path) -> Table:
    """A Parquet or GeoParquet file."""
    told = pq.read_metadata(path)
    unpacked = sum(told.row_group(i).total_byte_size for i in range(told.num_row_groups))
    if unpacked > MAX_BYTES:
        raise too_large(path, f"it unpacks to {unpacked >> 20:,} MB")
    if b"geo" in (told.metadata or {}):
        return _table(path, gpd.read_parquet(path))
    return from_frame(path, pq.read_table(path).to_pandas())


def read(path: Path) -> Table:
    """A shapefile, alone or in a zip, a GeoJSON or a GeoPackage file.

    Raises
    ------
    InputError
        If it says no coordinate system and is not in degrees, holds marks of a merge conflict, or is a bomb.
    """
    named: list[str] = []
    if path.stat().st_size > MAX_BYTES:
        raise too_large(path, f"it has {path.stat().st_size >> 20:,} MB")
    if path.suffix.lower() == ".zip":
        try:
            child.check_archive(str(path))
        except child.TooMuchError as error:
            raise too_large(path, str(error)) from error
        with zipfile.ZipFile(path) as archive:
            named = [n.lower() for n in archive.namelist()]
            if not any(n.endswith(".shp") for n in named):
                raise InputError(f"{path.name} holds no shapefile; give a .zip with a .shp in it",
                                 key="error.file_not_what", file=path.name, found="zip")
    elif path.suffix.lower() == ".shp":
        named = [p.name.lower() for p in path.parent.glob(f"{path.stem}.*")]
    else:
        _refuse_conflicts(path)
    # A shapefile that does not name its encoding is Thai text in UTF-8 here, not Latin-1.
    silent = bool(named) and not any(n.endswith(".cpg") for n in named)
    frame = gpd.read_file(path, **({"encoding": "UTF-8"} if silent else {}))
    table = _table(path, frame) if isinstance(frame, gpd.GeoDataFrame) else from_frame(path, frame)
    if silent:
        table.remarks = ((1, "encoding_assumed", ""),)
    return table


def _refuse_conflicts(path: Path) -> None:
    """A file that version control left half-merged says two things at once; nobody can choose for its owner."""
    if path.suffix.lower() not in (".json", ".geojson"):
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.startswith(b"<<<<<<< "):
                raise InputError(f"{path.name} holds the marks of a merge conflict (line {number}); choose one of the "
                                 "two texts and save it again", key="import.merge_conflict", file=path.name,
                                 line=number)


def _table(path: Path, frame: gpd.GeoDataFrame) -> Table:
    if frame.crs is None:
        west, south, east, north = frame.total_bounds
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise InputError(f"{path.name} has no coordinate system and its coordinates are no degrees; "
                             "add the .prj file or export it as WGS84", key="error.file_crs", file=path.name)
        frame = frame.set_crs(WGS84)
    elif frame.crs != WGS84:
        frame = frame.to_crs(WGS84)
    table = from_frame(path, pd.DataFrame(frame.drop(columns=frame.geometry.name)))
    table.geometry = gpd.GeoSeries(frame.geometry.to_numpy(), index=table.frame.index, crs=WGS84)
    if len(frame) and frame.geom_type.isin(["Point"]).all() and not {"lon", "lat"} & set(table.frame):
        # Points are positions: facilities and requests have columns for them, outlines do not.
        table.frame = table.frame.assign(lon=[f"{x:.7f}" for x in table.geometry.x],
                                         lat=[f"{y:.7f}" for y in table.geometry.y])
    return table
