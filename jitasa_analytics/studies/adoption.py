"""Where few ask because few use the service, not because little is needed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import param

from jitasa_analytics import areas
from jitasa_analytics.analysis import responses
from jitasa_analytics.errors import NoDataError
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import asking, doses, frames
from jitasa_analytics.studies.answer import Answer, Figure, Note, Term
from jitasa_analytics.studies.base import Study

_EQUAL_AREA = "EPSG:6933"
# Fewer areas can't carry a model of two features that is checked on held-out areas.
_ENOUGH = 20
_DRAWS = 100


class Adoption(Study):
    """Requests per 1,000 people, and what would be asked for if all areas used the service as the best do.

    A count model (Poisson with a ridge, checked on held-out areas) explains requests by what drives need, people
    per km², and what drives use, volunteers per 1,000 people. Expected need is read at high use, with an interval.
    It shows what the features explain, no more: a note says how much that is.
    """

    slug = "adoption"
    needs = ("requests", "population")
    anywhere = True
    # One model for all areas looked at.
    splits = "national"

    days = param.Integer(default=60, bounds=(1, 3650), doc="Requests of the last so many days, days.")
    date = param.CalendarDate(default=None, allow_None=True, doc="As of this day; the newest request's day.")
    reference = param.Number(default=0.9, bounds=(0.5, 1), doc="High use: this quantile of the areas.")
    confidence = param.Number(default=0.9, bounds=(0.5, 0.99), doc="Of the interval of the expected need.")
    seed = param.Integer(default=0, bounds=(0, None), doc="Start of the random numbers.")
    level: Any = param.Selector(default="auto", objects=["auto", *frames.LEVELS],
                                doc="Level of the areas: auto is province for the country, else tambon.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: requests, people, per_1000, volunteers_per_1000, people_per_km2, expected, low, high
            (requests at high use, with the interval), seen (requests over expected), hidden (expected less
            requests, at least 0); the last five are missing where the model explains nothing.

        Raises
        ------
        NoDataError
            If nobody asked in the days looked at.
        """
        day = self.date or asking.last_day(snapshot)
        first = day - dt.timedelta(days=self.days - 1)
        made = asking.requests_made(snapshot, first, day)
        if not len(made):
            raise NoDataError(
                f"nobody asked for help in {areas.name(snapshot.scope, 'en')} from {first} to {day}; choose more days, "
                "another date or a wider area", key="error.no_requests", area=frames.named(snapshot.scope),
                first=str(first), last=str(day))
        level = frames.choose_level(snapshot, self.level, frames.places_level(snapshot.scope))
        shapes = frames.outlines(snapshot, level)
        frame = self._features(snapshot, shapes, level, made, day)
        notes = [Note("study.adoption.note.days", {
            "first": Term("date", first.isoformat()), "last": Term("date", day.isoformat())})]
        frame, more, skill = self._expected(frame, snapshot)
        hidden = frame["hidden"].sum(min_count=1)
        figures = {
            "requests": Figure(float(frame["requests"].sum()), "requests"),
            "per_1000": Figure(1000.0 * float(frame["requests"].sum()) / float(
                frame["people"].astype(float)[frame["requests"].notna()].sum()), "per_1000"),
            "expected": Figure(float(frame["expected"].sum(min_count=1)), "requests"),
            "hidden": Figure(float(hidden), "requests"), "skill": Figure(skill, "share"),
            "areas_below_half": Figure(int((frame["seen"] < 0.5).sum()), "areas"),
            "areas_no_data": Figure(int(frame["requests"].isna().sum()), "areas"),
        }
        measure = "hidden" if frame["hidden"].notna().any() else "per_1000"
        return self.answer(
            snapshot, frames.assemble(shapes, frame), measure=measure,
            unit="requests" if measure == "hidden" else "per_1000", figures=figures,
            notes=(*notes, *more, *frames.notes_on_outlines(shapes, level)), uses=("volunteers", "areas"))

    def _features(self, snapshot: Snapshot, shapes: Any, level: Any, made: pd.DataFrame,
                  day: dt.date) -> pd.DataFrame:
        """Requests, people, and what drives need and use."""
        index = shapes.index
        people, _ = doses.population(snapshot, level, "all", "registered", day.year)
        frame = pd.DataFrame({"requests": asking.by_area(frames.codes_at(
            made["area_code"], level, snapshot.scope), index).astype(float)}, index=index)
        # Where nobody ever asked, the service isn't known: no count, but an expectation all the same.
        frame["requests"] = frame["requests"].where(index.str[:2].isin(
            snapshot.query("provinces_asking")["province"]))
        frame["people"] = people.reindex(index)
        frame["per_1000"] = 1000.0 * frame["requests"] / frame["people"].where(frame["people"] > 0)
        helping = asking.volunteers(snapshot, day)
        count = asking.by_area(frames.codes_at(helping["area_code"], level, snapshot.scope), index)
        frame["volunteers_per_1000"] = 1000.0 * count / frame["people"].where(frame["people"] > 0)
        km2 = shapes.geometry.to_crs(_EQUAL_AREA).area / 1e6
        frame["people_per_km2"] = frame["people"] / km2.where(km2 > 0)
        return frame

    def _expected(self, frame: pd.DataFrame, snapshot: Snapshot) -> tuple[pd.DataFrame, list[Note], float]:
        """Expected need with its interval, what to say of it, and the skill of the model."""
        blank = frame.assign(**dict.fromkeys(("expected", "low", "high", "seen", "hidden"), np.nan))
        usable = frame[["requests", "people", "volunteers_per_1000", "people_per_km2"]].notna().all(axis=1)
        if not frame["volunteers_per_1000"].gt(0).any():
            return blank, [Note("study.adoption.note.no_use")], float("nan")
        if int((usable & (frame["people"] > 0)).sum()) < _ENOUGH:
            few = Note("study.adoption.note.few", {"areas": int(usable.sum()), "least": _ENOUGH})
            return blank, [few], float("nan")
        found = responses.expected_need(
            frame["requests"], frame["people"],
            need=np.log(frame["people_per_km2"].where(frame["people_per_km2"] > 0)).to_frame(),
            use=np.log1p(frame["volunteers_per_1000"]).to_frame(), reference=self.reference, confidence=self.confidence,
            draws=_DRAWS, seed=self.seed)
        table = found.table
        frame = frame.join(table[["expected", "low", "high", "seen"]])
        frame["hidden"] = (frame["expected"] - frame["requests"]).clip(lower=0)
        notes = [Note("study.adoption.note.model", {
            "skill": f"{100 * found.skill:.0f}", "areas": found.n_areas, "confidence": f"{self.confidence:.0%}"})]
        if found.skill <= 0:  # what the features tell is no more than chance: nothing may rest on it
            frame[["expected", "low", "high", "seen", "hidden"]] = np.nan
            notes.append(Note("study.adoption.note.idle"))
        return frame, notes, found.skill
