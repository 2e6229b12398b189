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
# # When can a province reopen?
#
# The rule of autumn 2021: 70 per cent with a first dose by 1 November, half with a second by the end of
# the year. It is 30 September. **Which provinces will make it, which won't, and what would it take?**

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
# ## 1. The rule, and who meets it
# A rule is dose, share, date; several stand one after another, and a rule of one province begins with
# its code. Only reports up to 30 September are used: the future is not known.

# %%
import datetime as dt

RULES = "1 70% 2021-11-01; 2 50% 2021-12-31"
TODAY = dt.date(2021, 9, 30)
with store.snapshot() as s:
    answer = ja.run("reopening", s, rules=RULES, date=TODAY)
answer.view(lang="en")

# %% [markdown]
# ## 2. On course, or late?
# The projected date comes with an interval: reports jump, and so does the pace. A province is called
# late only against its due date; `unknown` has too few reports to say.

# %%
columns = ["name_en", "status", "share", "date", "earliest", "latest", "days_late", "people_missing"]
print(answer.frame["status"].value_counts().to_dict())
answer.frame.loc[answer.frame["status"] == "late", columns].sort_values("days_late").head(8)

# %% [markdown]
# ## 3. What would it take?
# For each rule: the pace of the last weeks, and the pace that would meet the date.

# %%
answer.tables["rules"].query("status == 'late'").head(8)

# %% [markdown]
# ## 4. What became of it
# Reports after September are in the store by now. A projection that nobody checks is an opinion: how many
# provinces did what was foretold?

# %%
with store.snapshot() as s:
    later = ja.run("reopening", s, rules=RULES)
both = pd.DataFrame({"foretold": answer.frame["status"], "became": later.frame["status"],
                     "late by": later.frame["days_late"]})
in_time = (both["became"] == "met") & (both["late by"] <= 0)
pd.crosstab(both["foretold"], in_time.rename("met in time"))

# %% [markdown]
# ## The decision
# Provinces on course reopen as planned. Doses go first to those that are late by little, where a higher
# pace still meets the date; the rule of those that are late by much is renegotiated now, not in December.

# %%
late = answer.frame.query("status == 'late'").sort_values("days_late")
close = late[late["days_late"] <= 30]
print(f"{len(late)} provinces are late; {len(close)} of them by at most 30 days: doses go there first.")
