"""Placement along lines whose lengths are worked out in the loops, against brute force and against tables."""

from __future__ import annotations

import threading
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.analysis import placement, travel
from jitasa_analytics.analysis.placement import (
    center_kernels,
    line_centers,
    line_dual,
    line_medians,
    line_radii,
    line_tree,
    task,
)
from jitasa_analytics.analysis.placement.beside import beside
from jitasa_analytics.analysis.placement.covering import Rows
from jitasa_analytics.errors import InputError


@pytest.fixture(autouse=True)
def as_large(monkeypatch):
    """Every problem is too large for a table, and its tree is deep."""
    monkeypatch.setattr(task, "_TABLE", 0)
    monkeypatch.setattr(line_tree, "_LEAF", 5)
    monkeypatch.setattr(line_medians, "_COARSE_ROWS", 8)
    monkeypatch.setattr(line_medians, "_GATHERED", (4, 2))
    monkeypatch.setattr(line_medians, "_LEAST_ACTIVE", 4)
    monkeypatch.setattr(line_medians, "_ACTIVE", 2)


def case(seed: int):
    """Points on the ground (even seeds) or in the plane, some where nobody lives."""
    rng = np.random.default_rng(seed)
    n, m, p = int(rng.integers(9, 40)), int(rng.integers(5, 11)), int(rng.integers(1, 5))
    low, high, names = ((97.5, 6.0), (105.5, 20.0), ["lon", "lat"]) if seed % 2 == 0 else (
        (0, 0), (300, 500), ["x_km", "y_km"])
    a, b = (pd.DataFrame(rng.uniform(low, high, (k, 2)), columns=names) for k in (n, m))
    if seed % 3 == 0:
        a.iloc[:3] = b.iloc[:3].to_numpy()
    a["people"] = rng.integers(0, 40, n)
    some = rng.permutation(m).tolist()
    return a, b, {"n_sites": p, "fixed": some[: int(rng.integers(0, p + 1))] if seed % 4 == 0 else [],
                  "forbidden": some[p + 1 :][:2] if seed % 5 == 0 else []}


def plans(m: int, n_sites: int, fixed: list[int], forbidden: list[int]):
    allowed = [j for j in range(m) if j not in forbidden]
    return [list(plan) for plan in combinations(allowed, n_sites) if set(fixed) <= set(plan)]


def test_median_equals_brute_force():
    near = 0
    for seed in range(40):
        a, b, options = case(seed)
        lines = travel.any_distance(a, b, detour=1.3, speed_kmh=40 if seed % 7 else None)
        costs, people = lines.table().dense(), a["people"].to_numpy(float)
        best = min(people @ costs[:, plan].min(axis=1) for plan in plans(len(b), **options))
        plan = placement.p_median(a, b, lines, gap=0.05, time_limit=1.0, seed=seed, **options)
        assert plan.bound <= best * (1 + 1e-12) <= plan.objective * (1 + 1e-11), seed
        assert plan.history["bound"].max() <= best * (1 + 1e-12), seed
        chosen = list(plan.sites.index)
        assert set(options["fixed"]) <= set(chosen) and len(chosen) == options["n_sites"]
        assert plan.objective == pytest.approx(people @ costs[:, chosen].min(axis=1), rel=1e-12)
        assert plan.assignments["cost"].to_numpy() == pytest.approx(costs[:, chosen].min(axis=1), rel=1e-12)
        near += plan.gap <= 0.05
    assert near >= 36


def test_multipliers_prove_what_no_plan_is_below_though_few_candidates_raise_them():
    for seed in range(12):
        rng = np.random.default_rng(seed)
        places, sites = rng.uniform(0, 100, (60, 3)), rng.uniform(0, 100, (12, 3))
        people, fixed, p = rng.integers(1, 9, 60).astype(float), np.arange(12) == seed, 4
        km = np.linalg.norm(places[:, None] - sites[None], axis=2)
        best = min(people @ km[:, plan].min(axis=1)
                   for plan in combinations(range(12), p) if fixed.sum() == fixed[list(plan)].sum())
        choice = line_dual.Choice(sites, fixed, p, 0.0)
        active = choice.spread(5)
        assert fixed[active].sum() == fixed.sum() and len(active) < 12
        tree = line_tree.tree_of(places, people)
        state = line_dual.Ascent(tree, choice, np.full(60, 5.0), active, 0.05)
        began = state.bound
        for _ in range(15):
            state.climb(20, 1.005 * best, np.inf)
            assert state.bound <= best * (1 + 1e-12)
        saved = np.minimum(km[tree.names] - state.mu[:, None], 0.0)
        rho = tree.people @ saved
        least = np.sort(rho[~fixed])[: p - fixed.sum()].sum() + rho[fixed].sum()
        assert state.bound == pytest.approx(tree.people @ state.mu + least, rel=1e-9)
        assert began < 0.5 * best and state.bound > 0.97 * best, seed
        assert fixed[state.often()].sum() == fixed.sum()
        around = state.at(places)
        assert (around >= state.mu.min() - 1e-9).all() and (around <= state.mu.max() + 1e-9).all()
        assert state.at(tree.points[:1]) == pytest.approx(state.mu[:1], rel=0.1)


