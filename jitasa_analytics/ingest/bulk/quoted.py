"""Where the records and cells of a block with quotes lie: byte by byte, as Python's ``csv`` follows them."""

from __future__ import annotations

import numba

from jitasa_analytics.ingest.bulk.eights import Bytes, Ints

# How a block is written: so that its records are found, or not.
FINE, STRANGE = 0, 1
QUOTE, NEWLINE, RETURN, SPACE = 34, 10, 13, 32


@numba.njit(cache=True, nogil=True)
def split_quoted(data: Bytes, columns: int, delimiter: int, last: bool, starts: Ints, lengths: Ints, record: Ints,
                 odd: Ints) -> tuple[int, int, int, int, int]:
    """How a block is written, and its plain rows, odd ones, all records, and bytes up to the last whole one."""
    size = len(data)
    at = rows = odds = records = used = 0
    while at < size:
        begin, cell = at, 0
        plain, filled, ended = True, False, False
        while not ended:
            if at < size and data[at] == QUOTE:
                first = at + 1
                at += 1
                while True:
                    while at < size and data[at] != QUOTE:
                        if data[at] == NEWLINE or data[at] == RETURN:
                            plain = False
                        if data[at] > SPACE:
                            filled = True
                        at += 1
                    if at + 1 < size and data[at + 1] == QUOTE:
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
                    if b in (delimiter, NEWLINE, RETURN):
                        break
                    if b > SPACE:
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
            elif data[at] == NEWLINE:
                at += 1
                ended = True
            elif data[at] == RETURN and at + 1 < size and data[at + 1] == NEWLINE:
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
