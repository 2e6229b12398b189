"""Texts that stand in many cells: each is found by compiled code and read once by the rules."""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
import numpy.typing as npt

from jitasa_analytics.ingest.bulk.eights import Bytes, Eights, eights, first
from jitasa_analytics.ingest.bulk.split import Ints
from jitasa_analytics.ingest.cell import Cell

# How many different texts of a column are remembered, and of how many bytes.
MOST = 1 << 16
LONGEST = 200
# What has no number: a text of which no more are remembered, and no text.
UNKNOWN, EMPTY = -1, -2
_SLOTS = MOST * 4
_MIX = np.uint64(0x9E3779B97F4A7C15)
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
        self._heads = np.zeros(_SLOTS, np.uint64)
        self._seconds = np.zeros(_SLOTS, np.uint64)
        self._arena = np.empty(_ARENA, np.uint8)
        self._ends = np.zeros(MOST + 1, np.int64)

    def find(self, data: Bytes, start: Ints, length: Ints) -> Ints:
        """The number of each cell's text; EMPTY where there is none, UNKNOWN once too many different ones were seen."""
        out = np.empty(len(start), np.int32)
        known = len(self.cells)
        now = _find(data, eights(data), start, length, self._slots, self._heads, self._seconds, self._arena,
                    self._ends, known, out)
        for k in range(known, now):
            text = bytes(self._arena[self._ends[k]:self._ends[k + 1]]).decode()
            self.texts.append(text)
            self.cells.append(self.rule(text))
        return out


@numba.njit(cache=True, nogil=True)
def _same(data: Bytes, start: int, arena: Bytes, begin: int, count: int) -> bool:
    for k in range(16, count):  # noqa: SIM110 - compiled
        if arena[begin + k] != data[start + k]:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _find(data: Bytes, words: Eights, start: Ints, length: Ints, slots: Ints, heads: Eights,
          seconds: Eights, arena: Bytes, ends: npt.NDArray[np.int64], known: int, out: Ints) -> int:
    mask = np.uint64(len(slots) - 1)
    for i in range(len(start)):
        s, n = start[i], length[i]
        if n == 0:
            out[i] = EMPTY
            continue
        if n > LONGEST:
            out[i] = UNKNOWN
            continue
        head = first(data, words, s, n)
        second = first(data, words, s + 8, n - 8) if n > 8 else np.uint64(0)
        h = (head ^ np.uint64(n)) * _MIX
        h = ((h >> np.uint64(32)) ^ h ^ second) * _MIX
        for k in range(16, n):
            h = (h ^ np.uint64(data[s + k])) * _MIX
        at = (h >> np.uint64(32)) & mask
        while True:
            code = slots[at]
            if code < 0:
                if known < MOST and ends[known] + n <= len(arena):
                    slots[at] = known
                    heads[at], seconds[at] = head, second
                    for k in range(n):
                        arena[ends[known] + k] = data[s + k]
                    ends[known + 1] = ends[known] + n
                    out[i] = known
                    known += 1
                else:
                    out[i] = UNKNOWN
                break
            if heads[at] == head and seconds[at] == second and (
                    ends[code + 1] - ends[code] == n) and (n <= 16 or _same(data, s, arena, ends[code], n)):
                out[i] = code
                break
            at = (at + np.uint64(1)) & mask
    return known
