"""Who lives beyond reach of a service, and where most of them are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import param

from jitasa_analytics import areas
from jitasa_analytics.analysis import coverage, hotspots
from jitasa_analytics.analysis.travel import DETOUR, SPEED_KMH, Travel
from jitasa_analytics.contracts import FACILITY_KINDS
from jitasa_analytics.errors import NoDataError
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import frames, reach
from jitasa_analytics.studies.answer import Answer, Figure, Note
from jitasa_analytics.studies.base import Study

# Points of the coverage curve for each limit's length.
_STEPS = 10


class CoverageGaps(Study):
    """People beyond N minutes or kilometres of a facility, by area, the largest gaps first.

    The cost from a place to a facility is the geodesic times ``detour``, at the speed of
    ``mode``. People are those of the places in the scope; facilities across its border count.
    """

    slug = "coverage_gaps"
    needs = ("places", "facilities")
    splits = "halo"
    ranked_by = "people_out_of_reach"
    row_tables = ("places",)

    service: Any = param.Selector(default="vaccination_point", objects=list(FACILITY_KINDS),
                                  doc="Kind of facility, or a service that a facility of another kind gives.")
    minutes = param.Number(default=30, bounds=(1, 600), doc="Longest way that is still in reach, minutes.")
    km = param.Number(default=None, bounds=(0.1, 1000), allow_None=True,
                      doc="Longest way by road, km; where it is given it takes the place of minutes.")
    mode: Any = param.Selector(default="car", objects=list(SPEED_KMH), doc="How people travel; sets the speed.")
    detour = param.Number(default=DETOUR, bounds=(1, 3), doc="Length of the road over the straight line.")
    days = param.Integer(default=None, bounds=(1, 3650), allow_None=True,
                         doc="Within so many days everybody shall be served once, so that capacity counts; capacity "
                             "is left aside where left out; days.")
    cluster_km = param.Number(default=10, bounds=(0.1, 200),
                              doc="Places out of reach that lie no farther apart are one gap, km.")
    level: Any = param.Selector(default="auto", objects=["auto", *frames.LEVELS],
                                doc="Level of the areas: auto is province for the country, else tambon.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: people, people_out_of_reach (persons), share_out_of_reach,
            people_no_data (persons of whom nothing is known), facilities, rank; with ``days`` also
            people_served and people_over_capacity (in reach, but beyond what can be served). ``tables``:
            ``curve``, ``places`` and ``gaps`` (places out of reach that lie together, most people first).

        Raises
        ------
        NoDataError
            If the scope has no places with people, or the store no facility of the kind.
        """
        demand, notes = reach.people_at_places(snapshot)
        sites = reach.facilities(snapshot, self.service)
        if not len(sites):
            raise NoDataError(
                f"the store holds no facility of kind {self.service}; import them with "
                "'jitasa import facilities FILE --store DIR' or choose another service",
                key="error.no_facility", service=frames.called("facility", self.service))
        limit = reach.Limit(self.minutes, self.km, self.mode, self.detour)
        opened = sites[sites["is_open"]]
        # Only capacity asks for more than the nearest facility.
        travel = limit.travel(demand, opened, factor=reach.BEYOND, nearest_only=self.days is None)
        absent = reach.provinces_without(snapshot, demand, sites)
        places = _places(demand, opened, travel, limit.within, absent)
        notes += self._full(places, demand, opened, travel, limit)
        level = frames.choose_level(snapshot, self.level, frames.places_level(snapshot.scope))
        frame, more = _frame(snapshot, level, places, opened, absent)
        notes = [limit.note(), *notes, *reach.note_on_provinces(absent, self.service), *more]
        return self.answer(
            snapshot, frame, measure="share_out_of_reach", unit="share", figures=_figures(places, frame),
            notes=tuple(notes), uses=("areas", "population"),
            tables={"curve": _curve(places, travel, limit), "places": places.drop(columns="known"),
                    "gaps": _together(places, self.cluster_km)})

    def _full(self, places: pd.DataFrame, demand: pd.DataFrame, opened: pd.DataFrame, travel: Travel,
              limit: reach.Limit) -> list[Note]:
        """Put the people served within ``days`` into the places, and say what that rests on."""
        if self.days is None:
            return []
        capacity = opened["capacity_per_day"].to_numpy(float, na_value=np.nan) * self.days
        unknown = np.isnan(capacity)
        used = np.unique(travel.indices[travel.costs <= limit.within * (1 + 1e-9)])
        # A facility without a number could be empty or endless: endless never calls anybody unserved wrongly.
        supply = pd.DataFrame({"capacity": np.where(unknown, np.inf, capacity)}, index=opened.index)
        places["served"] = coverage.within_capacity(demand, supply, travel, within=limit.within)
        notes = [Note("study.coverage_gaps.note.capacity", {"days": self.days})]
        if unknown[used].any():
            notes.append(Note("study.coverage_gaps.note.no_capacity", {
                "count": int(unknown[used].sum()), "of": len(used)}))
        return notes


def _places(demand: pd.DataFrame, opened: pd.DataFrame, travel: Travel, within: float,
            absent: list[str]) -> pd.DataFrame:
    """Each place with its nearest facility and whether that is in reach; ``known`` says that no data is missing."""
    nearest = travel.nearest()
    table = demand[["name", "area_code", "lon", "lat", "people"]].copy()
    table["facility_id"] = nearest["destination"].astype("str").where(nearest["destination"].notna())
    table["facility"] = table["facility_id"].map(opened["name"])
    table[travel.unit] = nearest["cost"]
    table["in_reach"] = coverage.served(demand, travel, within=within)
    table["known"] = reach.known(demand, table["in_reach"], absent)
    return table


