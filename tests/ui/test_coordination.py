"""Coordination by several people at once: an officer works, another sees it, and who may not, can not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from jitasa_analytics.service.accounts import Accounts
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.requests import Requests
from jitasa_analytics.service.roles import User
from jitasa_analytics.store import Store
from tests.ui.browser import LONG, Visit, profile
from tests.ui.conftest import ARTEFACTS, ROOT, free_port, ready
from tests.ui.test_reach import _findings

# One server for all of them, in one process.
pytestmark = [pytest.mark.ui, pytest.mark.xdist_group("people")]

PASSWORD = "ดาวเรือง-2564-กลางแจ้ง"
_SERVE = ("import sys; from pathlib import Path; from dashboards.app import serve; "
          "from jitasa_analytics.service.web.doors import Doors; "
          "serve(Path(sys.argv[1]), int(sys.argv[2]), people=Doors('accounts'))")
PEOPLE = {"chonburi": ("province", "20"), "second": ("province", "20"), "minister": ("ministry", "TH"),
          "coord": ("coordinator", "2001"), "ana": ("analyst", "TH"), "viewer": ("public", "TH")}


@pytest.fixture(scope="module")
def people_store(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample with accounts, to be written to."""
    folder = tmp_path_factory.mktemp("people") / "store"
    shutil.copytree(sample_store, folder)
    accounts = Accounts(folder)
    for name, (role, area) in PEOPLE.items():
        accounts.add(name, role, area, PASSWORD)
    return folder


