from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import PoissonRegressor

from jitasa_analytics.analysis import adoption
from tests.studies import grid
from tests.studies.road import ask, town

N = 12
CODES = grid.codes(N)


@pytest.fixture(scope="module")
def country():
    """144 tambons whose true need is known: it follows density, and only some of it is asked for."""
    rng = np.random.default_rng(11)
    people = rng.integers(1000, 20000, N * N)
    helpers = rng.integers(0, 16, N * N)
    need = people * 0.004 * (people / 8000) ** 0.5
    per_1000 = 1000 * helpers / people
    use = np.clip(0.25 + 0.35 * np.log1p(per_1000), 0, 1)
    return people, helpers, need, use, rng.poisson(need * use)


def store_of(make, country, with_helpers=True):
    people, helpers, _, _, asked = country
    tables = {"areas": grid.area_table(N), "population": grid.population(N, [int(p) for p in people]),
              "requests": grid.requests(dict(zip(CODES, asked, strict=True)))}
    if with_helpers:
        rows = [(f"v-{c}-{k}", c) for c, n in zip(CODES, helpers, strict=True) for k in range(n)]
        tables["volunteers"] = pd.DataFrame(rows, columns=["volunteer_id", "area_code"]).assign(
            kind="student", lon=None, lat=None, capacity_per_day=1.0)
    return make(tables)


def test_true_need_is_nearer_to_the_expected_than_to_what_was_asked(make, country):
    _, _, need, use, asked = country
    answer = ask(store_of(make, country), "adoption", level="tambon")
    frame = answer.frame.loc[CODES]
    # Need is read at the use of the 90th percentile, not at full use.
    at_reference = need * np.quantile(use, 0.9)
    low = use < np.quantile(use, 0.5)
    wrong = np.abs(frame["expected"].to_numpy() - at_reference)[low].mean()
    plain = np.abs(asked - at_reference)[low].mean()
    assert wrong < 0.5 * plain
    inside = (frame["low"].to_numpy() <= at_reference) & (at_reference <= frame["high"].to_numpy())
    assert inside.mean() > 0.8
    assert 0.2 < answer.figures["skill"].value < 1
    assert answer.figures["hidden"].value == pytest.approx(
        np.maximum(frame["expected"] - asked, 0).sum())


def test_without_volunteers_nothing_is_corrected(make, country):
    answer = ask(store_of(make, country, with_helpers=False), "adoption", level="tambon")
    assert answer.measure == "per_1000"
    assert answer.frame["expected"].isna().all()
    assert {"study.adoption.note.no_use"} <= {n.key for n in answer.notes}
    people, _, _, _, asked = country
    assert answer.frame.loc[CODES, "per_1000"].tolist() == pytest.approx((1000 * asked / people).tolist())


def test_a_few_areas_carry_no_model(make):
    helping = pd.DataFrame({"volunteer_id": ["v"], "area_code": ["200101"], "kind": ["student"], "lon": [None],
                            "lat": [None]})
    store = make(town() | {"requests": grid.requests({"200101": 3}), "volunteers": helping})
    answer = ask(store, "adoption", level="tambon")
    assert answer.frame["per_1000"].to_dict() == {"200101": 30, "200102": 0, "200201": 0}
    assert "study.adoption.note.few" in {n.key for n in answer.notes}
    national = ask(store, "adoption", "TH", level="province")
    assert np.isnan(national.frame.loc["21", "requests"])  # nobody ever asked there: no data, not zero


@pytest.mark.parametrize("penalty", [1e-6, 1e-2, 1.0])
def test_the_log_rates_are_those_of_scikit_learn(penalty):
    rng = np.random.default_rng(3)
    x, people = rng.normal(size=(60, 3)), rng.integers(1_000, 90_000, 60).astype(float)
    count = rng.poisson(people * 1e-3 * np.exp(x @ [0.5, -0.3, 0.1])).astype(float)
    mean = count.sum() / people.sum()
    peer = PoissonRegressor(alpha=penalty, solver="newton-cholesky", tol=1e-10, max_iter=500)
    peer.fit(x, count / people / mean, sample_weight=people * mean)
    assert adoption._fit(x, count, people, penalty) == pytest.approx([peer.intercept_ + np.log(mean), *peer.coef_],
                                                                     abs=1e-7)
