"""The public view: open without signing in, true to the public file, and with nothing in it that is hidden there."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import h3
import numpy as np
import pytest

from jitasa_analytics.service import publish
from jitasa_analytics.service.web import public_view
from jitasa_analytics.service.web.doors import Doors
from tests.service.conftest import Served

CELL = "88658b1941fffff"
FILE = {
    "format": publish.FORMAT, "sample": True, "threshold": 10, "steps": list(publish.STEPS),
    "areas": {"TH": ["ประเทศไทย", "Thailand"], "20": ["ชลบุรี", "Chon Buri"], "2001": ["เมืองชลบุรี", "Mueang Chon Buri"],
              "10": ["กรุงเทพมหานคร", "<Bangkok>"]},
    "months": {
        "2021-06": {"requests": {"TH": {"all": 1234, "food": None}, "20": {"all": 1200, "food": 40},
                                 "10": {"all": 34, "food": None}, "2001": {"all": None, "food": 0}},
                    "volunteers": {}, "hexagons": {CELL: 25}},
        "2021-07": {"requests": {"TH": {"all": 11}}, "volunteers": {"TH": {"all": 77, "village_head": 77}},
                    "hexagons": {}}}}


@pytest.fixture(scope="module")
def shown(sample_store: Path, tmp_path_factory: pytest.TempPathFactory,
          open_server: Callable[[Path, Doors], Served]) -> Served:
    folder = tmp_path_factory.mktemp("public")
    shutil.copytree(sample_store, folder / "store")
    (folder / "public.json").write_text(json.dumps(FILE), "utf-8")
    return open_server(folder / "store", Doors("accounts", public_file=folder / "public.json"))


def cells(text: str) -> list[list[str]]:
    """The table's lines as they are read."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", text, re.S)
    return [[re.sub(r"<[^>]+>", "", c).strip() for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)]
            for row in rows]


def test_anybody_reads_the_country_and_a_province(shown: Served) -> None:
    status, _, text = shown.visitor().get("/public?lang=en&month=2021-06")
    assert status == 200 and "Sample data" in text
    assert cells(text)[1:] == [["Thailand", "1,234", "•"], ["&lt;Bangkok&gt;", "34", "•"], ["Chon Buri", "1,200", "40"]]
    assert text.count("<polygon") == 1 and "25 or more" in text
    _, _, text = shown.visitor().get("/public?lang=th&month=2021-06&area=20")
    assert cells(text)[1:] == [["ชลบุรี", "1,200", "40"], ["เมืองชลบุรี", "•", "0"]]
    assert "มิถุนายน 2564" in text


def test_the_newest_month_comes_first_and_volunteers_by_kind(shown: Served) -> None:
    assert cells(shown.visitor().get("/public?lang=en")[2])[1:] == [["Thailand", "11"]]
    text = shown.visitor().get("/public?lang=en&what=volunteers")[2]
    assert cells(text)[1:] == [["Thailand", "77", "77"]] and "<polygon" not in text


@pytest.mark.parametrize("query", ["month=1999-01", "area=9999", "what=contacts", "area=<script>alert(1)</script>",
                                   "month=../../etc/passwd"])
def test_what_is_asked_for_and_not_there_falls_back(shown: Served, query: str) -> None:
    status, _, text = shown.visitor().get(f"/public?lang=en&{query.replace('<', '%3C').replace('>', '%3E')}")
    assert status == 200 and "<script>alert" not in text and "Thailand" in text


def test_it_is_shut_where_it_is_not_switched_on(served: Served) -> None:
    status, headers, _ = served.visitor().get("/public")
    assert status in (302, 401) and headers.get("location", "/login").startswith("/login")


def test_hexagons_keep_their_shape() -> None:
    lat, lon = h3.cell_to_latlng(CELL)
    near, far = np.array([[lon - 1, lat], [lon + 1, lat]]), np.array([[lon + 9, lat], [lon + 9, lat + 1]])
    drawn = public_view.hexagons({CELL: 100}, [near, far], {"Here": (lon, lat), "There": (lon + 9, lat)})
    assert drawn is not None
    # What lies around is drawn, what lies far away is not; the hexagon is in the middle.
    assert len(drawn["borders"]) == 1 and [name for _, _, name in drawn["names"]] == ["Here"]
    x, y, _ = drawn["names"][0]
    assert (float(x), float(y)) == pytest.approx((drawn["width"] / 2, drawn["height"] / 2), abs=2)
    points = [tuple(map(float, p.split(","))) for p in drawn["cells"][0]["points"].split()]
    assert len(points) == 6
    wide, high = (max(p[i] for p in points) - min(p[i] for p in points) for i in (0, 1))
    # A regular hexagon is at most 2 / sqrt(3) longer than wide, whichever way it lies.
    assert 0.8 < high / wide < 1.25
    assert public_view.hexagons({}) is None
