"""One of our columns, block by block: compiled where the form is plain, by the rules where a text is new."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jitasa_analytics.contracts import Column, Dataset
from jitasa_analytics.ingest import check, mapping
from jitasa_analytics.ingest.bulk import cells, tokens
from jitasa_analytics.ingest.bulk.cells import Flags
from jitasa_analytics.ingest.bulk.split import Bytes, Ints
from jitasa_analytics.ingest.bulk.words import UNKNOWN, Words
from jitasa_analytics.ingest.cell import Cell
from jitasa_analytics.ingest.recipe import Recipe, Source

# A column of texts with more different ones than this is a column of names or ids.
_FEW = 4096
_TYPES = {"int": pa.int64(), "float": pa.float64(), "lon": pa.float64(), "lat": pa.float64(), "date": pa.date32(),
          "datetime": pa.timestamp("us")}
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the store's moments are UTC without saying so


@dataclass
class Found:
    """What the cells of one column in one block are.

    Attributes
    ----------
    values : pyarrow Array
        Of the store's type; null where a cell is empty or not read.
    careful : array of bool
        Rows that the rules have to see whole.
    empty : array of bool
        Rows without a value.
    codes : array of int32
        The number of each cell's text among the column's words; -1 where compiled code read it.
    ids : array of uint8 or None
        The first digit of a national id that was made a token, as its byte; 0 where there was none.
    """

    values: Any
    careful: Flags
    empty: Flags
    codes: Ints
    ids: Bytes | None = None


@dataclass
class Reader:
    """Reads one column.

    Attributes
    ----------
    at : int
        The position of the file's column; -1 where all rows have the same text.
    words : Words
        The texts that the rules have read.
    flagged : list of bool
        Which of them were repaired or warned of.
    """

    contract: Dataset
    column: Column
    source: Source
    at: int
    words: Words
    key: bytes
    utc: bool
    direct: bool
    _values: list[Any] = field(default_factory=list)
    flagged: list[bool] = field(default_factory=list)
    _refused: list[bool] = field(default_factory=list)

    def read(self, data: Bytes, start: Ints, length: Ints) -> Found:
        """The values of a block's cells."""
        kind = self.column.kind
        codes = np.full(len(start), UNKNOWN, np.int32)
        done, values, ids = self._compiled(data, start, length)
        empty = length == 0
        todo = np.flatnonzero(~done & ~empty) if done is not None else np.flatnonzero(~empty)
        if len(todo):
            codes[todo] = self.words.find(data, start[todo], length[todo])
            self._learn()
        known = codes >= 0
        careful = ~known & ~empty if done is None else ~known & ~empty & ~done
        if known.any():
            refused, gone = np.array(self._refused), np.array([v is None for v in self._values])
            careful[known] = refused[codes[known]]
            empty[known] = gone[codes[known]]
        if kind in _TYPES:
            values = self._numbers(values, codes, known, empty | careful)
        else:
            values = self._texts(values, codes, known & ~empty & ~careful)
        return Found(values, careful, empty, codes, ids)

    def _compiled(self, data: Bytes, start: Ints, length: Ints) -> tuple[Flags | None, Any, Bytes | None]:
        """Which cells compiled code has read, their values, and which were national ids."""
        if not self.direct:
            return None, None, None
        count, kind, column = len(start), self.column.kind, self.column
        done = np.empty(count, bool)
        if kind == "int":
            out = np.zeros(count, np.int64)
            low = 0 if column.minimum is None else int(np.ceil(column.minimum))
            high = 10**15 if column.maximum is None else int(np.floor(column.maximum))
            cells.whole(data, start, length, low, high, out, done)
            return done, out, None
        if kind in ("float", "lon", "lat"):
            numbers, done = cells.decimal(data, start, length)
            if column.minimum is not None:
                done &= numbers >= column.minimum
            if column.maximum is not None:
                done &= numbers <= column.maximum
            return done, numbers, None
        if kind == "datetime":
            out = np.zeros(count, np.int64)
            now = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=1)
            offset = 0 if self.utc else 7 * 3_600_000_000
            cells.moment(data, start, length, offset, -(2**62), (now - _EPOCH) // timedelta(microseconds=1), out, done)
            return done, out, None
        if kind == "token":
            who = np.empty(count, np.uint8)
            cells.person(data, start, length, who)
            ids = who == cells.NATIONAL_ID
            done = who != cells.NOBODY
            first = np.zeros(count, np.uint8)
            if ids.any():
                first[ids] = data[start[ids]]
                data, start, length = tokens.in_place(data, start, length, ids, self.key)
            return done, cells.strings(data, start, np.where(done, length, 0), ~done), first
        if len(self.words.cells) <= _FEW:
            return None, None, None
        cells.plain(data, start, length, kind == "code", done)
        return done, cells.strings(data, start, np.where(done, length, 0), ~done), None

    def _learn(self) -> None:
        """Take what the rules made of new texts."""
        for cell in self.words.cells[len(self._values):]:
            value = cell.value
            if isinstance(value, datetime):
                value = (value.replace(tzinfo=None) - _EPOCH) // timedelta(microseconds=1)
            elif isinstance(value, date):
                value = (value - _EPOCH.date()).days
            self._values.append(None if cell.error else value)
            self._refused.append(bool(cell.error))
            self.flagged.append(bool(cell.repairs or cell.warnings))

    def _numbers(self, values: Any, codes: Ints, known: Flags, missing: Flags) -> Any:
        kind = self.column.kind
        whole = kind not in ("float", "lon", "lat")
        out = values if values is not None else np.zeros(len(codes), np.int64 if whole else float)
        if known.any():
            made = np.array([0 if v is None else v for v in self._values], out.dtype)
            out[known] = made[codes[known]]
        if kind == "date":
            out = out.astype(np.int32)
        return pa.array(out, mask=missing).view(_TYPES[kind])

    def _texts(self, values: Any, codes: Ints, known: Flags) -> Any:
        if values is not None and not known.any():
            return values
        listed = pa.array([None if v is None else str(v) for v in self._values], pa.string())
        found = pa.DictionaryArray.from_arrays(pa.array(codes, mask=~known), listed)
        if values is None:
            return found
        return pc.coalesce(values, found.dictionary_decode())

    def ours(self, text: str) -> str:
        """A file's text as the recipe hands it on."""
        return ours(text, self.source)

    def constant(self) -> tuple[Any, bool]:
        """The value that all rows have where the column is none of the file's, and whether nothing is said of it."""
        cell = self.words.rule(self.source.value or "")
        return cell.value, not (cell.error or cell.repairs or cell.warnings)


def readers(contract: Dataset, recipe: Recipe, heads: list[str], key: bytes) -> list[Reader]:
    """A reader for each of our columns that the file or its recipe gives, in the contract's order."""
    given = dict(recipe.parts[0].columns)
    if "source" in contract.names and "source" not in given:
        given["source"] = Source(value=recipe.source)
    out = []
    for column in contract.columns:
        if column.name not in given or column.kind == "geometry":
            continue
        source = given[column.name]
        if source.value is None and source.column not in heads:
            source = Source(value="")
        bare = not (source.extract or source.strip or source.pad or source.map or source.prefix)
        direct = bare and column.kind in ("int", "float", "lon", "lat", "datetime", "token", "code", "text")
        out.append(Reader(contract, column, source, -1 if source.value is not None else heads.index(source.column),
                          Words(_rule(contract, column, recipe, source, key)), key, source.utc, direct))
    return out


def _rule(contract: Dataset, column: Column, recipe: Recipe, source: Source, key: bytes) -> Callable[[str], Cell]:
    """A file's text to our value, as the careful lane reads it; what is said of the file's own text is refused here."""
    reader = check.reader(contract, column, recipe, key)
    refused = [r for r in recipe.refuse if r.column == source.column]

    def read(text: str) -> Cell:
        if any(mapping.fits(pd.Series([text], dtype="str"), r.matches).iloc[0] for r in refused):
            return Cell(error="refused")
        if source.pad and text.strip().isdigit() and len(text.strip()) < source.pad:
            return Cell(error="padded")
        return check.cell(ours(text, source), column, reader)

    return read


def ours(text: str, source: Source) -> str:
    """A file's text as the recipe hands it on."""
    if source.value is not None or not (source.extract or source.strip or source.pad or source.map or source.prefix):
        return text
    return str(mapping.take(pd.DataFrame({source.column: [text]}, dtype="str"), source).iloc[0])
