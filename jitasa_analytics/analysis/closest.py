"""Travel to the nearest destination only: what questions about the first facility need."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from jitasa_analytics import geo
from jitasa_analytics.analysis.costs import Floats, Ints, Travel, Unit, as_minutes, in_words, positive_speed
from jitasa_analytics.analysis.inputs import coordinates, number

# The radii of curvature of WGS84 lie between a(1 - e²) = 6335.4 km (meridian at the equator) and
# a / √(1 - e²) = 6399.6 km (poles). Who is nearest on the ellipsoid is therefore at most this much
# farther along the sphere of normals than who is nearest there, and its chord longer by no more.
_STRETCH = 6399.6 / 6335.4
_SMALLEST_RADIUS_KM = 6335.4
_CANDIDATES = 4


def to_nearest(
    origins: pd.DataFrame,
    destinations: pd.DataFrame,
    *,
    max_km: float,
    detour: float = 1.0,
    speed_kmh: float | None = None,
) -> Travel:
    """The pairs of `straight_line` that lead to the nearest destination: at most one an origin.

    The same numbers in a fraction of the time, since distances are computed to those destinations
    only that may be the nearest. For what asks who is served, how far the nearest is and how coverage
    grows; what shares facilities out needs `straight_line`.

    Parameters
    ----------
    origins, destinations, max_km, detour, speed_kmh
        As in `straight_line`.

    Returns
    -------
    Travel, shape (n, m)
        Of destinations at the same distance the one that comes first.

    Raises
    ------
    InputError
        As in `straight_line`.

    Examples
    --------
    >>> a = pd.DataFrame({"lon": [100.0], "lat": [13.0]}, index=["home"])
    >>> b = pd.DataFrame({"lon": [100.0, 100.0], "lat": [14.0, 13.5]}, index=["far", "near"])
    >>> to_nearest(a, b, max_km=200).dense().round(1).tolist()
    [[inf, 55.3]]
    """
    radius = number(max_km, "max_km")
    factor = number(detour, "detour", minimum=1.0)
    lon1, lat1 = coordinates(origins, "origins")
    lon2, lat2 = coordinates(destinations, "destinations")
    column, km = _nearest(lon1, lat1, lon2, lat2, radius)
    kept = km <= radius
    indptr = np.concatenate([[0], np.cumsum(kept)])
    method = f"straight line to the nearest (geodesic on WGS84, at most {radius:g} km)"
    unit: Unit = "km"
    if speed_kmh is None:
        costs, limit = km[kept] * factor, radius * factor
        method += in_words(factor)
    else:
        speed, unit = positive_speed(speed_kmh), "minutes"
        costs, limit = cast(Floats, as_minutes(km[kept], factor, speed)), float(as_minutes(radius, factor, speed))
        method += in_words(factor, speed)
    return Travel(indptr, column[kept], costs, origins.index, destinations.index, unit, method, limit)


def _nearest(lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats, radius: float) -> tuple[Ints, Floats]:
    """Position of the nearest destination (-1: none near) and the geodesic to it, both (n,)."""
    column, best = np.full(len(lon1), -1), np.full(len(lon1), np.inf)
    if not (len(lon1) and len(lon2)):
        return column, best
    most = 2.0 * np.sin(min(radius / _SMALLEST_RADIUS_KM, np.pi) / 2.0) * (1 + 1e-9) + 1e-9
    points = geo.unit_sphere(lon1, lat1)
    tree = cKDTree(geo.unit_sphere(lon2, lat2))
    rows, count = np.arange(len(lon1)), min(_CANDIDATES, len(lon2))
    while len(rows):
        # A hair beyond the stretch, so that rounding cuts nobody off who is as near.
        found = tree.query(points[rows], k=range(1, count + 1), distance_upper_bound=most)
        chord, near = np.asarray(found[0], np.float64), np.asarray(found[1], np.int64)
        open_ = chord <= np.minimum(chord[:, :1] * _STRETCH * (1 + 1e-6) + 1e-12, 2.0)
        # Where even the last candidate might be the nearest there may be more of them.
        more = open_[:, -1] & (count < len(lon2))
        settled = ~more[:, None] & open_ & np.isfinite(chord)
        place, k = np.nonzero(settled)
        i, j = rows[place], near[place, k]
        km = geo.geodesic_km(lon1[i], lat1[i], lon2[j], lat2[j])
        order = np.lexsort((j, km, i))
        first = order[np.append(True, np.diff(i[order]) > 0)[: len(order)]]
        column[i[first]], best[i[first]] = j[first], km[first]
        rows, count = rows[more], min(4 * count, len(lon2))
    return column, best
