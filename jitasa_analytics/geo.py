"""Coordinates: the one place that knows reference systems and what Thailand's box is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyproj

WGS84 = "EPSG:4326"
WEB_MERCATOR = "EPSG:3857"

# Thailand with a margin of about ten kilometres; no latitude in it is a longitude in it,
# which is why swapped coordinates are certain here.
LAT_RANGE = (5.6, 20.5)
LON_RANGE = (97.3, 105.7)

EARTH_RADIUS_KM = 6371.0088

_GEOD = pyproj.Geod(ellps="WGS84")

Floats = npt.NDArray[np.float64]


def in_thailand(lon: npt.ArrayLike, lat: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether each point lies in Thailand's box (degrees, WGS84).

    >>> in_thailand([100.98, 13.36], [13.36, 100.98]).tolist()
    [True, False]
    """
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    inside = (lon >= LON_RANGE[0]) & (lon <= LON_RANGE[1])
    inside &= (lat >= LAT_RANGE[0]) & (lat <= LAT_RANGE[1])
    return np.asarray(inside, bool)


def geodesic_km(
    lon1: npt.ArrayLike, lat1: npt.ArrayLike, lon2: npt.ArrayLike, lat2: npt.ArrayLike
) -> Floats:
    """Geodesic distance on the WGS84 ellipsoid, km (Karney 2013).

    >>> float(geodesic_km([100.0], [13.0], [100.0], [14.0])[0].round(3))
    110.635
    """
    arrays = np.broadcast_arrays(*(np.asarray(a, float) for a in (lon1, lat1, lon2, lat2)))
    shape = arrays[0].shape
    a, b, c, d = (np.ascontiguousarray(array).ravel() for array in arrays)
    _, _, metres = _GEOD.inv(a, b, c, d)
    return np.asarray(metres, float).reshape(shape) / 1000.0


def unit_sphere(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Floats:
    """Points as unit vectors, shape (n, 3), for nearest-neighbour trees."""
    lam, phi = np.radians(np.asarray(lon, float)), np.radians(np.asarray(lat, float))
    return np.column_stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])


def in_space(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Floats:
    """Points of the WGS84 ellipsoid in space, km from its centre, shape (n, 3).

    >>> in_space([0.0], [90.0]).round(3).tolist()
    [[0.0, 0.0, 6356.752]]
    """
    lam, phi = np.radians(np.asarray(lon, float)), np.radians(np.asarray(lat, float))
    radius, squared = _GEOD.a / 1000.0, _GEOD.es
    across = radius / np.sqrt(1 - squared * np.sin(phi) ** 2)
    return np.column_stack([
        across * np.cos(phi) * np.cos(lam), across * np.cos(phi) * np.sin(lam), across * (1 - squared) * np.sin(phi)])


def to_web_mercator(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Degrees to the metres that web maps draw in."""
    transformer = pyproj.Transformer.from_crs(WGS84, WEB_MERCATOR, always_xy=True)
    x, y = transformer.transform(np.asarray(lon, float), np.asarray(lat, float))
    return np.asarray(x, float), np.asarray(y, float)


def bounds_of(lons: Sequence[float], lats: Sequence[float]) -> tuple[float, float, float, float]:
    """West, south, east, north of some points (degrees)."""
    return (float(min(lons)), float(min(lats)), float(max(lons)), float(max(lats)))
