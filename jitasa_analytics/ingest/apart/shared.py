"""What the cells of a workbook refer to: its sheets, its styles, and the texts that cells share.

The texts are heard as their XML goes by, a million of them in seconds.
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import IO
from xml.parsers import expat

from jitasa_analytics.ingest.apart.limits import BrokenError

_BLOCK = 1 << 18
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_ITEM, _TEXT, _RUN, _SPOKEN = (f"{_MAIN} {n}" for n in ("si", "t", "r", "rPh"))


def no_doctype(*_: object) -> None:
    """Refuse a part of a workbook that declares entities."""
    raise BrokenError("it declares entities of its own, which no workbook needs")


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook: its name, whether it is shown, and the part of the archive that holds it."""

    title: str
    visible: bool
    member: str


@dataclass(frozen=True)
class Book:
    """What the cells of a workbook refer to.

    Attributes
    ----------
    archive : zipfile.ZipFile
    sheets : list of Sheet
    strings : list of str
        The shared texts.
    dates, durations : collection of int
        The styles that show a number as a day, or as a span of time.
    epoch : datetime
        The day that is number 0.
    """

    archive: zipfile.ZipFile
    sheets: list[Sheet]
    strings: list[str]
    dates: Collection[int]
    durations: Collection[int]
    epoch: datetime


def opened(path: str) -> Book:
    """A workbook as openpyxl reads it, but for its texts and its sheets, which would take a minute a million rows."""
    from openpyxl.reader.excel import SHARED_STRINGS, ExcelReader
    from openpyxl.styles.stylesheet import apply_stylesheet

    reader = ExcelReader(path, read_only=True, data_only=True)
    reader.read_manifest()
    strings: list[str] = []
    if (found := reader.package.find(SHARED_STRINGS)) is not None:
        with reader.archive.open(found.PartName[1:]) as source:
            strings = texts(source)
    reader.read_workbook()
    apply_stylesheet(reader.archive, reader.wb)
    sheets = [Sheet(sheet.name, sheet.state == "visible", relation.target)
              for sheet, relation in reader.parser.find_sheets()
              if relation.target in reader.valid_files and "chartsheet" not in relation.Type]
    book = reader.wb
    return Book(reader.archive, sheets, strings, book._date_formats, book._timedelta_formats, book.epoch)


def texts(source: IO[bytes]) -> list[str]:
    """The shared texts in their order; how a Japanese text is read aloud is no part of it.

    Parameters
    ----------
    source : binary file
        The XML of the part.

    Raises
    ------
    BrokenError
        If it declares entities.
    """
    heard = _Heard()
    while block := source.read(_BLOCK):
        heard.parser.Parse(block, False)
    heard.parser.Parse(b"", True)
    return heard.found


class _Heard:
    """The texts that went by."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._plain, self._runs = "", ""
        self._piece: list[str] = []
        self._in_run = False
        self._spoken = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = no_doctype

    def _start(self, tag: str, _: dict[str, str]) -> None:
        if tag == _TEXT:
            if not self._spoken:
                self._piece.clear()
                self.parser.CharacterDataHandler = self._piece.append
        elif tag == _ITEM:
            self._plain = self._runs = ""
        elif tag == _RUN:
            self._in_run = True
        elif tag == _SPOKEN:
            self._spoken += 1

    def _end(self, tag: str) -> None:
        if tag == _TEXT:
            if not self._spoken:
                self.parser.CharacterDataHandler = None
                text = "".join(self._piece)
                if self._in_run:
                    self._runs += text
                else:
                    self._plain = text
        elif tag == _ITEM:
            # As openpyxl does: an escaped underscore stands for itself.
            self.found.append((self._plain + self._runs).replace("x005F_", ""))
        elif tag == _RUN:
            self._in_run = False
        elif tag == _SPOKEN:
            self._spoken -= 1
