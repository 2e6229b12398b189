"""Texts that stand in many cells: each is found by compiled code and read once by the rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from jitasa_analytics.ingest.bulk.eights import Bytes, Eights, Ints, eights, first
from jitasa_analytics.ingest.cell import Cell

# How many different texts of a column are remembered, and of how many bytes.
MOST = 1 << 16
LONGEST = 200
# What has no number: a text of which no more are remembered, and no text.
UNKNOWN, EMPTY = -1, -2
# A table of so many places at first; it grows with the texts, so that those of few texts stay in the processor's
# nearest caches.
_PLACES = 1 << 10
# A place holds the first and second eight bytes of a text, its own number plus one with its bytes, and nothing; so
# wide, each lies within one line of the cache.
_HEAD, _SECOND, _WHICH, _WIDE = 0, 1, 2, 4
_BYTES_BIT = 32
# What the rules made of a text: nothing that can be used, no value, or something of which there is more to say.
REFUSED, GONE, SAID = 1, 2, 4
_MIX, _MIX_SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
# What of the first eight bytes belongs to a text of so many; behind the longest, what of the second eight does.
_HEADS: Eights = np.array([*((1 << min(64, 8 * n)) - 1 for n in range(LONGEST + 1)),
                           *((1 << min(64, max(0, 8 * n - 64))) - 1 for n in range(LONGEST + 1))], np.uint64)
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
        self._places = _empty(_PLACES)
        self._arena = np.empty(_ARENA, np.uint8)
        self._ends = np.zeros(MOST + 1, np.int64)

    def find(self, data: Bytes, start: Ints, length: Ints) -> Ints:
        """The number of each cell's text; EMPTY where there is none, UNKNOWN once too many different ones were seen."""
        out = np.empty(len(start), np.int32)
        known = len(self.cells)
        done, now = 0, known
        while done < len(start):
            done, now = _find(data, eights(data), start, length, done, self._places, self._arena, self._ends, now, out)
            if done < len(start):
                self._places = _wider(self._places, self._arena, self._ends)
        for k in range(known, now):
            text = bytes(self._arena[self._ends[k]:self._ends[k + 1]]).decode()
            self.texts.append(text)
            self.cells.append(self.rule(text))
        return out


def distinct(data: Bytes, start: Ints, length: Ints) -> int:
    """How many different texts there are, those that are too long to be remembered each for itself."""
    out = np.empty(len(start), np.int32)
    places = _empty(1 << max(3, (4 * len(start)).bit_length()))
    arena, ends = np.empty(int(length.sum(dtype=np.int64)), np.uint8), np.zeros(len(start) + 1, np.int64)
    _, found = _find(data, eights(data), start, length, 0, places, arena, ends, 0, out)
    return int(found) + int(np.count_nonzero(out == UNKNOWN))


def _empty(places: int) -> Eights:
    """A table of so many places, each of which lies within one line of the cache."""
    raw = np.zeros(8 * (_WIDE * places + 7), np.uint8)
    begin = -raw.ctypes.data % 64
    return raw[begin:begin + 8 * _WIDE * places].view(np.uint64).reshape(places, _WIDE)


def _wider(places: Eights, arena: Bytes, ends: npt.NDArray[np.int64]) -> Eights:
    """A table with four times as many places, and the same texts in it."""
    wide = _empty(4 * len(places))
    _move(places, arena, ends, wide)
    return wide


@numba.njit(cache=True, nogil=True)
def _move(places: Eights, arena: Bytes, ends: npt.NDArray[np.int64], wide: Eights) -> None:
    mask, shift = np.uint64(len(wide) - 1), _shift(wide)
    for k in range(len(places)):
        which = places[k, _WHICH]
        if which == 0:
            continue
        begin = ends[np.int64(which & np.uint64(0xFFFFFFFF)) - 1]
        count = np.int64(which >> np.uint64(_BYTES_BIT))
        at = _place(places[k, _HEAD], places[k, _SECOND], arena, begin, count) >> shift
        while wide[at, _WHICH] != 0:
            at = (at + np.uint64(1)) & mask
        wide[at] = places[k]


@numba.njit(cache=True, nogil=True, inline="always")
def _short(head: Any, second: Any, count: Any) -> Any:
    """The number of a text of at most sixteen bytes."""
    return (head ^ (second * _MIX_SECOND) ^ np.uint64(count)) * _MIX


@numba.njit(cache=True, nogil=True, inline="always")
def _place(head: Any, second: Any, data: Bytes, start: Any, count: Any) -> Any:
    """A number of a text, by its first sixteen bytes and those behind them; its highest bits say the place."""
    h = _short(head, second, count)
    for k in range(16, count):
        h = (h ^ (h >> np.uint64(32)) ^ np.uint64(data[start + k])) * _MIX
    return h


