"""Everybody can use the pages: with a keyboard, a screen reader, in the dark, and where writing is not allowed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ui.browser import Visit

pytestmark = pytest.mark.ui

# What libraries leave behind in every page of theirs: the busy bar has no name, Tabulator's grid wraps its rows in a
# div, and Material's help mark is a span with a label.
THEIRS = {"aria-progressbar-name", "aria-required-children", "aria-prohibited-attr"}


def _findings(visit: Visit) -> list[Any]:
    """Serious findings of axe-core that are ours."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    visit.settled()
    found = axe.run(visit.page).response["violations"]
    return [(v["id"], v["nodes"][0]["target"], v["nodes"][0]["html"][:200]) for v in found
            if v["impact"] in {"serious", "critical"} and v["id"] not in THEIRS]


@pytest.mark.parametrize("path", ["?area=20", "?area=2001&theme=dark", "requests?area=20", "compare?area=20",
                                  "best_sites?area=20&minutes=15", "facilities?area=20&theme=dark"])
def test_no_serious_finding(visit: Visit, path: str) -> None:
    visit.open(path)
    assert _findings(visit) == []


def test_data_and_about_say_what_they_rest_on(visit: Visit) -> None:
    """Pages without a map: datasets and versions, methods and sources; who may not import is told how to."""
    visit.open("data?lang=en", map_drawn=False)
    visit.page.get_by_text("Importing through the browser is not allowed here").wait_for()
    visit.page.get_by_text("JITASA_DASHBOARD_IMPORT=1").wait_for()
    assert visit.page.get_by_role("row", name="Requests for help").count() == 1
    assert _findings(visit) == []
    visit.shot("data_en")
    visit.open("about?theme=dark", map_drawn=False)
    visit.page.get_by_text("Church & ReVelle (1974)").wait_for()
    assert _findings(visit) == []
    visit.shot("about_th_dark")


def test_map_by_keyboard(visit: Visit) -> None:
    """The map is reached by Tab, moved, zoomed and shown whole again; a row of the table chooses, Enter opens."""
    visit.open("?area=20&lang=en")
    canvas = visit.page.locator(".map-pane canvas")
    canvas.focus()
    whole = visit.view()
    visit.page.keyboard.press("+")
    near = visit.view_changed(whole)
    assert near[2] - near[0] < 0.7 * (whole[2] - whole[0])
    visit.page.keyboard.press("ArrowRight")
    moved = visit.view_changed(near)
    assert moved[0] > near[0] and moved[1] == near[1]
    visit.page.keyboard.press("0")
    assert visit.view_changed(moved) == whole
    before = visit.state()
    visit.page.locator(".tabulator-row", has_text="Si Racha").first.click()
    assert len(visit.changed(before)["selected"]) == 1
    canvas.focus()
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url("**area=2007*")


def test_dark_stays_dark_on_the_next_page(visit: Visit) -> None:
    visit.open("?area=20&lang=en")
    light = visit.picture().mean()
    visit.page.get_by_role("link", name="Dark").click()
    visit.page.wait_for_url("**theme=dark*")
    visit.drawn()
    assert visit.picture().mean() < light - 60
    visit.page.get_by_role("link", name="Coverage gaps").click()
    visit.page.wait_for_url("**coverage_gaps*theme=dark*")


def test_all_tambons_of_a_level_and_hidden_small_numbers(visit: Visit) -> None:
    """Another level is drawn below the same area; counts of 1 to 9 are shown as hidden, in map and legend."""
    visit.open("?area=20&level=tambon&lang=en")
    state = visit.state()
    assert len(state["klass"]) == 92 and "*" in state["klass"]
    visit.page.get_by_text("fewer than 10, not shown").first.wait_for()
    visit.shot("tambons_en")
