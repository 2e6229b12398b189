"""A seed means one plan, however busy the machine is and however many threads there are."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.analysis import placement, travel
from jitasa_analytics.analysis.placement import median_lists, search

CASES = {
    "set_cover": {"within": 9.0},
    "max_cover": {"within": 9.0, "n_sites": 12, "gap": 0.001},
    "p_center": {"n_sites": 12},
    "p_median": {"n_sites": 12, "gap": 0.001},
}


def data(seed: int, n: int, m: int):
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0, 100, (n, 2)), rng.uniform(0, 100, (m, 2))
    costs = np.round(np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1)), 2)
    return pd.DataFrame({"people": rng.integers(1, 60, n)}), range(m), travel.from_matrix(costs)


@pytest.mark.parametrize("problem", CASES)
def test_a_slow_clock_and_one_thread_change_nothing(monkeypatch, problem):
    monkeypatch.setattr(median_lists, "LARGE", 1000)
    monkeypatch.setattr(search, "LARGE", 1000)
    case = data(3, 250, 70)

    def answer():
        plan = getattr(placement, problem)(*case, seed=5, time_limit=1e9, **CASES[problem])
        steps = list(plan.history[["incumbent", "bound"]].itertuples(index=False, name=None))
        return list(plan.sites.index), plan.objective, plan.bound, plan.status, steps

    quiet = answer()
    clock, looks = time.perf_counter, itertools.count()
    for processors, later in ((1, 0.0), (4, 3.0)):
        with monkeypatch.context() as patched:
            patched.setattr(median_lists.os, "cpu_count", lambda processors=processors: processors)
            # Every look at the clock finds it seconds later than the last one.
            patched.setattr(time, "perf_counter", lambda later=later: clock() + later * next(looks))
            assert answer() == quiet
