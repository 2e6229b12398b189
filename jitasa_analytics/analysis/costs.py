"""The table of costs between places: what a `Travel` holds and can be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from jitasa_analytics.analysis.inputs import labels_of, number, some
from jitasa_analytics.errors import InputError, UnitError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Unit = Literal["km", "minutes"]

_SLACK = 1e-9  # a limit of 30 minutes survives being computed from kilometres and back


@dataclass(frozen=True, eq=False)
class Travel:
    """Costs from n origins to m destinations, as compressed sparse rows.

    A pair that is absent is out of reach. A cost of zero is a stored pair like any other,
    which is why the arrays are kept and not a scipy matrix that may drop zeros.

    Attributes
    ----------
    indptr, indices : integer arrays, shapes (n + 1,) and (k,)
        Row starts, and the column of each stored pair, ascending within a row.
    costs : float array, shape (k,)
        The cost of each stored pair, in ``unit``; finite and not negative.
    origins, destinations : Index, shapes (n,) and (m,)
        The labels of rows and columns.
    unit : "km" or "minutes"
    method : str
        How the costs were computed, in words.
    limit : float
        The cost up to which pairs were looked for; ``inf`` where every pair was. A question
        beyond it is refused, since the answer would be too small without anybody noticing.
    """

    indptr: npt.NDArray[np.integer[Any]]
    indices: npt.NDArray[np.integer[Any]]
    costs: Floats
    origins: pd.Index
    destinations: pd.Index
    unit: Unit = "minutes"
    method: str = "a matrix that was brought"
    limit: float = float("inf")

    def __post_init__(self) -> None:
        if self.unit not in ("km", "minutes"):
            raise UnitError(f"unit is {self.unit!r}; it must be 'km' or 'minutes'")
        labels_of(self.origins, "origins")
        labels_of(self.destinations, "destinations")
        size = len(self.costs)
        if len(self.indptr) != len(self.origins) + 1 or self.indptr[0] != 0 or self.indptr[-1] != size:
            raise InputError("indptr must have one entry more than origins, from 0 to the number of pairs")
        if len(self.indices) != size:
            raise InputError(f"{len(self.indices)} indices for {size} costs; there must be one for each")
        if not (np.isfinite(self.costs).all() and (self.costs >= 0).all()):
            raise InputError("stored costs must be finite and not negative; leave out what is out of reach")
        small = max(size, *self.shape) < np.iinfo(np.int32).max
        for name, kind in (("indptr", small), ("indices", small), ("costs", None)):
            dtype = np.float64 if kind is None else np.int32 if kind else np.int64
            frozen = np.asarray(getattr(self, name), dtype).view()
            frozen.flags.writeable = False
            object.__setattr__(self, name, frozen)
        # Where the columns don't ascend, a row must begin.
        falls = np.flatnonzero(self.indices[1:] <= self.indices[:-1]) + 1
        begins = np.zeros(size + 1, bool)
        begins[np.clip(self.indptr, 0, size)] = True
        inside = size == 0 or (self.indices.min() >= 0 and self.indices.max() < len(self.destinations))
        if not (begins[falls].all() and inside and (np.diff(self.indptr) >= 0).all()):
            raise InputError("the columns of a row must ascend, each once, and lie among the destinations")

    def __repr__(self) -> str:
        n, m = self.shape
        return f"Travel({n} x {m}, {self.n_pairs} pairs, {self.unit}; {self.method})"

    @property
    def shape(self) -> tuple[int, int]:
        """Number of origins and of destinations."""
        return len(self.origins), len(self.destinations)

    @property
    def n_pairs(self) -> int:
        """Number of stored pairs."""
        return len(self.costs)

    @cached_property
    def rows(self) -> Ints:
        """The origin's position of each stored pair, shape (k,)."""
        return np.repeat(np.arange(len(self.origins)), np.diff(self.indptr))

    def check_limit(self, cost: float, what: str = "within") -> None:
        """Refuse a cost beyond what was computed.

        Raises
        ------
        InputError
            If pairs with that cost were never looked for.
        """
        if cost > self.limit * (1 + _SLACK):
            raise InputError(
                f"{what} is {cost:g} {self.unit}, but this travel was computed up to {self.limit:g} "
                f"{self.unit} only; compute it with a greater max_km"
            )

    def weighted(self, weight: Callable[[Floats], npt.ArrayLike]) -> csr_array:
        """A weight for each stored pair, shape (n, m); zero weights stay stored."""
        data = np.asarray(weight(self.costs), np.float64)
        return csr_array((data, self.indices, self.indptr), shape=self.shape)

    def within(self, cost: float) -> csr_array:
        """The pairs with a cost of at most ``cost``, the boundary included.

        Parameters
        ----------
        cost : float
            In the unit of this travel.

        Returns
        -------
        csr_array of bool, shape (n, m)
            True is stored where the destination is in reach; nothing else is stored.

        Raises
        ------
        InputError
            If ``cost`` is negative, NaN, or beyond ``limit``.

        Examples
        --------
        >>> from jitasa_analytics.analysis.travel import from_matrix
        >>> t = from_matrix([[0.0, 30.0], [31.0, float("inf")]], origins=["a", "b"], destinations=["s", "t"])
        >>> t.within(30).toarray().tolist()
        [[True, True], [False, False]]
        """
        cost = number(cost, "within", infinite=True)
        if np.isfinite(cost):
            self.check_limit(cost)
        near = self.costs <= cost
        indptr = np.concatenate([[0], np.cumsum(near)])[self.indptr]
        indices = self.indices[near]
        return csr_array((np.ones(len(indices), bool), indices, indptr), shape=self.shape)

    def nearest_positions(self) -> tuple[Ints, Floats]:
        """Position of the cheapest destination (-1: none) and its cost (inf: none), both (n,).

        Of equal costs the destination that comes first is taken.
        """
        n = len(self.origins)
        cost, position = np.full(n, np.inf), np.full(n, -1)
        filled = np.flatnonzero(np.diff(self.indptr))
        if len(filled):
            cost[filled] = np.minimum.reduceat(self.costs, self.indptr[filled])
            best = np.flatnonzero(self.costs == cost[self.rows])[::-1]
            position[self.rows[best]] = self.indices[best]  # written backwards: the first one stays
        return position, cost

    def nearest(self) -> pd.DataFrame:
        """The cheapest destination of each origin.

        Returns
        -------
        DataFrame, shape (n,), on ``origins``
            ``destination`` (NA where nothing is in reach) and ``cost`` (``inf`` there), in the
            unit of this travel.

        Examples
        --------
        >>> inf = float("inf")
        >>> from jitasa_analytics.analysis.travel import from_matrix
        >>> t = from_matrix([[5, 3], [inf, inf]], origins=["a", "b"], destinations=["s", "t"])
        >>> t.nearest()
          destination  cost
        a           t   3.0
        b         NaN   inf
        """
        position, cost = self.nearest_positions()
        labels = pd.Series(self.destinations)
        if pd.api.types.is_integer_dtype(labels.dtype):
            labels = labels.astype("Int64")  # so that a missing one doesn't turn 7 into 7.0
        destination = labels.reindex(position)
        destination.index = self.origins
        return pd.DataFrame({"destination": destination, "cost": cost}, index=self.origins)

    def restrict(self, origins: Any = None, destinations: Any = None) -> Travel:
        """The same costs for some of the origins and destinations, in the order given.

        Parameters
        ----------
        origins, destinations : frame, Index or sequence of labels, optional
            All where left out.

        Raises
        ------
        InputError
            If a label is unknown or repeated.

        Examples
        --------
        >>> from jitasa_analytics.analysis.travel import from_matrix
        >>> t = from_matrix([[1, 2], [3, 0]], origins=["a", "b"], destinations=["s", "t"])
        >>> t.restrict(origins=["b"], destinations=["t", "s"]).dense().tolist()
        [[0.0, 3.0]]
        """
        rows, row_labels = positions(self.origins, origins, "origins")
        columns, column_labels = positions(self.destinations, destinations, "destinations")
        # Positions travel through the slicing instead of costs, so that no zero can be lost.
        stored = csr_array(
            (np.arange(1, self.n_pairs + 1), self.indices, self.indptr), shape=self.shape
        )
        kept = csr_array(stored[rows][:, columns])
        kept.sort_indices()
        return Travel(
            kept.indptr, kept.indices, self.costs[kept.data - 1], row_labels, column_labels,
            self.unit, self.method, self.limit,
        )

    def to_minutes(self, speed_kmh: float, detour: float = 1.0) -> Travel:
        """Kilometres as minutes at a speed.

        Parameters
        ----------
        speed_kmh : float
            See `SPEED_KMH`.
        detour : float, at least 1
            Leave it at 1 where the kilometres already contain it.

        Raises
        ------
        UnitError
            If this travel is not in km.

        Examples
        --------
        >>> from jitasa_analytics.analysis.travel import from_matrix
        >>> t = from_matrix([[20.0]], origins=["a"], destinations=["s"], unit="km")
        >>> float(t.to_minutes(40, detour=1.3).costs[0])
        39.0
        """
        if self.unit != "km":
            raise UnitError(f"this travel is in {self.unit} already; only kilometres can be made minutes")
        speed, factor = positive_speed(speed_kmh), number(detour, "detour", minimum=1.0)
        return Travel(
            self.indptr, self.indices, as_minutes(self.costs, factor, speed), self.origins, self.destinations,
            "minutes", self.method + in_words(factor, speed), float(as_minutes(self.limit, factor, speed)),
        )

    def dense(self) -> Floats:
        """The full table, shape (n, m); ``inf`` where a pair is out of reach."""
        table = np.full(self.shape, np.inf)
        table[self.rows, self.indices] = self.costs
        return table


