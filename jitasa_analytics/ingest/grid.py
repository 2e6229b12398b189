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

NOWHERE, UNSURE = -1, -2
# Degrees: about a kilometre; two thirds of the cells then hold no border and answer at once.
CELL = 0.01
# Signs of smaller areas (square degrees) are left to exact arithmetic; rounding errs by 1e-15 in a cell.
_EPSILON = 1e-13
_MOST_OPEN = 32
_CHUNK = 50_000


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
        self._edges = np.ascontiguousarray(np.hstack([xy[:-1][same], xy[1:][same]]))
        self._owner = polygon_of[part_of[at[1:][same]]].astype(np.int32)
        self._x, self._y = (float(v) - cell for v in xy.min(axis=0))
        self._nx = int((xy[:, 0].max() + cell - self._x) / cell) + 1
        self._ny = int((xy[:, 1].max() + cell - self._y) / cell) + 1
        self._start, order = _edges_of_cells(self._edges, self._x, self._y, cell, self._nx, self._ny)
        # Edges are copied into the order of the cells, so that a cell's few lie side by side in memory.
        self._edges, self._owner = self._edges[order], self._owner[order]
        self._tree = tree
        self._centre = self._owners_of_centres()

    def _owners_of_centres(self) -> Ints:
        """The polygon at each cell's centre; UNSURE where several hold it."""
        x = self._x + (np.arange(self._nx) + 0.5) * self._cell
        y = self._y + (np.arange(self._ny) + 0.5) * self._cell
        points = shapely.points(np.repeat(x, self._ny), np.tile(y, self._nx))
        at, which = self._tree.query(points, predicate="intersects")
        owners = np.full(len(points), NOWHERE, np.int32)
        owners[at] = which
        owners[np.bincount(at, minlength=len(points)) > 1] = UNSURE
        return owners

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
            _walk(x[start:end], y[start:end], self._x, self._y, self._cell, self._nx, self._ny, self._centre,
                  self._start, self._edges, self._owner, out[start:end])

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
def _walk(lon: Floats, lat: Floats, x0: float, y0: float, cell: float, nx: int, ny: int, centre: Ints,
          start: npt.NDArray[np.int64], edges: Floats, owner: Ints, out: Ints) -> None:
    """Answer each point into ``out``; UNSURE where a sign is too small to trust."""
    inside = np.empty(_MOST_OPEN, np.int32)
    for k in range(len(lon)):
        fx, fy = (lon[k] - x0) / cell, (lat[k] - y0) / cell
        if not (fx >= 0 and fy >= 0 and fx < nx and fy < ny):
            out[k] = NOWHERE
            continue
        i, j = int(fx), int(fy)
        c = i * ny + j
        if start[c] == start[c + 1] or centre[c] == UNSURE:
            out[k] = centre[c]
            continue
        px, py = x0 + (i + 0.5) * cell, y0 + (j + 0.5) * cell
        dx, dy = lon[k] - px, lat[k] - py
        held = 0
        if centre[c] >= 0:
            inside[0] = centre[c]
            held = 1
        sure = True
        for e in range(start[c], start[c + 1]):
            ax, ay, bx, by = edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]
            a = dx * (ay - py) - dy * (ax - px)
            b = dx * (by - py) - dy * (bx - px)
            aside = (a >= 0) == (b >= 0)
            if aside and abs(a) >= _EPSILON and abs(b) >= _EPSILON:
                continue
            from_centre = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
            from_point = (bx - ax) * (lat[k] - ay) - (by - ay) * (lon[k] - ax)
            if abs(from_centre) < _EPSILON or abs(from_point) < _EPSILON:
                sure = False
                break
            if aside or (from_centre >= 0) == (from_point >= 0):
                continue
            found = -1
            for h in range(held):
                if inside[h] == owner[e]:
                    found = h
            if found >= 0:
                held -= 1
                inside[found] = inside[held]
            elif held < _MOST_OPEN:
                inside[held] = owner[e]
                held += 1
            else:
                sure = False
                break
        if not sure:
            out[k] = UNSURE
            continue
        first = NOWHERE
        for h in range(held):
            if first == NOWHERE or inside[h] < first:
                first = inside[h]
        out[k] = first
