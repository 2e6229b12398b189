"""The relaxed p-median problem by rows, and branching on it, on problems small enough to know the answer."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from jitasa_analytics.analysis import placement, travel
from jitasa_analytics.analysis.placement import median_branch
from jitasa_analytics.analysis.placement import median_kernels as kernels
from jitasa_analytics.analysis.placement.growing import Growing
from jitasa_analytics.analysis.placement.median_cuts import Relaxed
from jitasa_analytics.analysis.placement.median_kernels import FREE, OPEN, SHUT
from jitasa_analytics.analysis.placement.median_lists import Lists, listed


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Costs (inf where there is no pair), people, number of sites."""
    rng = np.random.default_rng(seed)
    n, m, p = int(rng.integers(8, 30)), int(rng.integers(5, 12)), int(rng.integers(1, 5))
    costs = rng.uniform(0, 100, (n, m))
    if seed % 3 == 0:
        costs = np.where(costs > 75, np.inf, costs)
    elif seed % 3 == 1:
        costs = np.floor(costs / 20)  # many are equal, and many are 0
    return costs, rng.integers(1, 30, n).astype(float), p


def lists_of(costs: np.ndarray, people: np.ndarray, most: int) -> Lists:
    place, site = np.nonzero(np.isfinite(costs))
    start = np.concatenate([[0], np.cumsum(np.bincount(place, minlength=len(costs)))]).astype(np.int64)
    return listed(people, start, site, costs[place, site], costs.shape[1], most)


def full_relaxation(costs: np.ndarray, people: np.ndarray, p: int, state: np.ndarray) -> float:
    """The textbook's relaxed problem with a column for each pair, by another solver's call."""
    n, m = costs.shape
    place, site = np.nonzero(np.isfinite(costs))
    k = len(place)
    equal = np.zeros((n + 1, m + k))
    equal[place, m + np.arange(k)] = 1.0
    equal[n, :m] = 1.0
    less = np.zeros((k, m + k))
    less[np.arange(k), m + np.arange(k)] = 1.0
    less[np.arange(k), site] = -1.0
    bounds = [(float(s == OPEN), float(s != SHUT)) for s in state] + [(0.0, 1.0)] * k
    found = linprog(np.concatenate([np.zeros(m), people[place] * costs[place, site]]), A_ub=less, b_ub=np.zeros(k),
                    A_eq=equal, b_eq=np.concatenate([np.ones(n), [p]]), bounds=bounds)
    return float(found.fun) if found.status == 0 else np.inf


def relaxed_value(relaxed: Relaxed, people: np.ndarray) -> float:
    while relaxed.solve(lambda: 1.0):
        rows, _ = relaxed.lacking()
        if rows == 0:
            return float(people @ relaxed.program.values[len(relaxed.names):])
    return np.inf


