"""Points find their tambon; what the address says is held against it."""

from __future__ import annotations

import threading

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from jitasa_analytics import areas, geo
from jitasa_analytics.contracts import Dataset
from jitasa_analytics.ingest import grid
from jitasa_analytics.ingest.findings import Findings
from jitasa_analytics.ingest.mapping import ROW

# Piers, islets and river mouths lie off simplified outlines; farther than this is no tambon's.
SNAP_KM = 5.0
# Below this the grid costs more to build than it saves.
MANY_POINTS = 100_000
_LEVELS = ("tambon", "district", "province")


class Locator:
    """Finds the finest known area of a point.

    Parameters
    ----------
    outlines : GeoDataFrame
        Columns code, level, valid_from, geometry (WGS84).
    """

    def __init__(self, outlines: pd.DataFrame) -> None:
        frame = outlines[outlines["geometry"].notna()] if len(outlines) else outlines
        if len(frame):
            frame = frame.sort_values("valid_from").drop_duplicates("code", keep="last").sort_values("code")
        self._codes: dict[str, npt.NDArray[np.str_]] = {}
        self._trees: dict[str, shapely.STRtree] = {}
        self._grids: dict[str, grid.Grid] = {}
        self._building, self._expected = threading.Lock(), ""
        for level in _LEVELS:
            part = frame[frame["level"] == level] if len(frame) else frame
            if len(part):
                self._codes[level] = part["code"].to_numpy(str)
                self._trees[level] = shapely.STRtree(gpd.GeoSeries(part["geometry"]).to_numpy())
        with_tambons = {c[:2] for c in self._codes.get("tambon", np.array([], str)).tolist()}
        listed = [(level, code) for level in _LEVELS for code in self._codes.get(level, np.array([], str)).tolist()]
        # Behind the last code stands what position -1 means: no area.
        self._all_codes = np.array([*(code for _, code in listed), None], dtype=object)
        # Points in no tambon of a province whose tambons are known lie off its coast, or between outlines.
        self._loose = np.array([*(lev != "tambon" and code[:2] in with_tambons for lev, code in listed), True], bool)

    def __bool__(self) -> bool:
        return bool(self._trees)

    def find(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.float64]]:
        """The code of each point's area and how far the point was moved to it.

        Returns
        -------
        codes : array of str or None
            Tambon where its outlines are known, else district or province; None in no area.
        moved_km : array of float
            0 inside; the distance to the nearest tambon where the point was snapped; nan in no area.
        """
        x, y = np.asarray(lon, float), np.asarray(lat, float)
        which = self._finest(x, y)
        codes = self._all_codes[which]
        moved = np.where(which < 0, np.nan, 0.0)
        self._snap(x, y, np.flatnonzero(self._loose[which] & np.isfinite(x) & np.isfinite(y)), codes, moved)
        return codes, moved

    def _finest(self, x: grid.Floats, y: grid.Floats) -> grid.Ints:
        """The position of each point's area among all codes; -1 in none.

        A point on a border belongs to the smallest code, so that the answer does not depend on order.
        """
        which = np.full(len(x), -1, np.int32)
        before = 0
        for level in _LEVELS:
            if level not in self._trees:
                continue
            todo = np.flatnonzero(which < 0)
            if len(todo):
                found = self._which(level, x[todo], y[todo])
                which[todo] = np.where(found >= 0, found + before, -1)
            before += len(self._codes[level])
        return which

    def certain(self, lon: grid.Floats, lat: grid.Floats) -> tuple[grid.Ints, list[str]]:
        """The finest area of points that lie in one without being moved.

        Returns
        -------
        which : array of int32
            The position of the area's code; -1 where the point is in none, or would be moved to a tambon.
        codes : list of str
        """
        which = self._finest(lon, lat)
        return np.where(self._loose[which], -1, which).astype(np.int32), self._all_codes[:-1].tolist()

    def _which(self, level: str, x: grid.Floats, y: grid.Floats) -> grid.Ints:
        """The position of each point's area; a grid is built once the points are worth it."""
        if len(x) < MANY_POINTS and level not in self._grids and level != self._expected:
            return grid.exact(self._trees[level], x, y)
        return self._grid(level).find(x, y)

    def expect_many(self) -> None:
        """Many points are on their way: the grid of the finest areas is built meanwhile, in a thread of its own."""
        if self._trees and not self._expected:
            self._expected = next(level for level in _LEVELS if level in self._trees)
            threading.Thread(target=self._grid, args=(self._expected,), name="grid", daemon=True).start()

    def _grid(self, level: str) -> grid.Grid:
        with self._building:
            if level not in self._grids:
                self._grids[level] = grid.Grid(self._trees[level])
            return self._grids[level]

    def _snap(self, x: grid.Floats, y: grid.Floats, loose: npt.NDArray[np.int64], codes: npt.NDArray[np.object_],
              moved: npt.NDArray[np.float64]) -> None:
        """Points outside every tambon go to the nearest one near by, in their own province where that is known."""
        if "tambon" not in self._trees or not len(loose):
            return
        points = shapely.points(x[loose], y[loose])
        tree = self._trees["tambon"]
        at, which = tree.query_nearest(points, max_distance=SNAP_KM / 90, all_matches=True)
        near = shapely.get_coordinates(shapely.shortest_line(points[at], tree.geometries[which])).reshape(-1, 4)
        km = geo.geodesic_km(*near.T)
        tambons = self._codes["tambon"]
        own = np.array([codes[i] is None or len(codes[i]) == 6 or t.startswith(codes[i][:2])
                        for i, t in zip(loose[at], tambons[which].tolist(), strict=True)], bool)
        # Of several that are as near the smallest code, as inside.
        order = np.lexsort((which, at))
        order = order[(own & (km <= SNAP_KM))[order]]
        _, first = np.unique(at[order], return_index=True)
        chosen = order[first]
        codes[loose[at[chosen]]] = tambons[which[chosen]].astype(object)
        moved[loose[at[chosen]]] = km[chosen]


