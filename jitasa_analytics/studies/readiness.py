"""Which areas have an officer who is trained, and which have not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import param

from jitasa_analytics import areas
from jitasa_analytics.areas import Level
from jitasa_analytics.contracts import OPEN_STATUSES
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import asking, doses, frames
from jitasa_analytics.studies.answer import Answer, Figure, Note, Term
from jitasa_analytics.studies.base import Study


class Readiness(Study):
    """Officers named and trained, by area: where is nobody trained, and how much waits there?

    An officer counts for the area of their unit, not for the areas inside it. In a province of which the data
    name no officer at all nothing is known; elsewhere an area without one has none.
    """

    slug = "readiness"
    needs = ("officers",)
    anywhere = True
    splits = "independent"

    date = param.CalendarDate(default=None, allow_None=True,
                              doc="Trained by this day; the newest training or request where left out.")
    valid_days = param.Integer(default=None, bounds=(1, 36500), allow_None=True,
                               doc="A training counts for so many days; for ever where left out.")
    level: Any = param.Selector(default="auto", objects=["auto", *frames.LEVELS],
                                doc="Level of the areas: auto is the finest level that officers are named for.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: officers, trained (persons whose training counts), last_trained, ready (at least
            one), requests_open, people. ``tables``: ``units`` (officers and trained by unit), ``unready`` (areas
            without a trained officer, most open requests first).
        """
        table = snapshot.frame("officers").set_index("officer_id")
        day = self._day(snapshot, table)
        trained = pd.to_datetime(table["trained_on"])
        counts = trained.notna() & (trained <= pd.Timestamp(day))
        if self.valid_days is not None:
            counts &= trained > pd.Timestamp(day) - pd.Timedelta(days=self.valid_days)
        own = areas.level_of(snapshot.scope)
        level = frames.choose_level(snapshot, self.level, _finest(table, own))
        code = frames.codes_at(table["area_code"], level, snapshot.scope)
        shapes = frames.outlines(snapshot, level)
        above = ~code.isin(shapes.index)
        index = shapes.index
        frame = pd.DataFrame({"officers": asking.by_area(code, index), "trained": asking.by_area(code[counts], index)})
        frame["last_trained"] = trained[counts].groupby(code[counts]).max().reindex(index)
        frame["ready"] = (frame["trained"] > 0).astype("boolean")
        unknown = ~index.str[:2].isin(table["area_code"].dropna().str[:2].unique())
        frame["ready"] = frame["ready"].mask(unknown)
        for name in ("officers", "trained"):
            frame[name] = frame[name].astype("Int64").mask(unknown)
        waiting = asking.open_requests(snapshot, day, statuses=OPEN_STATUSES)
        frame["requests_open"] = asking.by_area(frames.codes_at(waiting["area_code"], level, snapshot.scope), index)
        people, _ = doses.population(snapshot, level, "all", "registered", day.year)
        frame["people"] = people.reindex(index).round().astype("Int64")
        unready = frame[frame["ready"].eq(False).fillna(False)].sort_values(
            ["requests_open", "people"], ascending=False, kind="stable")
        notes = [Note("study.readiness.note.day", {"date": Term("date", day.isoformat())})]
        if above.any():
            notes.append(Note("study.readiness.note.above", {
                "officers": int(above.sum()), "trained": int((above & counts).sum())}))
        if unknown.any():
            notes.append(Note("study.readiness.note.unknown", {
                "areas": int(unknown.sum()), "names": frames.some_areas(index[unknown])}))
        notes.append(Note("study.readiness.note.do"))
        figures = {
            "officers": Figure(len(table), "officers"), "trained": Figure(int(counts.sum()), "officers"),
            "areas_ready": Figure(int(frame["ready"].eq(True).fillna(False).sum()), "areas"),
            "areas_unready": Figure(len(unready), "areas"),
            "requests_unready": Figure(int(unready["requests_open"].sum()), "requests"),
            "people_unready": Figure(float(unready["people"].sum()), "persons"),
            "areas_no_data": Figure(int(unknown.sum()), "areas"),
        }
        return self.answer(
            snapshot, frames.assemble(shapes, frame), measure="trained", unit="officers", figures=figures,
            notes=(*notes, *frames.notes_on_outlines(shapes, level)), uses=("requests", "population", "areas"),
            tables={"units": _units(table, counts), "unready": unready.drop(columns=["ready"]).reset_index()})

    def _day(self, snapshot: Snapshot, table: pd.DataFrame) -> dt.date:
        if self.date is not None:
            return dt.date.fromisoformat(str(self.date)[:10])
        newest = pd.to_datetime(table["trained_on"]).max()
        last = asking.last_day(snapshot)
        return last if pd.isna(newest) else max(last, newest.date())


def _finest(table: pd.DataFrame, own: Level) -> Level:
    """The level just below the scope; the scope's own where officers are named for nothing below it."""
    below = areas.below(own)
    named = table["area_code"].dropna()
    return below if (named.str.len() >= areas.digits(below)).any() and (named != areas.COUNTRY).any() else own


def _units(table: pd.DataFrame, counts: pd.Series) -> pd.DataFrame:
    """Officers and trained ones by unit; units without a trained one first."""
    group = table.assign(trained=counts.astype(int)).groupby(["area_code", "unit"], sort=True)
    found = pd.DataFrame({"officers": group.size(), "trained": group["trained"].sum()}).reset_index()
    return found.sort_values(["trained", "area_code", "unit"], kind="stable", ignore_index=True)
