from __future__ import annotations

import datetime as dt

import pandas as pd

from tests.studies import grid
from tests.studies.road import ask, town

DAYS = pd.date_range("2021-07-01", periods=5)


def reports(**series):
    return pd.concat([pd.DataFrame({"area_code": code[1:], "as_of": DAYS[:len(counts)], "dose_no": 1, "group": "all",
                                    "count": counts, "denominator": base})
                      for code, (counts, base) in series.items()])


def checks(answer):
    table = answer.tables["checks"]
    return {(r.dataset, r.check): int(r.found) for r in table.itertuples()}


def test_series_that_cannot_be_true(make):
    table = reports(
        t200101=([50, 55, 52, 60, 70], [100, 100, 100, 120, 120]),  # falls once; the base moves
        t200102=([20, 22, 45, 24, 26], [200] * 5),                  # doubles once and comes back
        t200201=([400, 460], [450] * 2))                            # more than everybody, and long silent
    answer = ask(make(town() | {"dose_reports": table}), "data_quality", level="tambon", stale_days=2,
                 date=dt.date(2021, 7, 31))
    found = checks(answer)
    assert found[("dose_reports", "falls")] == 1  # coming back from the doubled value is no fall
    assert found[("dose_reports", "doubles")] == 1
    assert found[("dose_reports", "over_100")] == 1
    assert found[("dose_reports", "stale")] == 1
    assert found[("dose_reports", "base_moved")] == 1
    rows = answer.tables["findings"].set_index(["check", "area_code"])
    assert rows.loc[("over_100", "200201"), "detail"] == "460 / 450"
    assert rows.loc[("base_moved", "200101"), "detail"] == "100 → 120"
    assert rows.loc[("doubles", "200102"), "detail"] == "2021-07-03"
    assert answer.frame["days_old"].to_dict() == {"200101": 26, "200102": 26, "200201": 29}


def test_what_is_missing(make):
    tables = town()
    tables["places"] = tables["places"].assign(people=[100, None, 400, 50, 70])
    tables["population"] = tables["population"][tables["population"]["area_code"] != "200102"]
    answer = ask(make(tables | {"requests": grid.requests({"200101": 2})}), "data_quality", level="tambon")
    found = checks(answer)
    assert found[("places", "no_people")] == 1
    assert found[("population", "no_people")] == 1
    assert found[("requests", "no_position")] == 2
    assert found[("facilities", "not_verified")] == 2  # only those of the scope
    assert answer.frame.loc["200102", "findings"] == 2
    assert answer.figures["areas_no_report"].value == 3
    empty = next(n for n in answer.notes if n.key.endswith("empty"))
    assert "officers" in empty.text("en") and "เจ้าหน้าที่" in empty.text("th")


def test_nothing_is_found_where_nothing_is_wrong(make):
    tables = town()
    tables["facilities"] = tables["facilities"].assign(capacity_per_day=5, verified_at=pd.Timestamp("2021-07-01"))
    table = reports(t200101=([10, 12], 100), t200102=([10, 12], 200), t200201=([10, 12], 450))
    answer = ask(make(tables | {"dose_reports": table}), "data_quality", level="tambon", date=dt.date(2021, 7, 3))
    assert answer.figures["findings"].value == 0
    assert (answer.tables["checks"]["found"] == 0).all()
