"""Points that may be shown: hexagons that hold enough of them, or places moved by a keyed distance."""

from __future__ import annotations

import hashlib
import hmac

import h3
import numpy as np
import numpy.typing as npt
import pandas as pd

from jitasa_analytics.errors import InputError
from jitasa_analytics.geo import geodesic_km

FINEST, COARSEST = 7, 4
# The hexagon that counts as one place: about 75 m across. What lies in it moves as one.
_PLACE = 10
_METRES_PER_DEGREE = 111_195.0


def hexagons(lon: npt.ArrayLike, lat: npt.ArrayLike, *, k: int = 10, finest: int = FINEST,
             coarsest: int = COARSEST) -> pd.Series:
    """How many points lie in each hexagon, with no hexagon that tells of fewer than ``k``.

    Finest hexagons with ``k`` points or more are taken; what is left is counted in the next
    coarser ones, and so on. Each point is counted once, and no sum of hexagons is told, so that
    there is nothing to subtract. Points left over at the end are left out.

    Parameters
    ----------
    lon, lat : array-like, shape (n,), degrees
        A point without coordinates (NaN) is left out.
    k : int
    finest, coarsest : int
        H3 resolutions (7: about 5 km², 4: about 1,770 km²).

    Returns
    -------
    Series of int, index ``h3_cell``
        A coarse cell counts what its finer ones in the answer do not.

    References
    ----------
    Sweeney (2002), k-anonymity, IJUFKS 10(5); Brodsky (2018), H3.

    >>> sorted(hexagons([100.5] * 12 + [100.9] * 10 + [104.0], [13.7] * 23, k=10))
    [10, 12]
    """
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    if lon.shape != lat.shape:
        raise InputError(f"lon and lat have shapes {lon.shape} and {lat.shape}; they must be the same")
    known = np.isfinite(lon) & np.isfinite(lat)
    return pooled(pd.Series([h3.latlng_to_cell(b, a, finest) for a, b in zip(lon[known], lat[known], strict=True)],
                            dtype="str").value_counts(), k=k, finest=finest, coarsest=coarsest)


def pooled(counts: pd.Series, *, k: int = 10, finest: int = FINEST, coarsest: int = COARSEST) -> pd.Series:
    """The same from counts by H3 cells that are at least as fine as ``finest``, such as those that the store keeps.

    Parameters
    ----------
    counts : Series of int, index of str
        Points in each cell.

    Returns
    -------
    Series of int, index ``h3_cell``

    >>> pooled(pd.Series({"88658a201bfffff": 7, "88658a2011fffff": 6, "88658a2a0bfffff": 3}), k=10).to_dict()
    {'87658a201ffffff': 13}
    """
    left = counts.groupby([h3.cell_to_parent(c, finest) for c in counts.index]).sum()
    shown: dict[str, int] = {}
    for level in range(finest, coarsest - 1, -1):
        here = left.groupby([h3.cell_to_parent(c, level) for c in left.index]).sum()
        full = here[here >= k]
        shown |= {str(c): int(n) for c, n in full.items()}
        left = left[[h3.cell_to_parent(c, level) not in full.index for c in left.index]]
    return pd.Series(shown, dtype=np.int64, name="count").rename_axis("h3_cell").sort_index()


def moved(lon: npt.ArrayLike, lat: npt.ArrayLike, key: bytes, *, least_m: float = 300.0,
          most_m: float = 1000.0) -> pd.DataFrame:
    """Points moved by a distance and in a direction that only the key tells.

    All points of one place (a hexagon of about 75 m) move to the same new place, today and next
    year: many requests from one house, or many looks at one request, can't be averaged back to it.

    Parameters
    ----------
    lon, lat : array-like, shape (n,), degrees
    key : bytes
        Kept secret; another key gives other places.
    least_m, most_m : float
        Metres; places are spread evenly over the ring between.

    Returns
    -------
    DataFrame, shape (n,), columns lon, lat (degrees)
        NaN where there was none.

    References
    ----------
    Hampton et al. (2010), Donut geomasking, American Journal of Epidemiology 172(9).
    """
    if not 0 <= least_m < most_m:
        raise InputError(f"the ring from {least_m:g} to {most_m:g} metres is none; give 0 <= least_m < most_m")
    out = np.full((len(np.atleast_1d(lon)), 2), np.nan)
    known: dict[str, tuple[float, float]] = {}
    for i, (a, b) in enumerate(zip(np.atleast_1d(np.asarray(lon, float)), np.atleast_1d(np.asarray(lat, float)),
                                   strict=True)):
        if np.isfinite(a) and np.isfinite(b):
            cell = h3.latlng_to_cell(b, a, _PLACE)
            if cell not in known:
                known[cell] = _thrown(cell, key, least_m, most_m)
            out[i] = known[cell]
    index = lon.index if isinstance(lon, pd.Series) else None
    return pd.DataFrame(out, columns=["lon", "lat"], index=index)


def _thrown(cell: str, key: bytes, least_m: float, most_m: float) -> tuple[float, float]:
    """The new place of a hexagon."""
    digest = hmac.new(key, b"place:" + cell.encode(), hashlib.sha256).digest()
    far, turn = (int.from_bytes(digest[i:i + 8], "big") / 2**64 for i in (0, 8))
    metres = float(np.sqrt(least_m**2 + far * (most_m**2 - least_m**2)))
    lat, lon = h3.cell_to_latlng(cell)
    north = metres * np.cos(2 * np.pi * turn) / _METRES_PER_DEGREE
    east = metres * np.sin(2 * np.pi * turn) / (_METRES_PER_DEGREE * np.cos(np.radians(lat)))
    return float(lon + east), float(lat + north)


def distance_m(lon: npt.ArrayLike, lat: npt.ArrayLike, other: pd.DataFrame) -> npt.NDArray[np.float64]:
    """How far points were moved, metres."""
    return geodesic_km(lon, lat, other["lon"], other["lat"]) * 1000.0
