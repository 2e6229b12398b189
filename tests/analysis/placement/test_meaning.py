"""Explanations against closing and replacing every site by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.analysis import placement, travel
from jitasa_analytics.analysis.lines import Lines
from jitasa_analytics.errors import InfeasibleError, InputError
from tests import oracles

INF = float("inf")


@pytest.mark.parametrize("problem", ["max_cover", "p_median", "p_center"])
def test_explain_equals_trying_every_replacement(problem):
    explained = 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        n, m, p = int(rng.integers(2, 9)), int(rng.integers(2, 7)), int(rng.integers(1, 3))
        costs = np.where(rng.random((n, m)) < 0.2, INF, rng.integers(0, 60, (n, m)).astype(float))
        people = rng.integers(0, 30, n)
        demand = pd.DataFrame({"people": people}, index=[f"d{i}" for i in range(n)])
        candidates = pd.Index([f"c{j}" for j in range(m)])
        t = travel.from_matrix(costs, origins=demand, destinations=candidates)
        options = {"within": 30} if problem == "max_cover" else {"gap": 0.0}
        try:
            plan = getattr(placement, problem)(demand, candidates, t, n_sites=min(p, m), **options)
        except InfeasibleError:
            continue
        table = placement.explain(plan, demand, candidates, t)
        chosen = {int(s[1:]) for s in plan.sites.index}
        explained += 1

        def worth(sites, people=people, costs=costs, plan=plan, chosen=chosen):
            sites = tuple(sorted(sites))
            if problem != "max_cover":
                for i in range(len(people)):
                    before = oracles.ways(costs[i], chosen, INF, 1)
                    if people[i] and before and not oracles.ways(costs[i], sites, INF, 1):
                        return INF
            return oracles.place_by_place(problem, people, costs, 30.0, 1, sites)

        for label, row in table.iterrows():
            rest = chosen - {int(label[1:])}
            assert row["without"] == pytest.approx(worth(rest))
            values = {j: worth(rest | {j}) for j in set(range(m)) - chosen}
            if values:
                best = max(values.values()) if problem == "max_cover" else min(values.values())
                assert row["with_runner_up"] == pytest.approx(best)
                assert values[int(row["runner_up"][1:])] == pytest.approx(best)
                assert row["replacement_cost"] >= 0  # the plan was optimal
            else:
                assert pd.isna(row["runner_up"])
    assert explained > 8


@pytest.mark.parametrize("names", [("x_km", "y_km"), ("lon", "lat")])
@pytest.mark.parametrize("problem", ["max_cover", "p_median", "p_center"])
def test_explain_of_lines_is_that_of_every_pair(monkeypatch, problem, names):
    held = []
    plain = Lines.within_each
    monkeypatch.setattr(Lines, "within_each", lambda self, limits: held.append(plain(self, limits)) or held[-1])
    for seed in range(12):
        rng = np.random.default_rng(seed)
        n, m, p = 40, 15, 1 + seed % 4
        low, high = (0.0, 100.0) if names[0] == "x_km" else ((100.0, 14.0), (101.0, 15.0))
        demand = pd.DataFrame(rng.uniform(low, high, (n, 2)), columns=list(names)).assign(people=rng.integers(0, 50, n))
        sites = pd.DataFrame(rng.uniform(low, high, (m, 2)), columns=list(names), index=[f"c{j}" for j in range(m)])
        lines = travel.any_distance(demand, sites)
        options = {"within": 0.3 * lines.table().costs.max()} if problem == "max_cover" else {}
        plan = getattr(placement, problem)(demand, sites, lines, n_sites=p, fixed=["c3"], forbidden=["c5"], **options)
        every = placement.explain(plan, demand, sites, lines.table())
        pd.testing.assert_frame_equal(placement.explain(plan, demand, sites, lines), every)
    if problem == "max_cover":
        assert not held
    else:  # a place and the candidates that are no farther than the second of the plan
        assert len(held) == 9 and all(t.n_pairs < n * m for t in held)


def test_phases_hold_each_other_and_the_price_is_the_difference():
    rng = np.random.default_rng(1)
    a, b = rng.uniform(0, 100, (60, 2)), rng.uniform(0, 100, (25, 2))
    demand = pd.DataFrame({"people": rng.integers(1, 99, 60)})
    t = travel.from_matrix(np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1)))
    dear = 0
    for problem, options in (("max_cover", {"within": 15}), ("p_median", {"gap": 0.0}), ("p_center", {})):
        phases = placement.plan([2, 4, 7], problem, demand, range(25), t, **options)
        sites = [set(plan.sites.index) for plan in phases.plans]
        assert sites[0] < sites[1] < sites[2] and [len(s) for s in sites] == [2, 4, 7]
        table = phases.table
        assert table["objective"].iloc[0] == table["free"].iloc[0]
        difference = (table["free"] - table["objective"]) * (1 if problem == "max_cover" else -1)
        assert table["price"].tolist() == pytest.approx(difference.tolist())
        dear += (table["price"] > 0).sum()
    assert dear > 0
    with pytest.raises(InputError, match="ascending"):
        placement.plan([4, 2], "p_median", demand, range(25), t)
    with pytest.raises(InputError, match="phases are planned for"):
        placement.plan([2], "set_cover", demand, range(25), t)
