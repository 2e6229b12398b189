"""A bed for everybody who needs one, as near as can be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import param

from jitasa_analytics import areas
from jitasa_analytics.analysis.matching import match
from jitasa_analytics.analysis.travel import DETOUR, SPEED_KMH
from jitasa_analytics.contracts import OPEN_STATUSES, URGENCIES
from jitasa_analytics.errors import NoDataError
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import asking, frames, pairing, reach
from jitasa_analytics.studies.answer import Answer, Figure, Note
from jitasa_analytics.studies.base import Study
from jitasa_analytics.studies.matching import by_area

BED_KINDS = ("hospital", "field_hospital", "waiting_centre")
BEDS = ("beds_free", "beds_total")


class Beds(Study):
    """Patients who wait for a bed, and the free beds that could take them, under capacity and distance.

    One row is one bed asked for. As many as possible get one, the most urgent first, then in the least minutes in
    all. Beds across the border count; patients from there, who are not known, may want them too.
    """

    slug = "beds"
    needs = ("requests", "request_items", "facilities")
    anywhere = True
    # A bed that one province fills is not free for the next.
    splits = "national"

    bed_kind: Any = param.Selector(default=None, objects=[None, *BED_KINDS], allow_None=True,
                                   doc="Where the beds stand; hospitals, field hospitals and waiting centres.")
    beds: Any = param.Selector(default="beds_free", objects=list(BEDS),
                               doc="Free beds; or all beds, an upper limit for where nobody reports free ones.")
    minutes = param.Number(default=60, bounds=(1, 600), doc="Longest way of a patient, minutes.")
    mode: Any = param.Selector(default="car", objects=list(SPEED_KMH), doc="How patients travel; sets the speed.")
    detour = param.Number(default=DETOUR, bounds=(1, 3), doc="Length of the road over the straight line.")
    urgency: Any = param.Selector(default=None, objects=[None, *URGENCIES], allow_None=True,
                                  doc="Only requests of this urgency.")
    date = param.CalendarDate(default=None, allow_None=True,
                              doc="Requests made by this day; the newest request's day where left out.")
    level: Any = param.Selector(default="auto", objects=["auto", *frames.LEVELS],
                                doc="Level of the areas: auto is the level below the scope.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: requests_open (beds asked for), matched, unmatched, share_matched, mean_minutes,
            beds (free in the area), reasons. ``tables``: ``assignments``, ``existing`` (facilities with beds, how
            many are free and how many are taken by this plan).

        Raises
        ------
        NoDataError
            If no facility has a number of beds.
        """
        day = self.date or asking.last_day(snapshot)
        supply, blank = self._supply(snapshot)
        wanting = self._patients(snapshot, day)
        here, more = asking.placed(snapshot, wanting, "requests")
        limit = reach.Limit(self.minutes, None, self.mode, self.detour)
        travel = limit.travel(here, supply)
        found = match(wanting.loc[here.index], supply, travel, within=limit.within)
        table = wanting[["request_id", "area_code", "urgency"]].join(found.table[["helper", "cost"]])
        table["reason"] = pairing.reasons(found.table).reindex(wanting.index)
        table.loc[~table.index.isin(here.index), "reason"] = "out_of_reach"
        table["minutes"] = table.pop("cost").where(table["helper"].notna())
        table["facility"] = table["helper"].map(supply["name"])
        level = frames.choose_level(snapshot, self.level, areas.below(areas.level_of(snapshot.scope)))
        code = frames.codes_at(wanting["area_code"], level, snapshot.scope)
        shapes = frames.outlines(snapshot, level, also=code.unique())
        frame = by_area(snapshot, table, code, shapes.index)
        inside = supply[snapshot.holds(supply["area_code"])]
        stands = frames.codes_at(inside["area_code"], level, snapshot.scope)
        unknown = ~shapes.index.str[:2].isin(supply["area_code"].dropna().str[:2])
        frame["beds"] = inside["capacity"].groupby(stands).sum().reindex(shapes.index).fillna(0).astype("Int64").mask(
            unknown)
        proven, proof = pairing.proof(found)
        notes = [Note("study.beds.note.asked"), limit.note(), proof, Note("study.beds.note.shared"), *more]
        if self.beds == "beds_total":
            notes.append(Note("study.beds.note.total"))
        if blank:
            notes.append(Note("study.beds.note.blank", {"count": blank, "of": blank + len(supply)}))
        if unknown.any():
            notes.append(Note("study.beds.note.unknown", {
                "areas": int(unknown.sum()), "names": frames.some_areas(shapes.index[unknown])}))
        taken = found.load.reindex(supply.index)
        sites = supply[["name", "kind", "area_code", "lon", "lat", "capacity"]].assign(taken=taken)
        used = sites[(sites["taken"] > 0) | sites.index.isin(inside.index)]
        figures = {
            "beds_wanted": Figure(len(wanting), "beds"), "beds_free": Figure(int(inside["capacity"].sum()), "beds"),
            "matched": Figure(found.n_matched, "beds"), "unmatched": Figure(len(wanting) - found.n_matched, "beds"),
            "beyond": Figure(int((taken[~taken.index.isin(inside.index)]).sum()), "beds"), **proven}
        return self.answer(
            snapshot, frames.assemble(shapes, frame), measure="unmatched", unit="beds", figures=figures,
            notes=(*notes, *asking.note_unheard(frame), *frames.notes_on_outlines(shapes, level)), uses=("areas",),
            tables={"assignments": table.reset_index(drop=True), "existing": used})

    def _supply(self, snapshot: Snapshot) -> tuple[pd.DataFrame, int]:
        """Open facilities that have a number of beds, in the column ``capacity``; how many have none."""
        kinds = [self.bed_kind] if self.bed_kind else list(BED_KINDS)
        every = pd.concat([reach.facilities(snapshot, kind) for kind in kinds])
        opened = every[~every.index.duplicated() & every["is_open"].to_numpy(bool)].sort_index()
        capacity = pd.Series(opened[self.beds].to_numpy(float, na_value=np.nan), index=opened.index)
        known = opened[capacity.notna()].assign(capacity=capacity[capacity.notna()].astype(int))
        if not len(known):
            raise NoDataError(
                f"no open facility has a number in {self.beds}; import free beds with the facilities, or take "
                "beds=beds_total, an upper limit", key="error.no_beds", beds=frames.called("beds", self.beds))
        return known, len(opened) - len(known)

    def _patients(self, snapshot: Snapshot, day: Any) -> pd.DataFrame:
        """One row for each bed asked for: request_id, area_code, lon, lat, urgency, priority."""
        lines = snapshot.query("open_items", statuses=list(OPEN_STATUSES), day=day.isoformat(), category="bed",
                               item="", urgency=self.urgency or "")
        wanted = (lines["quantity"].fillna(1.0) - lines["delivered"]).clip(lower=0).round()
        beds = wanted.groupby(lines["request_id"]).sum().astype(int)
        asked = asking.open_requests(snapshot, day, category="bed", urgency=self.urgency)
        rows = asked.loc[np.repeat(asked.index.to_numpy(), beds.reindex(asked.index).fillna(0).astype(int))]
        rows = rows.reset_index()
        rows["priority"] = rows["urgency"].map(pairing.PRIORITY).fillna(pairing.PRIORITY["normal"]).astype(int)
        return rows
