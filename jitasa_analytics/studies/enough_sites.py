"""How many sites would reach everybody, and what stands in the way of doing it with fewer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import param

from jitasa_analytics.analysis import placement
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import frames, progress
from jitasa_analytics.studies.answer import Answer, Figure, Note
from jitasa_analytics.studies.reach import BEYOND
from jitasa_analytics.studies.siting import Siting


class EnoughSites(Siting):
    """Whether ``n_sites`` new sites reach everybody; if not, which places block, and the least change that helps.

    Set covering (Toregas et al. 1971) for the number of sites, p-center for the reach.
    """

    slug = "enough_sites"

    time_limit = param.Number(default=60, bounds=(1, 3600), doc="Longest search, seconds.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: people, people_beyond (persons whom no candidate comes near enough). ``tables``:
            ``blocking`` (places that block: ``reason`` far or together, people, nearest candidate and the cost to
            it), ``sites`` (a smallest set that reaches everybody who can be), ``existing``. Figures: ``sites_needed``
            (at least ``sites_bound``) and ``reach_needed``, the way that ``n_sites`` sites would need, where it is
            within twice the limit.

        Raises
        ------
        NoDataError
        """
        now = self.situation(snapshot, factor=BEYOND)
        within, people = now.limit.within, now.left["people"]
        share = self.time_limit / 3
        cover = placement.set_cover(now.left, now.candidates, now.travel, within=within, gap=self.gap,
                                    time_limit=share, progress=progress.of_search())
        n_sites = min(self.n_sites, len(now.candidates))
        why = placement.why_infeasible(now.left, now.candidates, now.travel, within=within, n_sites=n_sites,
                                       time_limit=2 * share)
        blocking = why.places.join(now.left[["name", "lon", "lat", "area_code"]])
        blocking = blocking[["name", "lon", "lat", "area_code", "people", "reason", "nearest", "cost"]]
        blocking["people"] = blocking["people"].round().astype(int)
        blocking = blocking.rename(columns={"cost": now.limit.unit}).replace({now.limit.unit: {np.inf: np.nan}})
        far = people.where(people.index.isin(why.places.index[why.places["reason"] == "far"]), 0)
        level = frames.choose_level(snapshot, self.level, frames.places_level(snapshot.scope))
        code = frames.codes_at(now.demand["area_code"], level, snapshot.scope)
        sums = pd.DataFrame({"people": now.demand["people"], "people_beyond": far.reindex(now.demand.index).fillna(0)})
        sums = sums.groupby(code).sum().astype(int)
        shapes = frames.outlines(snapshot, level, also=sums.index)
        sites = now.candidates.loc[cover.sites.index, ["name", "kind", "lon", "lat", "area_code"]].assign(
            people=cover.sites["people"].round().astype(int),
            people_only_here=cover.sites["people_only_here"].round().astype(int))
        figures = {
            "sites_needed": Figure(int(cover.objective), "sites"), "sites_bound": Figure(int(cover.bound), "sites"),
            "people_beyond": Figure(int(far.sum()), "persons"), "new_sites": Figure(n_sites, "sites"),
            "places_blocking": Figure(len(blocking), "count"), "gap": Figure(cover.gap, "share"),
        }
        if "within" in why.changes.index:
            figures["reach_needed"] = Figure(float(why.changes["needed"]["within"]), now.limit.unit)
        word = {True: "note.sites_suffice", False: "note.sites_dont_suffice", None: "note.sites_undecided"}
        notes = [*now.notes, Note(word[why.possible], {"sites": n_sites}),
                 Note("note.cover_proof", {"sites": int(cover.objective), "bound": int(cover.bound)}) if cover.gap
                 else Note("note.cover_optimal", {"sites": int(cover.objective)}),
                 *frames.notes_on_outlines(shapes, level)]
        return self.answer(snapshot, frames.assemble(shapes, sums), measure="people_beyond", unit="persons",
                           figures=figures, notes=tuple(notes),
                           uses=("facilities", "candidates", "population", "areas"),
                           tables={"sites": sites, "blocking": blocking, "existing": now.existing})


