"""A seed means one plan, however busy the machine is and however many threads there are."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.analysis import placement, travel
from jitasa_analytics.analysis.placement import line_tree, median_lists, search, task, watch

CASES = {
    "set_cover": {"within": 9.0},
    "max_cover": {"within": 9.0, "n_sites": 12, "gap": 0.001},
    "p_center": {"n_sites": 12},
    "p_median": {"n_sites": 12, "gap": 0.001},
}


def places(seed: int, n: int, m: int):
    rng = np.random.default_rng(seed)
    return rng, rng.uniform(0, 100, (n, 2)), rng.uniform(0, 100, (m, 2))


def data(seed: int, n: int, m: int):
    rng, a, b = places(seed, n, m)
    costs = np.round(np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1)), 2)
    return pd.DataFrame({"people": rng.integers(1, 60, n)}), range(m), travel.from_matrix(costs)


def lines(seed: int, n: int, m: int):
    rng, a, b = places(seed, n, m)
    a, b = (pd.DataFrame(points, columns=["x_km", "y_km"]) for points in (a, b))
    return a.assign(people=rng.integers(1, 60, n)), b, travel.any_distance(a, b)


@pytest.mark.parametrize("problem", CASES)
def test_a_slow_clock_and_one_thread_change_nothing(monkeypatch, problem):
    monkeypatch.setattr(median_lists, "LARGE", 1000)
    monkeypatch.setattr(search, "LARGE", 1000)
    assert_same(monkeypatch, problem, data(3, 250, 70), CASES[problem])


@pytest.mark.parametrize(("problem", "gap"), [("p_median", 0.002), ("p_center", 0.02)])
def test_nor_where_lengths_are_worked_out_when_needed(monkeypatch, problem, gap):
    monkeypatch.setattr(task, "_TABLE", 0)
    monkeypatch.setattr(line_tree, "_LEAF", 10)
    monkeypatch.setattr(watch, "_MOST_WORK", 2.0)
    case = lines(3, 250, 70)
    plan = assert_same(monkeypatch, problem, case, {"n_sites": 12, "gap": gap})
    assert "lengths worked out when needed" in plan.method


def assert_same(monkeypatch, problem, case, options):
    """The same plan, bound and history, whatever the clock and the number of threads."""
    plans = []

    def answer():
        plan = getattr(placement, problem)(*case, seed=5, time_limit=1e9, **options)
        plans.append(plan)
        steps = list(plan.history[["incumbent", "bound"]].itertuples(index=False, name=None))
        return list(plan.sites.index), plan.objective, plan.bound, plan.status, steps

    quiet = answer()
    clock, looks = time.perf_counter, itertools.count()
    for processors, later in ((1, 0.0), (2, 0.0), (4, 3.0)):
        with monkeypatch.context() as patched:
            patched.setattr(median_lists.os, "cpu_count", lambda processors=processors: processors)
            # Every look at the clock finds it seconds later than the last one.
            patched.setattr(time, "perf_counter", lambda later=later: clock() + later * next(looks))
            assert answer() == quiet
    return plans[0]
