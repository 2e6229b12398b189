"""The sample's injections: as many as were given in Chonburi, each one invented.

How many people had a first dose by a day follows the published cumulative reports. The
vaccine depends on the day and on the group, the second dose follows the vaccine's interval,
and only people who work with patients have a third by `AS_OF`, as it was.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sample_areas import KM_PER_DEGREE, LON_SCALE, PROVINCE, facts
from sample_help import AS_OF

# First doses given to residents of Chonburi by 15 August 2021, as published.
PERSONS = 589_886
START = "2021-03-01"
GROUPS = ("medical_staff", "frontline", "health_volunteer", "over_60", "chronic_disease", "pregnant",
          "general")
# Weight of each group while vaccine was scarce, and after registration opened on 7 June.
EARLY = (0.42, 0.27, 0.12, 0.02, 0.07, 0.0, 0.10)
LATER = (0.02, 0.05, 0.02, 0.24, 0.16, 0.01, 0.50)
OPENED, MIXED, BOOSTER, PFIZER = (
    np.datetime64(d) for d in ("2021-06-07", "2021-07-12", "2021-07-19", "2021-08-05"))
VACCINES = ("Sinovac", "AstraZeneca", "Sinopharm")
# Days from the first to the second dose: shortest, longest.
INTERVALS = {"Sinovac": (21, 29), "AstraZeneca": (77, 113), "Sinopharm": (21, 29)}
NEVER_RETURN = 0.07


def dose_table(rng: np.random.Generator, tambons: pd.DataFrame, facilities: pd.DataFrame) -> pd.DataFrame:
    """About 810,000 injections of residents of Chonburi up to `AS_OF`.

    Parameters
    ----------
    tambons : DataFrame on the tambon code: ``lon``, ``lat``, ``people``
    facilities : DataFrame: ``facility_id``, ``lon``, ``lat``, ``doses`` (published, as a weight)
    """
    km = _distances(tambons, facilities)
    people = _persons(rng, tambons, km)
    pull = facilities["doses"].to_numpy() / (1.0 + (km / 6.0) ** 2)
    sites = facilities["facility_id"].to_numpy()
    rows = []
    for number, dates, vaccines in _doses(rng, people):
        given = dates <= np.datetime64(AS_OF.normalize())
        who = people[given]
        part = who[["person_token", "area_code", "birth_year", "sex", "group"]].copy()
        part["dose_no"] = number
        part["date"] = pd.to_datetime(dates[given]).strftime("%Y-%m-%d")
        part["vaccine"] = vaccines[given]
        part["facility_id"] = sites[_pick(rng, pull[who["tambon_no"].to_numpy()])]
        rows.append(part)
    table = pd.concat(rows, ignore_index=True)
    table = table.sort_values(["date", "person_token", "dose_no"], ignore_index=True)
    return table[["person_token", "dose_no", "date", "vaccine", "facility_id", "area_code",
                  "birth_year", "sex", "group"]]


def _distances(tambons: pd.DataFrame, facilities: pd.DataFrame) -> np.ndarray:
    """Kilometres from each tambon's centre to each facility, shape (n, m)."""
    scale = np.array([LON_SCALE, 1.0]) * KM_PER_DEGREE
    here, there = tambons[["lon", "lat"]].to_numpy() * scale, facilities[["lon", "lat"]].to_numpy() * scale
    return np.sqrt(((here[:, None, :] - there[None, :, :]) ** 2).sum(axis=2))


def _pick(rng: np.random.Generator, weights: np.ndarray) -> np.ndarray:
    """One column for each row of weights."""
    sums = weights.cumsum(axis=1)
    return (sums < rng.random(len(weights))[:, None] * sums[:, -1:]).sum(axis=1)


def _first_days(rng: np.random.Generator, n: int) -> np.ndarray:
    """Days of first doses: the published curve of Chonburi up to `AS_OF`, thinned."""
    reports = facts("province_dose_reports")
    own = reports[reports["code"] == PROVINCE]
    own = own[own["as_of"] <= AS_OF.strftime("%Y-%m-%d")]
    known = [START, *own["as_of"]]
    counts = np.array([0.0, *own["dose_1"].astype(float)])
    offsets = ((pd.to_datetime(known) - pd.Timestamp(START)) / pd.Timedelta(days=1)).to_numpy()
    days = np.floor(np.interp(rng.random(n) * counts[-1], counts, offsets)).astype(int)
    return np.datetime64(START) + days.astype("timedelta64[D]")


def _persons(rng: np.random.Generator, tambons: pd.DataFrame, km: np.ndarray) -> pd.DataFrame:
    """People with the day of their first dose; fewer come from far away."""
    weight = tambons["people"].to_numpy() * np.exp(-km.min(axis=1) / 22.0)
    weight = weight * rng.lognormal(0.0, 0.22, len(weight))
    tambon = rng.choice(len(tambons), size=PERSONS, p=weight / weight.sum())
    first = np.sort(_first_days(rng, PERSONS))
    shares = np.where((first < OPENED)[:, None], EARLY, LATER)
    group = np.array(GROUPS)[_pick(rng, shares)]
    age = rng.integers(20, 60, PERSONS)
    age = np.where(group == "over_60", 60 + np.floor(rng.exponential(8.0, PERSONS)).clip(0, 38), age)
    age = np.where(group == "pregnant", rng.integers(20, 42, PERSONS), age)
    female = rng.random(PERSONS) < np.where(group == "medical_staff", 0.72, 0.53)
    return pd.DataFrame({
        "person_token": [f"sample-p-{i:06d}" for i in range(1, PERSONS + 1)],
        "tambon_no": tambon, "area_code": tambons.index.to_numpy()[tambon], "first": first,
        "birth_year": 2021 - age.astype(int), "group": group,
        "sex": np.where(female | (group == "pregnant"), "female", "male"),
    })


def _doses(rng: np.random.Generator,
           people: pd.DataFrame) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Dose number, dates (shape (n,), far in the future where none is given) and vaccines."""
    n, first = len(people), people["first"].to_numpy().astype("datetime64[D]")
    old = people["group"].isin(["over_60"]).to_numpy()
    shares = np.select(
        [(first < OPENED)[:, None], (first < MIXED)[:, None]],
        [np.tile([0.93, 0.07, 0.0], (n, 1)), np.tile([0.34, 0.61, 0.05], (n, 1))],
        np.tile([0.42, 0.43, 0.15], (n, 1)))
    shares[old & (first >= OPENED)] = [0.12, 0.86, 0.02]
    vaccine = np.array(VACCINES)[_pick(rng, shares)]
    bounds = np.array([INTERVALS[v] for v in vaccine])
    never = np.datetime64("2099-01-01")
    second = first + rng.integers(bounds[:, 0], bounds[:, 1]).astype("timedelta64[D]")
    second = np.where(rng.random(n) < NEVER_RETURN, never, second)
    vaccine_2 = np.where((vaccine == "Sinovac") & (second >= MIXED), "AstraZeneca", vaccine)
    workers = people["group"].isin(["medical_staff", "health_volunteer", "frontline"]).to_numpy()
    due = workers & (vaccine_2 == "Sinovac") & (rng.random(n) < 0.20)
    earliest = np.maximum(second + np.timedelta64(30, "D"), BOOSTER)
    third = np.where(due, earliest + rng.integers(0, 26, n).astype("timedelta64[D]"), never)
    vaccine_3 = np.where((third >= PFIZER) & (rng.random(n) < 0.6), "Pfizer", "AstraZeneca")
    return [(1, first, vaccine), (2, second, vaccine_2), (3, third, vaccine_3)]
