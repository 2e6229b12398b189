"""The sheets of a workbook. What a formula once gave is taken; a formula that never gave anything is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jitasa_analytics.ingest.apart import lines, shared
from jitasa_analytics.ingest.apart import sheet as cells
from jitasa_analytics.ingest.apart.limits import MAX_CELLS, MAX_COLUMNS, TooMuchError, check_archive

# What is noted of a sheet is capped, however often it stands in it.
_MOST_NOTED = 10_000
_HEADER_ROWS = 40
_TAIL = 4096
# It is told so often, in bytes, how far the reading is.
_TOLD = 4 << 20
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
# A cell with a formula and no value, or an empty one.
_BARE = re.compile(rb'<(?:\w+:)?c r="([A-Z]+)(\d+)"[^>]*>\s*<(?:\w+:)?f(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*'
                   rb'(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>')
_HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row [^>]*?\br="(\d+)"[^>]*\bhidden="(?:1|true)"')
_HIDDEN_COLUMN = re.compile(rb'<(?:\w+:)?col [^>]*\bhidden="(?:1|true)"[^>]*>')
_RANGE = re.compile(rb'\b(min|max)="(\d+)"')

Watch = Callable[[int, int, int], None]


def read(path: str, out: Path, *, sheet: str = "", example: str = "",
         watch: Watch = lambda done, total, rows: None) -> list[dict[str, Any]]:
    """Write each visible sheet that holds anything, or the one of a name, and say what there is to know.

    Parameters
    ----------
    example : str
        What the first cell of an example's row begins with.
    watch : callable
        Told now and then how many bytes of the sheets were read, of how many, and the rows so far.
    """
    check_archive(path)
    book = shared.opened(path)
    told: list[dict[str, Any]] = []
    asked = [s for s in book.sheets if s.title == sheet or (s.visible and not sheet)]
    far = _Far(sum(book.archive.getinfo(s.member).file_size for s in asked), watch)
    for part in book.sheets:
        if part not in asked:
            told.append({"sheet": part.title, "rows": 0, "skipped": "other" if part.visible else "hidden"})
            continue
        target, noted = out / f"{len(told)}.csv", Noted()
        with book.archive.open(part.member) as source:
            wrote = lines.write(target, far.counted(cells.rows(book, source, far.of(noted))), example)
        far.tell()
        told.append({"sheet": part.title, "rows": wrote.rows, "file": target.name, "wide": wrote.wide,
                     "body": sum(wrote.seen), "last": wrote.last[:wrote.wide],
                     **(noted.told(wrote.seen) if wrote.rows else {})})
    return told


class _Far:
    """How far the reading is, and whether the sheets hold more cells than any table of people."""

    def __init__(self, total: int, watch: Watch) -> None:
        self._total, self._watch = total, watch
        self._done = self._rows = self._cells = self._told = 0

    def of(self, noted: Noted) -> Callable[[bytes], None]:
        """What to show the blocks of a sheet to."""
        def look(block: bytes) -> None:
            noted.look(block)
            self._done += len(block)
            if self._done - self._told > _TOLD:
                self.tell()
        return look

    def tell(self) -> None:
        """Say it."""
        self._told = self._done
        self._watch(self._done, self._total, self._rows)

    def counted(self, rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
        """Rows as they are."""
        for number, texts in rows:
            self._rows += 1
            self._cells += len(texts)
            if self._cells > MAX_CELLS:
                raise TooMuchError("it has too many cells")
            yield number, texts


class Noted:
    """Merged cells near the top, formulas without a value, hidden rows and columns; all counted from 0."""

    def __init__(self) -> None:
        self._merges: list[list[int]] = []
        self._bare: dict[tuple[int, int], None] = {}
        self._rows: dict[int, None] = {}
        self._columns: dict[int, None] = {}
        self._tail = b""

    def look(self, block: bytes) -> None:
        """Look through the next block of a sheet's XML."""
        text = self._tail + block
        self._tail = text[-_TAIL:]
        if b"ergeCell " in text:
            for left, top, right, bottom in _MERGE.findall(text):
                box = [int(top) - 1, _column(left), int(bottom) - 1, _column(right)]
                if box[0] < _HEADER_ROWS and box[3] < MAX_COLUMNS and box not in self._merges:
                    self._merges.append(box)
        if len(self._bare) < _MOST_NOTED and (b"<f" in text or b":f" in text):
            self._bare.update(dict.fromkeys((int(r) - 1, _column(c)) for c, r in _BARE.findall(text)))
        if b"hidden=" not in text:
            return
        if len(self._rows) < _MOST_NOTED:
            self._rows.update(dict.fromkeys(int(r) - 1 for r in _HIDDEN_ROW.findall(text)))
        for found in _HIDDEN_COLUMN.findall(text):
            ends = {name: int(number) for name, number in _RANGE.findall(found)}
            # A range to the sheet's far end hides what nobody uses.
            self._columns.update(dict.fromkeys(range(ends.get(b"min", 1) - 1, min(ends.get(b"max", 0), MAX_COLUMNS))))

    def told(self, seen: bytearray) -> dict[str, Any]:
        """What was seen; of rows only those that hold anything."""
        def holds(row: int) -> bool:
            return row + 1 < len(seen) and bool(seen[row + 1])

        return {"merges": self._merges, "bare": [at for at in list(self._bare)[:_MOST_NOTED] if holds(at[0])],
                "hidden_rows": [r for r in list(self._rows)[:_MOST_NOTED] if holds(r)],
                "hidden_columns": list(self._columns)}


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
