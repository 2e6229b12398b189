"""Where the kinds of areas are the finding, maps show the kinds: a high score alone does not look like a finding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import jitasa_analytics as ja
from jitasa_analytics.show import answers, block, kinds, outline, plain_charts
from jitasa_analytics.store import open_store


@pytest.fixture(scope="module")
def spots(sample_store: Path) -> ja.Answer:
    """An answer in which nothing stands out, though scores are high."""
    with open_store(sample_store).snapshot() as snapshot:
        return ja.studies.make(ja.studies.get("hotspots")).run(snapshot)


@pytest.mark.parametrize(("lang", "none"), [("en", "Not distinct"), ("th", "ไม่แตกต่างชัดเจน")])
def test_a_map_of_scores_by_chance_is_quiet(spots: ja.Answer, lang: str, none: str) -> None:
    paint = answers.paint_of(spots, lang)
    assert spots.frame["score"].max() > 2
    assert paint.classes.labels() == [none]
    assert set(paint.values.dropna()) == {0.0}
    assert paint.values.isna().tolist() == spots.frame["spot"].isna().tolist(), "no data stays no data"
    drawn = outline.draw(spots, lang, width=300, height=300)
    assert drawn is not None and drawn.classes == paint.classes
    assert block.map_of(spots, drawn, "a.svg", lang)["title"] == paint.title


def test_each_kind_has_its_colour_in_the_order_of_the_legend(spots: ja.Answer) -> None:
    frame = spots.frame.copy()
    frame["spot"] = "none"
    frame.loc[frame.index[:2], "spot"] = ["cold", "hot"]
    found = replace(spots, frame=frame)
    values, classes, title = kinds.painted(found, "en")
    assert classes.labels() == ["Hot spot", "Cold spot", "Not distinct"] and title == "What it is"
    assert values.iloc[:3].tolist() == [1.0, 0.0, 2.0]
    assert classes.index(values.to_numpy())[:3].tolist() == [1, 0, 2]
    assert len(set(classes.colours)) == len(set(classes.for_dark().colours)) == 3
    assert classes.for_dark().labels() == classes.labels()
    score = f"{frame['score'].iloc[1]:,.2f}"
    assert answers.paint_of(found, "en").words.iloc[1] == f"What it is: Hot spot · Score: {score}"


def test_a_column_that_is_asked_for_is_painted(spots: ja.Answer) -> None:
    assert answers.paint_of(spots, "en", "value").title == "Rate"


def test_nothing_everywhere_has_no_highest_areas(spots: ja.Answer) -> None:
    frame = spots.frame.assign(value=0.0)
    still = replace(spots, frame=frame, measure="value", unit="ratio", kinds="", tables={})
    assert answers.chart_of(still, "en", draw=plain_charts) is None
    frame.loc[frame.index[0], "value"] = 2.0
    some = answers.chart_of(replace(still, frame=frame), "en", draw=plain_charts)
    assert some is not None and some[0] == "Rate: highest areas"
