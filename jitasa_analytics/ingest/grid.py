"""Which polygon a point lies in, for very many points: a grid whose cells know the answer or its few edges.

A cell that no border crosses belongs to one polygon, and its points are answered by one look-up. In
any other cell the owner of its centre is known, and the way from the centre to the point is walked:
each border that is crossed leaves one polygon or enters another. Where rounding could decide, the
point is left to exact arithmetic, so that the answer is that of a spatial join on every point.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

NOWHERE, UNSURE, CROSSED = -1, -2, -3
# Degrees, 650 m: smaller cells hold fewer borders, but lie farther apart in memory.
CELL = 0.006
# Signs of smaller areas (square degrees) are left to exact arithmetic; rounding errs by 1e-15 in a cell.
_EPSILON = 1e-13
_MOST_OPEN = 32
# Degrees, a tenth of a millimetre: a border nearer to a cell's centre than this is not told from it.
_NEAR = 1e-9
_CHUNK = 50_000
_AT_ONCE = 512


class Grid:
    """An index over polygons in degrees.

    Parameters
    ----------
    tree : shapely.STRtree
        Valid polygons. Those that come first own what several hold: sort them by code.
    cell : float
        The side of a cell in degrees.
    """

    def __init__(self, tree: shapely.STRtree, cell: float = CELL) -> None:
        polygons = tree.geometries
        self._cell = cell
        parts, polygon_of = shapely.get_parts(polygons, return_index=True)
        rings, part_of = shapely.get_rings(parts, return_index=True)
        xy, at = shapely.get_coordinates(rings, return_index=True)
        same = at[1:] == at[:-1]
        edges = np.ascontiguousarray(np.hstack([xy[:-1][same], xy[1:][same]]))
        owner = polygon_of[part_of[at[1:][same]]].astype(np.int32)
        self._x, self._y = (float(v) - 1.5 * cell for v in xy.min(axis=0))
        self._nx = int((xy[:, 0].max() + cell - self._x) / cell) + 1
        self._ny = int((xy[:, 1].max() + cell - self._y) / cell) + 1
        self._tree = tree
        start, order = _edges_of_cells(edges, self._x, self._y, cell, self._nx, self._ny)
        centre = _owners_of_centres(edges, owner, self._x, self._y, cell, self._nx, self._ny)
        # One number a cell, so that many stay near the processor: its polygon, or where its borders are told of.
        crossed = np.flatnonzero((np.diff(start) > 0) & (centre != UNSURE))
        held = centre[crossed]
        self._cells = centre
        self._cells[crossed] = CROSSED - np.arange(len(crossed), dtype=np.int32)
        self._crossed = np.column_stack([start[crossed], start[crossed + 1], held]).astype(np.int32)
        # A cell's few edges lie side by side, seen from its centre.
        self._edges = _seen_from_centres(edges, start, order, self._x, self._y, cell, self._ny)
        self._owners = owner[order]

    def find(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> Ints:
        """The first polygon that holds each point, its border included; -1 where none does.

        Parameters
        ----------
        lon, lat : array_like of float, shape (m,)
            Degrees; nan is nowhere.
        """
        x = np.ascontiguousarray(np.asarray(lon, float))
        y = np.ascontiguousarray(np.asarray(lat, float))
        out = np.empty(len(x), np.int32)

        def part(start: int) -> None:
            end = start + _CHUNK
            _walk(x[start:end], y[start:end], self._x, self._y, self._cell, self._nx, self._ny, self._cells,
                  self._crossed, self._edges, self._owners, out[start:end])

        starts = range(0, len(x), _CHUNK)
        if len(starts) < 2:
            for start in starts:
                part(start)
        else:
            with ThreadPoolExecutor(min(len(starts), os.cpu_count() or 1)) as pool:
                list(pool.map(part, starts))
        unsure = np.flatnonzero(out == UNSURE)
        if len(unsure):
            out[unsure] = exact(self._tree, x[unsure], y[unsure])
        return out


def exact(tree: shapely.STRtree, lon: Floats, lat: Floats) -> Ints:
    """The first polygon of a tree that holds each point, by exact arithmetic; -1 where none does."""
    at, which = tree.query(shapely.points(lon, lat), predicate="intersects")
    out = np.full(len(lon), len(tree.geometries), np.int64)
    np.minimum.at(out, at, which)
    return np.where(out == len(tree.geometries), NOWHERE, out).astype(np.int32)


@numba.njit(cache=True)
def _edges_of_cells(edges: Floats, x0: float, y0: float, cell: float, nx: int,
                    ny: int) -> tuple[npt.NDArray[np.int64], Ints]:
    """The edges whose box meets each cell: where its list starts, and the lists one behind the other."""
    count = np.zeros(nx * ny + 1, np.int64)
    start, place, lists = count, count, np.empty(0, np.int32)
    for fill in range(2):
        for k in range(len(edges)):
            west, east = min(edges[k, 0], edges[k, 2]), max(edges[k, 0], edges[k, 2])
            south, north = min(edges[k, 1], edges[k, 3]), max(edges[k, 1], edges[k, 3])
            for i in range(int((west - x0) / cell), int((east - x0) / cell) + 1):
                for j in range(int((south - y0) / cell), int((north - y0) / cell) + 1):
                    c = i * ny + j
                    if fill == 0:
                        count[c + 1] += 1
                    else:
                        lists[place[c]] = k
                        place[c] += 1
        if fill == 0:
            start = np.cumsum(count)
            place = start[:-1].copy()
            lists = np.empty(start[-1], np.int32)
    return start, lists


@numba.njit(cache=True, nogil=True)
def _owners_of_centres(edges: Floats, owner: Ints, x0: float, y0: float, cell: float, nx: int, ny: int) -> Ints:
    """The polygon at each cell's centre; UNSURE where several hold it, or a border runs too near to tell.

    Upwards through the centres of each column of cells: a border that is crossed leaves one polygon or
    enters another.
    """
    out = np.full(nx * ny, NOWHERE, np.int32)
    doubtful = np.zeros(nx * ny, np.bool_)
    count = np.zeros(nx + 1, np.int64)
    first, place = count, count
    height, which = np.empty(0, np.float64), np.empty(0, np.int32)
    for fill in range(2):
        for k in range(len(edges)):
            ax, ay, bx, by = edges[k, 0], edges[k, 1], edges[k, 2], edges[k, 3]
            west, east = min(ax, bx), max(ax, bx)
            i = max(0, int((west - x0) / cell - 0.5) - 1)
            while i < nx:
                x = x0 + (i + 0.5) * cell
                if x > east + _NEAR:
                    break
                if fill == 1 and west - _NEAR <= x and east - west < _NEAR:
                    # The border runs along the column's centres.
                    low = max(0, int((min(ay, by) - y0) / cell - 0.5) - 1)
                    for j in range(low, min(ny, int((max(ay, by) - y0) / cell) + 2)):
                        doubtful[i * ny + j] = True
                if (ax <= x) != (bx <= x):
                    if fill == 0:
                        count[i + 1] += 1
                    else:
                        slope = (by - ay) / (bx - ax)
                        y = ay + slope * (x - ax)
                        j = int((y - y0) / cell)
                        if abs(y - (y0 + (j + 0.5) * cell)) < _NEAR + 1e-13 * abs(slope):
                            doubtful[i * ny + j] = True
                        height[place[i]], which[place[i]] = y, owner[k]
                        place[i] += 1
                i += 1
        if fill == 0:
            first = np.cumsum(count)
            place = first[:-1].copy()
            height, which = np.empty(first[-1], np.float64), np.empty(first[-1], np.int32)
    inside = np.empty(_MOST_OPEN, np.int32)
    for i in range(nx):
        order = np.argsort(height[first[i]:first[i + 1]]) + first[i]
        held = at = 0
        for j in range(ny):
            y = y0 + (j + 0.5) * cell
            while at < len(order) and height[order[at]] < y and held < _MOST_OPEN:
                held = _toggle(inside, held, which[order[at]])
                at += 1
            if held == 1:
                out[i * ny + j] = inside[0]
            if held > 1 or doubtful[i * ny + j]:
                out[i * ny + j] = UNSURE
    return out


@numba.njit(cache=True, nogil=True)
def _toggle(inside: Ints, held: int, owner: np.int32) -> int:
    """Leave a polygon that was entered, or enter it; returns how many are open."""
    for h in range(held):
        if inside[h] == owner:
            inside[h] = inside[held - 1]
            return held - 1
    inside[held] = owner
    return held + 1


@numba.njit(cache=True, nogil=True)
def _seen_from_centres(edges: Floats, start: npt.NDArray[np.int64], order: Ints, x0: float, y0: float, cell: float,
                       ny: int) -> Floats:
    """Each cell's edges from its centre (exact: both lie near)."""
    out = np.empty((len(order), 4))
    for c in range(len(start) - 1):
        px, py = x0 + (c // ny + 0.5) * cell, y0 + (c % ny + 0.5) * cell
        for e in range(start[c], start[c + 1]):
            k = order[e]
            ax, ay, bx, by = edges[k, 0] - px, edges[k, 1] - py, edges[k, 2] - px, edges[k, 3] - py
            out[e, 0], out[e, 1], out[e, 2], out[e, 3] = ax, ay, bx, by
    return out


@numba.njit(cache=True, nogil=True)
def _walk(lon: Floats, lat: Floats, x0: float, y0: float, cell: float, nx: int, ny: int, cells: Ints,
          crossed: Ints, edges: Floats, owners: Ints, out: Ints) -> None:
    """Answer each point into ``out``; UNSURE where a sign is too small to trust.

    Some points at a time, step by step: what they need lies anywhere in memory, and the processor waits for many at
    once where nothing depends on what is still on its way.
    """
    inside = np.empty(_MOST_OPEN, np.int32)
    at, dx, dy = np.empty(_AT_ONCE, np.int64), np.empty(_AT_ONCE), np.empty(_AT_ONCE)
    point, told = np.empty(_AT_ONCE, np.int64), np.empty((_AT_ONCE, 3), np.int32)
    for first in range(0, len(lon), _AT_ONCE):
        count = min(_AT_ONCE, len(lon) - first)
        for k in range(count):
            x, y = lon[first + k], lat[first + k]
            fx, fy = (x - x0) / cell, (y - y0) / cell
            # Points from outside are looked for in the first cell, which lies in the margin and holds nothing.
            i, j = (int(fx), int(fy)) if fx >= 0 and fy >= 0 and fx < nx and fy < ny else (0, 0)
            at[k] = i * ny + j
            dx[k], dy[k] = x - (x0 + (i + 0.5) * cell), y - (y0 + (j + 0.5) * cell)
        among = 0
        for k in range(count):
            code = cells[at[k]]
            out[first + k] = code
            point[among], at[among] = k, CROSSED - code
            among += code <= CROSSED
        for q in range(among):
            told[q, 0], told[q, 1], told[q, 2] = crossed[at[q], 0], crossed[at[q], 1], crossed[at[q], 2]
        fetched = 0.0
        for q in range(among):
            fetched += edges[told[q, 0], 0]
        for q in range(among):
            k = point[q]
            out[first + k] = _owner(dx[k], dy[k], told[q, 2], edges, owners, told[q, 0], told[q, 1], inside)
        if np.isnan(fetched):  # never; without a use nothing would be fetched
            out[first] = UNSURE


@numba.njit(cache=True, nogil=True)
def _owner(dx: float, dy: float, centre: np.int32, edges: Floats, owners: Ints, begin: np.int32, end: np.int32,
           inside: Ints) -> np.int32:
    """Who owns a point of a cell, seen from the centre whose owner is known."""
    held = 0
    if centre >= 0:
        inside[0] = centre
        held = 1
    for e in range(begin, end):
        ax, ay, bx, by = edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]
        a = dx * ay - dy * ax
        b = dx * by - dy * bx
        aside = (a >= 0) == (b >= 0)
        if aside and abs(a) >= _EPSILON and abs(b) >= _EPSILON:
            continue
        from_centre = (by - ay) * ax - (bx - ax) * ay
        from_point = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax)
        if abs(from_centre) < _EPSILON or abs(from_point) < _EPSILON:
            return np.int32(UNSURE)
        if aside or (from_centre >= 0) == (from_point >= 0):
            continue
        if held == _MOST_OPEN:
            return np.int32(UNSURE)
        held = _toggle(inside, held, owners[e])
    first = np.int32(NOWHERE)
    for h in range(held):
        if first == NOWHERE or inside[h] < first:
            first = inside[h]
    return first
