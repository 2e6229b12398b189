"""How far it is from people to places: the sparse table of costs that every measure reads."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from jitasa_analytics import geo
from jitasa_analytics.analysis.closest import to_nearest
from jitasa_analytics.analysis.costs import (
    Floats,
    Ints,
    Travel,
    Unit,
    as_minutes,
    in_words,
    positive_speed,
)
from jitasa_analytics.analysis.inputs import coordinates, labels_of, number, numbers, some
from jitasa_analytics.analysis.lines import Lines
from jitasa_analytics.analysis.network import SPEED_KMH, OnNetwork, on_network
from jitasa_analytics.errors import InputError

__all__ = [
    "DETOUR", "SPEED_KMH", "Lines", "OnNetwork", "Travel", "any_distance", "from_matrix", "on_network", "straight_line",
    "to_nearest",
]

DETOUR = 1.3
"""Length of the road over the length of the straight line. An assumption: published factors
differ by country and relief, and islands and mountains need their own."""

# Nowhere does a metre on WGS84 turn the normal by more than 1/6335.439 km: the radius of
# curvature is smallest along the meridian at the equator, a(1 - e^2). An arc on the unit
# sphere is therefore at most geodesic / 6335.4, which makes the search below complete.
_SMALLEST_RADIUS_KM = 6335.4

# Pairs per round of the search; it bounds memory, not the answer.
_ORIGINS_AT_ONCE = 4096


def straight_line(
    origins: pd.DataFrame,
    destinations: pd.DataFrame,
    *,
    max_km: float,
    detour: float = 1.0,
    speed_kmh: float | None = None,
) -> Travel:
    """Travel along geodesics, stretched by a detour factor.

    Parameters
    ----------
    origins, destinations : DataFrame, shapes (n,) and (m,), columns ``lon``, ``lat``
        Degrees, WGS84; their index labels the rows and columns.
    max_km : float
        Longest geodesic that is kept, km, boundary included: before the detour.
    detour : float, at least 1
        Each cost is geodesic × detour; see `DETOUR`.
    speed_kmh : float, optional
        Where given, costs are minutes at that speed (`SPEED_KMH`), else km.

    Returns
    -------
    Travel, shape (n, m)

    Raises
    ------
    InputError
        If a coordinate is missing or out of range, a label repeated, or an option not positive.

    References
    ----------
    Karney (2013), Algorithms for geodesics, Journal of Geodesy 87.

    Examples
    --------
    >>> a = pd.DataFrame({"lon": [100.0], "lat": [13.0]}, index=["home"])
    >>> b = pd.DataFrame({"lon": [100.0, 100.0], "lat": [13.0, 14.0]}, index=["here", "north"])
    >>> straight_line(a, b, max_km=50).dense().tolist()
    [[0.0, inf]]
    >>> straight_line(a, b, max_km=120, detour=1.3, speed_kmh=40).dense().round(1).tolist()
    [[0.0, 215.7]]
    """
    radius = number(max_km, "max_km")
    factor = number(detour, "detour", minimum=1.0)
    lon1, lat1 = coordinates(origins, "origins")
    lon2, lat2 = coordinates(destinations, "destinations")
    indptr, indices, km = _geodesic_pairs(lon1, lat1, lon2, lat2, radius)
    method = f"straight line (geodesic on WGS84, at most {radius:g} km)"
    unit: Unit = "km"
    if speed_kmh is None:
        costs, limit = km * factor, radius * factor
        method += in_words(factor)
    else:
        speed, unit = positive_speed(speed_kmh), "minutes"
        costs, limit = cast(Floats, as_minutes(km, factor, speed)), float(as_minutes(radius, factor, speed))
        method += in_words(factor, speed)
    return Travel(indptr, indices, costs, origins.index, destinations.index, unit, method, limit)


def any_distance(
    origins: pd.DataFrame,
    destinations: pd.DataFrame,
    *,
    detour: float = 1.0,
    speed_kmh: float | None = None,
) -> Lines:
    """Straight lines of any length, for `placement`: costs are worked out when they are needed.

    A whole country has far more pairs than memory holds, and the fewer sites, the longer the ways that
    matter.

    Parameters
    ----------
    origins, destinations : DataFrame, shapes (n,) and (m,)
        Columns ``lon``, ``lat`` (degrees, WGS84; costs are geodesics), or both frames ``x_km``, ``y_km``
        (a plane; costs are distances in it).
    detour, speed_kmh
        As in `straight_line`.

    Returns
    -------
    Lines, shape (n, m)

    Raises
    ------
    InputError
        If a coordinate is missing or out of range, a label repeated, or an option not positive.

    Examples
    --------
    >>> a = pd.DataFrame({"x_km": [0.0, 9.0], "y_km": [0.0, 0.0]}, index=["a", "b"])
    >>> b = pd.DataFrame({"x_km": [3.0], "y_km": [4.0]}, index=["s"])
    >>> any_distance(a, b).table().dense().round(2).tolist()
    [[5.0], [7.21]]
    """
    factor = number(detour, "detour", minimum=1.0)
    plane = all(isinstance(f, pd.DataFrame) and {"x_km", "y_km"} <= set(f.columns) for f in (origins, destinations))
    if plane:
        degrees, starts, ends = None, _in_plane(origins, "origins"), _in_plane(destinations, "destinations")
        method = "straight line in the plane, of any length"
    else:
        degrees = (np.column_stack(coordinates(origins, "origins")),
                   np.column_stack(coordinates(destinations, "destinations")))
        starts, ends = (geo.in_space(lonlat[:, 0], lonlat[:, 1]) for lonlat in degrees)
        method = "straight line (geodesic on WGS84, of any length)"
    unit: Unit = "km"
    cost = factor
    if speed_kmh is None:
        method += in_words(factor)
    else:
        speed, unit = positive_speed(speed_kmh), "minutes"
        cost = float(as_minutes(1.0, factor, speed))
        method += in_words(factor, speed)
    return Lines(starts, ends, labels_of(origins, "origins"), labels_of(destinations, "destinations"), degrees, cost,
                 unit, method)


def _in_plane(points: pd.DataFrame, name: str) -> Floats:
    """Points of a plane, km, with a third coordinate of 0; shape (n, 3)."""
    x, y = (numbers(points[column], f"{name}[{column!r}]") for column in ("x_km", "y_km"))
    return np.column_stack([x, y, np.zeros(len(points))])


def from_matrix(
    costs: Any, *, origins: Any = None, destinations: Any = None, unit: Unit = "minutes"
) -> Travel:
    """Travel from a table that was brought, for instance from a routing service.

    Parameters
    ----------
    costs : array or DataFrame, shape (n, m)
        ``inf`` where a pair is out of reach.
    origins, destinations : frame, Index or sequence of labels, shapes (n,) and (m,)
        A frame gives its index. Left out: the labels of ``costs`` where it is a frame, else 0, 1, 2.
    unit : "km" or "minutes"

    Returns
    -------
    Travel, shape (n, m)

    Raises
    ------
    InputError
        If the shape doesn't fit the labels, a label is repeated, or a cost is NaN or negative.

    Examples
    --------
    >>> from_matrix([[0, float("inf")]], origins=["a"], destinations=["s", "t"]).n_pairs
    1
    """
    try:
        table = np.array(costs, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("costs must be a table of numbers, with inf where a pair is out of reach") from None
    if table.ndim != 2:
        raise InputError(f"costs must have two dimensions (origins, destinations), not {table.ndim}")
    row_default: pd.Index = pd.RangeIndex(table.shape[0])
    column_default: pd.Index = pd.RangeIndex(table.shape[1])
    if isinstance(costs, pd.DataFrame):
        # A frame knows its labels; others in their place would be silently misaligned.
        row_default, column_default = costs.index, costs.columns
        for given, own, name in (
            (origins, row_default, "origins"),
            (destinations, column_default, "destinations"),
        ):
            if given is not None and not labels_of(given, name).equals(own):
                raise InputError(f"the labels of costs differ from {name}; reindex costs to {name} first")
    rows = labels_of(row_default if origins is None else origins, "origins")
    columns = labels_of(column_default if destinations is None else destinations, "destinations")
    if table.shape != (len(rows), len(columns)):
        raise InputError(
            f"costs has shape {table.shape}, but there are {len(rows)} origins and "
            f"{len(columns)} destinations; rows are origins, columns destinations"
        )
    for wrong, what in ((np.isnan(table), "NaN"), (table < 0, "negative")):
        if wrong.any():
            i, j = np.argwhere(wrong)[0]
            raise InputError(
                f"costs is {what} from {some([rows[i]])} to {some([columns[j]])} "
                f"({int(wrong.sum())} such in all); write inf where a pair is out of reach"
            )
    i, j = np.nonzero(np.isfinite(table))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(i, minlength=len(rows)))])
    return Travel(indptr, j, table[i, j], rows, columns, unit, f"a matrix that was brought, in {unit}")


def _geodesic_pairs(
    lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats, km: float
) -> tuple[Ints, Ints, Floats]:
    """All pairs with a geodesic of at most ``km``, as indptr, indices, km."""
    angle = min(km / _SMALLEST_RADIUS_KM, np.pi)
    chord = 2.0 * np.sin(angle / 2.0) * (1 + 1e-9) + 1e-9
    counts, columns, lengths = np.zeros(len(lon1), np.int64), [np.zeros(0, np.int64)], [np.zeros(0)]
    if len(lon1) and len(lon2):
        tree = cKDTree(geo.unit_sphere(lon2, lat2))
        for start in range(0, len(lon1), _ORIGINS_AT_ONCE):
            part = slice(start, start + _ORIGINS_AT_ONCE)
            near = cKDTree(geo.unit_sphere(lon1[part], lat1[part])).sparse_distance_matrix(
                tree, chord, output_type="ndarray"
            )
            i, j = near["i"].astype(np.int64) + start, near["j"].astype(np.int64)
            order = np.lexsort((j, i))
            i, j = i[order], j[order]
            d = geo.geodesic_km(lon1[i], lat1[i], lon2[j], lat2[j])
            kept = d <= km
            counts += np.bincount(i[kept], minlength=len(lon1))
            columns.append(j[kept])
            lengths.append(d[kept])
    return np.concatenate([[0], np.cumsum(counts)]), np.concatenate(columns), np.concatenate(lengths)
