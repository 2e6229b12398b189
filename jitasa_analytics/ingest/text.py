"""Delimited text: its encoding, its size, its quotes."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Collection
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import headers
from jitasa_analytics.ingest.table import Table
from jitasa_analytics.ingest.workbook import too_large

# A file, unpacked; rows of people hardly ever pack tighter than 1 to 50.
MAX_BYTES = 4 << 30
MAX_RATIO = 250
SMALL = 64 << 20
MAX_LINE = 8 << 20
_BLOCK = 4 << 20

Remarks = tuple[tuple[int, str, str], ...]


def read(path: Path, expect: Collection[str] = ()) -> Table:
    """The rows of a CSV file, zipped with gzip or not.

    Raises
    ------
    InputError
        If its letters can't be read, it holds NUL bytes or an unclosed quote, or it is no table at all.
    """
    text, remarks = _decoded(path, _bytes(path))
    if "\x00" in text:
        raise InputError(f"{path.name} holds NUL bytes: it is damaged or no text; export it again",
                         key="error.file_broken", file=path.name, why="NUL")
    between = delimiter(text)
    quick = _quickly(path, text, between, remarks)
    if quick is not None:
        return headers.mark(quick)
    return headers.to_table(path, _rows(path, text, between), remarks=remarks, expect=expect)


def _bytes(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise too_large(path, f"it has {size / (1 << 20):,.0f} MB")
    raw = _unpacked(path, size) if path.suffix.lower() == ".gz" else path.read_bytes()
    # Two ends of line in each such window are the rule; none in one means that it is no table.
    for start in range(0, len(raw) - MAX_LINE, MAX_LINE):
        if raw.find(b"\n", start, start + MAX_LINE) < 0 and raw.find(b"\r", start, start + MAX_LINE) < 0:
            raise too_large(path, f"a line is longer than {MAX_LINE >> 20} MB")
    return raw


def _unpacked(path: Path, size: int) -> bytes:
    """The bytes of a gzip file, unless it unpacks to far more than it is."""
    blocks, total = [], 0
    with gzip.open(path) as file:
        while block := file.read(_BLOCK):
            total += len(block)
            if total > MAX_BYTES or (total > SMALL and total > MAX_RATIO * size):
                raise too_large(path, f"it unpacks to more than {total >> 20:,} MB")
            blocks.append(block)
    return b"".join(blocks)


def _decoded(path: Path, raw: bytes) -> tuple[str, Remarks]:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16"), ((1, "encoding_utf16", ""),)
    try:
        return raw.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("cp874"), ((1, "encoding_cp874", ""),)
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is neither UTF-8 nor Thai (cp874) text; save it as 'CSV UTF-8'",
                         key="error.file_encoding", file=path.name) from error


def delimiter(text: str) -> str:
    """What stands between cells: most often in the first line, or in one of those below a title."""
    lines = text[:20_000].lstrip("\r\n ").split("\n")[:30]
    first = max(",;\t|", key=lines[0].count)
    if lines[0].count(first):
        return first
    return max(",;\t|", key=lambda d: max(line.count(d) for line in lines))


def _rows(path: Path, text: str, delimiter: str) -> list[list[str]]:
    """All rows; a quote that is never closed would swallow the rest of the file, and is refused."""
    csv.field_size_limit(2 * MAX_LINE)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    line = 1
    try:
        while True:
            line = reader.line_num + 1
            rows.append(next(reader))
    except StopIteration:
        return rows
    except csv.Error as error:
        if "end of data" in str(error):
            raise InputError(f"{path.name}: a quote that is opened in line {line} is never closed; correct that line",
                             key="import.unclosed_quote", file=path.name, line=line) from error
        # Quotes inside a text that are not doubled: read as they stand.
        return list(csv.reader(io.StringIO(text), delimiter=delimiter))


def _quickly(path: Path, text: str, delimiter: str, remarks: Remarks) -> Table | None:
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
    if len(frame) and frame.iloc[:, 0].str.startswith(headers.EXAMPLE).any():
        return None
    frame.columns = pd.Index(heads)
    return Table(path, frame.astype("str").set_axis(pd.RangeIndex(2, len(frame) + 2)), remarks=remarks)
