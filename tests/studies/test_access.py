from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.errors import NoDataError
from tests.studies.road import ask, town

# Ten kilometres of road take 15 minutes by car; a step of the road (10.85 km) 16.3.
NEAR = {"minutes": 20, "detour": 1, "level": "tambon"}


def store_with(make, capacity=(30, 14), **more):
    tables = town()
    tables["facilities"] = tables["facilities"].assign(capacity_per_day=[*capacity, 99])
    return make(tables | more)


def test_two_step_by_hand(make):
    # h1 (30 a day) at A is reached by A and B (300 people); f2 (14) at E, across the border, by D and E (120).
    answer = ask(store_with(make), "access", method="2sfca", **NEAR)
    places = answer.tables["places"]["access"]
    assert places.to_dict() == pytest.approx({"A": 100.0, "B": 100.0, "C": 0.0, "D": 1000 * 14 / 120})
    # C (400 people) reaches nothing and stays in the table; the tambon of C and D has the mean of its people.
    assert answer.frame["access"].to_dict() == pytest.approx(
        {"200101": 100, "200102": 100, "200201": 50 * 1000 * 14 / 120 / 450})
    assert answer.frame["people_without"].to_dict() == {"200101": 0, "200102": 0, "200201": 400}
    assert answer.figures["people_without"].value == 400
    assert answer.figures["share_without"].value == pytest.approx(400 / 750)


def test_the_mean_person_has_one(make):
    answer = ask(store_with(make), "access", method="2sfca", **NEAR)
    frame = answer.frame
    mean = (30 + 14 * 50 / 120) / 750
    assert answer.figures["access"].value == pytest.approx(1000 * mean)
    assert frame["spar"].to_dict() == pytest.approx((frame["access"] / (1000 * mean)).to_dict())
    assert (frame["spar"] * frame["people"]).sum() == pytest.approx(750)


@pytest.mark.parametrize("method", ["2sfca", "e2sfca", "3sfca"])
@pytest.mark.parametrize("decay", ["zones", "step", "gaussian", "exponential"])
def test_supply_is_shared_out_and_none_is_made(make, method, decay):
    # 30 minutes: everybody reaches somewhere, so that people times access is the capacity of both.
    answer = ask(store_with(make), "access", "TH", method=method, decay=decay,
                 **(NEAR | {"level": "province", "minutes": 34}))
    assert float((answer.frame["access"] * answer.frame["people"]).sum()) / 1000 == pytest.approx(44)


def test_a_province_alone_is_as_in_the_whole_country(sample_store):
    from jitasa_analytics import open_store

    store = open_store(sample_store)
    for method in ("e2sfca", "3sfca"):
        whole = ask(store, "access", "TH", method=method, level="tambon", decay="exponential")
        for scope in ("20", "2001"):
            part = ask(store, "access", scope, method=method, level="tambon", decay="exponential")
            inside = part.frame.index
            pd.testing.assert_series_equal(part.frame["access"], whole.frame.loc[inside, "access"])
    assert part.frame["access"].gt(0).all()


def test_competitors_across_the_border_take_their_share(make):
    # Without E's 70 people, D would have all of f2.
    crowded = ask(store_with(make), "access", method="2sfca", **NEAR).tables["places"].at["D", "access"]
    places = town()["places"]
    alone = ask(store_with(make, places=places[places["place_id"] != "E"]), "access", method="2sfca", **NEAR)
    assert alone.tables["places"].at["D", "access"] == pytest.approx(1000 * 14 / 50)
    assert crowded == pytest.approx(1000 * 14 / 120)


def test_raam_is_a_cost_and_out_of_reach_is_infinite(make):
    answer = ask(store_with(make), "access", method="raam", **NEAR)
    assert answer.measure == "crowding"
    places = answer.tables["places"]["crowding"]
    assert np.isinf(places["C"]) and np.isfinite(places[["A", "B", "D"]]).all()
    assert places["B"] - places["A"] == pytest.approx(10.85 / 40 * 60 / 20, rel=1e-3)
    assert answer.frame["crowding"].notna().all()  # the mean of those who reach something
    assert answer.frame.loc["200201", "people_without"] == 400


def test_no_number_is_no_data_and_not_no_service(make):
    # Nothing is known of what is across the border, and nothing of the whole of the next province.
    answer = ask(store_with(make, capacity=(30, None)), "access", "TH", method="2sfca",
                 **(NEAR | {"level": "province"}))
    assert answer.frame["access"].isna().to_dict() == {"20": False, "21": True}
    assert answer.frame.loc["21", "people_no_data"] == 70
    assert pd.isna(answer.frame.loc["21", "people_without"])
    assert {"note.kind_absent"} <= {n.key for n in answer.notes}


def test_auto_takes_what_the_data_hold(make):
    def shared(answer):
        return next(n.values["capacity"].value for n in answer.notes if n.key == "study.access.note.capacity")

    assert shared(ask(store_with(make), "access", **NEAR)) == "capacity_per_day"
    bare = store_with(make, capacity=(None, None))
    assert shared(ask(bare, "access", **NEAR)) == "one_each"
    with pytest.raises(NoDataError, match="one_each"):
        ask(bare, "access", capacity="beds_total", **NEAR)
    one = ask(bare, "access", method="2sfca", capacity="one_each", **NEAR)
    assert one.tables["places"].at["A", "access"] == pytest.approx(1000 / 300)
