"""When the conditions for reopening are met: so many people with a dose, by a date, area by area."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import param

from jitasa_analytics import areas
from jitasa_analytics.analysis import trends
from jitasa_analytics.analysis.projection import Projection
from jitasa_analytics.contracts import BASES
from jitasa_analytics.errors import NoDataError
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import doses, frames
from jitasa_analytics.studies.answer import Answer, Figure, Note, Term
from jitasa_analytics.studies.base import Study
from jitasa_analytics.studies.doses import History
from jitasa_analytics.studies.rules import Rule, applying, read

# From the best to the worst; an area is as far as its worst rule.
STATUSES = ("met", "on_course", "late", "unknown")


class Reopening(Study):
    """Whether each area meets its conditions (dose, share of people, date), and when it will.

    The date is projected from the pace of the last weeks, with an interval; a shortage or a campaign isn't in
    it. Reports that slipped or doubled are left out of the pace. Where an area has rules of its own for a dose,
    they take the place of the general ones.
    """

    slug = "reopening"
    needs = ()
    splits = "independent"

    rules = param.String(
        default="1 70% 2021-11-01; 2 50% 2021-12-31",
        doc="Conditions, one after another with ';' between: dose, share of people, date; before them an area's "
            "code where a rule is for one area only: 20 1 80% 2021-10-15. A date may be left out.")
    date = param.CalendarDate(default=None, allow_None=True, doc="As of this day; the newest data where left out.")
    weeks = param.Integer(default=6, bounds=(2, 52), doc="The pace is that of the last so many weeks, weeks.")
    confidence = param.Number(default=0.9, bounds=(0.5, 0.99), doc="Of the interval of the date.")
    denominator: Any = param.Selector(default="population", objects=["population", "published"],
                                      doc="Divide by the population dataset, or by what the report published.")
    basis: Any = param.Selector(default="registered", objects=list(BASES), doc="Basis of the population.")
    level: Any = param.Selector(default="auto", objects=["auto", *frames.LEVELS],
                                doc="Level of the areas: auto is the level below the scope that has data.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: status (met, on_course, late; unknown: too few reports, or none), people_missing
            (persons still to be vaccinated under the rule that lacks most), rules_met, rules, and of the rule that
            is last to be met: date, earliest, latest, days_late (against its due date; negative: ahead).
            ``tables["rules"]``: the same by area and rule, with the share today, the pace and the pace needed.

        Raises
        ------
        InputError
            If a rule can't be read; it names the rule and how to write it.
        NoDataError
            If no dose of the rules has counts in the scope.
        """
        rules = read(self.rules)
        upto = self.date.isoformat() if self.date else doses.FOREVER
        level, found = self._histories(snapshot, sorted({rule.dose for rule in rules}), upto)
        shapes = frames.outlines(snapshot, level, also={
            code for history in found.values()
            for code in frames.codes_at(history.latest()["area_code"], level, snapshot.scope)})
        last = max(history.rows["as_of"].max() for history in found.values())
        population, year = doses.population(snapshot, level, "all", self.basis, int(last.year))
        series = {dose: _series(history, level, snapshot.scope) for dose, history in found.items()}
        table = pd.DataFrame([row for code in shapes.index
                              for row in self._area(str(code), applying(rules, str(code)), series, population)])
        frame = _worst(table, shapes.index)
        notes = self._notes(found, year, table, rules)
        notes += frames.notes_on_outlines(shapes, level)
        counts = frame["status"].value_counts()
        figures = {f"areas_{s}": Figure(int(counts.get(s, 0)), "areas") for s in STATUSES}
        figures["people_missing"] = Figure(float(frame["people_missing"].sum()), "persons")
        known = frame.loc[frame["status"].isin(["on_course", "late"]), "days_late"].dropna()
        figures["days_late"] = Figure(float(known.median()) if len(known) else float("nan"), "days")
        return self.answer(
            snapshot, frames.assemble(shapes, frame), measure="people_missing", unit="persons", figures=figures,
            notes=tuple(notes), tables={"rules": table},
            uses=("dose_reports" if any(h.basis != "residents" for h in found.values()) else "doses", "population",
                  "areas"))

    def _histories(self, snapshot: Snapshot, wanted: list[int], upto: str) -> tuple[Any, dict[int, History]]:
        """The level to answer at, and the history of each dose there; all from the same kind of source."""
        own = areas.level_of(snapshot.scope)
        levels = [areas.below(own), own] if self.level == frames.AUTO else [
            frames.choose_level(snapshot, self.level, own)]
        for level in levels:
            for source in ("dose_reports", "doses"):
                every = {dose: doses.history(snapshot, level, source, dose, "all", upto) for dose in wanted}
                found = {dose: history for dose, history in every.items() if history is not None}
                if len(found) == len(wanted):
                    return level, found
        for level in levels:
            found = {dose: h for dose in wanted
                     if (h := doses.history(snapshot, level, "auto", dose, "all", upto)) is not None}
            if found:
                return level, found
        known = ", ".join(str(n) for n in doses.doses_reported(snapshot, "all", upto)) or "-"
        raise NoDataError(
            f"there are no data on dose {wanted} of group all in {areas.name(snapshot.scope, 'en')} at this level and "
            f"date; doses reported: {known}. Write rules on those, or choose another level or date",
            key="error.no_vaccination", dose=", ".join(map(str, wanted)), group=frames.called("group", "all"),
            area=frames.named(snapshot.scope), known=known)

    def _area(self, code: str, rules: list[Rule], found: dict[int, dict[str, tuple[pd.Series, float]]],
              population: pd.Series) -> list[dict[str, Any]]:
        """One row for each rule of an area."""
        rows = []
        for rule in rules:
            series, published = found.get(rule.dose, {}).get(code, (None, np.nan))
            people = float(population.get(code, np.nan)) if self.denominator == "population" else published
            row = {"area_code": code, "dose": rule.dose, "target": rule.share, "due": rule.due}
            if series is None or not people > 0:
                rows.append(row | {"status": "unknown"})
                continue
            ahead = trends.project(series, people=people, target=rule.share, due=rule.due, weeks=self.weeks,
                                   confidence=self.confidence)
            rows.append(row | _said(ahead, people, rule))
        return rows

    def _notes(self, found: dict[int, History], year: int | None, table: pd.DataFrame,
               rules: list[Rule]) -> list[Note]:
        notes = [Note("study.reopening.note.pace", {"weeks": self.weeks, "confidence": f"{self.confidence:.0%}"})]
        for dose, history in sorted(found.items()):
            latest = history.latest()
            notes.append(Note(f"study.reopening.note.counts_{history.basis}", {
                "dose": dose, "last": Term("date", f"{latest['as_of'].max():%Y-%m-%d}")}))
        if len({history.basis for history in found.values()}) > 1:
            notes.append(Note("study.reopening.note.mixed"))
        missing = sorted({rule.dose for rule in rules} - set(found))
        if missing:
            notes.append(Note("study.reopening.note.no_dose", {"doses": ", ".join(map(str, missing))}))
        if self.denominator == "published":
            notes.append(Note("note.denominator_published"))
        elif year is not None:
            notes.append(Note("note.denominator_population", {
                "basis": Term("basis", self.basis), "year": year, "thai_year": year + 543,
                "group": Term("group", "all")}))
        over = list(table.loc[table["share"] > 1, "area_code"].unique()) if "share" in table else []
        if len(over):
            notes.append(Note("study.reopening.note.over_100", {
                "areas": len(over), "names": frames.some_areas(over)}))
        return notes


