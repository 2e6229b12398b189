"""How much service there is for each person, given who competes for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import param

from jitasa_analytics import areas
from jitasa_analytics.analysis import access as measures
from jitasa_analytics.analysis import decay as decays
from jitasa_analytics.analysis.decay import Decay
from jitasa_analytics.analysis.travel import DETOUR, SPEED_KMH, Travel
from jitasa_analytics.contracts import FACILITY_KINDS
from jitasa_analytics.errors import NoDataError
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import frames, reach
from jitasa_analytics.studies.answer import Answer, Figure, Note, Term
from jitasa_analytics.studies.base import Study

METHODS = ("e2sfca", "2sfca", "3sfca", "raam")
DECAYS = ("zones", "step", "gaussian", "exponential")
CAPACITIES = ("auto", "capacity_per_day", "beds_total", "beds_free", "staff", "one_each")
# An exponential decay weighs this much at the limit.
_AT_LIMIT = 0.05
_PER = 1000.0


class Access(Study):
    """Capacity within reach for each 1,000 people, shared with all who reach it too, by area.

    2SFCA (Luo & Wang 2003), E2SFCA (Luo & Qi 2009) with a choice of decay, 3SFCA (Wan et al. 2012), or RAAM
    (Saxon & Snow 2020), where people avoid crowds. An area has the mean of its people. SPAR compares it with the
    mean person of the scope. People and facilities beyond the border take part as far as they compete.
    """

    slug = "access"
    needs = ("places", "facilities")
    splits = "halo"
    scope_columns = ("spar",)
    row_tables = ("places",)

    service: Any = param.Selector(default="vaccination_point", objects=list(FACILITY_KINDS),
                                  doc="Kind of facility, or a service that a facility of another kind gives.")
    method: Any = param.Selector(default="e2sfca", objects=list(METHODS), doc="How supply is shared out.")
    decay: Any = param.Selector(default="zones", objects=list(DECAYS),
                                doc="Weight by minutes; not for 2SFCA (all or nothing) and RAAM (costs).")
    minutes = param.Number(default=30, bounds=(1, 600), doc="Longest way that is still in reach, minutes.")
    mode: Any = param.Selector(default="car", objects=list(SPEED_KMH), doc="How people travel; sets the speed.")
    detour = param.Number(default=DETOUR, bounds=(1, 3), doc="Length of the road over the straight line.")
    capacity: Any = param.Selector(
        default="auto", objects=list(CAPACITIES),
        doc="What is shared: persons a day, beds, free beds, staff, or each facility as one; auto takes the "
            "first of persons a day and beds that the data hold, else each as one.")
    level: Any = param.Selector(default="auto", objects=["auto", *frames.LEVELS],
                                doc="Level of the areas: auto is province for the country, else tambon.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: people, access (capacity per 1,000 people; for RAAM ``crowding``, a cost of which
            little is good), spar (1: the mean person of the scope), people_without (nothing in reach),
            share_without, people_no_data (persons), facilities. ``tables``: ``places``, ``existing``.

        Raises
        ------
        NoDataError
            If the scope has no places with people, or no open facility has the capacity asked for.
        """
        demand, notes = reach.people_at_places(snapshot)
        limit = reach.Limit(self.minutes, None, self.mode, self.detour)
        sites = reach.facilities(snapshot, self.service)
        supply, more = self._supply(snapshot, sites, demand, limit)
        everybody, supply, travel = competitors(snapshot, demand, supply, limit)
        absent = reach.provinces_without(snapshot, demand, supply)
        value = self._measure(everybody, supply, travel).reindex(demand.index)
        places = self._places(demand, value, absent)
        level = frames.choose_level(snapshot, self.level, frames.places_level(snapshot.scope))
        frame, shapes = self._frame(snapshot, level, places, supply)
        notes = [limit.note(), self._method_note(), *notes, *more, *reach.note_on_provinces(absent, self.service),
                 *frames.notes_on_outlines(shapes, level)]
        outside = int((~everybody.index.isin(demand.index)).sum())
        if outside:
            notes.append(Note("study.access.note.competitors", {"places": outside}))
        name = self.measure
        return self.answer(
            snapshot, frames.assemble(shapes, frame), measure=name, unit="cost" if name == "crowding" else "per_1000",
            figures=self._figures(places, frame, name), notes=tuple(notes), uses=("areas", "population"),
            tables={"places": places.drop(columns="known"), "existing": _sites(supply, travel, snapshot.scope)})

    @property
    def measure(self) -> str:
        """The column that is shown: RAAM gives a cost, of which little is good."""
        return "crowding" if self.method == "raam" else "access"

    def _decay(self) -> Decay:
        if self.method == "2sfca" or self.decay == "step":
            return decays.step(self.minutes)
        if self.decay == "gaussian":
            return decays.gaussian(self.minutes)
        if self.decay == "exponential":
            return decays.exponential(-np.log(_AT_LIMIT) / self.minutes, self.minutes)
        return decays.zones([self.minutes / 3, self.minutes * 2 / 3, self.minutes])

    def _supply(self, snapshot: Snapshot, sites: pd.DataFrame, demand: pd.DataFrame,
                limit: reach.Limit) -> tuple[pd.DataFrame, list[Note]]:
        """Open facilities with a known capacity, in the column ``capacity``, and what must be said of it."""
        opened = sites[sites["is_open"]].copy()
        near = opened.loc[np.unique(opened.index[limit.travel(demand, opened).indices])]
        kind = self.capacity
        if kind == "auto":
            kind = next((c for c in ("capacity_per_day", "beds_total") if near[c].notna().any()), "one_each")
        opened["capacity"] = 1.0 if kind == "one_each" else opened[kind].to_numpy(float, na_value=np.nan)
        known = opened[opened["capacity"].notna()]
        if not len(known):
            raise NoDataError(
                f"no open facility of kind {self.service} has a number in {kind}; import it with the facilities, or "
                "take capacity=one_each, which counts each facility as one",
                key="error.no_capacity", service=frames.called("facility", self.service),
                capacity=frames.called("capacity", kind))
        notes = [Note("study.access.note.capacity", {"capacity": Term("capacity", kind)})]
        blank = 0 if kind == "one_each" else int(near[kind].isna().sum())
        if blank:
            notes.append(Note("study.access.note.no_capacity", {"count": blank, "of": len(near)}))
        return known, notes

    def _measure(self, demand: pd.DataFrame, supply: pd.DataFrame, travel: Travel) -> pd.Series:
        """Access of each place, per person; the cost of the best choice for RAAM."""
        if self.method == "raam":
            return measures.raam(demand, supply, travel, tau=self.minutes)
        way = measures.three_step if self.method == "3sfca" else measures.two_step
        return way(demand, supply, travel, decay=self._decay())

    def _places(self, demand: pd.DataFrame, value: pd.Series, absent: list[str]) -> pd.DataFrame:
        table = demand[["name", "area_code", "lon", "lat", "people"]].copy()
        raam = self.method == "raam"
        table[self.measure] = value if raam else value * _PER
        served = np.isfinite(value) if raam else value > 0
        table["in_reach"] = served
        table["known"] = reach.known(demand, table["in_reach"], absent)
        table.loc[~table["known"], self.measure] = np.nan
        return table

    def _frame(self, snapshot: Snapshot, level: str, places: pd.DataFrame,
               supply: pd.DataFrame) -> tuple[pd.DataFrame, Any]:
        code = frames.codes_at(places["area_code"], level, snapshot.scope)
        people, name = places["people"].astype(float), self.measure
        counted = people.where(places["known"] & np.isfinite(places[name].fillna(np.inf)), 0.0)
        sums = pd.DataFrame({
            "people": places["people"],
            "weight": counted,
            "total": counted * places[name].where(counted > 0, 0.0),
            "people_without": places["people"].where(places["known"] & ~places["in_reach"], 0),
            "people_no_data": places["people"].where(~places["known"], 0),
        }).groupby(code).sum()
        inside = supply["area_code"].dropna()
        here = frames.codes_at(inside[snapshot.holds(inside)], level, snapshot.scope)
        shapes = frames.outlines(snapshot, level, also=sums.index)
        sums = frames.spread(sums, shapes.index)
        blank = (sums["people_no_data"] > 0).fillna(True).astype(bool)
        mean = (sums["total"] / sums["weight"].where(sums["weight"] > 0)).astype(float).mask(blank)
        whole = sums["total"].mask(blank).sum() / max(float(sums["weight"].mask(blank).sum()), 1e-300)
        share = (sums["people_without"] / sums["people"].where(sums["people"] > 0)).mask(blank)
        frame = pd.DataFrame({
            "people": sums["people"], name: mean, "spar": mean / whole if whole > 0 else np.nan,
            "people_without": sums["people_without"].mask(blank),
            "share_without": share.to_numpy(float, na_value=np.nan), "people_no_data": sums["people_no_data"],
            "facilities": here.value_counts().reindex(shapes.index).fillna(0).astype("Int64")}, index=shapes.index)
        frame["facilities"] = frame["facilities"].mask(blank & (frame["facilities"] == 0))
        return frame, shapes

    def _figures(self, places: pd.DataFrame, frame: pd.DataFrame, name: str) -> dict[str, Figure]:
        known = places[places["known"]]
        people = float(known["people"].sum())
        reached = known[known["in_reach"]]
        mean = float((known[name].where(known["in_reach"], 0.0 if name == "access" else np.nan)
                      * known["people"]).sum()) / max(people if name == "access" else float(reached["people"].sum()),
                                                      1e-300)
        without = int(known.loc[~known["in_reach"], "people"].sum())
        unknown = int(places["people"].sum() - people)
        figures = {
            "people": Figure(int(places["people"].sum()), "persons"),
            name: Figure(mean if people else float("nan"), "cost" if name == "crowding" else "per_1000"),
            "people_without": Figure(without if people else float("nan"), "persons"),
            "share_without": Figure(without / people if people else float("nan"), "share"),
        }
        if name == "access":
            low = int(known.loc[known[name] < mean / 2, "people"].sum())
            figures["people_below_half"] = Figure(low if people else float("nan"), "persons")
        figures["facilities"] = Figure(int(frame["facilities"].sum()), "sites")
        if unknown:
            figures["people_no_data"] = Figure(unknown, "persons")
        return figures

    def _method_note(self) -> Note:
        if self.method == "raam":
            return Note("study.access.note.raam", {"minutes": f"{self.minutes:g}"})
        decay = Term("decay", "step" if self.method == "2sfca" else self.decay)
        return Note(f"study.access.note.{'three' if self.method == '3sfca' else 'two'}_step",
                    {"decay": decay, "method": Term("method", self.method)})


