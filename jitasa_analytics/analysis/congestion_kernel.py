"""The loops of the rational agent model, compiled. Arrays only; see `congestion` for what they mean.

Pairs come as compressed sparse rows; ``room`` is capacity × rho, 0 where a site is closed;
``costs`` are travel / tau; ``flows`` (persons of each pair) and ``load`` (persons at each
site) are changed in place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from jitasa_analytics.analysis.placement.jit import compiled

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer[Any]]


@compiled
def start(indptr: Integers, indices: Integers, costs: Floats, people: Floats, room: Floats) -> Floats:
    """Everybody at the nearest open site."""
    flows = np.zeros(len(costs))
    for i in range(len(indptr) - 1):
        best = -1
        for k in range(indptr[i], indptr[i + 1]):
            if room[indices[k]] > 0 and (best < 0 or costs[k] < costs[best]):
                best = k
        if best >= 0:
            flows[best] = people[i]
    return flows


@compiled
def spread(
    indptr: Integers, indices: Integers, costs: Floats, people: Floats, room: Floats, flows: Floats, load: Floats
) -> None:
    """Once through all origins: each spreads its people so that its used sites cost the same."""
    for i in range(len(indptr) - 1):
        first, last = indptr[i], indptr[i + 1]
        if people[i] == 0 or first == last:
            continue
        empty = np.full(last - first, np.inf)  # what a site costs without this origin's people
        for k in range(first, last):
            j = indices[k]
            if room[j] > 0:
                load[j] = max(load[j] - flows[k], 0.0)
                empty[k - first] = load[j] / room[j] + costs[k]
        level, width, total = np.inf, 0.0, people[i]
        for a in np.argsort(empty):
            if empty[a] >= level:
                break
            j = indices[first + a]
            width += room[j]
            total += room[j] * empty[a]
            level = total / width
        for k in range(first, last):
            j = indices[k]
            if room[j] > 0:
                flows[k] = max(level - empty[k - first], 0.0) * room[j]
                load[j] += flows[k]


@compiled
def gap(
    indptr: Integers, indices: Integers, costs: Floats, people: Floats, room: Floats, flows: Floats, load: Floats
) -> float:
    """What people could save by going to their best site, over what they bear."""
    borne, excess = 0.0, 0.0
    for i in range(len(indptr) - 1):
        best = np.inf
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            if room[j] > 0:
                best = min(best, load[j] / room[j] + costs[k])
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            if flows[k] > 0:
                cost = load[j] / room[j] + costs[k]
                borne += flows[k] * cost
                excess += flows[k] * (cost - best)
    return excess / borne if borne > 0 else 0.0
