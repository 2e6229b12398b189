"""A file becomes a table of text: nothing is interpreted, every row keeps its number.

A file that is not what its name says is refused in words; nothing is guessed from half a file.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pyogrio

from jitasa_analytics.errors import InputError
from jitasa_analytics.geo import WGS84

KINDS = {
    ".csv": "csv", ".txt": "csv", ".tsv": "csv", ".xlsx": "xlsx", ".parquet": "parquet", ".geoparquet": "parquet",
    ".geojson": "json", ".json": "json", ".gpkg": "gpkg", ".shp": "shapefile", ".zip": "zip",
}
_MAX_FIELD = 10_000_000
_MAGIC = (
    (b"PK\x03\x04", "zip"), (b"PAR1", "parquet"), (b"\x1f\x8b", "gz"), (b"SQLite format 3", "sqlite"),
    (b"\x00\x00\x27\x0a", "shapefile"), (b"%PDF", "PDF"), (b"\xd0\xcf\x11\xe0", "old Excel (xls)"),
    (b"\x89PNG", "picture"), (b"\xff\xd8\xff", "picture"),
)


@dataclass
class Table:
    """The rows of one file, as text.

    Attributes
    ----------
    path : Path
        The file.
    frame : DataFrame of str
        One column a header, on the row numbers that a person sees (the header is row 1).
    geometry : GeoSeries or None
        Shapes in WGS84 on the same index.
    sheet : str
        The sheet of a workbook.
    ragged : dict of int to list of str
        Rows whose number of cells differs from the header's, whole.
    remarks : tuple of str
        Codes of what was repaired for the file as a whole (``encoding_cp874``).
    """

    path: Path
    frame: pd.DataFrame
    geometry: gpd.GeoSeries | None = None
    sheet: str = ""
    ragged: dict[int, list[str]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows were read, ragged ones included."""
        return len(self.frame) + len(self.ragged)


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path: Path) -> Table:
    """Read a file of any known kind.

    Raises
    ------
    InputError
        If the file is missing, empty, of an unknown kind, or not what its name says.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}; check the name", key="error.no_file", file=str(path))
    suffixes = [s.lower() for s in path.suffixes]
    zipped = suffixes[-1:] == [".gz"]
    kind = KINDS.get((suffixes[:-1] if zipped else suffixes)[-1] if suffixes[: -1 if zipped else None] else "", "")
    if not kind:
        raise InputError(f"{path.name}: files of this kind can't be read; give CSV, XLSX, Parquet, GeoJSON, "
                         "GeoPackage or a shapefile (.shp or .zip)", key="error.file_kind", file=path.name)
    if path.stat().st_size == 0:
        raise InputError(f"{path.name} is empty; check the export it came from", key="error.file_empty", file=path.name)
    found = _sniff(path)
    fits = {"csv": {"text", "json"}, "xlsx": {"zip"}, "zip": {"zip"}, "parquet": {"parquet"}, "json": {"text", "json"},
            "gpkg": {"sqlite"}, "shapefile": {"shapefile"}}[kind]
    if not (zipped and found == "gz") and found not in fits:
        raise InputError(f"{path.name} is not what its name says: it holds {found} data; rename it or export it again",
                         key="error.file_not_what", file=path.name, found=found)
    readers = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet, "json": _shapes, "gpkg": _shapes,
               "shapefile": _shapes, "zip": _shapes}
    try:
        table = readers[kind](path)
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


def _text(path: Path) -> tuple[str, tuple[str, ...]]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix.lower() == ".gz" else path.read_bytes()
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16"), ("encoding_utf16",)
    try:
        return raw.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("cp874"), ("encoding_cp874",)
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is neither UTF-8 nor Thai (cp874) text; save it as 'CSV UTF-8'",
                         key="error.file_encoding", file=path.name) from error


def _csv(path: Path) -> Table:
    text, remarks = _text(path)
    if "\x00" in text:
        raise InputError(f"{path.name} holds NUL bytes: it is damaged or no text; export it again",
                         key="error.file_broken", file=path.name, why="NUL")
    first = text.lstrip("\r\n ").split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    quick = _quickly(path, text, delimiter, remarks)
    if quick is not None:
        return quick
    csv.field_size_limit(_MAX_FIELD)
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    return _from_rows(path, rows, remarks=remarks)


def _quickly(path: Path, text: str, delimiter: str, remarks: tuple[str, ...]) -> Table | None:
    """A well-formed file through Arrow's reader; None where a row differs, to be read row by row.

    Empty lines and line breaks in quotes would shift the numbers of the rows, so they take the slow way too.
    """
    lines = text.count("\n") + (not text.endswith("\n"))
    parse = pa_csv.ParseOptions(delimiter=delimiter, ignore_empty_lines=False)
    try:
        names = next(csv.reader([text.split("\n", 1)[0].rstrip("\r")], delimiter=delimiter))
        heads = [n.strip() for n in names]
        if len(heads) < 2 or not all(heads) or len(set(heads)) < len(heads):
            return None
        convert = pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
        table = pa_csv.read_csv(io.BytesIO(text.encode()), parse_options=parse, convert_options=convert)
    except (pa.ArrowException, csv.Error, StopIteration):
        return None
    if table.num_rows + 1 != lines:
        return None
    frame = table.to_pandas()
    if len(frame) and (frame == "").all(axis=1).any():
        return None
    frame.columns = pd.Index(heads)
    return Table(path, frame.astype("str").set_axis(pd.RangeIndex(2, len(frame) + 2)), remarks=remarks)


def _xlsx(path: Path) -> Table:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        sheet = book[book.sheetnames[0]]
        rows = [[_cell_text(v) for v in row] for row in sheet.iter_rows(values_only=True)]
        return _from_rows(path, rows, sheet=book.sheetnames[0], square=True)
    finally:
        book.close()


def _cell_text(value: Any) -> str:
    """The value of a spreadsheet cell as text; numbers and dates without loss."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        at_midnight = value.time() == datetime.min.time()
        return str(value.date()) if at_midnight else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _from_rows(path: Path, rows: list[list[str]], *, sheet: str = "", remarks: tuple[str, ...] = (),
               square: bool = False) -> Table:
    start = next((i for i, row in enumerate(rows) if any(c.strip() for c in row)), None)
    if start is None:
        raise InputError(f"{path.name} holds no rows; check the export it came from", key="error.file_empty",
                         file=path.name)
    head = [c.strip() for c in rows[start]]
    while square and head and not head[-1]:
        head.pop()
    head = [h or f"column {i + 1}" for i, h in enumerate(head)]
    doubled = sorted({h for h in head if head.count(h) > 1})
    if doubled:
        raise InputError(f"{path.name} has the header {doubled[0]!r} more than once; rename one of the columns",
                         key="error.file_headers", file=path.name, column=doubled[0])
    kept: dict[int, list[str]] = {}
    ragged: dict[int, list[str]] = {}
    for number, row in enumerate(rows[start + 1:], start + 2):
        if not any(c.strip() for c in row):
            continue
        cells = row[: len(head)] + [""] * (len(head) - len(row)) if square else row
        (kept if len(cells) == len(head) else ragged)[number] = cells
    frame = pd.DataFrame.from_dict(kept, orient="index", columns=head, dtype="str")
    return Table(path, frame, sheet=sheet, ragged=ragged, remarks=remarks)


