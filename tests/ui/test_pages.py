"""Every page in both languages: it draws, it answers to its controls, and it talks to nobody else."""

from __future__ import annotations

import csv
import io

import pytest

from tests.ui.browser import _STATE, Visit, colours

pytestmark = pytest.mark.ui

PAGES = ["", "requests", "compare", "vaccination", "coverage_gaps", "volunteer_ratio", "best_sites", "facilities"]
NAME = {"": "overview"}


@pytest.mark.parametrize("lang", ["th", "en"])
@pytest.mark.parametrize("slug", PAGES)
def test_page_draws_its_map(visit: Visit, slug: str, lang: str) -> None:
    """A blank canvas has one colour; a drawn map of classes and outlines has many."""
    visit.open(f"{slug}?area=20&lang={lang}" + ("&minutes=15" if slug == "best_sites" else ""))
    assert colours(visit.picture()) >= 5
    assert visit.page.get_by_role("note").first.inner_text().startswith("ข้อมูลตัวอย่าง / sample data")
    assert ("Chon Buri" if lang == "en" else "ชลบุรี") in visit.text()
    assert visit.page.locator(".problem").count() == 0
    visit.page.locator(".main-content").evaluate("e => e.scrollTo(0, 0)")
    visit.shot(f"{NAME.get(slug, slug)}_{lang}")


CONTROLS = {
    "": ("measure", "Volunteers"),
    "requests": ("field-category", "Oxygen"),
    "vaccination": ("field-dose", "Dose 3"),
    "coverage_gaps": ("field-service", "Hospital"),
    "volunteer_ratio": ("field-urgency", "Critical"),
}


@pytest.mark.parametrize("slug", CONTROLS)
def test_control_changes_the_map(visit: Visit, slug: str) -> None:
    """A choice changes what the map holds and what is painted, and stands in the address."""
    visit.open(f"{slug}?area=20&lang=en" + ("&minutes=10" if slug == "coverage_gaps" else ""))
    before, pixels = visit.state(), visit.picture()
    visit.choose(*CONTROLS[slug])
    after = visit.changed(before)
    assert len(after["klass"]) == len(before["klass"])
    visit.repainted(pixels)
    name = CONTROLS[slug][0].removeprefix("field-")
    visit.page.wait_for_url(f"**{name}=*")


def test_a_press_while_the_page_loads_is_not_lost(visit: Visit) -> None:
    """Until a page can answer nothing of it can be pressed: who is quick gets the same page as who waits."""
    visit.open("?area=20&lang=en&measure=volunteers")
    waited = visit.state()
    visit.page.goto(visit.address + "?area=20&lang=en", wait_until="commit")
    # What is read until the page stands takes the press that would be lost below it.
    visit.page.wait_for_function("() => { const first = document.getElementById('first'); "
                                 "return first && document.elementFromPoint(700, 500) === first }", timeout=20_000)
    visit.choose("measure", "Volunteers")
    visit.page.wait_for_url("**measure=volunteers*")
    visit.idle()
    visit.page.wait_for_function(f"waited => JSON.stringify(({_STATE})().klass) === JSON.stringify(waited)",
                                 arg=waited["klass"], timeout=20_000)


def test_what_if_of_new_sites(visit: Visit) -> None:
    """More sites are asked for by keyboard, the old answer says that it is old, and the button brings the new one."""
    visit.open("best_sites?area=20&lang=en&minutes=15")
    # What is there, what is proposed; what can be chosen, must open and must not come a little later.
    before = visit.until("now.points.length === 5")
    assert 5 in before["points"]
    visit.page.locator(".field-n_sites input[type=range]").press("ArrowRight")
    visit.page.get_by_text("press “Calculate”").wait_for()
    assert visit.state()["points"] == before["points"]
    visit.page.get_by_role("button", name="Calculate").click()
    # The colours of the areas may be there before the sites are.
    visit.page.wait_for_function(f"() => ({_STATE})().points.includes(6)")
    visit.idle()
    visit.page.locator("h1.title", has_text="6 sites").wait_for()
    visit.page.get_by_text("This plan is optimal").first.wait_for()


def test_two_plans_beside_each_other(visit: Visit) -> None:
    """A plan is kept; the next one is held against it by condition, figure and site, in the table and on the map."""
    visit.open("best_sites?area=20&lang=en&minutes=15&n_sites=2")
    visit.page.get_by_role("button", name="Keep this plan to compare").click()
    visit.page.get_by_text("This plan is kept").wait_for()
    visit.page.locator(".field-n_sites input[type=range]").press("ArrowRight")
    visit.page.get_by_role("button", name="Calculate").click()
    visit.page.get_by_role("row", name="New sites planned 2 sites 3 sites").wait_for()
    while not {2, 3} <= set((after := visit.state())["points"]):  # the kept plan's sites come after the new plan's
        visit.changed(after)
    visit.shot("two_plans_en")
    visit.page.get_by_role("button", name="Compare no more").click()
    assert 2 not in visit.changed(after)["points"]


PLANS = ("fair_sites", "phased_sites", "sure_sites")


