"""Which of many rows may share their key: a number of each key is kept while rows come in, and compared at the end.

Rows of one key have the same number; those of different keys nearly never. So the rows themselves need not be
read again to look for doubles: only the few that may be some.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jitasa_analytics.contracts import Dataset

Longs = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]

# Numbers are compared among those of one part, so few that their table stays in the processor's cache.
_PART = 2048
_MOST_BITS = 14
_MIX = np.uint64(0x9E3779B97F4A7C15)
_NOTHING = np.uint64(0x2545F4914F6CDD1D)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


class Keys:
    """The keys of the rows of one dataset.

    Parameters
    ----------
    contract : Dataset
        Its key's columns are texts, whole numbers, dates or times.
    types : dict of str to pyarrow DataType
        What the table holds in each column of the key that the rows give.
    defaults : dict of str to str
        What stands for a missing value in some of them.
    most : int
        Of more rows than this the keys are not kept: they would fill the memory.
    """

    def __init__(self, contract: Dataset, types: dict[str, pa.DataType], defaults: dict[str, str], most: int) -> None:
        self._types, self._defaults, self._most = types, defaults, most
        self._names = [k for k in contract.key if k in types]
        self._hashes: list[Hashes] = []
        self._rows: list[Longs] = []  # as they came, beside the numbers of their keys
        self._held = 0
        self.whole = all(pa.types.is_string(t) or pa.types.is_integer(t) or pa.types.is_temporal(t)
                         for t in types.values())

    def add(self, table: pa.Table, rows: str) -> None:
        """Remember the keys of rows; their numbers stand in the column ``rows``."""
        self._held += len(table)
        if self._held > self._most:
            self.whole = False
        if not self.whole:
            self._hashes, self._rows = [], []
            return
        found = np.full(len(table), _NOTHING)
        for name in self._names:
            at = 0
            for chunk in self._typed(name, table[name]).chunks:
                _mix_in(found[at:at + len(chunk)], chunk)
                at += len(chunk)
        self._hashes.append(found)
        self._rows.append(table[rows].to_numpy())

    def _typed(self, name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
        """A column as the table will hold it."""
        words = pa.types.is_dictionary(column.type) and pa.types.is_string(column.type.value_type)
        wanted = self._types[name]
        if name in self._defaults and column.null_count:
            column = pc.cast(column, wanted)
            return pc.fill_null(column, pa.scalar(self._defaults[name]).cast(wanted))
        if column.type == wanted or (words and pa.types.is_string(wanted)):
            return column
        return pc.cast(column, wanted)

    def alike(self, most: int) -> Iterator[Longs]:
        """The numbers of rows whose key may stand more than once, about so many at a time and whole keys together."""
        if not self._hashes:
            return
        count = sum(map(len, self._hashes))
        bits = min(_MOST_BITS, max(1, count // _PART).bit_length())
        twice = _twice(_in_parts(self._hashes, bits), np.uint64(64 - bits))
        marks = _marks(twice)
        found = []
        for numbers, some in zip(self._rows, self._hashes, strict=True) if len(twice) else ():
            at = np.flatnonzero(_among(some, marks))
            at = at[np.isin(some[at], twice)]
            found.append((numbers[at], some[at]))
        self._rows, self._hashes = [], []
        if not found:
            return
        rows, hashes = (np.concatenate(parts) for parts in zip(*found, strict=True))
        order = np.lexsort((rows, hashes))
        rows, hashes = rows[order], hashes[order]
        begin = 0
        while begin < len(rows):
            end = begin + most
            while end < len(rows) and hashes[end] == hashes[end - 1]:
                end += 1
            yield rows[begin:end]
            begin = end


def _mix_in(found: Hashes, values: pa.Array) -> None:
    """Make the numbers of keys depend on the values of one more column."""
    missing = values.is_null().to_numpy(zero_copy_only=False) if values.null_count else None
    if pa.types.is_dictionary(values.type):
        own = np.full(len(values.dictionary) + 1, _NOTHING)
        _of_texts(own[:-1], *_texts(values.dictionary))
        index = pc.fill_null(values.indices, len(values.dictionary)) if missing is not None else values.indices
        _combine(found, own[index.to_numpy()])
        return
    if pa.types.is_string(values.type):
        own = np.full(len(values), _NOTHING)
        _of_texts(own, *_texts(values))
    else:
        wide = pa.int64() if values.type.bit_width == 64 else pa.int32()
        plain = values if pa.types.is_integer(values.type) else values.view(wide)
        own = (pc.fill_null(plain, 0) if missing is not None else plain).to_numpy().astype(np.int64).view(np.uint64)
    if missing is not None:
        own = np.where(missing, _NOTHING, own)
    _combine(found, own)


def _texts(values: Any) -> tuple[Bytes, Hashes, npt.NDArray[np.int32]]:
    """The letters of texts, the same eight at a time from each of them on, and where each text begins and ends."""
    _, ends, letters = values.buffers()
    data = np.frombuffer(letters or b"\x00", np.uint8)
    offsets = np.frombuffer(ends, np.int32)[values.offset:values.offset + len(values) + 1] if len(
        values) else np.zeros(1, np.int32)
    return data, np.ndarray((max(0, len(data) - 7),), np.uint64, data, 0, (1,)), offsets


@numba.njit(cache=True, nogil=True)
def _of_texts(out: Hashes, data: Bytes, words: Hashes, ends: npt.NDArray[np.int32]) -> None:
    """The number of each text."""
    for i in range(len(out)):
        at, end = np.int64(ends[i]), np.int64(ends[i + 1])
        h = np.uint64(end - at) * _MIX
        while at + 8 <= end:
            h = (h ^ words[np.uint64(at)]) * _MIX
            h ^= h >> np.uint64(32)
            at += 8
        if at < end:
            if at + 8 <= len(data):
                left = words[np.uint64(at)] & (_ALL >> np.uint64(64 - 8 * (end - at)))
            else:
                left = np.uint64(0)
                for k in range(end - at):
                    left |= np.uint64(data[at + k]) << np.uint64(8 * k)
            h = (h ^ left) * _MIX
            h ^= h >> np.uint64(32)
        out[i] = h


@numba.njit(cache=True, nogil=True)
def _combine(found: Hashes, own: Hashes) -> None:
    for i in range(len(found)):
        h = (found[i] ^ own[i]) * _MIX
        found[i] = (h ^ (h >> np.uint64(29))) * _MIX


def _in_parts(hashes: Sequence[Hashes], bits: int) -> Hashes:
    """All the numbers, those that begin with the same bits side by side."""
    shift = np.uint64(64 - bits)
    size = np.zeros(1 << bits, np.int64)
    for some in hashes:
        _sizes(some, shift, size)
    place = np.cumsum(size) - size
    out = np.empty(int(size.sum()), np.uint64)
    for some in hashes:
        _put(some, shift, place, out)
    return out


@numba.njit(cache=True, nogil=True)
def _sizes(hashes: Hashes, shift: np.uint64, size: Longs) -> None:
    for i in range(len(hashes)):
        size[hashes[i] >> shift] += 1


@numba.njit(cache=True, nogil=True)
def _put(hashes: Hashes, shift: np.uint64, place: Longs, out: Hashes) -> None:
    for i in range(len(hashes)):
        p = hashes[i] >> shift
        out[place[p]] = hashes[i]
        place[p] += 1


@numba.njit(cache=True, nogil=True)
def _twice(hashes: Hashes, shift: np.uint64) -> Hashes:
    """Numbers that stand more than once, among those that lie in parts; some of them several times."""
    found = np.empty(16, np.uint64)
    count = begin = 0
    slots = np.empty(0, np.uint64)
    while begin < len(hashes):
        part, end = hashes[begin] >> shift, begin
        while end < len(hashes) and hashes[end] >> shift == part:
            end += 1
        size = 16
        while size < 2 * (end - begin):
            size *= 2
        if size > len(slots):
            slots = np.empty(size, np.uint64)
        mask = np.uint64(size - 1)
        slots[:size] = 0
        for i in range(begin, end):
            # 0 is an empty place; a number 0 is taken for 1, which makes a candidate more at most.
            h = max(hashes[i], np.uint64(1))
            at = (h * _MIX) >> np.uint64(32) & mask
            while slots[at] != 0 and slots[at] != h:
                at = (at + np.uint64(1)) & mask
            if slots[at] == h:
                if count == len(found):
                    more = np.empty(2 * count, np.uint64)
                    more[:count] = found
                    found = more
                found[count] = hashes[i]
                count += 1
            slots[at] = h
        begin = end
    return found[:count]


def _marks(hashes: Hashes) -> npt.NDArray[np.bool_]:
    """A table in which a number's low bits are marked."""
    size = 1 << max(10, (4 * len(hashes)).bit_length())
    marks = np.zeros(size, bool)
    marks[hashes & np.uint64(size - 1)] = True
    return marks


@numba.njit(cache=True, nogil=True)
def _among(hashes: Hashes, marks: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    mask = np.uint64(len(marks) - 1)
    out = np.empty(len(hashes), np.bool_)
    for i in range(len(hashes)):
        out[i] = marks[hashes[i] & mask]
    return out
