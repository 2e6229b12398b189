"""The sheet that a notebook shows: whole in itself, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import jitasa_analytics as ja
from jitasa_analytics.errors import InputError


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
