"""The public forms on a phone, in Thai: filled in by hand, by a tap on the map, and without scripts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from jitasa_analytics.service import references
from jitasa_analytics.store import Store
from tests.ui.browser import LONG, Visit
from tests.ui.conftest import ARTEFACTS, ROOT, free_port, ready

# One server for all of them, in one process.
pytestmark = [pytest.mark.ui, pytest.mark.xdist_group("forms")]

_SERVE = ("import sys; from pathlib import Path; from dashboards.app import make_server; "
          "from jitasa_analytics.service.web import robots; from jitasa_analytics.service.web.doors import Doors\n"
          "robots.FASTEST_SECONDS = 0.0\n"
          "s = make_server(Path(sys.argv[1]), int(sys.argv[2]), people=Doors('accounts', forms=True))\n"
          "s.start(); print(f'http://127.0.0.1:{sys.argv[2]}/', flush=True); s.io_loop.start()")


@pytest.fixture(scope="module")
def forms(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A store of its own, and the address of its forms."""
    store = tmp_path_factory.mktemp("forms") / "store"
    shutil.copytree(sample_store, store)
    port, log = free_port(), store.parent / "log.txt"
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", _SERVE, str(store), str(port)], cwd=ROOT, stdout=out,
                                   stderr=subprocess.STDOUT, env={**os.environ, "JITASA_LANG": "th"})
    yield store, ready(process, log, f"http://127.0.0.1:{port}/")
    process.terminate()
    process.wait(10)


@pytest.fixture
def phone(chromium: object, forms: tuple[Path, str]) -> Iterator[Visit]:
    """A phone; at the end nothing may have gone wrong behind the scenes."""
    ARTEFACTS.mkdir(exist_ok=True)
    visitor = Visit(chromium, forms[1], ARTEFACTS, width=390, height=800)
    yield visitor
    visitor.close()
    assert visitor.foreign == [], "requests left the server"
    # A browser writes each refused form to its console; the refusal is what is tested.
    assert [e for e in visitor.errors if "400" not in e and "404" not in e] == []


def findings(visit: Visit) -> list[Any]:
    """Everything that axe-core finds."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    return [(v["id"], v["nodes"][0]["html"][:200]) for v in axe.run(visit.page).response["violations"]]


def narrow(visit: Visit) -> None:
    """Nothing reaches beyond the side of the phone."""
    assert visit.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def whole(visit: Visit, name: str) -> None:
    """Keep a picture of the whole page."""
    visit.page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)


def test_asking_for_help_with_a_tap_on_the_map(phone: Visit, forms: tuple[Path, str]) -> None:
    page = phone.page
    page.goto(phone.address + "ask")
    assert findings(phone) == []
    page.get_by_text("อาหาร", exact=True).click()
    page.get_by_label("ข้าวกล่อง", exact=True).check()
    page.get_by_label("จำนวน: ข้าวกล่อง").fill("๑๒")
    page.locator("#province").select_option("20")
    page.locator("#place-map canvas[data-drawn]").wait_for()
    # The forms' policy forbids evaluation, by which a waiting function of the browser is asked again: locators wait.
    page.locator("#district option").nth(1).wait_for(state="attached")
    # A click in the middle of the map: its tambon is chosen in the lists.
    page.locator("#place-map canvas").click()
    expect(page.locator("#tambon")).to_have_value(re.compile(r"\d{6}"), timeout=LONG)
    chosen = page.locator("#tambon").input_value()
    page.locator("#map-told").get_by_text("ปักหมุด").wait_for()
    page.get_by_label("ชื่อผู้ติดต่อ").fill("สมหญิง")
    page.get_by_label("เบอร์โทรศัพท์").fill("12")
    narrow(phone)
    page.get_by_role("button", name="ส่งคำขอ").click()
    page.locator("#phone-wrong").wait_for()
    assert page.locator("#consent-wrong").count() == 1
    assert page.get_by_label("จำนวน: ข้าวกล่อง").input_value() == "๑๒", "what was typed is lost"
    assert page.locator("#tambon").input_value() == chosen and page.locator("#lon").input_value()
    page.locator("#place-map canvas[data-drawn]").wait_for()
    assert findings(phone) == []
    narrow(phone)
    whole(phone, "ask_th_phone")
    page.get_by_label("เบอร์โทรศัพท์").fill("081-234-5678")
    page.get_by_label("ข้าพเจ้ายินยอม", exact=True).check()
    page.get_by_role("button", name="ส่งคำขอ").click()
    number = page.locator("#reference").inner_text()
    assert findings(phone) == []
    whole(phone, "ask_sent_th_phone")
    store = Store(forms[0])
    store.settle()
    with store.snapshot() as s:
        row = s.sql("SELECT * FROM requests WHERE request_id = $id", id=references.read(number)).iloc[0]
    assert row["area_code"] == chosen and row["lon"] > 100
    page.goto(phone.address + "status")
    assert findings(phone) == []
    page.get_by_label("หมายเลขอ้างอิง").fill(number.lower())
    page.get_by_role("button", name="ดูสถานะ").click()
    page.locator("#standing").get_by_text("ใหม่").wait_for()
    assert findings(phone) == [] and "สมหญิง" not in page.content()
    whole(phone, "status_th_phone")


def test_volunteering_by_lists(phone: Visit, forms: tuple[Path, str]) -> None:
    page = phone.page
    page.goto(phone.address + "volunteer")
    page.get_by_label("ท่านเป็น").select_option("health_volunteer")
    page.get_by_label("ปฐมพยาบาล").check()
    for level, code in (("province", "20"), ("district", "2001"), ("tambon", "200104")):
        # The page's policy forbids to evaluate text, so that the option itself is waited for.
        page.locator(f"#{level} option[value='{code}']").wait_for(state="attached")
        page.locator(f"#{level}").select_option(code)
    page.get_by_label("ชื่อผู้ติดต่อ").fill("มานะ")
    page.get_by_label("เบอร์โทรศัพท์").fill("0812345679")
    page.get_by_label("ข้าพเจ้ายินยอม", exact=True).check()
    page.locator("#place-map canvas[data-drawn]").wait_for()
    assert findings(phone) == []
    narrow(phone)
    whole(phone, "volunteer_th_phone")
    page.get_by_role("button", name="สมัครเป็นจิตอาสา").click()
    assert page.locator("#reference").inner_text().startswith("V1-")


def test_asking_without_scripts(browser: Any, forms: tuple[Path, str]) -> None:
    """Lists are fetched with a button; the request arrives just the same."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(forms[1] + "ask")
    page.get_by_text("อาหาร", exact=True).click()
    page.get_by_label("ข้าวกล่อง", exact=True).check()
    page.get_by_label("ชื่อผู้ติดต่อ").fill("ปิติ")
    for level, code in (("province", "20"), ("district", "2001")):
        page.locator(f"#{level}").select_option(code)
        page.get_by_role("button", name="แสดงรายการถัดไป").click()
    page.locator("#tambon").select_option("200104")
    assert page.get_by_label("ชื่อผู้ติดต่อ").input_value() == "ปิติ"
    page.get_by_label("เบอร์โทรศัพท์").fill("0812345670")
    page.get_by_label("ข้าพเจ้ายินยอม", exact=True).check()
    page.get_by_role("button", name="ส่งคำขอ").click()
    assert page.locator("#reference").inner_text().startswith("R1-")
    context.close()
