"""The map of an answer as a drawing (SVG): for pages and pictures, where no browser draws it.

Outlines are put into the web's Mercator projection and into points of the page; what lies below a
fifth of a point is left out. The drawing holds no text: names are set by the typesetter, which
shapes Thai, at the places that `Drawing.names` and `Drawing.marks` give.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from jitasa_analytics import areas
from jitasa_analytics.geo import WEB_MERCATOR, WGS84, to_web_mercator
from jitasa_analytics.show import colours, kinds
from jitasa_analytics.show.classes import Classes

_MARGIN = 0.03
_TOLERANCE = 0.2
# Up to so many areas are named on the map; above that the areas they lie in are.
_NAMED = 26
_HATCH = (f'<pattern id="nodata" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
          f'<rect width="5" height="5" fill="{colours.NO_DATA}"/><path d="M0 0V5" stroke="#9aa3ad" stroke-width="1.4"/>'
          f"</pattern>")
_NAME_SIZE = 8.0


@dataclass(frozen=True)
class Drawing:
    """A map ready for the page; all lengths in points, from the upper left corner.

    Attributes
    ----------
    svg : str
    width, height : float
    classes : Classes
        The classes of the legend.
    no_data : bool
        Whether some area has no value.
    names : list of dict
        ``x``, ``y``, ``text``: names of areas that find room.
    marks : list of dict
        ``x``, ``y``, ``text``: the number of each proposed site.
    layers : list of str
        Tables of points that are drawn: ``sites``, ``existing``.
    scale : dict
        ``km`` and ``width`` of the scale bar.
    """

    svg: str
    width: float
    height: float
    classes: Classes
    no_data: bool
    names: list[dict[str, Any]] = field(default_factory=list)
    marks: list[dict[str, Any]] = field(default_factory=list)
    layers: list[str] = field(default_factory=list)
    scale: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Sheet:
    """From metres of the projection to points of the page."""

    west: float
    north: float
    per_metre: float

    def place(self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack([(x - self.west) * self.per_metre, (self.north - y) * self.per_metre])


def draw(answer: Any, lang: str, *, width: float, height: float) -> Drawing | None:
    """The map of an answer's measure in a box of at most ``width`` x ``height`` points.

    Returns
    -------
    Drawing, or None where the answer has no outlines.
    """
    shapes = _outlines(answer.frame)
    if not len(shapes):
        return None
    values, found, _ = kinds.painted(answer, lang)
    here = values.reindex(shapes.index)
    west, south, east, north = _bounds(shapes)
    per_metre = min(width / (east - west), height / (north - south))
    sheet = _Sheet(west, north, per_metre)
    wide, high = (east - west) * per_metre, (north - south) * per_metre
    parts = [_areas(shapes, found.index(here.to_numpy(float)), found, sheet)]
    above = _parents(shapes)
    if above is not None:
        parts += [f'<path d="{_path(shape, sheet)}" fill="none" stroke="#5b6b7b" stroke-width="1.1"/>'
                  for shape in above.geometry]
    points, marks, layers = _points(answer, sheet)
    svg = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.1f}" height="{high:.1f}" '
           f'viewBox="0 0 {wide:.1f} {high:.1f}"><defs>{_HATCH}</defs>{"".join([*parts, *points])}</svg>')
    named = above if above is not None else shapes if len(shapes) <= _NAMED else shapes.iloc[:0]
    names = _names(named, sheet, lang, (wide, high), marks)
    return Drawing(svg, wide, high, found, bool(here.isna().any()), names, marks, layers,
                   _scale(sheet, (south + north) / 2, wide))


def _outlines(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    if not isinstance(frame, gpd.GeoDataFrame):
        return gpd.GeoDataFrame(geometry=gpd.GeoSeries([], crs=WEB_MERCATOR))
    shaped = frame[frame.geometry.notna() & ~frame.geometry.is_empty]
    shaped = shaped[shaped.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
    shaped = shaped if shaped.crs is not None else shaped.set_crs(WGS84)
    return gpd.GeoDataFrame(index=shaped.index.astype(str), geometry=shaped.to_crs(WEB_MERCATOR).geometry.to_numpy(),
                            crs=WEB_MERCATOR)


def _bounds(shapes: gpd.GeoDataFrame) -> tuple[float, float, float, float]:
    west, south, east, north = (float(v) for v in shapes.total_bounds)
    margin = max(east - west, north - south, 2000.0) * _MARGIN
    return west - margin, south - margin, east + margin, north + margin


def _areas(shapes: gpd.GeoDataFrame, index: npt.NDArray[np.float32], found: Classes, sheet: _Sheet) -> str:
    """The areas in the colour of their class; without a value, hatched."""
    line = 0.5 if len(shapes) <= 300 else 0.15
    simple = shapely.simplify(shapes.geometry.to_numpy(), _TOLERANCE / sheet.per_metre, preserve_topology=True)
    filled = [f'<path d="{_path(shape, sheet)}" fill="{"url(#nodata)" if k < 0 else found.colours[int(k)]}"/>'
              for shape, k in zip(simple, index, strict=True)]
    return (f'<g stroke="#ffffff" stroke-width="{line}" stroke-linejoin="round" fill-rule="evenodd">'
            f'{"".join(filled)}</g>')


def _path(shape: Any, sheet: _Sheet) -> str:
    """A polygon as the path of a drawing, to a tenth of a point."""
    rings = []
    for part in shapely.get_parts(shape):
        for ring in (part.exterior, *part.interiors):
            xy = np.round(sheet.place(*shapely.get_coordinates(ring).T), 1)
            rings.append("M" + "L".join(f"{x:g} {y:g}" for x, y in xy) + "Z")
    return "".join(rings)


def _parents(shapes: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    """The areas one level up, where there are several and the areas themselves are too many to be named."""
    codes = shapes.index.to_series()
    if len(shapes) <= _NAMED or len(shapes) > 400 or codes.str.len().nunique() != 1 or len(codes.iloc[0]) < 4:
        return None
    groups = codes.map(areas.parent)
    if not 1 < groups.nunique() <= 60:
        return None
    joined = {code: shapely.union_all(shapes.geometry[group.index].to_numpy(), grid_size=1.0)
              for code, group in groups.groupby(groups)}
    polygons = {code: shape for code, shape in joined.items() if shape.geom_type in {"Polygon", "MultiPolygon"}}
    return gpd.GeoDataFrame(index=list(polygons), geometry=list(polygons.values()), crs=WEB_MERCATOR)


def _names(shapes: gpd.GeoDataFrame, sheet: _Sheet, lang: str, size: tuple[float, float],
           marks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Names near points inside their areas, the largest areas first, none over another or over a site."""
    if not len(shapes):
        return []
    inside = shapely.point_on_surface(shapes.geometry.to_numpy())
    xy = sheet.place(shapely.get_x(inside), shapely.get_y(inside))
    order = np.argsort(-shapes.geometry.area.to_numpy(), kind="stable")
    taken = [(m["x"] - 8, m["y"] - 8, m["x"] + 8, m["y"] + 8) for m in marks]
    found = []
    for i in order:
        text = areas.name(str(shapes.index[i]), lang)
        half = _width(text) / 2 + 2
        x = min(max(float(xy[i, 0]), half), max(size[0] - half, half))
        for down in (0, 13, -13):
            y = min(max(float(xy[i, 1]) + down, 7), size[1] - 7)
            box = (x - half, y - 7, x + half, y + 7)
            if not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
                taken.append(box)
                found.append({"x": round(x, 1), "y": round(y, 1), "text": text})
                break
    return found


