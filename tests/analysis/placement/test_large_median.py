"""The way of large p-median problems, on problems small enough to know the answer."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.analysis import placement, travel
from jitasa_analytics.analysis.placement import median_lists, median_solver
from jitasa_analytics.errors import InfeasibleError


@pytest.fixture
def as_large(monkeypatch):
    """Every problem counts as large, and lists are cut short, so that bounds rest on what was left out."""
    monkeypatch.setattr(median_solver, "_COARSE_ROWS", 4)
    monkeypatch.setattr(median_solver, "LARGE", 10)
    monkeypatch.setattr(median_lists, "LARGE", 10)
    monkeypatch.setattr(median_solver, "_SHRINK", 3)
    monkeypatch.setattr(median_solver, "_TRIED", 1)


def best(costs: np.ndarray, people: np.ndarray, p: int, fixed: set[int], forbidden: set[int]) -> float | None:
    """By trying everything; places that no allowed candidate reaches aren't counted."""
    m = costs.shape[1]
    allowed = [j for j in range(m) if j not in forbidden]
    must = np.isfinite(costs[:, allowed]).any(axis=1) & (people > 0)
    values = [float(people[must] @ way[must]) for plan in combinations(allowed, p) if fixed <= set(plan)
              and np.isfinite((way := costs[:, plan].min(axis=1))[must]).all()]
    return min(values) if values else None


@pytest.mark.parametrize("reach", [0.3, 1.2])
def test_equals_brute_force(as_large, monkeypatch, reach):
    monkeypatch.setattr(median_solver, "_REACH", reach)
    proven = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n, m, p = int(rng.integers(12, 50)), int(rng.integers(6, 12)), int(rng.integers(1, 5))
        a, b = rng.uniform(0, 100, (n, 2)), rng.uniform(0, 100, (m, 2))
        costs = np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1))
        if seed % 3 == 0:
            costs = np.where(costs > 70, np.inf, costs)
        elif seed % 3 == 1:
            costs = np.floor(costs / 10)
        people = rng.integers(0, 30, n).astype(float)
        some = rng.permutation(m)
        fixed = set(some[: int(rng.integers(0, p + 1))].tolist()) if seed % 4 == 0 else set()
        forbidden = set(some[p + 2 :].tolist()[:2]) if seed % 5 == 0 else set()
        wanted = best(costs, people, p, fixed, forbidden)
        call = (pd.DataFrame({"people": people}), range(m), travel.from_matrix(costs))
        options = {"n_sites": p, "fixed": sorted(fixed), "forbidden": sorted(forbidden), "gap": 0.0, "time_limit": 1e9}
        if wanted is None:
            with pytest.raises(InfeasibleError):
                placement.p_median(*call, **options)
            continue
        plan = placement.p_median(*call, **options)
        assert plan.bound <= wanted * (1 + 1e-9) and plan.objective >= wanted * (1 - 1e-9), seed
        assert plan.history["bound"].max() <= wanted * (1 + 1e-9), seed
        if plan.status == "optimal":
            proven += 1
            assert plan.objective == pytest.approx(wanted, rel=1e-8), seed
    assert proven >= 45


def test_a_place_whose_list_is_cut_is_still_served_and_counted(as_large, monkeypatch):
    monkeypatch.setattr(median_solver, "_REACH", 0.01)
    rng = np.random.default_rng(0)
    costs = rng.uniform(1, 100, (40, 9))
    demand = pd.DataFrame({"people": 1.0}, index=range(40))
    plan = placement.p_median(demand, range(9), travel.from_matrix(costs), n_sites=2, gap=0.0)
    chosen = list(plan.sites.index)
    assert plan.objective == pytest.approx(costs[:, chosen].min(axis=1).sum())
    assert len(plan.assignments) == 40