def apply(frame: pd.DataFrame, address: pd.DataFrame, contract: Dataset, locator: Locator, findings: Findings) -> None:
    """Give every row its area code: from its point, else as given, else from its address (changes ``frame``)."""
    if "area_code" not in contract.names:
        return
    if "area_code" not in frame:
        frame["area_code"] = pd.Series(None, index=frame.index, dtype="str")
    given = frame["area_code"].copy()
    named = _from_names(frame, address, given, findings)
    if {"lon", "lat"} <= set(frame.columns) and locator:
        _from_points(frame, given.fillna(named), named.notna() & given.isna(), locator, findings)
    missing = frame["area_code"].isna()
    _say_coarser(frame[missing], address, named, findings)
    frame.loc[missing, "area_code"] = named[missing]
    column = contract.column("area_code")
    said = {f.row for f in findings.items if f.severity == "error" and f.column == "area_code"}
    for row in frame.loc[frame["area_code"].isna(), ROW] if column.required else []:
        if int(row) not in said:
            findings.add(row, "area_code", "", "missing", "error")


def _from_names(frame: pd.DataFrame, address: pd.DataFrame, given: pd.Series, findings: Findings) -> pd.Series:
    """Codes from province, district and tambon names, as fine as they are certain."""
    if not len(address):
        return pd.Series(None, index=given.index, dtype="str")
    cache: dict[tuple[str, ...], str | None] = {}
    found = []
    parts = address.reindex(frame[ROW].to_numpy())
    words = parts[["province", "district", "tambon"]].itertuples(index=False)
    for row, (province, district, tambon) in zip(frame[ROW], words, strict=True):
        names = (_code_or_name(province), _code_or_name(district), _code_or_name(tambon))
        if names not in cache:
            cache[names] = areas.find(*names) or areas.find(*names[:2]) or areas.find(names[0])
        code = cache[names]
        if names[0] and names[1] and (code is None or len(code) < 4):
            # Certain: a district of that name lies in a province of that name only the other way round.
            other = (names[1], names[0], names[2])
            if areas.find(*other[:2]) is not None:
                code = areas.find(*other) or areas.find(*other[:2])
                findings.add(row, "province", f"{province}, {district}", "swapped_names", "repair",
                             after=areas.full_name(str(code)))
        found.append(code)
    return pd.Series(found, index=given.index, dtype="str")


def _say_coarser(frame: pd.DataFrame, address: pd.DataFrame, named: pd.Series, findings: Findings) -> None:
    """Say which rows stand only at the district or province, because the finer names are not known there."""
    if not len(address) or not len(frame):
        return
    parts = address.reindex(frame[ROW].to_numpy())[["tambon", "district", "province"]]
    codes = list[object](named[frame.index])
    for row, words, code in zip(frame[ROW], parts.itertuples(index=False, name=None), codes, strict=True):
        given = [isinstance(w, str) and bool(w.strip()) for w in words]
        finest = next((n for n, there in zip((6, 4, 2), given, strict=True) if there), 0)
        if isinstance(code, str) and code != areas.COUNTRY and len(code) < finest:
            said = " ".join(w for w, there in zip(words, given, strict=True) if there)
            findings.add(row, "area_code", said, "coarser_area", "warning", after=areas.full_name(code))


def _code_or_name(text: object) -> str:
    value = "" if not isinstance(text, str) else text.strip()
    return areas.name(value) if value.isdigit() and areas.exists(value) else value


def _from_points(frame: pd.DataFrame, expected: pd.Series, by_name: pd.Series, locator: Locator,
                 findings: Findings) -> None:
    has = frame["lon"].notna() & frame["lat"].notna()
    if not has.any():
        return
    codes, moved = locator.find(frame.loc[has, "lon"], frame.loc[has, "lat"])
    found = pd.Series(codes, index=frame.index[has], dtype="str").map(areas.current, na_action="ignore")
    points = frame.loc[has, [ROW, "lon", "lat"]].itertuples(index=False, name=None)
    said_codes, found_codes = list[object](expected[has]), list[object](found)
    for (row, lon, lat), code, said, km in zip(points, found_codes, said_codes, moved, strict=True):
        place = f"{lon}, {lat}"
        if not isinstance(code, str):
            findings.add(row, "lon", place, "outside_areas", "warning")
            continue
        if km > 0:
            findings.add(row, "lon", place, "snapped", "repair", after=f"{areas.full_name(code)} ({km:.1f} km)")
        if isinstance(said, str) and said != areas.COUNTRY and said[:2] != code[:2]:
            findings.add(row, "area_code", areas.name(said[:2]), "place_disagrees", "warning",
                         after=areas.name(code[:2]))
    located = found.reindex(frame.index)
    # A code that the file gives stands where the point disagrees; a name gives way to the point.
    coarse = expected.isna() | by_name | pd.Series(
        [isinstance(a, str) and isinstance(b, str) and b.startswith(a) for a, b in zip(expected, located, strict=True)],
        index=frame.index)
    frame["area_code"] = located.where(coarse & located.notna(), frame["area_code"])
