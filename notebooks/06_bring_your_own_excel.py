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
# # Bring your own Excel
#
# Your office keeps requests for help in Excel, as everybody does: Thai heads, Buddhist years, a phone
# number where a number should be. **How much of it can be used, and what must be corrected before the
# meeting?** Nothing is written until you say so.

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
# ## 1. A file as it comes
# In place of yours, this cell makes one with the usual faults. Put the path of your own file in its place.

# %%
import tempfile

out = Path(tempfile.mkdtemp())
mine = out / "คำขอ_ตุลาคม.xlsx"
pd.DataFrame({
    "เลขที่คำขอ": ["ก-001", "ก-002", "ก-003", "ก-004", "ก-005"],
    "วันที่ขอ": ["๑๔/๐๘/๒๕๖๔", "15 ส.ค. 2564", "2564-08-15", "32/08/2564", "15/08/2564"],
    "ละติจูด": [13.361, 13.100, 100.985, 13.36, 13.12], "ลองจิจูด": [100.985, 100.93, 13.36, 100.98, 100.95],
    "จำนวนคน": [3, "๔", 2, 1, -2], "สถานะ": ["ใหม่", "ใหม่", "new", "ใหม่", "ใหม่"],
}).to_excel(mine, index=False)
pd.read_excel(mine)

# %% [markdown]
# ## 2. What is expected
# The contract names every column, its Thai label, and whether it must be there. `jitasa template
# requests form.xlsx` writes it as a form to fill in.

# %%
from jitasa_analytics.contracts import dataset

contract = dataset("requests")
rows = [(c.name, c.th, c.kind, c.required) for c in contract.columns]
pd.DataFrame(rows, columns=["column", "Thai", "kind", "needed"])

# %% [markdown]
# ## 3. A dry run
# Every row read ends as accepted, quarantined or duplicate; the three always add up. What is certain is
# put right and said (Thai digits, Buddhist years, swapped coordinates); what is not certain is proposed.

# %%
from jitasa_analytics import ingest
from jitasa_analytics.store import Store

own = Store(out / "store")
trial = ingest.import_files(own, "requests", [mine], dry_run=True, accept_quarantine="a first look")
print(f"{trial.read} rows read = {trial.accepted} accepted + {trial.quarantined} quarantined "
      f"+ {trial.duplicate} duplicate")
assert trial.read == trial.accepted + trial.quarantined + trial.duplicate
pd.DataFrame(trial.findings).dropna(axis="columns", how="all")

# %% [markdown]
# ## 4. Correct, and import
# Dates and numbers corrected in the file, the same call without `dry_run` writes a version of the store.

# %%
fixed = pd.read_excel(mine, dtype=str)
fixed.loc[3, "วันที่ขอ"] = "31/08/2564"
fixed.loc[4, "จำนวนคน"] = "2"
fixed.to_excel(out / "corrected.xlsx", index=False)
done = ingest.import_files(own, "requests", [out / "corrected.xlsx"])
with own.snapshot() as s:
    rows = s.frame("requests", columns=["request_id", "requested_at", "lon", "lat", "people"])
rows

# %% [markdown]
# ## 5. Sending it twice does no harm
# The mail goes round, the file comes back: importing twice is importing once.

# %%
again = ingest.import_files(own, "requests", [out / "corrected.xlsx"])
again.accepted, again.duplicate

# %% [markdown]
# ## The decision
# The file is fit for the meeting: send the findings of step 3 back to whoever keeps it, with the rows
# and columns named, and import it weekly.

# %%
assert done.quarantined == 0 and again.accepted == 0
print(f"{trial.quarantined} of {trial.read} rows needed a correction; {done.accepted} are in the store now.")
