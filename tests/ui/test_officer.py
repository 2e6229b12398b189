"""An officer brings a file through the browser: columns are proposed, rows tried, imported, corrected, sent again."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from jitasa_analytics.store import Store
from tests.ui.browser import Visit
from tests.ui.conftest import start

pytestmark = pytest.mark.ui


def test_import_with_mapping_and_correction(ui_store: Path, tmp_path: Path, chromium: object,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "store"
    shutil.copytree(ui_store, store)
    monkeypatch.setenv("JITASA_DASHBOARD_IMPORT", "1")
    rows = [f"N{i},2021-08-0{i},new,13.3{i},100.98,{i},99" for i in range(1, 9)]
    file = tmp_path / "คำขอ.csv"
    file.write_text("\n".join(["เลขที่,วันที่ขอ,สถานะคำขอ,lat,lon,ผู้เดือดร้อน,ลำดับ", *rows,
                               "N9,2021-08-09,รอนาน,13.39,100.98,2,99"]), "utf-8")
    process, address = start(store, tmp_path / "log.txt")
    try:
        visit = Visit(chromium, address, tmp_path)
        visit.open("data?lang=en", map_drawn=False)
        visit.page.locator(".import-file input[type=file]").set_input_files(file)
        # A mapping is proposed from the headers; the officer says what the column of people is.
        asked = visit.page.get_by_role("combobox", name="Request id")
        asked.wait_for()
        assert "เลขที่" in asked.inner_text()
        visit.page.get_by_text("Further columns that the file may hold").click()
        visit.page.get_by_role("combobox", name=re.compile("^People")).click()
        visit.page.get_by_role("menuitem", name="ผู้เดือดร้อน", exact=True).click()
        visit.page.get_by_role("button", name="Try").click()
        visit.page.get_by_text("Rows read").wait_for()
        held = Store(store).manifest().version
        visit.page.get_by_role("button", name="Import", exact=True).click()
        visit.page.get_by_text(f"version {held + 1}").first.wait_for()
        with Store(store).snapshot(scope="20") as snapshot:
            told = snapshot.sql("SELECT request_id, people FROM requests WHERE request_id LIKE 'N_'")
        assert dict(zip(told["request_id"], told["people"], strict=True)) == {f"N{i}": i for i in range(1, 9)}
        # The refused row stands below with its reason; its cell is written and the row is sent again.
        cell = visit.page.locator(".corrections .tabulator-cell", has_text="รอนาน").last
        cell.evaluate("e => e.scrollIntoView({block: 'center'})")
        visit.idle()
        cell.click()
        editor = visit.page.locator(".corrections .tabulator-editing input")
        editor.fill("new")
        editor.press("Enter")
        visit.page.locator(".corrections .tabulator-cell", has_text=re.compile("^new$")).first.wait_for()
        visit.idle()
        visit.shot("correcting_en")
        visit.page.get_by_role("button", name="Send corrected rows again").click()
        visit.page.get_by_text("1 rows are settled, 0 are left").wait_for()
        with Store(store).snapshot(scope="20") as snapshot:
            told = snapshot.sql("SELECT status FROM requests WHERE request_id = 'N9'")
        assert told["status"].tolist() == ["new"]
        assert visit.errors == [] and visit.foreign == []
        visit.close()
    finally:
        process.terminate()
        process.wait(10)
