"""Where high or low values gather, and how sure one may be among so many areas."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.special import ndtr

from jitasa_analytics.analysis.inputs import (
    Floats,
    coordinates,
    labels_of,
    number,
    numbers,
    quantity,
    same_labels,
    some,
)
from jitasa_analytics.analysis.neighbours import Neighbours, from_pairs, touching, within_km
from jitasa_analytics.analysis.travel import Travel, straight_line
from jitasa_analytics.errors import InputError

__all__ = ["Neighbours", "clusters", "false_discovery", "from_pairs", "gi_star", "local_moran", "touching", "within_km"]

_MOST_AT_ONCE = 20_000_000  # drawn positions; it bounds memory at 160 MB


def gi_star(values: pd.Series, neighbours: Neighbours, *, permutations: int = 999, seed: int = 0) -> pd.DataFrame:
    """Hot and cold spots: Getis-Ord Gi*, with binary weights and the area itself included.

    ``z_i = (Σ_j w_ij x_j - x̄ W_i) / (s √((n W_i - W_i²) / (n - 1)))`` with w = 1 for the area
    and its neighbours, W_i their number, s² = Σ x² / n - x̄². PySAL's default averages the
    neighbours first and then understates a hot spot of nine areas about three times; its
    ``transform="B", star=True`` is what is computed here.

    Parameters
    ----------
    values : Series, shape (n,)
        A rate, or requests per 1,000 people: with counts, populous areas are hot spots.
        Missing where an area has no data.
    neighbours : Neighbours, shape (n,)
        The same labels, in any order; see `touching` and `within_km`.
    permutations : int
        Conditional permutations: the area keeps its value, the others are dealt anew. The
        smallest p is 2 / (permutations + 1); to find single areas after `false_discovery`
        among n of them, take at least 40 n.
    seed : int

    Returns
    -------
    DataFrame, shape (n,), on ``values.index``
        ``z``; ``p_normal`` (two-sided, normal approximation); ``p`` (two-sided, permutations);
        ``q`` (``p`` after `false_discovery`); ``island`` (no neighbour with data: nothing to
        gather with, so z, p and q are NaN); ``no_data`` (NaN too). Where all values are equal
        z is 0 and p is 1.

    Raises
    ------
    InputError
        If a value is infinite, labels differ, or ``permutations`` is below 1.

    References
    ----------
    Ord & Getis (1995), Local spatial autocorrelation statistics, Geographical Analysis 27(4).

    Examples
    --------
    >>> pairs = pd.DataFrame({"area": ["a", "b", "c"], "neighbour": ["b", "c", "d"]})
    >>> values = pd.Series([9, 8, 1, 0, 5], index=["a", "b", "c", "d", "alone"])
    >>> gi_star(values, from_pairs(pairs, index=values.index))["z"].round(2).tolist()
    [1.76, 0.95, -1.09, -1.85, nan]
    """
    x, known, near = _with_data(values, neighbours)
    n, result = int(known.sum()), _empty(values.index, ["z", "p_normal", "p", "q"])
    result["island"], result["no_data"] = False, ~known
    if n:
        mean, spread = x.mean(), x.std()
        members = near.counts + 1.0
        scale = spread * np.sqrt(np.maximum(n * members - members**2, 0.0) / max(n - 1, 1))
        above = near.binary() @ x + x - mean * members
        z = np.divide(above, scale, out=np.zeros(n), where=scale > 1e-12 * max(float(np.abs(x).max()), 1e-300))
        _fill(result, known, near.islands, z, _two_sided(x, near, permutations, seed))
    return result[["z", "p_normal", "p", "q", "island", "no_data"]]


def local_moran(values: pd.Series, neighbours: Neighbours, *, permutations: int = 999, seed: int = 0) -> pd.DataFrame:
    """Local Moran: areas like their neighbours, and areas that stand out from them.

    ``I_i = (n - 1) z_i l_i / Σ z²`` with z = x - x̄ and l_i the mean of z over the neighbours
    (row-standardised; factor n - 1 as in PySAL and GeoDa, where Anselin has n).

    Parameters
    ----------
    values, neighbours, permutations, seed
        As in `gi_star`.

    Returns
    -------
    DataFrame, shape (n,), on ``values.index``
        ``i``; ``quadrant`` (``high-high``, ``low-low``, ``high-low``: high among low,
        ``low-high``; the mean itself counts as low; missing where there is no ``i``);
        ``p``, ``q``, ``island``, ``no_data`` as in `gi_star`.

    Raises
    ------
    InputError
        As in `gi_star`.

    References
    ----------
    Anselin (1995), Local indicators of spatial association, Geographical Analysis 27(2).

    Examples
    --------
    >>> pairs = pd.DataFrame({"area": ["a", "b", "c"], "neighbour": ["b", "c", "d"]})
    >>> values = pd.Series([9, 8, 1, 0], index=["a", "b", "c", "d"])
    >>> local_moran(values, from_pairs(pairs, index=values.index))[["i", "quadrant"]].round(3)
           i   quadrant
    a  0.727  high-high
    b  0.081  high-high
    c  0.081    low-low
    d  0.727    low-low
    """
    x, known, near = _with_data(values, neighbours)
    n, result = int(known.sum()), _empty(values.index, ["i", "p", "q"])
    quadrant = np.full(len(values), None, object)
    result["island"], result["no_data"] = False, ~known
    if n:
        z = x - x.mean()
        lag = np.divide(near.binary() @ z, near.counts, out=np.zeros(n), where=near.counts > 0)
        total = float(z @ z)
        flat = x.max() == x.min()
        i = np.zeros(n) if flat else (n - 1) * z * lag / total
        _fill(result, known, near.islands, i, _two_sided(x, near, permutations, seed), name="i")
        words = np.where(z > 0, "high-", "low-").astype(object) + np.where(lag > 0, "high", "low").astype(object)
        quadrant[np.flatnonzero(known)[~near.islands]] = words[~near.islands]
    result["quadrant"] = pd.Series(quadrant, index=values.index, dtype="str")
    return result[["i", "quadrant", "p", "q", "island", "no_data"]]


def false_discovery(p: pd.Series) -> pd.Series:
    """The share of false alarms to expect if this area and all with a smaller p are called.

    With thousands of areas some p are small by chance. Those with q ≤ 0.05 hold 5 % false
    alarms on average: ``q_(i) = min over k ≥ i of (n p_(k) / k)``.

    Parameters
    ----------
    p : Series, shape (n,)
        p-values; missing ones take no part.

    Returns
    -------
    Series of float, shape (n,), on ``p.index``
        NaN where p is missing.

    Raises
    ------
    InputError
        If a p lies outside [0, 1].

    References
    ----------
    Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57(1). They show it
    for independent and positively dependent tests, which overlapping neighbourhoods are.

    Examples
    --------
    >>> false_discovery(pd.Series([0.01, 0.04, 0.03, float("nan")])).round(3).tolist()
    [0.03, 0.04, 0.04, nan]
    """
    values = numbers(p, "p")
    wrong = (values < 0) | (values > 1)
    if wrong.any():
        raise InputError(
            f"p lies outside [0, 1] at {some(p.index[wrong])} ({values[wrong][0]:g}); it must be a probability"
        )
    result = np.full(len(values), np.nan)
    used = np.flatnonzero(~np.isnan(values))
    order = used[np.argsort(values[used], kind="stable")]
    raw = values[order] * len(order) / np.arange(1, len(order) + 1)
    result[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1.0)
    return pd.Series(result, index=p.index, name="q")


def clusters(points: pd.DataFrame, *, km: float, at_least: float, weight: str | None = None) -> pd.DataFrame:
    """Groups of points that lie densely together (DBSCAN).

    A point with at least ``at_least`` points within ``km``, itself counted, is a core; cores
    within ``km`` of each other are one cluster; other points within ``km`` of a core belong to
    the nearest core's cluster. The original, and scikit-learn, give such a border point to the
    cluster found first; the nearest doesn't depend on the order of rows.

    Parameters
    ----------
    points : DataFrame, shape (n,), columns ``lon``, ``lat`` (degrees, WGS84)
    km : float
        Geodesic distance, the boundary included.
    at_least : float
        Points, or sum of ``weight``, within ``km`` that make a core.
    weight : str, optional
        A column to count instead of points, for instance ``people``.

    Returns
    -------
    DataFrame, shape (n,), on ``points.index``
        ``cluster`` (1: the one with the most points or weight, of equals the one whose row comes
        first; missing: in none), ``core`` (bool).

    Raises
    ------
    InputError
        If a coordinate or weight is missing or out of range, or an option negative.

    References
    ----------
    Ester, Kriegel, Sander & Xu (1996), A density-based algorithm for discovering clusters in
    large spatial databases with noise, KDD-96.

    Examples
    --------
    >>> points = pd.DataFrame({"lon": [100, 100.01, 100.02, 104], "lat": [13, 13, 13, 16]})
    >>> clusters(points, km=2, at_least=3)["cluster"].tolist()
    [1, 1, 1, <NA>]
    """
    enough = number(at_least, "at_least")
    coordinates(points, "points")
    near = straight_line(points, points, max_km=number(km, "km"))
    counted = np.ones(len(points)) if weight is None else quantity(points, weight, "points")
    core = np.asarray(near.weighted(np.ones_like) @ counted >= enough)
    nearest = _nearest_core(near, core)
    links = core[near.rows] & core[near.indices]
    joined = csr_array((np.ones(int(links.sum())), (near.rows[links], near.indices[links])), shape=near.shape)
    group = connected_components(joined, directed=False)[1] if len(points) else np.zeros(0, np.int64)
    inside = nearest >= 0
    label = np.where(inside, group[nearest], -1) if len(points) else group
    size = pd.Series(counted[inside]).groupby(label[inside]).sum().sort_values(ascending=False, kind="stable")
    rank = pd.Series(np.arange(1, len(size) + 1), index=size.index, dtype="Int64")
    cluster = pd.Series(label).map(rank).astype("Int64")
    cluster.index = points.index
    return pd.DataFrame({"cluster": cluster, "core": core}, index=points.index)


def _nearest_core(near: Travel, core: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Position of the nearest core within reach, -1 where there is none."""
    result = np.full(len(core), -1)
    usable = core[near.indices]
    rows, columns, km = near.rows[usable], near.indices[usable], near.costs[usable]
    order = np.lexsort((columns, km, rows))
    first = np.unique(rows[order], return_index=True)
    result[first[0]] = columns[order][first[1]]
    return result


