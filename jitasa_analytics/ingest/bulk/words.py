"""Texts that stand in many cells: each is found by compiled code and read once by the rules."""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
import numpy.typing as npt

from jitasa_analytics.ingest.bulk.split import Bytes, Ints
from jitasa_analytics.ingest.cell import Cell

# How many different texts of a column are remembered, and of how many bytes.
MOST = 1 << 16
LONGEST = 200
UNKNOWN = -1
_SLOTS = MOST * 4
_ARENA = MOST * 48


class Words:
    """The different texts of one column and what the rules made of them.

    Parameters
    ----------
    rule : callable
        The rule: a text to a `Cell`.

    Attributes
    ----------
    cells : list of Cell
        What each text became, by its number.
    texts : list of str
    """

    def __init__(self, rule: Callable[[str], Cell]) -> None:
        self.rule = rule
        self.cells: list[Cell] = []
        self.texts: list[str] = []
        self._slots = np.full(_SLOTS, UNKNOWN, np.int32)
        self._arena = np.empty(_ARENA, np.uint8)
        self._ends = np.zeros(MOST + 1, np.int64)

    def find(self, data: Bytes, start: Ints, length: Ints) -> Ints:
        """The number of each cell's text; UNKNOWN once too many different ones were seen."""
        out = np.empty(len(start), np.int32)
        known = len(self.cells)
        now = _find(data, start, length, self._slots, self._arena, self._ends, known, out)
        for k in range(known, now):
            text = bytes(self._arena[self._ends[k]:self._ends[k + 1]]).decode()
            self.texts.append(text)
            self.cells.append(self.rule(text))
        return out


@numba.njit(cache=True, nogil=True)
def _find(data: Bytes, start: Ints, length: Ints, slots: Ints, arena: Bytes, ends: npt.NDArray[np.int64], known: int,
          out: Ints) -> int:
    mask = np.uint64(len(slots) - 1)
    for i in range(len(start)):
        s, n = start[i], length[i]
        if n > LONGEST:
            out[i] = UNKNOWN
            continue
        h = np.uint64(14695981039346656037)
        for k in range(s, s + n):
            h = (h ^ np.uint64(data[k])) * np.uint64(1099511628211)
        at = (h ^ (h >> np.uint64(29))) & mask
        while True:
            code = slots[at]
            if code < 0:
                if known < MOST and ends[known] + n <= len(arena):
                    slots[at] = known
                    begin = ends[known]
                    for k in range(n):
                        arena[begin + k] = data[s + k]
                    ends[known + 1] = begin + n
                    out[i] = known
                    known += 1
                else:
                    out[i] = UNKNOWN
                break
            begin = ends[code]
            same = ends[code + 1] - begin == n
            if same:
                for k in range(n):
                    if arena[begin + k] != data[s + k]:
                        same = False
                        break
            if same:
                out[i] = code
                break
            at = (at + np.uint64(1)) & mask
    return known
