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
# # Volunteers against need
#
# It is Monday morning. Requests came in over the weekend, volunteers are registered all over the
# province. **Which district gets help from its neighbours first, and how many volunteers go?**

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
# ## 1. Hands and requests, district by district
# `ratio` is volunteers per open request in the same district. `access` is fairer: volunteers also ride
# to the next district, and whoever is near many requests has less for each (E2SFCA, Luo & Qi 2009).

# %%
with store.snapshot(scope=PROVINCE) as s:
    answer = ja.run("volunteer_ratio", s, minutes=30)
answer.view(lang="en")

# %% [markdown]
# ## 2. Does the order depend on how it is counted?
# Where both columns agree, the district is short of hands whatever the way of counting. Where only the
# ratio is low, neighbours are near enough to help; where only access is low, the volunteers live far
# from the requests.

# %%
table = answer.frame[["name_en", "requests_open", "volunteers", "capacity", "ratio", "access"]].copy()
table["place by ratio"] = table["ratio"].rank()
table["place by access"] = table["access"].rank()
table.sort_values("access").head(6)

# %% [markdown]
# ## 3. Urgent requests only
# A critical request can't wait for a volunteer from the other end of the province.

# %%
with store.snapshot(scope=PROVINCE) as s:
    urgent = ja.run("volunteer_ratio", s, minutes=15, urgency="critical")
urgent.figures["requests_open"].value, urgent.figures["requests_out_of_reach"].value

# %% [markdown]
# ## 4. How many must move?
# Bring every district to the province's ratio: those below it lack volunteers, those above can spare
# them. Both columns sum to the same number, because nobody is invented.

# %%
mean = answer.figures["ratio"].value
wanted = (table["requests_open"] * mean - table["volunteers"]).round().astype(int)
moves = pd.DataFrame({"district": table["name_en"], "lacks": wanted.clip(lower=0),
                      "can spare": (-wanted).clip(lower=0)})
moves = moves.sort_values("lacks", ascending=False)
moves

# %% [markdown]
# ## The decision
# Send volunteers first to the district at the head of this table, from the districts that can spare
# most; ask its kamnan to register helpers, since a ratio says nothing of those who help without an app.

# %%
first = moves.iloc[0]
assert abs(moves["lacks"].sum() - moves["can spare"].sum()) <= len(moves)
print(f"First: {first['district']}, which lacks {first['lacks']} volunteers to stand as the province does "
      f"({mean:.2f} volunteers per open request).")
