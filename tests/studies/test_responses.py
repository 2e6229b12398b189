from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import jitasa_analytics as ja
from jitasa_analytics.store import open_store
from tests.studies.road import ask, town

DAY = dt.date(2021, 8, 4)  # its end, midnight in Bangkok, is 17:00 UTC


def asking(*rows):
    table = pd.DataFrame(rows, columns=["request_id", "area_code", "requested_at", "urgency", "status"])
    return table.assign(requested_at=pd.to_datetime(table["requested_at"]), people=1, lon=None, lat=None)


def events(*rows):
    table = pd.DataFrame(rows, columns=["request_id", "at", "status"])
    return table.assign(at=pd.to_datetime(table["at"]), event_id=[f"e{i}" for i in range(len(table))])


# Five requests at 17:00: closed after 24 and 48 hours, open for 72, 5 and 30 hours.
REQUESTS = asking(("a", "200101", "2021-08-01 17:00", "normal", "helped"),
                  ("b", "200101", "2021-08-01 17:00", "normal", "not_helped"),
                  ("c", "200101", "2021-08-01 17:00", "critical", "new"),
                  ("d", "200101", "2021-08-04 12:00", "critical", "assigned"),
                  ("e", "200102", "2021-08-03 11:00", "high", "confirmed"),
                  ("f", "200101", "2021-08-01 17:00", "low", "duplicate"))
EVENTS = events(("a", "2021-08-02 17:00", "helped"), ("b", "2021-08-03 17:00", "not_helped"),
                ("c", "2021-08-02 17:00", "confirmed"))


def answer_of(make, requests=REQUESTS, happened=EVENTS, scope="20", **params):
    store = make(town() | {"requests": requests, "request_events": happened})
    return ask(store, "responses", scope, **({"date": DAY, "level": "tambon"} | params))


def test_overdue_by_hand(make):
    answer = answer_of(make)
    frame = answer.frame
    assert frame["requests"].to_dict() == {"200101": 4, "200102": 1, "200201": 0}  # no duplicate
    assert frame["requests_open"].to_dict() == {"200101": 2, "200102": 1, "200201": 0}
    # c: critical for 72 hours against 6; d: for 5; e: high for 30 against 24.
    assert frame["overdue"].to_dict() == {"200101": 1, "200102": 1, "200201": 0}
    assert frame.loc["200101", "oldest_hours"] == 72
    urgency = answer.tables["urgency"].set_index("urgency")
    assert urgency["overdue"].to_dict() == {"low": 0, "normal": 0, "high": 1, "critical": 1}
    assert answer_of(make, hours_critical=4).frame.loc["200101", "overdue"] == 2


def test_a_province_that_fell_silent_does_not_stop_its_own_clock(make):
    # The newest request of all came from 21 on 31 August; the last of 20 on 4 August.
    later = asking(("z", "210101", "2021-08-30 18:00", "normal", "new"))
    store = make(town() | {"requests": pd.concat([REQUESTS, later]), "request_events": EVENTS})
    alone, whole = (ask(store, "responses", scope, level="province").frame.loc["20"] for scope in ("20", "TH"))
    assert alone["days_since"] == pytest.approx(27 + 5 / 24) and alone["silent"] and alone["overdue"] == 3
    pd.testing.assert_series_equal(alone.drop("geometry"), whole.drop("geometry"))
    answer = ask(store, "responses")
    told = next(n for n in answer.notes if n.key == "study.responses.note.moment")
    assert told.values["date"].value == "2021-08-31"
    parts = ja.run_by_area("responses", store, level="province")
    pd.testing.assert_series_equal(parts.frame.loc["20"].drop("geometry"), whole.drop("geometry"))


def test_those_who_wait_count_in_the_median(make):
    # Kaplan and Meier over 24, 48 (closed) and 5, 30, 72 (open): 5 goes, 24 leaves 3/4, 30 goes, 48 leaves 3/8.
    answer = answer_of(make)
    assert answer.tables["waiting"]["still_open"].tolist() == pytest.approx([3 / 4, 3 / 8])
    assert answer.figures["median_hours"].value == 48
    assert np.isnan(answer.frame.loc["200101", "median_hours"])  # four requests are too few


def test_what_comes_later_is_not_known_yet(make):
    early = answer_of(make, date=dt.date(2021, 8, 2))  # 17:00 on 2 August: a was closed at that moment, b was not
    assert early.figures["requests_open"].value == 2
    assert early.frame.loc["200102", "requests"] == 0


def test_closed_without_a_moment_tells_no_waiting_time(make):
    answer = answer_of(make, happened=EVENTS[EVENTS["request_id"] != "a"])
    assert "study.responses.note.untold" in {n.key for n in answer.notes}
    assert answer.tables["waiting"]["at_risk"].tolist() == [2]  # b and c; a tells nothing
    assert answer.figures["requests_open"].value == 3


def test_silent_areas_and_areas_without_data(make):
    frame = answer_of(make, scope="TH", silence_days=2).frame
    assert frame["silent"].fillna(False).to_dict() == {
        "200101": False, "200102": False, "200201": True, "210101": False}
    assert pd.isna(frame.loc["210101", "silent"]) and pd.isna(frame.loc["210101", "requests"])
    assert frame.loc["200201", "requests"] == 0
    assert answer_of(make, scope="TH").figures["areas_no_data"].value == 1


def test_a_scope_in_which_nobody_asked_is_an_answer(make):
    answer = answer_of(make, scope="2002")
    assert answer.figures["requests_open"].value == 0
    assert np.isnan(answer.figures["median_hours"].value)


@pytest.mark.parametrize("area", ["20", "50", "2001"])
def test_the_page_of_requests_and_this_study_count_the_same_as_overdue(sample_store, area):
    with open_store(sample_store).snapshot() as country:
        page = country.query("page_waits", head=area).iloc[0]
    with open_store(sample_store).snapshot(area) as snapshot:
        figures = ja.run("responses", snapshot).figures
    assert page["open"] == figures["requests_open"].value
    assert page["overdue"] == figures["overdue"].value
    if page["open"]:
        assert 24 * page["oldest"] == pytest.approx(figures["oldest_hours"].value, abs=0.02)
