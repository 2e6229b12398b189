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
# The group that Thailand vaccinated first: 60 and older, seven chronic diseases, pregnant. Data name its parts.
GROUP_608 = "608"
PARTS_608 = (("60+", "over_60"), ("chronic", "chronic_disease"), ("pregnant",))
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
    table = _reports(snapshot, group, upto)
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


def _reports(snapshot: Snapshot, group: str, upto: str) -> pd.DataFrame:
    """Reports of a group; of the 608 the sum of its parts, each carried forward, where it has none of its own."""
    table = snapshot.query("dose_reports_by_unit", group=group, upto=upto)
    if group != GROUP_608 or len(table):
        return table
    keys = ["unit", "by_facility", "area_code", "dose_no", "as_of"]
    parts = []
    for number, names in enumerate(PARTS_608):
        every = (snapshot.query("dose_reports_by_unit", group=name, upto=upto) for name in names)
        part = next((found for found in every if len(found)), table)
        parts.append(part.assign(part=number))
    both = pd.concat(parts, ignore_index=True)
    if not len(both):
        return table
    table = both.groupby(["unit", "dose_no", "as_of", "by_facility", "area_code"], dropna=False).size().reset_index()
    table = table.drop(columns=0)
    for column in ("count", "denominator"):
        wide = both.pivot_table(index=keys, columns="part", values=column, aggfunc="last", dropna=False)
        wide = wide.reindex(columns=sorted(both["part"].unique())).groupby(level=["unit", "dose_no"]).ffill()
        # Before all parts that are ever reported have been, their sum would be too small.
        total = pd.Series(np.asarray(wide.to_numpy(float)).sum(axis=1), index=wide.index, name=column)
        table = table.merge(total.reset_index(), on=keys, how="left")
    return table[table["count"].notna()]


def injections(snapshot: Snapshot, dose: int, group: str, upto: str) -> pd.DataFrame:
    """Single doses by area of residence and day; of the 608 those of its parts."""
    table = snapshot.query("doses_by_day", dose=dose, group=group, upto=upto)
    if group != GROUP_608 or len(table):
        return table
    names = [name for part in PARTS_608 for name in part]
    return pd.concat([snapshot.query("doses_by_day", dose=dose, group=name, upto=upto) for name in names],
                     ignore_index=True)


def by_facility(snapshot: Snapshot, dose: int, group: str, upto: str) -> pd.DataFrame:
    """The newest cumulative count of each facility that reports, most doses first.

    Facilities that report all doses in one number have that number, with ``dose_no`` 0.
    """
    table = _reports(snapshot, group, upto)
    table = table[table["by_facility"] & table["dose_no"].isin([dose, ALL_DOSES])]
    table = table.sort_values(["unit", "dose_no", "as_of"], kind="stable")
    newest = table.groupby(["unit", "dose_no"], sort=True).tail(1)
    newest = newest.sort_values("dose_no", ascending=False, kind="stable").drop_duplicates("unit")
    names = snapshot.frame("facilities", columns=["facility_id", "name"]).set_index("facility_id")["name"]
    newest = newest.assign(name=newest["unit"].map(names)).rename(columns={"unit": "facility_id"})
    newest = newest.sort_values(["count", "facility_id"], ascending=[False, True], kind="stable", ignore_index=True)
    return newest[["facility_id", "name", "area_code", "dose_no", "count", "as_of"]]


def doses_reported(snapshot: Snapshot, group: str, upto: str) -> list[int]:
    """Which doses the store knows of in the scope, from reports or single doses."""
    numbers = set(_reports(snapshot, group, upto)["dose_no"])
    groups = [GROUP_608, *(name for part in PARTS_608 for name in part)] if group == GROUP_608 else [group]
    numbers |= set(snapshot.query("dose_numbers", groups=groups, upto=upto)["dose_no"])
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
        table = injections(snapshot, dose, group, upto)
        if (table["area_code"].str.len() >= digits).any():
            table["unit"] = codes_at(table["area_code"], level, snapshot.scope)
            daily = table.groupby(["unit", "as_of"], as_index=False)["given"].sum()
            daily["count"] = daily.groupby("unit")["given"].cumsum()
            return History(daily.assign(area_code=daily["unit"], denominator=np.nan), "residents")
    return None


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    rows = table.sort_values(["unit", "as_of"], kind="stable").reset_index(drop=True)
    return rows.astype({"count": float, "denominator": float})


def _counted(snapshot: Snapshot, group: str, basis: str) -> pd.DataFrame:
    """People of a group by area and year; of the 608 the sum of its parts where all are known."""
    def counted(name: str) -> pd.DataFrame:
        return snapshot.query("population_of_group", group=name, basis=basis, head=head(snapshot.scope))

    table = counted(group)
    if group != GROUP_608 or len(table):
        return table
    every = [next((found for found in map(counted, names) if len(found)), table) for names in PARTS_608]
    both = pd.concat(every).groupby(["area_code", "year"])["people"].agg(["sum", "size"])
    return both.loc[both["size"] == len(PARTS_608), "sum"].rename("people").reset_index()


def population(snapshot: Snapshot, level: str, group: str, basis: str, year: int) -> tuple[pd.Series, int | None]:
    """People by area of a level, and the year they were counted.

    The newest year up to ``year`` that has any, else the oldest after it. An area without a number of
    its own has the sum of its finer areas.
    """
    table = _counted(snapshot, group, basis)
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