def _frame(snapshot: Snapshot, level: str, places: pd.DataFrame, opened: pd.DataFrame,
           absent: list[str]) -> tuple[pd.DataFrame, list[Note]]:
    """The answer's frame by area, largest gap first, and what to say about its areas."""
    code = frames.codes_at(places["area_code"], level, snapshot.scope)
    people = places["people"]
    columns = {
        "people": people,
        "people_out_of_reach": people.where(~places["in_reach"] & places["known"], 0),
        "people_no_data": people.where(~places["known"], 0),
    }
    if "served" in places:
        columns["people_served"] = places["served"]
        columns["people_over_capacity"] = (people - places["served"]).where(places["in_reach"], 0)
    sums = pd.DataFrame(columns).groupby(code).sum()
    shapes = frames.outlines(snapshot, level, also=sums.index)
    sums = frames.spread(sums, shapes.index)
    blank = sums["people_no_data"] > 0
    sums["people_out_of_reach"] = sums["people_out_of_reach"].mask(blank)
    share = sums["people_out_of_reach"] / sums["people"].where(sums["people"] > 0)
    sums["share_out_of_reach"] = share.to_numpy(float, na_value=np.nan)
    inside = opened["area_code"].dropna()
    here = frames.codes_at(inside[snapshot.holds(inside)], level, snapshot.scope)
    count = here.value_counts().reindex(shapes.index).fillna(0).astype("Int64")
    sums["facilities"] = count.mask(shapes.index.str[:2].isin(absent) & (count == 0))
    sums["rank"] = sums["people_out_of_reach"].rank(method="min", ascending=False).astype("Int64")
    notes = frames.notes_on_outlines(shapes, level)
    coarse = int((here.str.len() < areas.digits(level)).sum())
    if coarse:
        notes.append(Note("note.facilities_nowhere", {"count": coarse}))
    empty = shapes.index[sums["people"].isna()]
    if len(empty):
        notes.append(Note("note.no_places", {"areas": len(empty), "names": frames.some_areas(empty)}))
    frame = frames.assemble(shapes, sums)
    return frame.sort_values("rank", kind="stable", na_position="last"), notes


def _figures(places: pd.DataFrame, frame: pd.DataFrame) -> dict[str, Figure]:
    people = int(places["people"].sum())
    unknown = int(places.loc[~places["known"], "people"].sum())
    beyond = int(places.loc[places["known"] & ~places["in_reach"], "people"].sum())
    nothing = people == unknown
    figures = {
        "people": Figure(people, "persons"),
        "people_out_of_reach": Figure(float("nan") if nothing else beyond, "persons", adds=True),
        "share_out_of_reach": Figure(float("nan") if nothing else beyond / (people - unknown), "share",
                                     weight=people - unknown),
        "gap_areas": Figure(int((frame["people_out_of_reach"] > 0).sum()), "areas", adds=True),
        "facilities": Figure(int(frame["facilities"].sum()), "sites"),
    }
    if "served" in places:
        over = int((places["people"] - places["served"])[places["in_reach"]].sum())
        figures["people_served"] = Figure(int(places["served"].sum()), "persons")
        figures["people_over_capacity"] = Figure(over, "persons")
    if unknown:
        figures["people_no_data"] = Figure(unknown, "persons", adds=True)
    figures["facilities_nearest"] = Figure(int(places["facility_id"].where(places["in_reach"]).nunique()), "sites")
    return figures


def _curve(places: pd.DataFrame, travel: Travel, limit: reach.Limit) -> pd.DataFrame:
    """Share of the people with a facility within each cost; people of whom nothing is known are left out."""
    known = places[places["known"]]
    costs = limit.within * np.arange(int(_STEPS * reach.BEYOND) + 1) / _STEPS
    share = coverage.curve(known, travel.restrict(origins=known.index), costs)
    people = known["people"].sum()
    return pd.DataFrame({limit.unit: share.index, "share_covered": share.to_numpy(),
                         "people_covered": np.rint(share.to_numpy() * people) if people else 0})


def _together(places: pd.DataFrame, km: float) -> pd.DataFrame:
    """Places out of reach that lie together, most people first: where one unit would reach many of them."""
    columns = ["gap", "name", "area_code", "places", "people", "lon", "lat"]
    beyond = places[places["known"] & ~places["in_reach"] & (places["people"] > 0)]
    if not len(beyond):
        return pd.DataFrame(columns=columns)
    beyond = beyond.assign(gap=hotspots.clusters(beyond, km=km, at_least=1, weight="people")["cluster"])
    beyond["lon_people"], beyond["lat_people"] = beyond["lon"] * beyond["people"], beyond["lat"] * beyond["people"]
    group = beyond.groupby("gap", sort=True)
    sums = group[["people", "lon_people", "lat_people"]].sum()
    largest = beyond.sort_values("people", ascending=False, kind="stable").drop_duplicates("gap").set_index("gap")
    table = pd.DataFrame({
        "name": largest["name"], "area_code": largest["area_code"], "places": group.size(), "people": sums["people"],
        "lon": sums["lon_people"] / sums["people"], "lat": sums["lat_people"] / sums["people"],
    }, index=sums.index)
    return table.reset_index()[columns]
