"""Where the records and cells of a block of delimited text lie: compiled, without a copy.

Quotes are followed as Python's ``csv`` does. What is not plain (another number of cells, doubled
quotes, a break inside quotes) is left to it, record by record.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]

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
    lines = int(np.count_nonzero(data == _NEWLINE)) + 1
    starts, lengths = np.empty((columns, lines), np.int32), np.empty((columns, lines), np.int32)
    record, odd = np.empty(lines, np.int32), np.empty((lines, 3), np.int32)
    state, rows, odds, records, used = _split(data, columns, ord(delimiter), last, starts, lengths, record, odd)
    if state == STRANGE:
        return None
    return Split(starts[:, :rows], lengths[:, :rows], record[:rows], odd[:odds], records, used)


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
