"""What every question about new sites begins with: who is out of reach today, and where a site could open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from jitasa_analytics.analysis import coverage
from jitasa_analytics.analysis.travel import Travel
from jitasa_analytics.errors import NoDataError
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import frames, reach
from jitasa_analytics.studies.answer import Note
from jitasa_analytics.studies.sites import Sites


@dataclass(frozen=True, eq=False)
class Situation:
    """People, facilities and candidates before anything opens.

    Attributes
    ----------
    demand : DataFrame on place_id
        As `reach.people_at_places`, with ``before`` (in reach today) and ``known`` (whether that can be said).
    left : DataFrame on place_id
        The places that are known and out of reach today.
    candidates : DataFrame on candidate_id
    travel : Travel
        From ``left`` to ``candidates``, up to a factor of the limit.
    limit : Limit
    existing : DataFrame
        Open facilities that somebody in the scope reaches.
    notes : list of Note
    """

    demand: pd.DataFrame
    left: pd.DataFrame
    candidates: pd.DataFrame
    travel: Travel
    limit: reach.Limit
    existing: pd.DataFrame
    notes: list[Note]


class Siting(Sites):
    """A question about new sites that begins with who is out of reach today."""

    def situation(self, snapshot: Snapshot, factor: float = 1.0) -> Situation:
        """Look at a snapshot.

        Raises
        ------
        NoDataError
            If the scope has no places with people, no candidate of the kind, or nobody is out of reach, or no
            candidate reaches anybody who is.
        """
        demand, notes = reach.people_at_places(snapshot)
        limit = reach.Limit(self.minutes, self.km, self.mode, self.detour)
        facilities = reach.facilities(snapshot, self.service)
        opened = facilities[facilities["is_open"]]
        today = limit.travel(demand, opened)
        before = coverage.served(demand, today, within=limit.within)
        absent = reach.provinces_without(snapshot, demand, facilities)
        known = reach.known(demand, before, absent)
        if demand["area_code"].str[:2].dropna().isin(absent).all():
            known |= True
        candidates, from_places = self.candidates(snapshot, demand)
        left = demand[~before & known & (demand["people"] > 0)]
        if not len(left):
            raise NoDataError("everybody is in reach of a facility today, so there is nothing to plan; choose a "
                              "shorter way", key="error.all_in_reach", area=frames.named(snapshot.scope))
        travel = limit.travel(left, candidates, factor=factor)
        if not (travel.costs <= limit.within).any():
            raise NoDataError("no candidate comes within reach of anybody who is out of reach; add candidates, or "
                              "allow a longer way", key="error.no_candidate_near",
                              area=frames.named(snapshot.scope))
        notes = [limit.note(), *notes,
                 Note("note.candidates_places" if from_places else "note.candidates", {"count": len(candidates)}),
                 *reach.note_on_provinces(absent, self.service)]
        existing = opened.iloc[np.unique(today.indices)][["name", "kind", "lon", "lat", "area_code"]]
        return Situation(demand.assign(before=before, known=known), left, candidates, travel, limit, existing, notes)


def proof(status: str, gap: float, seconds: float) -> Note:
    """What a status means, in words."""
    return Note(f"note.{status.replace(' ', '_')}", {"gap": f"{100 * gap:.2g}", "seconds": f"{seconds:g}"})
