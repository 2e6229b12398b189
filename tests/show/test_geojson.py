"""GeoJSON of a plan: the areas, and the sites that the plan is about."""

from __future__ import annotations

import json
from pathlib import Path

import jitasa_analytics as ja


def test_a_plan_as_geojson_holds_its_sites_and_what_it_rests_on(sample_store: Path, tmp_path: Path) -> None:
    with ja.open_store(sample_store).snapshot("20") as s:
        plan = ja.run("best_sites", s, minutes=15)
    plan.to_geojson(tmp_path / "plan.geojson")
    said = json.loads((tmp_path / "plan.geojson").read_text("utf-8"))
    sites = [f for f in said["features"] if f["properties"].get("layer") == "sites"]
    assert [f["properties"]["name"] for f in sites] == plan.tables["sites"]["name"].tolist()
    assert all(f["geometry"]["type"] == "Point" for f in sites)
    assert len([f for f in said["features"] if "layer" not in f["properties"]]) == 92
    assert said["params"]["minutes"] == 15 and said["data"].startswith("ข้อมูลตัวอย่าง") and said["notes"]
