"""The sheets of a workbook: every visible one that holds anything, or the one that is asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from jitasa_analytics import texts
from jitasa_analytics.errors import InputError, UnknownError
from jitasa_analytics.ingest import child, headers
from jitasa_analytics.ingest.bulk.opened import Opened
from jitasa_analytics.ingest.bulk.sheet import Sheet
from jitasa_analytics.ingest.child import too_large
from jitasa_analytics.ingest.table import Noted, Table

__all__ = ["LISTS", "check_name", "opened", "read", "too_large"]

# The sheet of a template that holds its lists to choose from; that and its explanations are no tables.
LISTS = "lists"


def read(path: Path, expect: Collection[str] = (), sheet: str = "") -> list[Table]:
    """The tables of a workbook, one a sheet, whole; see `opened`."""
    with opened(path, expect, sheet, large=1 << 62) as parts:
        return [part for part in parts if isinstance(part, Table)]


@contextmanager
def opened(path: Path, expect: Collection[str] = (), sheet: str = "", *, large: int | None = None,
           watch: child.Watch | None = None) -> Iterator[list[Table | Opened]]:
    """The sheets of a workbook; hidden ones are read only where they are asked for.

    What is given of large ones lasts as long as the context.

    Parameters
    ----------
    large : int, optional
        Bytes of its rows as text from which on a sheet is a large one.
    watch : callable, optional
        Told how far the reading is.

    Raises
    ------
    InputError
        If it is damaged, holds no rows, or is larger than any table of people (a bomb, or one cell at
        the far corner).
    UnknownError
        If there is no sheet of that name; the message lists them.
    """
    with child.parsed(path, "xlsx", sheet=sheet, example=headers.EXAMPLE, watch=watch) as parts:
        check_name(path, [p.sheet for p in parts], sheet)
        own = () if sheet else (LISTS, texts.say("import.template.sheet", "th"))
        sheets = [Sheet(path, part.told, part.file, expect) for part in parts
                  if part.file is not None and part.told["rows"] and part.sheet not in own]
        found: list[Table | Opened] = [one.opened(large) or one.table() for one in _shared(sheets)]
        hidden = [p.sheet for p in parts if p.told.get("skipped") == "hidden" and p.sheet not in own]
        if not found:
            raise InputError(f"{path.name} holds no rows; check the export it came from", key="error.file_empty",
                             file=path.name)
        if hidden and not sheet:
            found[0] = also_noted(found[0], [Noted(1, "", name, "sheet_hidden", "warning") for name in hidden])
        yield found


def also_noted(part: Table | Opened, more: list[Noted]) -> Table | Opened:
    """A table of which there is more to say."""
    return replace(part, noted=(*part.noted, *more)) if more else part


def _shared(sheets: list[Sheet]) -> list[Sheet]:
    """The sheets, each with its share of all lines."""
    sizes = [one.lines.stat().st_size for one in sheets]
    ends = [sum(sizes[:n]) / max(sum(sizes), 1) for n in range(len(sizes) + 1)]
    return [replace(one, share=(ends[n], ends[n + 1])) for n, one in enumerate(sheets)]


def check_name(path: Path, names: list[str], sheet: str) -> None:
    """Raise where a file has no sheet or layer of a name."""
    if sheet and sheet not in names:
        raise UnknownError(f"{path.name} has no sheet {sheet!r}; it has {', '.join(names)}", key="import.no_sheet",
                           file=path.name, sheet=sheet, known=", ".join(names))