@pytest.fixture(scope="module")
def people_server(people_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on which people sign in."""
    log, port = tmp_path_factory.mktemp("log") / "log.txt", free_port()
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", _SERVE, str(people_store), str(port)], cwd=ROOT, stdout=out,
                                   stderr=subprocess.STDOUT, env={**os.environ, "JITASA_LANG": "th"})
    yield ready(process, log, f"http://127.0.0.1:{port}/")
    process.terminate()
    process.wait(10)


Enter = Callable[..., Visit]


@pytest.fixture(scope="module")
def own_browsers(browser: Any) -> Iterator[dict[tuple[str, int], Any]]:
    """The browser that each person brings along: its cache stays, as at an office; whoever sat there is signed out."""
    kept: dict[tuple[str, int], Any] = {}
    yield kept
    for context in kept.values():
        context.close()


@pytest.fixture
def enter(browser: Any, people_server: str, own_browsers: dict[tuple[str, int], Any]) -> Iterator[Enter]:
    """Sign people in, each in a browser of their own; at the end nobody's console may hold an error."""
    ARTEFACTS.mkdir(exist_ok=True)
    visits: list[Visit] = []
    came: list[str] = []

    def sign_in(name: str, path: str = "", **size: int) -> Visit:
        seat = (name, came.count(name))
        came.append(name)
        if seat not in own_browsers:
            own_browsers[seat] = profile(browser)
        visitor = Visit(own_browsers[seat], people_server, ARTEFACTS, **size)
        visits.append(visitor)
        # Who is not signed in is sent to the form, and from there to what was asked for.
        visitor.page.goto(people_server + (path or "login"))
        visitor.page.fill("input[name=name]", name)
        visitor.page.fill("input[name=password]", PASSWORD)
        visitor.page.locator("button[type=submit]").first.click()
        visitor.page.wait_for_url(re.compile(r"^(?!.*/login).*$"))
        if path:
            assert visitor.page.url.startswith(people_server + path.split("?")[0])
            visitor.idle()
        if path.startswith("coordination"):
            visitor.drawn()
        return visitor

    yield sign_in
    for visitor in visits:
        visitor.close()
    for context in own_browsers.values():
        context.clear_cookies()
    assert [visitor.foreign for visitor in visits if visitor.foreign] == []
    assert [visitor.errors for visitor in visits if visitor.errors] == []


def waiting(store: Path, area: str, status: str, **filters: Any) -> list[dict[str, Any]]:
    """The queue as the server's own functions give it."""
    found = Requests(Store(store), User("test", "local"), Audit(store)).listed(area, status=status, **filters)
    assert found
    return found


def row(visitor: Visit, request: str) -> Any:
    """The line of a request in the queue."""
    return visitor.page.locator(f'.queue button[data-id="{request}"]')


def pressed(visitor: Visit, css: str) -> None:
    """Press a button of the card."""
    visitor.page.locator(f".{css} button").first.click()


def test_one_officer_works_and_another_sees_it(enter: Enter, people_store: Path) -> None:
    """Confirm, assign by suggestion, on the way, refer, supplies, close; the second browser follows without reload."""
    request = next(r["request_id"] for r in waiting(people_store, "2007", "new", limit=50)
                   if r["categories"] == ["food"])
    one = enter("chonburi", "coordination?area=2007&lang=en&category=food")
    row(one, request).click()
    one.page.wait_for_url(f"**request={request}*")
    other = enter("second", f"coordination?area=2007&lang=en&category=food&request={request}")
    other.page.locator(".step-confirmed").wait_for()
    pressed(one, "step-confirmed")
    one.page.get_by_text("Written down.").wait_for()
    other.page.locator(".card-box h2").get_by_text("Confirmed").wait_for()
    pressed(other, "assign")
    one.page.locator(".card-box h2").get_by_text("Assigned").wait_for()
    one.page.wait_for_function(
        "id => { const find = (root) => [...root.querySelectorAll('.queue button'), ...[...root.querySelectorAll('*')]"
        ".filter((e) => e.shadowRoot).flatMap((e) => find(e.shadowRoot))];"
        " return find(document).some((b) => b.dataset.id === id && b.dataset.state === 'being_helped') }", arg=request)
    one.page.locator(".fold-refer button").first.click()
    one.page.locator(".unit input").fill("รพ.สต. บ้านใหม่")
    one.page.locator(".unit input").press("Tab")
    pressed(one, "refer")
    other.page.get_by_text("Referred to รพ.สต. บ้านใหม่").wait_for()
    pressed(other, "step-on_the_way")
    one.page.locator(".card-box h2").get_by_text("On the way").wait_for()
    pressed(one, "step-helped")
    other.page.locator(".card-box h2").get_by_text("Helped").wait_for()
    other.page.locator(".step-confirmed").get_by_text("Open again").wait_for()
    other.shot("coordination_closed_en")
    # A closed request leaves the open queue.
    expect(row(one, request)).to_have_count(0, timeout=LONG)
    events = Requests(Store(people_store), User("t", "local"), Audit(people_store)).one(request)["events"]
    assert [e["recorded_by"] for e in events][-5:] == ["chonburi", "second", "chonburi", "second", "chonburi"]


def test_the_whole_queue_in_one_press_changed_line_by_line(enter: Enter, people_store: Path) -> None:
    """The proposal says its bound; a line is left out and stays waiting; the others are written together."""
    before = {r["request_id"] for r in waiting(people_store, "2010", "waiting", limit=1000)}
    visit = enter("chonburi", "coordination?area=2010&lang=en")
    pressed(visit, "plan-ask")
    line = visit.page.locator(".proposal .line").first
    line.wait_for()
    visit.page.get_by_text("Proven best").wait_for()
    n = visit.page.locator(".proposal .line").count()
    left = line.get_attribute("data-id")
    assert {r["request_id"] for r in waiting(people_store, "2010", "waiting", limit=1000)} == before
    line.locator("input").uncheck()
    visit.page.locator(".plan-go").get_by_text(f"Assign {n - 1} requests").wait_for()
    visit.shot("coordination_plan_en")
    pressed(visit, "plan-go")
    visit.page.get_by_text(f"{n - 1} requests were assigned.").wait_for()
    now = {r["request_id"] for r in waiting(people_store, "2010", "waiting", limit=1000)}
    assert left in now and len(before - now) == n - 1


def test_the_address_is_the_state_and_back_goes_back(enter: Enter, people_store: Path) -> None:
    first, second = (r["request_id"] for r in waiting(people_store, "2001", "waiting", limit=2))
    visit = enter("coord", "coordination?area=2001&lang=en&status=waiting")
    row(visit, first).focus()
    visit.page.keyboard.press("ArrowDown")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(f"**request={second}*")
    visit.page.locator(".card-box h2").wait_for()
    visit.page.go_back()
    visit.page.locator(".card-box h2").wait_for(state="hidden")
    visit.page.go_forward()
    visit.page.locator(".card-box").get_by_text(second).first.wait_for()
    visit.open("coordination?area=10&lang=en")
    assert "outside your area" in visit.problem()


def test_who_may_only_look_is_offered_nothing(enter: Enter, people_store: Path) -> None:
    """An analyst sees neither places nor steps; a ministry sees places; the log is for the ministry alone."""
    request = waiting(people_store, "20", "waiting", limit=1)[0]["request_id"]
    path = f"coordination?area=20&lang=en&request={request}"
    for name, placed in (("ana", False), ("minister", True)):
        visit = enter(name, path)
        visit.page.locator(".card-box h2").wait_for()
        visit.page.get_by_text("Your role sees the queue").wait_for()
        for css in ("step-confirmed", "assign", "plan-ask", "fold-refer", "step-withdrawn"):
            assert visit.page.locator(f".{css}").count() == 0
        assert (sum(visit.state()["points"]) > 0) is placed
    nobody = enter("ana", "audit?lang=en")
    assert "role does not allow" in nobody.problem()
    assert nobody.page.get_by_role("link", name="Audit log").count() == 0
    viewer = enter("viewer")
    assert viewer.page.request.get(viewer.address + "coordination").status == 403


def test_a_download_stands_in_the_log_and_the_ministry_reads_it(enter: Enter, people_store: Path) -> None:
    officer = enter("chonburi", "requests?area=2003&lang=en")
    with officer.page.expect_download() as saved:
        officer.page.locator(".save button").first.click()
    assert saved.value.suggested_filename == "requests.csv"
    minister = enter("minister", "audit?lang=en&what=export&who=chonburi")
    minister.page.locator(".chain.good").wait_for()
    shown = minister.page.locator("table.plain tbody tr").first.inner_text()
    assert "chonburi" in shown and "requests.csv" in shown and "Export" in shown
    assert Audit(people_store).rows(what="export", who="chonburi")[0]["detail"]["page"] == "requests"
    assert any(r["detail"].get("dataset") == "page_requests" for r in Audit(people_store).rows(what="read"))
    minister.shot("audit_en")
    log = Audit(people_store).folder / "audit.log"
    whole = log.read_bytes()
    try:
        log.write_bytes(whole.replace(b'"who":"chonburi"', b'"who":"chonbur1"', 1))
        pressed(minister, "check")
        minister.page.locator(".chain.bad").wait_for()
        assert "its content was changed" in minister.page.locator(".chain").inner_text()
    finally:
        log.write_bytes(whole)


@pytest.mark.parametrize("path", ["coordination?area=2001&lang=en", "audit?lang=en"])
def test_everybody_can_read_it(enter: Enter, people_store: Path, path: str) -> None:
    """No serious finding of axe, and nothing wider than a phone."""
    visit = enter("minister" if path.startswith("audit") else "chonburi", path)
    if path.startswith("coordination"):
        visit.page.locator(".queue button").first.click()
        visit.page.locator(".card-box h2").wait_for()
        visit.idle()
    assert _findings(visit) == []
    visit.page.set_viewport_size({"width": 390, "height": 844})
    visit.idle()
    visit.page.wait_for_function("document.documentElement.scrollWidth <= 390")
    visit.shot(f"{path.split('?')[0]}_phone_en")


def test_a_call_is_written_down_and_only_the_entitled_see_who_called(enter: Enter, people_store: Path) -> None:
    """From the page to the form and back to the request; name and phone on a press, which stands in the log."""
    officer = enter("chonburi", "coordination?area=2001&lang=en")
    officer.page.locator("a.new-call").click()
    officer.page.wait_for_url("**/call?*")
    officer.page.locator("summary").get_by_text("Food").click()
    officer.page.locator('input[name=item][value=boxed_meals]').check()
    officer.page.locator('input[name=urgency][value=high]').check()
    officer.page.locator("select[name=tambon]").select_option("200104")
    officer.page.fill("input[name=name]", "<b>สมหญิง</b> แก้วกาญจนา")
    officer.page.fill("input[name=phone]", "081-234-5678")
    officer.page.locator("input[name=consent]").check()
    officer.page.screenshot(path=ARTEFACTS / "call_en.png", full_page=True)
    officer.page.locator("button[type=submit]").click()
    officer.page.locator("#reference").wait_for()
    officer.page.screenshot(path=ARTEFACTS / "call_taken_en.png", full_page=True)
    officer.page.locator("#coordinate").click()
    officer.page.wait_for_url("**/coordination?*request=R1*")
    request = re.search(r"request=(R1\w+)", officer.page.url)[1]  # type: ignore[index]
    officer.page.locator(".card-box h2").wait_for()

    def read() -> list[str]:
        return [r["who"] for r in Audit(people_store).rows(what="read") if r["detail"].get("contact") == request]

    button = officer.page.locator(".show-contact button")
    button.wait_for()
    assert "สมหญิง" not in officer.page.content() and read() == [], "nothing is shown or read before the press"
    button.click()
    officer.page.get_by_text("081-234-5678").wait_for()
    officer.page.get_by_text("<b>สมหญิง</b> แก้วกาญจนา").wait_for()  # as text, not as HTML
    assert read() == ["chonburi"]
    officer.shot("coordination_contact_en")
    for name in ("ana", "minister"):
        visit = enter(name, f"coordination?area=2001&lang=en&request={request}")
        visit.page.locator(".card-box h2").wait_for()
        assert visit.page.locator(".show-contact").count() == 0 and visit.page.locator("a.new-call").count() == 0
        assert visit.page.request.get(visit.address + "call").status == 403
    assert read() == ["chonburi"]
