"""The desk and the scope: nothing old is ever shown, and the address says everything."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pandas as pd
import pytest

from dashboards.desk import Desk
from dashboards.pages import routes
from dashboards.scope import Scope, area, language
from jitasa_analytics import studies
from jitasa_analytics.store import Store


def _asked(search: str) -> dict[str, str]:
    return dict(parse_qsl(search.lstrip("?")))


def test_address_goes_there_and_back() -> None:
    question = studies.make(studies.get("coverage_gaps"))
    scope = Scope(lang="en")
    scope.include(question, list(question.options()), {})
    assert scope.query() == "?lang=en"
    scope.area, question.minutes, question.km, question.service = "2001", 45, 12.5, "hospital"
    search = scope.query()
    other = studies.make(studies.get("coverage_gaps"))
    again = Scope(lang="en")
    again.include(other, list(other.options()), _asked(search))
    again.read(_asked(search))
    assert (again.area, other.minutes, other.km, other.service) == ("2001", 45, 12.5, "hospital")
    again.read({})
    assert (again.area, other.minutes, other.km, other.service) == ("TH", 30, None, "vaccination_point")


@pytest.mark.parametrize("text", ["minutes=abc", "minutes=-5", "service=nothing", "dose=99"])
def test_nonsense_in_the_address_leaves_the_default(text: str) -> None:
    question = studies.make(studies.get("coverage_gaps"))
    Scope().include(question, list(question.options()), _asked(text))
    assert (question.minutes, question.service) == (30, "vaccination_point")


def test_unknown_area_and_language() -> None:
    assert area({"area": "99"})[0] == "TH" and area({"area": "99"})[1] is not None
    assert area({"area": "Chonburi"}) == ("20", None)
    assert language({"lang": "xx"}) == language({})


def test_an_answer_is_made_once_and_a_new_version_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "store")
    with store.transaction(create=True) as tx:
        tx.insert("population", pd.DataFrame({"area_code": ["20"], "year": [2021], "group": ["all"],
                                              "basis": ["registered"], "people": [100]}))
    desk = Desk(tmp_path / "store")
    made: list[Any] = []
    ask = studies.run
    monkeypatch.setattr("dashboards.desk.studies.run", lambda *a, **k: made.append(a) or ask(*a, **k))
    assert desk.query("page_figures", "TH")["people"].tolist() == [100]
    first = desk.query("page_figures", "TH")
    first["people"] = 0
    assert desk.query("page_figures", "TH")["people"].tolist() == [100], "a reader can't spoil what is kept"
    with store.transaction() as tx:
        tx.replace("population", pd.DataFrame({"area_code": ["20"], "year": [2021], "group": ["all"],
                                               "basis": ["registered"], "people": [150]}))
    assert desk.query("page_figures", "TH")["people"].tolist() == [150]


def test_many_readers_at_once_cost_one_answer(ui_store: Path) -> None:
    desk = Desk(ui_store, keep=3)
    seen: list[Any] = []
    readers = [threading.Thread(target=lambda: seen.append(desk.ask("coverage_gaps", "20"))) for _ in range(6)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len(seen) == 6 and len({id(answer) for answer in seen}) == 1
    for minutes in (10, 20, 40, 50):
        desk.ask("coverage_gaps", "20", minutes=minutes)
    assert len(desk._kept) == 3


def test_figures_add_up_over_the_areas_below(ui_store: Path) -> None:
    """The country's requests are those of its provinces, a province's those of its districts."""
    desk = Desk(ui_store)
    for place, digits in (("TH", 2), ("20", 4), ("2001", 6)):
        whole = desk.query("page_figures", place).iloc[0]
        parts = desk.query("page_areas", place, digits=digits)
        for name in ("waiting", "being_helped", "volunteers", "people"):
            assert parts[name].sum() == whole[name], (place, name)


def test_filters_count_what_the_list_holds(ui_store: Path) -> None:
    desk = Desk(ui_store)
    for chosen in ({"state": "open", "category": "", "urgency": ""},
                   {"state": "waiting", "category": "oxygen", "urgency": "critical"},
                   {"state": "all", "category": "food", "urgency": ""}):
        rows = desk.query("page_requests", "20", **chosen)
        counts = desk.query("page_request_counts", "20", **chosen)
        assert counts["requests"].iloc[0] == len(rows)
        assert counts["waiting"].iloc[0] == (rows["state"] == "waiting").sum()
        assert counts["people_concerned"].iloc[0] == rows["people"].sum()


def test_every_study_has_a_page() -> None:
    assert {f"/{name}" for name in studies.known()} <= set(routes())
