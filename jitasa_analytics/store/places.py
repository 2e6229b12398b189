"""Which row of a file stands where in a table that took the rows in as they came.

Rows come nearly all in their order, so that a few runs say it for millions of them: neither the table nor the memory
holds a number for each.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

Longs = npt.NDArray[np.int64]


class Places:
    """The numbers of the rows of a table, from its first row on."""

    def __init__(self) -> None:
        self._begins: list[Longs] = []  # where runs begin
        self._rows: list[Longs] = []  # the number of the first row of each
        self.count = 0

    def add(self, rows: Longs) -> Longs:
        """Note the numbers of the rows that come next; says where they will stand."""
        begins = run_begins(rows)
        self._rows.append(rows[begins])
        self._begins.append(begins + self.count)
        places = np.arange(self.count, self.count + len(rows))
        self.count += len(rows)
        return places

    def rows(self, places: Longs) -> Longs:
        """The numbers of the rows that stand at some places."""
        begins, rows = (np.concatenate([np.empty(0, np.int64), *parts]) for parts in (self._begins, self._rows))
        run = np.searchsorted(begins, places, "right") - 1
        found: Longs = rows[run] + places - begins[run]
        return found


@numba.njit(cache=True, nogil=True)
def run_begins(rows: Longs) -> Longs:
    """The positions of numbers that do not follow the one before them."""
    out = np.empty(len(rows), np.int64)
    found = 0
    for i in range(len(rows)):
        if i == 0 or rows[i] != rows[i - 1] + 1:
            out[found] = i
            found += 1
    return out[:found].copy()
