"""How many were vaccinated by when: cumulative counts from published reports or from single doses.

Both sources give a *history*: one row a unit and day, with the cumulative count. A unit is an area
or a facility; ``area_code`` says where it lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from jitasa_analytics import areas
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies.frames import codes_at, head

Basis = Literal["areas", "finer", "facilities", "residents"]
ALL_DOSES = 0
FOREVER = "9999-12-31"


@dataclass(frozen=True)
class History:
    """Cumulative counts of units over time.

    Attributes
    ----------
    rows : DataFrame
        unit, area_code, as_of (day), count (cumulative), denominator (as published, or missing);
        ascending by unit and day.
    basis : {"areas", "finer", "facilities", "residents"}
        Reports of the areas themselves; reports of finer areas, added up; reports of facilities, by
        where the dose was given; single doses, by where the person lives.
    """

    rows: pd.DataFrame
    basis: Basis

    def latest(self) -> pd.DataFrame:
        """The newest row of each unit, on ``unit``."""
        return self.rows.groupby("unit", sort=True).tail(1).set_index("unit")

    def table(self) -> pd.DataFrame:
        """Counts carried forward, days by units; missing before a unit's first report."""
        return self.rows.pivot_table(index="as_of", columns="unit", values="count", aggfunc="last").ffill()

    def falls(self) -> int:
        """How often a unit's cumulative count is smaller than the day before."""
        steps = self.rows.groupby("unit")["count"].diff()
        return int((steps < 0).sum())


def reported(snapshot: Snapshot, dose: int, group: str, upto: str) -> pd.DataFrame:
    """Published counts of a dose up to a day: rows of a history, with ``by_facility``.

    All doses (0) are what the report says in one number, else the sum of its doses, each carried
    forward from its last report.
    """
    table = snapshot.query("dose_reports_by_unit", group=group, upto=upto)
    if dose != ALL_DOSES:
        return table[table["dose_no"] == dose].drop(columns="dose_no")
    whole = table[table["dose_no"] == ALL_DOSES].drop(columns="dose_no")
    parts = table[(table["dose_no"] != ALL_DOSES) & ~table["unit"].isin(whole["unit"])]
    if not len(parts):
        return whole
    keys = ["unit", "by_facility", "area_code", "as_of"]
    wide = parts.pivot_table(index=keys, columns="dose_no", values="count", aggfunc="last")
    total = wide.groupby(level="unit").ffill().sum(axis=1).rename("count")
    base = parts.groupby(keys)["denominator"].max()
    return pd.concat([whole, pd.concat([total, base], axis=1).reset_index()], ignore_index=True)


def doses_reported(snapshot: Snapshot, group: str, upto: str) -> list[int]:
    """Which doses the store knows of in the scope, from reports or single doses."""
    numbers = set(snapshot.query("dose_reports_by_unit", group=group, upto=upto)["dose_no"])
    numbers |= {n for n in range(1, 10) if len(snapshot.query("doses_by_day", dose=n, group=group, upto=upto))}
    return sorted(int(n) for n in numbers)


def history(snapshot: Snapshot, level: str, source: str, dose: int, group: str, upto: str) -> History | None:
    """The best history for areas of a level, or None where the scope has none.

    Reports of the areas themselves come first, then of finer areas, then of facilities, then single
    doses. Reports of areas above the level say nothing about it.
    """
    digits = areas.digits(level)
    if source != "doses":
        table = reported(snapshot, dose, group, upto)
        length = table["area_code"].str.len().fillna(0)
        length = length.where(table["area_code"] != areas.COUNTRY, 0)
        of_areas = ~table["by_facility"]
        own = table[of_areas & (length == digits)]
        if len(own):
            return History(_sorted(own), "areas")
        finer = length[of_areas & (length > digits)]
        if len(finer):
            return History(_sorted(table[of_areas & (length == finer.min())]), "finer")
        if (table["by_facility"] & (length >= digits)).any():
            return History(_sorted(table[table["by_facility"]]), "facilities")
    if source != "dose_reports":
        table = snapshot.query("doses_by_day", dose=dose, group=group, upto=upto)
        if (table["area_code"].str.len() >= digits).any():
            table["unit"] = codes_at(table["area_code"], level, snapshot.scope)
            daily = table.groupby(["unit", "as_of"], as_index=False)["given"].sum()
            daily["count"] = daily.groupby("unit")["given"].cumsum()
            return History(daily.assign(area_code=daily["unit"], denominator=np.nan), "residents")
    return None


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    rows = table.sort_values(["unit", "as_of"], kind="stable").reset_index(drop=True)
    return rows.astype({"count": float, "denominator": float})


def population(snapshot: Snapshot, level: str, group: str, basis: str, year: int) -> tuple[pd.Series, int | None]:
    """People by area of a level, and the year they were counted.

    The newest year up to ``year`` that has any, else the oldest after it. An area without a number of
    its own has the sum of its finer areas.
    """
    table = snapshot.query("population_of_group", group=group, basis=basis, head=head(snapshot.scope))
    table["area_code"] = table["area_code"].astype("str")
    digits = areas.digits(level)
    table["digits"] = table["area_code"].str.len().where(table["area_code"] != areas.COUNTRY, 0)
    table = table[table["digits"] >= digits]
    if not len(table):
        return pd.Series(dtype=float, name="people"), None
    years = table["year"]
    counted = int(years[years <= year].max() if (years <= year).any() else years.min())
    table = table[years == counted]
    found = pd.Series(dtype=float)
    for _, part in table.groupby("digits", sort=True):
        sums = part.groupby(codes_at(part["area_code"], level, snapshot.scope))["people"].sum().astype(float)
        found = pd.concat([found, sums[~sums.index.isin(found.index)]])
    found.index.name = "area_code"
    return found.rename("people").sort_index(), counted
