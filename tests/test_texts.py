"""Both languages say the same things."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import jitasa_analytics
from jitasa_analytics import texts
from jitasa_analytics.contracts import DATASETS

PACKAGE = Path(jitasa_analytics.__file__).parent
THAI = re.compile("[\u0e00-\u0e7f]")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_same_keys_in_both_languages() -> None:
    assert set(texts.catalogue("th")) == set(texts.catalogue("en"))


@pytest.mark.parametrize("key", sorted(texts.catalogue("en")))
def test_the_same_placeholders_and_the_right_script(key: str) -> None:
    th, en = texts.catalogue("th")[key], texts.catalogue("en")[key]
    assert not THAI.search(en.replace("ข้อมูลตัวอย่าง", "").replace("ไทย", "")), f"{key}: the English text holds Thai"
    # A Thai date is written with the Buddhist year, so its placeholder may have another name.
    strip = {"thai_year"}
    assert placeholders(th) - strip <= placeholders(en) | {"year"} and placeholders(en) <= placeholders(th) | {"year"}
    assert bool(th.strip()) == bool(en.strip())


def test_every_key_that_errors_use_has_a_text() -> None:
    used = set()
    for root in (PACKAGE, PACKAGE.parent / "dashboards"):
        for path in root.rglob("*.py"):
            used |= set(re.findall(r'key="(error\.\w+)"', path.read_text("utf-8")))
    assert used
    missing = sorted(k for k in used if not texts.has(k))
    assert not missing, f"no text for {missing}"


def test_every_choice_has_a_label() -> None:
    kinds = {("facilities", "kind"): "facility", ("candidates", "kind"): "candidate",
             ("volunteers", "kind"): "volunteer", ("requests", "urgency"): "urgency", ("requests", "status"): "status",
             ("request_items", "category"): "category", ("population", "basis"): "basis", ("areas", "level"): "level"}
    for (dataset, column), kind in kinds.items():
        for choice in DATASETS[dataset].column(column).choices:
            assert texts.has(f"value.{kind}.{choice}"), (kind, choice)


def test_labels_fall_back_to_the_value_and_errors_to_english() -> None:
    assert texts.label("urgency", "unheard", "th") == "unheard"
    assert texts.of_error(ValueError("plain"), "th") == "plain"
