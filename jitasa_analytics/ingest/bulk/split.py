"""Where the records and cells of a block of delimited text lie: compiled, without a copy.

Quotes are followed as Python's ``csv`` does. What is not plain (another number of cells, doubled
quotes, a break inside quotes) is left to it, record by record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba.cpython.unsafe.numbers import trailing_zeros

from jitasa_analytics.ingest.bulk.eights import AT_ONCE, Bytes, Eights, Ints
from jitasa_analytics.ingest.bulk.quoted import FINE, NEWLINE, QUOTE, RETURN, SPACE, STRANGE, split_quoted

_zeros: Any = trailing_zeros
# Bytes that are marked at once; they stay in the processor's nearest cache.
_CHUNK = 1 << 12
# Multiplied with eight bytes that are 0 or 1: the highest byte has their bits, or their number.
_GATHER, _ONES = np.uint64(0x0102040810204080), np.uint64(0x0101010101010101)


@dataclass(frozen=True)
class Split:
    """The records of a block.

    Attributes
    ----------
    starts, lengths : array of int32, shape (columns, rows)
        Where each cell of a plain row begins, and its bytes.
    record : array of int32, shape (rows,)
        Which record of the block each plain row is, counted from 0, blank lines included.
    odd : array of int32, shape (k, 3)
        Record, first and last byte of what is left to ``csv``.
    records : int
        Records of the block, blank lines included.
    used : int
        Bytes up to the end of the last whole record.
    """

    starts: Ints
    lengths: Ints
    record: Ints
    odd: Ints
    records: int
    used: int

    def texts(self, data: memoryview, rows: npt.NDArray[np.int64], delimiter: str) -> Iterator[list[str]]:
        """The cells of some plain rows of the block as text."""
        starts, lengths = self.starts[:, rows], self.lengths[:, rows]
        # Cells without quotes stand side by side: the line is taken apart at once.
        bare = (starts[1:] == starts[:-1] + lengths[:-1] + 1).all(axis=0) & (len(starts) > 1)
        for at, count, one in zip(starts.T.tolist(), lengths.T.tolist(), bare.tolist(), strict=True):
            if one:
                yield str(data[at[0]:at[-1] + count[-1]], "utf-8").split(delimiter)
            else:
                yield [str(data[s:s + n], "utf-8") for s, n in zip(at, count, strict=True)]


class Splitter:
    """Finds the records of one file's blocks, in memory that is used again for each block.

    Parameters
    ----------
    columns : int
        How many cells a row has.
    delimiter : str
        One ASCII character.
    """

    def __init__(self, columns: int, delimiter: str) -> None:
        self._columns, self._delimiter = columns, ord(delimiter)
        flags, strange = np.empty(_CHUNK, np.uint8), np.empty(_CHUNK, np.uint8)
        self._room = (flags, strange, flags.view(np.uint64), strange.view(np.uint64), np.empty(_CHUNK + 8, np.int32))
        self._lines = 0

    def split(self, data: Bytes, *, last: bool) -> Split | None:
        """The records of a block; None where it is not written as ``csv`` with strict quotes reads it.

        What is answered holds until the next block is split.

        Parameters
        ----------
        data : array of uint8
            The block, from the beginning of a record.
        last : bool
            Whether the file ends here.
        """
        data = np.ascontiguousarray(data)
        self._make_room(_newlines(data) + 1)
        starts, lengths, record, odd = self._starts, self._lengths, self._record, self._odd
        state, rows, odds, records, used, ended = _unquoted(
            data, self._delimiter, last, self._room, starts, lengths, record, odd)
        if state == STRANGE or (ended and ended != int(np.count_nonzero(data[:used] == RETURN))):
            state, rows, odds, records, used = split_quoted(
                data, self._columns, self._delimiter, last, starts, lengths, record, odd)
            if state == STRANGE:
                return None
        return Split(starts[:, :rows], lengths[:, :rows], record[:rows], odd[:odds], records, used)

    def _make_room(self, lines: int) -> None:
        """Room for so many lines."""
        if lines <= self._lines:
            return
        self._lines = lines + lines // 8
        self._starts = np.empty((self._columns, self._lines), np.int32)
        self._lengths = np.empty((self._columns, self._lines), np.int32)
        self._record, self._odd = np.empty(self._lines, np.int32), np.empty((self._lines, 3), np.int32)


# -- without quotes: every delimiter ends a cell, every line a record -----------------------


@numba.njit(cache=True, nogil=True)
def _newlines(data: Bytes) -> int:
    """How many lines end: counted a piece at a time, in numbers as small as the bytes."""
    whole = len(data) // AT_ONCE * AT_ONCE
    found: Any = 0
    for base in range(0, whole, AT_ONCE):
        piece = data[np.uint64(base):np.uint64(base + AT_ONCE)]
        here = np.uint8(0)
        for k in range(AT_ONCE):
            here = np.uint8(here + np.uint8(piece[k] == NEWLINE))
        found += here
    for i in range(whole, len(data)):
        found += data[i] == NEWLINE
    return int(found)


@numba.njit(cache=True, nogil=True)
def _positions(words: Eights, count: int, out: Ints) -> int:
    """Where the bytes are that are 1 and not 0, in so many times 64 of them; says how many there are.

    Eight are written at a time, whether there are so many or not: a branch for each would be guessed wrongly
    at every cell.
    """
    found = 0
    for k in range(count):
        bits = total = np.uint64(0)
        for j in range(8):
            word = words[8 * k + j]
            total += word
            bits |= ((word * _GATHER) >> np.uint64(56)) << np.uint64(8 * j)
        for j in range(8):
            out[found + j] = 64 * k + _zeros(bits)
            bits &= bits - np.uint64(1)
        here: Any = np.int64((total * _ONES) >> np.uint64(56))
        for j in range(8, here):
            out[found + j] = 64 * k + _zeros(bits)
            bits &= bits - np.uint64(1)
        found += here
    return found


@numba.njit(cache=True, nogil=True)
def _marked(piece: Bytes, mark: np.uint8, flags: Bytes, strange: Bytes, words: Eights) -> tuple[bool, bool]:
    """Mark delimiters and newlines with 1; says whether there is a quote, and whether there is a return.

    Each is a loop of its own over bytes that stay in the processor's cache: many of them are compared at once then,
    and the strange ones looked through eight at a time (``words`` has the memory of ``strange``).
    """
    newline, quote, back = np.uint8(NEWLINE), np.uint8(QUOTE), np.uint8(RETURN)
    for i in range(len(piece)):
        flags[i] = np.uint8(piece[i] == mark) | np.uint8(piece[i] == newline)
    flags[len(piece):] = 0
    for i in range(len(piece)):
        strange[i] = np.uint8(piece[i] == quote) | (np.uint8(piece[i] == back) << np.uint8(1))
    strange[len(piece):] = 0
    found = np.uint64(0)
    for k in range((len(piece) + 7) >> 3):
        found |= words[k]
    return bool(found & _ONES != 0), bool(found & (_ONES << np.uint64(1)) != 0)


@numba.njit(cache=True, nogil=True)
def _unquoted(data: Bytes, delimiter: int, last: bool, room: tuple[Bytes, Bytes, Eights, Eights, Ints], starts: Ints,
              lengths: Ints, record: Ints, odd: Ints) -> tuple[int, int, int, int, int, int]:
    """The records of a block without quotes; STRANGE where there is a quote, or a return within a line.

    Delimiters and newlines are marked in a piece that stays in the processor's cache, many bytes at once, and
    then visited one by one.
    """
    mark = np.uint8(delimiter)
    flags, strange, flag_words, strange_words, places = room
    size = len(data)
    cell = rows = odds = records = begin = first = ended = 0
    returned = False
    for base in range(0, size, _CHUNK):
        piece = data[base:base + _CHUNK]
        quotes, returns = _marked(piece, mark, flags, strange, strange_words)
        if quotes:
            return STRANGE, 0, 0, 0, 0, 0
        returned |= returns
        count = _positions(flag_words, (len(piece) + 63) >> 6, places)
        cell, rows, odds, records, begin, first, ended = _visited(
            data, mark, base, places, count, cell, rows, odds, records, begin, first, ended, returned, starts, lengths,
            record, odd)
    if last and begin < size:
        rows, odds, ended = _line(data, mark, begin, first, size, cell, False, records, rows, odds, ended, starts,
                                  lengths, record, odd)
        records += 1
        begin = size
    if returned and not ended:
        return STRANGE, 0, 0, 0, 0, 0
    return FINE, rows, odds, records, begin, ended


@numba.njit(cache=True, nogil=True)
def _visited(data: Bytes, mark: np.uint8, base: int, places: Ints, count: int, cell: int, rows: int, odds: int,
             records: int, begin: int, first: int, ended: int, returned: bool, starts: Ints, lengths: Ints,
             record: Ints, odd: Ints) -> tuple[int, int, int, int, int, int, int]:
    """Note the cells and lines that end at some places of a piece; says where the next one goes on."""
    last = len(starts) - 1
    k = 0
    while k < count:
        if cell == 0 and k + last < count and data[np.uint64(base + places[np.uint64(k + last)])] == NEWLINE:
            # Nearly every line has as many cells as it should: they are noted without being asked one by one, and
            # without a call, which would count references to its arrays.
            c = 0
            at = first
            while c < last:
                end = base + places[np.uint64(k + c)]
                if data[np.uint64(end)] == NEWLINE:
                    break
                starts[np.uint64(c), np.uint64(rows)] = at
                lengths[np.uint64(c), np.uint64(rows)] = end - at
                at = end + 1
                c += 1
            if c == last:
                end = base + places[np.uint64(k + last)]
                b = data[np.uint64(begin)]
                if b <= SPACE or b == mark:
                    rows, odds, ended = _line(data, mark, begin, at, end, last, returned, records, rows, odds, ended,
                                              starts, lengths, record, odd)
                else:
                    after = end
                    if returned and data[np.uint64(end - 1)] == RETURN:
                        after -= 1
                        ended += 1
                    starts[np.uint64(last), np.uint64(rows)] = at
                    lengths[np.uint64(last), np.uint64(rows)] = after - at
                    record[np.uint64(rows)] = records
                    rows += 1
                records += 1
                begin = first = end + 1
                k += last + 1
                continue
        at = base + places[k]
        k += 1
        if data[at] != NEWLINE:
            if cell <= last:
                starts[cell, rows] = first
                lengths[cell, rows] = at - first
            cell += 1
            first = at + 1
            continue
        rows, odds, ended = _line(data, mark, begin, first, at, cell, returned, records, rows, odds, ended, starts,
                                  lengths, record, odd)
        records += 1
        begin = first = at + 1
        cell = 0
    return cell, rows, odds, records, begin, first, ended


@numba.njit(cache=True, nogil=True)
def _line(data: Bytes, mark: np.uint8, begin: int, first: int, end: int, cell: int, returned: bool, records: int,
          rows: int, odds: int, ended: int, starts: Ints, lengths: Ints, record: Ints,
          odd: Ints) -> tuple[int, int, int]:
    """Note a line that ends; its last cell begins at ``first``."""
    after = end
    if returned and end > begin and data[np.uint64(end - 1)] == RETURN:
        after -= 1
        ended += 1
    filled = data[np.uint64(begin)] > SPACE and data[np.uint64(begin)] != mark  # as nearly always
    at = begin + 1
    while at < after and not filled:
        filled = data[np.uint64(at)] > SPACE and data[np.uint64(at)] != mark
        at += 1
    if filled and cell == len(starts) - 1:
        starts[np.uint64(cell), np.uint64(rows)] = first
        lengths[np.uint64(cell), np.uint64(rows)] = after - first
        record[np.uint64(rows)] = records
        rows += 1
    elif filled:
        odd[odds, 0], odd[odds, 1], odd[odds, 2] = records, begin, min(end + 1, len(data))
        odds += 1
    return rows, odds, ended


@numba.njit(cache=True, nogil=True)
def _begin(data: Bytes, starts: Ints, mark: Bytes, out: Ints) -> int:
    found = 0
    for i in range(len(starts)):
        s = starts[i]
        if s + len(mark) <= len(data) and data[s] == mark[0]:
            k = 1
            while k < len(mark) and data[s + k] == mark[k]:
                k += 1
            if k == len(mark):
                out[found] = i
                found += 1
    return found


def rows_that_begin(data: Bytes, starts: Ints, mark: bytes) -> list[int]:
    """Which rows begin with a text: their first cells start at ``starts``."""
    out = np.empty(len(starts), np.int32)
    rows: list[int] = out[:_begin(data, starts, np.frombuffer(mark, np.uint8), out)].tolist()
    return rows
