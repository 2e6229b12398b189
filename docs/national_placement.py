"""The whole country in one problem: a hundred more hospitals, on a map, with bound and time.

    python docs/national_placement.py STORE map.png [--km 10] [--sites 100]

STORE is a folder of a store. The map is drawn from the store's own outlines.
"""

from __future__ import annotations

import argparse
import time

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import jitasa_analytics as ja
from jitasa_analytics.analysis import placement
from jitasa_analytics.show import colours
from jitasa_analytics.studies.siting import Siting


def main(arguments: list[str] | None = None) -> placement.Placement:
    """Plan, say how good the plan is, and draw it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store")
    parser.add_argument("picture")
    parser.add_argument("--service", default="hospital")
    parser.add_argument("--km", type=float, default=10.0)
    parser.add_argument("--sites", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args(arguments)
    store = ja.open_store(given.store)
    sample = store.info()["sample"]
    began = time.perf_counter()
    with store.snapshot(scope="TH") as snapshot:
        now = Siting(service=given.service, km=given.km).situation(snapshot)
        outlines = snapshot.areas("province").geometry
    ready = time.perf_counter() - began
    began = time.perf_counter()
    plan = placement.max_cover(now.left, now.candidates, now.travel, within=given.km, gap=0.001,
                               n_sites=min(given.sites, len(now.candidates)), time_limit=given.seconds)
    took = time.perf_counter() - began
    before = now.demand.loc[now.demand["before"], "people"].sum()
    total = now.demand["people"].sum()
    lines = [
        *(["SAMPLE DATA"] if sample else []),
        f"{len(now.demand):,} places with {total:,} people; {before:,} of them within {given.km:g} km of a "
        f"{given.service} today",
        f"{len(now.left):,} places out of reach, {len(now.candidates):,} candidates, {now.travel.n_pairs:,} pairs; "
        f"data and pairs in {ready:.1f} s",
        f"{len(plan.sites)} sites bring {plan.objective:,.0f} more within reach; "
        f"no plan brings more than {plan.bound:,.0f} ({plan.status}, gap {plan.gap:.3%}); {took:.1f} s",
        f"unknown: {now.demand.loc[~now.demand['known'], 'people'].sum():,} people in provinces without data",
    ]
    print("\n".join(lines))
    _draw(given, now, plan, outlines, lines, sample)
    return plan


def _draw(given: argparse.Namespace, now, plan, outlines, lines: list[str], sample: bool) -> None:
    figure, axis = plt.subplots(figsize=(6.2, 8.6), dpi=110)
    if len(outlines[outlines.notna()]):
        outlines[outlines.notna()].plot(ax=axis, color=colours.CONTEXT_FILL, edgecolor="#ffffff", linewidth=0.6)
    out = now.left
    axis.scatter(out["lon"], out["lat"], s=0.5, color="#c98b3c", linewidths=0, label="villages out of reach today")
    axis.scatter(now.existing["lon"], now.existing["lat"], s=2.5, marker="s", color=colours.SITE_FIXED, linewidths=0,
                 label="open today")
    sites = now.candidates.loc[plan.sites.index]
    axis.scatter(sites["lon"], sites["lat"], s=90, marker="*", color=colours.SITE, edgecolors="white", linewidths=0.5,
                 label="proposed")
    axis.set_aspect(1 / np.cos(np.radians(13.5)))
    axis.set_axis_off()
    marks = axis.legend(loc="center", bbox_to_anchor=(0.82, 0.3), frameon=False, fontsize=8.5)
    for mark, size in zip(marks.legend_handles, (14, 14, 90), strict=True):
        mark.set_sizes([size])
    share = plan.gap
    title = f"{len(sites)} more sites bring {plan.objective:,.0f} people within {given.km:g} km"
    axis.set_title(("SAMPLE DATA. " if sample else "") + title + f"\nproven to be within {share:.2%} of the best plan",
                   loc="left", fontsize=11)
    figure.savefig(given.picture, bbox_inches="tight")
    plt.close(figure)


if __name__ == "__main__":
    main()
