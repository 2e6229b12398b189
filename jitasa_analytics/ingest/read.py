"""A file becomes a table of text: nothing is interpreted, every row keeps its number.

A file that is not what its name says is refused in words; nothing is guessed from half a file.
"""

from __future__ import annotations

import csv
import hashlib
import zipfile
from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio

from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import headers as headers_
from jitasa_analytics.ingest import registry, shapes, text, workbook
from jitasa_analytics.ingest.table import Table

KINDS = {
    ".csv": "csv", ".txt": "csv", ".tsv": "csv", ".xlsx": "xlsx", ".parquet": "parquet", ".geoparquet": "parquet",
    ".geojson": "json", ".json": "json", ".gpkg": "gpkg", ".shp": "shapefile", ".zip": "zip",
    ".xml": "xml",
}
_MAGIC = (
    (b"PK\x03\x04", "zip"), (b"PAR1", "parquet"), (b"\x1f\x8b", "gz"), (b"SQLite format 3", "sqlite"),
    (b"\x00\x00\x27\x0a", "shapefile"), (b"%PDF", "PDF"), (b"\xd0\xcf\x11\xe0", "old Excel (xls)"),
    (b"\x89PNG", "picture"), (b"\xff\xd8\xff", "picture"),
)


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path: Path, expect: Collection[str] = ()) -> Table:
    """Read a file of any known kind.

    Parameters
    ----------
    path : Path
        The file.
    expect : collection of str
        Headers to look for besides the known ones (those of a recipe in hand).

    Raises
    ------
    InputError
        If the file is missing, empty, of an unknown kind, not what its name says, or too large to be a table.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}; check the name", key="error.no_file", file=str(path))
    suffixes = [s.lower() for s in path.suffixes]
    zipped = suffixes[-1:] == [".gz"]
    kind = KINDS.get((suffixes[:-1] if zipped else suffixes)[-1] if suffixes[: -1 if zipped else None] else "", "")
    if not kind or (zipped and kind != "csv"):
        raise InputError(f"{path.name}: files of this kind can't be read; give CSV, XLSX, Parquet, GeoJSON, "
                         "GeoPackage or a shapefile (.shp or .zip)", key="error.file_kind", file=path.name)
    if path.stat().st_size == 0:
        raise InputError(f"{path.name} is empty; check the export it came from", key="error.file_empty", file=path.name)
    found = _sniff(path)
    fits = {"csv": {"text", "json"}, "xlsx": {"zip"}, "zip": {"zip"}, "parquet": {"parquet"}, "json": {"text", "json"},
            "gpkg": {"sqlite"}, "shapefile": {"shapefile"}, "xml": {"text"}}[kind]
    if not (zipped and found == "gz") and found not in fits:
        raise InputError(f"{path.name} is not what its name says: it holds {found} data; rename it or export it again",
                         key="error.file_not_what", file=path.name, found=found)
    try:
        if kind == "xml":
            table = headers_.to_table(path, registry.rows(path))
        elif kind in ("csv", "xlsx"):
            table = (text.read if kind == "csv" else workbook.read)(path, expect)
        else:
            table = (shapes.read_parquet if kind == "parquet" else shapes.read)(path)
    except InputError:
        raise
    except (OSError, EOFError, ValueError, KeyError, pa.ArrowException, zipfile.BadZipFile, csv.Error,
            pyogrio.errors.DataSourceError) as error:
        raise InputError(f"{path.name} can't be read: {error}; open it, save it again and retry",
                         key="error.file_broken", file=path.name, why=str(error)) from error
    table.frame.columns = [str(c).strip() for c in table.frame.columns]
    return table


def headers(path: Path) -> list[str]:
    """The headers of a file, as cheaply as its kind allows."""
    if path.suffix.lower() in (".parquet", ".geoparquet"):
        return list(pq.read_schema(path).names)
    return [*read(path).frame.columns, "geometry"] if KINDS.get(path.suffix.lower()) in (
        "json", "gpkg", "shapefile", "zip") else list(read(path).frame.columns)


def _sniff(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(64)
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"[")):
        return "json"
    return "text"
