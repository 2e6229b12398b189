"""The fast lane: a block of text becomes typed rows and the row numbers of those that need the careful one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jitasa_analytics import areas, geo
from jitasa_analytics.contracts import Dataset
from jitasa_analytics.ingest import items
from jitasa_analytics.ingest.bulk.cells import Flags, Texts
from jitasa_analytics.ingest.bulk.columns import Found, readers
from jitasa_analytics.ingest.bulk.eights import Bytes
from jitasa_analytics.ingest.bulk.split import Split
from jitasa_analytics.ingest.locate import Locator
from jitasa_analytics.ingest.mapping import ROW
from jitasa_analytics.ingest.recipe import Recipe

# Their rules look across rows, or at shapes.
_CAREFUL_ONLY = ("areas", "dose_reports")


@dataclass(frozen=True)
class Passed:
    """What became of a block's plain rows.

    Attributes
    ----------
    columns : dict of str to pyarrow Array or Texts
        The given columns and ``_row``, of all rows.
    fine : array of bool
        Rows that need nothing more.
    found : tuple of Found
        By reader.
    """

    columns: dict[str, Any]
    fine: Flags
    found: tuple[Found, ...]


def suits(contract: Dataset, recipe: Recipe, heads: tuple[str, ...]) -> bool:
    """Whether each row of such a file can be judged by itself, from its own cells."""
    plain = not (recipe.running_key or recipe.address or recipe.crs or recipe.items or len(recipe.parts) != 1
                 or recipe.parts[0].measure or any(s.otherwise for s in recipe.parts[0].columns.values()))
    listed = contract.name == "requests" and any(h.strip().lower() in items.HEADERS for h in heads)
    return plain and not listed and not contract.geometry and contract.name not in _CAREFUL_ONLY


class Lane:
    """Reads the plain rows of one file.

    Parameters
    ----------
    contract, recipe
        What a row must be, and how the file writes it.
    heads : sequence of str
        The file's headers.
    key : bytes
        Turns identities into tokens.
    locator : Locator
        Finds the areas of points.
    """

    def __init__(self, contract: Dataset, recipe: Recipe, heads: tuple[str, ...], key: bytes, locator: Locator) -> None:
        self._contract = contract
        self._locator = locator
        self.readers = readers(contract, recipe, list(heads), key)
        read = {r.column.name for r in self.readers}
        self._by_default = [c for c in contract.columns if c.name in contract.key and c.default is not None]
        also = {c.name for c in self._by_default} | ({"area_code"} & set(contract.names))
        self.given = tuple(n for n in contract.names if n in read | also)
        constants = {r.column.name: r.constant() for r in self.readers if r.at < 0}
        self._constants = {name: value for name, (value, _) in constants.items()}
        needed = {c.name for c in contract.columns if c.required and c.default is None and c.kind != "area"}
        # Where a column is missing or a constant doubtful, all rows share what there is to say.
        self.whole = needed <= read and all(fine for _, fine in constants.values())

    def read(self, data: Bytes, found: Split, numbers: npt.NDArray[np.int64], skip: Flags) -> Passed:
        """Judge the plain rows of a block.

        Parameters
        ----------
        numbers : array of int64, shape (rows,)
            The number of each row as a person counts.
        skip : array of bool, shape (rows,)
            Rows that are left to others.
        """
        count = len(numbers)
        careful = skip.copy()
        columns: dict[str, Any] = {}
        empty: dict[str, Flags] = {}
        out = []
        for reader in self.readers:
            name = reader.column.name
            if reader.at < 0:
                columns[name] = self._same(name, count)
                empty[name] = np.full(count, self._constants[name] is None)
                continue
            cells = reader.read(data, found.starts[reader.at], found.lengths[reader.at])
            careful |= cells.careful
            if reader.column.required and reader.column.default is None and reader.column.kind != "area":
                careful |= cells.empty
            columns[name], empty[name] = cells.values, cells.empty
            out.append(cells)
        points = self._points(columns, careful)
        if "area_code" in self._contract.names:
            self._areas(columns, empty, points, careful)
        if self._contract.one_of:
            careful |= np.logical_and.reduce([empty.get(n, np.ones(count, bool)) for n in self._contract.one_of])
        for column in self._by_default:
            if column.name not in columns:
                columns[column.name] = _all(self._default(column.name), count)
            elif empty[column.name].any():
                plain = _plain(columns[column.name])
                plain = plain.dictionary_decode() if pa.types.is_dictionary(plain.type) else plain
                columns[column.name] = pc.fill_null(plain, self._default(column.name))
        columns[ROW] = pa.array(numbers)
        return Passed({n: columns[n] for n in (*self.given, ROW)}, ~careful, tuple(out))

    def _same(self, name: str, count: int) -> Any:
        return _all(self._constants[name], count)

    def _default(self, name: str) -> Any:
        column = self._contract.column(name)
        return int(column.default or 0) if column.kind == "int" else column.default

    def _points(self, columns: dict[str, Any], careful: Flags) -> tuple[npt.NDArray[np.float64], ...] | None:
        """Longitudes and latitudes; a row with one of them, or far away, is left to the rules."""
        if not {"lon", "lat"} <= set(columns):
            return None
        lon, lat = (columns[n].to_numpy(zero_copy_only=False) for n in ("lon", "lat"))
        has = ~np.isnan(lon)
        careful |= has != ~np.isnan(lat)
        careful |= has & ~geo.in_thailand(lon, lat)
        return lon, lat

    def _areas(self, columns: dict[str, Any], empty: dict[str, Flags],
               points: tuple[npt.NDArray[np.float64], ...] | None, careful: Flags) -> None:
        """Every row's area, from its point or as given; what is doubtful is left to the rules."""
        count = len(careful)
        given = _plain(columns["area_code"]) if "area_code" in columns else None
        if given is None:
            given, empty["area_code"] = _all(None, count), np.ones(count, bool)
            columns["area_code"] = given
        if points is not None and self._locator:
            todo = np.flatnonzero(~careful & ~np.isnan(points[0]))
            where, names = self._locator.certain(points[0][todo], points[1][todo])
            careful[todo[where < 0]] = True
            todo, where = todo[where >= 0], where[where >= 0]
            columns["area_code"] = _met(given, empty["area_code"], todo, where, names, careful)
            missing = empty["area_code"].copy()
            missing[todo] = False
        else:
            missing = empty["area_code"]
        if self._contract.column("area_code").required:
            careful |= missing
        if self._contract.one_of == ("lon", "area_code"):
            careful |= missing & (points is None or np.isnan(points[0]))
        empty["area_code"] = missing


