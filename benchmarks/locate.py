"""Points to tambons: the package's grid against geopandas.sjoin, on the same points in the same run.

Usage: locate.py [POINTS]. Boundaries are those in the folder JITASA_TEST_DATA (real tambons), else
cells around clustered centres whose borders are bent like surveyed ones.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from jitasa_analytics.ingest.grid import Grid


def tambons() -> tuple[np.ndarray, str]:
    folder = Path(os.environ.get("JITASA_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
    path = folder / "boundaries" / "thailand_adm3.parquet"
    if path.is_file():
        return gpd.read_parquet(path).sort_values("ADM3_PCODE").geometry.to_numpy(), "real tambons"
    random = np.random.default_rng(3)
    centres = random.normal([101, 14.5], [1.3, 2.5], (7400, 2)).clip([98, 7], [105, 20])
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(centres)))
    cells = shapely.segmentize(shapely.intersection(cells, shapely.box(98, 7, 105, 20)), 0.004)
    bent = shapely.transform(cells, lambda xy: xy + 0.0005 * np.c_[np.sin(400 * xy[:, 1]), np.cos(430 * xy[:, 0])])
    return np.asarray(bent[shapely.is_valid(bent) & ~shapely.is_empty(bent)]), "synthetic cells"


def main(count: int) -> None:
    polygons, kind = tambons()
    random = np.random.default_rng(0)
    seats = shapely.get_coordinates(shapely.point_on_surface(polygons))
    lon, lat = (seats[random.integers(0, len(seats), count)] + random.normal(0, 0.02, (count, 2))).T.copy()
    began = time.perf_counter()
    grid = Grid(shapely.STRtree(polygons))
    built = time.perf_counter() - began
    grid.find(lon[:10], lat[:10])
    times = []
    for _ in range(3):
        began = time.perf_counter()
        ours = grid.find(lon, lat)
        times.append(time.perf_counter() - began)
    fast = sorted(times)[1]
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs=4326)
    outlines = gpd.GeoDataFrame({"which": np.arange(len(polygons))}, geometry=polygons, crs=4326)
    began = time.perf_counter()
    joined = gpd.sjoin(points, outlines, predicate="intersects")
    slow = time.perf_counter() - began
    theirs = np.full(count, len(polygons))
    np.minimum.at(theirs, joined.index.to_numpy(), joined["which"].to_numpy())
    theirs[theirs == len(polygons)] = -1
    print(f"{kind}: {len(polygons):,} polygons, {shapely.get_num_coordinates(polygons).sum():,} vertices, "
          f"{count:,} points, {np.mean(ours >= 0):.1%} in one")
    print(f"  grid            {fast:8.3f} s {count / fast / 1e6:8.2f} M points/s   (built in {built:.2f} s)")
    print(f"  geopandas.sjoin {slow:8.3f} s {count / slow / 1e6:8.2f} M points/s")
    print(f"  ratio {slow / fast:.0f}x; differing points: {int((ours != theirs).sum())}")
    if (ours != theirs).any():
        sys.exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
