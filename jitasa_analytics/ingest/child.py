"""Reads a workbook in a process of its own, which may die of it.

Run as a script with limits on memory and processor time; it prints one JSON list a row and a last
line that says what else there is to know. It imports nothing of this package, so that it starts
at once. Formulas are not evaluated: what the workbook remembers of their last result is taken.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import zipfile
from datetime import date, datetime
from typing import Any

MAX_COLUMNS = 2_000
MAX_ROWS = 1_048_576
MAX_CELLS = 60_000_000
MAX_UNPACKED = 1 << 30
MAX_RATIO = 100
SMALL = 64 << 20
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_HEADER_ROWS = 40


class TooMuchError(Exception):
    """The workbook is larger than any table of people."""


def limit(memory: int, seconds: int) -> None:
    """Give this process a ceiling; where the system knows none, only the checks below hold."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def check_archive(path: str) -> None:
    """Refuse an archive that unpacks to far more than it is."""
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(i.file_size for i in archive.infolist())
        packed = sum(i.compress_size for i in archive.infolist()) or 1
    if unpacked > MAX_UNPACKED or (unpacked > SMALL and unpacked > MAX_RATIO * packed):
        raise TooMuchError(f"it unpacks to {unpacked / (1 << 20):,.0f} MB")


def text_of(value: Any) -> str:
    """The value of a cell as text; numbers and dates without loss."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        midnight = value.time() == datetime.min.time()
        return str(value.date()) if midnight else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def merges_of(path: str, member: str) -> list[list[int]]:
    """Merged cells near the top of a sheet, counted from 0."""
    found: list[list[int]] = []
    with zipfile.ZipFile(path) as archive, archive.open(member.lstrip("/")) as file:
        tail = b""
        while block := file.read(1 << 20):
            text = tail + block
            for left, top, right, bottom in _MERGE.findall(text):
                box = [int(top) - 1, _column(left), int(bottom) - 1, _column(right)]
                if box[0] < _HEADER_ROWS and box[3] < MAX_COLUMNS and box not in found:
                    found.append(box)
            tail = text[-200:]
    return found


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def main(path: str) -> None:
    """Print the rows of the first sheet."""
    import openpyxl

    check_archive(path)
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    sheet = book[book.sheetnames[0]]
    sheet.reset_dimensions()
    cells = 0
    waiting = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        texts = [text_of(v) for v in row]
        while texts and not texts[-1]:
            texts.pop()
        cells += len(texts)
        if len(texts) > MAX_COLUMNS:
            raise TooMuchError(f"row {number} has {len(texts):,} columns")
        if number > MAX_ROWS or cells > MAX_CELLS:
            raise TooMuchError("it has too many cells")
        if not texts:
            waiting += 1
            continue
        if waiting:
            print(json.dumps({"empty": waiting}))
            waiting = 0
        print(json.dumps(texts))
    print(json.dumps({"sheet": book.sheetnames[0], "merges": merges_of(path, sheet._worksheet_path)}))


if __name__ == "__main__":
    limit(int(sys.argv[2]), int(sys.argv[3]))
    try:
        main(sys.argv[1])
    except MemoryError:
        print(json.dumps({"too_much": "it needs more memory than is allowed"}))
    except TooMuchError as error:
        print(json.dumps({"too_much": str(error)}))
    except Exception as error:
        print(json.dumps({"broken": str(error) or type(error).__name__}))
