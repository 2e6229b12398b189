"""A file becomes tables of text: nothing is interpreted, every row keeps its number.

A file that is not what its name says is refused in words; nothing is guessed from half a file.
"""

from __future__ import annotations

import csv
import hashlib
import zipfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa

from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import child, shapes, text, workbook
from jitasa_analytics.ingest import headers as heads
from jitasa_analytics.ingest.apart import handover
from jitasa_analytics.ingest.bulk.opened import Opened, opened
from jitasa_analytics.ingest.table import Table

KINDS = {
    ".csv": "csv", ".txt": "csv", ".tsv": "csv", ".xlsx": "xlsx", ".xlsm": "xlsx", ".parquet": "parquet",
    ".geoparquet": "parquet", ".geojson": "json", ".json": "json", ".gpkg": "gpkg", ".shp": "shapefile", ".zip": "zip",
    ".xml": "xml",
}
_MAGIC = (
    (b"PK\x03\x04", "zip"), (b"PAR1", "parquet"), (b"\x1f\x8b", "gz"), (b"SQLite format 3", "sqlite"),
    (b"\x00\x00\x27\x0a", "shapefile"), (b"%PDF", "PDF"), (b"\xd0\xcf\x11\xe0", "old Excel (xls)"),
    (b"\x89PNG", "picture"), (b"\xff\xd8\xff", "picture"),
)
_FITS = {"csv": {"text", "json"}, "xlsx": {"zip"}, "zip": {"zip"}, "parquet": {"parquet"}, "json": {"text", "json"},
         "gpkg": {"sqlite"}, "shapefile": {"shapefile"}, "xml": {"text"}}


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path: Path, expect: Collection[str] = (), sheet: str = "") -> Table:
    """The only or first table of a file; see `tables`."""
    return tables(path, expect, sheet)[0]


def tables(path: Path, expect: Collection[str] = (), sheet: str = "") -> list[Table]:
    """Read a file of any known kind: one table, or one for each sheet of a workbook or layer of a map file.

    Parameters
    ----------
    path : Path
        The file.
    expect : collection of str
        Headers to look for besides the known ones (those of a recipe in hand).
    sheet : str
        Only the sheet or layer of this name; hidden ones too.

    Raises
    ------
    InputError
        If the file is missing, empty, of an unknown kind, not what its name says, or too large to be a table.
    UnknownError
        If it has no sheet of that name.
    """
    kind = _kind(path)
    with _refused(path):
        if kind == "csv":
            found = [text.read(path, expect)]
        elif kind == "xlsx":
            found = workbook.read(path, expect, sheet)
        elif kind == "xml":
            with child.parsed(path, "xml") as (part,):
                rows = handover.read_rows(part.file) if part.file is not None else []
            found = [heads.to_table(path, rows)]
        else:
            found = shapes.read(path, kind, sheet)
    for table in found:
        _tidy(table)
    if sheet and kind in ("csv", "xml"):
        workbook.check_name(path, [], sheet)
    return found


def parts(path: Path, expect: Collection[str] = (), sheet: str = "", *, held: ExitStack, large: int | None = None,
          watch: child.Watch | None = None) -> Sequence[Table | Opened]:
    """As `tables`, but large files of text and large sheets are not read into memory: their beginnings are told.

    Parameters
    ----------
    held : ExitStack
        What is told of large sheets lasts as long as it.
    large : int, optional
        Bytes of its rows as text from which on a file or a sheet is a large one.
    watch : callable, optional
        Told how far the reading of a workbook is.
    """
    if not sheet and (begun := opened(path, expect, large)) is not None:
        return [begun]
    if _kind(path) != "xlsx":
        return tables(path, expect, sheet)
    with ExitStack() as here:
        with _refused(path):
            found = here.enter_context(workbook.opened(path, expect, sheet, large=large, watch=watch))
        for part in found:
            if isinstance(part, Table):
                _tidy(part)
        if any(isinstance(part, Opened) for part in found):
            held.enter_context(here.pop_all())
    return found


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    """Say in words what a library says of a file."""
    try:
        yield
    except InputError:
        raise
    except (OSError, EOFError, ValueError, KeyError, pa.ArrowException, zipfile.BadZipFile, csv.Error) as error:
        raise child.broken(path, str(error)) from error


def _tidy(table: Table) -> None:
    """Headers without blanks around them, each of them once."""
    names = [str(c).strip() for c in table.frame.columns]
    if doubled := [n for n in names if names.count(n) > 1]:
        raise heads.stands_twice(table.path, doubled[0])
    table.frame.columns = pd.Index(names)


def _kind(path: Path) -> str:
    """What a file is by its name, held against its first bytes."""
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
    if not (zipped and found == "gz") and found not in _FITS[kind]:
        raise InputError(f"{path.name} is not what its name says: it holds {found} data; rename it or export it again",
                         key="error.file_not_what", file=path.name, found=found)
    return kind


def headers(path: Path) -> list[str]:
    """The headers of a file's first table; a large one is not read into memory for them."""
    with ExitStack() as held:
        part = parts(path, held=held)[0]
        return part.columns if isinstance(part, Opened) else list(part.frame.columns)


def headers_of(part: Table | Opened) -> list[str]:
    """The headers of a table, or of a large one's beginning."""
    if isinstance(part, Opened):
        return part.columns
    return [*part.frame.columns, *(["geometry"] if part.geometry is not None else [])]


def _sniff(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(64)
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"[")):
        return "json"
    return "text"
