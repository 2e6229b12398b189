"""Brute force: the same answers by trying everything, slowly and in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

import numpy as np
import pyproj


def covered_people(people: Sequence[float], costs: np.ndarray, within: float, sites: Iterable[int]) -> float:
    """People with one of the sites (columns) within reach."""
    sites = list(sites)
    return float(sum(p for p, row in zip(people, costs, strict=True) if any(row[j] <= within for j in sites)))


def max_cover(
    people: Sequence[float],
    costs: np.ndarray,
    within: float,
    n_sites: int,
    fixed: Iterable[int] = (),
    forbidden: Iterable[int] = (),
) -> float:
    """The most people that any n_sites columns reach, the fixed among them and none forbidden."""
    fixed, forbidden = set(fixed), set(forbidden)
    free = [j for j in range(costs.shape[1]) if j not in fixed and j not in forbidden]
    return max(
        covered_people(people, costs, within, fixed | set(extra))
        for extra in combinations(free, n_sites - len(fixed))
    )


def two_step(
    people: Sequence[float], capacity: Sequence[float], costs: np.ndarray, weight: Callable[[float], float]
) -> list[float]:
    """Floating catchment areas with two loops; ``weight`` is 0 beyond its reach."""
    n, m = costs.shape
    load = [sum(weight(costs[i, j]) * people[i] for i in range(n)) for j in range(m)]
    return [
        sum(weight(costs[i, j]) * capacity[j] / load[j] for j in range(m) if load[j] > 0) for i in range(n)
    ]


def geodesic_table(origins: np.ndarray, destinations: np.ndarray) -> np.ndarray:
    """Kilometres between all (lon, lat), one pair at a time."""
    geod = pyproj.Geod(ellps="WGS84")
    return np.array([[geod.inv(*a, *b)[2] / 1000.0 for b in destinations] for a in origins])
