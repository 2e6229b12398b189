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
from jitasa_analytics.analysis.placement.result import relative_gap
from jitasa_analytics.analysis.travel import Travel
from jitasa_analytics.areas import Level
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import frames, reach
from jitasa_analytics.studies.answer import Answer, Figure, Note
from jitasa_analytics.studies.sites import TODAY, Sites
from jitasa_analytics.studies.wishes import Wishes, served

_SITES = ["rank", "name", "kind", "lon", "lat", "area_code", "must", "people_newly_covered", "people_only_here",
          "runner_up", "replacement_cost"]


class BestSites(Sites):
    """The ``n_sites`` new sites that bring the most people within reach of a service.

    Maximal covering (Church & ReVelle 1974) over the candidates of the scope, or over its places where there
    are none. Open facilities of the service are fixed: whom they reach is covered whatever is chosen, so the
    search runs over the people whom none of them reaches, which keeps the best value exactly.
    """

    slug = "best_sites"

    budget = param.Number(default=None, bounds=(0, 1e12), allow_None=True,
                          doc="Most that the new sites may cost together, baht; fewer sites open where it is short.")
    capacity = param.Integer(default=None, bounds=(1, 10_000_000), allow_None=True,
                             doc="Most persons that one new site serves; people of one place may be shared out.")
    floor_percent = param.Integer(default=0, bounds=(0, 100),
                                  doc="Least share of each area's people in reach, percent; areas are one level below "
                                      "the area looked at, without those whom no candidate helps.")
    fixed: Any = param.List(default=[], item_type=str, doc="Ids of candidates that must open.")
    forbidden: Any = param.List(default=[], item_type=str, doc="Ids of candidates that must not open.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: people, covered_before, covered_after, newly_covered (persons), share_before,
            share_after, people_no_data (persons of whom nothing is known, who are not planned for).
            ``tables``: ``sites`` (the new ones; each adds ``people_newly_covered`` to those before it,
            so that the column sums to newly_covered; ``runner_up`` would replace it best, at
            ``replacement_cost`` persons), ``existing`` (open facilities in reach of the scope), ``candidates``
            (where a site could open: ``people_in_reach`` of those out of reach today, ``choice`` chosen, fixed,
            forbidden or free), ``assignments`` (each covered place and its nearest site).
            Figure ``bound`` is what covered_after can't exceed with so many sites; ``gap`` is its distance from
            covered_after, as a share of newly_covered.

        Raises
        ------
        NoDataError
            If the scope has no places with people, or no candidate of the kind.
        InputError
            If a site that is named is no candidate, or the wishes contradict each other.
        InfeasibleError
            If no plan fulfils the wishes; the least change that helps is named where it was found.
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
        candidates, from_places = self.candidates(snapshot, demand)
        wishes = Wishes(self.n_sites, tuple(self.fixed), tuple(self.forbidden), self.budget, self.capacity,
                        self.floor_percent)
        wishes.check(candidates)
        demand = demand.assign(before=before, known=known)
        found = self._choose(snapshot, demand, candidates, limit, wishes)
        after = (before * demand["people"] + found.served.reindex(demand.index).fillna(0.0)).round(6)
        after = after.astype("int64") if (after % 1 == 0).all() else after
        level = frames.choose_level(snapshot, self.level, frames.places_level(snapshot.scope))
        frame, more = _frame(snapshot, level, demand.assign(after=after))
        notes = [limit.note(), *notes, *found.notes(wishes, self.time_limit)]
        notes += wishes.notes(candidates)
        notes.append(Note("note.candidates_places" if from_places else "note.candidates", {"count": len(candidates)}))
        notes += [*reach.note_on_provinces(absent, self.service), *more]
        return self.answer(
            snapshot, frame, measure="share_after", unit="share", figures=_figures(demand, before, known, found),
            notes=tuple(notes), uses=("facilities", "candidates", "population", "areas"),
            tables={"sites": found.sites, "existing": _existing(opened, today),
                    "candidates": _candidates(candidates, found, wishes),
                    "assignments": _assignments(today, found)})

    def _choose(self, snapshot: Snapshot, demand: pd.DataFrame, candidates: pd.DataFrame, limit: reach.Limit,
                wishes: Wishes) -> Found:
        """The best plan for the people whom no facility reaches today."""
        left = demand[~demand["before"] & demand["known"] & (demand["people"] > 0)]
        travel = limit.travel(left, candidates)
        near = csr_array(travel.within(limit.within))
        people = left["people"].to_numpy(float)
        near_people = pd.Series(near.T @ people, index=candidates.index).round().astype(int)
        free = np.flatnonzero(~candidates.index.isin(wishes.forbidden))
        if not near[:, free].nnz:
            sites = candidates.iloc[:0].assign(rank=0, people_newly_covered=0, people_only_here=0, must=False,
                                               runner_up=None, replacement_cost=np.nan)
            return Found(None, sites[_SITES], pd.Series(0.0, index=left.index), int(people.sum()), limit, near_people)
        below: Level = "province" if snapshot.scope == areas.COUNTRY else areas.below(areas.level_of(snapshot.scope))
        code = frames.codes_at(demand["area_code"], frames.choose_level(snapshot, "auto", below), snapshot.scope)
        plan = wishes.plan(demand, left, candidates, travel, code, within=limit.within, gap=self.gap,
                           time_limit=self.time_limit)
        persons = served(plan, left)
        base = plan.objective - float(persons.sum())
        if base > 0.5:  # floors count those who are served today too
            plan = replace(plan, objective=plan.objective - base, bound=plan.bound - base,
                           gap=relative_gap(plan.objective - base, plan.bound - base))
        plan, sites = _explained(plan, left, candidates, travel, near, limit, wishes)
        return Found(plan, sites, persons, int(people.sum()), limit, near_people)


def _explained(plan: Placement, left: pd.DataFrame, candidates: pd.DataFrame, travel: Travel, near: csr_array,
               limit: reach.Limit, wishes: Wishes) -> tuple[Placement, pd.DataFrame]:
    """The plan without sites that nobody needs, and its sites: whom each adds, and what would replace it."""
    chosen = plan.sites.index.intersection(candidates.index, sort=False)
    if wishes.capacity is None:
        positions = candidates.index.get_indexer(chosen)
        ranked, gains = _in_order(near[:, positions].toarray(), left["people"].to_numpy(float))
    else:
        # Where room is short, what a site adds is whom it serves.
        gains = plan.sites.loc[chosen, "people"].to_numpy(float)
        ranked = list(np.argsort(-gains, kind="stable"))
        gains = gains[ranked]
    order, must = chosen[ranked], chosen[ranked].isin(wishes.fixed)
    kept = (gains > 0.5) | must
    if not kept.all() and wishes.plain:
        plan = _without_spare(plan, left, travel, order[kept], limit)
    order, gains, must = order[kept], gains[kept], must[kept]
    sites = candidates.loc[order].assign(
        rank=np.arange(1, len(order) + 1), must=must, people_newly_covered=np.rint(gains).astype(int),
        people_only_here=plan.sites.loc[order, "people_only_here"].round().astype(int),
        runner_up=None, replacement_cost=np.nan)
    if wishes.plain and len(order):
        why = placement.explain(plan, left, candidates, travel).loc[order]
        second = why["runner_up"].where(why["with_runner_up"] > why["without"])  # one that helps nobody is none
        sites["runner_up"] = [None if pd.isna(c) else candidates["name"].get(c, c) for c in second]
        sites["replacement_cost"] = why["replacement_cost"].clip(lower=0).round()
    return plan, sites[_SITES]


def _candidates(candidates: pd.DataFrame, found: Found, wishes: Wishes) -> pd.DataFrame:
    """Where a site could open, whom it would reach, and whether it is chosen."""
    state = pd.Series("free", index=candidates.index)
    state[state.index.isin(found.sites.index)] = "chosen"
    state[state.index.isin(wishes.fixed)] = "fixed"
    state[state.index.isin(wishes.forbidden)] = "forbidden"
    table = candidates.assign(people_in_reach=found.near.reindex(candidates.index), choice=state)
    columns = ["name", "kind", "choice", "people_in_reach", "lon", "lat", "area_code",
               *(c for c in ("cost", "capacity_per_day") if c in table and table[c].notna().any())]
    return table[columns].sort_values("people_in_reach", ascending=False, kind="stable")


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
    """What the search found: the plan (None where no candidate reaches anybody), its sites, whom they serve."""

    plan: Placement | None
    sites: pd.DataFrame
    served: pd.Series
    left: int
    limit: reach.Limit
    near: pd.Series

    @property
    def people(self) -> int:
        """Persons newly covered."""
        return round(float(self.served.sum()))

    def notes(self, wishes: Wishes, seconds: float) -> list[Note]:
        """How good the plan is, in words, and what is odd about it."""
        if self.plan is None:
            return [Note("note.all_covered" if self.left == 0 else "note.nobody_reached", {"people": f"{self.left:,}"})]
        status = self.plan.status.replace(" ", "_")
        notes = [Note(f"note.{status}", {"gap": f"{100 * self.plan.gap:.2g}", "seconds": f"{seconds:g}"})]
        spare = int(((self.sites["people_only_here"] == 0) & ~self.sites["must"]).sum())
        if len(self.sites) < wishes.n_sites and wishes.plain:
            notes.append(Note("note.fewer_sites", {"sites": len(self.sites), "wanted": wishes.n_sites}))
        if spare and wishes.capacity is None:
            notes.append(Note("note.spare_sites", {"sites": spare}))
        return [*notes, *self._replaceable()]

    def _replaceable(self) -> list[Note]:
        """Which site is the hardest to do without, and which the easiest to replace."""
        known = self.sites.dropna(subset=["replacement_cost"])
        order = known.sort_values(["replacement_cost", "rank"], ascending=[False, True])
        notes = []
        for key, position in (("hardest", 0), ("easiest", -1))[: len(order)]:
            site = order.iloc[position]
            values = {"site": str(site["name"]), "people": f"{site['replacement_cost']:,.0f}"}
            if pd.isna(site["runner_up"]):
                notes.append(Note(f"note.best_sites.{key}_alone", values))
            else:
                key = key if site["replacement_cost"] else "as_good"
                notes.append(Note(f"note.best_sites.{key}", {**values, "runner_up": str(site["runner_up"])}))
        return notes


def _frame(snapshot: Snapshot, level: str, places: pd.DataFrame) -> tuple[pd.DataFrame, list[Note]]:
    """People covered before and after, by area; missing where the data can't say."""
    people, code = places["people"], frames.codes_at(places["area_code"], level, snapshot.scope)
    sums = pd.DataFrame({"people": people, "covered_before": people.where(places["before"], 0),
                         "covered_after": places["after"],
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
    table = table[table["site"] != TODAY]
    new = pd.DataFrame({"place_id": table["demand"].to_numpy(), "site": table["site"].astype("str").to_numpy(),
                        "new": True, today.unit: table["cost"].to_numpy(float)})
    return pd.concat([old, new], ignore_index=True).sort_values("place_id", ignore_index=True)
