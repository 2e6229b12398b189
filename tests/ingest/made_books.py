"""Workbooks for tests, also of many rows, whose XML is written as it stands."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import openpyxl

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
BEGIN = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n<worksheet {MAIN}><sheetData>'
END = "</sheetData></worksheet>"


def with_xml(path: Path, sheet: bytes | Iterable[bytes]) -> Path:
    """A workbook of one sheet, whose XML is given."""
    plain = path.with_suffix(".plain.xlsx")
    openpyxl.Workbook().save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for name in old.namelist():
            if name != "xl/worksheets/sheet1.xml":
                new.writestr(name, old.read(name))
        with new.open("xl/worksheets/sheet1.xml", "w") as file:
            for part in [sheet] if isinstance(sheet, bytes) else sheet:
                file.write(part)
    plain.unlink()
    return path


def many(path: Path, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    """A workbook of many rows, each text in its own cell."""
    def parts() -> Iterable[bytes]:
        yield BEGIN.encode()
        for number, row in enumerate([heads, *rows], 1):
            yield (f'<row r="{number}">' + "".join(
                f'<c r="{chr(65 + at)}{number}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'
                for at, text in enumerate(row)) + "</row>").encode()
        yield END.encode()
    return with_xml(path, parts())


def typed(path: Path, rows: Iterable[Sequence[object]], name: str = "Sheet") -> Path:
    """A workbook of one sheet, as openpyxl writes it."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(name)
    for row in rows:
        sheet.append(list(row))
    book.save(path)
    return path
