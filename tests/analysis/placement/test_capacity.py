"""p-median with limited room beyond what can be tried: against the solver alone, and with a bound that holds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.analysis import placement, travel
from jitasa_analytics.analysis.placement import by_program, capacity_rest, capacity_solver
from jitasa_analytics.analysis.placement.task import prepare
from jitasa_analytics.errors import InfeasibleError


def case(seed: int, n: int, m: int, p: int, spare: float):
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0, 100, (n, 2)), rng.uniform(0, 100, (m, 2))
    costs = np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1))
    costs = np.where(rng.random(costs.shape) < 0.1, np.inf, costs)
    people = rng.integers(1, 60, n).astype(float)
    room = pd.Series(rng.uniform(0.8, 1.2, m) * people.sum() / p * spare)
    return pd.DataFrame({"people": people}), range(m), travel.from_matrix(costs), room


@pytest.mark.parametrize("split", [False, True])
def test_equals_the_program_alone(monkeypatch, split):
    monkeypatch.setattr(capacity_solver, "_SMALL", 0)  # bounds are raised to the end in small problems too
    solved = 0
    for seed in range(12):
        p = 2 + seed % 3
        *data, room = case(seed, 26 + seed, 9, p, 1.1 + 0.1 * (seed % 4))
        more = {"fixed": [3], "forbidden": [1]} if seed % 3 == 0 else {}
        options = {"n_sites": p, "capacity": room, "split": split, "gap": 0.0, "time_limit": np.inf} | more
        with monkeypatch.context() as patched:
            patched.setattr(capacity_solver, "suits", lambda task: False)
            try:
                alone = placement.p_median(*data, **options)
            except InfeasibleError:
                alone = None
        if alone is None:
            with pytest.raises(InfeasibleError):
                placement.p_median(*data, **options)
            continue
        plan = placement.p_median(*data, **options)
        assert plan.status == alone.status == "optimal" and plan.objective == pytest.approx(alone.objective)
        load = plan.assignments.groupby("site")["people"].sum()
        assert (load <= room[load.index] + 1e-6).all() and load.sum() == pytest.approx(data[0]["people"].sum())
        assert split or plan.assignments["demand"].is_unique
        solved += 1
    assert solved >= 8


def test_bound_holds_and_plans_keep_to_the_room_at_larger_size():
    demand, candidates, t, room = case(1, 300, 60, 12, 1.4)
    room[:] = room.mean()
    data = demand, candidates, t
    plan = placement.p_median(*data, n_sites=12, capacity=room, gap=0.02, time_limit=np.inf)
    shared = placement.p_median(*data, n_sites=12, capacity=room, gap=0.02, split=True, time_limit=np.inf)
    free = placement.p_median(*data, n_sites=12, gap=0.0)
    assert plan.gap <= 0.02 and shared.gap <= 0.02 and "Lagrangian" in plan.method
    # Sharing out and unlimited room can only help, and no bound may say otherwise.
    assert shared.bound <= plan.objective and free.objective <= shared.objective <= plan.objective * 1.02
    for one in (plan, shared):
        load = one.assignments.groupby("site")["people"].sum()
        assert (load <= room[load.index] + 1e-6).all() and load.sum() == pytest.approx(demand["people"].sum())


def test_cancelling_gives_the_plan_so_far_with_its_bound():
    *data, room = case(2, 60, 15, 4, 1.3)
    best = placement.p_median(*data, n_sites=4, capacity=room, gap=0.0)
    stopped = placement.p_median(*data, n_sites=4, capacity=room, gap=0.0,
                                 progress=lambda seconds, value, bound: not np.isfinite(value))
    assert stopped.status in ("cancelled", "optimal")
    assert stopped.bound <= best.objective <= stopped.objective


def test_sweeps_raise_a_bound_that_holds():
    """What multipliers prove after the sweeps is more than before, and no more than what the best plan takes."""
    for seed in range(4):
        *data, room = case(seed, 40, 12, 3, 1.3)
        options = {"n_sites": 3, "capacity": room, "gap": 0.0}
        best = placement.p_median(*data, **options)
        assert best.status == "optimal"
        given = prepare("p_median", *data, n_sites=3, within=None, fixed=(), forbidden=(), gap=0.0, time_limit=np.inf,
                        seed=0, progress=None, limits={"capacity": room})
        search = capacity_solver._Search(given)
        search.ascend(rounds=60)
        before = search.bound
        search.sweep()
        assert before < search.bound <= best.objective * (1 + 1e-9), seed
        assert search._fill(search.multiplier)[0] == search.bound


def test_what_no_better_plan_uses_is_left_out_and_nothing_else(monkeypatch):
    left, before, several = 0, 0, 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        p = 2 + seed % 3
        demand, candidates, t, room = case(seed, 18 + seed % 5, 8, p, 1.3)
        more = {"fixed": [3], "forbidden": [1]} if seed % 2 else {"fixed": (), "forbidden": ()}
        given = prepare("p_median", demand, candidates, t, n_sites=p, within=None, gap=0.0, time_limit=60.0, seed=0,
                        progress=None, limits={"capacity": room}, **more)
        alone = by_program.attempt(given, quiet=True)
        if alone.plan is None:
            continue
        best = given.worth(alone.plan)
        search = capacity_solver._Search(given)
        search.ascend(rounds=60)
        if seed % 4 == 0:  # any multipliers prove something
            search.multiplier = search.multiplier * rng.uniform(0.9, 1.1, len(search.multiplier))
        # Nothing but the value is known of the best plan: it has to be found in what is left.
        search.plan, given.watch.value = None, best * (1 + 1e-9)
        rest = search.reduced()
        found = by_program.attempt(rest, quiet=True)
        assert given.worth(found.plan) == pytest.approx(best)
        with monkeypatch.context() as patched:
            patched.setattr(capacity_rest.Filled, "_with", lambda self, row, *_: np.full(len(row), -np.inf))
            before += search.reduced().model.travel.n_pairs
        left, several = left + rest.model.travel.n_pairs, several + 1
    assert several > 25 and left < 0.95 * before
