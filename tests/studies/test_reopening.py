from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.errors import InputError, NoDataError
from jitasa_analytics.studies.rules import applying, read
from tests.studies.road import ask, town

WEEKS = pd.date_range("2021-05-30", periods=8, freq="7D")


def reports(dose=1, **series):
    """Weekly cumulative reports that end on 18 July 2021."""
    return pd.concat([pd.DataFrame({"area_code": code[1:], "as_of": WEEKS, "dose_no": dose, "group": "all",
                                    "count": counts}) for code, counts in series.items()])


# 100 people with 5 more a week, 40 in the end; 200 with 160 reached long ago; 450 with one more a week.
STEADY = {"t200101": range(5, 45, 5), "t200102": range(90, 170, 10), "t200201": range(1, 9)}


def answer_of(make, rules, table=None, **params):
    store = make(town() | {"dose_reports": reports(**STEADY) if table is None else table})
    return ask(store, "reopening", rules=rules, level="tambon", **params)


def test_dates_on_paper(make):
    frame = answer_of(make, "1 70% 2021-09-01").frame
    assert frame["status"].to_dict() == {"200101": "on_course", "200102": "met", "200201": "late"}
    # 70 of 100: 30 more at 5 a week are 42 days after 18 July.
    assert frame.loc["200101", "date"] == pd.Timestamp("2021-08-29")
    assert frame.loc["200101", "earliest"] == frame.loc["200101", "latest"] == frame.loc["200101", "date"]
    assert frame.loc["200101", "days_late"] == -3
    assert frame["people_missing"].to_dict() == {"200101": 30, "200102": 0, "200201": 307}
    # 140 of 200 were reached in the sixth report.
    assert frame.loc["200102", "date"] == WEEKS[5]
    assert pd.isna(frame.loc["200201", "date"])  # not within three years


def test_the_pace_that_is_needed(make):
    table = answer_of(make, "1 70% 2021-08-08").tables["rules"].set_index("area_code")
    assert table.loc["200101", ["per_week", "needed_per_week"]].tolist() == [5, 10]
    assert table.loc["200101", "status"] == "late" and table.loc["200101", "days_late"] == 21
    assert answer_of(make, "1 70% 2021-07-01").tables["rules"].set_index("area_code").loc[
        "200101", "needed_per_week"] == np.inf


def test_an_area_is_as_far_as_its_worst_rule(make):
    both = pd.concat([reports(**STEADY), reports(dose=2, t200102=range(0, 24, 3))])
    answer = answer_of(make, "1 70%; 2 30%", both)
    assert answer.frame["status"].to_dict() == {"200101": "unknown", "200102": "on_course", "200201": "unknown"}
    assert answer.frame.loc["200102", ["rules_met", "rules", "people_missing"]].tolist() == [1, 2, 39]


def test_a_rule_of_an_area_takes_the_place_of_the_general_one(make):
    frame = answer_of(make, "1 70%; 2001 1 40%; 200102 1 90%").frame
    assert frame.loc["200101", "status"] == "met"
    assert frame.loc["200102", "status"] == "on_course"
    assert frame.loc["200201", "people_missing"] == 307


def test_a_doubled_report_does_not_meet_a_target(make):
    table = reports(t200101=[5, 10, 15, 20, 25, 30, 70, 40])
    assert answer_of(make, "1 70%", table).frame.loc["200101", "status"] == "on_course"


def test_more_than_everybody_is_met_and_said(make):
    answer = answer_of(make, "1 70%", reports(t200101=range(50, 130, 10)))
    assert answer.frame.loc["200101", "share"] == 1.2
    assert "study.reopening.note.over_100" in {n.key for n in answer.notes}


def test_both_doses_come_from_the_same_kind_of_source(make):
    # Reports hold dose 1 alone; single doses hold both: both are taken from the single doses.
    doses = pd.DataFrame({"person_token": ["p", "p", "q"], "dose_no": [1, 2, 1], "area_code": "200101",
                          "date": pd.to_datetime(["2021-06-01", "2021-07-01", "2021-06-02"])}).assign(group="all")
    store = make(town() | {"dose_reports": reports(t200101=range(5, 45, 5)), "doses": doses})
    answer = ask(store, "reopening", rules="1 50%; 2 50%", level="tambon")
    assert {n.key for n in answer.notes} >= {"study.reopening.note.counts_residents"}
    assert "study.reopening.note.mixed" not in {n.key for n in answer.notes}
    assert answer.tables["rules"].set_index(["area_code", "dose"]).loc[("200101", 1), "share"] == pytest.approx(0.02)


@pytest.mark.parametrize(("text", "said"), [
    ("", "rule 1 .*there is none"), ("1 70%; two 50%", "rule 2 .*'two 50%'.*dose, share, date"),
    ("1 120%", "share must be above 0% and at most 100%"), ("9 50%", "dose must be 1 to 6"),
    ("1 50% 2021-02-30", "no day 2021-02-30"), ("99 1 50%", "no area 99"), ("1 0%", "above 0%")])
def test_a_rule_that_cannot_be_read_is_named(text, said):
    with pytest.raises(InputError, match=said):
        read(text)


def test_rules_as_people_write_them():
    rules = read("๑ ๗๐% ๒๕๖๔-๑๑-๐๑\n2 50 2021-12-31;")
    assert [(r.dose, r.share, str(r.due)[:10]) for r in rules] == [(1, 0.7, "2021-11-01"), (2, 0.5, "2021-12-31")]
    assert [r.area for r in applying(read("1 70%; 20 1 80%; 2001 1 90%"), "200101")] == ["2001"]


def test_no_dose_at_all(make):
    with pytest.raises(NoDataError, match="doses reported: 1"):
        answer_of(make, "3 10%")
