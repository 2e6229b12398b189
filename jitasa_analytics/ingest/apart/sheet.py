"""The cells of a sheet, one row at a time: what openpyxl says of them, in a fraction of its time.

The workbook, its shared texts and its styles are openpyxl's to read. It makes several objects of each cell,
so that a million rows would take minutes; here the sheet's XML is heard as it goes by, and nothing of a row
stays once it is handed on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from jitasa_analytics.ingest.apart import handover
from jitasa_analytics.ingest.apart.limits import MAX_COLUMNS, MAX_ROWS, BrokenError, TooMuchError

_BLOCK = 1 << 18
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_CELL, _VALUE, _ROW, _TEXT, _INLINE, _SPOKEN = (f"{_MAIN} {n}" for n in ("c", "v", "row", "t", "is", "rPh"))


def rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold anything, by their number, each as texts up to its last cell with one.

    Parameters
    ----------
    sheet : openpyxl's read-only worksheet
        Of a workbook opened with ``data_only``: of a formula the value is taken that it gave when saved.
    """
    heard = _Heard(sheet)
    with sheet._get_source() as source:
        while block := source.read(_BLOCK):
            heard.parser.Parse(block, False)
            yield from heard.taken()
        heard.parser.Parse(b"", True)
        yield from heard.taken()


class _Heard:
    """What has gone by and was not taken yet."""

    def __init__(self, sheet: Any) -> None:
        self._strings = sheet._shared_strings
        book = sheet.parent
        self._dates, self._durations, self._epoch = book._date_formats, book._timedelta_formats, book.epoch
        self._rows: list[tuple[int, list[str]]] = []
        self._row: list[str] = []
        self._number = self._column = 0
        self._cell: dict[str, str] = {}
        self._in_cell = self._inline = False
        self._spoken = 0
        self._value: list[str] = []
        self._columns: dict[str, int] = {}
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._doctype

    def taken(self) -> list[tuple[int, list[str]]]:
        """The rows that are whole."""
        found, self._rows = self._rows, []
        return found

    def _doctype(self, *_: object) -> None:
        raise BrokenError("it declares entities of its own, which no workbook needs")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == _CELL:
            self._cell, self._in_cell = attributes, True
            self._value.clear()
        elif not self._in_cell:
            if tag == _ROW:
                # A number that goes back would put a row on top of another one.
                self._number = max(self._number + 1, int(attributes.get("r", 0)))
                self._row, self._column = [], 0
                if self._number > MAX_ROWS:
                    raise TooMuchError("it has too many cells")
        elif tag == _VALUE or (tag == _TEXT and self._inline and not self._spoken):
            self.parser.CharacterDataHandler = self._value.append
        elif tag == _INLINE:
            self._inline = self._cell.get("t") == "inlineStr"
        elif tag == _SPOKEN:  # how a Japanese text is read aloud
            self._spoken += 1

    def _end(self, tag: str) -> None:
        if tag == _CELL:
            self._in_cell = self._inline = False
            self._place()
        elif tag in (_VALUE, _TEXT):
            self.parser.CharacterDataHandler = None
        elif tag == _ROW:
            row = self._row
            while row and not row[-1]:
                row.pop()
            if row:
                self._rows.append((self._number, row))
        elif tag == _SPOKEN:
            self._spoken -= 1

    def _place(self) -> None:
        """Put a cell into its column."""
        at = self._cell.get("r")
        if at is None:
            self._column += 1
        else:
            letters = at.rstrip("0123456789")
            column = self._columns.get(letters)
            if column is None:
                column = self._columns[letters] = _column(letters)
            self._column = column
        if not self._value:
            return
        text = self._text("".join(self._value))
        if not text:
            return
        row, column = self._row, self._column
        if column > len(row):
            if column > MAX_COLUMNS:
                raise TooMuchError(f"row {self._number} has {column:,} columns")
            row.extend([""] * (column - 1 - len(row)))
            row.append(text)
        else:
            row[column - 1] = text

    def _text(self, value: str) -> str:
        kind = self._cell.get("t", "n")
        if kind == "s":
            return str(self._strings[int(value)])
        if kind == "n":
            number: Any = float(value) if "." in value or "e" in value or "E" in value else int(value)
            style = int(self._cell.get("s", 0))
            return handover.text_of(self._date(number, style) if style in self._dates else number)
        if kind == "b":
            return handover.text_of(bool(int(value)))
        if kind == "d":
            from openpyxl.utils.datetime import from_ISO8601

            return handover.text_of(from_ISO8601(value))
        return value

    def _date(self, number: float, style: int) -> Any:
        from openpyxl.utils.datetime import from_excel

        try:
            return from_excel(number, self._epoch, timedelta=style in self._durations)
        except (OverflowError, ValueError):
            return "#VALUE!"


def _column(letters: str) -> int:
    """The number of a column, counted from 1."""
    if not letters or not (letters.isascii() and letters.isalpha()):
        raise BrokenError(f"a cell stands at {letters!r}, which is no column")
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number
