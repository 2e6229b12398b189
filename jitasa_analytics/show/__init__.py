"""How answers look: maps, charts, tables and exports, the same in notebooks and on the dashboard.

This floor lies below the studies: it takes anything that has the attributes of an answer.
The plotting libraries are loaded when something is first shown, not before.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import pandas as pd

from jitasa_analytics import texts

Kind = Literal["csv", "xlsx", "geojson", "parquet", "png", "pdf"]
KINDS: tuple[Kind, ...] = ("csv", "xlsx", "geojson", "parquet", "png", "pdf")

__all__ = ["KINDS", "Kind", "Shown", "check_pdf", "export", "pdf", "save_pdf", "summary", "view"]


class Shown(Protocol):
    """What an answer must have to be shown and exported (see ``studies.Answer``)."""

    study: str
    frame: pd.DataFrame
    measure: str
    unit: str
    figures: Mapping[str, Any]
    notes: Sequence[Any]
    params: Mapping[str, Any]
    version: int
    scope: str
    sample: bool
    as_of: Mapping[str, str | None]
    tables: Mapping[str, pd.DataFrame]


def view(answer: Any, lang: str | None = None) -> Any:
    """An answer as one self-contained sheet: title, figures, map with legend, table, what it rests on.

    A notebook shows it as the result of a cell, and ``.save("file.html")`` writes it; neither needs internet.

    Parameters
    ----------
    answer : Answer
        Anything with the attributes of `Shown`.
    lang : {"th", "en"}, optional
        The environment's language by default.

    Returns
    -------
    Sheet
    """
    from jitasa_analytics.show.sheet import sheet as make

    return make(answer, lang or texts.preferred())


def export(answer: Any, path: str | os.PathLike[str], kind: Kind | None = None,
           lang: str | None = None) -> None:
    """Write an answer to a file; the kind follows from the file's name where it is not given.

    Raises
    ------
    InputError
        If the kind is unknown or not the one that the name says, the path can't be written, or GeoJSON is
        asked of an answer without outlines.
    """
    from jitasa_analytics.show.files import export as write

    write(answer, path, kind, lang or texts.preferred())


def summary(answer: Any, lang: str) -> str:
    """An answer in a few lines of text, as ``print(answer)`` shows it."""
    from jitasa_analytics.show import lines

    return lines.summary(answer, lang)


def pdf(answers: Sequence[Any], lang: str, **about: Any) -> bytes:
    """Answers as one printed report; see `jitasa_analytics.show.report.pdf`."""
    from jitasa_analytics.show import report

    return report.pdf(answers, lang, **about)


def check_pdf(path: str | os.PathLike[str]) -> None:
    """Refuse a name that does not end in .pdf, before any work is done."""
    from jitasa_analytics.show import files

    files.fitting(path, "pdf")


def save_pdf(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a report; refuses a name that does not end in .pdf."""
    from jitasa_analytics.show import files

    files.fitting(path, "pdf")
    files.write(path, content)
