"""Which areas are next to each other: what the hot-spot measures ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from jitasa_analytics.analysis.inputs import coordinates, framed, labels_of, number, some
from jitasa_analytics.analysis.travel import straight_line
from jitasa_analytics.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Pairs of neighbours among n areas, as compressed rows; no area is its own neighbour.

    Attributes
    ----------
    indptr, indices : int64 arrays, shapes (n + 1,) and (k,)
        Row starts, and the position of each neighbour, ascending within a row.
    index : Index, shape (n,)
        The areas' labels.
    """

    indptr: Positions
    indices: Positions
    index: pd.Index

    def __repr__(self) -> str:
        return f"Neighbours({len(self.index)} areas, {len(self.indices)} pairs, {int(self.islands.sum())} islands)"

    @property
    def counts(self) -> Positions:
        """Number of neighbours of each area, shape (n,)."""
        return np.diff(self.indptr)

    @property
    def islands(self) -> npt.NDArray[np.bool_]:
        """Areas without any neighbour, shape (n,)."""
        return np.asarray(self.counts == 0)

    def binary(self) -> csr_array:
        """The pairs as ones, shape (n, n)."""
        n = len(self.index)
        return csr_array((np.ones(len(self.indices)), self.indices, self.indptr), shape=(n, n))

    def restrict(self, labels: Any) -> Neighbours:
        """The neighbours among some of the areas, in the order given.

        Raises
        ------
        InputError
            If a label is unknown or repeated.
        """
        wanted = labels_of(labels, "labels")
        rows = self.index.get_indexer(wanted)
        if (rows < 0).any():
            raise InputError(f"neighbours lacks the areas {some(wanted[rows < 0])}; make it for all areas")
        return _neighbours(csr_array(self.binary()[rows][:, rows]), wanted)


def from_pairs(pairs: pd.DataFrame, *, index: Any) -> Neighbours:
    """Neighbours from a table of pairs; one direction is enough.

    Parameters
    ----------
    pairs : DataFrame, columns ``area``, ``neighbour``
    index : frame, Index or sequence of labels, shape (n,)
        All areas, those without neighbours too.

    Raises
    ------
    InputError
        If a column is absent, or a label unknown or repeated in ``index``.

    Examples
    --------
    >>> from_pairs(pd.DataFrame({"area": ["a"], "neighbour": ["b"]}), index=["a", "b", "c"])
    Neighbours(3 areas, 2 pairs, 1 islands)
    """
    labels = labels_of(index, "index")
    ends = []
    framed(pairs, "pairs", labelled=False)
    for column in ("area", "neighbour"):
        if column not in pairs.columns:
            raise InputError(f"pairs has no column {column!r}; it has {some(pairs.columns, 8) or 'none'}")
        positions = labels.get_indexer(pd.Index(pairs[column]))
        if (positions < 0).any():
            raise InputError(f"pairs[{column!r}] has areas that index lacks: {some(pairs[column][positions < 0])}")
        ends.append(positions)
    return _from_positions(ends[0], ends[1], labels)


def touching(areas: gpd.GeoDataFrame) -> Neighbours:
    """Areas that share a border or a corner (queen contiguity).

    Outlines that should meet but leave a gap are no neighbours: use outlines of one source.

    Parameters
    ----------
    areas : GeoDataFrame, shape (n,)
        Polygons; its index holds the labels.

    Raises
    ------
    InputError
        If a geometry or the reference system is missing, or a label repeated.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely.geometry import box
    >>> squares = gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1), box(1, 1, 2, 2), box(5, 5, 6, 6)], index=["a", "b", "c"])
    >>> touching(squares.set_crs("EPSG:4326"))
    Neighbours(3 areas, 2 pairs, 1 islands)
    """
    labels = labels_of(areas, "areas")
    if not hasattr(areas, "sindex"):
        raise InputError(f"areas must be a GeoDataFrame with outlines, not {type(areas).__name__}")
    if areas.crs is None:
        raise InputError(
            "areas has no reference system (CRS), so that nobody knows whether its outlines belong together; "
            "say which it is with areas.set_crs('EPSG:4326')"
        )
    missing = np.asarray(areas.geometry.isna() | areas.geometry.is_empty)
    if missing.any():
        raise InputError(f"areas has no outline at {some(labels[missing])}; leave those out")
    i, j = areas.geometry.sindex.query(areas.geometry, predicate="intersects")
    return _from_positions(i, j, labels)


def within_km(points: pd.DataFrame, *, km: float) -> Neighbours:
    """Places within a geodesic distance of each other, the boundary included.

    Parameters
    ----------
    points : DataFrame, shape (n,), columns ``lon``, ``lat`` (degrees, WGS84)
    km : float

    Raises
    ------
    InputError
        If a coordinate is missing or out of range, or ``km`` negative.

    Examples
    --------
    >>> points = pd.DataFrame({"lon": [100, 100, 104], "lat": [13, 13.1, 16]})
    >>> within_km(points, km=15)
    Neighbours(3 areas, 2 pairs, 1 islands)
    """
    coordinates(points, "points")
    travel = straight_line(points, points, max_km=number(km, "km"))
    return _from_positions(travel.rows, travel.indices, points.index)


def _from_positions(i: npt.NDArray[Any], j: npt.NDArray[Any], labels: pd.Index) -> Neighbours:
    """Both directions of each pair, without self and repetition."""
    apart = i != j
    i, j, n = i[apart], j[apart], len(labels)
    both = csr_array((np.ones(2 * len(i)), (np.concatenate([i, j]), np.concatenate([j, i]))), shape=(n, n))
    return _neighbours(both, labels)


def _neighbours(matrix: csr_array, labels: pd.Index) -> Neighbours:
    matrix.sum_duplicates()
    matrix.sort_indices()
    return Neighbours(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), labels)
