"""Requests that wait and volunteers who could go, ready to be matched: what each needs, has and may take."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from jitasa_analytics.analysis.matching import Matching, match
from jitasa_analytics.analysis.travel import Travel
from jitasa_analytics.contracts import OPEN_STATUSES
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import asking
from jitasa_analytics.studies.answer import Figure, Note, Term
from jitasa_analytics.studies.reach import Limit

VEHICLES = ("ambulance", "van", "pickup", "car", "boat", "motorcycle")
# Who is ill can't ride on a motorcycle, and a cylinder of oxygen can't either.
CARRYING = ("ambulance", "van", "pickup", "car", "boat")
CARING = ("first_aid", "home_visit", "swab_assist", "nursing")
# What a request of a category needs of who helps; the other categories need nothing in particular.
NEEDS_VEHICLE = ("transport", "oxygen", "bed")
NEEDS_CARE = ("medical",)
# A request of a higher urgency is worth so many of the one below it.
PRIORITY = {"low": 1, "normal": 2, "high": 4, "critical": 8}


def requests(snapshot: Snapshot, day: dt.date, category: str | None, urgency: str | None) -> pd.DataFrame:
    """Open requests with ``needs_skills``, ``needs_equipment`` (lists of words) and ``priority``."""
    table = asking.open_requests(snapshot, day, category=category, urgency=urgency)
    lines = snapshot.query("open_items", statuses=list(OPEN_STATUSES), day=day.isoformat(), category=category or "",
                           item="", urgency=urgency or "")
    for column, word, kinds in (("needs_equipment", "vehicle", NEEDS_VEHICLE), ("needs_skills", "care", NEEDS_CARE)):
        wanting = set(lines.loc[lines["category"].isin(kinds), "request_id"])
        needed = [[word] if i in wanting else [] for i in table.index]
        table[column] = pd.Series(needed, index=table.index, dtype=object)
    table["priority"] = table["urgency"].map(PRIORITY).fillna(PRIORITY["normal"]).astype(int)
    return table


def helpers(snapshot: Snapshot, day: dt.date, vehicles: tuple[str, ...] = CARRYING) -> pd.DataFrame:
    """Volunteers available on a day with ``skills`` and ``equipment`` in the words of `requests`, and ``owns``."""
    table = asking.volunteers(snapshot, day)
    owned, able = asking.words(table["equipment"]), asking.words(table["skills"])
    table["owns"] = pd.Series([[w for w in vehicles if w in own] for own in owned], index=table.index, dtype=object)
    table["equipment"] = pd.Series([["vehicle"] if own else [] for own in table["owns"]], index=table.index,
                                   dtype=object)
    table["skills"] = pd.Series([["care"] if set(own) & set(CARING) else [] for own in able], index=table.index,
                                dtype=object)
    return table


def matched(snapshot: Snapshot, wanting: pd.DataFrame, helping: pd.DataFrame,
            limit: Limit) -> tuple[Matching, Travel, list[Note]]:
    """Match all that lie somewhere; those who lie nowhere are out of reach."""
    here, notes = asking.placed(snapshot, wanting, "requests")
    there, more = asking.placed(snapshot, helping, "volunteers")
    travel = limit.travel(here, there)
    found = match(wanting.loc[here.index], helping.loc[there.index], travel, within=limit.within)
    return found, travel, [*notes, *more]


def proof(found: Matching) -> tuple[dict[str, Figure], Note]:
    """What is proven of a matching, as figures and in words."""
    mean = found.total / found.n_matched if found.n_matched else float("nan")
    figures = {"mean_minutes": Figure(mean, "minutes"), "gap": Figure(found.gap, "share")}
    key = "study.matching.note.optimal" if found.status == "optimal" else "study.matching.note.gap"
    return figures, Note(key, {"total": f"{found.total:,.0f}", "bound": f"{found.bound:,.0f}",
                               "gap": f"{100 * found.gap:.2g}"})


def reasons(table: pd.DataFrame) -> pd.Series:
    """Why nobody helps, in the words of the texts; missing where somebody does."""
    return table["reason"].where(table["reason"] != "").str.replace(" ", "_")


def day_note(day: dt.date) -> Note:
    """Which requests and volunteers are looked at."""
    return Note("note.volunteers_on", {"day": Term("date", day.isoformat())})
