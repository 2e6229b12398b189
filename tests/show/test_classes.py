"""Classes: every value falls into the class whose label holds it, and no data is no class."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitasa_analytics.show import classes, colours, numbers


@given(st.lists(st.just(0.0) | st.floats(1e-9, 1e7), min_size=1, max_size=80), st.booleans())
def test_every_value_lies_between_the_edges_of_its_class(values: list[float], whole: bool) -> None:
    given_values = np.round(values) if whole else np.asarray(values)
    found = classes.make(given_values, colours.NEED, unit="km")
    index = found.index(given_values).astype(int)
    assert ((index >= 0) & (index < len(found.colours))).all()
    assert len(found.labels()) == len(found.colours) == len(found.edges) - 1
    low, high = np.asarray(found.edges)[index], np.asarray(found.edges)[index + 1]
    assert (given_values >= low - 1e-9 * np.abs(low)).all()
    assert (given_values <= high + 1e-9 * np.abs(high)).all()


def test_nought_has_a_class_of_its_own() -> None:
    found = classes.make([0, 0, 7, 9, 30], colours.NEED, unit="requests")
    assert found.labels()[0] == "0"
    assert found.index([0, 7]).tolist() == [0, 1]


def test_no_data_is_no_class() -> None:
    found = classes.make([1, float("nan"), 3], colours.NEED)
    assert found.index([float("nan"), float("inf")]).tolist() == [-1, -1]
    empty = classes.make([float("nan")], colours.NEED)
    assert empty.labels() == [] and empty.index([float("nan")]).tolist() == [-1]


def test_coverage_keeps_its_edges_and_flags_what_is_above_the_whole() -> None:
    assert classes.make([0.55, 0.61], colours.COVERAGE, unit="share").edges == colours.COVERAGE.edges
    over = classes.make([0.55, 1.82], colours.COVERAGE, unit="share")
    assert over.labels()[-1] == "> 100%"
    assert over.colours[-1] == colours.OVER
    assert over.index([1.0, 1.2]).tolist() == [6, 6]


def _lightness(colour: str) -> float:
    r, g, b = (int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("scale", colours.SCALES.values(), ids=lambda s: s.name)
def test_scales_darken_step_by_step(scale: colours.Scale) -> None:
    """Without colour vision the order of the classes is still seen."""
    steps = np.diff([_lightness(c) for c in scale.colours])
    assert (steps < -0.03).all()
    brighter = np.diff([_lightness(c) for c in scale.dark])
    assert (brighter > 0.03).all() and len(scale.dark) == len(scale.colours)


@pytest.mark.parametrize("scale", colours.SCALES.values(), ids=lambda s: s.name)
def test_the_least_is_quiet_on_either_ground(scale: colours.Scale) -> None:
    """What is least is hardly more than its ground, so that nothing at all does not look like an alarm."""
    def strength(colour: str) -> int:
        parts = [int(colour[i:i + 2], 16) for i in (1, 3, 5)]
        return max(parts) - min(parts)

    for shades in (scale.colours, scale.dark):
        assert strength(shades[0]) <= 36
        assert strength(shades[0]) < max(map(strength, shades)) / 2


def test_dates_and_numbers_in_both_languages() -> None:
    assert numbers.date("2021-12-31 20:00:00", "th", time=True) == "1 ม.ค. 2565 03:00 น."
    assert numbers.date(None, "en") == numbers.MISSING
    assert numbers.amount(float("nan"), "persons", "en") == numbers.MISSING
    assert numbers.amount(float("inf"), "minutes", "en").startswith("∞")


def test_values_below_nought_have_classes_of_their_own() -> None:
    found = classes.make([-0.15] * 60 + [3.48, 3.79, 4.17, 4.17, 4.69], colours.NEED)
    assert found.labels() == ["-0.15 – 3.5", "3.5 – 4.2", "4.2 – 4.7"]
    assert list(found.index([-0.15, 3.48, 3.79, 4.17, 4.69])) == [0, 0, 1, 1, 2]
    spread = classes.make(np.linspace(-3, 3, 61), colours.NEED)
    assert spread.edges[0] <= -3 and spread.edges[-1] >= 3 and len(spread.colours) == 5
    assert spread.index([-3.0])[0] == 0 and spread.index([0.0])[0] == 2


def test_nought_everywhere_is_the_least_and_not_the_middle() -> None:
    found = classes.make([0, 0, 0], colours.NEED)
    full = classes.make(np.arange(1.0, 50.0), colours.NEED)
    assert found.labels() == ["0"] and found.colours == full.colours[:1]
    assert found.for_dark().colours == full.for_dark().colours[:1]
    assert found.for_dark().for_dark() == found


def test_scores_have_two_sides_and_noise_has_no_colour() -> None:
    found = classes.make([-0.3, 0.1, 1.7, 2.3, 4.69, -2.0], colours.scale_for("score", "hotspots", "score"))
    assert found.labels() == ["< -2.58", "-2.58 – -1.96", "-1.96 – -1.65", "-1.65 – 1.65", "1.65 – 1.96",
                              "1.96 – 2.58", "> 2.58"]
    assert list(found.index([-9.0, -2.0, -0.3, 0.1, 1.7, 2.3, 4.69])) == [0, 1, 3, 3, 4, 5, 6]
    for shown in (found.colours, found.for_dark().colours):
        light = [_lightness(c) for c in shown]
        apart = [abs(v - light[3]) for v in light]
        assert apart[:4] == sorted(apart[:4], reverse=True) and apart[3:] == sorted(apart[3:])
    assert found.for_dark().for_dark() == found
