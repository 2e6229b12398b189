"""A country to place sites in, and straight lines across it.

`country` draws villages and candidates in clusters inside a rough outline of Thailand; the same numbers draw
the same country as in the first measurements of these problems, so that figures can be compared. `towns`
draws one in a rectangle, as a second opinion.
"""

from __future__ import annotations

import numba
import numpy as np
import pandas as pd
import shapely

from jitasa_analytics.analysis.travel import Travel

# Degrees, by eye.
OUTLINE = shapely.Polygon([
    (97.35, 18.5), (98.0, 19.8), (99.0, 20.1), (99.9, 20.45), (100.6, 20.2), (100.5, 19.5), (101.2, 19.5),
    (101.0, 18.4), (101.2, 17.5), (102.1, 18.2), (103.0, 18.4), (104.0, 18.3), (104.8, 17.4), (104.8, 16.4),
    (105.6, 15.3), (105.5, 14.4), (104.0, 14.35), (102.9, 14.2), (102.4, 13.6), (102.9, 12.0), (102.3, 12.2),
    (101.0, 12.65), (100.9, 13.4), (100.0, 13.4), (99.95, 12.6), (99.2, 10.5), (99.2, 9.3), (100.0, 9.2),
    (100.3, 8.3), (100.6, 7.2), (101.6, 6.8), (102.1, 6.2), (101.1, 5.6), (100.1, 6.5), (99.6, 7.0), (98.3, 7.8),
    (98.2, 8.6), (98.7, 10.2), (99.6, 11.8), (99.1, 13.0), (98.2, 15.1), (98.6, 16.1), (97.7, 17.5),
])
_KM = np.array([107.5, 110.6])  # of a degree of longitude and latitude near 15° N
_TAMBON = 7400


def country(n: int, m: int, seed: int | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Villages, candidates (km) and people of the villages; half of the tambons lie near 80 towns."""
    rng = np.random.default_rng(n if seed is None else seed)
    shapely.prepare(OUTLINE)

    def inside(points: np.ndarray) -> np.ndarray:
        return points[shapely.contains_xy(OUTLINE, points[:, 0], points[:, 1])]

    def anywhere(count: int) -> np.ndarray:
        found = np.empty((0, 2))
        while len(found) < count:
            box = np.column_stack([rng.uniform(97.3, 105.7, 4 * count), rng.uniform(5.5, 20.5, 4 * count)])
            found = np.concatenate([found, inside(box)])
        return found[:count]

    centres = anywhere(80)
    near = inside(centres[rng.integers(0, 80, _TAMBON)] + rng.normal(0, 0.35, (_TAMBON, 2)))[: _TAMBON // 2]
    tambon = np.concatenate([near, anywhere(_TAMBON - len(near))])
    villages = tambon[rng.integers(0, _TAMBON, n)] + rng.normal(0, 0.02, (n, 2))
    sites = tambon[rng.integers(0, _TAMBON, m)] + rng.normal(0, 0.02, (m, 2))
    return villages * _KM, sites * _KM, np.round(rng.lognormal(6.2, 0.7, n))


def towns(n: int, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same in clusters over 500 by 1,000 km."""
    rng = np.random.default_rng(n)
    centres = rng.uniform((0, 0), (500, 1000), (80, 2))
    spots = np.concatenate([centres[rng.integers(0, 80, 3700)] + rng.normal(0, 38, (3700, 2)),
                            rng.uniform((0, 0), (500, 1000), (3700, 2))])
    villages = spots[rng.integers(0, len(spots), n)] + rng.normal(0, 2.2, (n, 2))
    sites = spots[rng.integers(0, len(spots), m)] + rng.normal(0, 2.2, (m, 2))
    return villages, sites, np.round(rng.lognormal(6.2, 0.7, n))


def plane(villages: np.ndarray, sites: np.ndarray, km: float) -> Travel:
    """Straight lines of at most so many km."""
    corner = np.minimum(villages.min(0), sites.min(0))
    # Cells a third as wide as the reach, but never more of them than sites.
    wide = max(km / 3, float(np.sqrt(np.prod(np.ptp(sites, axis=0)) / max(len(sites), 1))), 1e-9)
    cells = ((np.maximum(villages.max(0), sites.max(0)) - corner) / wide).astype(np.int64) + 1
    at = ((sites - corner) / wide).astype(np.int64)
    cell = at[:, 0] * cells[1] + at[:, 1]
    order = np.argsort(cell, kind="stable")
    first = np.searchsorted(cell[order], np.arange(cells[0] * cells[1] + 1))
    start = np.zeros(len(villages) + 1, np.int64)
    near = (villages, sites, km, corner, wide, cells, first, order, start)
    _pairs(*near, np.empty(0, np.int32), np.empty(0), False)
    start = np.cumsum(start)
    index, cost = np.empty(start[-1], np.int32), np.empty(start[-1])
    _pairs(*near[:-1], start, index, cost, True)
    return Travel(start, index, cost, pd.RangeIndex(len(villages)), pd.RangeIndex(len(sites)), "km",
                  "straight lines in the plane", km)


@numba.njit(cache=True)
def _pairs(villages, sites, km, corner, wide, cells, first, order, start, index, cost, fill):  # type: ignore[no-untyped-def]
    """Count the sites near each village, or write them in ascending order."""
    reach = int(km / wide) + 1
    found = np.empty(len(sites), np.int64)
    for i in range(len(villages)):
        x, y = int((villages[i, 0] - corner[0]) / wide), int((villages[i, 1] - corner[1]) / wide)
        count = 0
        for a in range(max(x - reach, 0), min(x + reach + 1, cells[0])):
            low, high = a * cells[1] + max(y - reach, 0), a * cells[1] + min(y + reach + 1, cells[1])
            for k in range(first[low], first[high]):
                j = order[k]
                if np.hypot(villages[i, 0] - sites[j, 0], villages[i, 1] - sites[j, 1]) <= km:
                    found[count] = j
                    count += 1
        if fill:
            found[:count].sort()
            for k in range(count):
                index[start[i] + k] = found[k]
                cost[start[i] + k] = np.hypot(villages[i, 0] - sites[found[k], 0], villages[i, 1] - sites[found[k], 1])
        else:
            start[i + 1] = count