def competitors(snapshot: Snapshot, demand: pd.DataFrame, supply: pd.DataFrame,
                limit: reach.Limit) -> tuple[pd.DataFrame, pd.DataFrame, Travel]:
    """All people and facilities that decide what the scope's people get, and the ways between them.

    Facilities that the scope reaches are shared with whoever reaches them from outside; those share themselves
    over all that they reach. With these the catchment measures of the scope are those of the whole country.
    """
    if snapshot.scope != areas.COUNTRY:
        near = supply.loc[np.unique(supply.index[limit.travel(demand, supply).indices])]
        every = snapshot.query("places_in_scope", head="").set_index("place_id")
        every = every[every["people"].notna() & ~every.index.isin(demand.index)]
        sharing = limit.travel(every, near)
        beyond = every.loc[np.diff(sharing.indptr) > 0].astype({"people": "int64"})
        demand = pd.concat([demand, beyond[demand.columns]])
        supply = supply.loc[np.unique(supply.index[limit.travel(demand, supply).indices])]
    return demand, supply, limit.travel(demand, supply)


def _sites(supply: pd.DataFrame, travel: Travel, scope: str) -> pd.DataFrame:
    """The facilities of the scope that somebody reaches."""
    used = supply.index.isin(travel.destinations[np.unique(travel.indices)])
    inside = supply["area_code"].fillna("").str.startswith(frames.head(scope))
    return supply.loc[used & inside, ["name", "area_code", "lon", "lat", "capacity"]]
