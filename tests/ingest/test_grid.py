"""The grid says of every point what a spatial join says."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from jitasa_analytics.ingest import locate
from jitasa_analytics.ingest.grid import Grid


def joined(polygons: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """The smallest polygon that meets each point, by geopandas; -1 where none does."""
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs=4326)
    outlines = gpd.GeoDataFrame({"which": np.arange(len(polygons))}, geometry=polygons, crs=4326)
    pairs = gpd.sjoin(points, outlines, predicate="intersects")
    first = pairs.groupby(level=0)["which"].min()
    return first.reindex(range(len(lon)), fill_value=-1).to_numpy()


def test_borders_corners_holes_overlaps_and_the_outside() -> None:
    polygons = np.array([
        shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1),
        shapely.Polygon([(3, 0), (5, 0), (5, 2), (3, 2)], [[(3.5, 0.5), (4.5, 0.5), (4.5, 1.5), (3.5, 1.5)]]),
        shapely.MultiPolygon([shapely.box(6, 0, 7, 1), shapely.box(8, 0, 9, 1)]), shapely.box(0.5, 0.5, 1.5, 1.5),
    ])
    lon = np.array([0.2, 1.0, 1.0, 2.0, 4.0, 3.5, 3.2, 6.5, 7.5, 8.5, 0.7, 1.2, -9, 50, np.nan, 1.0, 0.0])
    lat = np.array([0.2, 0.2, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.7, 1.2, 0, 50, 1, 1.5, 0.0])
    by_hand = [0, 0, 0, 1, -1, 2, 2, 3, -1, 3, 0, 4, -1, -1, -1, 4, 0]
    for cell in (0.01, 0.13, 0.5, 3.0):
        assert Grid(shapely.STRtree(polygons), cell).find(lon, lat).tolist() == by_hand


@pytest.mark.parametrize("seed", range(3))
def test_every_point_of_a_made_up_country(seed: int) -> None:
    random = np.random.default_rng(seed)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(random.uniform(0, 1, (60, 2)))))
    cells = np.asarray(shapely.set_precision(shapely.intersection(cells, shapely.box(0, 0, 1, 1)), 0.01))
    cells = cells[~shapely.is_empty(cells)]
    # Points on a coarse lattice fall on vertices and borders by the hundred.
    lattice = np.stack(np.meshgrid(np.arange(-5, 106) / 100, np.arange(-5, 106) / 100), -1).reshape(-1, 2)
    corners = shapely.get_coordinates(cells)
    points = np.vstack([lattice, corners, (corners[1:] + corners[:-1]) / 2, random.uniform(-0.1, 1.1, (5000, 2))])
    grid = Grid(shapely.STRtree(cells), 0.03)
    assert (grid.find(*points.T) == joined(cells, *points.T)).all()


@pytest.mark.real
@pytest.mark.xdist_group("real")
def test_every_point_in_real_tambons(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = gpd.read_parquet(real_data / "boundaries" / "thailand_adm3.parquet").sort_values("ADM3_PCODE")
    frame = frame[frame["ADM1_PCODE"].isin(["TH20", "TH24", "TH10", "TH81"])]
    polygons = frame.geometry.to_numpy()
    random = np.random.default_rng(1)
    vertices = shapely.get_coordinates(polygons)
    spread = vertices[random.integers(0, len(vertices), 60_000)] + random.normal(0, 0.01, (60_000, 2))
    lon, lat = np.vstack([vertices, (vertices[1:] + vertices[:-1]) / 2, spread]).T
    expected = joined(polygons, lon, lat)
    assert (Grid(shapely.STRtree(polygons)).find(lon, lat) == expected).all()
    outlines = gpd.GeoDataFrame({"code": frame["ADM3_PCODE"].str[2:], "level": "tambon", "valid_from": "2022-01-21"},
                                geometry=polygons, crs=4326)
    few = locate.Locator(outlines).find(lon[-500:], lat[-500:])
    monkeypatch.setattr(locate, "MANY_POINTS", 1)
    many = locate.Locator(outlines).find(lon[-500:], lat[-500:])
    assert few[0].tolist() == many[0].tolist()
    np.testing.assert_array_equal(few[1], many[1])


def test_more_points_than_are_walked_at_once_in_any_order_and_from_outside() -> None:
    """Points that follow one another share nothing; a corner at the far south-west takes none from outside."""
    random = np.random.default_rng(11)
    polygons = np.array([shapely.box(x, y, x + 0.02, y + 0.02) for x in (5.0, 5.02) for y in (7.0, 7.02)])
    grid = Grid(shapely.STRtree(polygons))
    lon, lat = random.uniform(4.97, 5.07, 5_000), random.uniform(6.97, 7.07, 5_000)
    lon[::7], lat[::11] = np.nan, np.inf
    lon[::13], lat[::17] = -np.inf, 1e300
    expected = np.full(len(lon), -1)
    for k in reversed(range(4)):
        x0, y0, x1, y1 = polygons[k].bounds
        expected[(lon >= x0) & (lon <= x1) & (lat >= y0) & (lat <= y1)] = k
    assert grid.find(lon, lat).tolist() == expected.tolist()
    order = random.permutation(len(lon))
    assert grid.find(lon[order], lat[order]).tolist() == expected[order].tolist()


def test_a_grid_that_is_built_ahead_says_what_is_said_without() -> None:
    """Where many points are expected the grid comes from another thread, and is waited for."""
    squares = [shapely.box(101 + x, 13 + y, 101.1 + x, 13.1 + y) for x in np.arange(5) / 10 for y in np.arange(5) / 10]
    outlines = gpd.GeoDataFrame({"code": [f"2001{k:02d}" for k in range(25)], "level": "tambon", "valid_from": None},
                                geometry=squares, crs=4326)
    random = np.random.default_rng(2)
    lon, lat = random.uniform(100.95, 101.55, 3_000), random.uniform(12.95, 13.55, 3_000)
    ahead, plain = locate.Locator(outlines), locate.Locator(outlines)
    ahead.expect_many()
    ahead.expect_many()
    which, codes = ahead.certain(lon, lat)
    assert list(ahead._grids) == ["tambon"] and not plain._grids
    expected, names = plain.certain(lon, lat)
    assert which.tolist() == expected.tolist() and codes == names
    assert (which >= 0).any() and (which < 0).any()
    locate.Locator(outlines.iloc[:0]).expect_many()  # nothing to build