@pytest.mark.parametrize("slug", PLANS)
def test_plans_have_their_picture(visit: Visit, slug: str) -> None:
    """A question about sites draws its own picture on its page, not only its map."""
    visit.open(f"{slug}?area=20&lang=en&minutes=15&n_sites=2" + ("&draws=10" if slug == "sure_sites" else ""))
    assert visit.page.locator(".chart").count() >= 1
    assert visit.page.locator(".problem").count() == 0


def test_address_is_the_state(visit: Visit) -> None:
    """A link opens what it says; choosing an area writes the address; walking back brings the old state."""
    visit.open("?area=20&lang=en")
    assert visit.text().startswith("Chon Buri")
    before = visit.state()
    visit.page.locator(".chooser [role=combobox]").nth(1).click()
    visit.page.get_by_role("menuitem", name="Si Racha", exact=True).click()
    visit.page.wait_for_url("**area=2007*")
    visit.changed(before)
    visit.titled("Si Racha")
    assert visit.page.url.count("area=") == 1
    visit.page.go_back()
    visit.titled("Chon Buri")
    visit.until("JSON.stringify(now.klass) === JSON.stringify(arg)", before["klass"])
    visit.page.reload()
    visit.idle()
    visit.titled("Chon Buri")


def test_language_and_pages_keep_the_area(visit: Visit) -> None:
    """The language switch and the navigation are links that carry the area on."""
    visit.open("coverage_gaps?area=2004&minutes=10")
    assert "บางละมุง" in visit.text()
    visit.page.get_by_role("link", name="English").click()
    visit.page.wait_for_url("**lang=en*")
    visit.idle()
    visit.page.get_by_text("Bang Lamung").first.wait_for()
    assert "minutes=10" in visit.page.url and "area=2004" in visit.page.url
    visit.page.get_by_role("link", name="Overview").click()
    visit.page.wait_for_url("**/?area=2004&lang=en")
    visit.idle()
    visit.titled("Bang Lamung")


def test_table_and_map_mark_the_same_area(visit: Visit) -> None:
    """A row lights its area in the map, and the button below the map goes into it."""
    visit.open("?lang=en")
    before = visit.state()
    assert before["selected"] == []
    visit.page.locator(".tabulator-row", has_text="Chon Buri").first.click()
    after = visit.changed(before)
    assert len(after["selected"]) == 1
    visit.page.get_by_role("button", name="Open Chon Buri").click()
    visit.page.wait_for_url("**area=20*")
    visit.until("now.klass.length === 11")


def test_click_on_the_map_marks_the_row(visit: Visit) -> None:
    """A click in the middle of a province's map chooses an area, which the table lights too."""
    visit.open("?area=20&lang=en")
    before = visit.state()
    box = visit.map_box()
    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    after = visit.changed(before)
    assert len(after["selected"]) == 1
    visit.page.locator(".tabulator-row.tabulator-selected").first.wait_for()


def test_download_honours_the_filter(visit: Visit) -> None:
    """The file holds the filtered rows, names Thai rightly, and says that they are sample data."""
    visit.open("requests?area=20&lang=en&category=oxygen&state=waiting")
    shown = int(visit.text().split(": ")[1].split(" ")[0].replace(",", ""))
    with visit.page.expect_download() as waiting:
        visit.page.locator(".save").first.click()
    content = waiting.value.path().read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == shown > 0
    assert all("oxygen" in row["category"] and row["state"] == "waiting" for row in rows)
    assert {row["data"] for row in rows} == {"ข้อมูลตัวอย่าง / sample data"}
    assert all(row["area_code"].startswith("20") for row in rows)


def test_study_download_is_the_answer(visit: Visit) -> None:
    """The file of a study holds one row for each area of the map."""
    visit.open("coverage_gaps?area=20&minutes=10")
    areas = len(visit.state()["klass"])
    with visit.page.expect_download() as waiting:
        visit.page.locator(".save").first.click()
    rows = list(csv.DictReader(io.StringIO(waiting.value.path().read_text("utf-8-sig"))))
    assert len(rows) == areas
    assert {"area_code", "people", "people_out_of_reach", "store_version", "data"} <= set(rows[0])


def test_empty_answers_are_said_in_words(visit: Visit) -> None:
    """An area without data has no broken map but a sentence; an unknown area is named."""
    visit.open("coverage_gaps?area=10&lang=en", map_drawn=False)
    visit.page.get_by_text("There is no data for this page yet").wait_for()
    visit.open("?area=99&lang=en")
    assert "99" in visit.problem()
    assert visit.text().startswith("Thailand")


@pytest.mark.parametrize("slug", ["", "best_sites"])
def test_phone(visitors: object, server: str, visit: Visit, slug: str) -> None:
    """On a phone nothing stands out at the side, and the map can be read."""
    phone = Visit(visitors, server, visit.artefacts, width=390, height=844)
    phone.open(f"{slug}?area=20")
    wide = phone.page.locator(".main-content").evaluate("e => e.scrollWidth")
    assert wide <= 392
    phone.shot(f"phone_{NAME.get(slug, slug)}_th")
    assert phone.map_box()["width"] > 280
    assert colours(phone.picture()) >= 5
    phone.close()
    assert phone.foreign == [] and phone.errors == []
