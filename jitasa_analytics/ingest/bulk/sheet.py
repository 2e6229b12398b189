"""A sheet of a workbook, whose rows its reader left as lines: a small one is read whole, a large one block by block."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jitasa_analytics.ingest import headers
from jitasa_analytics.ingest.apart import lines
from jitasa_analytics.ingest.bulk import opened
from jitasa_analytics.ingest.bulk.opened import Opened
from jitasa_analytics.ingest.table import Noted, Table

# What of the way is behind when the workbook's own reader is done with it.
_READ = 0.8


@dataclass(frozen=True)
class Sheet:
    """A sheet as its reader left it.

    Parameters
    ----------
    path : Path
        The workbook.
    told : dict
        What the reader says of the sheet.
    lines : Path
        Its rows.
    expect : collection of str
        Headers to look for besides the known ones.
    share : tuple of float
        The part of all of the workbook's lines that lies before the sheet's end and before its beginning.
    """

    path: Path
    told: dict[str, Any]
    lines: Path
    expect: Collection[str] = ()
    share: tuple[float, float] = (0.0, 1.0)

    def table(self) -> Table:
        """All rows at once."""
        table = headers.to_table(self.path, lines.read(self.lines), sheet=self.told["sheet"], square=True,
                                 expect=self.expect, merges=self._merges())
        table.noted = self._noted(table.header_row, table.places)
        return table

    def opened(self, large: int | None = None) -> OpenedSheet | None:
        """The beginning of the sheet where it is a large one; None for any other.

        Raises
        ------
        InputError
            If a header stands twice.
        """
        if self.lines.stat().st_size < (opened.LARGE if large is None else large):
            return None
        top = lines.read(self.lines, headers.LOOKED_AT + 1)
        end, head, remarks = headers.begin(self.path, top, self._merges(), self.expect)
        wide, last = self.told["wide"], self.told["last"]
        head = head + [""] * (wide - len(head))
        names = {at: head[at] or f"column {at + 1}" for at in range(wide) if head[at] or last[at] > end + 1}
        heads = [names.get(at, "").strip() for at in range(wide)]
        if doubled := sorted({n for n in names.values() if heads.count(n) > 1}):
            raise headers.stands_twice(self.path, doubled[0])
        rows = self.told["body"] - sum(
            any(c.strip() for c in row) and not row[0].startswith(headers.EXAMPLE) for row in top[:end + 1])
        if len(names) < 2 or not rows:
            return None
        return OpenedSheet(self.path, tuple(heads), sheet=self.told["sheet"], header_row=end + 1,
                           remarks=tuple(remarks), noted=self._noted(end + 1, names), origin=self, rows=rows)

    def _merges(self) -> list[headers.Merge]:
        return [(a, b, c, d) for a, b, c, d in self.told["merges"]]

    def _noted(self, header_row: int, names: dict[int, str]) -> tuple[Noted, ...]:
        # A formula without a value is no empty cell: what it would give, nobody knows.
        noted = [Noted(row + 1, names[column], "", "formula_without_value", "error")
                 for row, column in self.told["bare"] if row >= header_row and column in names]
        hidden = [row + 1 for row in self.told["hidden_rows"] if row >= header_row]
        if hidden:
            noted.append(Noted(hidden[0], "", str(len(hidden)), "hidden_rows", "warning"))
        if columns := [names[c] for c in self.told["hidden_columns"] if c in names]:
            noted.append(Noted(header_row, "", ", ".join(columns), "hidden_columns", "warning"))
        return tuple(noted)


@dataclass(frozen=True)
class OpenedSheet(Opened):
    """The beginning of a large sheet.

    Attributes
    ----------
    origin : Sheet
    """

    origin: Sheet = field(kw_only=True)

    @property
    def text(self) -> Path:
        """Where the lines are."""
        return self.origin.lines

    def whole(self) -> Table:
        """All rows at once."""
        table = self.origin.table()
        table.noted = self.noted
        return table

    def far(self, done: int, total: int, rows: int) -> tuple[int, int, int]:
        """How far the workbook was read; its own reader has counted its rows."""
        begin, end = self.origin.share
        return int(total * (_READ + (1 - _READ) * (begin + (end - begin) * done / max(total, 1)))), total, max(
            rows, self.rows)


def read_apart(done: int, total: int) -> int:
    """How far a workbook was read when so much of it was, by its own reader."""
    return int(_READ * min(done, total))