def _met(given: Any, bare: Flags, at: npt.NDArray[np.int64], where: npt.NDArray[np.int32], names: list[str],
         careful: Flags) -> Any:
    """Given areas that have met those of the points; a row in another province is marked as one for the rules."""
    if bare.all():  # the points alone say where
        alone = np.full(len(bare), -1, np.int32)
        alone[at] = where
        nowhere = alone < 0
        return pa.DictionaryArray.from_arrays(pa.array(alone, mask=nowhere if nowhere.any() else None),
                                              pa.array([areas.current(name) for name in names], pa.string()))
    codes = given if pa.types.is_dictionary(given.type) else given.dictionary_encode()
    said = codes.dictionary.to_pylist()
    index = pc.fill_null(codes.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    index[bare] = -1
    pair = np.full(len(index), -1, np.int64)
    pair[at] = where
    which, pairs = pd.factorize((index + 1) * (len(names) + 1) + pair + 1)
    made: list[str | None] = []
    doubtful = np.zeros(len(pairs), bool)
    for k, both in enumerate(pairs):
        before, point = divmod(int(both), len(names) + 1)
        old = said[before - 1] if before else None
        new = areas.current(names[point - 1]) if point else None
        made.append(new if new and (old is None or new.startswith(old)) else old)
        doubtful[k] = bool(old and new and old != areas.COUNTRY and old[:2] != new[:2])
    careful |= doubtful[which]
    bare = np.array([m is None for m in made], bool)[which]
    return pa.DictionaryArray.from_arrays(pa.array(which.astype(np.int32), mask=bare if bare.any() else None),
                                          pa.array([m or "" for m in made], pa.string()))


def _plain(values: Any) -> Any:
    """A column as an array, whichever rows stay."""
    return values.array() if isinstance(values, Texts) else values


def _all(value: Any, count: int) -> Any:
    """One value for all rows."""
    if value is None:
        return pa.nulls(count, pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([value])) if isinstance(
        value, str) else pa.array([value] * count)
