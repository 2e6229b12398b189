"""A town on one road, every 0.1° of longitude (10.85 km) a place: small enough for paper.

    101.0      101.1      101.2      101.3   |  101.4
    A 100      B 200      C 400      D 50    |  E 70
    200101     200102     200201     200201  |  210101 (next province)
    hospital                                 |  vaccination point
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
from shapely.geometry import box

from jitasa_analytics import studies
from jitasa_analytics.store import Store

LAT = 13.0
STEP_KM = 10.85
AREAS = {
    "20": ("province", 100.95, 101.35), "2001": ("district", 100.95, 101.15), "2002": ("district", 101.15, 101.35),
    "200101": ("tambon", 100.95, 101.05), "200102": ("tambon", 101.05, 101.15), "200201": ("tambon", 101.15, 101.35),
    "21": ("province", 101.35, 101.45), "2101": ("district", 101.35, 101.45), "210101": ("tambon", 101.35, 101.45),
}

Tables = dict[str, pd.DataFrame]


def area_table(codes: dict[str, tuple[str, float, float]] = AREAS) -> gpd.GeoDataFrame:
    rows = [{"code": code, "valid_from": pd.Timestamp("2022-01-01"), "level": level, "name_th": f"ไทย {code}",
             "name_en": f"Area {code}", "parent": code[:-2] or "TH", "basis": "published"}
            for code, (level, _, _) in codes.items()]
    shapes = [box(west, LAT - 0.05, east, LAT + 0.05) for _, west, east in codes.values()]
    return gpd.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4326")


def town() -> Tables:
    """Fresh tables of the town; a test changes what it is about."""
    return {
        "areas": area_table(),
        "population": pd.DataFrame(
            [(c, 2021, "all", "registered", n) for c, n in
             {"200101": 100, "200102": 200, "200201": 450, "210101": 70}.items()],
            columns=["area_code", "year", "group", "basis", "people"]),
        "places": pd.DataFrame(
            [("A", 101.0, "200101", 100), ("B", 101.1, "200102", 200), ("C", 101.2, "200201", 400),
             ("D", 101.3, "200201", 50), ("E", 101.4, "210101", 70)],
            columns=["place_id", "lon", "area_code", "people"]).assign(
                lat=LAT, people_basis="estimated", name=lambda t: "place " + t["place_id"]),
        "facilities": pd.DataFrame(
            [("h1", "hospital", "hospital;vaccination_point", 101.0, "200101", "open"),
             ("f2", "vaccination_point", None, 101.4, "210101", "open"),
             ("w3", "waiting_centre", None, 101.2, "200201", "closed")],
            columns=["facility_id", "kind", "services", "lon", "area_code", "status"]).assign(
                lat=LAT, name=lambda t: "facility " + t["facility_id"]),
    }


def ask(store: Store, study: str, scope: str = "20", **params: Any) -> Any:
    with store.snapshot(scope=scope) as snapshot:
        return studies.run(study, snapshot, **params)
