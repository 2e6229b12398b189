"""The what-if of new sites: sites are chosen on the map or in the list, a long search tells and can be stopped."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.ui.browser import Visit

pytestmark = pytest.mark.ui

# Where the points of a layer lie on the screen, and their words.
_POINTS = """name => {
  for (const doc of Bokeh.documents) for (const m of doc._all_models.values()) {
    const data = m.data
    if (data == null || data.layers === undefined || !data.source || (data.view || []).length !== 4) continue
    const layer = data.layers.find((l) => l.name === name)
    if (layer == null) return []
    const [west, south, east, north] = data.view
    return Array.from(layer.x).map((x, i) => [(x - west) / (east - west), (north - layer.y[i]) / (north - south),
                                              layer.words[i]])
  }
  return []
}"""


def _points(visit: Visit, layer: str) -> list[Any]:
    return list(visit.page.evaluate(_POINTS, layer))


def _held(visit: Visit, layer: str, count: int) -> None:
    """Wait until a layer has so many points: the address and the words may be there before them."""
    visit.page.wait_for_function(f"([name, n]) => ({_POINTS})(name).length === n", arg=[layer, count])


def _alone(points: list[Any], others: list[Any]) -> tuple[float, float, str]:
    """A point with nothing else near, so that a click means it."""
    def room(p: Any) -> float:
        return min((p[0] - o[0]) ** 2 + (p[1] - o[1]) ** 2 for o in [*points, *others] if o is not p)

    x, y, words = max(points, key=room)
    return x, y, words


def _click(visit: Visit, at: tuple[float, float, str]) -> None:
    box = visit.page.locator(".map-pane canvas").bounding_box()
    assert box is not None
    visit.page.mouse.click(box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"])


def _say(visit: Visit, words: str) -> None:
    visit.page.locator(".site-choice").get_by_role("button", name=words, exact=True).click()


def test_sites_are_chosen_on_the_map_and_in_the_list(visit: Visit) -> None:
    """A must by a click, a ban by the list: both in address, marks and plan; walking back undoes; all are freed."""
    visit.open("best_sites?area=20&lang=en&minutes=15&n_sites=3")
    visit.map_box()
    _held(visit, "free", 37)
    free, proposed = _points(visit, "free"), _points(visit, "sites")
    assert len(free) == 37 and len(proposed) == 3
    assert _points(visit, "fixed") == [] and _points(visit, "forbidden") == []
    picked = _alone(free, [*proposed, *_points(visit, "existing")])
    _click(visit, picked)
    _say(visit, "Must open")
    visit.page.wait_for_url(re.compile(r"fixed=[^&]+"))
    visit.page.get_by_text("Your choice").wait_for()
    _held(visit, "fixed", 1)
    _held(visit, "free", 36)
    # The list is the map's equal: its first row is the site that reaches most, and so part of the plan.
    row = visit.page.locator(".tabulator-row", has_text="Chosen").first
    banned = row.locator("[tabulator-field=name]").inner_text()
    row.click()
    visit.page.get_by_text(f"Choice for {banned}").wait_for()
    _say(visit, "Must not open")
    visit.page.wait_for_url(re.compile(r"forbidden=[^&]+"))
    _held(visit, "forbidden", 1)
    before = visit.state()
    visit.page.get_by_role("button", name="Calculate").click()
    visit.changed(before)
    name = re.sub("<[^>]+>", "|", picked[2]).strip("|").split("|")[0]
    visit.page.locator("ol.sites", has_text=name).wait_for()
    sites = visit.page.locator("ol.sites").inner_text()
    assert name in sites and banned not in sites and "Must open" in sites
    visit.shot("wishes_en")
    visit.page.go_back()
    visit.page.wait_for_function("() => !location.search.includes('forbidden=')")
    _held(visit, "forbidden", 0)
    _held(visit, "fixed", 1)
    visit.page.get_by_role("button", name="Free all").click()
    visit.page.wait_for_function("() => !location.search.includes('fixed=')")
    visit.page.get_by_text("Your choice").wait_for(state="detached")


def test_wishes_that_no_plan_fulfils_are_explained(visit: Visit) -> None:
    """A floor that can't be kept names the share that can, quietly and without an id; a lower one has a plan."""
    visit.open("best_sites?area=20&lang=en&minutes=15&n_sites=2&floor_percent=95", map_drawn=False)
    said = visit.problem()
    assert "No plan of 2 sites brings 95%" in said and "Problem" not in said
    possible = re.search(r"(\d+)% is the most", said)
    assert possible
    visit.open(f"best_sites?area=20&lang=en&minutes=15&n_sites=2&floor_percent={possible[1]}")
    assert visit.page.locator(".problem").count() == 0
    visit.page.get_by_text(f"At least {possible[1]}% of the people of each area").first.wait_for()


def test_numbers_may_be_left_out_and_are_read_as_people_write_them(visit: Visit) -> None:
    """An empty box is no limit; Thai digits and separators are understood; what is no number is marked."""
    visit.open("best_sites?area=20&lang=en&minutes=15")
    box = visit.page.locator(".field-budget input")
    assert box.input_value() == ""
    box.fill("๕๐,๐๐๐")
    box.press("Enter")
    visit.page.wait_for_url("**budget=50000*")
    box.fill("much")
    box.press("Enter")
    visit.page.locator(".field-budget [aria-invalid=true]").wait_for()
    assert "budget=50000" in visit.page.url


def test_a_long_search_tells_and_can_be_stopped(visit: Visit) -> None:
    """Draws are counted while the rest of the page works; stopping gives what was found so far, and says so."""
    visit.open("sure_sites?area=20&lang=en&minutes=15&draws=2000&time_limit=3600", map_drawn=False)
    visit.page.get_by_text(re.compile(r"\d+ of 2,000 draws done")).wait_for()
    assert visit.page.get_by_role("progressbar", name="How near").get_attribute("aria-valuenow") is not None
    visit.shot("progress_en")
    visit.page.get_by_role("button", name="Stop, show the best so far").click()
    visit.drawn()
    told = visit.page.get_by_text(re.compile(r"\d+ draws, in each of which")).first.inner_text()
    assert 1 <= int(re.search(r"([\d,]+) draws", told)[1].replace(",", "")) < 2000  # type: ignore[index]
    assert not visit.page.locator(".stop").is_visible()
