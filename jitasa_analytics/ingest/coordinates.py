"""Coordinates as files write them: degrees as text, metres of a declared grid, an older datum."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj

from jitasa_analytics import geo
from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest.cell import Cell
from jitasa_analytics.ingest.findings import Findings
from jitasa_analytics.ingest.mapping import ROW

_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_DEGREES = re.compile(
    r"^([NSEW])?\s*(\d{1,3})\s*(?:°|º|องศา|d)\s*(?:(\d{1,2}(?:\.\d+)?)\s*(?:'|′|’|ลิปดา|m)\s*)?"
    r"(?:(\d{1,2}(?:\.\d+)?)\s*(?:\"|″|”|''|ฟิลิปดา|s)\s*)?([NSEW])?$", re.IGNORECASE)
# Metres that Thailand's points have in UTM, whichever zone.
_EASTING, _NORTHING = (100_000.0, 900_000.0), (600_000.0, 2_300_000.0)
UTM_ZONES = {"UTM 47N": "EPSG:32647", "UTM 48N": "EPSG:32648"}


def degrees(text: str) -> Cell | None:
    """Degrees written with minutes and seconds as a decimal number; None where the text is no such.

    >>> round(degrees("13° 21.6' N").value, 6), degrees("13.36")
    (13.36, None)
    """
    plain = text.translate(_THAI_DIGITS)
    found = _DEGREES.match(plain.strip())
    if found is None:
        return None
    before, whole, minutes, seconds, after = found.groups()
    if float(minutes or 0) >= 60 or float(seconds or 0) >= 60 or (before and after):
        return Cell(error="not_a_number")
    value = int(whole) + float(minutes or 0) / 60 + float(seconds or 0) / 3600
    sign = -1 if (before or after or "").upper() in ("S", "W") else 1
    return Cell(sign * value, ("degrees_minutes",) if plain == text else ("thai_digits", "degrees_minutes"))


# Indian 1975 to WGS84, onshore and Gulf (EPSG 1154, 5 m); EPSG's other three-parameter sets lie within
# metres of it. Its set of seven, which PROJ would take first, lies 180 m from all of them.
_INDIAN_1975 = (
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=push +v_3 "
    "+step +proj=cart +ellps=evrst30 +step +proj=helmert +x=210 +y=814 +z=289 "
    "+step +inv +proj=cart +ellps=WGS84 +step +proj=pop +v_3 +step +proj=unitconvert +xy_in=rad +xy_out=deg")
_INDIAN = "EPSG:4240"


@lru_cache(maxsize=8)
def _to_degrees(crs: str) -> Callable[[Any, Any], tuple[Any, Any]]:
    """A function from coordinates of a system to WGS84 degrees."""
    try:
        system = pyproj.CRS.from_user_input(crs)
        indian = system.geodetic_crs is not None and system.geodetic_crs.equals(pyproj.CRS(_INDIAN))
        first = pyproj.Transformer.from_crs(system, _INDIAN if indian else geo.WGS84, always_xy=True)
    except pyproj.exceptions.CRSError as error:
        raise InputError(f"the recipe's crs {crs!r} is no coordinate system; write an EPSG code, for instance "
                         "EPSG:32647", key="import.bad_crs", crs=crs) from error
    if not indian:
        return lambda x, y: first.transform(x, y)
    shift = pyproj.Transformer.from_pipeline(_INDIAN_1975)
    return lambda x, y: shift.transform(*first.transform(x, y))


def transform(out: pd.DataFrame, frame: pd.DataFrame, crs: str, findings: Findings) -> None:
    """Turn coordinates of a declared system into WGS84 degrees, and say so for each row (changes ``out``)."""
    lon, lat = out["lon"].to_numpy(float), out["lat"].to_numpy(float)
    given = np.flatnonzero(~np.isnan(lon) & ~np.isnan(lat))
    if not len(given):
        return
    new_lon, new_lat = _to_degrees(crs)(lon[given], lat[given])
    bad = ~(np.isfinite(new_lon) & np.isfinite(new_lat))
    rows = out[ROW].to_numpy()
    before = [f"{frame['lon'].iloc[i]}, {frame['lat'].iloc[i]}" for i in given]
    lon, lat = lon.copy(), lat.copy()
    for k, i in enumerate(given):
        if bad[k]:
            findings.add(rows[i], "lon", before[k], "outside_thailand", "error")
            lon[i] = lat[i] = np.nan
            continue
        lon[i], lat[i] = round(float(new_lon[k]), 7), round(float(new_lat[k]), 7)
        findings.add(rows[i], "lon", before[k], "transformed", "repair", after=f"{lon[i]:.6f}, {lat[i]:.6f} ({crs})")
    out["lon"], out["lat"] = lon, lat


def looks_projected(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Whether each pair may be metres of a UTM zone; which zone, the numbers do not tell."""
    return np.asarray((lon >= _EASTING[0]) & (lon <= _EASTING[1])
                      & (lat >= _NORTHING[0]) & (lat <= _NORTHING[1]), bool)


def as_zones(east: float, north: float) -> str:
    """What the metres would be in each zone of Thailand, for a person to choose."""
    told = []
    for name, crs in UTM_ZONES.items():
        lon, lat = _to_degrees(crs)(east, north)
        if geo.in_thailand([lon], [lat])[0]:
            told.append(f"{name}: {lon:.5f}, {lat:.5f}")
    return "; ".join(told)
