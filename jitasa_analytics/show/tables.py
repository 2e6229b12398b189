"""Tables of answers: the map's equal for those who read with the keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import panel as pn
from panel.io.model import JSCode

from jitasa_analytics import areas, texts
from jitasa_analytics.show import numbers, words
from jitasa_analytics.show.style import TABLE

_HIDDEN = {"geometry", "name_th", "name_en", "lon", "lat", "basis", "no_data", "over_100"}
_DECIMALS = {"persons": 0, "doses": 0, "minutes": 1, "km": 1}


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
            plain[c] = [_cell(c, v, lang) for v in plain[c]]
        else:
            plain[c] = plain[c].astype(float)
    if name_index:
        plain.insert(0, "area", [areas.full_name(str(code), lang) for code in frame.index])
    return plain


def _cell(column: str, value: Any, lang: str) -> str:
    """A value in words; one that is missing means nothing at all, where a parameter left out means any."""
    if not pd.api.types.is_scalar(value):
        return str(value)
    return numbers.MISSING if pd.isna(value) else words.value(column, value, lang)


def table(frame: pd.DataFrame, lang: str, *, study: str = "", measure: str = "", unit: str = "",
          columns: Sequence[str] = (), name_index: bool = True, height: int = 320,
          widths: dict[str, int] | None = None, wrap: bool = False, **params: Any) -> pn.widgets.Tabulator:
    """A table whose rows can be chosen; numbers keep their value, so that sorting is right.

    Parameters
    ----------
    frame : DataFrame
        On area codes where ``name_index``.
    columns : sequence of str
        Which and in which order; by default all, the measure first.
    wrap : bool
        Break long texts over several lines instead of cutting them off.
    """
    chosen = list(columns) or columns_of(frame, first=[measure] if measure else [])
    plain = readable(frame, lang, columns=chosen, name_index=name_index)
    formatters, aligns, titles = dress(plain, lang, study=study, measure=measure, unit=unit)
    if wrap:
        formatters |= {c: {"type": "textarea"} for c in plain.columns if c not in formatters}
    return pn.widgets.Tabulator(
        plain, formatters=formatters, text_align=aligns, titles=titles, show_index=False, disabled=True, selectable=1,
        layout="fit_columns", theme="simple", height=height, sizing_mode="stretch_width", stylesheets=[TABLE],
        header_align=aligns, configuration={
            "columnDefaults": {"minWidth": 84, "headerWordWrap": True}, "locale": lang, "langs": {lang: _pager(lang)}},
        widths=widths or ({"area": 140} if name_index else {}), margin=0, **params)


def _pager(lang: str) -> dict[str, dict[str, str]]:
    """The words of the buttons below a long table."""
    return {"pagination": {word: texts.say(f"show.pager.{word.split('_')[0]}", lang)
                           for step in ("first", "last", "prev", "next") for word in (step, f"{step}_title")}}


# Measures of which little is the news.
LOW_FIRST = {"ratio"}


def ranked(frame: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The rows, what needs attention first: the largest values, or the smallest of `LOW_FIRST`; no value last."""
    return frame.sort_values(measure, ascending=measure in LOW_FIRST, kind="stable", na_position="last")


def dress(plain: pd.DataFrame, lang: str, *, study: str, measure: str, unit: str
          ) -> tuple[dict[str, Any], dict[str, str], dict[str, str]]:
    """Formatters, alignment and titles for the columns of a readable frame."""
    formatters: dict[str, Any] = {}
    aligns: dict[str, str] = {}
    titles: dict[str, str] = {}
    for name in plain.columns:
        titles[name] = words.column("area" if name == "area_code" else str(name), lang, study)
        if pd.api.types.is_numeric_dtype(plain[name]):
            formatters[name] = _number(plain[name], words.unit_of(str(name), measure, unit))
            aligns[name] = "right"
        else:
            aligns[name] = "left"
    return formatters, aligns, titles


def _number(values: pd.Series, unit: str) -> JSCode:
    """How the browser writes the numbers of a column: the cell keeps its value, so that sorting is right."""
    known = values.dropna()
    whole = len(known) == 0 or bool((known == known.round()).all())
    decimals = 1 if unit == "share" else _DECIMALS.get(unit, 0 if whole else 2)
    times, sign = (100, "%") if unit == "share" else (1, "")
    return JSCode(
        "function (cell) { const v = cell.getValue(); "
        f"return (v == null || Number.isNaN(v)) ? '{numbers.MISSING}' : "
        f"(v * {times}).toLocaleString('en-US', {{minimumFractionDigits: {decimals}, "
        f"maximumFractionDigits: {decimals}}}) + '{sign}' }}")