def _width(text: str) -> float:
    """About how wide a name is set, points: marks above and below take no room."""
    return _NAME_SIZE * 0.55 * sum(unicodedata.category(c) != "Mn" for c in text)


def _points(answer: Any, sheet: _Sheet) -> tuple[list[str], list[dict[str, Any]], list[str]]:
    """Facilities that there are as small squares, proposed sites as numbered discs."""
    drawn: list[str] = []
    marks: list[dict[str, Any]] = []
    layers: list[str] = []
    for name in ("existing", "sites"):
        table = answer.tables.get(name)
        if table is None or not len(table) or not {"lon", "lat"} <= set(table.columns):
            continue
        layers.append(name)
        xy = sheet.place(*to_web_mercator(table["lon"].to_numpy(float), table["lat"].to_numpy(float)))
        if name == "existing":
            drawn += [f'<rect x="{x - 2.2:.1f}" y="{y - 2.2:.1f}" width="4.4" height="4.4" '
                      f'fill="{colours.SITE_FIXED}" stroke="#fff" stroke-width="0.6"/>' for x, y in xy]
            continue
        ranks = table["rank"].astype(str) if "rank" in table else pd.Series(range(1, len(table) + 1)).astype(str)
        big = len(table) <= 60
        for (x, y), rank in zip(xy, ranks, strict=True):
            drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{7 if big else 3}" fill="{colours.SITE}" '
                         f'stroke="#fff" stroke-width="1.2"/>')
            if big:
                marks.append({"x": round(float(x), 1), "y": round(float(y), 1), "text": rank})
    return drawn, marks, layers


def _scale(sheet: _Sheet, y: float, wide: float) -> dict[str, float]:
    """A round number of kilometres about a fifth of the map wide; Mercator's metres shrink towards the poles."""
    latitude = math.atan(math.sinh(y / 6378137.0))
    points_per_km = 1000.0 / math.cos(latitude) * sheet.per_metre
    most = wide * 0.25 / points_per_km
    power = 10.0 ** math.floor(math.log10(most))
    km = max(step * power for step in (1.0, 2.0, 5.0) if step * power <= most)
    return {"km": km, "width": km * points_per_km}
