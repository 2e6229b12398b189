from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linear_sum_assignment

from jitasa_analytics.errors import NoDataError
from tests.studies.road import LAT, STEP_KM, ask, town

NEAR = {"minutes": 30, "detour": 1, "level": "tambon", "mode": "motorcycle"}
STEP = STEP_KM * 2  # minutes by motorcycle


def requests(*rows):
    table = pd.DataFrame(rows, columns=["request_id", "lon", "area_code", "urgency"])
    return table.assign(lat=LAT, status="new", people=1, requested_at=pd.Timestamp("2021-08-01 03:00"))


def items(**categories):
    return pd.DataFrame([(r, f"item {c}", c, 1.0, 0.0) for r, c in categories.items()],
                        columns=["request_id", "item", "category", "quantity", "delivered"])


def volunteers(*rows):
    table = pd.DataFrame(rows, columns=["volunteer_id", "lon", "area_code", "capacity_per_day", "skills", "equipment"])
    return table.assign(lat=LAT, kind="other")


ASKING = requests(("r1", 101.0, "200101", "normal"), ("r2", 101.1, "200102", "critical"),
                  ("r3", 101.2, "200201", "low"))
HELPING = volunteers(("v1", 101.0, "200101", 1, "delivery", "motorcycle"),
                     ("v2", 101.1, "200102", 1, "first_aid;driving", "motorcycle;pickup"))


def store_with(make, asking=ASKING, helping=HELPING, wishes=None, **more):
    wishes = items(r1="food", r2="medical", r3="food") if wishes is None else wishes
    return make(town() | {"requests": asking, "request_items": wishes, "volunteers": helping} | more)


def test_the_most_urgent_and_the_shortest_ways(make):
    answer = ask(store_with(make), "matching", **NEAR)
    table = answer.tables["assignments"].set_index("request_id")
    # r2 is medical and critical: v2 alone can. r1 gets v1 at its door; r3 is left, v2 is taken.
    assert table["helper"].fillna("").to_dict() == {"r2": "v2", "r1": "v1", "r3": ""}
    assert table.loc["r3", "reason"] == "all_full"
    assert answer.frame["unmatched"].to_dict() == {"200101": 0, "200102": 0, "200201": 1}
    assert answer.frame.loc["200201", "all_full"] == 1
    assert answer.figures["gap"].value == 0
    assert "study.matching.note.optimal" in {n.key for n in answer.notes}


def test_skills_may_be_left_aside(make):
    wishes = items(r1="medical", r2="food", r3="food")
    strict = ask(store_with(make, wishes=wishes), "matching", **NEAR)
    table = strict.tables["assignments"].set_index("request_id")
    assert table["helper"].fillna("").to_dict() == {"r2": "v1", "r1": "v2", "r3": ""}  # v1 can't nurse r1
    loose = ask(store_with(make, wishes=wishes), "matching", fit=False, **NEAR)
    assert loose.figures["matched"].value == 2
    assert loose.tables["assignments"].set_index("request_id").loc["r1", "helper"] == "v1"


def test_as_good_as_trying_all(make):
    rng = np.random.default_rng(4)
    asking = requests(*((f"r{i}", float(x), "200101", "normal") for i, x in enumerate(rng.uniform(101, 101.2, 7))))
    helping = volunteers(*((f"v{i}", float(x), "200101", 1, "", "") for i, x in enumerate(rng.uniform(101, 101.2, 5))))
    answer = ask(store_with(make, asking, helping, items(r0="food")), "matching", **(NEAR | {"minutes": 60}))
    from jitasa_analytics import geo
    km = geo.geodesic_km(*np.broadcast_arrays(asking["lon"].to_numpy()[:, None], LAT, helping["lon"].to_numpy(), LAT))
    rows, columns = linear_sum_assignment(km)
    assert answer.figures["matched"].value == 5
    assert answer.tables["assignments"]["minutes"].sum() == pytest.approx(2 * km[rows, columns].sum())


def test_a_request_that_lies_nowhere_is_out_of_reach(make):
    lost = requests(("r1", None, "209999", "normal"))
    answer = ask(store_with(make, lost.assign(lat=None), wishes=items(r1="food")), "matching", **NEAR)
    assert answer.tables["assignments"]["reason"].tolist() == ["out_of_reach"]
    assert answer.frame["unmatched"].sum() == 1


