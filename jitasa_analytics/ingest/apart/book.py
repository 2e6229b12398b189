"""The sheets of a workbook. What a formula once gave is taken; a formula that never gave anything is said."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jitasa_analytics.ingest.apart import handover
from jitasa_analytics.ingest.apart import sheet as cells
from jitasa_analytics.ingest.apart.limits import MAX_CELLS, MAX_COLUMNS, TooMuchError, check_archive

# What is noted of a sheet is capped, however often it stands in it.
_MOST_NOTED = 10_000
_HEADER_ROWS = 40
_BLOCK, _TAIL = 1 << 20, 4096
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
# A cell with a formula and no value, or an empty one.
_BARE = re.compile(rb'<(?:\w+:)?c r="([A-Z]+)(\d+)"[^>]*>\s*<(?:\w+:)?f(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*'
                   rb'(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>')
_HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row [^>]*?\br="(\d+)"[^>]*\bhidden="(?:1|true)"')
_HIDDEN_COLUMN = re.compile(rb'<(?:\w+:)?col [^>]*\bhidden="(?:1|true)"[^>]*>')
_RANGE = re.compile(rb'\b(min|max)="(\d+)"')


def read(path: str, out: Path, *, sheet: str = "") -> list[dict[str, Any]]:
    """Write each visible sheet that holds anything, or the one of a name, and say what there is to know."""
    import openpyxl

    check_archive(path)
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    told: list[dict[str, Any]] = []
    counted = [0]
    for part in book.worksheets:
        hidden = part.sheet_state != "visible"
        if (sheet and part.title != sheet) or (hidden and not sheet):
            told.append({"sheet": part.title, "rows": 0, "skipped": "hidden" if hidden else "other"})
            continue
        target = out / f"{len(told)}.arrow"
        rows = handover.write_rows(target, _rows(part, counted))
        told.append({"sheet": part.title, "rows": rows, "file": target.name,
                     **(_seen(path, part._worksheet_path) if rows else {})})
    return told


def _rows(sheet: Any, counted: list[int]) -> Iterator[tuple[int, list[str]]]:
    for number, texts in cells.rows(sheet):
        counted[0] += len(texts)
        if counted[0] > MAX_CELLS:
            raise TooMuchError("it has too many cells")
        yield number, texts


def _seen(path: str, member: str) -> dict[str, Any]:
    """Merged cells near the top, formulas without a value, hidden rows and columns; all counted from 0."""
    merges: list[list[int]] = []
    bare: dict[tuple[int, int], None] = {}
    rows: dict[int, None] = {}
    columns: dict[int, None] = {}
    with zipfile.ZipFile(path) as archive, archive.open(member.lstrip("/")) as file:
        tail = b""
        while block := file.read(_BLOCK):
            text = tail + block
            for left, top, right, bottom in _MERGE.findall(text):
                box = [int(top) - 1, _column(left), int(bottom) - 1, _column(right)]
                if box[0] < _HEADER_ROWS and box[3] < MAX_COLUMNS and box not in merges:
                    merges.append(box)
            if len(bare) < _MOST_NOTED:
                bare.update(dict.fromkeys((int(r) - 1, _column(c)) for c, r in _BARE.findall(text)))
            if len(rows) < _MOST_NOTED:
                rows.update(dict.fromkeys(int(r) - 1 for r in _HIDDEN_ROW.findall(text)))
            for found in _HIDDEN_COLUMN.findall(text):
                ends = {name: int(number) for name, number in _RANGE.findall(found)}
                # A range to the sheet's far end hides what nobody uses.
                columns.update(dict.fromkeys(range(ends.get(b"min", 1) - 1, min(ends.get(b"max", 0), MAX_COLUMNS))))
            tail = text[-_TAIL:]
    return {"merges": merges, "bare": list(bare)[:_MOST_NOTED], "hidden_rows": list(rows)[:_MOST_NOTED],
            "hidden_columns": list(columns)}


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
