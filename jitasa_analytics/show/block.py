"""An answer in the pieces that a page is set from: words, figures, map, legend, tables, what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from jitasa_analytics import areas, texts
from jitasa_analytics.show import card, colours, numbers, outline, plain_placement, words

# Columns that a printed table leaves out: names stand in a column of their own, rows are in their order.
_LEFT_OUT = {"geometry", "name_th", "name_en", "name", "area_code", "lon", "lat", "basis", "no_data", "over_100",
             "rank", "kind", "place_id", "facility_id"}
# A portrait page has room for so many columns of numbers.
_COLUMNS = 5
# Meanings of which little is the news: what is covered, who can help.
_LOW_FIRST = {colours.COVERAGE.name, colours.SUPPLY.name}


def block(answer: Any, lang: str, *, name: str, width: float, height: float, rows: int | None = None
          ) -> tuple[dict[str, Any], dict[str, str]]:
    """The pieces of an answer and its drawings.

    Parameters
    ----------
    name : str
        What the drawing's file is called.
    width, height : float
        The box of the map, points.
    rows : int, optional
        At most so many rows of the table by area; all where left out.

    Returns
    -------
    tuple of (pieces for ``data.json``, mapping of file name to SVG)
    """
    drawing = outline.draw(answer, lang, width=width, height=height)
    pictures = {} if drawing is None else {f"{name}.svg": drawing.svg}
    sites = answer.tables.get("sites")
    pieces = {
        "finding": card.finding(answer, lang), "title": words.title(answer.study, lang),
        "question": words.question(answer.study, lang),
        "figures": figures(answer, lang),
        "map": None if drawing is None else map_of(answer, drawing, f"{name}.svg", lang),
        "table": by_area(answer, lang, rows),
        "sites": None if sites is None or not len(sites) else of_sites(answer, sites, lang),
        "bars": bars(answer, lang),
        "facts": [list(f) for f in card.facts(answer, lang, aged=False)],
        "notes": [note.text(lang) for note in answer.notes],
    }
    return pieces, pictures


def bars(answer: Any, lang: str) -> dict[str, Any] | None:
    """What is lost where a proposed site can't open: title, and label, value, share of the longest, colour of each."""
    rows = plain_placement.replacements(answer, lang)
    if not rows:
        return None
    most = max(value for _, value, _ in rows) or 1.0
    return {"title": texts.say("show.replacement.title", lang),
            "rows": [[label, numbers.plain(value, "persons"), value / most, own] for label, value, own in rows]}


def figures(answer: Any, lang: str) -> list[dict[str, str]]:
    """The headline figures: label, value, unit."""
    return [card.figure_entry(n, f.value, f.unit, lang, study=answer.study) for n, f in answer.figures.items()]


def map_of(answer: Any, drawing: outline.Drawing, file: str, lang: str) -> dict[str, Any]:
    """The drawing with its legend."""
    legend = [{"colour": c, "text": t} for t, c in zip(drawing.classes.labels(), drawing.classes.colours, strict=True)]
    if drawing.no_data:
        legend.append({"colour": "", "text": texts.say("show.no_data", lang)})
    title = words.column(answer.kinds or answer.measure, lang, answer.study)
    unit = "" if answer.kinds or answer.unit in {"share", "", "count"} else texts.label("unit", answer.unit, lang)
    km = drawing.scale["km"]
    return {
        "file": file, "width": drawing.width, "height": drawing.height, "names": drawing.names, "marks": drawing.marks,
        "legend": legend, "title": title if not unit or unit in title else f"{title} ({unit})",
        "points": [{"kind": n, "colour": colours.SITE if n == "sites" else colours.SITE_FIXED,
                    "text": words.column(n, lang, answer.study)} for n in reversed(drawing.layers)],
        "scale": {"width": drawing.scale["width"], "text": f"{km:g} {texts.label('unit', 'km', lang)}"},
        "alt": texts.say("print.alt", lang, what=title, area=words.place(answer.scope, lang)),
    }


