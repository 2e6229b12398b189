"""What there is to say of a table before its rows: how it was read, and what of it is not taken."""

from __future__ import annotations

from collections.abc import Iterable

from jitasa_analytics.ingest import items
from jitasa_analytics.ingest.findings import Findings
from jitasa_analytics.ingest.recipe import Recipe
from jitasa_analytics.ingest.table import Noted, Table

_SHOWN = 20


def say(table: Table, recipe: Recipe, findings: Findings) -> None:
    """Say what was repaired in the file as a whole, what its sheet hides, and which columns nobody reads."""
    for row, code, value in table.remarks:
        findings.add(row, "", value, code, "repair")
    for note in of_use(table.noted, table.frame.columns, recipe):
        findings.add(note.row, note.column, note.value, note.code, note.severity)
    for row, code in table.not_data.items():
        findings.add(row, "", table.first_cell(row), code, "error")
    # Positions made from shapes are no columns of the file.
    made = {"lon", "lat"} if table.geometry is not None else set()
    if shown := unused([c for c in table.frame.columns if c not in made], recipe):
        findings.add(table.header_row, "", shown, "columns_unused", "warning")


def of_use(noted: Iterable[Noted], headers: Iterable[str], recipe: Recipe) -> list[Noted]:
    """What the reader saw, but for formulas in columns that are not imported."""
    used = _used(headers, recipe)
    return [n for n in noted if n.code != "formula_without_value" or n.column in used]


def unused(headers: Iterable[str], recipe: Recipe) -> str:
    """The headers of columns that are not imported, as a person reads them; empty where all are."""
    heads = list(headers)
    left = [h for h in heads if h not in _used(heads, recipe)]
    return ", ".join(left[:_SHOWN]) + (f" … ({len(left)})" if len(left) > _SHOWN else "")


def _used(headers: Iterable[str], recipe: Recipe) -> set[str]:
    used = recipe.columns_used() | ({recipe.running_key} if recipe.running_key else set())
    if recipe.dataset == "requests" and not recipe.items:
        used |= {h for h in headers if h.strip().lower() in items.HEADERS}
    return used
