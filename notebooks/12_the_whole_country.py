# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The whole country, with the bound over time
#
# Every village of the country against every place where a new site could open, in one problem.
# **A hundred more sites: where, and how far from the best possible plan is this one?** The search
# shows two numbers all the while: the people that the best plan so far reaches, and a bound that no plan
# can exceed. Stop when the difference no longer matters.
#
# Everything below runs without internet. On a machine without real data it runs on the sample,
# and says so; with your own store, name its folder in the variable `JITASA_STORE`.

# %%
import os
from pathlib import Path

import jitasa_analytics as ja
from jitasa_analytics.analysis import placement
from jitasa_analytics.studies.siting import Siting

KM, SITES, SECONDS = 10, 100, 60
folder = Path(os.environ.get("JITASA_STORE", Path.home() / ".local/share/jitasa/demo"))
store = ja.sample_store(folder)
print("SAMPLE DATA" if store.info()["sample"] else "real data")

# %%
with store.snapshot(scope="TH") as s:
    now = Siting(service="hospital", km=KM).situation(s)
people = now.demand["people"].sum()
print(f"{len(now.demand):,} places with {people:,} people; {now.left['people'].sum():,} of them out of reach at "
      f"{len(now.left):,} places; {len(now.candidates):,} candidates, {now.travel.n_pairs:,} pairs in reach.")

# %% [markdown]
# ## The search, told as it goes
# Return `False` from the function and the search stops with the best plan so far and its bound.

# %%
def tell(seconds: float, reached: float, bound: float) -> None:
    print(f"{seconds:6.2f} s  {max(reached, 0):>12,.0f} reached  {bound:>12,.0f} at most")


plan = placement.max_cover(now.left, now.candidates, now.travel, within=KM, n_sites=min(SITES, len(now.candidates)),
                           gap=0.0005, time_limit=SECONDS, progress=tell)

# %%
from jitasa_analytics.show import charts
from jitasa_analytics.show.placement import shown

history = plan.history.query("incumbent > 0 and bound < inf")
shown("Reached, and the bound, over time", charts.lines(
    [charts.Line(history, "seconds", "incumbent", "people newly reached", "#7b1fa2"),
     charts.Line(history, "seconds", "bound", "no plan reaches more", "#8d99a6")], "en", xlabel="seconds"), "en")

# %%
print(f"Decision: {len(plan.sites)} sites reach {plan.objective:,.0f} more people within {KM} km; "
      f"no plan reaches more than {plan.bound:,.0f} ({plan.status}).")
now.candidates.loc[plan.sites.index, ["name", "area_code"]].assign(
    people=plan.sites["people"].round().astype(int)).sort_values("people", ascending=False).head(10)
