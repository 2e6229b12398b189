"""Delimited text: small files here, larger ones apart, and plain ones through Arrow's reader."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Collection
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import child, headers
from jitasa_analytics.ingest.apart import delimited, handover
from jitasa_analytics.ingest.apart.delimited import MAX_BYTES, MAX_LINE, MAX_RATIO, SMALL, delimiter
from jitasa_analytics.ingest.apart.limits import BrokenError, TooMuchError
from jitasa_analytics.ingest.child import too_large
from jitasa_analytics.ingest.table import Table

__all__ = ["MAX_BYTES", "MAX_LINE", "MAX_RATIO", "SMALL", "delimiter", "read"]

# Text of this size, unpacked, can do no harm wherever it is read; above it a process of its own does.
HERE = 8 << 20
# A plain file up to this size is read at once.
QUICK = 64 << 20
_REMARKS = {"utf-16": "encoding_utf16", "cp874": "encoding_cp874"}


def read(path: Path, expect: Collection[str] = ()) -> Table:
    """The rows of a CSV file, zipped with gzip or not.

    Raises
    ------
    InputError
        If its letters can't be read, it holds NUL bytes or an unclosed quote, or it is no table at all.
    """
    if path.stat().st_size > MAX_BYTES:
        raise too_large(path, f"it has {path.stat().st_size / (1 << 20):,.0f} MB")
    try:
        raw = _start(path)
        if len(raw) > QUICK or (len(raw) > HERE and path.suffix.lower() == ".gz"):
            return _apart(path, expect)
        found = delimited.opened(path)
        remarks = _remarks(found.encoding)
        quick = _quickly(path, raw.decode(found.encoding), found.delimiter, remarks)
        if quick is not None:
            return headers.mark(quick)
        if len(raw) > HERE:
            return _apart(path, expect)
        rows = [cells for _, cells in delimited.rows(found)]
    except TooMuchError as error:
        raise too_large(path, str(error)) from error
    except BrokenError as error:
        if not error.key:
            raise child.broken(path, str(error)) from error
        raise InputError(f"{path.name} was not read: {error}", key=error.key,
                         **{"file": path.name, **error.values}) from error
    return headers.to_table(path, rows, remarks=remarks, expect=expect)


def _start(path: Path) -> bytes:
    """The text's bytes, or so many of them that it is known to be a large one."""
    try:
        with delimited.unpacked(path) as file:
            return file.read(QUICK + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BrokenError(str(error)) from error


def _remarks(encoding: str) -> tuple[tuple[int, str, str], ...]:
    return ((1, _REMARKS[encoding], ""),) if encoding in _REMARKS else ()


def _apart(path: Path, expect: Collection[str]) -> Table:
    with child.parsed(path, "text") as (part,):
        rows = handover.read_rows(part.file) if part.file is not None else []
    return headers.to_table(path, rows, remarks=_remarks(str(part.told["encoding"])), expect=expect)


def _quickly(path: Path, text: str, between: str, remarks: tuple[tuple[int, str, str], ...]) -> Table | None:
    """A well-formed file through Arrow's reader; None where a row differs, to be read row by row.

    Empty lines and line breaks in quotes would shift the numbers of the rows, so they take the slow way too.
    """
    lines = text.count("\n") + (not text.endswith("\n"))
    parse = pa_csv.ParseOptions(delimiter=between, ignore_empty_lines=False)
    try:
        names = next(csv.reader([text.split("\n", 1)[0].rstrip("\r")], delimiter=between))
        heads = [n.strip() for n in names]
        if len(heads) < 2 or not all(heads) or len(set(heads)) < len(heads):
            return None
        convert = pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
        table = pa_csv.read_csv(io.BytesIO(text.encode()), parse_options=parse, convert_options=convert)
    except (pa.ArrowException, csv.Error, StopIteration, UnicodeEncodeError):
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
