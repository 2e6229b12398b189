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
# # What a stricter equity floor costs
#
# The plan that reaches the most people may leave one district with very little. **How many people
# does it cost to lift the least-served district?** Below is every plan that isn't beaten in both
# respects, each proven, so that the choice among them is yours and not the computer's.
#
# Everything below runs without internet. On a machine without real data it runs on the sample,
# and says so; with your own store, name its folder in the variable `JITASA_STORE`.

# %%
import os
from pathlib import Path

import jitasa_analytics as ja
from jitasa_analytics.show import placement as pictures

PROVINCE, MINUTES, SITES = "20", 12, 4
folder = Path(os.environ.get("JITASA_STORE", Path.home() / ".local/share/jitasa/demo"))
store = ja.sample_store(folder)
print("SAMPLE DATA" if store.info()["sample"] else "real data")

# %%
with store.snapshot(scope=PROVINCE) as s:
    fair = ja.run("fair_sites", s, minutes=MINUTES, n_sites=SITES, step=0.01)
pictures.view(fair, "en")

# %% [markdown]
# ## The plans as a table
# `least_share` is the share of people in reach in the least-served district, `price` how many
# fewer people are reached than by the plan on top.

# %%
fair.tables["frontier"]

# %% [markdown]
# ## What changes for each district

# %%
fair.frame.drop(columns="geometry")[["name_en", "people", "share_before", "share_best", "share_fair"]].round(3)

# %%
table = fair.tables["frontier"]
first, last = table.iloc[0], table.iloc[-1]
print(f"Decision: lifting the least-served district from {first['least_share']:.0%} to {last['least_share']:.0%} "
      f"costs {last['price']:,} of {first['newly_covered']:,} newly reached people.")

# %% [markdown]
# ## How sure are the sites?
# Nobody knows exactly how many people live in a village. With numbers that may be off by 30 %, in how
# many of 50 draws does each site belong to the best plan?

# %%
with store.snapshot(scope=PROVINCE) as s:
    sure = ja.run("sure_sites", s, minutes=MINUTES, n_sites=SITES, draws=50, spread=0.3)
pictures.view(sure, "en")
