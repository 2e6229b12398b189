"""How long people wait, who waits longer than their urgency allows, and where nobody asks any more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import param

from jitasa_analytics import areas
from jitasa_analytics.analysis import responses
from jitasa_analytics.contracts import CATEGORIES, OPEN_STATUSES, URGENCIES
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import asking, frames
from jitasa_analytics.studies.answer import Answer, Figure, Note, Term
from jitasa_analytics.studies.base import Study

# An area needs so many requests before a median of it means something.
_ENOUGH = 5


class Responses(Study):
    """Open requests by age and urgency, the time until requests are closed, and areas that fell silent.

    The median time to close is Kaplan and Meier's (1958): requests that still wait count for as long as they
    have waited, where the mean of those closed would look shorter the more are left waiting. The moment looked
    at is the newest request or event of the store, or the end of ``date``.
    """

    slug = "responses"
    needs = ("requests",)
    anywhere = True
    splits = "independent"

    date = param.CalendarDate(default=None, allow_None=True,
                              doc="The end of this day (Bangkok); the newest request or event where left out.")
    hours_critical = param.Number(default=6, bounds=(0, 10000), doc="A critical request is overdue after, hours.")
    hours_high = param.Number(default=24, bounds=(0, 10000), doc="A request of high urgency is overdue after, hours.")
    hours_normal = param.Number(default=72, bounds=(0, 10000), doc="A normal request is overdue after, hours.")
    hours_low = param.Number(default=168, bounds=(0, 10000), doc="A request of low urgency is overdue after, hours.")
    silence_days = param.Integer(default=14, bounds=(1, 3650), doc="An area is silent after so many days, days.")
    category: Any = param.Selector(default=None, objects=[None, *CATEGORIES], allow_None=True,
                                   doc="Only requests that ask for something of this category.")
    level: Any = param.Selector(default="auto", objects=["auto", *frames.LEVELS],
                                doc="Level of the areas: auto is the level below the scope.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: requests, requests_open, overdue, share_overdue (of the open ones), oldest_hours,
            median_hours (Kaplan–Meier; ``inf``: more than half still wait; missing below 5 requests), days_since
            (the last request), silent. ``tables``: ``urgency``, ``waiting`` (share still open by hours).
        """
        as_of = self._moment(snapshot)
        table = snapshot.query("requests_with_end", as_of=str(as_of), category=self.category or "")
        table = table.set_index("request_id")
        table["closed_at"] = pd.to_datetime(table["closed_at"])
        # Closed, but nobody wrote when: it neither waits nor tells how long it waited.
        untold = ~table["status"].isin(OPEN_STATUSES) & table["closed_at"].isna()
        told = table[~untold]
        limits = {u: float(getattr(self, f"hours_{u}")) for u in URGENCIES}
        over = responses.overdue(told, limit_hours=limits, as_of=as_of)
        level = frames.choose_level(snapshot, self.level, areas.below(areas.level_of(snapshot.scope)))
        code = frames.codes_at(table["area_code"], level, snapshot.scope)
        shapes = frames.outlines(snapshot, level, also=code.unique())
        frame = self._frame(snapshot, shapes.index, code, table, told, over, as_of)
        whole = responses.time_to_close(told, as_of=as_of)
        urgency = responses.overdue_by_urgency(told, limit_hours=limits, as_of=as_of)
        urgency = urgency.rename(columns={"open": "requests_open", "share": "share_overdue"}).reset_index(
            names="urgency")
        urgency["median_hours"] = [responses.time_to_close(told[told["urgency"] == u], as_of=as_of).median
                                   for u in urgency["urgency"]]
        day = as_of + asking.BANGKOK - pd.Timedelta(1, "us")  # midnight ends the day
        notes = [Note("study.responses.note.moment", {"date": Term("date", f"{day:%Y-%m-%d}")}),
                 Note("study.responses.note.median")]
        if len(table) and not table["closed_at"].notna().any():
            notes.append(Note("study.responses.note.no_events"))
        if untold.any():
            notes.append(Note("study.responses.note.untold", {"count": int(untold.sum())}))
        notes += frames.notes_on_outlines(shapes, level)
        return self.answer(
            snapshot, frames.assemble(shapes, frame), measure="overdue", unit="requests",
            figures=_figures(over, whole, frame), notes=tuple(notes), uses=("request_events", "areas"),
            tables={"urgency": urgency, "waiting": whole.curve})

    def _moment(self, snapshot: Snapshot) -> pd.Timestamp:
        """The moment that is looked at, UTC."""
        if self.date is not None:
            return pd.Timestamp(self.date) + pd.Timedelta(days=1) - asking.BANGKOK
        # The newest day of the whole version, not of the scope: an area that fell silent would stop its own clock.
        newest = [snapshot.held(n).as_of for n in ("requests", "request_events")]
        days = [pd.Timestamp(str(day)[:10]) for day in newest if day]
        return max(days) + pd.Timedelta(days=1) - asking.BANGKOK if days else pd.Timestamp(snapshot.created_at)

    def _frame(self, snapshot: Snapshot, index: pd.Index, code: pd.Series, table: pd.DataFrame, told: pd.DataFrame,
               over: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
        waiting = over["open_hours"].notna()
        frame = pd.DataFrame(index=index)
        frame["requests"] = asking.by_area(code, index)
        frame["requests_open"] = asking.by_area(code[waiting[waiting].index], index)
        frame["overdue"] = asking.by_area(code[over.index[over["overdue"]]], index)
        frame["share_overdue"] = frame["overdue"] / frame["requests_open"].where(frame["requests_open"] > 0)
        frame["oldest_hours"] = over["open_hours"].groupby(code.reindex(over.index)).max().reindex(index)
        medians = {area: responses.time_to_close(part, as_of=as_of).median
                   for area, part in told.groupby(code.reindex(told.index)) if len(part) >= _ENOUGH}
        frame["median_hours"] = pd.Series(medians, dtype=float).reindex(index)
        reports = pd.DataFrame({"area_code": code, "at": table["requested_at"]})
        quiet = responses.silence(reports, index, as_of=as_of, days=self.silence_days)
        frame["days_since"] = quiet["days_since"].where(~quiet["never"])
        frame["silent"] = quiet["silent"]
        # A province from which no request ever came uses no app: that is no data, and not a calm area.
        unheard = ~index.str[:2].isin(snapshot.query("provinces_asking")["province"]) & ~quiet["never"].eq(False)
        counts = {n: frame[n].astype("Int64").mask(unheard) for n in ("requests", "requests_open", "overdue")}
        return frame.assign(**counts, silent=frame["silent"].astype("boolean").mask(unheard))


def _figures(over: pd.DataFrame, whole: responses.TimeToClose, frame: pd.DataFrame) -> dict[str, Figure]:
    waiting = int(over["open_hours"].notna().sum())
    late = int(over["overdue"].sum())
    return {
        "requests_open": Figure(waiting, "requests"),
        "overdue": Figure(late, "requests"),
        "share_overdue": Figure(late / waiting if waiting else float("nan"), "share"),
        "median_hours": Figure(whole.median, "hours"),
        "oldest_hours": Figure(float(over["open_hours"].max()) if waiting else float("nan"), "hours"),
        "areas_silent": Figure(int(frame["silent"].fillna(False).astype(bool).sum()), "areas"),
        "areas_no_data": Figure(int(np.asarray(frame["requests"].isna()).sum()), "areas"),
    }
