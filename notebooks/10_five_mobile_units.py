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
# # Five mobile units for next week, with room and opening hours
#
# Five units can each give so many doses an hour. A hall is open on weekdays, a school only at the
# weekend: **where do the five stand so that most of those who are out of reach are served, and is
# there room for them?** People of one village may be shared out among units.
#
# Everything below runs without internet. On a machine without real data it runs on the sample,
# and says so; with your own store, name its folder in the variable `JITASA_STORE`.

# %%
import os
from pathlib import Path

import pandas as pd

import jitasa_analytics as ja
from jitasa_analytics.analysis import placement
from jitasa_analytics.studies.siting import Siting

PROVINCE, MINUTES, UNITS = "20", 20, 5
folder = Path(os.environ.get("JITASA_STORE", Path.home() / ".local/share/jitasa/demo"))
store = ja.sample_store(folder)
print("SAMPLE DATA" if store.info()["sample"] else "real data")

# %% [markdown]
# ## 1. Who is out of reach, and where could a unit stand?

# %%
with store.snapshot(scope=PROVINCE) as s:
    now = Siting(service="vaccination_point", minutes=MINUTES).situation(s)
print(f"{now.left['people'].sum():,} people at {len(now.left)} places are out of reach; "
      f"{len(now.candidates)} sites could take a unit.")

# %% [markdown]
# ## 2. Room in a week
# Change the hours to what was agreed with the owners of the sites. A unit gives 60 doses an hour.

# %%
HOURS = {"hall": 5 * 8, "temple": 7 * 6, "school": 2 * 8, "market": 3 * 5}  # a week, by kind of site
OTHER = 5 * 6
DOSES_AN_HOUR = 60
hours = now.candidates["kind"].map(HOURS).fillna(OTHER)
room = hours * DOSES_AN_HOUR
pd.DataFrame({"sites": hours.groupby(now.candidates["kind"]).size(),
              "hours a week": hours.groupby(now.candidates["kind"]).first(),
              "doses a week": room.groupby(now.candidates["kind"]).first()})

# %% [markdown]
# ## 3. The plan, with its certificate
# The bound says how many any choice of five could serve at the very most.

# %%
plan = placement.max_cover(now.left, now.candidates, now.travel, within=now.limit.within, n_sites=UNITS,
                           capacity=room, split=True, gap=0.001, time_limit=60)
print(f"{UNITS} units serve {plan.objective:,.0f} people; no plan serves more than {plan.bound:,.0f} "
      f"({plan.status}, gap {plan.gap:.2%}).")
sites = now.candidates.loc[plan.sites.index, ["name", "kind"]].assign(
    hours=hours[plan.sites.index], room=room[plan.sites.index], served=plan.sites["people"].round().astype(int))
sites["used"] = (sites["served"] / sites["room"]).map("{:.0%}".format)
sites

# %% [markdown]
# ## 4. Is it room or reach that is short?
# Without a limit on room the same five units would reach more: the difference is what longer hours
# are worth.

# %%
free = placement.max_cover(now.left, now.candidates, now.travel, within=now.limit.within, n_sites=UNITS)
print(f"Decision: {len(plan.sites)} units, {plan.objective:,.0f} people; "
      f"with enough room it would be {free.objective:,.0f}.")

# %% [markdown]
# ## 5. Who goes where
# The list for the unit leaders: each village, its unit, the minutes, and how many people.

# %%
table = plan.assignments.assign(place=plan.assignments["demand"].map(now.left["name"]),
                                unit=plan.assignments["site"].map(now.candidates["name"]))
table[["unit", "place", "cost", "people"]].rename(columns={"cost": now.limit.unit}).sort_values(
    ["unit", now.limit.unit]).round(1).head(20)
