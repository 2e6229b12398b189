"""Outlines as a browser fetches them: whole numbers on a grid, once for all maps and all sessions."""

from __future__ import annotations

import gzip
import json
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from jitasa_analytics import areas
from jitasa_analytics.geo import WEB_MERCATOR
from jitasa_analytics.texts import LANGUAGES

# Steps of the grid along the longer side: finer than a screen shows at once, so that zooming in stays sharp.
_STEPS = 9000
# How far a line may be moved when it is thinned, in steps.
_THIN = 1.0


def encoded(shapes: gpd.GeoDataFrame) -> bytes:
    """Outlines for the browser: gzipped JSON.

    Neighbours are thinned together, so that they still meet.

    Parameters
    ----------
    shapes : GeoDataFrame, on area codes
        Polygons in any CRS; rows without an outline are left out.

    Returns
    -------
    bytes
        ``codes``, names in each language, ``bounds`` (EPSG:3857, metres), ``grid`` (left, top, step in metres),
        ``rings`` (for each area, each ring as first corner and differences, in steps, y downwards) and ``labels``
        (for each area, where its name goes and the room there, in steps).
    """
    shapes = shapes[shapes.geometry.notna() & ~shapes.geometry.is_empty]
    shapes = shapes[shapes.geometry.geom_type.isin(["Polygon", "MultiPolygon"])].to_crs(WEB_MERCATOR)
    west, south, east, north = (float(v) for v in shapes.total_bounds) if len(shapes) else (0.0, 0.0, 1.0, 1.0)
    step = max(east - west, north - south, 1.0) / _STEPS
    geometry = shapes.geometry.to_numpy()
    if len(geometry) and int(shapely.get_num_coordinates(geometry).sum()) > 40 * len(geometry):
        geometry = shapely.coverage_simplify(geometry, step * _THIN)
    made: dict[str, Any] = {
        "codes": shapes.index.astype(str).tolist(), "bounds": [west, south, east, north], "grid": [west, north, step],
        "rings": _rings(geometry, west, north, step), "labels": _labels(geometry, west, north, step)}
    made |= {lang: [areas.name(str(c), lang) if areas.exists(str(c)) else str(c) for c in shapes.index]
             for lang in LANGUAGES}
    return gzip.compress(json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode(), 6, mtime=0)


def _rings(geometry: Any, west: float, north: float, step: float) -> list[list[list[int]]]:
    """The rings of each polygon on the grid; a ring that shrinks to less than three corners is left out."""
    found: list[list[list[int]]] = [[] for _ in geometry]
    polygons, owner = shapely.get_parts(geometry, return_index=True)
    rings, part = shapely.get_rings(polygons, return_index=True)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    grid = np.rint(np.column_stack([(corners[:, 0] - west) / step, (north - corners[:, 1]) / step])).astype(np.int64)
    starts = np.searchsorted(ring, np.arange(len(rings) + 1))
    for i in range(len(rings)):
        line = grid[starts[i]:starts[i + 1] - 1]
        moved = np.diff(line, axis=0)
        kept = np.concatenate([[True], (moved != 0).any(axis=1)])
        line = line[kept]
        if len(line) < 3:
            # An islet smaller than the grid still shows as a dot.
            line = np.vstack([line[0], line[0] + [1, 0], line[0] + [0, 1]])
        found[int(owner[part[i]])].append([*map(int, line[0]), *map(int, np.diff(line, axis=0).ravel())])
    return found


def _labels(geometry: Any, west: float, north: float, step: float) -> list[list[int]]:
    """Where each area's name goes: the middle of the largest circle that fits in, with its radius."""
    places = []
    for shape in geometry:
        parts = shapely.get_parts(shape)
        largest = parts[int(np.argmax(shapely.area(parts)))]
        circle = shapely.maximum_inscribed_circle(largest, tolerance=step * 20)
        (x, y), _ = shapely.get_coordinates(circle)
        places.append([round((x - west) / step), round((north - y) / step), round(shapely.length(circle) / step)])
    return places
