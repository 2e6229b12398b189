"""What is missing, old or suspicious in the data that all other answers rest on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import param

from jitasa_analytics import areas
from jitasa_analytics.analysis import trends
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import asking, doses, frames
from jitasa_analytics.studies.answer import Answer, Figure, Note, Term
from jitasa_analytics.studies.base import Study

COLUMNS = ["dataset", "check", "area_code", "unit", "found", "of", "detail"]


class DataQuality(Study):
    """Findings in the data, by area: missing, stale, falling or doubled series, coverage above 100 %.

    A finding is a row, or for reports a series of one area or facility and dose, that breaks a rule. It is no
    error of itself; it says where to look before a decision rests on it.
    """

    slug = "data_quality"
    needs = ("areas",)
    anywhere = True
    splits = "independent"

    stale_days = param.Integer(default=30, bounds=(1, 36500),
                               doc="Reports older than so many days before the newest are stale; days.")
    verified_days = param.Integer(default=365, bounds=(1, 36500),
                                  doc="Facilities not verified for so many days are a finding; days.")
    factor = param.Number(default=1.8, bounds=(1.1, 100), doc="A count so many times the last one, that comes "
                          "back, is doubled; times.")
    date = param.CalendarDate(default=None, allow_None=True,
                              doc="Ages are counted to this day; the newest data of the store where left out.")
    level: Any = param.Selector(default="auto", objects=["auto", *frames.LEVELS],
                                doc="Level of the areas: auto is the level below the scope.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: findings (how many), checks (of how many kinds), newest (day of the newest dose
            report), days_old, requests, facilities (rows there are). ``tables``: ``checks`` (found of how many, by
            dataset and check), ``findings`` (each with its area, unit and detail), ``datasets`` (rows and age).
        """
        day = self._day(snapshot)
        level = frames.choose_level(snapshot, self.level, areas.below(areas.level_of(snapshot.scope)))
        shapes = frames.outlines(snapshot, level)
        series = self._reports(snapshot, day)
        rows = snapshot.query("quality_counts", head=frames.head(snapshot.scope), day=day.strftime("%Y-%m-%d"),
                              days=self.verified_days)
        rows = rows.astype({"found": "int64", "of": "int64"})
        missing = self._people(snapshot, shapes.index, level, day)
        every = pd.concat([series, rows.reindex(columns=COLUMNS), missing], ignore_index=True)
        found = every[every["found"] > 0]
        code = frames.codes_at(found["area_code"], level, snapshot.scope)
        frame = pd.DataFrame(index=shapes.index.union(pd.Index(code.unique()), sort=True))
        shapes = frames.outlines(snapshot, level, also=frame.index)
        frame = frame.reindex(shapes.index)
        frame["findings"] = found["found"].groupby(code).sum().reindex(frame.index).fillna(0).astype(int)
        kinds = (found["dataset"] + "." + found["check"]).groupby(code).nunique()
        frame["checks"] = kinds.reindex(frame.index).fillna(0).astype(int)
        newest = self._newest(snapshot, level)
        frame["newest"] = newest.reindex(frame.index)
        frame["days_old"] = (day - frame["newest"]).dt.days.astype("Int64")
        counts = every.groupby(["dataset", "check"], sort=True)[["found", "of"]].sum().reset_index()
        counts["share"] = counts["found"] / counts["of"].where(counts["of"] > 0)
        counts = counts.sort_values(["found", "dataset", "check"], ascending=[False, True, True], kind="stable",
                                    ignore_index=True)
        notes = [Note("study.data_quality.note.day", {"date": Term("date", f"{day:%Y-%m-%d}")}),
                 Note("study.data_quality.note.finding")]
        empty = [n for n in ("population", "places", "facilities", "requests", "volunteers", "doses", "dose_reports",
                             "officers") if not snapshot.held(n).rows]
        if empty:
            notes.append(Note("study.data_quality.note.empty", {"datasets": tuple(Term("dataset", n) for n in empty)}))
        silent = int(frame["newest"].isna().sum())
        figures = {
            "findings": Figure(int(frame["findings"].sum()), "problems"),
            "areas_with_findings": Figure(int((frame["findings"] > 0).sum()), "areas"),
            "series_suspicious": Figure(int(series.loc[series["check"].isin(["falls", "doubles", "over_100"]),
                                                       "found"].sum()), "count"),
            "series_stale": Figure(int(series.loc[series["check"] == "stale", "found"].sum()), "count"),
            "areas_no_report": Figure(silent, "areas"),
        }
        return self.answer(
            snapshot, frames.assemble(shapes, frame), measure="findings", unit="problems", figures=figures,
            notes=(*notes, *frames.notes_on_outlines(shapes, level)),
            uses=("population", "places", "facilities", "requests", "volunteers", "doses", "dose_reports", "officers"),
            tables={"checks": counts, "findings": found.reset_index(drop=True), "datasets": _datasets(snapshot, day)})

    def _day(self, snapshot: Snapshot) -> pd.Timestamp:
        """The day that ages are counted to."""
        if self.date is not None:
            return pd.Timestamp(self.date)
        dates = [snapshot.held(n).as_of for n in ("requests", "request_events", "dose_reports", "doses")]
        known = [pd.Timestamp(str(d)[:10]) for d in dates if d]
        return max(known) if known else pd.Timestamp(snapshot.created_at + asking.BANGKOK).normalize()

    def _reports(self, snapshot: Snapshot, day: pd.Timestamp) -> pd.DataFrame:
        """Findings in the series of dose reports: one row a series and check."""
        table = snapshot.query("dose_reports_by_unit", group="all", upto=f"{day:%Y-%m-%d}")
        last = table["as_of"].max() if len(table) else day
        rows: list[tuple[Any, ...]] = []
        for (unit, dose, area), part in table.groupby(["unit", "dose_no", "area_code"], sort=True, dropna=False):
            counts = part.set_index("as_of")["count"].astype(float)
            odd = trends.anomalies(counts, factor=self.factor)
            one = ("dose_reports", area, f"{unit} · {dose}")
            for check in ("falls", "doubles"):
                days = odd.index[odd[check]]
                rows.append((one[0], check, *one[1:], len(days), len(counts),
                             ", ".join(f"{d:%Y-%m-%d}" for d in days[:3])))
            age = int((last - counts.index[-1]).days)
            rows.append((one[0], "stale", *one[1:], int(age > self.stale_days), 1, f"{counts.index[-1]:%Y-%m-%d}"))
            newest = part.iloc[-1]
            base = newest["denominator"]
            if dose and pd.notna(base):
                rows.append((one[0], "over_100", *one[1:], int(newest["count"] > base), 1,
                             f"{int(newest['count']):,} / {int(base):,}"))
            moved = part["denominator"].dropna()
            if len(moved):
                changes = moved.nunique() - 1
                rows.append((one[0], "base_moved", *one[1:], int(changes > 0), 1,
                             " → ".join(f"{int(v):,}" for v in moved.drop_duplicates().head(4))))
        return pd.DataFrame(rows, columns=COLUMNS).astype({"found": "int64", "of": "int64"})

    def _people(self, snapshot: Snapshot, codes: pd.Index, level: Any, day: pd.Timestamp) -> pd.DataFrame:
        """Areas without a population."""
        people, _ = doses.population(snapshot, level, "all", "registered", day.year)
        none = people.reindex(codes).isna()
        return pd.DataFrame({"dataset": "population", "check": "no_people", "area_code": codes, "unit": None,
                             "found": none.to_numpy(int), "of": 1, "detail": None}, columns=COLUMNS)

    def _newest(self, snapshot: Snapshot, level: Any) -> pd.Series:
        """Day of the newest dose report in each area, or of a facility in it."""
        table = snapshot.query("dose_reports_by_unit", group="all", upto=doses.FOREVER)
        length = table["area_code"].str.len()
        table = table[(length >= areas.digits(level)) & (table["area_code"] != areas.COUNTRY)]
        if not len(table):
            return pd.Series(dtype="datetime64[us]")
        return pd.to_datetime(table["as_of"]).groupby(frames.codes_at(table["area_code"], level, snapshot.scope)).max()


def _datasets(snapshot: Snapshot, day: pd.Timestamp) -> pd.DataFrame:
    """Rows of the scope and age of each dataset."""
    rows = []
    for name in ("areas", "population", "places", "facilities", "candidates", "requests", "request_items",
                 "request_events", "volunteers", "doses", "dose_reports", "observations", "officers"):
        held = snapshot.held(name)
        as_of = pd.to_datetime(str(held.as_of)[:10], errors="coerce") if held.as_of else pd.NaT
        old = np.nan if pd.isna(as_of) else (day - as_of).days
        rows.append((name, snapshot.count(name), held.as_of, old))
    return pd.DataFrame(rows, columns=["dataset", "rows", "as_of", "days_old"])