@pytest.mark.parametrize("seed", range(40))
def test_value_is_that_of_the_full_relaxation(seed):
    costs, people, p = drawn(seed)
    m = costs.shape[1]
    rng = np.random.default_rng(seed)
    state = np.full(m, FREE)
    some = rng.permutation(m)
    if seed % 2:
        state[some[0]] = SHUT
        state[some[1]] = OPEN
    lists = lists_of(costs, people, m)
    relaxed = Relaxed(lists, state, p, rng.uniform(0, 60, len(people)) * people)
    relaxed.settle(state)
    wanted = full_relaxation(costs, people, p, state)
    value = relaxed_value(relaxed, people)
    if not np.isfinite(wanted):
        assert value == np.inf
        return
    assert value == pytest.approx(wanted, rel=1e-7, abs=1e-6)
    # The multipliers prove no less than the vertex, and no more than the relaxed problem.
    multiplier = relaxed.multipliers()
    assert (multiplier >= 0).all() and (multiplier <= lists.cap).all()
    bound, _, _ = kernels.ascend(
        *lists.rows, *lists.sites, people, lists.cap, state, p, wanted, np.inf, multiplier.copy(), 1.0, 0.5, 8, 1,
        np.empty(len(people)), np.zeros(m), np.zeros(m))
    assert bound <= wanted + 1e-6
    if not np.isinf(costs).any():
        assert bound == pytest.approx(wanted, rel=1e-7, abs=1e-6)
    # Another decision from the same vertex, and back.
    free = some[-1]
    if p > int((state == OPEN).sum()) and np.isfinite(wanted):
        other = state.copy()
        other[free] = OPEN
        relaxed.settle(other)
        assert relaxed_value(relaxed, people) == pytest.approx(
            full_relaxation(costs, people, p, other), rel=1e-7, abs=1e-6)
        relaxed.settle(state)
        assert relaxed_value(relaxed, people) == pytest.approx(wanted, rel=1e-7, abs=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_lists_cut_short_only_lower_the_value(seed):
    costs, people, p = drawn(3 * seed + 2)
    state = np.full(costs.shape[1], FREE)
    wanted = full_relaxation(costs, people, p, state)
    for most in (1, 2, 4):
        lists = lists_of(costs, people, most)
        value = relaxed_value(Relaxed(lists, state, p, 20 * people), people)
        assert value <= wanted * (1 + 1e-7) + 1e-6


@pytest.fixture
def relaxed_at_once(monkeypatch):
    """No node is left to multipliers alone; says how many relaxed problems there were, and how many vertices."""
    count = {"problems": 0, "vertices": 0}
    monkeypatch.setattr(median_branch, "_FEW", 0)

    class Counted(Relaxed):
        def __init__(self, *arguments: object) -> None:
            count["problems"] += 1
            super().__init__(*arguments)

        def solve(self, left):
            count["vertices"] += 1
            return super().solve(left)

    monkeypatch.setattr(median_branch, "Relaxed", Counted)
    return count


def test_equals_brute_force(relaxed_at_once):
    for seed in range(150):
        costs, people, p = drawn(seed)
        rng = np.random.default_rng(seed)
        m = costs.shape[1]
        some = rng.permutation(m)
        fixed = set(some[: int(rng.integers(0, min(p, 2) + 1))].tolist()) if seed % 4 == 0 else set()
        forbidden = set(some[-2:].tolist()) if seed % 5 == 0 and p + 2 < m else set()
        allowed = [j for j in range(m) if j not in forbidden]
        must = np.isfinite(costs[:, allowed]).any(axis=1)
        values = [people[must] @ way[must] for plan in combinations(allowed, p) if fixed <= set(plan)
                  and np.isfinite((way := costs[:, plan].min(axis=1))[must]).all()]
        if not values:
            continue
        plan = placement.p_median(
            pd.DataFrame({"people": people}), range(m), travel.from_matrix(costs), n_sites=p, fixed=sorted(fixed),
            forbidden=sorted(forbidden), gap=0.0, time_limit=1e9)
        assert plan.status == "optimal", seed
        assert plan.objective == pytest.approx(min(values), rel=1e-9, abs=1e-9), seed
        assert plan.history["bound"].max() <= min(values) * (1 + 1e-9) + 1e-9, seed
    assert relaxed_at_once["problems"] > 20 and relaxed_at_once["vertices"] > 40


def test_a_larger_problem_is_the_same_with_and_without(relaxed_at_once, monkeypatch):
    rng = np.random.default_rng(5)
    costs = rng.integers(1, 40, (60, 60)).astype(float)  # no geometry: the relaxed problem is far from whole
    call = (pd.DataFrame({"people": 1}, index=range(60)), range(60), travel.from_matrix(costs))
    with_it = placement.p_median(*call, n_sites=6, gap=0.0)
    assert relaxed_at_once["problems"] > 0 and relaxed_at_once["vertices"] > 20
    monkeypatch.setattr(median_branch, "suits", lambda *_: False)
    without = placement.p_median(*call, n_sites=6, gap=0.0)
    assert with_it.status == without.status == "optimal"
    assert with_it.objective == with_it.bound == without.objective == without.bound


def test_rows_that_go_leave_the_vertex():
    """min a + b where a + 2b ≥ 2, 2a + b ≥ 2 and a ≥ 0.1 is 4/3; without the second row 1.05."""
    program = Growing(np.ones(2), np.zeros(2), np.full(2, np.inf))
    program.add(np.array([2.0, 2.0, 0.1]), np.full(3, np.inf), np.array([0, 2, 4, 5]),
                np.array([0, 1, 0, 1, 0], np.int32), np.array([1.0, 2.0, 2.0, 1.0, 1.0]))
    assert program.solve(lambda: 1.0) and program.values.sum() == pytest.approx(4 / 3)
    assert program.duals == pytest.approx([1 / 3, 1 / 3, 0.0])
    program.drop(np.array([False, False, True]))
    assert program.solve(lambda: 1.0) and program.values.sum() == pytest.approx(4 / 3)
    program.drop(np.array([False, True]))
    program.limit(np.array([0]), np.array([0.1]), np.array([np.inf]))
    assert program.solve(lambda: 1.0) and program.values == pytest.approx([0.1, 0.95])
    program.limit(np.array([1]), np.array([0.0]), np.array([0.2]))
    program.limit(np.array([0]), np.array([0.0]), np.array([1.0]))
    assert program.solve(lambda: 1.0) is False
    assert program.solve(lambda: 0.0) is None
