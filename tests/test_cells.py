"""H3 cells are those of the h3 library, whichever way they are computed."""

from __future__ import annotations

import h3
import numpy as np
import pytest

from jitasa_analytics import cells, geo


def by_h3(lon: list[float], lat: list[float]) -> list[str]:
    return [h3.latlng_to_cell(b, a, cells.RESOLUTION) for a, b in zip(lon, lat, strict=True)]


def compiled(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """What the compiled code says by itself."""
    out = np.empty(len(lon), np.int64)
    cells._compiled().cells_of(lon, lat, *cells._face(), np.array([*geo.LON_RANGE, *geo.LAT_RANGE]), out)
    return out


def test_many_points_lie_in_the_cells_that_h3_names() -> None:
    dice = np.random.default_rng(8)
    lon, lat = dice.uniform(*geo.LON_RANGE, 60_000), dice.uniform(*geo.LAT_RANGE, 60_000)
    assert cells.texts(lon, lat).to_pylist() == by_h3(lon.tolist(), lat.tolist())
    # Nearly all of them without asking h3.
    assert (compiled(lon, lat) < 0).sum() < 10


def test_points_within_a_hair_of_an_edge_are_left_to_h3() -> None:
    """On the border of two cells two ways to compute may differ in the last bit; there must not be two ways."""
    dice = np.random.default_rng(9)
    lon, lat = [], []
    for a, b in zip(dice.uniform(98, 105, 1500).tolist(), dice.uniform(6, 20, 1500).tolist(), strict=True):
        ring = h3.cell_to_boundary(h3.latlng_to_cell(b, a, cells.RESOLUTION))
        corners = geo.unit_sphere([x for _, x in ring], [y for y, _ in ring])
        for middle in corners + np.roll(corners, 1, axis=0):  # sides are great circles
            lon.append(float(np.degrees(np.arctan2(middle[1], middle[0]))) + dice.uniform(-1, 1) * 1e-10)
            lat.append(float(np.degrees(np.arctan2(middle[2], np.hypot(*middle[:2])))) + dice.uniform(-1, 1) * 1e-10)
    found = compiled(np.array(lon), np.array(lat))
    assert (found < 0).mean() > 0.9
    assert cells.texts(lon, lat).to_pylist() == by_h3(lon, lat)


@pytest.mark.parametrize("many", [1, 6_000])
def test_points_elsewhere_or_nowhere(many: int) -> None:
    lon = np.array([2.35, np.nan, 100.5, 181.0, np.inf] * many)
    lat = np.array([48.86, 13.0, np.nan, 13.0, 13.0] * many)
    paris = h3.latlng_to_cell(48.86, 2.35, cells.RESOLUTION)
    assert cells.texts(lon, lat).to_pylist() == [paris, None, None, None, None] * many


def test_no_points() -> None:
    assert cells.texts([], []).to_pylist() == []
