"""The sheets of a workbook: every visible one that holds anything, or the one that is asked for."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from jitasa_analytics import texts
from jitasa_analytics.errors import InputError, UnknownError
from jitasa_analytics.ingest import child, headers
from jitasa_analytics.ingest.apart import handover
from jitasa_analytics.ingest.child import too_large
from jitasa_analytics.ingest.table import Noted, Table

__all__ = ["LISTS", "read", "too_large"]

# The sheet of a template that holds its lists to choose from; that and its explanations are no tables.
LISTS = "lists"


def read(path: Path, expect: Collection[str] = (), sheet: str = "") -> list[Table]:
    """The tables of a workbook, one a sheet; hidden sheets are read only where they are asked for.

    Raises
    ------
    InputError
        If it is damaged, holds no rows, or is larger than any table of people (a bomb, or one cell at
        the far corner).
    UnknownError
        If there is no sheet of that name; the message lists them.
    """
    with child.parsed(path, "xlsx", sheet=sheet) as parts:
        check_name(path, [p.sheet for p in parts], sheet)
        own = () if sheet else (LISTS, texts.say("import.template.sheet", "th"))
        tables = [_table(path, part.told, handover.read_rows(part.file), expect)
                  for part in parts if part.file is not None and part.told["rows"] and part.sheet not in own]
    hidden = [p.sheet for p in parts if p.told.get("skipped") == "hidden" and p.sheet not in own]
    if not tables:
        raise InputError(f"{path.name} holds no rows; check the export it came from", key="error.file_empty",
                         file=path.name)
    tables[0].noted += tuple(Noted(1, "", name, "sheet_hidden", "warning") for name in hidden if not sheet)
    return tables


def check_name(path: Path, names: list[str], sheet: str) -> None:
    """Raise where a file has no sheet or layer of a name."""
    if sheet and sheet not in names:
        raise UnknownError(f"{path.name} has no sheet {sheet!r}; it has {', '.join(names)}", key="import.no_sheet",
                           file=path.name, sheet=sheet, known=", ".join(names))


def _table(path: Path, told: dict[str, Any], rows: list[list[str]], expect: Collection[str]) -> Table:
    table = headers.to_table(path, rows, sheet=told["sheet"], square=True, expect=expect,
                             merges=[(a, b, c, d) for a, b, c, d in told["merges"]])
    names = table.places
    body = set(table.frame.index)
    # A formula without a value is no empty cell: what it would give, nobody knows.
    noted = [Noted(row + 1, names[column], "", "formula_without_value", "error")
             for row, column in told["bare"] if row + 1 in body and column in names]
    hidden = [row + 1 for row in told["hidden_rows"] if row + 1 in body]
    if hidden:
        noted.append(Noted(hidden[0], "", str(len(hidden)), "hidden_rows", "warning"))
    columns = [names[c] for c in told["hidden_columns"] if c in names]
    if columns:
        noted.append(Noted(table.header_row, "", ", ".join(columns), "hidden_columns", "warning"))
    table.noted = tuple(noted)
    return table
