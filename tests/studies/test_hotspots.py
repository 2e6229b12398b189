from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from jitasa_analytics.errors import NoDataError
from tests.studies import grid
from tests.studies.road import ask, town

N = 9
CODES = grid.codes(N)
# A block of three by three in the middle of nine by nine: the hot spot.
BLOCK = {CODES[r * N + c] for r in (3, 4, 5) for c in (3, 4, 5)}


def store_with(make, counts, **more):
    return make({"areas": grid.area_table(N), "population": grid.population(N),
                 "requests": grid.requests(counts)} | more)


@pytest.fixture
def block(make):
    rng = np.random.default_rng(3)
    return store_with(make, {c: int(rng.poisson(20 if c in BLOCK else 4)) for c in CODES})


def test_a_block_of_nine_is_found_and_chance_is_not(block):
    answer = ask(block, "hotspots", level="tambon")
    frame = answer.frame
    hot = set(frame.index[frame["spot"] == "hot"])
    assert {CODES[r * N + c] for r in (4,) for c in (3, 4, 5)} <= hot
    ring = {CODES[r * N + c] for r in range(2, 7) for c in range(2, 7)}  # neighbours of the block see it
    assert hot <= ring
    assert len(answer.tables["spots"]) == 1
    assert answer.tables["spots"].loc[0, "areas"] == len(hot) == answer.figures["hot_areas"].value
    assert answer.notes[-1].key == "study.hotspots.note.do_requests"
    assert answer.figures["people_in_hot"].value == 1000 * len(hot)


def test_the_score_is_gi_star_with_the_area_itself_and_not_averaged(block):
    frame = ask(block, "hotspots", level="tambon").frame.loc[CODES]
    x = frame["value"].to_numpy(float)
    assert x.tolist() == frame["count"].tolist()  # 1,000 people each
    middle = CODES.index(next(iter({CODES[4 * N + 4]})))
    near = [r * N + c for r in (3, 4, 5) for c in (3, 4, 5)]  # the area itself is one of the nine
    n, w = N * N, 9
    z = (x[near].sum() - x.mean() * w) / (x.std() * np.sqrt((n * w - w**2) / (n - 1)))
    assert frame["score"].iloc[middle] == pytest.approx(z)
    assert z > 7
    # Averaging the neighbours before standardising would have left a third of it.
    averaged = (x[near].mean() - x.mean()) / (x.std() * np.sqrt((n / w - 1) / (n - 1)) * 3)
    assert averaged == pytest.approx(z / 3)


def test_a_rate_is_looked_at_and_not_a_count(make):
    # Five times the people and five times the requests: no hot spot.
    people = [5000 if c in BLOCK else 1000 for c in CODES]
    store = store_with(make, {c: 20 if c in BLOCK else 4 for c in CODES}, population=grid.population(N, people))
    answer = ask(store, "hotspots", level="tambon")
    assert answer.figures["hot_areas"].value == 0
    # Nobody is sent to hot spots that there are not.
    assert {n.key.rpartition(".")[2] for n in answer.notes} & {"do_requests", "do_nowhere"} == {"do_nowhere"}
    assert answer.frame["value"].nunique() == 1


def test_local_moran_tells_a_lonely_high_area_from_a_group(make):
    rng = np.random.default_rng(1)
    counts = {c: int(rng.poisson(10)) for c in CODES} | {CODES[4 * N + 4]: 60}
    frame = ask(store_with(make, counts), "hotspots", level="tambon", method="local_moran", false_alarms=0.5).frame
    assert frame.loc[CODES[4 * N + 4], "spot"] in ("high_among_low", "none")
    assert frame.loc[CODES[4 * N + 4], "score"] < 0 < frame["score"].abs().max()


def test_only_the_days_that_were_asked_for(block):
    assert ask(block, "hotspots", level="tambon", date=dt.date(2021, 8, 20)).frame["count"].sum() > 0
    with pytest.raises(NoDataError, match=r"from 2021-08-11 to 2021-08-20"):
        ask(block, "hotspots", level="tambon", date=dt.date(2021, 8, 20), days=10)


def test_a_province_that_never_asked_is_no_data(make):
    asking = grid.requests({"200101": 2, "200201": 1})
    answer = ask(make(town() | {"requests": asking}), "hotspots", "TH", level="tambon", permutations=99)
    value = answer.frame["value"]
    assert value["200102"] == 0  # others in the province asked
    assert np.isnan(value["210101"])
    assert {"study.hotspots.note.no_value", "study.hotspots.note.few"} <= {n.key for n in answer.notes}


def test_people_without_the_dose(make):
    import pandas as pd

    reports = pd.DataFrame({"area_code": CODES, "as_of": pd.Timestamp("2021-08-01"), "dose_no": 1, "group": "all",
                            "count": [300 if c in BLOCK else 800 for c in CODES]})
    store = make({"areas": grid.area_table(N), "population": grid.population(N), "dose_reports": reports})
    answer = ask(store, "hotspots", what="unvaccinated", level="tambon")
    assert answer.frame.loc[CODES[4 * N + 4], "value"] == pytest.approx(0.7)
    assert answer.frame.loc[CODES[4 * N + 4], "spot"] == "hot"
    # At the corners of the block five of nine neighbours are low: only those in the middle of a side are sure.
    assert answer.figures["hot_areas"].value >= 5


def test_more_doses_than_people_leave_no_number_of_people_without(make):
    import pandas as pd

    many = CODES[0]
    reports = pd.DataFrame({"area_code": CODES, "as_of": pd.Timestamp("2021-08-01"), "dose_no": 1, "group": "all",
                            "count": [1500 if c == many else 800 for c in CODES]})
    store = make({"areas": grid.area_table(N), "population": grid.population(N), "dose_reports": reports})
    frame = ask(store, "hotspots", what="unvaccinated", level="tambon").frame
    assert pd.isna(frame.loc[many, "count"])
    assert (frame["count"].drop(many) == 200).all()


def test_the_seed_decides(block):
    one, two = (ask(block, "hotspots", level="tambon", seed=5).frame["p"] for _ in range(2))
    assert one.equals(two)
