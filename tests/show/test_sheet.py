"""The sheet that a notebook shows: whole in itself, in both languages."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import jitasa_analytics as ja
from jitasa_analytics.errors import InputError

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="module")
def plan(sample_store: Path) -> ja.Answer:
    with ja.open_store(sample_store).snapshot("20") as s:
        return ja.run("best_sites", s, minutes=15)


@pytest.mark.parametrize(("lang", "words"), [("th", "ข้อมูลตัวอย่าง"), ("en", "sample data")])
def test_a_sheet_says_what_it_rests_on_and_names_no_other_host(plan: ja.Answer, lang: str, words: str) -> None:
    html = plan.view(lang=lang).html
    assert words in html and "1,583,672" in html
    outside = re.sub(r"<script>.*?</script>", "", html, flags=re.S)
    assert not re.findall(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//", outside)
    assert all(name in html for name in plan.tables["sites"]["name"])


def test_a_notebook_gets_a_frame_and_a_file_can_be_saved(plan: ja.Answer, tmp_path: Path) -> None:
    shown = plan.view(lang="en")
    assert shown._repr_html_().startswith("<iframe srcdoc=")
    shown.save(tmp_path / "plan.html")
    assert (tmp_path / "plan.html").read_text("utf-8") == shown.html
    with pytest.raises(InputError, match="can't be written"):
        shown.save(tmp_path / "no" / "folder.html")


@pytest.mark.ui
def test_a_browser_draws_the_map_and_asks_nobody(plan: ja.Answer, tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed; apt-get install chromium")
    from playwright.sync_api import sync_playwright

    plan.view(lang="th").save(tmp_path / "plan.html")
    asked: list[str] = []
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1100, "height": 1500})
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "plan.html").as_uri())
        page.wait_for_selector(".bk-Figure", timeout=30_000)
        page.wait_for_function("""() => {
            const find = (root) => [...root.querySelectorAll('canvas'),
                ...[...root.querySelectorAll('*')].filter(e => e.shadowRoot).flatMap(e => find(e.shadowRoot))]
            return find(document).some(c => {
                const d = c.getContext('2d')?.getImageData(0, 0, c.width, c.height).data ?? []
                const seen = new Set()
                for (let i = 0; i < d.length; i += 4) seen.add((d[i] << 16) + (d[i + 1] << 8) + d[i + 2])
                return seen.size > 20
            })
        }""", timeout=30_000)
        browser.close()
    assert [u for u in asked if not u.startswith(("file:", "data:", "blob:"))] == []
