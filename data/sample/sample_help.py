"""The sample's people who ask and who help: invented, but believable in space and time.

Nobody in these tables exists. Requests follow the wave of the summer of 2021, gather where
people live and around six clusters; duplicates repeat an earlier request.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sample_areas import KM_PER_DEGREE, LON_SCALE, PROVINCE, scatter
from sample_words import (
    CATEGORY_SHARE,
    EQUIPMENT,
    ITEMS,
    OBSERVED,
    SKILLS,
    URGENCY_SHARE,
    VOLUNTEER_SHARE,
)

# The moment at which the sample looks at the world, Asia/Bangkok.
AS_OF = pd.Timestamp("2021-08-15T18:00")
FIRST_DAY = pd.Timestamp("2021-04-10")
HERE_REQUESTS, CLUSTER_REQUESTS, ELSEWHERE_REQUESTS = 3550, 75, 1500
HERE_VOLUNTEERS, ELSEWHERE_VOLUNTEERS = 850, 350
# Tambon and first day of six clusters: camps, factories, markets, a nightlife district.
CLUSTERS = (
    ("200402", "2021-04-12"), ("200110", "2021-06-28"), ("200708", "2021-07-10"),
    ("200703", "2021-07-18"), ("200901", "2021-07-22"), ("200105", "2021-08-01"),
)
# The tense provinces around the capital.
TENSE = ("10", "11", "12", "13", "73", "74")
URGENCIES = ("low", "normal", "high", "critical")


@dataclass(frozen=True)
class World:
    """What the invented people live in.

    Attributes
    ----------
    tambons : DataFrame on the tambon code: ``lon``, ``lat``, ``people``
    cells : Series of geometries on the tambon code
    provinces : DataFrame on the province code: ``people``
    shapes : Series of geometries on the province code
    places : DataFrame: ``area_code``, ``lon``, ``lat``
    hospitals : DataFrame: ``facility_id``, ``area_code``, ``lon``, ``lat``
    """

    tambons: pd.DataFrame
    cells: pd.Series
    provinces: pd.DataFrame
    shapes: pd.Series
    places: pd.DataFrame
    hospitals: pd.DataFrame


def stamp(times: pd.Series | pd.DatetimeIndex) -> pd.Series:
    """Bangkok times as text with their offset."""
    return pd.Series(times).dt.strftime("%Y-%m-%dT%H:%M:%S+07:00")


def wave(days: np.ndarray) -> np.ndarray:
    """How many ask for help on a day, relative: a hill in late April, a climb from July.

    >>> wave(np.array([0.0, 17.0, 60.0, 120.0])).round(2).tolist()
    [0.1, 0.33, 0.06, 0.91]
    """
    spring = 0.28 * np.exp(-(((days - 17.0) / 9.0) ** 2) / 2)
    summer = 1.0 / (1.0 + np.exp(-(days - 95.0) / 8.0))
    return 0.05 + spring + 0.9 * summer


def _times(rng: np.random.Generator, n: int) -> pd.DatetimeIndex:
    """Request times along the wave, most of them in the morning and the early evening."""
    days = np.arange((AS_OF.normalize() - FIRST_DAY).days + 1, dtype=float)
    weight = wave(days) * np.where(np.arange(days.size) % 7 == 1, 0.85, 1.0)
    day = rng.choice(days, size=n, p=weight / weight.sum())
    return _at_hour(rng, FIRST_DAY + pd.to_timedelta(day, unit="D"))


def _at_hour(rng: np.random.Generator, days: pd.DatetimeIndex) -> pd.DatetimeIndex:
    hours = np.where(rng.random(len(days)) < 0.6, rng.normal(10.0, 2.2, len(days)),
                     rng.normal(19.0, 1.8, len(days)))
    seconds = (np.clip(hours, 0.0, 23.9) * 3600).round()
    times = pd.DatetimeIndex(days) + pd.to_timedelta(seconds, unit="s")
    latest = AS_OF - pd.to_timedelta(rng.integers(60, 6 * 3600, size=len(days)), unit="s")
    return pd.DatetimeIndex(np.where(times > AS_OF, latest, times))


def _hubs(world: World, code: str) -> np.ndarray:
    """The places of a tambon, or its centre where it has none."""
    own = world.places.loc[world.places["area_code"] == code, ["lon", "lat"]].to_numpy()
    return own if len(own) else world.tambons.loc[[code], ["lon", "lat"]].to_numpy()


def _town(world: World, code: str) -> np.ndarray:
    """The general hospitals of a province as stand-ins for its towns."""
    own = world.hospitals.loc[world.hospitals["area_code"].str[:2] == code, ["lon", "lat"]].to_numpy()
    if len(own):
        return own
    inside = world.shapes[code].point_on_surface()
    return np.array([[inside.x, inside.y]])


def _spread_here(rng: np.random.Generator, world: World, weight: pd.Series, n: int, *,
                 spread_km: float) -> pd.DataFrame:
    """Points in Chonburi's tambons, in proportion to a weight."""
    counts = rng.multinomial(n, (weight / weight.sum()).to_numpy())
    parts = []
    for code, count in zip(weight.index, counts, strict=True):
        points = scatter(rng, world.cells[code], _hubs(world, code), int(count), spread_km=spread_km)
        parts.append(pd.DataFrame({"lon": points[:, 0], "lat": points[:, 1], "area_code": code}))
    return pd.concat(parts, ignore_index=True)


