"""The public view: what the public file says, as a table and as hexagons. It reads that file and nothing else."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import h3
from tornado.web import HTTPError

from jitasa_analytics import areas, texts
from jitasa_analytics.errors import InputError
from jitasa_analytics.service import publish
from jitasa_analytics.service.web.base import Handler

_TABLES = tuple(publish.TABLES)
_TOTAL = "all"
# Quiet to strong, one colour for each step of a hexagon.
_COLOURS = ("#f3d9c9", "#e9b394", "#d98459", "#b9562f", "#7d3113")
_WIDTH = 640


@dataclass(frozen=True)
class Row:
    """A line of the table: counts in the order of the columns; None where a count is hidden."""

    code: str
    name: str
    kind: str
    counts: tuple[int | None, ...]


class PublicView(Handler):
    """``/public``: open to everybody where it is switched on."""

    def get(self) -> None:
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
        self.page("public", self.say("public.title"), months=[(m, self._month(m)) for m in months], month=month,
                  what=what, tables=[(t, self.say(f"public.{t}")) for t in _TABLES], area=area,
                  columns=[self._column(what, c) for c in columns],
                  rows=rows_of(table, held["areas"], area, columns, self.lang), sample=bool(held["sample"]),
                  threshold=held["threshold"], shown=lambda n: "•" if n is None else f"{n:,}",
                  drawing=hexagons(held["months"][month]["hexagons"]) if month and what == "requests" else None,
                  steps=list(zip(_COLOURS, held["steps"], strict=False)))

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


def hexagons(cells: dict[str, int]) -> dict[str, Any] | None:
    """Hexagons as SVG paths in a box: path, colour and step of each; None where there is none.

    Degrees are drawn as they lie at the middle latitude, which is true to within a few per cent over Thailand.
    """
    if not cells:
        return None
    rings = {cell: h3.cell_to_boundary(cell) for cell in sorted(cells)}
    lats = [lat for ring in rings.values() for lat, _ in ring]
    lons = [lon for ring in rings.values() for _, lon in ring]
    narrow = math.cos(math.radians((min(lats) + max(lats)) / 2))
    wide, high = (max(lons) - min(lons)) * narrow, max(lats) - min(lats)
    scale = min(_WIDTH / max(wide, 1e-9), 1.2 * _WIDTH / max(high, 1e-9))
    drawn = []
    for cell, ring in rings.items():
        points = " ".join(f"{(lon - min(lons)) * narrow * scale:.1f},{(max(lats) - lat) * scale:.1f}"
                          for lat, lon in ring)
        step = sum(cells[cell] >= s for s in publish.STEPS) - 1
        drawn.append({"points": points, "colour": _COLOURS[max(step, 0)], "least": cells[cell]})
    return {"width": round(wide * scale + 0.5), "height": round(high * scale + 0.5), "cells": drawn}
