"""The nearest vehicle for everybody who needs a way to go."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import param

from jitasa_analytics import areas
from jitasa_analytics.analysis.travel import DETOUR, SPEED_KMH
from jitasa_analytics.contracts import URGENCIES
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import asking, frames, pairing
from jitasa_analytics.studies.answer import Answer, Figure, Note, Term
from jitasa_analytics.studies.base import Study
from jitasa_analytics.studies.matching import assignments, by_area
from jitasa_analytics.studies.reach import Limit


class Transport(Study):
    """For each open request for transport the nearest volunteer with a vehicle, and who drives whom in a day.

    The nearest vehicle may be wanted by several; the assignment promises none twice and leaves nobody without
    one that it could give, the most urgent first, in the least minutes in all.
    """

    slug = "transport"
    needs = ("requests", "request_items", "volunteers")
    anywhere = True
    splits = "national"

    vehicle: Any = param.Selector(default=None, objects=[None, *pairing.VEHICLES], allow_None=True,
                                  doc="Kind of vehicle; all that can carry who is ill where left out.")
    minutes = param.Number(default=30, bounds=(1, 600), doc="Longest way of a vehicle to a person, minutes.")
    mode: Any = param.Selector(default="car", objects=list(SPEED_KMH), doc="How vehicles travel; sets the speed.")
    detour = param.Number(default=DETOUR, bounds=(1, 3), doc="Length of the road over the straight line.")
    urgency: Any = param.Selector(default=None, objects=[None, *URGENCIES], allow_None=True,
                                  doc="Only requests of this urgency.")
    date = param.CalendarDate(default=None, allow_None=True,
                              doc="Requests made by this day and vehicles available on it; the newest request's day.")
    level: Any = param.Selector(default="auto", objects=["auto", *frames.LEVELS],
                                doc="Level of the areas: auto is the level below the scope.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: requests_open (for transport), vehicles, nearest_minutes (median way of the nearest
            vehicle; missing where none is in reach), matched, unmatched, share_matched, mean_minutes, reasons.
            ``tables["assignments"]``: request, nearest vehicle and its minutes, vehicle assigned and its minutes.
        """
        day = self.date or asking.last_day(snapshot)
        wanting = pairing.requests(snapshot, day, "transport", self.urgency).drop(columns=["needs_skills"])
        helping = pairing.helpers(snapshot, day, (self.vehicle,) if self.vehicle else pairing.CARRYING)
        helping = helping[helping["owns"].map(len) > 0]
        limit = Limit(self.minutes, None, self.mode, self.detour)
        found, travel, more = pairing.matched(snapshot, wanting, helping, limit)
        table = assignments(wanting, found.table)
        nearest = travel.nearest().reindex(table.index)
        table["nearest"] = nearest["destination"]
        table["nearest_minutes"] = nearest["cost"].replace([np.inf], np.nan)
        level = frames.choose_level(snapshot, self.level, areas.below(areas.level_of(snapshot.scope)))
        code = frames.codes_at(wanting["area_code"], level, snapshot.scope)
        stands = frames.codes_at(helping["area_code"], level, snapshot.scope)
        shapes = frames.outlines(snapshot, level, also={*code, *stands})
        frame = by_area(snapshot, table, code, shapes.index)
        frame.insert(1, "vehicles", asking.by_area(stands, shapes.index))
        frame.insert(2, "nearest_minutes", table["nearest_minutes"].groupby(code.reindex(table.index)).median().reindex(
            shapes.index))
        proven, proof = pairing.proof(found)
        kinds = (self.vehicle,) if self.vehicle else pairing.CARRYING
        notes = [pairing.day_note(day), limit.note(), proof, Note("study.transport.note.vehicles", {
            "kinds": tuple(Term("equipment", k) for k in kinds)}), *more]
        if snapshot.scope != areas.COUNTRY:
            notes.append(Note("note.volunteers_in_scope"))
        figures = {
            "requests_open": Figure(len(wanting), "requests"), "vehicles": Figure(len(helping), "vehicles"),
            "nearest_minutes": Figure(float(table["nearest_minutes"].median()), "minutes"),
            "without_vehicle": Figure(int(table["nearest"].isna().sum()), "requests"),
            "matched": Figure(found.n_matched, "requests"),
            "unmatched": Figure(len(wanting) - found.n_matched, "requests"), **proven}
        return self.answer(
            snapshot, frames.assemble(shapes, frame), measure="unmatched", unit="requests", figures=figures,
            notes=(*notes, *asking.note_unheard(frame), *frames.notes_on_outlines(shapes, level)), uses=("areas",),
            tables={"assignments": table.reset_index(), "vehicles": _vehicles(helping)})


def _vehicles(helping: pd.DataFrame) -> pd.DataFrame:
    """How many volunteers own each kind of vehicle; one may own several."""
    kinds = pd.Series([kind for own in helping["owns"] for kind in own], dtype="str")
    return kinds.value_counts().rename_axis("vehicle").rename("volunteers").reset_index()
