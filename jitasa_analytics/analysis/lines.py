"""Costs along straight lines of any length, worked out when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from jitasa_analytics import geo
from jitasa_analytics.analysis.costs import Floats, Ints, Travel, Unit, positions
from jitasa_analytics.errors import InputError

_MOST_PAIRS = 60_000_000
_BLUR_KM = 1e-9  # how much a geodesic may seem shorter than the straight line through the ground: rounding


@dataclass(frozen=True, eq=False)
class Lines:
    """Straight lines from n origins to m destinations: where both are, instead of n × m costs.

    What needs every cost makes a `Travel` of it (`table`); what can work with less asks for less.

    Attributes
    ----------
    starts, ends : float arrays, shapes (n, 3) and (m, 3)
        Points in space, km. In the plane the third is 0 and costs are their distances; on the ground
        they are points of the ellipsoid, and no geodesic is shorter than the straight line between.
    origins, destinations : Index, shapes (n,) and (m,)
    degrees : pair of float arrays, shapes (n, 2) and (m, 2), or None
        lon and lat where costs are geodesics; None in the plane.
    factor : float
        Cost of a kilometre.
    unit, method
        As in `Travel`.
    """

    starts: Floats
    ends: Floats
    origins: pd.Index
    destinations: pd.Index
    degrees: tuple[Floats, Floats] | None
    factor: float
    unit: Unit
    method: str

    limit = float("inf")

    def __repr__(self) -> str:
        n, m = self.shape
        return f"Lines({n} x {m}, {self.unit}; {self.method})"

    @property
    def shape(self) -> tuple[int, int]:
        """Number of origins and of destinations."""
        return len(self.origins), len(self.destinations)

    @property
    def blur(self) -> float:
        """Kilometres by which a computed straight line may be longer than the way it stands for."""
        return 0.0 if self.degrees is None else _BLUR_KM

    def costs(self, origin: Ints, destination: Ints) -> Floats:
        """The cost of some pairs, by position."""
        if self.degrees is None:
            a, b = self.starts[origin], self.ends[destination]
            km = np.hypot(a[:, 0] - b[:, 0], a[:, 1] - b[:, 1])
        else:
            a, b = self.degrees[0][origin], self.degrees[1][destination]
            km = geo.geodesic_km(a[:, 0], a[:, 1], b[:, 0], b[:, 1])
        return np.asarray(km * self.factor, np.float64)

    def restrict(self, origins: Any = None, destinations: Any = None) -> Lines:
        """The same for some of the origins and destinations, in the order given.

        Raises
        ------
        InputError
            If a label is unknown or repeated.
        """
        rows, row_labels = positions(self.origins, origins, "origins")
        columns, column_labels = positions(self.destinations, destinations, "destinations")
        degrees = None if self.degrees is None else (self.degrees[0][rows], self.degrees[1][columns])
        return replace(self, starts=self.starts[rows], ends=self.ends[columns], origins=row_labels,
                       destinations=column_labels, degrees=degrees)

    def near(self, chosen: Ints, k: int) -> Travel:
        """The k nearest of some destinations (positions, ascending) for each origin, and no other pairs."""
        n, _ = self.shape
        k = min(k, len(chosen))
        # On the ground the straight line may put two ways in the wrong order that are the same to a millionth.
        asked = min(k if self.degrees is None else k + 2, len(chosen))
        found = self._tree(chosen).query(self.starts, k=np.arange(1, asked + 1))[1].astype(np.int64)
        site = np.asarray(chosen, np.int64)[found]
        cost = self.costs(np.repeat(np.arange(n), asked), site.ravel()).reshape(n, asked)
        order = np.lexsort((site, cost), axis=1)[:, :k]
        site, cost = np.take_along_axis(site, order, 1), np.take_along_axis(cost, order, 1)
        order = np.argsort(site, axis=1)
        site, cost = np.take_along_axis(site, order, 1), np.take_along_axis(cost, order, 1)
        return Travel(np.arange(n + 1) * k, site.ravel(), cost.ravel(), self.origins, self.destinations,
                      self.unit, self.method)

    def table(self, within: float = float("inf")) -> Travel:
        """Every pair that costs at most ``within``.

        Raises
        ------
        InputError
            If there are more than memory should hold.
        """
        n, m = self.shape
        if np.isinf(within):
            if n * m > _MOST_PAIRS:
                raise InputError(
                    f"{n:,} origins × {m:,} destinations are too many pairs to hold ({_MOST_PAIRS:,}); give within, or "
                    "use straight_line with max_km"
                )
            i = np.repeat(np.arange(n), m)
            return Travel(np.arange(n + 1) * m, np.tile(np.arange(m), n), self.costs(i, np.tile(np.arange(m), n)),
                          self.origins, self.destinations, self.unit, self.method)
        return self._up_to(np.full(n, within), within)

    def within_each(self, limits: Floats) -> Travel:
        """Every pair that costs at most the limit of its origin, shape (n,); finite limits of at least 0.

        Raises
        ------
        InputError
            If limits are of another shape, missing or negative, or there are more pairs than memory should hold.
        """
        limits = np.asarray(limits, np.float64)
        if limits.shape != self.shape[:1] or not (np.isfinite(limits) & (limits >= 0)).all():
            raise InputError(f"limits must be {self.shape[0]:,} finite costs of at least 0, one for each origin")
        return self._up_to(limits, float(limits.min(initial=np.inf)))

    def _up_to(self, limits: Floats, limit: float) -> Travel:
        n, m = self.shape
        radius = limits / self.factor * (1 + 1e-9) + 1e-6
        count = self._all.query_ball_point(self.starts, radius, return_length=True)
        if (pairs := int(count.sum())) > _MOST_PAIRS:
            raise InputError(
                f"{pairs:,} pairs of {n:,} origins × {m:,} destinations are in reach, too many to hold "
                f"({_MOST_PAIRS:,}); give a shorter reach"
            )
        found = self._all.query_ball_point(self.starts, radius, return_sorted=True)
        j = np.concatenate([*map(np.asarray, found), np.zeros(0)]).astype(np.int64)
        i = np.repeat(np.arange(n), count)
        cost = self.costs(i, j)
        kept = cost <= limits[i]
        indptr = np.concatenate([[0], np.cumsum(np.bincount(i[kept], minlength=n))])
        return Travel(indptr, j[kept], cost[kept], self.origins, self.destinations, self.unit, self.method, limit)

    @cached_property
    def _all(self) -> cKDTree:
        return cKDTree(self.ends)

    def _tree(self, chosen: Ints) -> cKDTree:
        return cKDTree(self.ends[chosen])
