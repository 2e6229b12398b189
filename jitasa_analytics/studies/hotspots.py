"""Where requests, or people without a vaccination, gather more than chance explains."""

from __future__ import annotations

import datetime as dt
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import param
from scipy.sparse.csgraph import connected_components

from jitasa_analytics import areas
from jitasa_analytics.analysis import hotspots
from jitasa_analytics.analysis.neighbours import Neighbours
from jitasa_analytics.contracts import OPEN_STATUSES
from jitasa_analytics.errors import NoDataError
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import asking, doses, frames
from jitasa_analytics.studies.answer import Answer, Figure, Note, Term
from jitasa_analytics.studies.base import Study
from jitasa_analytics.studies.vaccination import Vaccination

WHAT = ("requests", "unvaccinated")
METHODS = ("gi_star", "local_moran")
# With fewer areas there are too few neighbourhoods for a pattern to show.
_FEW = 20
SPOTS = ("hot", "cold", "high_among_low", "low_among_high", "none")


class Hotspots(Study):
    """Areas where a rate is high, or low, together with that of their neighbours.

    Getis-Ord Gi* with binary weights and the area itself (Ord & Getis 1995), or local Moran (Anselin 1995), with
    conditional permutations. Among many areas some stand out by chance: areas are named whose q, the false
    discovery rate (Benjamini & Hochberg 1995), is at most ``false_alarms``.
    """

    slug = "hotspots"
    needs = ()
    # An area is hot against the mean of all areas looked at, so parts can't be joined.
    splits = "national"

    what: Any = param.Selector(default="requests", objects=list(WHAT),
                               doc="Requests per 1,000 people, or the share of people without the dose.")
    method: Any = param.Selector(default="gi_star", objects=list(METHODS),
                                 doc="Gi*: hot and cold spots; local Moran: also areas unlike their neighbours.")
    days = param.Integer(default=30, bounds=(1, 3650), doc="Requests of the last so many days.")
    date = param.CalendarDate(default=None, allow_None=True, doc="As of this day; the newest data where left out.")
    dose = param.Integer(default=1, bounds=(1, 6), doc="The dose that people are without.")
    false_alarms = param.Number(default=0.05, bounds=(0.001, 0.5),
                                doc="Share of false alarms accepted among the areas that are named (q).")
    permutations = param.Integer(default=9999, bounds=(99, 999999), doc="Random rearrangements that p rests on.")
    seed = param.Integer(default=0, bounds=(0, None), doc="Start of the random numbers.")
    level: Any = param.Selector(default="auto", objects=["auto", *frames.LEVELS],
                                doc="Level of the areas: auto is province for the country, else tambon.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: count, people, value (requests per 1,000 people, or share without the dose), score
            (z of Gi*, or I), p, q, spot (hot, cold, high_among_low, low_among_high, none; missing without data or
            neighbours). ``tables["spots"]``: areas that touch and are hot together, most people first.

        Raises
        ------
        NoDataError
            If nobody asked in the days looked at, or no vaccination is known.
        """
        if self.what == "requests":
            shapes, values, notes, uses = self._requests(snapshot)
        else:
            shapes, values, notes, uses = self._unvaccinated(snapshot)
        drawn = shapes[shapes.geometry.notna()]
        near = hotspots.touching(drawn[["geometry"]])
        known = values["value"].reindex(drawn.index)
        found = self._scores(known, near).reindex(shapes.index)
        frame = values.join(found[["score", "p", "q", "spot"]])
        spots = _together(frame, near)
        island = int(found["island"].fillna(False).astype(bool).sum())
        blank = int(frame["value"].isna().sum())
        called = int(frame["spot"].isin(SPOTS[:-1]).sum())
        notes += [Note(f"study.hotspots.note.{self.method}", {
            "q": f"{self.false_alarms:.0%}", "permutations": f"{self.permutations:,}"})]
        if island:
            notes.append(Note("study.hotspots.note.islands", {"areas": island}))
        if blank:
            notes.append(Note("study.hotspots.note.no_value", {
                "areas": blank, "names": frames.some_areas(frame.index[frame["value"].isna()])}))
        if int(frame["value"].notna().sum()) < _FEW:
            notes.append(Note("study.hotspots.note.few", {"areas": int(frame["value"].notna().sum())}))
        by_chance = int((frame["p"] <= self.false_alarms).sum())
        if by_chance > called:
            notes.append(Note("study.hotspots.note.chance", {"areas": by_chance, "left": called}))
        figures = self._figures(frame, spots)
        notes.append(Note(f"study.hotspots.note.do_{self.what if figures['hot_areas'].value else 'nowhere'}"))
        return self.answer(
            snapshot, frames.assemble(shapes, frame).sort_values("score", ascending=False, kind="stable"),
            measure="score", unit="score" if self.method == "gi_star" else "index", figures=figures,
            notes=tuple(notes), uses=uses, tables={"spots": spots}, kinds="spot")

    def _requests(self, snapshot: Snapshot) -> tuple[gpd.GeoDataFrame, pd.DataFrame, list[Note], tuple[str, ...]]:
        """Requests per 1,000 people; provinces in which nobody ever asked are no data."""
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
        people, year = doses.population(snapshot, level, "all", "registered", day.year)
        code = frames.codes_at(made["area_code"], level, snapshot.scope)
        frame = pd.DataFrame({"count": asking.by_area(code, shapes.index)}, index=shapes.index).astype({"count": float})
        silent = ~shapes.index.str[:2].isin(snapshot.query("provinces_asking")["province"])
        frame["count"] = frame["count"].mask(silent)
        frame["people"] = people.reindex(shapes.index)
        frame["value"] = 1000.0 * frame["count"] / frame["people"].where(frame["people"] > 0)
        notes = [Note("study.hotspots.note.requests", {
            "first": Term("date", first.isoformat()), "last": Term("date", day.isoformat())})]
        if year is not None:
            notes.append(Note("note.denominator_population", {
                "basis": Term("basis", "registered"), "year": year, "thai_year": year + 543,
                "group": Term("group", "all")}))
        coarse = int((~code.isin(shapes.index)).sum())
        if coarse:
            notes.append(Note("study.hotspots.note.coarse", {"count": coarse}))
        open_now = made["status"].isin(OPEN_STATUSES)
        frame["requests_open"] = asking.by_area(code[open_now], shapes.index)
        whole = {n: frame[n].round().astype("Int64") for n in ("count", "people")}
        return shapes, frame.assign(**whole), notes, ("requests", "population", "areas")

    def _unvaccinated(self, snapshot: Snapshot) -> tuple[gpd.GeoDataFrame, pd.DataFrame, list[Note], tuple[str, ...]]:
        """Share without the dose, from the vaccination study."""
        level = frames.choose_level(snapshot, self.level, frames.places_level(snapshot.scope))
        answer = Vaccination(dose=self.dose, date=self.date, level=level).run(snapshot)
        table = answer.frame
        shapes = frames.outlines(snapshot, level, also=table.index)
        without = table["people"].astype(float) - table["count"].astype(float)
        without = without.where(without >= 0)  # more doses than people: how many are without isn't known
        frame = pd.DataFrame({"count": without.round().astype("Int64"), "people": table["people"],
                              "value": 1.0 - table["share"]}, index=shapes.index)
        return shapes, frame, list(answer.notes), tuple(answer.as_of)

    def _scores(self, values: pd.Series, near: Neighbours) -> pd.DataFrame:
        """Score, p, q and what kind of spot each area is."""
        if self.method == "gi_star":
            table = hotspots.gi_star(values, near, permutations=self.permutations, seed=self.seed)
            kind = np.where(table["z"] > 0, "hot", "cold")
        else:
            table = hotspots.local_moran(values, near, permutations=self.permutations, seed=self.seed)
            kind = table["quadrant"].map({"high-high": "hot", "low-low": "cold", "high-low": "high_among_low",
                                          "low-high": "low_among_high"}).to_numpy(object)
        table = table.rename(columns={"z": "score", "i": "score"})
        called = (table["q"] <= self.false_alarms).to_numpy()
        spot = pd.Series(np.where(called, kind, "none"), index=table.index, dtype=object)
        table["spot"] = spot.mask(table["q"].isna())
        return table

    def _figures(self, frame: pd.DataFrame, spots: pd.DataFrame) -> dict[str, Figure]:
        hot = frame["spot"] == "hot"
        known = frame[frame["value"].notna()]
        total = float(known["people"].astype(float).sum())
        count = float(known["count"].astype(float).sum())
        here, asked = float(frame.loc[hot, "people"].sum()), float(frame.loc[hot, "count"].sum())
        return {
            "hot_areas": Figure(int(hot.sum()), "areas"),
            "hot_groups": Figure(len(spots), "count"),
            "people_in_hot": Figure(here, "persons"),
            "share_of_people": Figure(here / total if total else float("nan"), "share"),
            "share_of_count": Figure(asked / count if count else float("nan"), "share"),
            "cold_areas": Figure(int((frame["spot"] == "cold").sum()), "areas"),
            "areas_no_data": Figure(int(frame["value"].isna().sum()), "areas"),
        }


def _together(frame: pd.DataFrame, near: Neighbours) -> pd.DataFrame:
    """Hot areas that touch, as one group each: areas, people, count, the rate in it and its highest area."""
    hot = frame.index[frame["spot"] == "hot"]
    columns = ["areas", "people", "count", "value", "highest", "area_codes"]
    if not len(hot):
        return pd.DataFrame(columns=columns)
    label = connected_components(near.restrict(hot).binary(), directed=False)[1]
    rows = []
    for k in range(int(label.max()) + 1):
        part = frame.loc[hot[label == k]]
        people, count = float(part["people"].sum()), float(part["count"].sum())
        rate = float((part["value"] * part["people"].astype(float)).sum() / people) if people else float("nan")
        top = part["score"].idxmax()
        rows.append((len(part), int(people), int(count), rate, top, ";".join(part.index)))
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["count", "highest"], ascending=[False, True], kind="stable", ignore_index=True)
