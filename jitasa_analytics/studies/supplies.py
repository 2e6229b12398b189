"""What people asked for and have not got, item by item."""

from __future__ import annotations

from typing import Any

import pandas as pd
import param

from jitasa_analytics import areas
from jitasa_analytics.contracts import CATEGORIES, OPEN_STATUSES, URGENCIES
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import asking, frames
from jitasa_analytics.studies.answer import Answer, Figure, Note, Term
from jitasa_analytics.studies.base import Study


class Supplies(Study):
    """Quantity asked for and not yet delivered, by item and area, of requests that are still open.

    Items are counted in units of their own, so that quantities are added up only item by item; areas are compared
    by requests that lack something, or by quantity where one item is looked at.
    """

    slug = "supplies"
    needs = ("requests", "request_items")
    anywhere = True
    splits = "independent"

    category: Any = param.Selector(default=None, objects=[None, *CATEGORIES], allow_None=True,
                                   doc="Only items of this category.")
    item = param.String(default="", doc="Only items whose name holds this text; all where empty.")
    urgency: Any = param.Selector(default=None, objects=[None, *URGENCIES], allow_None=True,
                                  doc="Only requests of this urgency.")
    date = param.CalendarDate(default=None, allow_None=True,
                              doc="Requests made by this day; the newest request's day where left out.")
    level: Any = param.Selector(default="auto", objects=["auto", *frames.LEVELS],
                                doc="Level of the areas: auto is the level below the scope.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: requests (open, that ask for such items), requests_lacking (something of it is
            missing), people_lacking (persons of these), asked, delivered, unmet (pieces; only where all lines
            are of one item), items (different items lacking). ``tables``: ``items`` (asked, delivered, unmet and
            requests by item, most requests first), ``by_area`` (the same by area and item).
        """
        day = self.date or asking.last_day(snapshot)
        lines = snapshot.query("open_items", statuses=list(OPEN_STATUSES), day=day.isoformat(),
                               category=self.category or "", item=self.item.strip(), urgency=self.urgency or "")
        lines["unmet"] = (lines["quantity"] - lines["delivered"]).clip(lower=0)
        # Without a quantity nobody knows how much, but something was asked for and is open.
        lines["lacking"] = lines["quantity"].isna() | (lines["unmet"] > 0)
        level = frames.choose_level(snapshot, self.level, areas.below(areas.level_of(snapshot.scope)))
        lines["area"] = frames.codes_at(lines["area_code"], level, snapshot.scope)
        shapes = frames.outlines(snapshot, level, also=lines["area"].unique())
        one = lines["item"].nunique() == 1
        frame = _frame(shapes.index, lines, one)
        silent = ~shapes.index.str[:2].isin(snapshot.query("provinces_asking")["province"])
        frame = frame.mask(pd.Series(silent, index=frame.index), other=pd.NA)
        items = _by_item(lines, [])
        lacking = lines[lines["lacking"]].drop_duplicates("request_id")
        notes = [Note("study.supplies.note.open", {"date": Term("date", day.isoformat())})]
        if not one:
            notes.append(Note("study.supplies.note.units"))
        unknown = int(lines["quantity"].isna().sum())
        if unknown:
            notes.append(Note("study.supplies.note.no_quantity", {"lines": unknown, "of": len(lines)}))
        more = int((lines["delivered"] > lines["quantity"]).sum())
        if more:
            notes.append(Note("study.supplies.note.too_much", {"lines": more}))
        figures = {
            "requests_lacking": Figure(len(lacking), "requests"),
            "people_lacking": Figure(int(lacking["people"].sum()), "persons"),
            "items": Figure(int((items["requests_lacking"] > 0).sum()), "count"),
            "lines_met": Figure(float((~lines["lacking"]).mean()) if len(lines) else float("nan"), "share"),
        }
        if one and not unknown:
            figures["unmet"] = Figure(float(lines["unmet"].sum()), "pieces")
        figures["areas_lacking"] = Figure(int((frame["requests_lacking"] > 0).sum()), "areas")
        return self.answer(
            snapshot, frames.assemble(shapes, frame), measure="requests_lacking", unit="requests", figures=figures,
            notes=(*notes, *frames.notes_on_outlines(shapes, level)), uses=("areas",),
            tables={"items": items, "by_area": _by_item(lines, ["area"])})


def _frame(index: pd.Index, lines: pd.DataFrame, one: bool) -> pd.DataFrame:
    """Requests and people by area; quantities where they are all of one item."""
    lacking = lines[lines["lacking"]]
    first = lacking.drop_duplicates("request_id")
    frame = pd.DataFrame({
        "requests": lines.drop_duplicates("request_id").groupby("area").size(),
        "requests_lacking": first.groupby("area").size(),
        "people_lacking": first.groupby("area")["people"].sum(),
        "items": lacking.groupby("area")["item"].nunique(),
    }).reindex(index).fillna(0).astype("Int64")
    if one:
        sums = lines.groupby("area")[["quantity", "delivered", "unmet"]].sum(min_count=1).reindex(index)
        frame = frame.join(sums.rename(columns={"quantity": "asked"}))
    return frame


def _by_item(lines: pd.DataFrame, more: list[str]) -> pd.DataFrame:
    """Asked, delivered and unmet of each item; the one that most requests lack comes first."""
    keys = [*more, "category", "item"]
    group = lines.groupby(keys, sort=True)
    table = group[["quantity", "delivered", "unmet"]].sum(min_count=1).rename(columns={"quantity": "asked"})
    table["requests_lacking"] = group["lacking"].sum().astype(int)
    table = table.reset_index()
    return table.sort_values(["requests_lacking", *keys], ascending=[False, *[True] * len(keys)], kind="stable",
                             ignore_index=True)