@numba.njit(cache=True, nogil=True)
def _shift(places: Eights) -> Any:
    """By how much a number is shifted to be a place of this table."""
    bits = 0
    while 1 << bits < len(places):
        bits += 1
    return np.uint64(64 - bits)


@numba.njit(cache=True, nogil=True)
def _same(data: Bytes, start: int, arena: Bytes, begin: int, count: int) -> bool:
    for k in range(16, count):  # noqa: SIM110 - compiled
        if arena[begin + k] != data[start + k]:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _find(data: Bytes, words: Eights, start: Ints, length: Ints, begin: int, places: Eights, arena: Bytes,
          ends: npt.NDArray[np.int64], known: int, out: Ints) -> tuple[int, int]:
    """The numbers of texts from ``begin`` on, until the table is too full; says up to where, and the texts known."""
    mask, shift = np.uint64(len(places) - 1), _shift(places)
    most = min(len(ends) - 1, MOST)
    within = len(data) - 16
    for i in range(begin, len(start)):
        s: Any = np.int64(start[i])
        n: Any = np.int64(length[i])
        if 0 < n <= 16 and s <= within:
            # Nearly every text is short and known. It is cut without a branch, which would be guessed wrongly where
            # texts of many lengths come in turn.
            head = words[np.uint64(s)] & _HEADS[np.uint64(n)]
            second = words[np.uint64(s + 8)] & _HEADS[np.uint64(n + LONGEST + 1)]
            at = _short(head, second, n) >> shift
            which = places[at, _WHICH]
            while which != 0 and not (places[at, _HEAD] == head and places[at, _SECOND] == second and (
                    which >> np.uint64(_BYTES_BIT) == np.uint64(n))):
                at = (at + np.uint64(1)) & mask
                which = places[at, _WHICH]
            if which != 0:
                out[i] = np.int64(which & np.uint64(0xFFFFFFFF)) - 1
                continue
        if n == 0:
            out[i] = EMPTY
            continue
        if n > LONGEST:
            out[i] = UNKNOWN
            continue
        head = first(data, words, s, n)
        second = first(data, words, s + 8, n - 8) if n > 8 else np.uint64(0)
        at = _place(head, second, data, s, n) >> shift
        while True:
            which = places[at, _WHICH]
            if places[at, _HEAD] == head and places[at, _SECOND] == second and (
                    which >> np.uint64(_BYTES_BIT) == np.uint64(n)):
                code = np.int64(which & np.uint64(0xFFFFFFFF)) - 1
                if n <= 16 or _same(data, s, arena, ends[code], n):
                    out[i] = code
                    break
            if which == 0:
                if known >= most or ends[known] + n > len(arena):
                    out[i] = UNKNOWN
                    break
                if 4 * known >= len(places):
                    return i, known
                for k in range(n):
                    arena[ends[known] + k] = data[s + k]
                ends[known + 1] = ends[known] + n
                out[i] = known
                known += 1
                places[at, _HEAD], places[at, _SECOND] = head, second
                places[at, _WHICH] = np.uint64(known) | np.uint64(n) << np.uint64(_BYTES_BIT)
                break
            at = (at + np.uint64(1)) & mask
    return len(start), known


@numba.njit(cache=True, nogil=True)
def told(codes: Ints, marks: Bytes, refused: npt.NDArray[np.bool_], gone: npt.NDArray[np.bool_]) -> None:
    """Which cells the rules refused or found empty: ``marks`` of EMPTY, UNKNOWN, and the texts by number."""
    for i in range(len(codes)):
        mark = marks[np.uint64(codes[i] - EMPTY)]
        refused[i] = mark & REFUSED != 0
        gone[i] = mark & GONE != 0


@numba.njit(cache=True, nogil=True)
def said(codes: Ints, marks: Bytes, fine: npt.NDArray[np.bool_]) -> Ints:
    """Which of the fine cells have a text of which there is something to say."""
    count = 0
    for i in range(len(codes)):
        count += (marks[np.uint64(codes[i] - EMPTY)] >> np.uint8(2)) & np.uint8(fine[i])
    out = np.empty(count, np.int32)
    at = 0
    for i in range(len(codes) if count else 0):
        if fine[i] and marks[np.uint64(codes[i] - EMPTY)] & SAID:
            out[at] = i
            at += 1
    return out


@numba.njit(cache=True, nogil=True)
def picked(codes: Ints, table: Any) -> Any:
    """The values of cells by number; behind those of the texts ``table`` has one each of EMPTY and UNKNOWN."""
    out = np.empty(len(codes), table.dtype)
    count = len(table)
    for i in range(len(codes)):
        at = codes[i]
        out[i] = table[np.uint64(at if at >= 0 else at + count)]
    return out
