"""What the browser draws is what the store holds: on a grid, neighbours still meeting."""

from __future__ import annotations

import base64
import gzip
import io
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from PIL import Image

from jitasa_analytics.geo import to_web_mercator
from jitasa_analytics.show import classes, colours, density, outlines, plain_charts
from jitasa_analytics.show.paint import Paint
from jitasa_analytics.show.vector import AreaMap


def _decoded(content: bytes) -> tuple[dict, list]:
    """The outlines as shapely sees them again, metres (EPSG:3857)."""
    raw = json.loads(gzip.decompress(content))
    left, top, step = raw["grid"]
    shapes = []
    for rings in raw["rings"]:
        lines = []
        for ring in rings:
            steps = np.asarray(ring).reshape(-1, 2).cumsum(axis=0)
            lines.append(np.column_stack([left + steps[:, 0] * step, top - steps[:, 1] * step]))
        outer, *inner = (shapely.make_valid(shapely.Polygon(line)) for line in lines)
        for hole in inner:
            outer = outer.symmetric_difference(hole)
        shapes.append(outer)
    return raw, shapes


def test_areas_come_back_within_a_step_of_the_grid() -> None:
    square = shapely.box(100.0, 13.0, 101.0, 14.0).difference(shapely.box(100.4, 13.4, 100.6, 13.6))
    shapes = gpd.GeoDataFrame({"x": [1, 2]}, geometry=[square, shapely.box(101.0, 13.0, 102.0, 14.0)],
                              index=["20", "21"], crs="EPSG:4326")
    raw, back = _decoded(outlines.encoded(shapes))
    assert raw["codes"] == ["20", "21"] and raw["th"][0] == "ชลบุรี" and raw["en"][0] == "Chon Buri"
    step = raw["grid"][2]
    for ours, given in zip(back, shapes.to_crs("EPSG:3857").geometry, strict=True):
        assert shapely.hausdorff_distance(ours, given) <= step
    assert back[0].intersection(back[1]).area == 0
    x, y, room = raw["labels"][0]
    place = shapely.Point(raw["grid"][0] + x * step, raw["grid"][1] - y * step)
    assert back[0].contains(place.buffer(0.9 * room * step)), "a name goes where there is room for it"


def test_an_area_smaller_than_the_grid_stays_and_one_without_outline_is_left_out() -> None:
    islet = shapely.box(101, 14, 101.00001, 14.00001)
    shapes = gpd.GeoDataFrame(geometry=[shapely.box(100, 13, 102, 15), islet, None], index=["20", "21", "22"],
                              crs="EPSG:4326")
    raw, _ = _decoded(outlines.encoded(shapes))
    assert raw["codes"] == ["20", "21"]
    assert all(len(ring) >= 6 for rings in raw["rings"] for ring in rings)
    assert json.loads(gzip.decompress(outlines.encoded(shapes.iloc[2:])))["codes"] == []


def test_real_tambons_cost_half_a_megabyte_once(real_data) -> None:
    shapes = gpd.read_parquet(real_data / "boundaries" / "thailand_adm3.parquet").set_index("ADM3_PCODE")
    content = outlines.encoded(shapes)
    _, back = _decoded(content)
    assert len(back) == 7425 and len(content) < 700_000
    whole = sum(shapely.area(shapes.to_crs("EPSG:3857").geometry))
    assert sum(s.area for s in back) == pytest.approx(whole, rel=0.003)


def _paint(**more: object) -> Paint:
    values = pd.Series({"20": 5.0, "21": float("nan"), "22": 90.0})
    made = classes.Classes((0.0, 10.0, 100.0), colours.NEED.colours[:2], "requests")
    return Paint(values, made, pd.Series({"20": "Waiting: 5", "22": "Waiting: 90"}), "Waiting", **more)


