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
# # Your own study in ten minutes
#
# A question that nobody has programmed yet: **where do requests wait longest, and whom do we call?**
# A study is a class with parameters and `run(snapshot)`. From these alone it gets a form on the
# dashboard, options on the command line, exports, a report, and a run on a cluster.

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
# ## 1. The question as a query
# Start in SQL: datasets are tables, limited to the area that the snapshot is for.

# %%
with store.snapshot(scope=PROVINCE) as s:
    sketch = s.sql("SELECT area_code[1:4] AS district, count(*) AS waiting FROM requests WHERE status = 'new' "
                   "GROUP BY district ORDER BY waiting DESC")
sketch.head()

# %% [markdown]
# ## 2. The study
# `needs` names the datasets, `splits` says that districts don't need each other, and each parameter has
# bounds and a word on what it means. `self.answer` adds version, scope, parameters and the age of the data.

# %%
import param

from jitasa_analytics import Figure, Note, Study


class LongWaits(Study):
    """Requests that have waited too long."""

    slug = "long_waits"
    titles = {"th": "คำขอที่รอนาน", "en": "Requests that wait"}
    questions = {"th": "คำขอใดรอนานเกินไป และอยู่ที่ใด", "en": "Where do requests wait too long?"}
    needs = ("requests",)
    splits = "independent"

    days = param.Number(default=3, bounds=(0, 365), doc="Longest acceptable wait, days.")

    def run(self, snapshot):
        """Count the requests that wait longer than that, by district."""
        late = snapshot.sql(
            "SELECT area_code[1:4] AS area_code, count(*) AS late FROM requests WHERE status = 'new' AND requested_at "
            "< (SELECT max(requested_at) FROM requests) - to_days(CAST($days AS INTEGER)) GROUP BY 1", days=self.days)
        areas = snapshot.areas("district")[["name_th", "name_en", "geometry"]]
        frame = areas.join(late.set_index("area_code")).fillna({"late": 0}).sort_values("late", ascending=False)
        return self.answer(snapshot, frame, measure="late", unit="requests",
                           figures={"late": Figure(float(frame["late"].sum()), "requests", adds=True)},
                           notes=(Note("Waiting is counted up to the newest request of the area."),))

# %% [markdown]
# ## 3. Ask it

# %%
with store.snapshot(scope=PROVINCE) as s:
    answer = LongWaits(days=3).run(s)
print(answer)
answer.view(lang="en")

# %% [markdown]
# ## 4. Check it by hand
# One number, counted another way. A study without a check is a guess.

# %%
with store.snapshot(scope=PROVINCE) as s:
    rows = s.frame("requests")
waiting = rows[rows["status"] == "new"]
by_hand = int((waiting["requested_at"] < rows["requested_at"].max() - pd.Timedelta(days=3)).sum())
assert by_hand == answer.figures["late"].value
by_hand

# %% [markdown]
# ## 5. It exports, and runs by area
# The same exports as every other study; by district in this process, or on a Dask cluster with
# `scheduler="tcp://…"`. The newest request differs from district to district, so that the parts may
# count a few less than the whole: the note in the study says so.

# %%
import tempfile

out = Path(tempfile.mkdtemp())
answer.to_xlsx(out / "long_waits.xlsx", lang="th")
parts = ja.run_by_area(LongWaits, store, by="district", scope=PROVINCE)
len(parts.frame), parts.figures["late"].value

# %% [markdown]
# ## 6. Give it to the others
# In your package's `pyproject.toml`, two lines make it a study of every interface:
#
# ```toml
# [project.entry-points."jitasa_analytics.studies"]
# long_waits = "my_package:LongWaits"
# ```
#
# ## The decision
# Call the district at the head of the table today; the others get the workbook.

# %%
top = answer.frame.iloc[0]
if top["late"] > 0:
    print(f"Call {top['name_en']} first: {int(top['late'])} requests have waited longer than 3 days there.")
else:
    print("Call nobody: no request has waited longer than 3 days.")
