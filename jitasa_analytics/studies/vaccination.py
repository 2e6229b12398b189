"""How much of the people is vaccinated, by area, dose and date."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import param

from jitasa_analytics import areas
from jitasa_analytics.analysis import rates
from jitasa_analytics.areas import Level
from jitasa_analytics.contracts import BASES
from jitasa_analytics.errors import NoDataError
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import doses, frames
from jitasa_analytics.studies.answer import Answer, Figure, Note, Term
from jitasa_analytics.studies.base import Study
from jitasa_analytics.studies.doses import ALL_DOSES, History

SHOWN = ("coverage", "zero_dose", "drop_out")


class Vaccination(Study):
    """Coverage of a dose by area: people with the dose over people, with its Wilson interval.

    The count is the newest cumulative one up to ``date``: published reports of the areas, else of the
    facilities in them, else single doses by area of residence. Coverage above 100 % is kept and flagged.
    Dose 0 counts every dose and gives doses per 100 people.
    """

    slug = "vaccination"
    needs = ()
    splits = "independent"

    dose = param.Integer(default=1, bounds=(0, 6), doc="Dose 1 to 6; 0 is all doses together.")
    show: Any = param.Selector(default="coverage", objects=list(SHOWN),
                               doc="Coverage; people without the dose; or the share who did not go on to the next.")
    interval_days = param.Integer(default=28, bounds=(0, 365),
                                  doc="Days to the next dose: who began later couldn't have come back yet; days.")
    date = param.CalendarDate(default=None, allow_None=True, doc="As of this day; the newest data where left out.")
    level: Any = param.Selector(default="auto", objects=["auto", *frames.LEVELS],
                                doc="Level of the areas: auto is the level below the scope that has data.")
    group = param.String(default="all", doc="Group of people, as in the data; all is everybody.")
    denominator: Any = param.Selector(default="population", objects=["population", "published"],
                                      doc="Divide by the population dataset, or by what the report published.")
    basis: Any = param.Selector(default="registered", objects=list(BASES), doc="Basis of the population.")
    source: Any = param.Selector(default="auto", objects=["auto", "dose_reports", "doses"],
                                 doc="Published reports, single doses, or whichever there is, reports first.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: count (persons with the dose, or doses), people (denominator), share, share_low,
            share_high (Wilson, 95 %), over_100, no_data, as_of, people_without (persons without the dose), and
            drop_out where it is asked for; for dose 0 doses_per_100 in place of the share. ``tables``: ``series``
            (count and coverage by week), ``facilities`` (as they report), ``denominators`` (coverage and rank
            under each denominator there is).

        Raises
        ------
        NoDataError
            If the scope has no counts of the dose, or no denominator.
        """
        upto = self.date.isoformat() if self.date else doses.FOREVER
        level, history = self._history(snapshot, upto)
        latest = history.latest()
        latest["area"] = frames.codes_at(latest["area_code"], level, snapshot.scope)
        found = latest.groupby("area").agg(count=("count", "sum"), as_of=("as_of", "max"))
        shapes = frames.outlines(snapshot, level, also=found.index)
        people, year = self._people(snapshot, level, latest)
        frame = self._rates(found.reindex(shapes.index), people.reindex(shapes.index))
        extra = self._drop_out(snapshot, level, history, frame, upto)
        notes = [*_notes(history, latest, frame, level), *extra, self._note_on_people(year),
                 self._note_on_over(frame, year)]
        notes += [self._note_on_own_report(snapshot, level, history, frame, upto),
                  *frames.notes_on_outlines(shapes, level)]
        if self.level == frames.AUTO and level != areas.below(areas.level_of(snapshot.scope)):
            notes.append(Note("note.level_own", {"level": Term("level", areas.below(level))}))
        return self.answer(
            snapshot, frames.assemble(shapes, frame),
            **self._measure(), terms={"source": Term("counted", history.basis)},
            figures=self._figures(frame), notes=tuple(n for n in notes if n is not None),
            uses=("doses" if history.basis == "residents" else "dose_reports", "population", "areas"),
            tables={"series": self._series(history, frame), **self._tables(snapshot, level, latest, frame, upto)})

    def _measure(self) -> dict[str, str]:
        """The column that is shown, and its unit."""
        if self.dose == ALL_DOSES:
            return {"measure": "doses_per_100", "unit": "doses_per_100"}
        return {"coverage": {"measure": "share", "unit": "share"},
                "zero_dose": {"measure": "people_without", "unit": "persons"},
                "drop_out": {"measure": "drop_out", "unit": "share"}}[self.show]

    def _drop_out(self, snapshot: Snapshot, level: Level, history: History, frame: pd.DataFrame,
                  upto: str) -> list[Note]:
        """Put drop-out into the frame: who began early enough and did not go on, from the same kind of source."""
        if self.dose == ALL_DOSES or self.show != "drop_out":
            return []
        frame["drop_out"] = np.nan
        source = "doses" if history.basis == "residents" else "dose_reports"
        after = doses.history(snapshot, level, source, self.dose + 1, self.group, upto)
        if after is None or after.basis != history.basis:
            return [Note("study.vaccination.note.no_next", {"dose": self.dose + 1})]
        first, second = (_by_area(h, level, snapshot.scope) for h in (history, after))
        both = first.columns.intersection(second.columns)
        lost = rates.drop_out_over_time(first[both], second[both].tail(1), interval_days=self.interval_days)
        frame["drop_out"] = lost.iloc[-1].reindex(frame.index)
        day = second.index[-1]
        notes = [Note("study.vaccination.note.drop_out", {
            "first": self.dose, "next": self.dose + 1, "days": self.interval_days,
            "day": Term("date", f"{day:%Y-%m-%d}"),
            "before": Term("date", f"{day - pd.Timedelta(days=self.interval_days):%Y-%m-%d}")})]
        below = int((frame["drop_out"] < 0).sum())
        if below:
            notes.append(Note("study.vaccination.note.negative", {"areas": below}))
        return notes

    def _tables(self, snapshot: Snapshot, level: Level, latest: pd.DataFrame, frame: pd.DataFrame,
                upto: str) -> dict[str, pd.DataFrame]:
        """Facilities as they report, and coverage under each denominator that there is for the areas."""
        tables = {}
        facilities = doses.by_facility(snapshot, self.dose, self.group, upto)
        if len(facilities):
            tables["facilities"] = facilities
        if self.dose == ALL_DOSES:
            return tables
        people = {}
        for basis in BASES:
            found, _ = doses.population(snapshot, level, self.group, basis, int(latest["as_of"].max().year))
            people[basis] = found.reindex(frame.index)
        published = latest.groupby("area")["denominator"]
        people["published"] = published.sum().where(published.count() == published.size()).reindex(frame.index)
        known = pd.DataFrame({n: v.astype(float) for n, v in people.items() if v.notna().any()}, index=frame.index)
        if known.shape[1] > 1:
            switched = rates.switch_denominator(frame["count"].astype(float), known)
            tables["denominators"] = switched[switched.notna().any(axis=1)].reset_index(names="area_code")
        return tables

    def _history(self, snapshot: Snapshot, upto: str) -> tuple[Level, History]:
        """The level to answer at and its history."""
        own = areas.level_of(snapshot.scope)
        if self.level == frames.AUTO:
            levels: list[Level] = [areas.below(own), own]
        else:
            levels = [frames.choose_level(snapshot, self.level, own)]
        for level in levels:
            history = doses.history(snapshot, level, self.source, self.dose, self.group, upto)
            if history is not None:
                return level, history
        known = ", ".join(str(n) for n in doses.doses_reported(snapshot, self.group, upto)) or "-"
        where = areas.name(snapshot.scope, "en")
        raise NoDataError(
            f"there are no data on dose {self.dose} of group {self.group} in {where} at this level and date; "
            f"doses reported: {known}. Choose another dose, group, date, level or source",
            key="error.no_vaccination", dose=self.dose, group=frames.called("group", self.group),
            area=frames.named(snapshot.scope), known=known)

    def _people(self, snapshot: Snapshot, level: Level, latest: pd.DataFrame) -> tuple[pd.Series, int | None]:
        """The denominator by area, and the year of the population where it is one."""
        year: int | None = None
        if self.denominator == "published":
            people = latest.groupby("area")["denominator"].sum(min_count=1)
            complete = latest.groupby("area")["denominator"].count() == latest.groupby("area").size()
            people = people.where(complete)
        else:
            people, year = doses.population(snapshot, level, self.group, self.basis, int(latest["as_of"].max().year))
        if not people.notna().any():
            where = areas.name(snapshot.scope, "en")
            raise NoDataError(
                f"there is no denominator ({self.denominator}) for group {self.group}, basis {self.basis}, in {where}; "
                "choose another denominator or basis, or import the population",
                key="error.no_denominator", denominator=frames.called("denominator", self.denominator),
                group=frames.called("group", self.group), basis=frames.called("basis", self.basis),
                area=frames.named(snapshot.scope))
        return people, year

    def _rates(self, found: pd.DataFrame, people: pd.Series) -> pd.DataFrame:
        """Counts and denominators with their rates."""
        table = pd.DataFrame({"count": _whole(found["count"]), "people": _whole(people)})
        if self.dose == ALL_DOSES:
            table["doses_per_100"] = 100.0 * found["count"] / people.where(people > 0)
            table["no_data"] = table["doses_per_100"].isna()
        else:
            rate = rates.coverage(found["count"], people)
            table = table.join(rate.rename(columns={"low": "share_low", "high": "share_high"}))
            # Below zero where the denominator is too small: kept, so that sums stay true.
            table["people_without"] = _whole(people - found["count"])
        table["as_of"] = found["as_of"]
        return table

    def _figures(self, frame: pd.DataFrame) -> dict[str, Figure]:
        both = frame[~frame["no_data"]]
        count, people = float(both["count"].sum()), float(both["people"].sum())
        share = count / people if people else float("nan")
        figures = {"doses" if self.dose == ALL_DOSES else "vaccinated":
                   Figure(count, "doses" if self.dose == ALL_DOSES else "persons", adds=True),
                   "denominator": Figure(people, "persons", adds=True)}
        if self.dose == ALL_DOSES:
            figures["doses_per_100"] = Figure(100.0 * share, "doses_per_100", weight=people)
        else:
            figures["coverage"] = Figure(share, "share", weight=people)
            figures["people_without"] = Figure(people - count, "persons", adds=True)
            if "drop_out" in frame:
                figures["drop_out"] = Figure(float(frame["drop_out"].median()), "share")
            figures["areas_over_100"] = Figure(int(frame["over_100"].sum()), "areas", adds=True)
        figures["areas_no_data"] = Figure(int(frame["no_data"].sum()), "areas", adds=True)
        return figures

    def _series(self, history: History, frame: pd.DataFrame) -> pd.DataFrame:
        """Cumulative count of the scope by week (weeks end on Sunday, the last with the data)."""
        daily = history.table()
        days = pd.DatetimeIndex(daily.index)
        week = days.to_period("W-SUN").end_time.normalize()
        weekly = daily.groupby(week.where(week <= days.max(), days.max())).last()
        people = float(frame.loc[~frame["no_data"], "people"].sum())
        total = weekly.sum(axis=1).to_numpy()
        rate = total / people if people else np.full(len(total), np.nan)
        name = "doses_per_100" if self.dose == ALL_DOSES else "share"
        return pd.DataFrame({"date": weekly.index, "count": total, name: rate * (100 if self.dose == ALL_DOSES else 1),
                             "reporting": weekly.notna().sum(axis=1).to_numpy()})

    def _note_on_people(self, year: int | None) -> Note:
        if year is None:
            return Note("note.denominator_published")
        return Note("note.denominator_population", {
            "basis": Term("basis", self.basis), "year": year, "thai_year": year + 543,
            "group": Term("group", self.group)})

    def _note_on_own_report(self, snapshot: Snapshot, level: Level, history: History, frame: pd.DataFrame,
                            upto: str) -> Note | None:
        """What the scope's own newest report says, where the figures below it come from something else."""
        own = areas.level_of(snapshot.scope)
        if level == own or own == "country" or history.basis in ("areas", "finer"):
            return None
        reports = doses.history(snapshot, own, "dose_reports", self.dose, self.group, upto)
        if reports is None or reports.basis != "areas":
            return None
        last = reports.latest().iloc[-1]
        return Note("note.own_report", {
            "area": Term("area", snapshot.scope), "count": f"{int(last['count']):,}",
            "date": Term("date", f"{last['as_of']:%Y-%m-%d}"), "here": f"{int(frame['count'].sum()):,}",
            "upto": Term("date", f"{history.rows['as_of'].max():%Y-%m-%d}")})

    def _note_on_over(self, frame: pd.DataFrame, year: int | None) -> Note | None:
        if "over_100" not in frame or not frame["over_100"].any():
            return None
        over = frame.index[frame["over_100"]]
        values: dict[str, Any] = {"areas": len(over), "names": frames.some_areas(over)}
        if year is None:
            return Note("note.over_100_published", values)
        return Note("note.over_100", {
            **values, "basis": Term("basis", self.basis), "year": year, "thai_year": year + 543})


