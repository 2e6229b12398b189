"""Are there enough volunteers where help is asked for?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import param

from jitasa_analytics import areas
from jitasa_analytics.analysis import access, decay
from jitasa_analytics.analysis.travel import DETOUR, SPEED_KMH
from jitasa_analytics.contracts import CATEGORIES, URGENCIES, VOLUNTEER_KINDS
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import asking, frames
from jitasa_analytics.studies.answer import Answer, Figure, Note, Term
from jitasa_analytics.studies.base import Study
from jitasa_analytics.studies.reach import Limit

# Points closer than this many decimals of a degree (about 100 m) count as one place on the road.
_DECIMALS = 3
_KINDS = ("requests", "volunteers")


class VolunteerRatio(Study):
    """Volunteers available and requests open, by area, and how well volunteers reach the requests.

    ``ratio`` is volunteers per open request in the same area. ``access`` is E2SFCA (Luo & Qi 2009): each
    volunteer's requests a day are shared among the open requests around, with weights 1, 0.68 and 0.22 in
    the thirds of ``minutes``; an area has the mean of its requests. Volunteers outside the scope are unknown.
    """

    slug = "volunteer_ratio"
    needs = ("requests", "volunteers")
    # Volunteers and requests across a border compete, and a snapshot of one area does not hold them.
    splits = "national"
    anywhere = True

    minutes = param.Number(default=30, bounds=(1, 600), doc="Longest way of a volunteer to a request, minutes.")
    mode: Any = param.Selector(default="motorcycle", objects=list(SPEED_KMH),
                               doc="How volunteers travel; sets the speed.")
    detour = param.Number(default=DETOUR, bounds=(1, 3), doc="Length of the road over the straight line.")
    level: Any = param.Selector(default="auto", objects=["auto", *frames.LEVELS],
                                doc="Level of the areas: auto is the level below the scope.")
    category: Any = param.Selector(default=None, objects=[None, *CATEGORIES], allow_None=True,
                                   doc="Only requests that ask for something of this category.")
    urgency: Any = param.Selector(default=None, objects=[None, *URGENCIES], allow_None=True,
                                  doc="Only requests of this urgency.")
    volunteer_kind: Any = param.Selector(default=None, objects=[None, *VOLUNTEER_KINDS], allow_None=True,
                                         doc="Only volunteers of this kind.")
    date = param.CalendarDate(default=None, allow_None=True,
                              doc="Requests made by this day and volunteers available on it; the newest request's day.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: requests_open, volunteers, capacity (requests a day), ratio (volunteers per open
            request; missing where none is open), access (requests a day per open request; missing likewise).
            ``tables["kinds"]``: volunteers of each kind, what they can do in a day, and their ratio.

            Where nobody asks, requests_open is 0 and a note says so; it is missing where no request ever came
            from the whole province.
        """
        day = self.date or asking.last_day(snapshot)
        requests = asking.open_requests(snapshot, day, category=self.category, urgency=self.urgency)
        volunteers = asking.volunteers(snapshot, day)
        kinds = _by_kind(volunteers, len(requests))
        if self.volunteer_kind:
            volunteers = volunteers[volunteers["kind"] == self.volunteer_kind]
        level = frames.choose_level(snapshot, self.level, areas.below(areas.level_of(snapshot.scope)))
        code = {kind: frames.codes_at(table["area_code"], level, snapshot.scope)
                for kind, table in zip(_KINDS, (requests, volunteers), strict=True)}
        shapes = frames.outlines(snapshot, level, also={*code["requests"], *code["volunteers"]})
        reached, notes = self._access(snapshot, requests, volunteers)
        frame = asking.unheard(snapshot, _by_area(shapes.index, requests, volunteers, code, reached),
                               ("requests_open", "people"))
        notes = [Note("note.volunteers_on", {"day": Term("date", day.isoformat())}),
                 Limit(self.minutes, None, self.mode, self.detour).note(),
                 Note("note.e2sfca", {"minutes": f"{self.minutes:g}"}), *notes]
        if not len(requests):
            notes.append(Note("note.no_open_requests"))
        if snapshot.scope != areas.COUNTRY:
            notes.append(Note("note.volunteers_in_scope"))
        return self.answer(
            snapshot, frames.assemble(shapes, frame), measure="ratio", unit="ratio",
            figures=_figures(frame, reached), uses=("areas",), tables={"kinds": kinds},
            notes=(*notes, *asking.note_unheard(frame), *frames.notes_on_outlines(shapes, level)))

    def _access(self, snapshot: Snapshot, requests: pd.DataFrame,
                volunteers: pd.DataFrame) -> tuple[pd.Series, list[Note]]:
        """E2SFCA access of each request that lies somewhere, and what was assumed about places."""
        notes: list[Note] = []
        placed = []
        for kind, table in zip(_KINDS, (requests, volunteers), strict=True):
            where, more = asking.placed(snapshot, table, kind)
            notes += more
            placed.append(where.round(_DECIMALS))
        wanting, helping = (_stacked(table) for table in placed)
        wanting["people"] = wanting["rows"].map(len)
        helping["capacity"] = [float(volunteers.loc[ids, "capacity"].sum()) for ids in helping["rows"]]
        travel = Limit(self.minutes, None, self.mode, self.detour).travel(wanting, helping)
        zones = decay.zones([self.minutes / 3, self.minutes * 2 / 3, self.minutes])
        value = access.two_step(wanting, helping, travel, decay=zones)
        of_request = pd.Series(np.repeat(value.to_numpy(), wanting["people"].to_numpy(int)),
                               index=[i for ids in wanting["rows"] for i in ids], dtype=float)
        return of_request.reindex(requests.index), notes


