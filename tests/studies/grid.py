"""A province of n by n square tambons with a town in the middle of each: for what needs many neighbours."""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import pandas as pd
from shapely.geometry import box

SIZE = 0.1


def codes(n: int) -> list[str]:
    """Tambons row by row, ten to a district: 200101, 200102 …"""
    return [f"20{i // 10 + 1:02d}{i % 10 + 1:02d}" for i in range(n * n)]


def area_table(n: int) -> gpd.GeoDataFrame:
    rows = [("20", "province", box(100, 13, 100 + n * SIZE, 13 + n * SIZE))]
    for i, code in enumerate(codes(n)):
        column, row = i % n, i // n  # neighbours share the same numbers, or they would not touch
        rows.append((code, "tambon", box(100 + column * SIZE, 13 + row * SIZE, 100 + (column + 1) * SIZE,
                                         13 + (row + 1) * SIZE)))
    table = pd.DataFrame([(c, level, f"ไทย {c}", f"Area {c}", c[:-2] or "TH") for c, level, _ in rows],
                         columns=["code", "level", "name_th", "name_en", "parent"])
    return gpd.GeoDataFrame(table.assign(valid_from=pd.Timestamp("2022-01-01"), basis="published"),
                            geometry=[shape for *_, shape in rows], crs="EPSG:4326")


def population(n: int, people: int | Iterable[int] = 1000) -> pd.DataFrame:
    counts = [people] * n * n if isinstance(people, int) else list(people)
    return pd.DataFrame({"area_code": codes(n), "year": 2021, "group": "all", "basis": "registered",
                         "people": counts})


def requests(counts: dict[str, int], **columns: object) -> pd.DataFrame:
    rows = [(f"r-{code}-{k}", code) for code, n in counts.items() for k in range(n)]
    table = pd.DataFrame(rows, columns=["request_id", "area_code"]).assign(
        lon=None, lat=None, status="new", urgency="normal", people=1, requested_at=pd.Timestamp("2021-08-01 03:00"))
    return table.assign(**columns)
