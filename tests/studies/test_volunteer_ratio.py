from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.errors import NoDataError
from tests.studies.road import LAT, ask, town

# One step of the road takes 10.85 km * 60 / 30 = 21.7 minutes without a detour.
NEAR = {"minutes": 30, "detour": 1}


def requests(*rows):
    table = pd.DataFrame(rows, columns=["request_id", "lon", "area_code", "status"])
    return table.assign(lat=table["lon"].where(table["lon"].isna(), LAT), urgency="normal", people=2,
                        requested_at=pd.Timestamp("2021-08-01 03:00"))


def volunteers(*rows):
    table = pd.DataFrame(rows, columns=["volunteer_id", "lon", "area_code", "capacity_per_day"])
    return table.assign(lat=table["lon"].where(table["lon"].isna(), LAT), kind="student")


def store_with(make, asking, helping, **more):
    return make(town() | {"requests": asking, "volunteers": helping} | more)


ASKING = requests(("r1", 101.0, "200101", "new"), ("r2", 101.0, "200101", "on_the_way"),
                  ("r3", 101.1, "200102", "confirmed"), ("r4", 101.2, "200201", "assigned"),
                  ("r5", 101.0, "200101", "helped"), ("r6", 101.0, "200101", "duplicate"))
HELPING = volunteers(("v1", 101.0, "200101", 3.0), ("v2", 101.0, "200101", 1.0))


def test_the_town_by_hand(make):
    frame = ask(store_with(make, ASKING, HELPING), "volunteer_ratio", level="tambon", **NEAR).frame
    assert frame["requests_open"].to_dict() == {"200101": 2, "200102": 1, "200201": 1}
    assert frame["people"].to_dict() == {"200101": 4, "200102": 2, "200201": 2}
    assert frame["volunteers"].to_dict() == {"200101": 2, "200102": 0, "200201": 0}
    assert frame["ratio"].to_dict() == {"200101": 1.0, "200102": 0.0, "200201": 0.0}
    # Both volunteers (4 a day) stand with two requests (weight 1); one is 21.7 minutes away (weight 0.22).
    supply = 4 / (2 + 0.22)
    assert frame["access"].to_dict() == pytest.approx({"200101": supply, "200102": 0.22 * supply, "200201": 0.0})


def test_no_request_is_no_ratio_and_no_volunteer_is_zero(make):
    frame = ask(store_with(make, ASKING.iloc[[3]], HELPING), "volunteer_ratio", level="tambon", **NEAR).frame
    assert frame["ratio"].isna().to_dict() == {"200101": True, "200102": True, "200201": False}
    assert frame.loc["200201", "ratio"] == 0
    assert frame.loc["200101", "requests_open"] == 0


def test_help_is_shared_out_and_none_is_made(make):
    rng = np.random.default_rng(5)
    lon = rng.uniform(101.0, 101.2, 30).round(3)
    asking = requests(*((f"r{i}", x, "200101", "new") for i, x in enumerate(lon)))
    helping = volunteers(*((f"v{i}", x, "200101", float(i)) for i, x in enumerate(lon[:8] + 0.01)))
    store = store_with(make, asking, helping)
    frame = ask(store, "volunteer_ratio", level="province", **NEAR).frame
    # Each volunteer reaches somebody, so that mean access times requests is all their capacity.
    assert frame.loc["20", "access"] * 30 == pytest.approx(sum(range(8)))
    doubled = helping.assign(capacity_per_day=helping["capacity_per_day"] * 2)
    twice = ask(store_with(make, asking, doubled), "volunteer_ratio", level="province", **NEAR).frame
    assert twice.loc["20", "access"] == pytest.approx(2 * frame.loc["20", "access"])


def test_who_has_no_coordinates_stands_in_the_area(make):
    asking = requests(("r1", 101.0, "200101", "new"), ("r2", None, "200101", "new"))
    helping = volunteers(("v1", None, "200101", 6.0))
    answer = ask(store_with(make, asking, helping), "volunteer_ratio", level="tambon", **NEAR)
    assert answer.frame.loc["200101", ["requests_open", "volunteers"]].tolist() == [2, 1]
    assert answer.frame.loc["200101", "access"] == pytest.approx(3.0)
    assert {"note.requests_at_centre", "note.volunteers_at_centre"} <= {n.key for n in answer.notes}
    lost = ask(store_with(make, requests(("r1", None, "209999", "new")), helping), "volunteer_ratio",
               level="tambon", **NEAR)
    assert lost.frame["requests_open"].sum() == 1  # counted, though nobody knows where
    assert "note.requests_nowhere" in {n.key for n in lost.notes}


def test_only_those_who_are_available_on_the_day(make):
    helping = pd.concat([HELPING, volunteers(("v3", 101.0, "200101", 1.0), ("v4", 101.0, "200101", 1.0))]).assign(
        available_from=[None, None, pd.Timestamp("2021-08-02"), None],
        available_to=[None, None, None, pd.Timestamp("2021-07-31")])
    store = store_with(make, ASKING, helping)
    assert ask(store, "volunteer_ratio").figures["volunteers"].value == 2
    assert ask(store, "volunteer_ratio", date=dt.date(2021, 8, 2)).figures["volunteers"].value == 3
    before = ask(store, "volunteer_ratio", date=dt.date(2021, 7, 31))
    assert before.figures["requests_open"].value == 0
    assert before.frame["ratio"].isna().all()
    assert "note.no_open_requests" in {n.key for n in before.notes}


def test_a_day_is_a_day_in_bangkok(make):
    late = ASKING.iloc[[0]].assign(requested_at=pd.Timestamp("2021-08-01 18:00"))  # 2 August, one in the morning
    store = store_with(make, late, HELPING)
    assert ask(store, "volunteer_ratio").figures["requests_open"].value == 1
    assert ask(store, "volunteer_ratio", date=dt.date(2021, 8, 1)).figures["requests_open"].value == 0


def test_category_and_urgency_choose_requests(make):
    items = pd.DataFrame({"request_id": ["r1", "r1", "r3"], "item": ["a", "b", "c"],
                          "category": ["food", "oxygen", "oxygen"]})
    asking = ASKING.assign(urgency=["critical", "low", "low", "low", "low", "low"])
    store = store_with(make, asking, HELPING, request_items=items)

    def count(**params):
        return ask(store, "volunteer_ratio", **params).figures["requests_open"].value

    assert (count(), count(category="oxygen"), count(category="food"), count(urgency="low")) == (4, 2, 1, 3)
    assert count(category="oxygen", urgency="critical") == 1


def test_the_neighbours_rows_stay_outside(make):
    asking = pd.concat([ASKING, requests(("r7", 101.4, "210101", "new"))])
    store = store_with(make, asking, HELPING)
    assert ask(store, "volunteer_ratio").figures["requests_open"].value == 4
    assert ask(store, "volunteer_ratio", "TH").figures["requests_open"].value == 5


def test_it_needs_both_datasets(make):
    with pytest.raises(NoDataError, match="volunteers"):
        ask(make(town() | {"requests": ASKING}), "volunteer_ratio")
    with pytest.raises(NoDataError, match="requests"):
        ask(make(town() | {"volunteers": HELPING}), "volunteer_ratio")
