"""Rows by area: which level, which areas, and how their numbers and outlines come together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import geopandas as gpd
import pandas as pd
import shapely

from jitasa_analytics import areas, texts
from jitasa_analytics.areas import Level
from jitasa_analytics.errors import NoDataError
from jitasa_analytics.geo import WGS84
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies.answer import Note, Term

LEVELS: tuple[Level, ...] = ("province", "district", "tambon")
AUTO = "auto"


def head(scope: str) -> str:
    """What the area codes inside a scope start with; empty for the country."""
    return "" if scope == areas.COUNTRY else scope


def places_level(scope: str) -> Level:
    """The level that ``auto`` means where people live at places: province for the country, else tambon."""
    return "province" if areas.level_of(scope) == "country" else "tambon"


def choose_level(snapshot: Snapshot, wanted: str, automatic: Level) -> Level:
    """The level of an answer.

    Parameters
    ----------
    snapshot : Snapshot
    wanted : str
        A level, or ``auto``.
    automatic : str
        What ``auto`` means in this scope. Where the store has no areas of that level the next
        coarser one is taken.

    Raises
    ------
    NoDataError
        If a level is asked for by name that lies above the scope.
    """
    own = areas.level_of(snapshot.scope)
    order: Sequence[Level] = ("country", *LEVELS)
    if wanted != AUTO:
        level = areas.level_name(wanted)
        if order.index(level) < order.index(own):
            raise NoDataError(
                f"areas of level {level} lie above the scope {snapshot.scope}; take level={own} or finer, "
                "or a wider area", key="error.level_above", level=called("level", level), area=named(snapshot.scope))
        return level
    first, last = order.index(max(automatic, own, key=order.index)), order.index(own)
    for level in reversed(order[last:first + 1]):
        if len(snapshot.areas(level)):
            return level
    return order[first]


def named(code: str) -> Callable[[str], str]:
    """An area's name by language, for sentences that are written before the reader is known."""
    return partial(areas.name, code)


def called(kind: str, value: str) -> Callable[[str], str]:
    """A choice (``service``, ``group``…) by language, in words and as it is written, for such sentences."""
    return partial(_called, kind, value)


def _called(kind: str, value: str, lang: str) -> str:
    words = texts.label(kind, value, lang)
    return words if words == value else f"{words} ({value})"


def codes_at(codes: pd.Series, level: str, scope: str) -> pd.Series:
    """The area of ``level`` in which each code lies.

    A code that is coarser than the level stays as it is, and a missing one becomes the scope,
    so that no row falls out of a sum.

    >>> codes_at(pd.Series(["200104", "20", None]), "district", "20").tolist()
    ['2001', '20', '20']
    """
    if level == "country":
        return pd.Series(areas.COUNTRY, index=codes.index, dtype="str")
    known = codes.where(codes.notna(), scope).astype("str")
    return known.where((known == areas.COUNTRY) | known.str.contains(":"), known.str[: areas.digits(level)])


def outlines(snapshot: Snapshot, level: str, also: Iterable[str] = ()) -> gpd.GeoDataFrame:
    """Every area of a level in the scope, and rows without an outline for other codes that hold data.

    Returns
    -------
    GeoDataFrame, index ``area_code``, ascending
        Columns name_th, name_en, basis, geometry (WGS84; None where the store has no outline).
    """
    known = snapshot.areas(level)[["name_th", "name_en", "basis", "geometry"]]
    more = sorted(set(also) - set(known.index))
    if more:
        added = gpd.GeoDataFrame(
            {"name_th": None, "name_en": None, "basis": None}, index=pd.Index(more, name="area_code"),
            geometry=gpd.GeoSeries([None] * len(more), index=more, crs=WGS84), crs=WGS84)
        known = added if not len(known) else gpd.GeoDataFrame(pd.concat([known.astype(
            {"name_th": object, "name_en": object, "basis": object}), added]).sort_index(), crs=WGS84)
    for column, lang in (("name_th", "th"), ("name_en", "en")):
        own = pd.Series([areas.name(str(c), lang) for c in known.index], index=known.index)
        known[column] = known[column].where(known[column].notna(), own).astype("str")
    known.index = known.index.astype("str").rename("area_code")
    above = coarse(known.index, level)
    for column, lang in (("name_th", "th"), ("name_en", "en")):
        known.loc[above, column] = [texts.say("column.part_unknown", lang, area=known.at[c, column]) for c in above]
    return known


