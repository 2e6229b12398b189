"""Who could help: volunteers for one request, and the best assignment of a whole queue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from jitasa_analytics.analysis import matching, travel
from jitasa_analytics.errors import InputError
from jitasa_analytics.geo import geodesic_km
from jitasa_analytics.store import Snapshot

# How many other volunteers are offered for a line of a plan.
_ALTERNATIVES = 6
_PRIORITY = {"low": 1, "normal": 2, "high": 4, "critical": 8}
# Transport needs one of these; other categories name nothing that a volunteer must have.
VEHICLES = frozenset({"car", "pickup", "van", "ambulance"})


@dataclass(frozen=True)
class Plan:
    """Who could help whom in a whole queue.

    Attributes
    ----------
    table : DataFrame, index ``request_id``
        Columns volunteer_id (missing: nobody), km, reason why nobody.
    total_km, bound_km : float
        Sum of the distances, and the proven least for as many requests.
    status : str
        optimal, or gap.
    others : dict
        For each request the nearest volunteers that could do it, (volunteer_id, km) each, whoever else needs them.
    kinds : dict
        The kind of each volunteer.
    version : int
        The store's version that the plan was made from.
    """

    table: pd.DataFrame
    total_km: float
    bound_km: float
    status: str
    version: int
    others: dict[str, list[tuple[str, float]]]
    kinds: dict[str, str]


def helpers(snapshot: Snapshot, day: str) -> pd.DataFrame:
    """Volunteers of the scope with a place, on ``volunteer_id``: skills, equipment, load and room left.

    Parameters
    ----------
    day : str
        Who is not available then is left out.
    """
    found = snapshot.sql(
        "SELECT volunteer_id, kind, skills, equipment, lon, lat, coalesce(capacity_per_day, 1.0) AS per_day "
        "FROM volunteers WHERE lon IS NOT NULL AND coalesce(available_to >= CAST($day AS DATE), true) "
        "AND coalesce(available_from <= CAST($day AS DATE), true) ORDER BY volunteer_id",
        day=day).set_index("volunteer_id")
    load = snapshot.query("request_loads").set_index("volunteer_id")["load"]
    found["load"] = load.reindex(found.index).fillna(0).astype(int)
    found["capacity"] = (found["per_day"] - found["load"]).clip(lower=0)
    for name in ("skills", "equipment"):
        found[name] = [[w for w in (t.split(";") if isinstance(t, str) else []) if w] for t in found[name]]
    return found.drop(columns="per_day")


def suggested(snapshot: Snapshot, request_id: str, day: str, *, limit: int = 5) -> pd.DataFrame | None:
    """The nearest volunteers that have room and what the request needs; None where there is no such request.

    Raises
    ------
    InputError
        If the request has no point on the map, so that nobody is nearest.
    """
    place = snapshot.sql("SELECT lon, lat FROM requests WHERE request_id = $id", id=request_id)
    if not len(place):
        return None
    if place["lon"].isna().iloc[0]:
        raise InputError(f"the request {request_id} has no point on the map, so no volunteer is nearest; name a "
                         "volunteer yourself", key="service.requests.no_point", value=request_id)
    found = helpers(snapshot, day)
    if request_id in _moved(snapshot):
        found = found[[bool(VEHICLES & set(e)) for e in found["equipment"]]]
    found = found[found["capacity"] > 0]
    km = geodesic_km(np.full(len(found), place["lon"].iloc[0]), np.full(len(found), place["lat"].iloc[0]),
                     found["lon"], found["lat"])
    near = found.assign(km=np.round(km, 2)).sort_values(["km", "load"]).head(limit).reset_index()
    return near[["volunteer_id", "kind", "km", "load", "capacity", "skills", "equipment", "lon", "lat"]]


def plan(snapshot: Snapshot, day: str, *, within_km: float) -> Plan:
    """The best assignment of all waiting requests of the scope.

    As much urgency as possible is served, then the kilometres in all (straight line) are the least.
    """
    queue = snapshot.sql("SELECT request_id, lon, lat, urgency FROM requests WHERE status IN ('new', 'confirmed') "
                         "AND lon IS NOT NULL ORDER BY request_id").set_index("request_id")
    moved, able = _moved(snapshot), helpers(snapshot, day)
    queue["priority"] = queue["urgency"].map(_PRIORITY).fillna(1).astype(int)
    queue["needs_equipment"] = [["vehicle"] if i in moved else [] for i in queue.index]
    # Any vehicle will do: they become one word.
    able["equipment"] = [["vehicle"] if VEHICLES & set(e) else [] for e in able["equipment"]]
    reach = travel.straight_line(queue, able, max_km=within_km)
    found = matching.match(queue, able, reach)
    table = found.table.rename(columns={"helper": "volunteer_id", "cost": "km"})
    table["urgency"] = queue["urgency"]
    return Plan(table, found.total, found.bound, found.status, snapshot.version, _others(queue, able, reach),
                {str(v): str(k) for v, k in able["kind"].items()})


def _others(queue: pd.DataFrame, able: pd.DataFrame, reach: travel.Travel) -> dict[str, list[tuple[str, float]]]:
    """The nearest volunteers with room, and with a vehicle where one is needed, for each request."""
    room = able["capacity"].to_numpy() >= 1
    drives = np.array([bool(e) for e in able["equipment"]], dtype=bool)
    names = able.index.to_numpy()
    found = {}
    for i, (request_id, needs) in enumerate(zip(queue.index, queue["needs_equipment"], strict=True)):
        part = slice(reach.indptr[i], reach.indptr[i + 1])
        j, km = reach.indices[part], reach.costs[part]
        fits = room[j] & (drives[j] if needs else True)
        near = np.argsort(km[fits], kind="stable")[:_ALTERNATIVES]
        found[str(request_id)] = [(str(names[j[fits][k]]), round(float(km[fits][k]), 2)) for k in near]
    return found


def _moved(snapshot: Snapshot) -> set[str]:
    """Requests that ask for transport."""
    return set(snapshot.sql("SELECT DISTINCT request_id FROM request_items WHERE category = 'transport'")["request_id"])
