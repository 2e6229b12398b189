from __future__ import annotations

import datetime as dt

import pandas as pd

from tests.studies import grid
from tests.studies.road import ask, town

OFFICERS = pd.DataFrame(
    [("o1", "province office", "20", "2021-05-01"), ("o2", "district office", "2001", "2021-06-01"),
     ("o3", "district office", "2001", None), ("o4", "other office", "2002", None)],
    columns=["officer_id", "unit", "area_code", "trained_on"]).assign(
        trained_on=lambda t: pd.to_datetime(t["trained_on"]))


def store_with(make, officers=OFFICERS):
    return make(town() | {"officers": officers, "requests": grid.requests({"200101": 2, "200201": 3})})


def test_officers_by_hand(make):
    answer = ask(store_with(make), "readiness")
    frame = answer.frame
    assert frame["officers"].to_dict() == {"2001": 2, "2002": 1}
    assert frame["trained"].to_dict() == {"2001": 1, "2002": 0}
    assert frame["ready"].to_dict() == {"2001": True, "2002": False}
    # The officer of the province makes no district ready.
    assert next(n for n in answer.notes if n.key.endswith("above")).values == {"officers": 1, "trained": 1}
    assert answer.tables["unready"]["area_code"].tolist() == ["2002"]
    assert (answer.figures["requests_unready"].value, answer.figures["people_unready"].value) == (3, 450)


def test_a_training_may_be_too_old_or_not_yet_given(make):
    store = store_with(make)
    assert ask(store, "readiness", valid_days=30).frame["trained"].sum() == 0
    assert ask(store, "readiness", valid_days=62, date=dt.date(2021, 8, 1)).frame["trained"].sum() == 1
    assert ask(store, "readiness", valid_days=61, date=dt.date(2021, 8, 1)).frame["trained"].sum() == 0
    assert ask(store, "readiness", date=dt.date(2021, 5, 31)).frame["trained"].sum() == 0


def test_a_province_without_any_name_is_no_data(make):
    frame = ask(store_with(make), "readiness", "TH", level="province").frame
    assert frame.loc["20", "trained"] == 2
    assert pd.isna(frame.loc["21", "trained"]) and pd.isna(frame.loc["21", "ready"])


def test_a_district_is_looked_at_itself_where_none_is_named_for_its_tambons(make):
    assert ask(store_with(make), "readiness", "2001").frame.index.tolist() == ["2001"]
    named = pd.concat([OFFICERS, OFFICERS.iloc[[1]].assign(officer_id="o5", area_code="200102")])
    assert ask(store_with(make, named), "readiness", "2001").frame["trained"].to_dict() == {"200101": 0, "200102": 1}
