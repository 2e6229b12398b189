"""The pieces of an answer: its head, its outlines and points as they are drawn, its chart."""

from __future__ import annotations

from html import escape
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from jitasa_analytics import areas, texts
from jitasa_analytics.geo import WEB_MERCATOR
from jitasa_analytics.show import card, classes, colours, kinds, numbers, plain_charts, plain_placement, tables, words
from jitasa_analytics.show.paint import Paint, Points
from jitasa_analytics.show.plain_charts import Line

__all__ = ["chart_of", "drawable", "named", "paint_column", "paint_of", "points_of"]


def head(answer: Any, lang: str) -> str:
    sample = card.sample_html(lang) if answer.sample else ""
    question = words.question(answer.study, lang)
    lead = f'<p class="lead">{escape(question)}</p>' if question else ""
    return f'{sample}<h2 class="title">{escape(card.finding(answer, lang))}</h2>{lead}'


def drawable(frame: pd.DataFrame, lang: str) -> gpd.GeoDataFrame:
    """The areas of a frame that have an outline, projected for the map, with their names."""
    if not isinstance(frame, gpd.GeoDataFrame) or "geometry" not in frame:
        return gpd.GeoDataFrame({"name": []}, geometry=gpd.GeoSeries([], crs=WEB_MERCATOR))
    shaped = frame[frame.geometry.notna() & ~frame.geometry.is_empty]
    shaped = shaped[shaped.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
    return named(shaped.to_crs(WEB_MERCATOR), lang)


def named(shapes: gpd.GeoDataFrame, lang: str) -> gpd.GeoDataFrame:
    """Projected outlines with their names in the column ``name``, as `AreaMap` draws them."""
    names = [areas.full_name(str(code), lang) for code in shapes.index]
    return gpd.GeoDataFrame({"name": names}, index=shapes.index.astype(str), geometry=shapes.geometry.to_numpy(),
                            crs=WEB_MERCATOR)


def paint_of(answer: Any, lang: str, measure: str = "") -> Paint:
    """How the measure of an answer is painted."""
    name = measure or answer.measure
    unit = answer.unit if name == answer.measure else words.unit_of(name)
    if not answer.kinds or name != answer.measure:
        return paint_column(answer.frame, name, unit, lang, study=answer.study)
    values, found, title = kinds.painted(answer, lang)
    measured = paint_column(answer.frame, name, unit, lang, study=answer.study).words
    told = values.map(lambda k: f"{title}: {found.labels()[int(k)] if k == k else _no_data(lang)}")
    return Paint(values, found, told.where(values.isna(), told + " · " + measured), title)


def paint_column(frame: pd.DataFrame, name: str, unit: str, lang: str, *, study: str = "",
                 hidden: pd.Series | None = None) -> Paint:
    """How a column of a frame on area codes is painted; ``hidden`` says where a small number is not shown."""
    values = pd.to_numeric(frame[name], errors="coerce").astype(float).replace([np.inf, -np.inf], np.nan)
    values.index = values.index.astype(str)
    scale = colours.scale_for(name, study, unit)
    label = words.column(name, lang, study)
    shown = values.map(lambda v: f"{label}: {numbers.amount(v, unit, lang) if v == v else _no_data(lang)}")
    if hidden is None or not hidden.any():
        return Paint(values, classes.make(values.tolist(), scale, unit=unit), shown, label)
    hidden = hidden.astype(bool).set_axis(values.index)
    shown = shown.mask(hidden, f"{label}: {texts.say('dashboard.few', lang)}")
    values = values.mask(hidden)
    return Paint(values, classes.make(values.tolist(), scale, unit=unit), shown, label, hidden)


def ends(answer: Any, *, days: int) -> tuple[tuple[Any, float] | None, tuple[Any, float] | None]:
    """The last value of an answer's series, and the last one at least so many days before: date and share each."""
    series = answer.tables.get("series")
    if series is None or not len(series):
        return None, None
    kept = series.dropna(subset=["share"]).sort_values("date")
    if not len(kept):
        return None, None
    times = pd.to_datetime(kept["date"])
    kept = kept.assign(date=[t.date() for t in times])
    before = kept[(times <= times.iloc[-1] - pd.Timedelta(days=days)).to_numpy()]
    last = (kept["date"].iloc[-1], float(kept["share"].iloc[-1]))
    return last, (before["date"].iloc[-1], float(before["share"].iloc[-1])) if len(before) else None


def moved(before: Any, after: Any) -> pd.DataFrame:
    """How the measure of an answer moved between two dates: columns before, after, gained, largest first."""
    one, other = before.frame[before.measure], after.frame[after.measure]
    frame = pd.DataFrame({"before": one.reindex(other.index), "after": other})
    frame["gained"] = frame["after"] - frame["before"]
    return frame.sort_values("gained", ascending=False)


def _no_data(lang: str) -> str:
    return texts.say("show.no_data", lang)


# Tables of an answer that hold points, in the order in which they are drawn.
_POINTS = (("existing", "square", colours.SITE_FIXED, 8.0), ("sites", "star", colours.SITE, 19.0))


def points_of(answer: Any, lang: str) -> list[tuple[Points, str]]:
    """The sites of an answer (its tables ``existing`` and ``sites`` with lon and lat), each with its label."""
    found = []
    for name, marker, colour, size in _POINTS:
        table = answer.tables.get(name)
        if table is not None and {"lon", "lat"} <= set(table.columns):
            found.append((Points(name, _pointed(table, lang, answer.study), colour, marker, size,
                                 alpha=1.0 if name == "sites" else 0.85, line_width=1.4 if name == "sites" else 0.6),
                          words.column(name, lang, answer.study)))
    return found


def _pointed(table: pd.DataFrame, lang: str, study: str) -> pd.DataFrame:
    """Place and tooltip of each site."""
    names = table["name"] if "name" in table else pd.Series(table.index.astype(str), index=table.index)
    told = names.astype(str).map(lambda name: escape(name))
    if "people_newly_covered" in table:
        label = escape(words.column("people_newly_covered", lang, study))
        told = "<b>" + told + "</b><br>" + label + ": " + table["people_newly_covered"].map(
            lambda n: numbers.amount(n, "persons", lang))
    return pd.DataFrame({"lon": table["lon"], "lat": table["lat"], "words": told})


def _of_plans(draw: Any) -> Any:
    """What draws plans in the way of ``draw``; HoloViews is loaded only where it is wanted."""
    if draw is plain_charts:
        return plain_placement
    from jitasa_analytics.show import placement

    return placement


def chart_of(answer: Any, lang: str, *, measure: str = "", height: int = 210, draw: Any = None,
             dark: bool = False) -> tuple[str, Any] | None:
    """The chart that goes with an answer: a series over time, a curve over cost, else the largest areas.

    Parameters
    ----------
    draw : module
        ``plain_charts``, or ``charts``, which is loaded where nothing is said.
    dark : bool
        Whether it stands on a dark ground.

    Returns
    -------
    tuple of (title, what ``draw`` makes), or None where there is nothing to draw.
    """
    if draw is None:
        from jitasa_analytics.show import charts

        draw = charts
    own: tuple[str, Any] | None = _of_plans(draw).picture(answer, lang, height=height)
    if own is not None:
        return own
    name = measure or answer.measure
    unit = answer.unit if name == answer.measure else words.unit_of(name)
    scale = colours.scale_for(name, answer.study, unit)
    ink = scale.ink(dark)
    series = answer.tables.get("series")
    if series is not None and len(series) and {"date", "share"} <= set(series.columns):
        y = "share" if series["share"].notna().any() else "count"
        line = Line(series, "date", y, words.column(y, lang, answer.study), ink)
        return texts.say("show.over_time", lang, what=line.label), draw.lines(
            [line], lang, height=height, share=y == "share")
    curve = answer.tables.get("curve")
    if curve is not None and len(curve) and "share_covered" in curve:
        cost = str(curve.columns[0])
        line = Line(curve, cost, "share_covered", words.column("share_covered", lang, answer.study), ink)
        return texts.say("show.by_cost", lang, what=line.label, unit=words.column(cost, lang)), draw.lines(
            [line], lang, height=height, share=True, xlabel=words.column(cost, lang))
    top = tables.ranked(answer.frame, name).head(8)
    top = top[pd.to_numeric(top[name], errors="coerce").notna()]
    top = top[top[name] != 0]  # where all are nought there is no highest
    if not len(top):
        return None
    labels = [areas.full_name(str(code), lang) for code in top.index]
    key = "show.smallest" if name in tables.LOW_FIRST else "show.largest"
    return texts.say(key, lang, what=words.column(name, lang, answer.study)), draw.bars(
        labels, top[name].astype(float).tolist(), colour=ink, height=height, share=unit == "share")
