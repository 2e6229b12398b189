"""Proofs of set cover and p-center against every possible choice, with the parts that only large problems use."""

from __future__ import annotations

import threading
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.analysis import placement, travel
from jitasa_analytics.analysis.placement import (
    beside,
    center_solver,
    covering,
    covering_blocks,
    covering_relaxed,
    covering_search,
    covering_solver,
    exact,
)
from jitasa_analytics.analysis.placement.covering_system import System, program, proven
from jitasa_analytics.analysis.placement.watch import Watch


def case(seed: int):
    """A random table of who covers whom, in which everybody can be covered; of half of them along a line."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(4, 22)), int(rng.integers(4, 12))
    if seed % 2:
        table = np.abs(rng.uniform(0, 10, n)[:, None] - rng.uniform(0, 10, m)) < rng.uniform(0.7, 2.0)
    else:
        table = rng.random((n, m)) < rng.uniform(0.12, 0.35)
    table[np.arange(n), rng.integers(0, m, n)] = True
    return table


def rows_of(table):
    place, site = np.nonzero(table)
    return covering.rows_of(place, site, *table.shape)


def fewest(table) -> int:
    m = table.shape[1]
    return next(k for k in range(m + 1) for some in combinations(range(m), k) if table[:, some].any(axis=1).all())


@pytest.fixture
def always_regions(monkeypatch):
    """Regions also where there are hardly any columns."""
    plain = covering_blocks.regions

    def small(rows, least=2):
        return plain(rows, 2)

    monkeypatch.setattr(covering_blocks, "regions", small)
    monkeypatch.setattr(covering_solver, "regions", small)
    return small


def test_regions_are_halves_of_halves_and_change_nothing():
    some = 0
    for seed in range(120):
        table = case(seed)
        rows = rows_of(table)
        areas = covering_blocks.regions(rows, 2)
        for one, two in zip(areas[::2], areas[1::2], strict=True):
            assert not set(one) & set(two) and abs(len(one) - len(two)) <= 1
        if areas:
            assert sorted(np.concatenate(areas[:2])) == list(range(rows.m))
        some += len(areas) > 4
        outcome = exact.maximise(
            program(System.of(rows), np.ones(rows.m), None, areas), gap=0.0, absolute_gap=0.5, tolerance=1e-7,
            time_limit=60, seed=0,
        )
        chosen = outcome.values[: rows.m] > 0.5
        assert table[:, chosen].any(axis=1).all() and chosen.sum() == fewest(table)
        for z, area in enumerate(areas):
            assert outcome.values[rows.m + z] == pytest.approx(chosen[area].sum())
    assert some > 60


def test_blocks_and_duals_never_prove_too_much(always_regions):
    sharper = 0
    for seed in range(150):
        table = case(seed)
        rows, best = rows_of(table), fewest(table)
        rng = np.random.default_rng(seed)
        relaxed = covering_relaxed.Relaxed(rows, lambda: 60.0)
        relaxed.linear()
        if seed % 2:
            relaxed.cut()
            relaxed.solve()
        system, dual, linear = System.of(rows).more(relaxed.cuts), np.zeros(0), 0.0
        if seed % 3 == 0:  # any multipliers prove something
            dual = rng.uniform(0, 1, system.n)
            linear = proven(system, dual)[0]
        else:
            system, dual, linear = relaxed.system, relaxed.dual, relaxed.bound
        label, count = covering_blocks.split(system, int(rng.integers(2, 9)))
        bound, union = covering_blocks.block_bound(
            system, dual, label, count, left=lambda: 60.0, nodes=1000, seed=0, workers=1 + seed % 2)
        assert linear - 1e-6 <= bound <= best + 1e-9
        # Of the rows, those that were in a block are covered.
        assert (system.sums(union.astype(float)) >= system.least).all()
        sharper += bound > linear + 1e-3
    assert sharper > 20


def test_a_cover_that_is_too_large_is_bettered_or_proven(always_regions):
    bettered = 0
    for seed in range(120):
        table = case(seed)
        searcher = covering_search.Searcher(rows_of(table), seed)
        if seed % 2:  # as bad as can be
            searcher.best = np.ones(table.shape[1], bool)
        before, best = searcher.size, fewest(table)
        found, bound = covering_solver._branch(searcher, None, seed, Watch(-1, 0.0, 60.0), 1)
        assert bound == best
        assert (found is None) == (before == best)
        if found is not None:
            assert found.sum() == best and table[:, found].any(axis=1).all()
            bettered += 1
    assert bettered > 40


@pytest.mark.parametrize("nodes", [500, covering_solver.MANY])  # without and with cutting planes
def test_whether_so_many_columns_do_is_answered_right(always_regions, monkeypatch, nodes):
    monkeypatch.setattr(covering_solver.Relaxed, "linear", lambda self, **_: None)  # all is left to branch and bound
    found, none = 0, 0
    for seed in range(80):
        table = case(seed)
        best = fewest(table)
        for most in range(max(best - 2, 0), best + 2):
            cover, ruled_out = covering_solver.within_number(
                rows_of(table), most, left=lambda: 60.0, work=0.0, seed=seed, nodes=nodes)
            assert ruled_out == (most < best)
            assert (cover is None) == (most < best)
            if cover is not None:
                assert len(set(cover)) <= most and table[:, cover].any(axis=1).all()
            found, none = found + (cover is not None), none + ruled_out
    assert found > 100 and none > 100


@pytest.mark.parametrize("small", [True, False])
def test_every_way_finds_the_best_cover_and_the_best_radius(always_regions, monkeypatch, small):
    monkeypatch.setattr(covering_solver, "_SMALL", 60_000 if small else 0)
    monkeypatch.setattr(covering_solver, "_BLOCKS", (3, 5, 8))
    if not small:
        monkeypatch.setattr(center_solver, "_CORE", 4)
        monkeypatch.setattr(center_solver, "_PROOF", 2)
    for seed in range(60):
        table = case(seed)
        n, m = table.shape
        costs = np.where(table, 1.0, 2.0 + np.random.default_rng(seed).integers(0, 4, table.shape))
        demand, way = pd.DataFrame({"people": 1}, index=range(n)), travel.from_matrix(costs)
        plan = placement.set_cover(demand, range(m), way, within=1.0, seed=seed, time_limit=5 if small else 0.3)
        assert plan.bound <= fewest(table) <= plan.objective
        if small:
            assert plan.status == "optimal"
        p = 1 + seed % min(4, m)
        center = placement.p_center(demand, range(m), way, n_sites=p, seed=seed, time_limit=5 if small else 0.3)
        radius = min(costs[:, some].min(axis=1).max() for some in combinations(range(m), p))
        assert center.bound <= radius <= center.objective
        if small:
            assert center.status == "optimal"


def test_two_things_at_once_end_together_and_keep_their_places():
    here: list[int] = []
    assert beside.beside(lambda: here.append(threading.get_ident()), threading.get_ident) != here[0]
    assert here == [threading.get_ident()]
    for workers in (1, 2, 5):
        assert beside.all_of([lambda k=k: k * k for k in range(7)], workers) == [k * k for k in range(7)]
    with pytest.raises(ZeroDivisionError):
        beside.beside(lambda: None, lambda: 1 // 0)
