"""What the loops over a table of costs and those over straight lines have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.jit import part


@part
def open_least(rho: Floats, state: Any, wanted: int, free: Floats, top: Bools) -> None:
    """Marks in ``top`` the open sites and the ``wanted`` free ones with the least ``rho``, of equal ones the first.

    ``state`` is 0 where a site is free and 1 where it is open (or whether it is); ``free`` has a place for
    each free one.
    """
    m, count = len(rho), 0
    for j in range(m):
        if state[j] == 0:
            free[count] = rho[j]
            count += 1
    limit = np.inf if wanted >= count else (-np.inf if wanted <= 0 else np.partition(free, wanted - 1)[wanted - 1])
    left = wanted
    for j in range(m):
        top[j] = state[j] == 1 or (state[j] == 0 and rho[j] < limit)
        left -= top[j] and state[j] == 0
    for j in range(m):
        if left > 0 and state[j] == 0 and not top[j] and rho[j] == limit:
            top[j] = True
            left -= 1


@part
def deflect(direction: Floats, slope: Floats, momentum: float, people: Any) -> float:
    """Turns a direction towards the slope; its length, squared and weighted with people."""
    length = 0.0
    for i in range(len(direction)):
        direction[i] = slope[i] + momentum * direction[i]
        length += direction[i] * direction[i] * people[i]
    return length


@part
def cheapest_out(
    loss: Floats, change: Floats, cheapest: int, touched: Ints, n_touched: int, is_touched: Bools
) -> tuple[int, float]:
    """The site that costs least to close once another one is open, and what it costs.

    ``loss`` is that cost before, least for the site ``cheapest``, and ``change`` what it is now for those
    ``touched``; sets ``change`` and ``is_touched`` back.
    """
    # A loss only gets smaller, so that the least is among those touched or was least before.
    r = cheapest
    for q in range(n_touched):
        if change[touched[q]] < change[r]:
            r = touched[q]
    least = change[r]
    for q in range(n_touched):
        change[touched[q]] = loss[touched[q]]
        is_touched[touched[q]] = False
    return r, least
