"""The cells of a sheet, one row at a time: what openpyxl says of them, in a fraction of its time.

The workbook and its styles are openpyxl's to read. It makes several objects of each cell, so that a million rows
would take minutes; here rows are found in the sheet's XML as it goes by, and nothing of a row stays once it is
handed on. Rows that are written in an unusual way are heard by the XML parser.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import IO, Any
from xml.parsers import expat

from jitasa_analytics.ingest.apart import handover, plain
from jitasa_analytics.ingest.apart.limits import MAX_COLUMNS, MAX_ROWS, BrokenError, TooMuchError
from jitasa_analytics.ingest.apart.shared import Book, no_doctype

_BLOCK = 1 << 18
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_CELL, _VALUE, _ROW, _TEXT, _INLINE, _SPOKEN, _DATA = (
    f"{_MAIN} {n}" for n in ("c", "v", "row", "t", "is", "rPh", "sheetData"))
# Where the rows begin and end.
_BEGIN, _ROW_ENDS, _END = b"<sheetData>", b"</row>", b"</sheetData>"
# More than this without the end of a row is no row as programs write it.
_MOST = 1 << 22
# So many texts of numbers and days are remembered.
_REMEMBERED = 1 << 16

Row = tuple[int, list[str]]


def rows(book: Book, source: IO[bytes], look: Callable[[bytes], None] = lambda block: None) -> Iterator[Row]:
    """Rows that hold anything, by their number, each as texts up to its last cell with one.

    Parameters
    ----------
    book : Book
        What the cells refer to. Of a formula the value is taken that it gave when saved.
    source : binary file
        The sheet's XML.
    look : callable
        Shown every block of the XML.
    """
    heard = _Heard(book)
    blocks = _shown(source, look)
    left, at = b"", -1
    for block in blocks:
        left += block
        at = left.find(_BEGIN)
        if at >= 0 or len(left) > _MOST:
            break
    if at >= 0:
        heard.hear(left[:at + len(_BEGIN)])
        left = left[at + len(_BEGIN):]
        if heard.at_rows:
            left = yield from _plainly(heard, left, blocks)
    heard.hear(left)
    yield from heard.taken()
    for block in blocks:
        heard.hear(block)
        yield from heard.taken()
    heard.parser.Parse(b"", True)
    yield from heard.taken()


def _shown(source: IO[bytes], look: Callable[[bytes], None]) -> Iterator[bytes]:
    while block := source.read(_BLOCK):
        look(block)
        yield block


def _plainly(heard: _Heard, left: bytes, blocks: Iterator[bytes]) -> Generator[Row, None, bytes]:
    """The rows that are written as usual; returns what is left to the XML parser."""
    while True:
        whole = left.find(_END)
        cut = whole if whole >= 0 else left.rfind(_ROW_ENDS) + len(_ROW_ENDS)
        if whole >= 0 or cut >= len(_ROW_ENDS):
            if not heard.read(left[:cut]):
                return left
            yield from heard.taken()
            left = left[cut:]
        if whole >= 0 or len(left) > _MOST or (block := next(blocks, None)) is None:
            return left
        left += block


class _Heard:
    """What has gone by and was not taken yet."""

    def __init__(self, book: Book) -> None:
        self._strings = book.strings
        self._dates, self._durations, self._epoch = book.dates, book.durations, book.epoch
        self._rows: list[Row] = []
        self._row: list[str] = []
        self._number = self._column = 0
        self._cell: dict[str, str] = {}
        self._in_cell = self._inline = False
        self._spoken = 0
        self._value: list[str] = []
        self._columns: dict[str, int] = {}
        self._texts: dict[tuple[str, str, str], str] = {}
        # Whether the rows come next, in letters that the quick way reads as well.
        self.at_rows, self._utf8 = False, True
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = no_doctype
        self.parser.XmlDeclHandler = self._declared

    def hear(self, block: bytes) -> None:
        """Hear some of the XML."""
        self.parser.Parse(block, False)

    def taken(self) -> list[Row]:
        """The rows that are whole."""
        found, self._rows = self._rows, []
        return found

    # -- as usual --------------------------------------------------------------------------

    def read(self, stretch: bytes) -> bool:
        """Read a stretch of whole rows; False, with nothing read, where something is written in another way."""
        try:
            found = plain.tokens(stretch.decode())
        except UnicodeDecodeError:
            return False
        if found is None:
            return False
        strings, columns, texts = self._strings, self._columns, self._texts
        for letters, style, kind, value, inline, tag, _, end, _ in found:
            if letters:
                if kind == "s" and value.isdecimal():
                    text = strings[int(value)]
                elif kind == "inlineStr":
                    text = plain.text_of(value + inline)
                else:
                    if not value:
                        continue
                    asked = (value, kind, style)
                    text = texts.get(asked) or self._remembered(asked)
                if not text:
                    continue
                row = self._row
                column = columns.get(letters) or self._column_of(letters)
                if column == len(row) + 1 and column <= MAX_COLUMNS:
                    row.append(text)
                else:
                    self._put(column, text)
            elif end:
                self._end_row()
            elif tag:
                self._begin_row(plain.number_of(tag))
        return True

    def _remembered(self, asked: tuple[str, str, str]) -> str:
        value, kind, style = asked
        if len(self._texts) >= _REMEMBERED:
            self._texts.clear()
        text = self._texts[asked] = self._text(plain.text_of(value), kind or "n", int(style or 0))
        return text

    # -- by the XML parser -----------------------------------------------------------------

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:
        self._utf8 = encoding is None or encoding.lower() == "utf-8"

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.at_rows = False
        if tag == _CELL:
            self._cell, self._in_cell = attributes, True
            self._value.clear()
        elif not self._in_cell:
            if tag == _ROW:
                self._begin_row(int(attributes.get("r", 0)))
            self.at_rows = tag == _DATA and self._utf8
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
            self._end_row()
        elif tag == _SPOKEN:
            self._spoken -= 1

    def _place(self) -> None:
        """Put a cell into its column."""
        at = self._cell.get("r")
        if at is None:
            self._column += 1
        else:
            letters = at.rstrip("0123456789")
            self._column = self._columns.get(letters) or self._column_of(letters)
        if self._value:
            text = self._text("".join(self._value), self._cell.get("t", "n"), int(self._cell.get("s", 0)))
            if text:
                self._put(self._column, text)

    # -- either way ------------------------------------------------------------------------

    def _begin_row(self, number: int) -> None:
        # A number that goes back would put a row on top of another one.
        self._number = max(self._number + 1, number)
        self._row, self._column = [], 0
        if self._number > MAX_ROWS:
            raise TooMuchError("it has too many cells")

    def _end_row(self) -> None:
        row = self._row
        while row and not row[-1]:
            row.pop()
        if row:
            self._rows.append((self._number, row))

    def _put(self, column: int, text: str) -> None:
        row = self._row
        if column > len(row):
            if column > MAX_COLUMNS:
                raise TooMuchError(f"row {self._number} has {column:,} columns")
            row.extend([""] * (column - 1 - len(row)))
            row.append(text)
        else:
            row[column - 1] = text

    def _column_of(self, letters: str) -> int:
        column = self._columns[letters] = _column(letters)
        return column

    def _text(self, value: str, kind: str, style: int) -> str:
        if kind == "s":
            return str(self._strings[int(value)])
        if kind == "n":
            number: Any = float(value) if "." in value or "e" in value or "E" in value else int(value)
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
