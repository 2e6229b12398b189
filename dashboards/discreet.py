"""What is said of a single tambon: small counts of requests are hidden there as they are in map and table."""

from __future__ import annotations

from typing import Any

import pandas as pd

from dashboards.desk import Desk
from jitasa_analytics import areas, groups
from jitasa_analytics.analysis.suppression import THRESHOLD

# Counts of people in need among an area's figures.
_COUNTS = ("requests", "waiting", "being_helped", "helped", "critical")


def figures(desk: Desk, area: str) -> pd.Series[Any]:
    """The figures of an area (query ``page_figures``); counts that would single people out are missing."""
    now = desk.query("page_figures", area).iloc[0].astype(object)
    if not is_small(area):
        return now
    parts = desk.query("page_areas", area, digits=6).set_index("area_code")
    # The sum of a municipality less what its district shows would tell the tambon that is hidden there.
    if bool(parts["hidden"].any() if groups.is_group(area) else parts["hidden"].get(area, False)):
        now[[n for n in _COUNTS if n in now.index]] = None
    elif few(now["critical"]) or few(now["waiting"] - now["critical"]):
        now["critical"] = None
    return now


def ranking(desk: Desk, kind: str) -> pd.DataFrame:
    """The groups of a kind side by side, most open requests per 1,000 people first.

    Counts of a group are missing where those of one of its tambons are hidden: they would give it away.

    Returns
    -------
    DataFrame, index ``group``
        Columns people, waiting, being_helped, volunteers, requests_per_1000; empty where there is no such group.
    """
    known = desk.groups().query("kind == @kind")
    members = known.set_index("group")["areas"].str.split().explode().rename("area_code").reset_index()
    tables = [desk.query("page_areas", areas.COUNTRY, digits=n) for n in sorted({len(c) for c in members["area_code"]})]
    if not tables:
        return pd.DataFrame()
    rows = members.merge(pd.concat(tables), on="area_code", how="left").groupby("group")
    sums = rows[["people", "waiting", "being_helped", "volunteers"]].sum(min_count=1).astype("Float64")
    hidden = rows["hidden"].agg(lambda h: bool(h.eq(True).any()))
    sums.loc[hidden, ["waiting", "being_helped"]] = pd.NA
    sums["requests_per_1000"] = 1000 * (sums["waiting"] + sums["being_helped"]) / sums["people"]
    return sums.sort_values("requests_per_1000", ascending=False, kind="stable", na_position="last")


def week(desk: Desk, area: str) -> pd.DataFrame:
    """The requests of the last week (query ``page_week``); of a single tambon only where they are many."""
    found = desk.query("page_week", area)
    if is_small(area) and len(found):
        counts = found[[c for c in found.columns if c != "last_day"]]
        if counts.map(few).any(axis=None):
            found[counts.columns] = float("nan")
    return found


def is_small(area: str) -> bool:
    """Whether an area is so small that its counts may single people out."""
    return areas.level_of(area) == "tambon" or groups.is_fine(area)


def few(count: Any) -> bool:
    """Whether a count is small without being nothing."""
    return 0 < float(count) < THRESHOLD
