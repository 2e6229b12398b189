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
from jitasa_analytics.ingest.bulk import cells, tokens, words
from jitasa_analytics.ingest.bulk.cells import Flags, Longs
from jitasa_analytics.ingest.bulk.eights import Bytes, Ints
from jitasa_analytics.ingest.bulk.words import EMPTY, Words, distinct
from jitasa_analytics.ingest.cell import Cell
from jitasa_analytics.ingest.recipe import Recipe, Source

# A column of texts with more different ones than this is a column of names or ids.
_FEW = 4096
# A block that brings fewer new texts than this is taken for one like those before it.
_CALM = 64
_TYPES = {"int": pa.int64(), "float": pa.float64(), "lon": pa.float64(), "lat": pa.float64(), "date": pa.date32(),
          "datetime": pa.timestamp("us")}
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the store's moments are UTC without saying so


@dataclass
class Found:
    """What the cells of one column in one block are.

    Attributes
    ----------
    values : pyarrow Array or Texts
        Of the store's type; null where a cell is empty or not read.
    careful : array of bool
        Rows that the rules have to see whole.
    empty : array of bool
        Rows without a value.
    codes : array of int32
        The number of each cell's text among the column's words; less than 0 where it has none.
    ids : array of uint8 or None
        The first digit of a national id that was made a token, as its byte; 0 where there was none.
    """

    values: Any
    careful: Flags
    empty: Flags
    codes: Ints
    ids: Bytes | None = None


def _none() -> Flags:
    return np.empty(0, bool)


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
    marks : array of uint8
        What `words.told` and `words.said` tell of cells by.
    says : bool
        Whether any was flagged.
    """

    contract: Dataset
    column: Column
    source: Source
    at: int
    words: Words
    key: bytes
    utc: bool
    direct: bool
    flagged: list[bool] = field(default_factory=list)
    marks: Bytes = field(default_factory=lambda: np.empty(0, np.uint8))
    says: bool = False
    _values: list[Any] = field(default_factory=list)
    _names: bool = False
    _refused: Flags = field(default_factory=_none)
    _gone: Flags = field(default_factory=_none)
    _all_fine: bool = False
    _known: int = 0
    _calm: bool = False
    _table: Any = None
    _listed: Any = None

    def read(self, data: Bytes, start: Ints, length: Ints) -> Found:
        """The values of a block's cells."""
        done, values, ids = self._compiled(data, start, length)
        if done is None:
            codes = self.words.find(data, start, length)
            self._learn()
            careful, empty = self._told(codes)
            known = None
        else:
            # What is said of the few cells that compiled code has not read concerns them alone.
            codes = np.full(len(start), EMPTY, np.int32)
            left = np.flatnonzero(~done)
            if len(todo := left[length[left] > 0]):
                codes[todo] = self.words.find(data, start[todo], length[todo])
            self._learn()
            careful, empty = np.zeros(len(start), bool), np.zeros(len(start), bool)
            careful[left], empty[left] = self._refused[codes[left]], self._gone[codes[left]]
            known = left[codes[left] >= 0]
        # What a row for the rules holds is never looked at; only a word without a number must not stand in it.
        plain = known is None and (not len(codes) or codes.min() >= 0)
        bare = empty if plain else careful | empty
        if self.column.kind in _TYPES:
            values = self._numbers(values, codes, bare, known)
        elif known is None or not bare[known].all():
            values = self._texts(values, codes, bare if known is None else None)
        return Found(values, careful, empty, codes, ids)

    def _told(self, codes: Ints) -> tuple[Flags, Flags]:
        """Which cells of words the rules have to see, and which have no value."""
        careful, empty = np.zeros(len(codes), bool), np.zeros(len(codes), bool)
        if self._all_fine and (not len(codes) or codes.min() >= 0):
            return careful, empty
        words.told(codes, self.marks, careful, empty)
        return careful, empty

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
            return done, cells.Texts(data, start, length, ~done), first
        if not self._many(data, start, length):
            return None, None, None
        cells.plain(data, start, length, kind == "code", done)
        return done, cells.Texts(data, start, length, ~done), None

    def _many(self, data: Bytes, start: Ints, length: Ints) -> bool:
        """Whether this is a column of names or ids, whose texts are not worth remembering."""
        known = len(self.words.cells)
        if known <= _FEW < len(start) and not self._calm:
            self._names |= distinct(data, start[:2 * _FEW], length[:2 * _FEW]) > _FEW
        # Where a block has brought hardly a new text, the next one is not expected to.
        self._calm, self._known = 0 < known < self._known + _CALM, known
        return self._names or known > _FEW

    def _learn(self) -> None:
        """Take what the rules made of new texts; behind them stand no text (EMPTY) and one too many (UNKNOWN)."""
        if len(self.flagged) == len(self.words.cells) and len(self._gone):
            return
        for cell in self.words.cells[len(self.flagged):]:
            value = cell.value
            if isinstance(value, datetime):
                value = (value.replace(tzinfo=None) - _EPOCH) // timedelta(microseconds=1)
            elif isinstance(value, date):
                value = (value - _EPOCH.date()).days
            self._values.append(None if cell.error else value)
            self.flagged.append(bool(cell.repairs or cell.warnings))
        self._refused = np.array([*(bool(c.error) for c in self.words.cells), False, True])
        self._gone = np.array([*(v is None for v in self._values), True, False])
        said = np.array([*self.flagged, False, False])
        self.says = bool(said.any())
        self.marks = np.roll(self._refused * words.REFUSED + self._gone * words.GONE + said * words.SAID, 2).astype(
            np.uint8)
        self._all_fine = not (self._refused[:-2] | self._gone[:-2]).any()
        if self.column.kind in _TYPES:
            whole = self.column.kind not in ("float", "lon", "lat")
            self._table = np.array([*(0 if v is None else v for v in self._values), 0, 0],
                                   np.int32 if self.column.kind == "date" else np.int64 if whole else float)
        else:
            self._listed = pa.array(["" if v is None else str(v) for v in self._values], pa.string())

    def _numbers(self, values: Any, codes: Ints, missing: Flags, known: Longs | None) -> Any:
        """Numbers: by their words, or compiled code's with those of the ``known`` words put in."""
        kind = self.column.kind
        if known is None:
            out = words.picked(codes, self._table)
        else:
            out = values
            out[known] = self._table[codes[known]]
        return pa.array(out, mask=missing if missing.any() else None).view(_TYPES[kind])

    def _texts(self, values: Any, codes: Ints, bare: Flags | None) -> Any:
        """Texts: by their words, or compiled code's with those of words put in."""
        if bare is None:
            bare = self._refused[codes] | self._gone[codes]
        codes_or_none = pa.array(codes, mask=bare if bare.any() else None)
        found = pa.DictionaryArray.from_arrays(codes_or_none, self._listed, safe=False)
        if values is None:
            return found
        return pc.coalesce(values.array(), found.dictionary_decode())

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
