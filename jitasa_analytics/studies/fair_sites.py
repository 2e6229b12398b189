"""What a fairer plan costs: the most people in reach, against the share of the least-served district."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import param

from jitasa_analytics import areas
from jitasa_analytics.analysis import placement
from jitasa_analytics.areas import Level
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import frames, progress
from jitasa_analytics.studies.answer import Answer, Figure, Note
from jitasa_analytics.studies.sites import TODAY, with_today
from jitasa_analytics.studies.siting import Siting, Situation, proof


class FairSites(Siting):
    """Plans of ``n_sites`` new sites from the most people in reach to the best for the least-served area.

    Each plan reaches the most people among those whose least-served area is better off than in the plan before
    (Haimes et al. 1971). Areas whose people no candidate reaches have no part in that.
    """

    slug = "fair_sites"

    level: Any = param.Selector(default="auto", objects=["auto", *frames.LEVELS],
                                doc="Areas that are compared: auto is one level below the area looked at.")
    step = param.Number(default=0.02, bounds=(0.001, 0.5),
                        doc="Least rise of the least-served area's share from plan to plan.")
    time_limit = param.Number(default=60, bounds=(1, 3600), doc="Longest search for all plans together, seconds.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area compared: people, share_before, share_best (plan that reaches most), share_fair (plan
            that is best for the least-served area). ``tables``: ``frontier`` (a row a plan: least_share, people in
            reach, newly_covered, price in people, status), ``sites`` of the fairest plan with ``in_best``,
            ``existing``.

        Raises
        ------
        NoDataError
        """
        now = self.situation(snapshot)
        below: Level = "province" if snapshot.scope == areas.COUNTRY else areas.below(areas.level_of(snapshot.scope))
        level = frames.choose_level(snapshot, self.level, below)
        code = frames.codes_at(now.demand["area_code"], level, snapshot.scope)
        demand, travel, group = with_today(now.demand, now.left, now.travel, code)
        found = placement.frontier(
            demand, travel.destinations, travel, within=now.limit.within, groups=group, step=self.step, most=12,
            progress=progress.of_parts(),
            n_sites=min(self.n_sites, len(now.candidates)) + 1, fixed=[TODAY], gap=self.gap,
            time_limit=self.time_limit)
        table = found.table
        covered = float(now.demand.loc[now.demand["before"], "people"].sum())
        rows = table.assign(people=table["people"].round().astype(int),
                            newly_covered=(table["people"] - covered).round().astype(int),
                            price=table["price"].round().astype(int))
        rows = rows[["least_share", "least_group", "people", "newly_covered", "price", "bound", "status"]]
        best, fair = found.plans[0], found.plans[-1]
        frame, notes = self._frame(snapshot, now, code, level, [best, fair])
        chosen = fair.sites.index.drop(TODAY)
        sites = now.candidates.loc[chosen, ["name", "kind", "lon", "lat", "area_code"]].assign(
            people=fair.sites.loc[chosen, "people"].round().astype(int), in_best=chosen.isin(best.sites.index))
        worst = max(found.plans, key=lambda plan: plan.gap)
        out = int(group.isna().sum())
        more = [Note("note.unfair_areas", {"places": out})] if out else []
        # Where the least-served area is reached wholly there is no fairer plan to look for.
        if np.isnan(found.end) and rows["least_share"].iloc[-1] < 1:
            more.append(Note("note.frontier_cut", {"seconds": self.time_limit}))
        figures = {
            "newly_best": Figure(int(rows["newly_covered"].iloc[0]), "persons"),
            "least_best": Figure(float(rows["least_share"].iloc[0]), "share"),
            "newly_fair": Figure(int(rows["newly_covered"].iloc[-1]), "persons"),
            "least_fair": Figure(float(rows["least_share"].iloc[-1]), "share"),
            "fair_price": Figure(int(rows["price"].iloc[-1]), "persons"),
            "new_sites": Figure(len(sites), "sites"), "gap": Figure(worst.gap, "share"),
        }
        return self.answer(snapshot, frame, measure="share_fair", unit="share", figures=figures,
                           notes=(*now.notes, proof(worst.status, worst.gap, self.time_limit), *more, *notes),
                           uses=("facilities", "candidates", "population", "areas"),
                           tables={"sites": sites, "existing": now.existing, "frontier": rows})

    def _frame(self, snapshot: Snapshot, now: Situation, code: pd.Series, level: str,
               plans: list[placement.Placement]) -> tuple[pd.DataFrame, list[Note]]:
        """Shares by area before, with the plan that reaches most, and with the fairest."""
        people = now.demand["people"]
        sums = {"people": people}
        for name, plan in zip(("before", "best", "fair"), [None, *plans], strict=True):
            reached = now.demand["before"]
            if plan is not None:
                reached = reached | now.demand.index.isin(plan.assignments["demand"])
            sums[name] = people.where(reached & now.demand["known"], 0)
        grouped = pd.DataFrame(sums).groupby(code).sum()
        total = grouped["people"].where(grouped["people"] > 0)
        values = pd.DataFrame({"people": grouped["people"]} | {
            f"share_{name}": grouped[name] / total for name in ("before", "best", "fair")})
        shapes = frames.outlines(snapshot, level, also=values.index)
        return frames.assemble(shapes, values), frames.notes_on_outlines(shapes, level)
