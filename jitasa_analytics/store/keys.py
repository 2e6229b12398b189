"""Which of many rows may share their key: a number of each key is kept while rows come in, and compared at the end.

Rows of one key have the same number; those of different keys nearly never. So the rows themselves need not be
read again to look for doubles: only the few that may be some.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jitasa_analytics.contracts import Dataset
from jitasa_analytics.store.room import room

Longs = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Rows = npt.NDArray[np.uint32]

# Numbers that begin with the same so many bits are a part, and compared among themselves: of ten million rows so few
# that their table stays in the processor's cache. Were there more parts, their ends would not, while they are filled.
_BITS = 8
_SHIFT = np.uint64(64 - _BITS)
# Fewer rows than this wait for others: each part is to get some of them at a time.
_TOGETHER = 1 << 16
_MIX = np.uint64(0x9E3779B97F4A7C15)
# The last row whose number is kept: a page of memory for a thousand rows costs as much as to put them into parts.
_LAST = (1 << 32) - 1
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
        # Room for the most there can be: the system makes each page of it when it is written. Arrays of their own for
        # each table would have to be put together when all wait for it.
        self._hashes, self._rows = np.empty(0, np.uint64), np.empty(0, np.uint32)
        self._begins: list[Longs] = []  # where the parts begin and end in each table
        self._parted = 0
        self._waiting: list[tuple[Hashes, Longs]] = []
        self._held = self._wait = 0
        self.whole = all(pa.types.is_string(t) or pa.types.is_integer(t) or pa.types.is_temporal(t)
                         for t in types.values())

    def add(self, table: pa.Table, rows: Longs) -> None:
        """Remember the keys of rows by their numbers."""
        self._held += len(table)
        if self._held > self._most or int(rows.max(initial=0)) > _LAST:
            self.whole = False
        if not self.whole:
            self._forget()
            return
        found = np.full(len(table), _NOTHING)
        for name in self._names:
            at = 0
            for chunk in self._typed(name, table[name]).chunks:
                _mix_in(found[at:at + len(chunk)], chunk)
                at += len(chunk)
        self._waiting.append((found, rows))
        self._wait += len(found)
        if self._wait >= _TOGETHER:
            self._part()

    def _part(self) -> None:
        """Put what waits into parts: now, where it is in the processor's cache, and not when all wait for it."""
        if self._wait:
            found, rows = self._waiting[0] if len(self._waiting) == 1 else (
                np.concatenate(parts) for parts in zip(*self._waiting, strict=True))
            if not self._parted:
                self._hashes, self._rows = room(self._most, np.uint64), room(self._most, np.uint32)
            here = slice(self._parted, self._parted + len(found))
            self._begins.append(_in_parts(found, rows, self._hashes[here], self._rows[here]) + np.int64(self._parted))
            self._parted += len(found)
        self._waiting, self._wait = [], 0

    def _forget(self) -> None:
        self._hashes, self._rows = self._hashes[:0].copy(), self._rows[:0].copy()
        self._begins, self._waiting, self._wait, self._parted = [], [], 0, 0

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
        self._part()
        if not self._parted:
            return
        hashes, begins = self._hashes[:self._parted], np.stack(self._begins)
        half = 1 << _BITS - 1
        with ThreadPoolExecutor(2) as pool:
            # The last beginning of a half is the end of its last part.
            twice = np.concatenate(list(pool.map(lambda some: _twice(hashes, some),
                                                 (begins[:, :half + 1].copy(), begins[:, half:].copy()))))
        at = np.flatnonzero(_among(hashes, _marks(twice))) if len(twice) else np.empty(0, np.int64)
        at = at[np.isin(hashes[at], twice)]
        rows, hashes = self._rows[at].astype(np.int64), hashes[at]
        self._forget()
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
        own = np.empty(len(values), np.uint64)
        _of_texts(own, *_texts(values))
    else:
        wide = pa.int64() if values.type.bit_width == 64 else pa.int32()
        plain = values if pa.types.is_integer(values.type) else values.view(wide)
        own = (pc.fill_null(plain, 0) if missing is not None else plain).to_numpy().astype(np.int64).view(np.uint64)
    if missing is not None:
        own = np.where(missing, _NOTHING, own)
    _combine(found, own)


def _texts(values: Any) -> tuple[Bytes, Hashes, Ints]:
    """The letters of texts, the same eight at a time from each of them on, and where each text begins and ends."""
    _, ends, letters = values.buffers()
    data = np.frombuffer(letters or b"\x00", np.uint8)
    offsets = np.frombuffer(ends, np.int32)[values.offset:values.offset + len(values) + 1] if len(
        values) else np.zeros(1, np.int32)
    return data, np.ndarray((max(0, len(data) - 7),), np.uint64, data, 0, (1,)), offsets


@numba.njit(cache=True, nogil=True)
def _of_texts(out: Hashes, data: Bytes, words: Hashes, ends: Ints) -> None:
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


def _in_parts(hashes: Hashes, rows: Longs, out: Hashes, numbers: Rows) -> Ints:
    """Put numbers and their rows into ``out`` and ``numbers`` by part; says where each part begins and ends."""
    begins = np.zeros((1 << _BITS) + 1, np.int32)
    _put(hashes, rows, begins, out, numbers)
    return begins


@numba.njit(cache=True, nogil=True)
def _put(hashes: Hashes, rows: Longs, begins: Ints, out: Hashes, numbers: Rows) -> None:
    for i in range(len(hashes)):
        begins[np.uint64(hashes[i] >> _SHIFT) + np.uint64(1)] += 1
    for k in range(1, len(begins)):
        begins[k] += begins[k - 1]
    place = begins.copy()
    for i in range(len(hashes)):
        part = np.uint64(hashes[i] >> _SHIFT)
        out[np.uint64(place[part])] = hashes[i]
        numbers[np.uint64(place[part])] = rows[i]
        place[part] += 1


@numba.njit(cache=True, nogil=True)
def _twice(hashes: Hashes, begins: npt.NDArray[np.int64]) -> Hashes:
    """Numbers that stand more than once; some of them several times.

    ``begins`` has a row for each table and says where its parts begin and end in ``hashes``.
    """
    found = np.empty(16, np.uint64)
    count = 0
    slots = np.empty(0, np.uint64)
    for part in range(begins.shape[1] - 1):
        held = 0
        for t in range(len(begins)):
            held += begins[t, part + 1] - begins[t, part]
        size = 16
        while size < 2 * held:
            size *= 2
        if size > len(slots):
            slots = np.empty(size, np.uint64)
        mask = np.uint64(size - 1)
        slots[:size] = 0
        for t in range(len(begins)):
            for i in range(begins[t, part], begins[t, part + 1]):
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
    return found[:count]


def _marks(hashes: Hashes) -> npt.NDArray[np.bool_]:
    """A table in which a number's low bits are marked."""
    size = 1 << max(16, (4 * len(hashes)).bit_length())
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
