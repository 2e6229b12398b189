"""The plain rows of blocks, put together in tables of one of the store's row groups each.

A block brings as many rows as it happens to have. The store takes whole groups: rows are copied into them once, where
they leave the block, and not once more where two blocks meet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jitasa_analytics.ingest.bulk.cells import Flags, Longs, Texts
from jitasa_analytics.ingest.bulk.eights import Bytes, Ints, copy, eights
from jitasa_analytics.store.feed import GROUP, MOST_BYTES
from jitasa_analytics.store.places import run_begins
from jitasa_analytics.store.room import room

# Bytes of a text at first; the room grows with the texts.
_USUAL = 16
# How numbers are copied that have so many bits.
_WIDTHS = {32: np.int32, 64: np.int64}


class Groups:
    """Rows on their way from blocks of any size into tables of ``size`` rows.

    Parameters
    ----------
    size : int
        Rows of a table, those of a row group by default; only the last one, one before a column changes its type, and
        one of very long texts may have fewer.
    """

    def __init__(self, size: int = 0) -> None:
        self._size = size or GROUP
        self._columns: dict[str, _Column] = {}
        self._types: dict[str, pa.DataType] = {}
        self._count = 0

    def take(self, columns: dict[str, Any], fine: Flags) -> Iterator[pa.Table]:
        """Take the fine rows of a block; gives the tables that are full with them.

        Parameters
        ----------
        columns : dict of str to pyarrow Array or Texts
            The same names, in the same order, for every block. Nothing of them is needed afterwards.
        fine : array of bool
            Which rows are taken.
        """
        rows = np.flatnonzero(fine)
        if not len(rows):
            return
        types = {name: pa.string() if isinstance(values, Texts) else values.type for name, values in columns.items()}
        if types != self._types:
            yield from self.rest()
            self._types = types
            self._columns = {name: _Column(self._size) for name in columns}
        # Rows that are not taken often lack something.
        gaps = {name for name, values in columns.items() if _gaps(values, fine)}
        begin = 0
        while begin < len(rows):
            part = rows[begin:begin + self._size - self._count]
            begins, ends = _runs(part)
            for name, values in columns.items():
                self._columns[name].take(values, part, begins, ends, gaps=name in gaps)
            self._count += len(part)
            begin += len(part)
            if self._count == self._size or sum(c.letters for c in self._columns.values()) >= MOST_BYTES:
                yield from self.rest()

    def rest(self) -> Iterator[pa.Table]:
        """The rows that have not filled a table yet."""
        if self._count:
            yield pa.table({name: column.array() for name, column in self._columns.items()})
        self._count = 0


class _Column:
    """One column of the table that is being filled."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._count = 0  # rows in the room below
        self._plain: npt.NDArray[Any] | None = None  # numbers, or the numbers of words
        self._words: Any = None
        self._type: Any = None
        self._ends: Ints | None = None  # of texts
        self._letters: Bytes = room(0, np.uint8)
        self._usual = _USUAL * size
        self._done: list[Any] = []  # what stands before the room

    @property
    def letters(self) -> int:
        """Bytes of texts in the room."""
        return 0 if self._ends is None else int(self._ends[self._count])

    def take(self, values: Any, rows: Longs, begins: Longs, ends: Longs, *, gaps: bool) -> None:
        """Take some rows of a block, which are these runs; ``gaps`` says that some of the rows taken lack a value."""
        if isinstance(values, Texts) and not gaps:
            self._take_texts(values, len(rows), begins, ends)
        elif not isinstance(values, Texts) and not gaps and _numbers(values.type) in _WIDTHS:
            self._take_numbers(values, begins, ends)
        else:
            self._settle()
            self._done.append(values.array(rows) if isinstance(values, Texts) else values.take(pa.array(rows)))

    def _take_numbers(self, values: Any, begins: Longs, ends: Longs) -> None:
        words = None
        if pa.types.is_dictionary(values.type):
            words = self._known(values.dictionary)
            if words is None:
                self._settle()
                words = values.dictionary
        if self._ends is not None:
            self._settle()
        raw = values.indices if words is not None else values
        plain = np.frombuffer(raw.buffers()[1], _WIDTHS[_numbers(raw.type)])[raw.offset:raw.offset + len(raw)]
        if self._plain is None:
            self._plain = room(self._size, plain.dtype)
        self._words, self._type = words, raw.type
        self._count = _copy_runs(plain, begins, ends, self._plain, self._count)

    def _known(self, words: Any) -> Any:
        """The longer one of the words so far and those of a block, where it begins with the other; else None."""
        if self._words is None or words is self._words:
            return words
        short, long = sorted((self._words, words), key=len)
        return long if long[:len(short)].equals(short) else None

    def _take_texts(self, values: Texts, count: int, begins: Longs, ends: Longs) -> None:
        if self._plain is not None:
            self._settle()
        if self._ends is None:
            self._ends = room(self._size + 1, np.int32)
            self._ends[0] = 0
            self._letters = room(self._usual, np.uint8)
        start, length = np.empty(count, np.int32), np.empty(count, np.int32)
        _copy_runs(values.start, begins, ends, start, 0)
        _copy_runs(values.length, begins, ends, length, 0)
        used, upto = int(self._ends[self._count]), self._count + count
        here = self._ends[self._count + 1:upto + 1]
        np.cumsum(length, out=here)
        here += used
        if (needed := int(self._ends[upto]) + 8) > len(self._letters):
            wider = room(max(needed, 2 * len(self._letters)), np.uint8)
            wider[:used] = self._letters[:used]
            self._letters = wider
        copy(values.data, eights(values.data), start, length, self._letters, eights(self._letters),
             self._ends[self._count:upto])
        self._count = upto

    def _settle(self) -> None:
        """What is in the room becomes an array."""
        if not self._count:
            return
        if self._ends is not None:
            self._usual = max(self._usual, int(self._ends[self._count]) * 9 // 8 * self._size // self._count)
            self._done.append(pa.StringArray.from_buffers(
                self._count, pa.py_buffer(self._ends[:self._count + 1]), pa.py_buffer(self._letters)))
        else:
            assert self._plain is not None
            plain = pa.array(self._plain[:self._count]).view(self._type)
            self._done.append(plain if self._words is None else pa.DictionaryArray.from_arrays(
                plain, self._words, safe=False))
        self._count, self._plain, self._ends, self._words = 0, None, None, None

    def array(self) -> Any:
        """All rows that were taken; begins anew."""
        self._settle()
        done, self._done = self._done, []
        return done[0] if len(done) == 1 else pa.chunked_array(done).combine_chunks()


def _gaps(values: Any, fine: Flags) -> bool:
    """Whether one of the fine rows lacks a value."""
    if isinstance(values, Texts):
        return bool((values.missing & fine).any())
    valid = values.buffers()[0] if values.null_count else None
    if valid is None:
        return bool(values.null_count)
    return bool(_lacking(np.frombuffer(valid, np.uint8), values.offset, fine))


def _numbers(kind: pa.DataType) -> int:
    """The bits of the numbers that stand for values of a type; 0 where none do."""
    number = kind.index_type if pa.types.is_dictionary(kind) else kind
    return int(number.bit_width) if pa.types.is_primitive(number) else 0


@numba.njit(cache=True, nogil=True)
def _lacking(valid: Bytes, offset: int, fine: Flags) -> bool:
    """Whether a fine row has no bit."""
    found = 0
    for i in range(len(fine)):
        at = np.uint64(i + offset)
        found += np.uint8(fine[i]) & ~(valid[at >> np.uint64(3)] >> np.uint8(at & np.uint64(7))) & 1
    return found != 0


def _runs(rows: Longs) -> tuple[Longs, Longs]:
    """Where rows that follow one another begin, and end."""
    at = run_begins(rows)
    return rows[at], rows[np.append(at[1:], len(rows)) - 1] + 1


@numba.njit(cache=True, nogil=True)
def _copy_runs(values: npt.NDArray[Any], begins: Longs, ends: Longs, out: npt.NDArray[Any], at: int) -> int:
    """Copy runs of values behind one another; says where the next one goes."""
    for k in range(len(begins)):
        n = ends[k] - begins[k]
        out[at:at + n] = values[begins[k]:ends[k]]
        at += n
    return at
