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
# # A first look at Chonburi
#
# You plan for a province. Two questions wait for an answer before tomorrow's meeting:
# **who has no vaccination point near by, and where do five mobile units go next week?**
# This notebook walks from the store to five proposed sites on a map, in six steps.
#
# Everything below runs without internet. On a machine without real data it runs on the sample,
# and says so; with your own store, name its folder in the variable `JITASA_STORE`.

# %%
import os
from pathlib import Path

import jitasa_analytics as ja

PROVINCE = "20"  # Chonburi; any code or name will do, "ระยอง" for instance
folder = Path(os.environ.get("JITASA_STORE", Path.home() / ".local/share/jitasa/demo"))
store = ja.sample_store(folder)  # opens the store, and builds the sample where there is none

# %% [markdown]
# ## 1. What do we know, and how old is it?
# A plan is as good as its data. Rows, and the day to which each dataset speaks:

# %%
import pandas as pd

info = store.info()
print("Version", info["version"], "· SAMPLE DATA" if info["sample"] else "· real data")
pd.DataFrame({"rows": info["rows"], "as of": info["as_of"]}).query("rows > 0")

# %% [markdown]
# ## 2. Who is out of reach of a vaccination point?
# Reach is 15 minutes by car. The way is estimated from the straight line, which the notes below
# the map say; people are shared over the places of their tambon.

# %%
MINUTES = 15
with store.snapshot(scope=PROVINCE) as s:
    gaps = ja.run("coverage_gaps", s, service="vaccination_point", minutes=MINUTES)
gaps.view(lang="en")

# %% [markdown]
# The tambons where most people are out of reach:

# %%
columns = ["name_th", "name_en", "people", "people_out_of_reach", "share_out_of_reach"]
worst = gaps.frame.sort_values("people_out_of_reach", ascending=False)[columns].head(8)
worst

# %% [markdown]
# ## 3. Is it the limit that makes the gap?
# A gap that vanishes at 20 minutes is a matter of taste; one that stays at 30 is a matter of sites.

# %%
gaps.tables["curve"]

# %% [markdown]
# ## 4. Are there hands to help?
# Volunteers against open requests. Where the ratio is low, a new site needs staff from elsewhere.

# %%
with store.snapshot(scope=PROVINCE) as s:
    has_requests = s.count("requests") > 0 and s.count("volunteers") > 0
    ratio = ja.run("volunteer_ratio", s) if has_requests else None
ratio.view(lang="en") if ratio else "The store holds no requests or no volunteers here."

# %% [markdown]
# ## 5. Where do five mobile units go?
# `best_sites` tries all choices of five among the candidates (or among the villages, where nobody
# has proposed a candidate) and keeps the one that brings the most people within reach. The existing
# sites stay. **Bound** says what no choice of five can exceed: where it equals what the plan
# reaches, no better plan exists.

# %%
with store.snapshot(scope=PROVINCE) as s:
    plan = ja.run("best_sites", s, service="vaccination_point", minutes=MINUTES, n_sites=5)
plan.view(lang="en")

# %%
sites = plan.tables["sites"]
sites[["rank", "name", "area_code", "people_newly_covered", "people_only_here"]]

# %% [markdown]
# What would more units bring? Each further unit brings less: the point where the next one is no
# longer worth its crew is the province's to decide.

# %%
reached = {}
with store.snapshot(scope=PROVINCE) as s:
    for n in (1, 2, 3, 5, 8):
        reached[n] = ja.run("best_sites", s, service="vaccination_point", minutes=MINUTES, n_sites=n).figures
pd.DataFrame({n: {"people newly within reach": f["newly_covered"].value, "proven to within": f["gap"].value}
              for n, f in reached.items()}).T.rename_axis("units")

# %% [markdown]
# ## 6. Take it to the meeting
# The same figures as a workbook (with a sheet that says what they rest on) and as GeoJSON for a GIS.

# %%
import tempfile

out = Path(tempfile.mkdtemp())
plan.to_xlsx(out / "five_sites.xlsx")
plan.to_geojson(out / "five_sites.geojson")
sorted(p.name for p in out.iterdir())

# %% [markdown]
# ## The decision
# Send the five units to the sites of step 5, in the order of the table: the first reaches most
# people who have none today. Ask the districts of step 2 that no site relieves for a candidate
# place, import it (`jitasa import candidates FILE`), and run step 5 again: it takes a second.

# %%
before, after = plan.figures["share_before"].value, plan.figures["share_after"].value
assert plan.figures["gap"].value <= 0.05, "the plan is not proven good enough to decide on"
print(f"Within {MINUTES} minutes of a vaccination point: {before:.1%} of the people today, {after:.1%} with the plan.")