def test_nobody_asks_and_nobody_helps_are_answers(make):
    asked = ask(store_with(make), "matching", "21", **(NEAR | {"level": "auto"}))
    assert asked.figures["requests_open"].value == 0
    alone = ask(store_with(make, helping=HELPING.assign(area_code="210101")), "matching", **NEAR)
    assert alone.figures["matched"].value == 0
    assert set(alone.tables["assignments"]["reason"]) == {"out_of_reach"}


@pytest.mark.parametrize("study", ["matching", "transport", "beds", "volunteer_ratio"])
def test_a_province_that_never_asked_is_no_data_and_not_calm(make, study):
    # All of province 20 asked for something; from 21 no request ever came: whether somebody waits there is not known.
    store = beds_store(make, [1, 2, 5])
    params = NEAR | {"level": "province"}
    answer = ask(store, study, "TH", **params)
    counts = [c for c in ("requests_open", "matched", "unmatched", "all_full") if c in answer.frame]
    assert answer.frame.loc["21", counts].isna().all() and answer.frame.loc["20", counts].notna().all()
    told = next(n for n in answer.notes if n.key == "note.unheard")
    assert told.values["areas"] == 1 and told.values["names"][0].value == "21"
    # Once somebody asked there, none that waits is none.
    one = requests(("r9", 101.4, "210101", "low")).assign(status="helped")
    asked = store_with(make, pd.concat([ASKING, one]), wishes=items(r1="bed", r2="bed", r3="transport"),
                       facilities=town()["facilities"].assign(beds_free=[1, 2, 5]))
    assert ask(asked, study, "TH", **params).frame.loc["21", "requests_open"] == 0


def test_the_nearest_vehicle_may_be_wanted_twice_but_goes_once(make):
    wishes = items(r1="transport", r2="transport", r3="food")
    answer = ask(store_with(make, wishes=wishes), "transport", **NEAR)
    table = answer.tables["assignments"].set_index("request_id")
    assert set(table.index) == {"r1", "r2"}
    assert table["nearest"].to_dict() == {"r2": "v2", "r1": "v2"}  # a motorcycle carries nobody who is ill
    assert table["nearest_minutes"].to_dict() == pytest.approx({"r2": 0, "r1": STEP}, rel=1e-3)
    assert table["helper"].fillna("").to_dict() == {"r2": "v2", "r1": ""}  # the critical one
    assert answer.frame["vehicles"].to_dict() == {"200101": 0, "200102": 1, "200201": 0}
    assert ask(store_with(make, wishes=wishes), "transport", vehicle="boat", **NEAR).figures["vehicles"].value == 0
    two = ask(store_with(make, wishes=wishes), "transport", vehicle="motorcycle", **NEAR)
    assert two.figures["matched"].value == 2


def beds_store(make, free, wanted=1.0):
    facilities = town()["facilities"].assign(beds_free=free, beds_total=20)
    wishes = items(r1="bed", r2="bed", r3="bed")
    wishes["quantity"] = [wanted, 1.0, 1.0]
    return store_with(make, wishes=wishes, facilities=facilities)


def test_beds_by_hand(make):
    # h1 (a hospital at A, 1 free) and w3 (a waiting centre at C, closed). r2 is critical and gets the bed.
    answer = ask(beds_store(make, [1, None, 5]), "beds", **NEAR)
    table = answer.tables["assignments"].set_index("request_id")
    assert table["helper"].fillna("").to_dict() == {"r1": "", "r2": "h1", "r3": ""}
    assert answer.figures["beds_free"].value == 1
    assert answer.tables["existing"]["taken"].to_dict() == {"h1": 1}
    assert answer.frame.loc["200201", "out_of_reach"] == 1  # r3: two steps are more than 30 minutes


def test_one_wish_for_three_beds_is_three_patients(make):
    answer = ask(beds_store(make, [4, None, 5], wanted=3.0), "beds", **NEAR)
    assert answer.figures["beds_wanted"].value == 5
    assert answer.figures["matched"].value == 4


def test_no_number_of_free_beds_is_no_data(make):
    store = beds_store(make, [None, None, None])
    with pytest.raises(NoDataError, match="beds_total"):
        ask(store, "beds", **NEAR)
    assert ask(store, "beds", beds="beds_total", **NEAR).figures["matched"].value == 2
    national = ask(beds_store(make, [1, None, 5]), "beds", "TH", **(NEAR | {"level": "province"}))
    assert national.frame.loc["20", "beds"] == 1
    assert pd.isna(national.frame.loc["21", "beds"])
