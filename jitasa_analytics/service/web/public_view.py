"""The public view: what the public file says, as a table and as hexagons.

It reads that file, and of the store nothing but the outlines of the provinces, which anybody knows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import h3
import numpy as np
import numpy.typing as npt
import shapely
from tornado.ioloop import IOLoop
from tornado.web import HTTPError

from jitasa_analytics import areas, texts
from jitasa_analytics.errors import InputError
from jitasa_analytics.service import publish
from jitasa_analytics.service.web.base import Handler

_TABLES = tuple(publish.TABLES)
_TOTAL = "all"
# Quiet to strong, one colour for each step of a hexagon.
_COLOURS = ("#f3d9c9", "#e9b394", "#d98459", "#b9562f", "#7d3113")
_WIDTH = 960
# Degrees: how much outlines are simplified, and what is seen around the hexagons (a share of their extent, at least).
_COARSE = 0.004
_ROOM, _LEAST_ROOM = 0.25, 0.15

Ring = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """A line of the table: counts in the order of the columns; None where a count is hidden."""

    code: str
    name: str
    kind: str
    counts: tuple[int | None, ...]


class PublicView(Handler):
    """``/public``: open to everybody where it is switched on."""

    async def get(self) -> None:
        """Show a month: the country and its provinces, or a province and its districts."""
        if self.house.public_file is None:
            raise HTTPError(404)
        try:
            held = publish.read(self.house.public_file)
        except InputError:
            raise HTTPError(503) from None
        months = sorted(held["months"], reverse=True)
        month = self._chosen("month", months)
        what = self._chosen("what", list(_TABLES))
        table: dict[str, dict[str, int | None]] = held["months"][month][what] if month else {}
        area = self.get_query_argument("area", areas.COUNTRY)
        area = area if area in table else areas.COUNTRY
        columns = columns_of(table)
        cells = held["months"][month]["hexagons"] if month and what == "requests" else {}
        borders, inside = await self._borders() if cells else ([], {})
        drawing = hexagons(cells, borders, {areas.name(c, self.lang): at for c, at in inside.items()})
        self.page("public", self.say("public.title"), months=[(m, self._month(m)) for m in months], month=month,
                  what=what, tables=[(t, self.say(f"public.{t}")) for t in _TABLES], area=area,
                  columns=[self._column(what, c) for c in columns],
                  rows=rows_of(table, held["areas"], area, columns, self.lang), sample=bool(held["sample"]),
                  threshold=held["threshold"], shown=lambda n: "•" if n is None else f"{n:,}",
                  drawing=drawing, steps=list(zip(_COLOURS, held["steps"], strict=False)))

    async def _borders(self) -> tuple[list[Ring], dict[str, tuple[float, float]]]:
        """The outlines of the provinces and a point inside each; read once for each set of them."""
        name = self.house.store.manifest().files["reference"]
        kept = self.house.memory.setdefault("borders", {})
        if name not in kept:
            kept.clear()
            kept[name] = await IOLoop.current().run_in_executor(None, self._read_borders)
        found: tuple[list[Ring], dict[str, tuple[float, float]]] = kept[name]
        return found

    def _read_borders(self) -> tuple[list[Ring], dict[str, tuple[float, float]]]:
        with self.house.store.snapshot() as snapshot:
            shapes = snapshot.areas("province", within=areas.COUNTRY).geometry.dropna()
        lines = shapely.get_parts(shapely.boundary(shapely.simplify(shapes.to_numpy(), _COARSE)))
        inside = shapely.get_coordinates(shapely.point_on_surface(shapes.to_numpy()))
        return ([shapely.get_coordinates(line) for line in lines],
                {str(code): (float(lon), float(lat)) for code, (lon, lat) in zip(shapes.index, inside, strict=True)})

    def _chosen(self, name: str, known: list[str]) -> str:
        asked = self.get_query_argument(name, "")
        return asked if asked in known else (known[0] if known else "")

    def _month(self, month: str) -> str:
        year, number = month.split("-")
        return f"{self.say(f'public.month_{int(number)}')} {int(year) + (543 if self.lang == 'th' else 0)}"

    def _column(self, what: str, name: str) -> str:
        if name == _TOTAL:
            return self.say("public.all")
        key = f"public.{name}"
        if texts.has(f"service.{key}", self.lang):
            return self.say(key)
        return texts.label("category" if what == "requests" else "volunteer", name, self.lang)


def columns_of(table: dict[str, dict[str, int | None]]) -> list[str]:
    """The columns of a table, the total first."""
    every = {name for row in table.values() for name in row}
    return [_TOTAL] * (_TOTAL in every) + sorted(every - {_TOTAL})


def rows_of(table: dict[str, dict[str, int | None]], names: dict[str, list[str]], area: str, columns: list[str],
            lang: str) -> list[Row]:
    """An area's own line and those of the areas right below it, in the order of their codes."""
    digits = 2 if area == areas.COUNTRY else 4
    inside = [c for c in sorted(table) if c not in (areas.COUNTRY, area) and len(c) == digits
              and (area == areas.COUNTRY or c.startswith(area))]
    order = ([area] if area in table else []) + inside
    return [Row(code, names.get(code, [code, code])[lang == "en"], "sum" if code == area else "deep",
                tuple(table[code].get(c, 0) for c in columns)) for code in order]


def hexagons(cells: dict[str, int], borders: Sequence[Ring] = (),
             names: Mapping[str, tuple[float, float]] | None = None) -> dict[str, Any] | None:
    """Hexagons as SVG paths in a box: path, colour and step of each; None where there is none.

    Parameters
    ----------
    cells : dict of str to int
        The least number of requests of each H3 cell.
    borders : sequence of arrays, shape (k, 2)
        Longitudes and latitudes of lines to draw, so that one sees where the cells lie.
    names : mapping of str to (float, float), optional
        Where to write a name: longitude and latitude.

    Degrees are drawn as they lie at the middle latitude, which is true to within a few per cent over Thailand.
    """
    if not cells:
        return None
    # The larger ones first: a small one may lie inside what a larger one holds besides.
    order = sorted(cells, key=lambda c: (h3.get_resolution(c), c))
    rings = {cell: np.array(h3.cell_to_boundary(cell))[:, ::-1] for cell in order}
    every = np.vstack(list(rings.values()))
    room = np.maximum(_ROOM * np.ptp(every, axis=0), _LEAST_ROOM)
    west, south = every.min(axis=0) - room
    east, north = every.max(axis=0) + room
    narrow = math.cos(math.radians((south + north) / 2))
    wide, high = (east - west) * narrow, north - south
    scale = min(_WIDTH / wide, 1.2 * _WIDTH / high)

    def place(lon: float, lat: float) -> tuple[str, str]:
        return f"{(lon - west) * narrow * scale:.1f}", f"{(north - lat) * scale:.1f}"

    def path(ring: Ring) -> str:
        return " ".join(",".join(place(lon, lat)) for lon, lat in ring)

    drawn = [{"points": path(ring), "least": cells[cell],
              "colour": _COLOURS[max(sum(cells[cell] >= s for s in publish.STEPS) - 1, 0)]}
             for cell, ring in rings.items()]
    seen = [ring for ring in borders if (ring.max(axis=0) >= (west, south)).all()
            and (ring.min(axis=0) <= (east, north)).all()]
    return {"width": round(wide * scale + 0.5), "height": round(high * scale + 0.5), "cells": drawn,
            "borders": [path(ring) for ring in seen],
            "names": [(*place(lon, lat), name) for name, (lon, lat) in (names or {}).items()
                      if west < lon < east and south < lat < north]}
