"""The course of each sample request: who came, when, and what was delivered.

A request passes through the states of a real one, faster when it is urgent and slower when
many ask at once. What would happen after `AS_OF` is cut off, so that the status of a request
and its last event always agree, and so do delivered quantities and events.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sample_help import AS_OF, FIRST_DAY, stamp, wave
from sample_words import TO_HOSPITAL

STATES = ("new", "confirmed", "assigned", "on_the_way")
# Districts where help comes more slowly.
SLOW_DISTRICTS = {"2003": 1.7, "2008": 1.6, "2010": 1.8, "2011": 1.5}
# Mean hours of each step by urgency: low, normal, high, critical.
CONFIRM_HOURS = np.array([14.0, 8.0, 3.0, 1.0])
ASSIGN_HOURS = np.array([60.0, 34.0, 12.0, 4.0])
TRAVEL_HOURS = np.array([22.0, 14.0, 6.0, 2.0])
HELP_HOURS = np.array([30.0, 18.0, 8.0, 3.0])
DESK = "sample-desk"


def steps(rng: np.random.Generator, requests: pd.DataFrame) -> pd.DataFrame:
    """When each request would pass each state, and the status it ends in.

    Returns
    -------
    DataFrame on the requests' index: a time for each of `STATES` and ``end`` (NaT where it
    never gets there), and ``final``, the status at ``end``.
    """
    n, urgency = len(requests), requests["urgency"].to_numpy()
    days = ((requests["at"] - FIRST_DAY) / pd.Timedelta(days=1)).to_numpy()
    slow = requests["area_code"].str[:4].map(SLOW_DISTRICTS).fillna(1.0).to_numpy()
    load = (0.8 + 4.2 * wave(days)) * slow
    hours = np.column_stack([
        rng.exponential(CONFIRM_HOURS[urgency]) + 0.2,
        rng.gamma(2.0, ASSIGN_HOURS[urgency] / 2) * load + 0.3,
        rng.exponential(TRAVEL_HOURS[urgency]) + 0.2,
        rng.exponential(HELP_HOURS[urgency]) * slow + 0.3,
    ])
    ends = requests["at"].to_numpy()[:, None] + pd.to_timedelta(
        (hours.cumsum(axis=1) * 3600).round().ravel(), unit="s").to_numpy().reshape(n, 4)
    table = pd.DataFrame({"new": requests["at"].to_numpy(), "confirmed": ends[:, 0], "assigned": ends[:, 1],
                          "on_the_way": ends[:, 2], "end": ends[:, 3]})
    outcome = requests["outcome"].to_numpy()
    table["final"] = np.where(outcome == "stuck", "", outcome)
    table.loc[outcome == "duplicate", "end"] = table["confirmed"]
    table.loc[outcome == "duplicate", ["confirmed", "assigned", "on_the_way"]] = pd.NaT
    early = (outcome == "withdrawn") | (outcome == "not_helped")
    table.loc[early, "end"] = table["assigned"]
    table.loc[early, ["assigned", "on_the_way"]] = pd.NaT
    stuck = np.where(outcome == "stuck", rng.choice(3, size=n, p=[0.3, 0.5, 0.2]), 9)
    for depth, column in enumerate(("confirmed", "assigned", "on_the_way", "end")):
        table.loc[stuck <= depth, column] = pd.NaT
    timed = [*STATES, "end"]
    table[timed] = table[timed].where(table[timed] <= AS_OF)
    return table


def status_of(table: pd.DataFrame) -> pd.Series:
    """The status a request has at `AS_OF`: that of the last step it has passed."""
    status = pd.Series("new", index=table.index)
    for state in STATES[1:]:
        status = status.where(table[state].isna(), state)
    return status.where(table["end"].isna(), table["final"])


def helpers(rng: np.random.Generator, requests: pd.DataFrame, table: pd.DataFrame,
            volunteers: pd.DataFrame) -> list[str]:
    """For each assigned request a volunteer near by who was free to help that day.

    The nearest of six drawn from the district (or the province), by id; empty where nobody was.
    """
    area = volunteers["area_code"].str
    pools = {code: np.flatnonzero(area[:digits] == code)
             for digits in (2, 4) for code in area[:digits].unique() if len(code) == digits}
    ids, places = volunteers["volunteer_id"].to_numpy(), volunteers[["lon", "lat"]].to_numpy()
    start = volunteers["available_from"].to_numpy()
    until = volunteers["available_to"].fillna(AS_OF).to_numpy()
    found, nobody = [], np.array([], int)
    points = requests[["lon", "lat"]].to_numpy()
    for code, point, when in zip(requests["area_code"], points, table["assigned"].to_numpy(), strict=True):
        pool = nobody if np.isnat(when) else pools.get(code[:4], pools.get(code[:2], nobody))
        pool = pool[(start[pool] <= when) & (until[pool] >= when)]
        if pool.size == 0:
            found.append("")
            continue
        drawn = pool[rng.integers(pool.size, size=6)]
        found.append(ids[drawn[((places[drawn] - point) ** 2).sum(axis=1).argmin()]])
    return found


def deliveries(rng: np.random.Generator, items: pd.DataFrame, course: pd.DataFrame) -> pd.DataFrame:
    """What reached the people who asked: one row a delivery.

    A helped request gets all of nine items in ten and part of the others; of the requests that
    somebody is on the way to, one in eight has had its first item already.

    Parameters
    ----------
    items : DataFrame with ``request_id``, ``item``, ``quantity``
    course : DataFrame on the request id, from `steps`, with ``status``

    Returns
    -------
    DataFrame: ``request_id``, ``item``, ``quantity_delivered``, ``at``
    """
    own = course.loc[items["request_id"]]
    status, n = own["status"].to_numpy(), len(items)
    full = rng.random(n) < 0.9
    quantity = items["quantity"].to_numpy()
    part = np.maximum(1, (quantity * rng.uniform(0.3, 0.9, n)).astype(int))
    amount = np.where(full, quantity, part)
    first = ~items["request_id"].duplicated().to_numpy()
    drawn = rng.random(n) < 0.12
    keep = (status == "helped") | ((status == "on_the_way") & first & drawn)
    before = pd.to_timedelta(rng.integers(0, 15, n), unit="min")
    at = np.where(status == "helped", (own["end"] - before).to_numpy(), own["on_the_way"].to_numpy())
    at = np.maximum(at, own["new"].to_numpy())
    table = items[["request_id", "item"]].assign(quantity_delivered=amount, at=at)
    return table[keep].reset_index(drop=True)


def add_delivered(items: pd.DataFrame, delivered: pd.DataFrame) -> pd.DataFrame:
    """The items with the sum of what was delivered of each."""
    sums = delivered.groupby(["request_id", "item"])["quantity_delivered"].sum()
    keys = pd.MultiIndex.from_frame(items[["request_id", "item"]])
    return items.assign(delivered=sums.reindex(keys).fillna(0).astype(int).to_numpy())


def event_table(requests: pd.DataFrame, course: pd.DataFrame, delivered: pd.DataFrame,
                hospitals: pd.DataFrame) -> pd.DataFrame:
    """Every step and every delivery of every request, in order of time.

    Parameters
    ----------
    requests : DataFrame with ``request_id``, ``category``, ``lon``, ``lat``, ``helper``
    course : DataFrame on the request id, from `steps`, with ``status``
    delivered : DataFrame from `deliveries`
    hospitals : DataFrame with ``facility_id``, ``name``, ``lon``, ``lat``
    """
    own = requests.set_index("request_id")
    nearest = _nearest(own, hospitals)
    parts = []
    for order, state in enumerate((*STATES, "end")):
        times = course[state].dropna()
        part = pd.DataFrame({"request_id": times.index, "at": times.to_numpy(), "order": 2 * order})
        part["status"] = state if state != "end" else course.loc[times.index, "final"].to_numpy()
        parts.append(part)
    parts.append(delivered.assign(order=7, status=""))
    table = pd.concat(parts, ignore_index=True)
    helper = own.loc[table["request_id"], "helper"].to_numpy()
    ends_here = table["status"].isin(["helped"]) & own.loc[table["request_id"], "category"].isin(
        TO_HOSPITAL).to_numpy()
    referred = table["status"].eq("not_helped").to_numpy()
    beside = nearest.loc[table["request_id"]]
    table["by"] = np.where(table["order"] >= 4, np.where(helper == "", DESK, helper), DESK)
    table.loc[table["status"].isin(["new", "withdrawn"]), "by"] = ""
    table.loc[table["status"].isin(["duplicate", "not_helped"]), "by"] = DESK
    table["facility_id"] = np.where(ends_here, beside["facility_id"].to_numpy(), "")
    table["to_unit"] = np.where(referred, beside["name"].to_numpy(), "")
    table = table.sort_values(["at", "request_id", "order", "item"], kind="stable", ignore_index=True)
    table["event_id"] = [f"sample-e-{i:06d}" for i in range(1, len(table) + 1)]
    table["at"] = stamp(table["at"])
    table["quantity_delivered"] = table["quantity_delivered"].astype("Int64")
    return table[["event_id", "request_id", "at", "status", "by", "item", "quantity_delivered",
                  "facility_id", "to_unit"]]


def _nearest(requests: pd.DataFrame, hospitals: pd.DataFrame) -> pd.DataFrame:
    """The nearest hospital of every request, on its id."""
    here, there = requests[["lon", "lat"]].to_numpy(), hospitals[["lon", "lat"]].to_numpy()
    best = ((here[:, None, :] - there[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
    return hospitals[["facility_id", "name"]].iloc[best].set_axis(requests.index)
