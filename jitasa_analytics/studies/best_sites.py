"""Where the next sites go so that the most people get one within reach."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import param
from scipy.sparse import csr_array

from jitasa_analytics import areas
from jitasa_analytics.analysis import coverage, placement
from jitasa_analytics.analysis.placement import Placement
from jitasa_analytics.analysis.travel import DETOUR, SPEED_KMH, Travel
from jitasa_analytics.contracts import CANDIDATE_KINDS, FACILITY_KINDS
from jitasa_analytics.errors import NoDataError
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import frames, reach
from jitasa_analytics.studies.answer import Answer, Figure, Note
from jitasa_analytics.studies.base import Study

SITES = ["rank", "name", "kind", "lon", "lat", "area_code", "people_newly_covered", "people_only_here"]


class BestSites(Study):
    """The ``n_sites`` new sites that bring the most people within reach of a service.

    Maximal covering (Church & ReVelle 1974) over the candidates of the scope, or over its places where there
    are none. Open facilities of the service are fixed: whom they reach is covered whatever is chosen, so the
    search runs over the people whom none of them reaches, which keeps the best value exactly.
    """

    slug = "best_sites"
    needs = ("places",)
    splits = "national"

    service: Any = param.Selector(default="vaccination_point", objects=list(FACILITY_KINDS),
                                  doc="Kind of facility, or a service that a facility of another kind gives.")
    minutes = param.Number(default=30, bounds=(1, 600), doc="Longest way that is still in reach, minutes.")
    km = param.Number(default=None, bounds=(0.1, 1000), allow_None=True,
                      doc="Longest way by road, km; where it is given it takes the place of minutes.")
    mode: Any = param.Selector(default="car", objects=list(SPEED_KMH), doc="How people travel; sets the speed.")
    detour = param.Number(default=DETOUR, bounds=(1, 3), doc="Length of the road over the straight line.")
    n_sites = param.Integer(default=5, bounds=(1, 500), doc="How many new sites.")
    candidate_kind: Any = param.Selector(default=None, objects=[None, *CANDIDATE_KINDS], allow_None=True,
                                         doc="Only candidates of this kind; all where left out.")
    level: Any = param.Selector(default="auto", objects=["auto", *frames.LEVELS],
                                doc="Level of the areas: auto is province for the country, else tambon.")
    time_limit = param.Number(default=30, bounds=(1, 3600), doc="Longest search, seconds; then the best plan so far.")
    gap = param.Number(default=0.0, bounds=(0, 0.5), doc="Stop when the plan is proven this near to the best (share).")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: people, covered_before, covered_after, newly_covered (persons), share_before,
            share_after, people_no_data (persons of whom nothing is known, who are not planned for).
            ``tables``: ``sites`` (the new ones; each adds ``people_newly_covered`` to those before it,
            so that the column sums to newly_covered), ``existing`` (open
            facilities in reach of the scope), ``assignments`` (each covered place and its nearest site).
            Figure ``bound`` is what covered_after can't exceed with so many sites; ``gap`` is its distance from
            covered_after, as a share of newly_covered.

        Raises
        ------
        NoDataError
            If the scope has no places with people, or no candidate of the kind.
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
            known |= True  # nothing is recorded anywhere in the scope: the plan begins from nothing, and says so
        candidates, from_places = self._candidates(snapshot, demand)
        found = self._choose(demand[~before & known & (demand["people"] > 0)], candidates, limit)
        after = before | demand.index.isin(found.newly)
        level = frames.choose_level(snapshot, self.level, frames.places_level(snapshot.scope))
        frame, more = _frame(snapshot, level, demand.assign(before=before, after=after, known=known))
        notes = [limit.note(), *notes, *found.notes(self.n_sites, self.time_limit)]
        notes.append(Note("note.candidates_places" if from_places else "note.candidates", {"count": len(candidates)}))
        notes += [*reach.note_on_provinces(absent, self.service), *more]
        return self.answer(
            snapshot, frame, measure="share_after", unit="share", figures=_figures(demand, before, known, found),
            notes=tuple(notes), uses=("facilities", "candidates", "population", "areas"),
            tables={"sites": found.sites, "existing": _existing(opened, today),
                    "assignments": _assignments(today, found)})

    def _candidates(self, snapshot: Snapshot, demand: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
        """Where a site could open, and whether those are the places themselves."""
        table = snapshot.query("candidates_in_scope", head=frames.head(snapshot.scope)).set_index("candidate_id")
        if self.candidate_kind is not None:
            table = table[table["kind"] == self.candidate_kind]
            if not len(table):
                where = areas.name(snapshot.scope, "en")
                raise NoDataError(f"there are no candidate sites of kind {self.candidate_kind} in {where}; choose "
                                  "another kind, or none", key="error.no_candidates", kind=self.candidate_kind,
                                  area=frames.named(snapshot.scope))
        if len(table):
            return table, False
        return demand[["name", "lon", "lat", "area_code"]].assign(kind="place"), True

    def _choose(self, left: pd.DataFrame, candidates: pd.DataFrame, limit: reach.Limit) -> Found:
        """The best plan for the people whom no facility reaches today."""
        travel = limit.travel(left, candidates)
        near = csr_array(travel.within(limit.within))
        if not near.nnz:
            empty = candidates.iloc[:0].assign(rank=0, people_newly_covered=0, people_only_here=0)
            return Found(None, empty[SITES], pd.Index([], dtype=object), 0, int(left["people"].sum()), limit)
        plan = placement.max_cover(left, candidates, travel, within=limit.within, gap=self.gap,
                                   n_sites=min(self.n_sites, len(candidates)), time_limit=self.time_limit)
        people = left["people"].to_numpy(float)
        chosen = candidates.index.get_indexer(plan.sites.index)
        ranked, gains = _in_order(near[:, chosen].toarray(), people)
        order = plan.sites.index[ranked][gains > 0]
        if len(order) < len(plan.sites):
            plan = _without_spare(plan, left, travel, order, limit)
        useful = candidates.loc[order].assign(
            rank=np.arange(1, len(order) + 1), people_newly_covered=np.rint(gains[gains > 0]).astype(int),
            people_only_here=plan.sites["people_only_here"].round().astype(int))
        newly = pd.Index(plan.assignments["demand"])
        return Found(plan, useful[SITES], newly, int(left.loc[newly, "people"].sum()), int(left["people"].sum()), limit)


def _in_order(near: npt.NDArray[np.bool_], people: npt.NDArray[np.float64]
              ) -> tuple[list[int], npt.NDArray[np.float64]]:
    """The sites so that each adds most to those before it, and what each adds: the sum is what all reach."""
    left, order, gains = people.copy(), list[int](), list[float]()
    while len(order) < near.shape[1]:
        adds = near.T @ left
        adds[order] = -1.0
        best = int(np.argmax(adds))
        order.append(best)
        gains.append(float(adds[best]))
        left[near[:, best]] = 0.0
    return order, np.array(gains)


def _without_spare(plan: Placement, left: pd.DataFrame, travel: Travel, kept: pd.Index, limit: reach.Limit
                   ) -> Placement:
    """The plan without the sites that add nobody: who goes where, and whom only one site reaches, follow anew."""
    smaller = placement.max_cover(left, pd.DataFrame(index=kept), travel.restrict(destinations=kept),
                                  within=limit.within, n_sites=len(kept), fixed=list(kept))
    return replace(plan, sites=smaller.sites, assignments=smaller.assignments)


@dataclass(frozen=True)
class Found:
    """What the search found: the plan (None where no candidate reaches anybody), its sites, whom they reach."""

    plan: Placement | None
    sites: pd.DataFrame
    newly: pd.Index
    people: int
    left: int
    limit: reach.Limit

    def notes(self, wanted: int, seconds: float) -> list[Note]:
        """How good the plan is, in words, and what is odd about it."""
        if self.plan is None:
            return [Note("note.all_covered" if self.left == 0 else "note.nobody_reached", {"people": f"{self.left:,}"})]
        status = self.plan.status.replace(" ", "_")
        notes = [Note(f"note.{status}", {"gap": f"{100 * self.plan.gap:.2g}", "seconds": f"{seconds:g}"})]
        spare = int((self.sites["people_only_here"] == 0).sum())
        if len(self.sites) < wanted:
            notes.append(Note("note.fewer_sites", {"sites": len(self.sites), "wanted": wanted}))
        if spare:
            notes.append(Note("note.spare_sites", {"sites": spare}))
        return notes


def _frame(snapshot: Snapshot, level: str, places: pd.DataFrame) -> tuple[pd.DataFrame, list[Note]]:
    """People covered before and after, by area; missing where the data can't say."""
    people, code = places["people"], frames.codes_at(places["area_code"], level, snapshot.scope)
    sums = pd.DataFrame({"people": people, "covered_before": people.where(places["before"], 0),
                         "covered_after": people.where(places["after"], 0),
                         "people_no_data": people.where(~places["known"], 0)}).groupby(code).sum()
    shapes = frames.outlines(snapshot, level, also=sums.index)
    notes = frames.notes_on_outlines(shapes, level)
    empty = shapes.index.difference(sums.index)
    if len(empty):
        notes.append(Note("note.no_places", {"areas": len(empty), "names": frames.some_areas(empty)}))
    sums = frames.spread(sums, shapes.index)
    for when in ("before", "after"):
        sums[f"covered_{when}"] = sums[f"covered_{when}"].mask(sums["people_no_data"] > 0)
        share = sums[f"covered_{when}"] / sums["people"].where(sums["people"] > 0)
        sums[f"share_{when}"] = share.to_numpy(float, na_value=np.nan)
    sums["newly_covered"] = sums["covered_after"] - sums["covered_before"]
    order = ["people", "covered_before", "covered_after", "newly_covered", "share_before", "share_after",
             "people_no_data"]
    return frames.assemble(shapes, sums[order]), notes


