"""Travel along roads and water, from a table of edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from jitasa_analytics import geo
from jitasa_analytics.analysis.costs import Floats, Ints, Travel, Unit, as_minutes, positive_speed
from jitasa_analytics.analysis.inputs import coordinates, framed, labels_of, number, quantity, some
from jitasa_analytics.errors import InputError

SPEED_KMH = {"walk": 5.0, "motorcycle": 30.0, "car": 40.0, "boat": 20.0}
"""Door-to-door speeds by mode, km/h. Assumptions for planning, not measurements: state them
with the answer, and replace them by local ones where they are known."""

_CELLS_AT_ONCE = 10_000_000  # destinations x nodes per round; it bounds memory at 80 MB, not the answer
_CANDIDATES = 8  # nodes near by on the sphere, of which the nearest on the ellipsoid is taken


@dataclass(frozen=True, eq=False)
class OnNetwork:
    """Travel on a network, and how far from it the places lie.

    Attributes
    ----------
    travel : Travel, shape (n, m)
        The snap legs at both ends are part of each cost.
    origins, destinations : DataFrame, shapes (n,) and (m,), on their index
        ``node`` (the nearest one; missing where there is none), ``snap_km`` (geodesic to it;
        ``inf``: no node at all), ``snapped`` (bool: within the limit; a place that isn't reaches nothing).
    """

    travel: Travel
    origins: pd.DataFrame
    destinations: pd.DataFrame

    def __repr__(self) -> str:
        parts = []
        for name, table in (("origins", self.origins), ("destinations", self.destinations)):
            near = table.loc[table["snapped"], "snap_km"]
            far = f", farthest {near.max():.1f} km" if len(near) else ""
            parts.append(f"{len(near)} of {len(table)} {name} on it{far}")
        return f"OnNetwork({self.travel!r}; {'; '.join(parts)})"


def on_network(
    origins: pd.DataFrame,
    destinations: pd.DataFrame,
    nodes: pd.DataFrame,
    edges: pd.DataFrame,
    *,
    max_cost: float,
    max_snap_km: float = 2.0,
    speed_kmh: float | None = None,
    snap_speed_kmh: float = SPEED_KMH["walk"],
) -> OnNetwork:
    """The cheapest way along a network, from all origins to all destinations up to a cost.

    Each place is joined to its nearest node by a straight leg (geodesic). A cost is leg +
    way + leg; two places on one node cost their two legs. Costs are minutes where the edges
    have ``minutes``, or ``km`` with a ``mode`` or ``speed_kmh``; else kilometres.

    Parameters
    ----------
    origins, destinations : DataFrame, shapes (n,) and (m,), columns ``lon``, ``lat``
        Degrees, WGS84.
    nodes : DataFrame, shape (v,), columns ``lon``, ``lat``
        Its index holds the nodes' names.
    edges : DataFrame, columns ``from_node``, ``to_node``, and ``minutes`` or ``km``
        Both ways, save where an optional column ``one_way`` is True. An optional ``mode``
        (a key of `SPEED_KMH`) says how ``km`` are travelled: a ferry is a boat. Of several edges
        between two nodes the cheapest counts.
    max_cost : float
        The greatest cost that is kept, in the unit of the costs, boundary included.
    max_snap_km : float
        A place farther from every node is not joined: it reaches nothing, and says so.
    speed_kmh : float, optional
        For ``km`` without ``mode``.
    snap_speed_kmh : float
        Speed on the legs, where costs are minutes.

    Returns
    -------
    OnNetwork

    Raises
    ------
    InputError
        If a column is absent, an amount negative or missing, a node or mode unknown, or an
        option not above 0.

    References
    ----------
    Dijkstra (1959), Numerische Mathematik 1.

    Examples
    --------
    >>> nodes = pd.DataFrame({"lon": [100.0, 100.1, 100.2], "lat": 13.0}, index=["a", "b", "c"])
    >>> edges = pd.DataFrame({"from_node": ["a", "b"], "to_node": ["b", "c"], "km": 12.0})
    >>> home, clinic = nodes.loc[["a"]], nodes.loc[["b", "c"]]
    >>> on_network(home, clinic, nodes, edges, max_cost=60, speed_kmh=40).travel.dense().tolist()
    [[18.0, 36.0]]
    """
    limit, reach = number(max_cost, "max_cost"), number(max_snap_km, "max_snap_km")
    graph, unit = _graph(nodes, edges, speed_kmh)
    on, off = _snap(origins, "origins", nodes, reach), _snap(destinations, "destinations", nodes, reach)
    pace = positive_speed(snap_speed_kmh, "snap_speed_kmh")
    legs = [
        np.asarray(as_minutes(km, 1.0, pace) if unit == "minutes" else km, np.float64) for _, km in (on, off)
    ]
    rows, columns, costs = _ways(graph.T.tocsr(), on, off, legs, limit, reach)
    indptr = np.append(0, np.cumsum(np.bincount(rows, minlength=len(origins))))
    method = f"network of {len(nodes)} nodes and {len(edges)} edges, at most {limit:g} {unit}"
    travel = Travel(indptr, columns, costs, origins.index, destinations.index, unit, method, limit)
    return OnNetwork(travel, _report(origins, nodes, on, reach), _report(destinations, nodes, off, reach))


def _graph(nodes: pd.DataFrame, edges: pd.DataFrame, speed_kmh: float | None) -> tuple[csr_array, Unit]:
    """Costs of the edges as a sparse matrix, and their unit."""
    names = labels_of(framed(nodes, "nodes"), "nodes")
    framed(edges, "edges", labelled=False)
    ends = []
    for column in ("from_node", "to_node"):
        if column not in edges.columns:
            raise InputError(f"edges has no column {column!r}; it has {some(edges.columns, 8) or 'none'}")
        position = names.get_indexer(pd.Index(edges[column]))
        if (position < 0).any():
            unknown = some(edges[column][position < 0].unique())
            raise InputError(f"edges[{column!r}] has nodes that nodes lacks: {unknown}")
        ends.append(position)
    cost, unit = _costs(edges.reset_index(drop=True), speed_kmh)
    back = np.ones(len(edges), bool)
    if "one_way" in edges.columns:
        back = ~edges["one_way"].fillna(False).to_numpy(dtype=bool)
    start, end = np.concatenate([ends[0], ends[1][back]]), np.concatenate([ends[1], ends[0][back]])
    cost = np.concatenate([cost, cost[back]])
    # A sparse matrix adds repeated entries up; the cheapest edge must win.
    order = np.lexsort((cost, end, start))
    start, end, cost = start[order], end[order], cost[order]
    first = np.append(True, (np.diff(start) > 0) | (np.diff(end) > 0))[: len(start)]
    n = len(names)
    return csr_array((cost[first], (start[first], end[first])), shape=(n, n)), unit


def _costs(edges: pd.DataFrame, speed_kmh: float | None) -> tuple[Floats, Unit]:
    """Cost of each edge."""
    if "minutes" in edges.columns:
        return quantity(edges, "minutes", "edges"), "minutes"
    if "km" not in edges.columns:
        raise InputError(f"edges has neither 'minutes' nor 'km'; it has {some(edges.columns, 8)}")
    km = quantity(edges, "km", "edges")
    if "mode" in edges.columns:
        unknown = ~edges["mode"].isin(list(SPEED_KMH))
        if unknown.any():
            raise InputError(
                f"edges['mode'] holds {some(edges.loc[unknown, 'mode'].unique())}; it must be one of "
                f"{', '.join(SPEED_KMH)}, or give minutes"
            )
        return np.asarray(km * 60.0 / edges["mode"].map(SPEED_KMH).to_numpy(np.float64), np.float64), "minutes"
    if speed_kmh is None:
        return km, "km"
    return np.asarray(as_minutes(km, 1.0, positive_speed(speed_kmh)), np.float64), "minutes"


def _snap(places: pd.DataFrame, name: str, nodes: pd.DataFrame, reach: float) -> tuple[Ints, Floats]:
    """The nearest node of each place (-1: there is none) and the km to it."""
    lon, lat = coordinates(places, name)
    node_lon, node_lat = coordinates(nodes, "nodes")
    if not (len(lon) and len(node_lon)):
        return np.full(len(lon), -1), np.full(len(lon), np.inf)
    count = min(_CANDIDATES, len(node_lon))
    tree = cKDTree(geo.unit_sphere(node_lon, node_lat))
    near = np.asarray(tree.query(geo.unit_sphere(lon, lat), k=range(1, count + 1))[1], np.int64)
    row = np.repeat(np.arange(len(lon)), count)
    km = geo.geodesic_km(lon[row], lat[row], node_lon[near.ravel()], node_lat[near.ravel()]).reshape(near.shape)
    best = km.argmin(axis=1)
    here = np.arange(len(lon))
    return near[here, best], np.asarray(km[here, best], np.float64)


def _ways(
    backwards: csr_array, on: tuple[Ints, Floats], off: tuple[Ints, Floats], legs: list[Floats], limit: float,
    reach: float,
) -> tuple[Ints, Ints, Floats]:
    """All pairs within the limit, row by row: origin, destination, cost."""
    joined = [np.flatnonzero((node >= 0) & (km <= reach)) for node, km in (on, off)]
    start, first_leg = on[0][joined[0]], legs[0][joined[0]]
    found: list[tuple[Ints, Ints, Floats]] = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    step = max(_CELLS_AT_ONCE // max(backwards.shape[0], 1), 1)
    for begin in range(0, len(joined[1]) if len(start) else 0, step):
        part = joined[1][begin:begin + step]
        end, where = np.unique(off[0][part], return_inverse=True)
        # One search from each destination's node against the direction of the edges.
        way = dijkstra(backwards, indices=end, limit=limit)[:, start][where]
        cost = first_leg[None, :] + way + legs[1][part][:, None]
        column, row = np.nonzero(cost <= limit * (1 + 1e-12))
        found.append((joined[0][row], part[column], cost[column, row]))
    rows, columns, costs = (np.concatenate([f[k] for f in found]) for k in range(3))
    order = np.lexsort((columns, rows))
    return rows[order], columns[order], costs[order]


def _report(places: pd.DataFrame, nodes: pd.DataFrame, snap: tuple[Ints, Floats], reach: float) -> pd.DataFrame:
    """Where each place was joined to the network."""
    position, km = snap
    names = pd.Series(nodes.index)
    if pd.api.types.is_integer_dtype(names.dtype):
        names = names.astype("Int64")
    node = names.reindex(position)
    node.index = places.index
    return pd.DataFrame({"node": node, "snap_km": km, "snapped": km <= reach}, index=places.index)
