"""Tables of answers: the map's equal for those who read with the keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import panel as pn
from bokeh.models.widgets.tables import CellFormatter, NumberFormatter, StringFormatter

from jitasa_analytics import areas
from jitasa_analytics.show import numbers, words
from jitasa_analytics.show.style import TABLE

_HIDDEN = {"geometry", "name_th", "name_en", "lon", "lat", "basis"}
_FORMATS = {"share": "0.0%", "persons": "0,0", "doses": "0,0", "minutes": "0,0.0", "km": "0,0.0"}


def columns_of(frame: pd.DataFrame, *, first: Sequence[str] = ()) -> list[str]:
    """The columns worth a reader's while, those in ``first`` leading."""
    shown = [str(c) for c in frame.columns if str(c) not in _HIDDEN]
    return [c for c in first if c in shown] + [c for c in shown if c not in first]


def readable(frame: pd.DataFrame, lang: str, *, columns: Sequence[str], name_index: bool = True) -> pd.DataFrame:
    """The frame as a reader sees it: names for codes, words for values, plain columns.

    The index (codes) becomes the column ``area`` with the areas' names where ``name_index``.
    """
    plain = pd.DataFrame({c: frame[c].to_numpy() for c in columns}, index=frame.index)
    for c in columns:
        if not pd.api.types.is_numeric_dtype(plain[c]) or pd.api.types.is_bool_dtype(plain[c]):
            plain[c] = [words.value(c, None if pd.isna(v) else v, lang) if pd.api.types.is_scalar(v) else str(v)
                        for v in plain[c]]
        else:
            plain[c] = plain[c].astype(float)
    if name_index:
        plain.insert(0, "area", [areas.full_name(str(code), lang) for code in frame.index])
    return plain


def table(frame: pd.DataFrame, lang: str, *, study: str = "", measure: str = "", unit: str = "",
          columns: Sequence[str] = (), name_index: bool = True, height: int = 320, **params: Any) -> pn.widgets.Tabulator:
    """A table whose rows can be chosen; numbers keep their value, so that sorting is right.

    Parameters
    ----------
    frame : DataFrame
        On area codes where ``name_index``.
    columns : sequence of str
        Which and in which order; by default all, the measure first.
    """
    chosen = list(columns) or columns_of(frame, first=[measure] if measure else [])
    plain = readable(frame, lang, columns=chosen, name_index=name_index)
    formatters, aligns, titles = dress(plain, lang, study=study, measure=measure, unit=unit)
    return pn.widgets.Tabulator(
        plain, formatters=formatters, text_align=aligns, titles=titles, show_index=False, disabled=True, selectable=1,
        layout="fit_columns", theme="simple", height=height, sizing_mode="stretch_width", stylesheets=[TABLE],
        sortable=True, widths={"area": 150} if name_index else {}, margin=0, **params)


def dress(plain: pd.DataFrame, lang: str, *, study: str, measure: str, unit: str
          ) -> tuple[dict[str, CellFormatter], dict[str, str], dict[str, str]]:
    """Formatters, alignment and titles for the columns of a readable frame."""
    formatters: dict[str, CellFormatter] = {}
    aligns: dict[str, str] = {}
    titles: dict[str, str] = {}
    for name in plain.columns:
        titles[name] = words.column(str(name), lang, study)
        if pd.api.types.is_numeric_dtype(plain[name]):
            pattern = _pattern(plain[name], words.unit_of(str(name), measure, unit))
            formatters[name] = NumberFormatter(format=pattern, nan_format=numbers.MISSING, text_align="right")
            aligns[name] = "right"
        else:
            formatters[name] = StringFormatter()
            aligns[name] = "left"
    return formatters, aligns, titles


def _pattern(values: pd.Series, unit: str) -> str:
    if unit in _FORMATS:
        return _FORMATS[unit]
    known = values.dropna()
    return "0,0" if len(known) == 0 or (known == known.round()).all() else "0,0.00"
