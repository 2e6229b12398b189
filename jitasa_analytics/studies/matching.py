"""Who helps whom: the most urgent first, in the least minutes."""

from __future__ import annotations

from typing import Any

import pandas as pd
import param

from jitasa_analytics import areas
from jitasa_analytics.analysis.travel import DETOUR, SPEED_KMH
from jitasa_analytics.contracts import CATEGORIES, URGENCIES
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import asking, frames, pairing
from jitasa_analytics.studies.answer import Answer, Figure, Note
from jitasa_analytics.studies.base import Study
from jitasa_analytics.studies.reach import Limit

_REASONS = ("out_of_reach", "nobody_fits", "all_full")


class Matching(Study):
    """A volunteer for each open request, under skills, vehicles, capacity and distance, with a proven bound.

    As much as possible is helped, a critical request counting as two of high urgency, four normal or eight low
    ones; then the sum of minutes is as small as it can be. It is a plan for one day, not an order.
    """

    slug = "matching"
    needs = ("requests", "volunteers")
    anywhere = True
    # A volunteer near a border who helps on one side can't help on the other.
    splits = "national"

    minutes = param.Number(default=30, bounds=(1, 600), doc="Longest way of a volunteer to a request, minutes.")
    mode: Any = param.Selector(default="motorcycle", objects=list(SPEED_KMH),
                               doc="How volunteers travel; sets the speed.")
    detour = param.Number(default=DETOUR, bounds=(1, 3), doc="Length of the road over the straight line.")
    fit = param.Boolean(default=True, doc="Medical help needs a skill of care; transport, oxygen and beds a vehicle.")
    category: Any = param.Selector(default=None, objects=[None, *CATEGORIES], allow_None=True,
                                   doc="Only requests that ask for something of this category.")
    urgency: Any = param.Selector(default=None, objects=[None, *URGENCIES], allow_None=True,
                                  doc="Only requests of this urgency.")
    date = param.CalendarDate(default=None, allow_None=True,
                              doc="Requests made by this day and volunteers available on it; the newest request's day.")
    level: Any = param.Selector(default="auto", objects=["auto", *frames.LEVELS],
                                doc="Level of the areas: auto is the level below the scope.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: requests_open, matched, unmatched, share_matched, mean_minutes, and why nobody
            helps: out_of_reach, nobody_fits, all_full. ``tables``: ``assignments`` (request, helper, minutes or
            the reason), ``helpers`` (load and capacity).
        """
        day = self.date or asking.last_day(snapshot)
        wanting = pairing.requests(snapshot, day, self.category, self.urgency)
        helping = pairing.helpers(snapshot, day)
        if not self.fit:
            wanting = wanting.drop(columns=["needs_skills", "needs_equipment"])
        limit = Limit(self.minutes, None, self.mode, self.detour)
        found, _, more = pairing.matched(snapshot, wanting, helping, limit)
        table = assignments(wanting, found.table)
        level = frames.choose_level(snapshot, self.level, areas.below(areas.level_of(snapshot.scope)))
        code = frames.codes_at(wanting["area_code"], level, snapshot.scope)
        shapes = frames.outlines(snapshot, level, also=code.unique())
        frame = by_area(snapshot, table, code, shapes.index)
        figures, proof = pairing.proof(found)
        notes = [pairing.day_note(day), limit.note(), proof, Note("study.matching.note.priority")]
        notes += [Note("study.matching.note.fit" if self.fit else "study.matching.note.no_fit"), *more]
        if snapshot.scope != areas.COUNTRY:
            notes.append(Note("note.volunteers_in_scope"))
        critical = table["urgency"] == "critical"
        figures = {
            "requests_open": Figure(len(wanting), "requests"), "matched": Figure(found.n_matched, "requests"),
            "share_matched": Figure(found.n_matched / len(wanting) if len(wanting) else float("nan"), "share"),
            "critical_unmatched": Figure(int((critical & table["helper"].isna()).sum()), "requests"),
            "helpers_used": Figure(int((found.load > 0).sum()), "volunteers"), **figures}
        load = pd.DataFrame({"load": found.load, "capacity": helping["capacity"].reindex(found.load.index)})
        return self.answer(
            snapshot, frames.assemble(shapes, frame), measure="unmatched", unit="requests", figures=figures,
            notes=(*notes, *asking.note_unheard(frame), *frames.notes_on_outlines(shapes, level)),
            uses=("request_items", "areas"),
            tables={"assignments": table.reset_index(), "helpers": load[load["load"] > 0].reset_index(
                names="volunteer_id")})


def assignments(wanting: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Each request with its helper and minutes, or the reason why nobody helps; the most urgent first."""
    table = wanting[["area_code", "urgency", "people"]].join(found[["helper", "cost"]])
    table["reason"] = pairing.reasons(found).reindex(wanting.index)
    table.loc[~table.index.isin(found.index), "reason"] = "out_of_reach"
    table = table.rename(columns={"cost": "minutes"})
    table["minutes"] = table["minutes"].where(table["helper"].notna())
    order = table["urgency"].map(pairing.PRIORITY).fillna(pairing.PRIORITY["normal"])
    return table.loc[order.sort_values(ascending=False, kind="stable").index]


def by_area(snapshot: Snapshot, table: pd.DataFrame, code: pd.Series, index: pd.Index) -> pd.DataFrame:
    """Requests helped and not helped in each area, and why not; no data where a whole province never asked."""
    code = code.reindex(table.index)
    done = table["helper"].notna()
    frame = pd.DataFrame({"requests_open": asking.by_area(code, index), "matched": asking.by_area(code[done], index),
                          "unmatched": asking.by_area(code[~done], index)})
    frame["share_matched"] = frame["matched"] / frame["requests_open"].where(frame["requests_open"] > 0)
    frame["mean_minutes"] = table["minutes"].groupby(code).mean().reindex(index)
    for reason in _REASONS:
        frame[reason] = asking.by_area(code[table["reason"] == reason], index)
    return asking.unheard(snapshot, frame, ("requests_open", "matched", "unmatched", *_REASONS))