def by_area(answer: Any, lang: str, rows: int | None = None) -> dict[str, Any] | None:
    """The table by area, what needs attention first."""
    frame = answer.frame
    if not len(frame):
        return None
    if answer.measure in frame and pd.api.types.is_numeric_dtype(frame[answer.measure]):
        frame = frame.sort_values(answer.measure, ascending=low_first(answer), kind="stable", na_position="last")
    more = 0 if rows is None else max(0, len(frame) - rows)
    frame = frame if rows is None else frame.head(rows)
    codes = [str(code) for code in frame.index]
    names = [{"title": words.column("area", lang), "cells": [areas.full_name(c, lang) for c in codes], "number": False}]
    above = {areas.parent(c) for c in codes}
    if len(above) > 1:
        names.append({"title": texts.say("print.within", lang), "number": False,
                      "cells": [areas.full_name(areas.parent(c), lang) for c in codes]})
    table = _table(frame, answer, lang, names, first=[answer.measure])
    return {**table, "more": "" if not more else texts.say("show.more_rows", lang, n=more)}


def low_first(answer: Any) -> bool:
    """Whether the areas that need attention are those with the smallest values of the measure."""
    return colours.scale_for(answer.measure, answer.study, answer.unit).name in _LOW_FIRST


def outstanding(answer: Any) -> int:
    """How many areas stand out from the best of all: none where all are equally well off, or only one is known.

    Where the answer itself says which areas are hot spots, only those do: a high score alone is chance.
    """
    if "spot" in answer.frame:
        return int((answer.frame["spot"] == "hot").sum())
    if answer.measure not in answer.frame or not pd.api.types.is_numeric_dtype(answer.frame[answer.measure]):
        return 0
    values = answer.frame[answer.measure].dropna().astype(float)
    if not len(values):
        return 0
    return int((values < values.max()).sum() if low_first(answer) else (values > values.min()).sum())


def of_sites(answer: Any, sites: pd.DataFrame, lang: str) -> dict[str, Any]:
    """The table of proposed sites, in their order."""
    ranks = sites["rank"] if "rank" in sites else pd.Series(range(1, len(sites) + 1))
    names = [{"title": texts.say("print.number", lang), "number": True, "cells": [str(r) for r in ranks]}]
    if "name" in sites:
        cells = sites["name"].astype(str).tolist()
        names.append({"title": words.column("name", lang), "number": False, "cells": cells})
    if "area_code" in sites:
        cells = ["" if pd.isna(c) else address(str(c), lang) for c in sites["area_code"]]
        names.append({"title": words.column("area", lang), "number": False, "cells": cells})
    table = _table(sites, answer, lang, names, first=())
    return {**table, "title": words.column("sites", lang, answer.study), "more": ""}


def address(code: str, lang: str) -> str:
    """An area with the district it lies in, as an address is written."""
    if len(code) < 6:
        return areas.full_name(code, lang)
    sign = ", " if lang == "en" else " "
    return f"{areas.full_name(code, lang)}{sign}{areas.full_name(code[:4], lang)}"


def _table(frame: pd.DataFrame, answer: Any, lang: str, names: list[dict[str, Any]], *, first: Sequence[str]
           ) -> dict[str, Any]:
    columns = list(names)
    for name in _columns(frame, first):
        values = frame[name]
        unit = words.unit_of(name, answer.measure, answer.unit)
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            known = values.dropna()
            unit = unit or ("count" if len(known) == 0 or bool((known == known.round()).all()) else "")
            cells, number = [numbers.plain(v, unit) for v in values], True
        else:
            cells, number = [numbers.MISSING if pd.isna(v) else words.value(name, v, lang) for v in values], False
        columns.append({"title": words.column(name, lang, answer.study), "cells": cells, "number": number})
    rows = [list(row) for row in zip(*(c["cells"] for c in columns), strict=True)]
    return {"columns": [{"title": c["title"], "number": c["number"]} for c in columns], "rows": rows}


def _columns(frame: pd.DataFrame, first: Sequence[str]) -> list[str]:
    """The columns worth their room on a page: none without a value, none of nothing but nought."""
    found = []
    for name in [*first, *(str(c) for c in frame.columns if c not in first)]:
        if name in _LEFT_OUT or name not in frame or frame[name].isna().all():
            continue
        if name.endswith("no_data") and not (frame[name].fillna(0) != 0).any():
            continue
        if all(pd.api.types.is_scalar(v) for v in frame[name].head(50)):
            found.append(name)
    return found[:_COLUMNS]
