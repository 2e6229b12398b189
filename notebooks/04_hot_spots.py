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
# # Hot spots, and those that chance makes
#
# A map of requests always has red patches. **Which of them are more than chance, and where does the
# province look more closely?** This notebook shows why a p-value is not enough when a map asks the same
# question of many areas at once.

# %%
import os
from pathlib import Path

import pandas as pd

import jitasa_analytics as ja

PROVINCE = "20"  # Chonburi; any code or name will do
folder = Path(os.environ.get("JITASA_STORE", Path.home() / ".local/share/jitasa/demo"))
store = ja.sample_store(folder)  # opens the store, and builds the sample where there is none
print("Version", store.info()["version"], "· SAMPLE DATA" if store.info()["sample"] else "· real data")

# %% [markdown]
# ## 1. Gi*: an area together with its neighbours
# For each tambon, Getis and Ord's Gi* asks whether the rate of requests there *and next door* is high
# against the whole province. p comes from random rearrangements of the map.

# %%
with store.snapshot(scope=PROVINCE) as s:
    spots = ja.run("hotspots", s, what="requests", permutations=999)
spots.view(lang="en")

# %% [markdown]
# ## 2. How many red areas does chance make?
# Give every tambon the rate of another one, at random, and run the same test: whatever is "hot" now is
# hot by chance alone. With some ninety tests at p ≤ 0.05, about four or five are expected.

# %%
import numpy as np

from jitasa_analytics.analysis import hotspots

frame = spots.frame[spots.frame.geometry.notna() & spots.frame["value"].notna()]
near = hotspots.touching(frame[["geometry"]])
rng = np.random.default_rng(1)
by_chance = []
for _ in range(20):
    shuffled = pd.Series(rng.permutation(frame["value"].to_numpy(float)), index=frame.index)
    by_chance.append(int((hotspots.gi_star(shuffled, near, permutations=999)["p"] <= 0.05).sum()))
print(f"{len(frame)} tambons; on shuffled maps {np.mean(by_chance):.1f} are 'hot or cold' at p <= 0.05 "
      f"(from {min(by_chance)} to {max(by_chance)})")

# %% [markdown]
# ## 3. q: the share of false alarms
# Benjamini and Hochberg's q answers the question that a planner has: *if I send a team to every area
# named, what share of the trips is for nothing?* Areas with q ≤ 0.05 are named; the others are not.

# %%
found = frame[["name_en", "value", "score", "p", "q", "spot"]].sort_values("p").head(10)
hits = int((frame["p"] <= 0.05).sum())
named = int((frame["q"] <= 0.05).sum())
print(f"p <= 0.05: {hits} areas; q <= 0.05: {named}")
found

# %% [markdown]
# ## 4. A looser net, said openly
# Where a visit is cheap, more false alarms may be worth it. The choice is the planner's, made before
# looking, and it stands in the answer's conditions.

# %%
with store.snapshot(scope=PROVINCE) as s:
    loose = ja.run("hotspots", s, what="requests", permutations=999, false_alarms=0.2)
loose.frame.loc[loose.frame["spot"].isin(["hot", "cold"]), ["name_en", "value", "q", "spot"]]

# %% [markdown]
# ## The decision
# Where q names areas, teams go there. Where it names none, the red patches are what chance makes: the
# requests are to be served where they are, and no district is to be called a hot spot in the report.

# %%
expected = 0.05 * len(frame)
if named:
    print(f"Send teams to the {named} areas named; about {0.05 * named:.1f} of them are there by chance.")
else:
    print(f"No hot spot: {hits} areas pass p <= 0.05, and about {expected:.1f} would by chance. "
          "Serve requests as they come.")
