"""The few lines that an answer is printed as name the areas to look at, and only those."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import jitasa_analytics as ja
from jitasa_analytics import show, texts
from jitasa_analytics.show import plain_charts
from jitasa_analytics.store import open_store


def printed(folder: Path, study: str, lang: str, **params: object) -> tuple[str, object]:
    with open_store(folder).snapshot("20") as snapshot:
        answer = ja.run(study, snapshot, **params)
    head = texts.say("print.top", lang)
    return next((line for line in show.summary(answer, lang).splitlines() if line.startswith(head)), ""), answer


@pytest.mark.parametrize("lang", ["th", "en"])
def test_areas_without_a_trained_officer_come_first(sample_store: Path, lang: str) -> None:
    line, answer = printed(sample_store, "readiness", lang)
    without = answer.frame.index[answer.frame["trained"] == 0]
    assert len(without) == 2
    told = line.split("): ")[1].split(", ")
    assert [t.rsplit(" ", 1)[1] for t in told] == ["0", "0"]  # the others have one each


def test_the_worst_off_come_first_where_help_is_shared_out_unequally(sample_store: Path) -> None:
    line, answer = printed(sample_store, "equity", "en")
    assert line.split("): ")[1].split(", ")[0].endswith(f"{answer.frame['relative'].min():.2f}")


def test_crowded_areas_come_first_though_access_has_its_least_first(sample_store: Path) -> None:
    line, answer = printed(sample_store, "access", "en", method="raam")
    known = answer.frame["crowding"].dropna()
    assert line.split("): ")[1].split(", ")[0].endswith(f"{known.max():.2f}")


def test_nobody_is_named_where_all_are_equally_well_off(sample_store: Path) -> None:
    line, answer = printed(sample_store, "best_sites", "en")
    assert answer.frame["share_after"].min() == 1.0
    assert line == ""
    line, answer = printed(sample_store, "beds", "en")  # one bed lacks in one district
    assert (answer.frame["unmatched"] > 0).sum() == 1 and line.count(",") == 0


def test_a_high_score_alone_is_no_hot_spot(sample_store: Path) -> None:
    line, answer = printed(sample_store, "hotspots", "en")
    assert answer.figures["hot_areas"].value == 0 and answer.frame["score"].max() > 2
    assert line == ""


def test_one_day_is_a_dot_in_the_middle_and_things_have_no_halves() -> None:
    day = pd.DataFrame({"day": [pd.Timestamp("2020-03-29")], "requests": [2]})
    drawn = plain_charts.lines([plain_charts.Line(day, "day", "requests", "n", "#000")], "en")
    assert 'd="M500.0 0.0h0"' in drawn and 'stroke-linecap="round"' in drawn
    assert ">1<" in drawn and ">2<" in drawn and "0.5" not in drawn and "1.5<" not in drawn