def test_center_equals_brute_force(monkeypatch):
    monkeypatch.setattr(line_centers, "_CORE", 12)
    monkeypatch.setattr(line_centers, "_PROOF", 5)
    near = 0
    for seed in range(40):
        a, b, options = case(seed)
        lines = travel.any_distance(a, b, detour=1.3, speed_kmh=40 if seed % 7 else None)
        costs, lived = lines.table().dense(), a["people"].to_numpy() > 0
        best = min(costs[lived][:, plan].min(axis=1).max() for plan in plans(len(b), **options))
        plan = placement.p_center(a, b, lines, gap=0.05, time_limit=1.0, seed=seed, **options)
        assert plan.bound <= best * (1 + 1e-12) <= plan.objective * (1 + 1e-11), seed
        assert plan.history["bound"].max() <= best * (1 + 1e-12), seed
        chosen = list(plan.sites.index)
        assert set(options["fixed"]) <= set(chosen) and len(chosen) == options["n_sites"]
        assert not set(options["forbidden"]) & set(chosen)
        assert plan.objective == pytest.approx(costs[lived][:, chosen].min(axis=1).max(), rel=1e-12)
        near += plan.gap <= 0.05
    assert near >= 30, near


def within(places, sites, radius: float) -> Rows:
    near = np.linalg.norm(places[:, None] - sites[None], axis=2) <= radius
    return Rows(np.concatenate([[0], np.cumsum(near.sum(axis=1))]).astype(np.int64), np.nonzero(near)[1], len(sites))


def smallest(places, sites, p: int) -> float:
    km = np.linalg.norm(places[:, None] - sites[None], axis=2)
    return min(km[:, plan].min(axis=1).max() for plan in combinations(range(len(sites)), p))


def test_exchanges_find_the_cover_that_there_is_and_leave_bare_where_there_is_none():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        places, sites, p = rng.uniform(0, 100, (50, 3)), rng.uniform(0, 100, (14, 3)), int(rng.integers(1, 5))
        best = smallest(places, sites, p)
        for radius, there_is in ((best * (1 + 1e-9), True), (best * (1 - 1e-9), False)):
            rows = within(places, sites, radius)
            chosen, weight = np.arange(p), np.ones(50, np.int64)
            left, steps = center_kernels.exchange_sites(
                rows.start, rows.index, *rows.columns, chosen, weight, 3000, 2, seed)
            bare = np.linalg.norm(places[:, None] - sites[chosen][None], axis=2).min(axis=1) > radius
            assert len(np.unique(chosen)) == p and left == bare.sum(), seed
            assert (left == 0) is there_is and (steps < 3000 or not there_is), seed
            assert weight.min() >= 1


def test_a_radius_that_is_called_too_small_is_and_places_that_matter_are_found(monkeypatch):
    monkeypatch.setattr(line_radii, "_TAKEN", 5)
    for seed in range(12):
        rng = np.random.default_rng(seed)
        places, sites, p = rng.uniform(0, 100, (60, 3)), rng.uniform(0, 100, (14, 3)), int(rng.integers(1, 5))
        best, low = smallest(places, sites, p), 0.0

        def rows(some, radius, places=places, sites=sites):
            return within(places[some], sites, radius)

        proof = line_radii.Proof(lambda some, radius: some, rows, line_tree.tree_of(places, np.ones(60)), sites,
                                 np.arange(4), p, 0, lambda: 60.0)
        high = best * 1.2
        for _ in range(40):
            low, found = proof.turn(low, high)
            assert low < best, seed
            if found is not None:  # they serve the places looked at
                way = np.linalg.norm(places[:, None] - sites[found][None], axis=2).min(axis=1)
                assert len(found) <= p and way.max() >= best * (1 - 1e-12)
                high = min(high, way.max())
        assert low > 0.9999 * best and high == pytest.approx(best), seed


def test_covers_and_limits_make_a_table_of_lines():
    a, b, _ = case(2)
    lines = travel.any_distance(a, b)
    table = travel.straight_line(a, b, max_km=3000)
    for name, options in (("max_cover", {"within": 250, "n_sites": 3}), ("set_cover", {"within": 400}),
                          ("p_median", {"n_sites": 3, "cost": pd.Series(1.0, b.index), "budget": 3.0})):
        one = getattr(placement, name)(a, b, lines, **options)
        other = getattr(placement, name)(a, b, table, **options)
        assert one.objective == pytest.approx(other.objective, rel=1e-12)
        pd.testing.assert_frame_equal(one.sites, other.sites)


def test_a_line_through_the_ground_is_never_longer_than_the_way_on_it():
    rng = np.random.default_rng(1)
    a, b = (pd.DataFrame({"lon": rng.uniform(-180, 180, 300), "lat": rng.uniform(-90, 90, 300)}) for _ in range(2))
    b.iloc[:100] = a.iloc[:100].to_numpy() + rng.normal(0, 1e-6, (100, 2))
    b["lat"] = b["lat"].clip(-90, 90)
    lines = travel.any_distance(a, b)
    chord = np.linalg.norm(lines.starts[:, None] - lines.ends[None], axis=2)
    assert (chord - lines.blur <= lines.table().dense()).all()


def test_the_nearest_sites_are_those_of_the_table():
    a, b, _ = case(0)
    lines = travel.any_distance(a, b)
    chosen = np.arange(1, len(b))
    found, costs = lines.near(chosen, 2).dense(), lines.table().dense()[:, 1:]
    assert np.sort(found, axis=1)[:, :2] == pytest.approx(np.sort(costs, axis=1)[:, :2], rel=1e-12)
    assert (np.isfinite(found).sum(axis=1) == 2).all()


def test_too_many_pairs_are_refused_with_a_way_out():
    far = pd.DataFrame({"x_km": np.arange(9000.0), "y_km": 0.0})
    lines = travel.any_distance(far, far)
    with pytest.raises(InputError, match="too many pairs"):
        lines.table()
    assert lines.table(1.0).n_pairs == 9000 + 2 * 8999


def test_whoever_listens_is_asked_while_a_proof_goes_on():
    asked, ended = [], threading.Event()

    def ask():
        asked.append(1)
        ended.set()

    assert beside(lambda: None, lambda: ended.wait(30), ask) is True
    assert asked
