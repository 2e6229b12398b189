"""What the command line prints: tables for eyes on a terminal, CSV for programs in a pipe."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from jitasa_analytics import texts

if TYPE_CHECKING:
    import pandas as pd

    from jitasa_analytics.studies import Answer

_ROWS_SHOWN = 20
_FIGURE = set("0123456789%–")


def to_terminal() -> bool:
    """Whether a person looks at standard output."""
    return sys.stdout.isatty()


def say(text: str) -> None:
    """A line for a person: on standard output at a terminal, beside the data in a pipe."""
    print(text, file=sys.stdout if to_terminal() else sys.stderr)


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "",
          names: Sequence[str] | None = None) -> None:
    """Print a table; in a pipe as CSV under ``names`` (the headers where left out)."""
    if not to_terminal():
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names or headers)
        writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=title or None, title_justify="left", header_style="bold")
    for header in headers:
        shown.add_column(header, overflow="fold")
    for row in rows:
        shown.add_row(*(Text("" if cell is None else str(cell), justify="right" if _is_number(cell) else "left")
                        for cell in row))
    Console().print(shown)


def frame(data: pd.DataFrame, lang: str, *, study: str = "", measure: str = "", unit: str = "") -> None:
    """Print a frame: all of it as CSV in a pipe, its first rows with labels at a terminal."""
    if not to_terminal():
        data.to_csv(sys.stdout, index=False, lineterminator="\n")
        return
    from jitasa_analytics.show import words

    head = data.head(_ROWS_SHOWN)
    columns = [[_cell(v, str(n), words.unit_of(str(n), measure, unit), lang) for v in head[n]] for n in head.columns]
    headers = [words.column(str(n), lang, study) if study else str(n) for n in head.columns]
    table(headers, list(zip(*columns, strict=True)))
    if len(data) > len(head):
        say(texts.say("cli.more_rows", lang, rows=f"{len(data) - len(head):,}"))


def answer(found: Answer, title: str, lang: str) -> None:
    """Print an answer: figures, the frame, notes, and how old the data is."""
    from jitasa_analytics.show import numbers, words

    say(f"{title} · {words.place(found.scope, lang)}")
    if found.sample:
        say(texts.say("cli.sample", lang))
    for name, figure in found.figures.items():
        say(f"  {words.figure(name, lang, found.study)}: {numbers.amount(figure.value, figure.unit, lang)}")
    for line in _sites(found, lang):
        say(line)
    plain = found.frame.drop(columns=["geometry"], errors="ignore")
    if to_terminal():
        plain = plain.drop(columns=["name_en" if lang == "th" else "name_th"], errors="ignore")
    frame(plain.reset_index() if plain.index.name else plain, lang, study=found.study, measure=found.measure,
          unit=found.unit)
    for note in found.notes:
        say(f"  • {note.text(lang)}")
    ages = ", ".join(f"{name} {numbers.date(age, lang)}" for name, age in found.as_of.items() if age)
    say(texts.say("cli.run.data", lang, version=found.version, ages=ages))


def _sites(found: Answer, lang: str) -> list[str]:
    """The sites of an answer, one a line: rank, name, place and the people it newly reaches."""
    sites = found.tables.get("sites")
    if sites is None or "people_newly_covered" not in sites:
        return []
    from jitasa_analytics.show import numbers

    return [f"  {row.rank}. {row.name} ({row.lat:.4f}, {row.lon:.4f}): "
            f"+{numbers.amount(row.people_newly_covered, 'persons', lang)}" for row in sites.itertuples(index=False)]


def _is_number(cell: object) -> bool:
    """Whether a cell stands to the right: digits, a per cent sign or the dash of a missing number at its end."""
    return str(cell)[-1:] in _FIGURE and not str(cell)[:1].isalpha()


def _cell(value: Any, name: str, unit: str, lang: str) -> str:
    """A value of a column as a person reads it."""
    from jitasa_analytics.show import numbers, words

    if value is None or value != value or str(value) in ("<NA>", "NaT"):
        return numbers.MISSING
    if isinstance(value, bool) or str(value) in ("True", "False"):
        return words.value(name, bool(value), lang)
    if isinstance(value, str):
        return value
    if hasattr(value, "strftime"):
        return numbers.date(value.date() if value == value.normalize() else value, lang)
    try:
        whole = float(value).is_integer()
    except (TypeError, ValueError):
        return str(value)
    return numbers.plain(value, unit or ("count" if whole else ""))
