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
# # Coverage gaps of a province
#
# The governor asks: **which tambons have no vaccination point in reach, and is a mobile unit or a new
# point the answer?** Reach depends on how people travel, so the answer must not hang on one number.

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
# ## 1. The gaps within 15 minutes by car

# %%
with store.snapshot(scope=PROVINCE) as s:
    car = ja.run("coverage_gaps", s, service="vaccination_point", minutes=15, mode="car")
car.view(lang="en")

# %% [markdown]
# ## 2. Who has no car
# The same 15 minutes on a motorcycle reach less far. A tambon that is a gap in both is a gap.

# %%
with store.snapshot(scope=PROVINCE) as s:
    bike = ja.run("coverage_gaps", s, service="vaccination_point", minutes=15, mode="motorcycle")
both = pd.DataFrame({
    "tambon": car.frame["name_en"], "people": car.frame["people"],
    "by car": car.frame["people_out_of_reach"], "by motorcycle": bike.frame["people_out_of_reach"]})
both.sort_values("by car", ascending=False).head(8)

# %% [markdown]
# ## 3. How sharp is the edge?
# The curve says what share has a point within each time. A steep curve at 15 minutes means that most of
# the gap is a matter of a few minutes: a bus helps. A flat one means distance: a site helps.

# %%
curve = car.tables["curve"].set_index("minutes")["share_covered"]
at_15, at_20, at_30 = (float(curve[curve.index >= m].iloc[0]) for m in (15, 20, 30))
print(f"Within 15 minutes {at_15:.1%}, within 20 {at_20:.1%}, within 30 {at_30:.1%}")
curve

# %% [markdown]
# ## 4. The gap is not everywhere the same
# How many tambons hold half of all people out of reach? If few, mobile units can go there.

# %%
ranked = car.frame["people_out_of_reach"].fillna(0).sort_values(ascending=False)
half = int((ranked.cumsum() < ranked.sum() / 2).sum()) + 1
names = car.frame.loc[ranked.index[:half], "name_en"].tolist()
half, names

# %% [markdown]
# ## 5. A report for the meeting
# A4 pages with map, tables and the conditions; Thai or English. The workbook holds every tambon.

# %%
import tempfile

out = Path(tempfile.mkdtemp())
with store.snapshot(scope=PROVINCE) as s:
    made = ja.report(s, out / "gaps.pdf", studies=["coverage_gaps"], params={"coverage_gaps": {"minutes": 15}},
                     lang="th")
car.to_xlsx(out / "gaps.xlsx", lang="th")
car.to_png(out / "gaps.png", lang="th")
made, sorted(p.name for p in out.iterdir())

# %% [markdown]
# ## The decision
# Few tambons hold half of the gap: mobile units go there in turn. What is still out of reach at 30
# minutes needs a fixed point: that is the question of `best_sites`, in the first notebook.

# %%
beyond = car.figures["people_out_of_reach"].value
still = (1 - at_30) * car.figures["people"].value
print(f"{half} tambons hold half of the {beyond:,.0f} people beyond 15 minutes; "
      f"{still:,.0f} of them are beyond 30 minutes and need a fixed point.")