def _parquet(path: Path) -> Table:
    schema = pq.read_schema(path)
    if b"geo" in (schema.metadata or {}):
        return _from_shapes(path, gpd.read_parquet(path))
    return _from_frame(path, pq.read_table(path).to_pandas())


def _shapes(path: Path) -> Table:
    named: list[str] = []
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as archive:
            named = [n.lower() for n in archive.namelist()]
            if not any(n.endswith(".shp") for n in named):
                raise InputError(f"{path.name} holds no shapefile; give a .zip with a .shp in it",
                                 key="error.file_not_what", file=path.name, found="zip")
    elif path.suffix.lower() == ".shp":
        named = [p.name.lower() for p in path.parent.glob(f"{path.stem}.*")]
    # A shapefile that does not name its encoding is Thai text in UTF-8 here, not Latin-1.
    silent = bool(named) and not any(n.endswith(".cpg") for n in named)
    frame = gpd.read_file(path, **({"encoding": "UTF-8"} if silent else {}))
    if not isinstance(frame, gpd.GeoDataFrame):
        return _from_frame(path, frame)
    return _from_shapes(path, frame)


def _from_shapes(path: Path, frame: gpd.GeoDataFrame) -> Table:
    if frame.crs is None:
        west, south, east, north = frame.total_bounds
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise InputError(f"{path.name} has no coordinate system and its coordinates are no degrees; "
                             "add the .prj file or export it as WGS84", key="error.file_crs", file=path.name)
        frame = frame.set_crs(WGS84)
    elif frame.crs != WGS84:
        frame = frame.to_crs(WGS84)
    table = _from_frame(path, pd.DataFrame(frame.drop(columns=frame.geometry.name)))
    table.geometry = gpd.GeoSeries(frame.geometry.to_numpy(), index=table.frame.index, crs=WGS84)
    return table


def _from_frame(path: Path, frame: pd.DataFrame) -> Table:
    """Typed columns as text, on record numbers that count the header as row 1."""
    out = {}
    for name in frame.columns:
        values = frame[name]
        if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
            values = values.astype("Int64")
        out[str(name)] = ["" if pd.isna(v) else _cell_text(v.item() if hasattr(v, "item") else v) for v in values]
    index = pd.RangeIndex(2, len(frame) + 2)
    return Table(path, pd.DataFrame(out, index=index, dtype="str"))