def _stacked(points: pd.DataFrame) -> pd.DataFrame:
    """One row for each place, with the labels of those who are there."""
    labels = pd.Series(points.index, index=points.index)
    grouped = labels.groupby([points["lon"], points["lat"]], sort=True).agg(list)
    frame = grouped.rename("rows").reset_index()
    return frame.astype({"lon": float, "lat": float, "rows": object})


def _by_kind(volunteers: pd.DataFrame, requests: int) -> pd.DataFrame:
    """Volunteers of every kind there is, also of those that nobody belongs to."""
    found = volunteers.groupby("kind")["capacity"].agg(["size", "sum"]).reindex(VOLUNTEER_KINDS)
    count = found["size"].fillna(0).astype(int).to_numpy()
    table = pd.DataFrame({"volunteer_kind": VOLUNTEER_KINDS, "volunteers": count,
                          "capacity": found["sum"].fillna(0.0).to_numpy()})
    table["ratio"] = table["volunteers"] / requests if requests else np.nan
    return table.sort_values("volunteers", ascending=False, kind="stable", ignore_index=True)


def _by_area(codes: pd.Index, requests: pd.DataFrame, volunteers: pd.DataFrame, code: dict[str, pd.Series],
             reached: pd.Series) -> pd.DataFrame:
    """Counts, ratio and mean access on every area; nobody is 0, no request is no ratio."""
    table = pd.DataFrame(index=codes)
    table["requests_open"] = code["requests"].value_counts().reindex(codes).fillna(0).astype(int)
    table["people"] = requests["people"].groupby(code["requests"]).sum().reindex(codes).fillna(0).astype(int)
    table["volunteers"] = code["volunteers"].value_counts().reindex(codes).fillna(0).astype(int)
    table["capacity"] = volunteers["capacity"].groupby(code["volunteers"]).sum().reindex(codes).fillna(0.0)
    table["ratio"] = table["volunteers"] / table["requests_open"].where(table["requests_open"] > 0)
    table["access"] = reached.groupby(code["requests"]).mean().reindex(codes)
    return table


def _figures(frame: pd.DataFrame, reached: pd.Series) -> dict[str, Figure]:
    requests, volunteers = int(frame["requests_open"].sum()), int(frame["volunteers"].sum())
    known = reached.dropna()
    alone = (frame["requests_open"] > 0) & (frame["volunteers"] == 0)
    return {
        "requests_open": Figure(requests, "requests"),
        "volunteers": Figure(volunteers, "volunteers"),
        "capacity": Figure(float(frame["capacity"].sum()), "requests_per_day"),
        "ratio": Figure(volunteers / requests if requests else float("nan"), "ratio"),
        "requests_out_of_reach": Figure(int((known == 0).sum()), "requests"),
        "areas_without_volunteers": Figure(int(alone.sum()), "areas"),
    }