def test_one_letter_for_each_area_in_the_outlines_order() -> None:
    drawn = AreaMap(lang="en")
    drawn.draw("outlines/a.json", ["22", "20", "21", "23"], _paint())
    assert drawn.pane.paint["letters"] == "10--"
    assert drawn.pane.paint["words"].split("\n") == ["90", "5", "", ""]
    drawn.paint(_paint(suppressed=pd.Series({"20": True})))
    assert drawn.pane.paint["letters"] == "1*--", "a small number is shown as hidden, not as nothing"
    heard: list[str] = []
    other = AreaMap(on_choose=heard.append, on_open=heard.append)
    other.draw("outlines/a.json", ["22", "20"], _paint())
    for message in ({"chosen": 1}, {"chosen": -1}, {"open": 0}, {"open": 9}):
        other._heard(message)
    assert heard == ["20", "", "22"]


def test_on_a_dark_ground_more_is_brighter() -> None:
    made = classes.make([0.1, 0.5, 1.2], colours.COVERAGE, unit="share")
    dark = made.for_dark()
    assert dark.labels() == made.labels()
    assert dark.colours[:-1] == colours.COVERAGE.dark
    assert [_luminance(c) for c in dark.colours[:-1]] == sorted(_luminance(c) for c in dark.colours[:-1])
    assert dark.colours[-1] == colours.OVER_DARK


def _luminance(colour: str) -> float:
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("ground", [colours.LIGHT, colours.DARK])
def test_text_stands_out_from_its_ground(ground: colours.Ground) -> None:
    """WCAG 2.1: at least 4.5 to 1."""
    below_text = (ground.page, ground.paper, ground.soft)
    pairs = [(t, g) for t in (ground.ink, ground.quiet, ground.accent) for g in below_text]
    for text, below in [*pairs, (ground.on_accent, ground.accent), (ground.warn_ink, ground.warn),
                        (ground.good, ground.paper), (ground.bad, ground.paper), (ground.ink, ground.lit)]:
        light, dark = sorted([_luminance(text), _luminance(below)], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, below)


def test_charts_say_their_values_in_words() -> None:
    days = pd.DataFrame({"day": pd.date_range("2021-08-01", periods=3), "n": [2.0, None, 8.0]})
    html = plain_charts.lines([plain_charts.Line(days, "day", "n", "Requests", "#123456")], "en")
    assert "Requests: 2 on 1 Aug 2021, 8 on 3 Aug 2021." in html
    assert html.count("<path") == 1 and "<b>8</b>" in html and "NaN" not in html
    assert plain_charts.lines([plain_charts.Line(days.head(0), "day", "n", "x", "#000000")], "th") == ""
    rows = plain_charts.bars(["a<b", "c"], [10, 5])
    assert "a&lt;b" in rows and "width:78.0%" in rows and "width:39.0%" in rows


def test_many_points_become_a_picture_of_where_they_lie() -> None:
    """Points in one corner colour that corner and nothing else, and only those in view are counted."""
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"lon": 100 + 0.1 * rng.random(20_000), "lat": 13 + 0.1 * rng.random(20_000)})
    x, y = to_web_mercator(np.array([100.0, 101.0]), np.array([13.0, 14.0]))
    bounds = (float(x[0]), float(y[0]), float(x[1]), float(y[1]))
    assert density.count(rows, bounds) == 20_000 and not density.few(rows, bounds)
    assert density.count(rows, (bounds[0] + 50_000, *bounds[1:])) == 0
    made = density.picture(rows["lon"], rows["lat"], bounds, colours.NEED.colours[1:])
    image = Image.open(io.BytesIO(base64.b64decode(made["url"].split(",")[1]))).convert("RGBA")
    alpha = np.asarray(image)[:, :, 3] > 0
    high, wide = alpha.shape
    assert alpha[int(0.92 * high):, :int(0.09 * wide)].mean() > 0.9
    assert alpha[:int(0.85 * high)].sum() == 0 and alpha[:, int(0.15 * wide):].sum() == 0


def test_what_stands_around_the_map_waits_for_its_last_paint() -> None:
    """An older paint's echo brings nothing, the last one's brings it once."""
    shapes = AreaMap()
    shapes.codes = ("20", "21")
    done: list[str] = []
    for _ in range(2):
        shapes.paint(_paint())
        shapes.once_painted(lambda: done.append("table"))
    turn = shapes.pane.paint["turn"]
    shapes.pane.heard({"painted": turn - 1})
    assert done == []
    shapes.pane.heard({"painted": turn})
    shapes.pane.heard({"painted": turn})
    assert done == ["table"]