def _spread_elsewhere(rng: np.random.Generator, world: World, weight: pd.Series, n: int) -> pd.DataFrame:
    """Points in the other provinces: around towns, with a wide tail."""
    counts = rng.multinomial(n, (weight / weight.sum()).to_numpy())
    parts = []
    for code, count in zip(weight.index, counts, strict=True):
        near = int(count * 0.6)
        town, shape = _town(world, code), world.shapes[code]
        points = np.vstack([scatter(rng, shape, town, near, spread_km=6.0),
                            scatter(rng, shape, town, int(count) - near, spread_km=25.0)])
        parts.append(pd.DataFrame({"lon": points[:, 0], "lat": points[:, 1], "area_code": code}))
    return pd.concat(parts, ignore_index=True)


def _need(rng: np.random.Generator, world: World) -> pd.Series:
    """How much each tambon asks: more people, denser living, and chance."""
    people = world.tambons["people"].astype(float)
    density = people / (world.cells.map(lambda g: g.area) * KM_PER_DEGREE**2 * LON_SCALE)
    return people * density**0.15 * rng.lognormal(0.0, 0.45, size=len(people))


def _others(world: World) -> pd.Series:
    """How much the other provinces ask, by their people; more around the capital."""
    people = world.provinces["people"].astype(float).drop(PROVINCE)
    return people * np.where(people.index.isin(TENSE), 2.5, 0.7)


def _where_and_when(rng: np.random.Generator, world: World) -> pd.DataFrame:
    parts = [_spread_here(rng, world, _need(rng, world), HERE_REQUESTS, spread_km=0.7),
             _spread_elsewhere(rng, world, _others(world), ELSEWHERE_REQUESTS)]
    for part in parts:
        part["at"] = _times(rng, len(part))
    for code, first in CLUSTERS:
        middle = scatter(rng, world.cells[code], _hubs(world, code), 1, spread_km=0.7)
        points = scatter(rng, world.cells[code], middle, CLUSTER_REQUESTS, spread_km=0.25)
        days = pd.Timestamp(first) + pd.to_timedelta(rng.integers(0, 12, CLUSTER_REQUESTS), unit="D")
        parts.append(pd.DataFrame({"lon": points[:, 0], "lat": points[:, 1], "area_code": code,
                                   "at": _at_hour(rng, days)}))
    found = pd.concat(parts, ignore_index=True).sort_values(["at", "lon", "lat"], ignore_index=True)
    found["at"] = found["at"].dt.floor("s")
    return found


def _choose(rng: np.random.Generator, shares: np.ndarray) -> np.ndarray:
    """One column for each row of a table of weights."""
    sums = shares.cumsum(axis=1)
    return (sums < rng.random(len(shares))[:, None] * sums[:, -1:]).sum(axis=1)


def request_table(rng: np.random.Generator, world: World) -> pd.DataFrame:
    """Requests with category, urgency and outcome, ordered by time; status is still to come.

    Duplicates take place, people and requester from an earlier request of the same area.
    """
    table = _where_and_when(rng, world)
    n = len(table)
    categories = np.array(list(CATEGORY_SHARE))
    shares = np.tile(np.array(list(CATEGORY_SHARE.values())), (n, 1))
    days = ((table["at"] - FIRST_DAY) / pd.Timedelta(days=1)).to_numpy()
    pressed = np.isin(categories, ["bed", "oxygen"])
    shares[:, pressed] *= (0.3 + 1.4 * wave(days))[:, None]
    table["category"] = categories[_choose(rng, shares)]
    table["urgency"] = _choose(rng, np.array([URGENCY_SHARE[c] for c in table["category"]]))
    table["people"] = np.clip(rng.poisson(1.6, n) + 1, 1, 9)
    table["outcome"] = np.array(["helped", "not_helped", "duplicate", "withdrawn", "stuck"])[
        rng.choice(5, size=n, p=[0.68, 0.07, 0.06, 0.05, 0.14])]
    asker = np.arange(n)
    before: dict[str, int] = {}
    for i, (area, outcome) in enumerate(zip(table["area_code"], table["outcome"], strict=True)):
        if outcome == "duplicate":
            if area in before:
                asker[i] = asker[before[area]]
            else:
                table.at[i, "outcome"] = "withdrawn"
        else:
            before[area] = i
    for column in ("lon", "lat", "people", "category"):
        table[column] = table[column].to_numpy()[asker]
    tokens = rng.permutation(n)
    table["requester"] = [f"sample-{k:06d}" for k in tokens[asker]]
    table["request_id"] = [f"sample-r-{i:05d}" for i in range(1, n + 1)]
    return table