def _with_data(values: pd.Series, neighbours: Neighbours) -> tuple[Floats, npt.NDArray[np.bool_], Neighbours]:
    """Known values, where they are, and the neighbours among them."""
    x = numbers(values, "values")
    labels_of(values, "values")
    if np.isinf(x).any():
        raise InputError(f"values is infinite at {some(values.index[np.isinf(x)])}; mark no data as missing")
    if not isinstance(neighbours, Neighbours):
        raise InputError(
            f"neighbours must be Neighbours, not {type(neighbours).__name__}; make them with touching(...), "
            "within_km(...) or from_pairs(...)"
        )
    same_labels(values.index, neighbours.index, "values", "neighbours")
    known = ~np.isnan(x)
    return x[known], known, neighbours.restrict(values.index[known])


def _two_sided(x: Floats, near: Neighbours, permutations: int, seed: int) -> Floats:
    """Pseudo p-values of the neighbourhoods' sums, twice the smaller tail, shape (n,)."""
    rounds = int(number(permutations, "permutations", minimum=1))
    n, most = len(x), int(near.counts.max(initial=0))
    above, below = np.zeros(n, np.int64), np.zeros(n, np.int64)
    if most:
        from jitasa_analytics.analysis import hotspot_kernel as kernel  # compiled: loaded when it is needed

        rng = np.random.default_rng(seed)
        slack = 1e-12 * float(np.abs(x).sum())
        step = max(_MOST_AT_ONCE // most, 1)
        for start in range(0, rounds, step):
            size = min(step, rounds - start)
            draws = np.stack([rng.choice(n - 1, most, replace=False) for _ in range(size)])
            more, less = kernel.tails(x, near.indptr, near.indices, draws, slack)
            above += more
            below += less
    return np.asarray(np.minimum(2.0 * (np.minimum(above, below) + 1.0) / (rounds + 1.0), 1.0), np.float64)


def _empty(index: pd.Index, columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(np.nan, index=index, columns=columns)


def _fill(
    result: pd.DataFrame, known: npt.NDArray[np.bool_], islands: npt.NDArray[np.bool_], statistic: Floats, p: Floats,
    name: str = "z",
) -> None:
    """Statistic and p-values of the areas that have neighbours; islands are flagged."""
    places = np.flatnonzero(known)
    columns = {name: statistic, "p": p}
    if name == "z":
        columns["p_normal"] = np.asarray(2.0 * ndtr(-np.abs(statistic)), np.float64)
    for column, found in columns.items():
        full = np.full(len(known), np.nan)
        full[places[~islands]] = found[~islands]
        result[column] = full
    island = np.zeros(len(known), bool)
    island[places[islands]] = True
    result["island"] = island
    result["q"] = false_discovery(result["p"])
