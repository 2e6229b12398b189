"""Texts eight bytes at a time: what compares, copies and looks up short texts by the million reads them so."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Eights = npt.NDArray[np.uint64]

_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


def eights(data: Bytes) -> Eights:
    """The eight bytes from each position on, as one number: the same memory, no copy."""
    return np.ndarray((max(0, len(data) - 7),), np.uint64, data, 0, (1,))


@numba.njit(cache=True, nogil=True, inline="always")
def first(data: Bytes, words: Eights, at: int, count: int) -> Any:
    """At most the first eight of so many bytes, at least one; the others 0."""
    if at + 8 <= len(data):
        found = words[np.uint64(at)]
        return found if count >= 8 else found & (_ALL >> np.uint64(64 - 8 * count))
    found = np.uint64(0)
    for k in range(min(count, 8)):
        found |= np.uint64(data[at + k]) << np.uint64(8 * k)
    return found


@numba.njit(cache=True, nogil=True)
def copy(data: Bytes, words: Eights, at: int, count: int, out: Bytes, out_words: Eights, to: int) -> None:
    """Copy bytes; up to seven behind them may be overwritten."""
    k = 0
    while k + 8 <= count or (k < count and at + k + 8 <= len(data) and to + k + 8 <= len(out)):
        out_words[to + k] = words[at + k]
        k += 8
    while k < count:
        out[to + k] = data[at + k]
        k += 1