def _by_area(history: History, level: Level, scope: str) -> pd.DataFrame:
    """Counts carried forward, days by areas; missing until every unit of an area has reported."""
    table = history.table()
    lies = history.rows.drop_duplicates("unit").set_index("unit")["area_code"]
    code = frames.codes_at(lies.reindex(table.columns), level, scope)
    parts = {area: table[code.index[code == area]].sum(axis=1, skipna=False) for area in code.unique()}
    return pd.DataFrame(parts, index=table.index)


def _whole(values: pd.Series) -> pd.Series:
    return values.round().astype("Int64")


def _notes(history: History, latest: pd.DataFrame, frame: pd.DataFrame, level: str) -> list[Note | None]:
    """Where the counts come from, and what is missing or odd in them."""
    notes: list[Note | None] = [Note(f"note.counts_{history.basis}", {
        "units": len(latest), "first": Term("date", f"{latest['as_of'].min():%Y-%m-%d}"),
        "last": Term("date", f"{latest['as_of'].max():%Y-%m-%d}")})]
    missing = frame.index[frame["count"].isna()]
    if len(missing):
        notes.append(Note("note.no_report", {"areas": len(missing), "names": frames.some_areas(missing)}))
    bare = frame.index[frame["count"].notna() & frame["people"].isna()].difference(frames.coarse(frame.index, level))
    if len(bare):
        notes.append(Note("note.no_denominator", {"areas": len(bare), "names": frames.some_areas(bare)}))
    falls = history.falls()
    if falls:
        notes.append(Note("note.counts_fall", {"steps": falls}))
    return notes
