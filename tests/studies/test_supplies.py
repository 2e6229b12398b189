from __future__ import annotations

import pandas as pd
import pytest

from tests.studies.road import ask, town


def store_with(make, lines):
    requests = pd.DataFrame({
        "request_id": ["a", "b", "c", "d"], "area_code": ["200101", "200101", "200102", "200101"],
        "people": [2, 3, 4, 9],
        "status": ["new", "assigned", "new", "helped"], "urgency": ["high", "low", "low", "low"],
        "requested_at": pd.Timestamp("2021-08-01"), "lon": None, "lat": None})
    items = pd.DataFrame(lines, columns=["request_id", "item", "category", "quantity", "delivered"])
    return make(town() | {"requests": requests, "request_items": items})


LINES = [("a", "mask", "supplies", 100, 40), ("a", "rice", "food", 5, 5), ("b", "mask", "supplies", 10, 0),
         ("c", "rice", "food", 8, 2), ("d", "mask", "supplies", 70, 0)]


def test_unmet_by_hand(make):
    answer = ask(store_with(make, LINES), "supplies", level="tambon")
    items = answer.tables["items"].set_index("item")
    # d is helped: its masks are wanted no more.
    assert items["asked"].to_dict() == {"mask": 110, "rice": 13}
    assert items["unmet"].to_dict() == {"mask": 70, "rice": 6}
    assert items["requests_lacking"].to_dict() == {"mask": 2, "rice": 1}
    assert answer.frame["requests_lacking"].to_dict() == {"200101": 2, "200102": 1, "200201": 0}
    assert answer.frame["people_lacking"].to_dict() == {"200101": 5, "200102": 4, "200201": 0}
    assert answer.figures["lines_met"].value == pytest.approx(1 / 4)
    assert "unmet" not in answer.frame  # masks and kilograms are not added up


def test_one_item_has_a_quantity_by_area(make):
    answer = ask(store_with(make, LINES), "supplies", level="tambon", item="MASK")
    assert answer.frame.loc["200101", ["asked", "delivered", "unmet"]].tolist() == [110, 40, 70]
    assert answer.figures["unmet"].value == 70
    assert ask(store_with(make, LINES), "supplies", category="food").figures["requests_lacking"].value == 1
    assert ask(store_with(make, LINES), "supplies", urgency="high").figures["requests_lacking"].value == 1


def test_too_much_of_one_does_not_feed_another(make):
    answer = ask(store_with(make, [("a", "mask", "supplies", 10, 25), ("b", "mask", "supplies", 10, 0)]), "supplies")
    assert answer.figures["unmet"].value == 10
    assert "study.supplies.note.too_much" in {n.key for n in answer.notes}


def test_no_quantity_is_lacking_but_not_a_number(make):
    answer = ask(store_with(make, [("a", "mask", "supplies", None, 0), ("b", "mask", "supplies", 10, 10)]), "supplies",
                 level="tambon")
    assert answer.figures["requests_lacking"].value == 1
    assert "unmet" not in answer.figures
    assert "study.supplies.note.no_quantity" in {n.key for n in answer.notes}


def test_nobody_asks_for_it(make):
    answer = ask(store_with(make, LINES), "supplies", category="oxygen")
    assert answer.figures["requests_lacking"].value == 0
    assert len(answer.tables["items"]) == 0


def test_a_province_that_never_asked_is_no_data(make):
    frame = ask(store_with(make, LINES), "supplies", "TH", level="province").frame
    assert frame.loc["20", "requests_lacking"] == 3
    assert pd.isna(frame.loc["21", "requests_lacking"])
