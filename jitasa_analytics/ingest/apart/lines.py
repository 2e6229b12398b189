"""The rows of a sheet as lines of text: the number of a line is the number of its row.

All lines have the same number of cells, so that a large sheet is read on as a large CSV file is. A row that holds
nothing is an empty line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from jitasa_analytics.ingest.apart.limits import MAX_CELLS, MAX_COLUMNS, TooMuchError

# Rows that are held until it is seen how wide a table is; and so many are written at once.
_HELD = 2_000


@dataclass
class Told:
    """What was written.

    Attributes
    ----------
    rows : int
        Rows that hold anything but blanks.
    wide : int
        Cells of a line.
    last : list of int
        By column, the number of the last row with anything in it, rows that begin with the example's words aside.
    seen : bytearray
        By row number, 1 where a row holds anything but blanks and is no example.
    """

    rows: int = 0
    wide: int = 0
    last: list[int] = field(default_factory=lambda: [0] * MAX_COLUMNS)
    seen: bytearray = field(default_factory=bytearray)


def write(path: Path, rows: Iterable[tuple[int, list[str]]], example: str) -> Told:
    """Write numbered rows as lines.

    Parameters
    ----------
    rows : iterable of (int, list of str)
        In the order of their numbers, counted from 1.
    example : str
        What the first cell of an example begins with.

    Raises
    ------
    TooMuchError
        If the table, blanks included, has more cells than any table of people.
    """
    told = Told()
    wide = 0
    with path.open("w", encoding="utf-8", newline="", buffering=1 << 20) as file:
        # Returns are quoted as well where they end a line.
        writer = csv.writer(file, lineterminator="\r\n")
        line = 1
        for part in _parts(rows, told, example):
            wide = wide or told.wide
            for number, cells in part:
                if number > line:
                    file.write("\r\n" * (number - line))
                line = number + 1
                cells += [""] * (wide - len(cells))
                writer.writerow(cells)
    if told.wide > wide:
        _widen(path, told.wide)
    return told


def _parts(rows: Iterable[tuple[int, list[str]]], told: Told, example: str) -> Iterator[list[tuple[int, list[str]]]]:
    """Rows that hold anything, some at a time."""
    part: list[tuple[int, list[str]]] = []
    for number, cells in rows:
        if not (cells[0].strip() or any(c.strip() for c in cells)):
            continue
        part.append((number, cells))
        if len(part) == _HELD:
            _note(part, told, example)
            yield part
            part = []
    if part:
        _note(part, told, example)
        yield part


def _note(part: list[tuple[int, list[str]]], told: Told, example: str) -> None:
    """Note what there is to say of some rows."""
    told.rows += len(part)
    told.wide = max(told.wide, *(len(cells) for _, cells in part))
    if told.rows * told.wide > MAX_CELLS:
        raise TooMuchError("it has too many cells")
    told.seen.extend(bytes(max(0, part[-1][0] + 1 - len(told.seen))))
    todo = set(range(told.wide))
    # From the end: most columns are found in the last row, and few have to be looked for.
    for number, cells in reversed(part):
        if example and cells[0].startswith(example):
            continue
        told.seen[number] = 1
        if todo and (found := [at for at in todo if at < len(cells) and cells[at].strip()]):
            todo.difference_update(found)
            for at in found:
                told.last[at] = number


def _widen(path: Path, wide: int) -> None:
    """Give every line as many cells as the widest has."""
    narrow = path.with_suffix(".narrow")
    path.rename(narrow)
    csv.field_size_limit(1 << 30)
    with narrow.open(encoding="utf-8", newline="") as old, path.open("w", encoding="utf-8", newline="") as new:
        writer = csv.writer(new, lineterminator="\r\n")
        for cells in csv.reader(old):
            if cells:
                writer.writerow(cells + [""] * (wide - len(cells)))
            else:
                new.write("\r\n")
    narrow.unlink()


def read(path: Path, most: int | None = None) -> list[list[str]]:
    """The rows of a file, each up to its last cell with anything; at most so many."""
    out: list[list[str]] = []
    csv.field_size_limit(1 << 30)
    with path.open(encoding="utf-8", newline="") as file:
        for cells in csv.reader(file):
            while cells and not cells[-1]:
                cells.pop()
            out.append(cells)
            if len(out) == most:
                break
    return out
