"""How sure the proposed sites are when nobody knows exactly how many people live where."""

from __future__ import annotations

import numpy as np
import pandas as pd
import param

from jitasa_analytics.analysis import placement
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import frames, progress
from jitasa_analytics.studies.answer import Answer, Figure, Note
from jitasa_analytics.studies.siting import Siting, proof


class SureSites(Siting):
    """The best new sites for many possible numbers of people: which stay, and what the plan would lose.

    Each place's people are drawn anew around the number that is known; for each draw the best plan is found.
    """

    slug = "sure_sites"

    draws = param.Integer(default=200, bounds=(10, 2000), doc="How many possible numbers of people are tried.")
    spread = param.Number(default=0.3, bounds=(0.01, 2),
                          doc="How uncertain the people of a place are: standard deviation over the number.")
    seed = param.Integer(default=0, bounds=(0, 2**31 - 1), doc="The same seed draws the same numbers.")
    time_limit = param.Number(default=60, bounds=(1, 3600), doc="Longest search for all draws together, seconds.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: people, share_before, share_after of the plan for the numbers as known. ``tables``:
            ``sites`` of that plan and ``rivals`` (not in it) with ``share_chosen``: in how many of the draws the best
            plan has the site; ``draws``: people reached by the plan and by the best plan, and the difference.

        Raises
        ------
        NoDataError
        """
        now = self.situation(snapshot)
        found = placement.robust(
            now.left, now.candidates, now.travel, draws=self.draws, spread=self.spread, seed=self.seed,
            within=now.limit.within, n_sites=min(self.n_sites, len(now.candidates)), gap=self.gap,
            time_limit=self.time_limit, progress=progress.of_parts(self.draws))
        plan, chosen = found.plan, found.sites
        names = now.candidates.loc[chosen.index, ["name", "kind", "lon", "lat", "area_code"]]
        listed = names.assign(share_chosen=chosen["chosen"], in_safest=chosen["in_safest"])
        level = frames.choose_level(snapshot, self.level, frames.places_level(snapshot.scope))
        after = now.demand["before"] | now.demand.index.isin(plan.assignments["demand"])
        code = frames.codes_at(now.demand["area_code"], level, snapshot.scope)
        people = now.demand["people"]
        sums = pd.DataFrame({"people": people, "before": people.where(now.demand["before"], 0),
                             "after": people.where(after, 0)}).groupby(code).sum()
        total = sums["people"].where(sums["people"] > 0)
        shapes = frames.outlines(snapshot, level, also=sums.index)
        frame = frames.assemble(shapes, pd.DataFrame(
            {"people": sums["people"], "share_before": sums["before"] / total, "share_after": sums["after"] / total}))
        share = found.draws["regret"] / found.draws["best"].where(found.draws["best"] > 0)
        inside = chosen["in_plan"]
        figures = {
            "newly_covered": Figure(round(plan.objective), "persons"),
            "new_sites": Figure(int(inside.sum()), "sites"),
            "certain_sites": Figure(int((chosen.loc[inside, "chosen"] >= 0.9).sum()), "sites"),
            "regret_mean": Figure(float(found.draws["regret"].mean()), "persons"),
            "regret_worst": Figure(float(found.draws["regret"].max()), "persons"),
            "regret_share": Figure(float(np.nan_to_num(share).max(initial=0.0)), "share"),
            "draws_done": Figure(len(found.draws), "count"),
        }
        notes = [*now.notes, proof(plan.status, plan.gap, self.time_limit),
                 Note("note.draws", {"draws": len(found.draws), "spread": f"{100 * self.spread:g}"}),
                 *frames.notes_on_outlines(shapes, level)]
        return self.answer(snapshot, frame, measure="share_after", unit="share", figures=figures, notes=tuple(notes),
                           uses=("facilities", "candidates", "population", "areas"),
                           tables={"sites": listed[inside], "rivals": listed[~inside].head(20),
                                   "existing": now.existing, "draws": found.draws})