def positions(known: pd.Index, wanted: Any, name: str) -> tuple[Ints, pd.Index]:
    """Positions of the wanted labels among the known ones."""
    if wanted is None:
        return np.arange(len(known)), known
    labels = labels_of(wanted, name)
    positions = np.asarray(known.get_indexer(labels), np.int64)
    if (positions < 0).any():
        raise InputError(f"{name} has labels that this travel lacks: {some(labels[positions < 0])}")
    return positions, labels


def as_minutes(km: Any, detour: float, speed_kmh: float) -> Any:
    """Minutes for kilometres (float or array) at a speed, after the detour."""
    # Divided last, so that round kilometres give round minutes and a boundary stays one.
    return km * detour * 60.0 / speed_kmh


def positive_speed(speed_kmh: float, name: str = "speed_kmh") -> float:
    """A speed in km/h above zero."""
    speed = number(speed_kmh, name)
    if speed == 0:
        raise InputError(f"{name} is 0; nobody arrives. Use one of SPEED_KMH or a measured speed")
    return speed


def in_words(detour: float, speed_kmh: float | None = None) -> str:
    """How kilometres were stretched and timed, for ``Travel.method``."""
    words = f" × detour {detour:g}" if detour != 1 else ""
    return words if speed_kmh is None else f"{words} at {speed_kmh:g} km/h"