def _figures(demand: pd.DataFrame, before: pd.Series, known: pd.Series, found: Found) -> dict[str, Figure]:
    people, covered = int(demand["people"].sum()), int(demand.loc[before, "people"].sum())
    unknown = int(demand.loc[~known, "people"].sum())
    total, base = covered + found.people, people - unknown
    bound = covered + (found.plan.bound if found.plan is not None else 0.0)
    figures = {
        "people": Figure(people, "persons"),
        "covered_before": Figure(covered, "persons"),
        "covered_after": Figure(total, "persons"),
        "newly_covered": Figure(found.people, "persons"),
        "share_before": Figure(covered / base if base else float("nan"), "share"),
        "share_after": Figure(total / base if base else float("nan"), "share"),
        "new_sites": Figure(len(found.sites), "sites"),
        "bound": Figure(max(bound, float(total)), "persons"),
        "gap": Figure(found.plan.gap if found.plan is not None else 0.0, "share"),
    }
    if unknown:
        figures["people_no_data"] = Figure(unknown, "persons")
    return figures


def _existing(opened: pd.DataFrame, today: Travel) -> pd.DataFrame:
    """Open facilities that somebody in the scope reaches."""
    used = np.unique(today.indices)
    return opened.iloc[used][["name", "kind", "lon", "lat", "area_code"]]


def _assignments(today: Travel, found: Found) -> pd.DataFrame:
    """Each covered place with its site: an open facility where one is in reach, else the nearest new site."""
    nearest = today.nearest().dropna(subset=["destination"])
    old = pd.DataFrame({"place_id": nearest.index, "site": nearest["destination"].astype("str").to_numpy(),
                        "new": False, today.unit: nearest["cost"].to_numpy()})
    if found.plan is None:
        return old
    table = found.plan.assignments
    new = pd.DataFrame({"place_id": table["demand"].to_numpy(), "site": table["site"].astype("str").to_numpy(),
                        "new": True, today.unit: table["cost"].to_numpy(float)})
    return pd.concat([old, new], ignore_index=True).sort_values("place_id", ignore_index=True)