def item_table(rng: np.random.Generator, requests: pd.DataFrame) -> pd.DataFrame:
    """One to four different items a request; the first is of the request's own category."""
    categories, weights = list(CATEGORY_SHARE), np.array(list(CATEGORY_SHARE.values()))
    rows = []
    wanted = rng.choice([1, 2, 3, 4], size=len(requests), p=[0.48, 0.3, 0.15, 0.07])
    columns = (requests["request_id"], requests["category"], requests["people"], wanted)
    for request_id, category, people, count in zip(*columns, strict=True):
        extra = [categories[k] for k in rng.choice(len(weights), size=count - 1, p=weights / weights.sum())]
        seen = set()
        for name in [category, *extra]:
            item, each, most = ITEMS[name][rng.integers(len(ITEMS[name]))]
            if item in seen:
                continue
            seen.add(item)
            quantity = rng.integers(1, most + 1) * (people if each else 1)
            rows.append((request_id, item, name, int(quantity)))
    return pd.DataFrame(rows, columns=["request_id", "item", "category", "quantity"])


def volunteer_table(rng: np.random.Generator, world: World) -> pd.DataFrame:
    """About 1,200 volunteers of all kinds; thinner in town than the need is."""
    rural = world.tambons["people"].astype(float) ** 0.7
    others = world.provinces["people"].astype(float).drop(PROVINCE)
    table = pd.concat([_spread_here(rng, world, rural, HERE_VOLUNTEERS, spread_km=1.0),
                       _spread_elsewhere(rng, world, others, ELSEWHERE_VOLUNTEERS)], ignore_index=True)
    n = len(table)
    kinds = np.array(list(VOLUNTEER_SHARE))
    shares = np.array(list(VOLUNTEER_SHARE.values()))
    table.insert(0, "kind", kinds[rng.choice(len(kinds), size=n, p=shares / shares.sum())])
    table.insert(1, "skills", [_some(rng, SKILLS[k], 3) for k in table["kind"]])
    table.insert(2, "equipment", [_some(rng, EQUIPMENT[k], 2) for k in table["kind"]])
    table["capacity_per_day"] = rng.choice([1, 2, 3, 4, 6, 8], size=n, p=[0.2, 0.3, 0.22, 0.15, 0.08, 0.05])
    joined = np.where(rng.random(n) < 0.75, rng.integers(-380, 0, n), rng.integers(0, 120, n))
    start = FIRST_DAY + pd.to_timedelta(joined, unit="D")
    table["available_from"] = start
    until = start + pd.to_timedelta(rng.integers(60, 500, n), unit="D")
    table["available_to"] = pd.Series(until).where(rng.random(n) < 0.2)
    table["consent_at"] = start + pd.to_timedelta(rng.integers(8 * 3600, 20 * 3600, n), unit="s")
    table.insert(0, "volunteer_id", [f"sample-v-{i:04d}" for i in range(1, n + 1)])
    return table


def _some(rng: np.random.Generator, choices: tuple[str, ...], most: int) -> str:
    count = int(rng.integers(1, min(most, len(choices)) + 1))
    return ";".join(choices[k] for k in sorted(rng.permutation(len(choices))[:count]))


def observation_table(rng: np.random.Generator, world: World, n: int = 90) -> pd.DataFrame:
    """Field reports from Chonburi's tambons in the last five weeks."""
    codes = world.tambons.index.to_numpy()[rng.choice(
        len(world.tambons), size=n, p=(world.tambons["people"] / world.tambons["people"].sum()).to_numpy())]
    what = rng.integers(len(OBSERVED), size=n)
    at = (AS_OF - pd.to_timedelta(rng.integers(600, 35 * 86400, size=n), unit="s")).sort_values()
    return pd.DataFrame({
        "observation_id": [f"sample-b-{i:03d}" for i in range(1, n + 1)], "area_code": codes,
        "at": stamp(at), "observer": [f"sample-o-{k:03d}" for k in rng.integers(1, 15, n)],
        "what": [OBSERVED[k][0] for k in what],
        "count": [int(rng.integers(0, OBSERVED[k][1] + 1)) for k in what],
    })