def _series(history: History, level: Any, scope: str) -> dict[str, tuple[pd.Series, float]]:
    """By area: the cumulative count over time, and the denominator published last (NaN where a unit has none).

    Reports that slipped or doubled are left out; injections that were counted one by one can't do either.
    """
    found = {}
    for code, rows in history.rows.groupby(frames.codes_at(history.rows["area_code"], level, scope), sort=False):
        latest = rows.groupby("unit").tail(1)["denominator"]
        series = rows.set_index("as_of")["count"]
        if rows["unit"].nunique() > 1:
            wide = rows.pivot_table(index="as_of", columns="unit", values="count", aggfunc="last").ffill()
            # Before all units of an area have reported, a sum of some would look like growth when another joins.
            whole = wide.dropna()
            series = (whole if len(whole) else wide).sum(axis=1)
        if history.basis != "residents":
            series = trends.anomalies(series)["clean"]
        found[str(code)] = (series, float(latest.sum(min_count=len(latest))))
    return found


def _said(ahead: Projection, people: float, rule: Rule) -> dict[str, Any]:
    missing = max(np.ceil(rule.share * people - 1e-9) - ahead.share * people, 0.0)
    weeks = np.nan
    if rule.due is not None and ahead.newest is not None:
        weeks = max((rule.due - ahead.newest).days / 7.0, 0.0)
    needed = np.inf if weeks == 0 and missing > 0 else missing / weeks if weeks > 0 else 0.0 if missing == 0 else np.nan
    late = (ahead.date - rule.due).days if ahead.date is not None and rule.due is not None else np.nan
    return {"status": ahead.status.replace(" ", "_"), "share": ahead.share, "people": people,
            "people_missing": missing, "per_week": ahead.per_week, "needed_per_week": needed, "date": ahead.date,
            "earliest": ahead.earliest, "latest": ahead.latest, "days_late": late, "as_of": ahead.newest}


def _worst(table: pd.DataFrame, codes: pd.Index) -> pd.DataFrame:
    """One row an area: how it stands under the rule that is last to be met."""
    columns = ["people_missing", "date", "earliest", "latest", "days_late", "share", "as_of"]
    full = table.reindex(columns=[*dict.fromkeys([*table.columns, *columns])])
    order = full["status"].map({s: i for i, s in enumerate(STATUSES)})
    when = pd.to_datetime(full["date"])
    ranked = full.assign(order=order, when=when).sort_values(
        ["area_code", "order", "when"], kind="stable", na_position="last")
    last = ranked.groupby("area_code").tail(1).set_index("area_code").reindex(codes)
    group = full.groupby("area_code")
    frame = pd.DataFrame({"status": last["status"].fillna("unknown")}, index=codes)
    missing = group["people_missing"].max().reindex(codes)
    frame["people_missing"] = missing.astype(float).round().astype("Int64")
    frame["rules_met"] = (full["status"] == "met").groupby(full["area_code"]).sum().reindex(codes).fillna(0).astype(int)
    frame["rules"] = group.size().reindex(codes).fillna(0).astype(int)
    frame[["share", "date", "earliest", "latest", "days_late", "as_of"]] = last[
        ["share", "date", "earliest", "latest", "days_late", "as_of"]]
    for name in ("date", "earliest", "latest", "as_of"):
        frame[name] = pd.to_datetime(frame[name])
    return frame
