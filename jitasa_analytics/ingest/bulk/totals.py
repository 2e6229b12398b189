"""Rows of totals and notes in a large file: the same ones that are found in a small one."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from jitasa_analytics.ingest import headers
from jitasa_analytics.ingest.bulk.cells import Flags
from jitasa_analytics.ingest.bulk.eights import Bytes, Ints
from jitasa_analytics.ingest.bulk.split import Split


class Totals:
    """Looks for rows that may be totals: in all of a file that a person may have made, else at its end."""

    def __init__(self) -> None:
        self._rows = 0
        self._tail: frozenset[int] = frozenset()

    def counts(self, row: int) -> bool:
        """Whether a row that reads like a total is one, once the whole file was seen."""
        return self._rows <= headers.MANY_ROWS or row in self._tail

    def look(self, data: Bytes, found: Split, numbers: npt.NDArray[np.int64], skip: Flags, *, last: bool) -> Flags:
        """Which plain rows of a block read like a total or a note."""
        rows = len(found.record)
        marked = np.zeros(rows, bool)
        begin = 0 if self._rows <= headers.MANY_ROWS else max(0, rows - headers.END) if last else rows
        self._rows += rows
        self._tail = frozenset(numbers[-headers.END:].tolist())
        if begin == rows:
            return marked
        maybe = np.zeros(rows, bool)
        _maybe(data, found.starts[:, begin:], found.lengths[:, begin:], maybe[begin:])
        for k in np.flatnonzero(maybe & ~skip).tolist():
            cells = (bytes(data[s:s + n]).decode().strip() for s, n in zip(
                found.starts[:, k].tolist(), found.lengths[:, k].tolist(), strict=True))
            marked[k] = headers.is_remark(next((c for c in cells if c), ""))
        return marked


@numba.njit(cache=True, nogil=True)
def _maybe(data: Bytes, starts: Ints, lengths: Ints, out: Flags) -> None:
    """Rows whose first words may begin a total: Thai letters, a star, or two letters that begin one in English."""
    for i in range(starts.shape[1]):
        for c in range(starts.shape[0]):
            k, end = starts[c, i], starts[c, i] + lengths[c, i]
            while k < end and data[k] <= 32:
                k += 1
            if k == end:
                continue
            a = data[k] | 32
            b = data[k + 1] | 32 if k + 1 < end else 0
            out[i] = data[k] >= 128 or data[k] == 42 or (a == 116 and b == 111) or (a == 103 and b == 114) or (
                a == 115 and (b == 117 or b == 111)) or (a == 97 and b == 118) or (a == 110 and (b == 97 or b == 111))
            break
