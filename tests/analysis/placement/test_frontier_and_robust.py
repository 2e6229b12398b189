"""The price of fairness and of not knowing, against trying every plan."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.analysis import placement, travel
from jitasa_analytics.analysis.placement import tradeoff
from jitasa_analytics.errors import InfeasibleError, InputError, OutOfTimeError
from tests import oracles

INF = float("inf")


def case(seed: int, n: int = 9, m: int = 6):
    rng = np.random.default_rng(seed)
    costs = rng.integers(0, 60, (n, m)).astype(float)
    demand = pd.DataFrame({"people": rng.integers(1, 40, n)}, index=[f"d{i}" for i in range(n)])
    labels = pd.Index([f"c{j}" for j in range(m)])
    group = pd.Series(rng.integers(-1, 3, n), demand.index).astype(object)
    t = travel.from_matrix(costs, origins=demand, destinations=labels)
    return demand, labels, costs, t, group.where(group >= 0)


@pytest.mark.parametrize("problem", ["max_cover", "p_median"])
@pytest.mark.parametrize("backup", [False, True])
def test_frontier_is_every_plan_that_none_beats_in_both(problem, backup):
    if backup and problem == "p_median":
        pytest.skip("refused in words; see test_limits")
    steps = 0
    for seed in range(8):
        demand, labels, costs, t, group = case(seed, n=12, m=7)
        p, k = 2 + seed % 2, 2 if backup else 1
        options = {"n_sites": p, "backup": True} if backup else {"n_sites": p}
        if problem == "p_median":
            options["gap"] = 0.0
        found = placement.frontier(demand, labels, t, within=18, groups=group, problem=problem, step=1e-7, **options)
        points = set()
        for plan in combinations(range(len(labels)), p):
            value = oracles.place_by_place(problem, demand["people"].tolist(), costs, 18.0, k, plan)
            shares = []
            for g in group.dropna().unique():
                inside = [i for i in range(len(demand)) if group.iloc[i] == g]
                got = sum(demand["people"].iloc[i] for i in inside if len(oracles.ways(costs[i], plan, 18.0, k)) == k)
                shares.append(got / demand["people"].iloc[inside].sum())
            points.add((value, min(shares)))
        sense = 1 if problem == "max_cover" else -1
        best = {a for a in points if not any(
            sense * (b[0] - a[0]) >= 0 and b[1] >= a[1] and b != a for b in points)}
        table = found.table
        assert sorted(zip(table["objective"], table["least_share"].round(9), strict=True)) == sorted(
            (value, round(share, 9)) for value, share in best), seed
        assert (table["status"] == "optimal").all() and table["least_share"].is_monotonic_increasing
        price = sense * (table["objective"].iloc[0] - table["objective"])
        assert table["price"].tolist() == pytest.approx(price.tolist())
        assert found.shares.min(axis=1).tolist() == pytest.approx(table["least_share"].tolist())
        assert max(share for _, share in points) < found.end or table["least_share"].iloc[-1] == 1.0
        steps += len(table)
    assert steps > 8


def test_frontier_with_a_coarse_step_stops_and_says_how_far():
    demand, labels, _, t, group = case(3, n=14, m=9)
    fine = placement.frontier(demand, labels, t, within=20, groups=group, n_sites=3, step=1e-7)
    coarse = placement.frontier(demand, labels, t, within=20, groups=group, n_sites=3, step=0.2)
    assert len(coarse.table) <= len(fine.table)
    assert (coarse.table["least_share"].diff().dropna() >= 0.2 - 1e-9).all()
    seen = []
    short = placement.frontier(demand, labels, t, within=20, groups=group, n_sites=3, step=1e-7,
                               progress=lambda count, table: seen.append((count, len(table))) or len(seen) < 2)
    assert len(seen) == 2 and np.isnan(short.end)
    for options, message in (({"step": 0}, "step is 0"), ({"problem": "p_center"}, "problem is 'p_center'"),
                             ({"floors": 0.5}, "drop floors")):
        with pytest.raises(InputError, match=message):
            placement.frontier(demand, labels, t, **({"within": 20, "groups": group, "n_sites": 3} | options))


def test_frontier_keeps_what_it_has_when_time_runs_out(monkeypatch):
    demand, labels, _, t, group = case(4, n=12, m=7)
    options = {"within": 18, "groups": group, "step": 1e-7, "n_sites": 2}
    whole = placement.frontier(demand, labels, t, **options)
    assert len(whole.plans) > 1 and not np.isnan(whole.end)
    first = tradeoff._PROBLEMS["max_cover"]

    def late(*data, floors, **more):
        if floors:
            raise OutOfTimeError("no plan was found in 1 seconds")
        return first(*data, floors=floors, **more)

    monkeypatch.setitem(tradeoff._PROBLEMS, "max_cover", late)
    cut = placement.frontier(demand, labels, t, **options)
    assert len(cut.plans) == 1 and np.isnan(cut.end)
    monkeypatch.setitem(tradeoff._PROBLEMS, "max_cover", lambda *data, **more: late(*data, **more | {"floors": 1}))
    with pytest.raises(OutOfTimeError):
        placement.frontier(demand, labels, t, **options)


@pytest.mark.parametrize("problem", ["max_cover", "p_median"])
def test_robust_equals_trying_every_plan_in_every_draw(problem):
    regrets = 0.0
    for seed in range(6):
        demand, labels, costs, t, _ = case(seed)
        rng = np.random.default_rng(seed)
        needs = pd.DataFrame(rng.integers(0, 80, (len(demand), 8)), index=demand.index)
        options = {"within": 20} if problem == "max_cover" else {"gap": 0.0}
        backup = {"backup": True} if seed % 2 else {}
        found = placement.robust(demand, labels, t, problem=problem, needs=needs, n_sites=2, **options, **backup)
        k, sense = 1 + seed % 2, 1 if problem == "max_cover" else -1
        plans = list(combinations(range(len(labels)), 2))
        value = np.array([[oracles.place_by_place(problem, needs[d].tolist(), costs, 20.0, k, plan) for d in needs]
                          for plan in plans])
        best = value.max(axis=0) if sense > 0 else value.min(axis=0)
        assert found.draws["best"].tolist() == best.tolist() == found.draws["bound"].tolist()
        own = tuple(sorted(labels.get_indexer(found.plan.sites.index)))
        assert found.draws["value"].tolist() == value[plans.index(own)].tolist()
        assert found.draws["regret"].tolist() == (sense * (best - value[plans.index(own)])).tolist()
        safest = tuple(sorted(labels.get_indexer(found.safest)))
        worst = (sense * (best - value)).max(axis=1)
        # Least among the plans that were best somewhere: those of the sites counted and the plan itself.
        assert found.draws["safest_regret"].max() == worst[plans.index(safest)]
        assert found.draws["safest_regret"].max() <= found.draws["regret"].max()
        assert found.sites["chosen"].sum() == pytest.approx(2.0)
        assert set(found.sites.index[found.sites["in_plan"]]) == set(found.plan.sites.index)
        regrets += found.draws["regret"].sum()
    assert regrets > 0


def test_draws_have_the_mean_and_spread_asked_for_and_follow_the_seed():
    demand, labels, _, t, _ = case(1)
    demand = demand * 1000
    call = {"within": 20, "n_sites": 2, "draws": 150}
    one = placement.robust(demand, labels, t, seed=4, spread=0.3, **call)
    again = placement.robust(demand.iloc[::-1], labels[::-1], t, seed=4, spread=0.3, **call)
    pd.testing.assert_frame_equal(one.draws, again.draws)
    assert one.draws["people"].mean() == pytest.approx(demand["people"].sum(), rel=0.02)
    relative = np.sqrt((demand["people"] ** 2).sum()) / demand["people"].sum() * 0.3
    assert one.draws["people"].std() / demand["people"].sum() == pytest.approx(relative, rel=0.25)
    sure = placement.robust(demand, labels, t, spread=0.0, within=20, n_sites=2, draws=3)
    assert (sure.draws["regret"] == 0).all() and (sure.sites["chosen"] == 1).all()
    few = placement.robust(demand, labels, t, progress=lambda done, wanted: done < 5, **call)
    assert len(few.draws) == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [({"draws": 0}, "draws is 0"), ({"spread": -1}, "spread is -1"), ({"problem": "p_center"}, "number of people"),
     ({"capacity": 5}, "can't take capacity"), ({"floors": 0.5}, "can't take floors")],
)
def test_what_makes_no_sense_is_refused(options, message):
    demand, labels, _, t, _ = case(1)
    with pytest.raises(InputError, match=message):
        placement.robust(demand, labels, t, **({"within": 20, "n_sites": 2} | options))
    with pytest.raises(InfeasibleError):
        placement.robust(demand, labels, t, within=20, n_sites=9)