def spread(values: pd.DataFrame, codes: pd.Index) -> pd.DataFrame:
    """Values on all of these codes; where there were none they are missing, and whole numbers stay whole."""
    whole = [n for n in values.columns if pd.api.types.is_integer_dtype(values[n].dtype)]
    return values.astype(dict.fromkeys(whole, "Int64")).reindex(codes)


def assemble(shapes: gpd.GeoDataFrame, values: pd.DataFrame) -> gpd.GeoDataFrame:
    """Names, then values, then the outline: the frame of an answer by area.

    ``values`` lies on codes of ``shapes``; an area without a value has none (NA), never zero.
    """
    aligned = spread(values, shapes.index)
    for name in aligned.columns[[str(t) == "Int64" for t in aligned.dtypes]]:
        if not aligned[name].isna().any():
            aligned[name] = aligned[name].astype("int64")
    table = pd.concat([shapes[["name_th", "name_en"]], aligned, shapes[["geometry"]]], axis=1)
    table.index.name = "area_code"
    return gpd.GeoDataFrame(table, geometry="geometry", crs=WGS84)


def coarse(codes: pd.Index, level: str) -> pd.Index:
    """Codes above the level: rows of people and things whose area is known only that far."""
    if level == "country":
        return codes[:0]
    return codes[(codes.str.len() < areas.digits(level)) | (codes == areas.COUNTRY) | codes.str.contains(":")]


def notes_on_outlines(shapes: gpd.GeoDataFrame, level: str) -> list[Note]:
    """What a reader of the map must know about its outlines."""
    notes = []
    bare, above = shapes.index[shapes.geometry.isna()], coarse(shapes.index, level)
    bare = bare.difference(above)
    if len(above):
        notes.append(Note("note.unplaced", {"names": some_areas(above), "level": Term("level", level)}))
    if len(bare):
        notes.append(Note("note.no_outline", {"areas": len(bare), "names": some_areas(bare)}))
    schematic = int((shapes["basis"] == "schematic").sum())
    if schematic:
        notes.append(Note("note.schematic", {"areas": schematic}))
    return notes


def some_areas(codes: Iterable[str], limit: int = 6) -> tuple[Term, ...]:
    """The first areas for a sentence; further ones as an ellipsis."""
    every = list(codes)
    shown = tuple(Term("area", str(code)) for code in every[:limit])
    return shown if len(every) <= limit else (*shown, Term("", "…"))


def representative_points(snapshot: Snapshot, codes: Iterable[str]) -> pd.DataFrame:
    """A point inside each area, on the area's code; columns lon, lat. Areas without an outline are absent.

    The point lies in the area (not its centroid, which may lie outside). Areas of all levels may be mixed.
    """
    wanted = {str(c) for c in codes}
    parts = []
    for level in {areas.level_of(c) for c in wanted}:
        shapes = snapshot.areas(level, within=areas.COUNTRY).geometry
        shapes = shapes[shapes.index.isin(list(wanted)) & shapes.notna()]
        points = shapely.point_on_surface(shapes.to_numpy())
        parts.append(pd.DataFrame({"lon": shapely.get_x(points), "lat": shapely.get_y(points)}, index=shapes.index))
    found = pd.concat(parts) if parts else pd.DataFrame({"lon": [], "lat": []}, dtype=float)
    found.index.name = "area_code"
    return found.sort_index()
