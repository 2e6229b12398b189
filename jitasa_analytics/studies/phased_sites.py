"""Sites in phases: what opens first, what follows, and what it costs that nothing is closed again."""

from __future__ import annotations

import itertools

import pandas as pd
import param

from jitasa_analytics.analysis import placement
from jitasa_analytics.errors import InputError
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import frames, progress
from jitasa_analytics.studies.answer import Answer, Figure
from jitasa_analytics.studies.siting import Siting, proof


class PhasedSites(Siting):
    """New sites in up to three phases, each holding the sites of the phase before.

    Beside each phase stands the best plan with as many sites that needn't hold the earlier ones: the difference is
    the price of building step by step.
    """

    slug = "phased_sites"

    n_sites = param.Integer(default=2, bounds=(1, 500), doc="Sites after the first phase.")
    second = param.Integer(default=5, bounds=(1, 500), doc="Sites after the second phase.")
    third = param.Integer(default=10, bounds=(1, 500), allow_None=True, doc="Sites after the third phase, if any.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: people, share_before, share_after of the last phase. ``tables``: ``phases`` (sites,
            newly_covered, bound, newly_free of the plan that is free, price in people), ``sites`` with their
            ``phase``, ``existing``.

        Raises
        ------
        NoDataError
        InputError
            If the numbers of sites don't ascend.
        """
        wanted = [n for n in (self.n_sites, self.second, self.third) if n is not None]
        if any(b <= a for a, b in itertools.pairwise(wanted)):
            raise InputError(f"phases of {', '.join(map(str, wanted))} sites don't grow; give each phase more sites "
                             "than the one before", key="error.phases", phases=", ".join(map(str, wanted)))
        now = self.situation(snapshot)
        wanted = sorted({min(n, len(now.candidates)) for n in wanted})
        found = placement.plan(wanted, "max_cover", now.left, now.candidates, now.travel, within=now.limit.within,
                               gap=self.gap, time_limit=self.time_limit, progress=progress.of_search())
        table = found.table.round().astype(int).rename(
            columns={"objective": "newly_covered", "free": "newly_free", "free_bound": "bound_free"})
        table = table.reset_index().rename(columns={"n_sites": "new_sites"})
        last = found.plans[-1]
        phase = pd.Series(0, index=last.sites.index)
        for number in range(len(found.plans), 0, -1):
            phase[found.plans[number - 1].sites.index] = number
        sites = now.candidates.loc[last.sites.index, ["name", "kind", "lon", "lat", "area_code"]].assign(
            phase=phase, people=last.sites["people"].round().astype(int),
            people_only_here=last.sites["people_only_here"].round().astype(int)).sort_values("phase", kind="stable")
        level = frames.choose_level(snapshot, self.level, frames.places_level(snapshot.scope))
        code = frames.codes_at(now.demand["area_code"], level, snapshot.scope)
        people = now.demand["people"]
        after = now.demand["before"] | now.demand.index.isin(last.assignments["demand"])
        sums = pd.DataFrame({"people": people, "before": people.where(now.demand["before"], 0),
                             "after": people.where(after, 0)}).groupby(code).sum()
        total = sums["people"].where(sums["people"] > 0)
        shapes = frames.outlines(snapshot, level, also=sums.index)
        frame = frames.assemble(shapes, pd.DataFrame(
            {"people": sums["people"], "share_before": sums["before"] / total, "share_after": sums["after"] / total}))
        worst = max(found.plans, key=lambda plan: plan.gap)
        figures = {
            "newly_first": Figure(int(table["newly_covered"].iloc[0]), "persons"),
            "newly_covered": Figure(int(table["newly_covered"].iloc[-1]), "persons"),
            "new_sites": Figure(len(sites), "sites"),
            "nesting_price": Figure(int(table["price"].max()), "persons"),
            "gap": Figure(worst.gap, "share"),
        }
        return self.answer(snapshot, frame, measure="share_after", unit="share", figures=figures,
                           notes=(*now.notes, proof(worst.status, worst.gap, self.time_limit),
                                  *frames.notes_on_outlines(shapes, level)),
                           uses=("facilities", "candidates", "population", "areas"),
                           tables={"sites": sites, "phases": table, "existing": now.existing})
