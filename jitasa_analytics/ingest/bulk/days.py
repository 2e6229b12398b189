"""The days of many rows at once."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt


@numba.njit(cache=True, nogil=True)
def by_day(days: npt.NDArray[Any]) -> tuple[int, npt.NDArray[np.int64]]:
    """The first of some days, at least one, and how many there are of each from it on."""
    low = high = days[0]
    for day in days:
        low, high = min(low, day), max(high, day)
    found = np.zeros(high - low + 1, np.int64)
    for day in days:
        found[np.uint64(day - low)] += 1
    return int(low), found
