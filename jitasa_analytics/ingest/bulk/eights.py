"""Texts eight bytes at a time: what compares, copies and looks up short texts by the million reads them so."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Eights = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int32]

ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
# Bytes that are counted together; their number fits into a byte.
AT_ONCE = 128


def eights(data: Bytes) -> Eights:
    """The eight bytes from each position on, as one number: the same memory, no copy."""
    return np.ndarray((max(0, len(data) - 7),), np.uint64, data, 0, (1,))


@numba.njit(cache=True, nogil=True, inline="always")
def first(data: Bytes, words: Eights, at: int, count: int) -> Any:
    """At most the first eight of so many bytes, at least one; the others 0."""
    if at + 8 <= len(data):
        found = words[np.uint64(at)]
        return found if count >= 8 else found & (ALL >> np.uint64(64 - 8 * count))
    found = np.uint64(0)
    for k in range(min(count, 8)):
        found |= np.uint64(data[at + k]) << np.uint64(8 * k)
    return found


@numba.njit(cache=True, nogil=True)
def copy(data: Bytes, words: Eights, start: Ints, length: Ints, out: Bytes, out_words: Eights, to: Ints) -> None:
    """Copy texts in their order; up to seven bytes behind one of less than eight may be overwritten.

    One function for all of them: a call for each would count references to its arrays, which takes longer than the
    copy.
    """
    for i in range(len(start)):
        s, n, t = np.int64(start[i]), np.int64(length[i]), np.int64(to[i])
        if n >= 8:
            k = 0
            while k + 8 <= n:
                out_words[np.uint64(t + k)] = words[np.uint64(s + k)]
                k += 8
            if k < n:
                # The last eight once more, part of which stands already.
                out_words[np.uint64(t + n - 8)] = words[np.uint64(s + n - 8)]
        elif s + 8 <= len(data) and t + 8 <= len(out):
            out_words[np.uint64(t)] = words[np.uint64(s)]
        else:
            for k in range(n):
                out[np.uint64(t + k)] = data[np.uint64(s + k)]
