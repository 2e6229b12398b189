"""What a study answers: a frame, headline figures, and what is needed to trust them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from jitasa_analytics import areas, show, texts
from jitasa_analytics.show import numbers, words


@dataclass(frozen=True)
class Figure:
    """One headline number.

    Attributes
    ----------
    value : float
        The number; a share lies in [0, 1].
    unit : str
        ``persons``, ``share``, ``minutes``, ``km``, ``ratio``, ``sites``, ``count`` …
    weight : float, optional
        Of a mean or a share: how much it is a mean of (the denominator), so that answers for parts can
        be joined.
    adds : bool, optional
        Whether the figure of a whole is the sum of those of its parts. Where it is left out, it counts as
        one only if it is the sum of a column of its answer.
    """

    value: float
    unit: str = ""
    weight: float | None = None
    adds: bool | None = None


@dataclass(frozen=True)
class Term:
    """A value inside a note that reads differently in each language.

    Attributes
    ----------
    kind : str
        ``area`` for an area code, ``date`` for an ISO date, ``figure`` or ``table`` for the name of one, else a
        kind of ``texts.label``
        (``facility``, ``mode`` …); empty for plain text.
    value : str
        The code or value.
    """

    kind: str
    value: str

    def text(self, lang: str = texts.DEFAULT) -> str:
        """The value in words."""
        if self.kind == "area":
            return areas.name(self.value, lang)
        if self.kind in ("figure", "table"):
            return words.figure(self.value, lang) if self.kind == "figure" else words.table(self.value, lang)
        if self.kind == "date":
            return numbers.date(self.value, lang)
        return texts.label(self.kind, self.value, lang) if self.kind else self.value


@dataclass(frozen=True)
class Note:
    """Something a reader must know about an answer: a key into texts and its values.

    Values may be `Term` or tuples of them, which are put into the reader's language.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, lang: str = texts.DEFAULT) -> str:
        """The note in words; a note without a text in the catalogue is its own English sentence."""
        if not texts.has(self.key, lang):
            return self.key
        return texts.say(self.key, lang, **{name: _worded(value, lang) for name, value in self.values.items()})


def _worded(value: Any, lang: str) -> Any:
    if isinstance(value, Term):
        return value.text(lang)
    if isinstance(value, tuple):
        return ", ".join(str(_worded(part, lang)) for part in value)
    return value


@dataclass(frozen=True, repr=False)
class Answer:
    """What a study found, with what is needed to trust it.

    Attributes
    ----------
    study : str
        The study's name.
    frame : DataFrame or GeoDataFrame
        One row an area (index ``area_code``) or a point; with ``geometry`` in WGS84 where it can be drawn.
    measure : str
        The column that the map shows and areas are ranked by.
    unit : str
        Its unit.
    figures : dict of str to Figure
        Headline figures.
    notes : tuple of Note
        Assumptions and warnings.
    params : dict
        The parameters it was run with.
    version, scope, sample
        Of the store and snapshot; ``sample`` says that the store holds sample data.
    as_of : dict of str to str or None
        Date of the data by dataset.
    tables : dict of str to DataFrame
        Further tables: sites, assignments, series.
    terms : dict of str to Term
        Words that the headline needs beside the figures, for instance where the counts come from.
    kinds : str
        The column that says what kind of area each is, where that is the finding and the measure alone may mislead:
        the map shows it in place of the measure. Empty by default.
    """

    study: str
    frame: pd.DataFrame
    measure: str
    unit: str
    figures: Mapping[str, Figure]
    notes: tuple[Note, ...]
    params: Mapping[str, Any]
    version: int
    scope: str
    sample: bool
    as_of: Mapping[str, str | None]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    terms: Mapping[str, Term] = field(default_factory=dict)
    kinds: str = ""

    def view(self, lang: str | None = None) -> Any:
        """Map, table and figures as one object that a notebook shows; works without internet."""
        return show.view(self, lang or texts.preferred())

    def _repr_html_(self) -> str:
        html: str = self.view()._repr_html_()
        return html

    def __repr__(self) -> str:
        """The answer in a few lines: finding, figures, what it rests on, where the rest is."""
        return show.summary(self, texts.preferred())

    def to_csv(self, path: str | os.PathLike[str], *, lang: str | None = None) -> None:
        """Write the frame as CSV (UTF-8 with BOM, so that spreadsheets read Thai).

        The words of every file are in ``lang``, by default the language of the environment.
        """
        show.export(self, path, kind="csv", lang=lang)

    def to_xlsx(self, path: str | os.PathLike[str], *, lang: str | None = None) -> None:
        """Write the verdict card, the frame and its tables as a workbook."""
        show.export(self, path, kind="xlsx", lang=lang)

    def to_geojson(self, path: str | os.PathLike[str], *, lang: str | None = None) -> None:
        """Write the frame with its geometry as GeoJSON (WGS84)."""
        show.export(self, path, kind="geojson", lang=lang)

    def to_parquet(self, path: str | os.PathLike[str], *, lang: str | None = None) -> None:
        """Write the frame as GeoParquet (Parquet where it has no geometry)."""
        show.export(self, path, kind="parquet", lang=lang)

    def to_png(self, path: str | os.PathLike[str], *, lang: str | None = None) -> None:
        """Write a picture of 1920 x 1080 pixels: map, legend, figures and verdict card."""
        show.export(self, path, kind="png", lang=lang)

    def to_pdf(self, path: str | os.PathLike[str], *, lang: str | None = None) -> None:
        """Write a report on A4 pages: figures, map, tables, verdict card."""
        show.export(self, path, kind="pdf", lang=lang)
