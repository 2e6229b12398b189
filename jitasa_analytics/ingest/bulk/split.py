"""Where the records and cells of a block of delimited text lie: compiled, without a copy.

Quotes are followed as Python's ``csv`` does. What is not plain (another number of cells, doubled
quotes, a break inside quotes) is left to it, record by record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba.cpython.unsafe.numbers import trailing_zeros

from jitasa_analytics.ingest.bulk.eights import Bytes, Eights

Ints = npt.NDArray[np.int32]

_zeros: Any = trailing_zeros
FINE, STRANGE = 0, 1
_QUOTE, _NEWLINE, _RETURN, _SPACE = 34, 10, 13, 32


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


def split(data: Bytes, columns: int, delimiter: str, *, last: bool) -> Split | None:
    """Find the records of a block; None where it is not written as ``csv`` with strict quotes reads it.

    Parameters
    ----------
    data : array of uint8
        The block, from the beginning of a record.
    columns : int
        How many cells a row has.
    delimiter : str
        One ASCII character.
    last : bool
        Whether the file ends here.
    """
    data = np.ascontiguousarray(data)
    flags = np.zeros((len(data) + 8) // 8 * 8, np.uint8)
    quotes, returns = _flags(data, ord(delimiter), flags)
    if not quotes and (found := _unquoted(data, columns, flags, returns, last=last)) is not None:
        return found
    lines = int(np.count_nonzero(data == _NEWLINE)) + 1
    starts, lengths = np.empty((columns, lines), np.int32), np.empty((columns, lines), np.int32)
    record, odd = np.empty(lines, np.int32), np.empty((lines, 3), np.int32)
    state, rows, odds, records, used = _split(data, columns, ord(delimiter), last, starts, lengths, record, odd)
    if state == STRANGE:
        return None
    return Split(starts[:, :rows], lengths[:, :rows], record[:rows], odd[:odds], records, used)


# -- without quotes: every delimiter ends a cell, every line a record -----------------------


def _unquoted(data: Bytes, columns: int, flags: Bytes, returns: bool, *, last: bool) -> Split | None:
    """The records of a block that holds no quote; None where carriage returns do not stand at the ends of lines."""
    if last and len(data) and data[-1] != _NEWLINE:
        flags[len(data)] = 1
    ends = np.empty(int(np.count_nonzero(flags)), np.int32)
    lines = _positions(data, flags.view(np.uint64), ends) + 1
    starts, lengths = np.empty((columns, lines), np.int32), np.empty((columns, lines), np.int32)
    record, odd = np.empty(lines, np.int32), np.empty((lines, 3), np.int32)
    rows, odds, records, used, ended = _lines(data, columns, ends, returns, starts, lengths, record, odd)
    if returns and ended != int(np.count_nonzero(data[:used] == _RETURN)):
        return None
    return Split(starts[:, :rows], lengths[:, :rows], record[:rows], odd[:odds], records, used)


@numba.njit(cache=True, nogil=True)
def _flags(data: Bytes, delimiter: int, flags: Bytes) -> tuple[bool, bool]:
    """Mark delimiters and newlines; says whether there is a quote, and a carriage return."""
    mark, newline, quote, back = np.uint8(delimiter), np.uint8(_NEWLINE), np.uint8(_QUOTE), np.uint8(_RETURN)
    quotes = returns = np.uint8(0)
    for i in range(len(data)):
        b = data[i]
        flags[i] = np.uint8(b == mark) | np.uint8(b == newline)
        quotes |= np.uint8(b == quote)
        returns |= np.uint8(b == back)
    return quotes != 0, returns != 0


@numba.njit(cache=True, nogil=True)
def _positions(data: Bytes, flags: Eights, out: Ints) -> int:
    """Where the marks are; says how many of them are newlines."""
    found = lines = 0
    for i in range(len(flags)):
        left = flags[i]
        while left:
            at = 8 * i + (_zeros(left) >> 3)
            out[found] = at
            if at < len(data):
                lines += data[at] == _NEWLINE
            found += 1
            left &= left - np.uint64(1)
    return lines


@numba.njit(cache=True, nogil=True)
def _lines(data: Bytes, columns: int, ends: Ints, returns: bool, starts: Ints, lengths: Ints, record: Ints,
           odd: Ints) -> tuple[int, int, int, int, int]:
    size = len(data)
    k = rows = odds = records = begin = ended = 0
    while k < len(ends):
        stop = k
        while stop < len(ends) and ends[stop] < size and data[ends[stop]] != _NEWLINE:
            stop += 1
        if stop == len(ends):
            break
        end = after = ends[stop]
        if returns and end < size and end > begin and data[end - 1] == _RETURN:
            after -= 1
            ended += 1
        filled = False
        for at in range(begin, after):
            if data[at] > _SPACE and (stop == k or data[at] != data[ends[k]]):
                filled = True
                break
        if filled and stop - k == columns - 1:
            first = begin
            for c in range(columns - 1):
                starts[c, rows] = first
                lengths[c, rows] = ends[k + c] - first
                first = ends[k + c] + 1
            starts[columns - 1, rows] = first
            lengths[columns - 1, rows] = after - first
            record[rows] = records
            rows += 1
        elif filled:
            odd[odds, 0], odd[odds, 1], odd[odds, 2] = records, begin, min(end + 1, size)
            odds += 1
        records += 1
        begin = min(end + 1, size)
        k = stop + 1
    return rows, odds, records, begin, ended


# -- with quotes, byte by byte ---------------------------------------------------------------


@numba.njit(cache=True, nogil=True)
def _split(data: Bytes, columns: int, delimiter: int, last: bool, starts: Ints, lengths: Ints, record: Ints,
           odd: Ints) -> tuple[int, int, int, int, int]:
    size = len(data)
    at = rows = odds = records = used = 0
    while at < size:
        begin, cell = at, 0
        plain, filled, ended = True, False, False
        while not ended:
            if at < size and data[at] == _QUOTE:
                first = at + 1
                at += 1
                while True:
                    while at < size and data[at] != _QUOTE:
                        if data[at] == _NEWLINE or data[at] == _RETURN:
                            plain = False
                        if data[at] > _SPACE:
                            filled = True
                        at += 1
                    if at + 1 < size and data[at + 1] == _QUOTE:
                        plain = False
                        filled = True
                        at += 2
                        continue
                    break
                if at >= size:
                    if last:
                        return STRANGE, 0, 0, 0, 0
                    return FINE, rows, odds, records, used
                length = at - first
                at += 1
            else:
                first = at
                while at < size:
                    b = data[at]
                    if b in (delimiter, _NEWLINE, _RETURN):
                        break
                    if b > _SPACE:
                        filled = True
                    at += 1
                length = at - first
            if cell < columns:
                starts[cell, rows] = first
                lengths[cell, rows] = length
            cell += 1
            if at >= size:
                if not last:
                    return FINE, rows, odds, records, used
                ended = True
            elif data[at] == delimiter:
                at += 1
            elif data[at] == _NEWLINE:
                at += 1
                ended = True
            elif data[at] == _RETURN and at + 1 < size and data[at + 1] == _NEWLINE:
                at += 2
                ended = True
            else:
                # A carriage return alone, or letters behind a closing quote.
                return STRANGE, 0, 0, 0, 0
        if filled:
            if plain and cell == columns:
                record[rows] = records
                rows += 1
            else:
                odd[odds, 0], odd[odds, 1], odd[odds, 2] = records, begin, at
                odds += 1
        records += 1
        used = at
    return FINE, rows, odds, records, used
