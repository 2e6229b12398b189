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

Kind = Literal["csv", "xlsx", "geojson", "parquet"]
KINDS: tuple[Kind, ...] = ("csv", "xlsx", "geojson", "parquet")

__all__ = ["KINDS", "Kind", "Shown", "ShownFigure", "ShownNote", "export", "view"]


class ShownFigure(Protocol):
    """A headline number."""

    @property
    def value(self) -> float: ...
    @property
    def unit(self) -> str: ...


class ShownNote(Protocol):
    """Something a reader must know."""

    def text(self, lang: str = ...) -> str: ...


class Shown(Protocol):
    """What an answer must have to be shown and exported (see ``studies.Answer``)."""

    @property
    def study(self) -> str: ...
    @property
    def frame(self) -> pd.DataFrame: ...
    @property
    def measure(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def figures(self) -> Mapping[str, Any]: ...
    @property
    def notes(self) -> Sequence[Any]: ...
    @property
    def params(self) -> Mapping[str, Any]: ...
    @property
    def version(self) -> int: ...
    @property
    def scope(self) -> str: ...
    @property
    def sample(self) -> bool: ...
    @property
    def as_of(self) -> Mapping[str, str | None]: ...
    @property
    def tables(self) -> Mapping[str, pd.DataFrame]: ...


def view(answer: Shown, lang: str | None = None) -> Any:
    """An answer as one object that a notebook or a page shows: title, figures, map, legend, table.

    Parameters
    ----------
    answer : Answer
    lang : {"th", "en"}, optional
        The environment's language by default.

    Returns
    -------
    panel.viewable.Viewable
    """
    from jitasa_analytics.show.answers import view as make

    return make(answer, lang or texts.preferred())


def export(answer: Shown, path: str | os.PathLike[str], kind: Kind | None = None, lang: str = "en") -> None:
    """Write an answer to a file; the kind follows from the file's name where it is not given.

    Raises
    ------
    InputError
        If the kind is unknown, the path can't be written, or GeoJSON is asked of an answer
        without outlines.
    """
    from jitasa_analytics.show.files import export as write

    write(answer, path, kind, lang)
