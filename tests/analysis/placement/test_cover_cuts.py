"""Cutting planes, first-order bounds and row weighting of set cover, against every possible choice."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.analysis import placement, travel
from jitasa_analytics.analysis.placement import (
    beside,
    covering,
    covering_cut_kernels,
    covering_cuts,
    covering_relaxed,
    covering_search,
    covering_solver,
    exact,
)
from jitasa_analytics.analysis.placement.covering_system import System, program, proven


def case(seed: int) -> np.ndarray:
    """A random table of who covers whom with two or three columns a row, where halves of columns cover well."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(8, 24)), int(rng.integers(6, 11))
    table = np.zeros((n, m), bool)
    for row in table:
        row[rng.choice(m, int(rng.integers(2, 4)), replace=False)] = True
    return table


def rows_of(table: np.ndarray) -> covering.Rows:
    place, site = np.nonzero(table)
    return covering.rows_of(place, site, *table.shape)


def fewest(table: np.ndarray) -> int:
    m = table.shape[1]
    return next(k for k in range(m + 1) for some in combinations(range(m), k) if table[:, some].any(axis=1).all())


def covers(table: np.ndarray) -> np.ndarray:
    """Every choice of columns that covers every row, as rows of zeros and ones."""
    every = np.array(list(product((0, 1), repeat=table.shape[1])))
    return every[(every @ table.T.astype(int) >= 1).all(axis=1)]


def odd_cycle(k: int) -> np.ndarray:
    """k rows around a table, a column between each two neighbours: halves cover them with k / 2 columns."""
    return np.array([[j in (i, (i + 1) % k) for j in range(k)] for i in range(k)])


@pytest.mark.parametrize("k", [3, 5, 7, 11])
def test_an_odd_cycle_is_closed_by_one_cutting_plane(k):
    relaxed = covering_relaxed.Relaxed(rows_of(odd_cycle(k)), lambda: 60.0)
    relaxed.linear()
    assert relaxed.bound == pytest.approx(k / 2)
    assert relaxed.cut()
    plane = relaxed.cuts
    # All columns count once and k // 2 + 1 of them are needed.
    assert any(
        least == k // 2 + 1 and set(plane.index[a:b]) == set(range(k)) and set(plane.value[a:b]) == {1}
        for a, b, least in zip(plane.start, plane.start[1:], plane.least, strict=False))
    relaxed.solve()
    assert covering.whole(relaxed.bound) == k // 2 + 1 == fewest(odd_cycle(k))


def test_halves_of_any_sums_are_kept_by_every_cover():
    for seed in range(60):
        table, rng = case(seed), np.random.default_rng(seed)
        system, every = System.of(rows_of(table)), covers(table)
        for _ in range(3):  # planes from rows, then from planes as well
            sets = [rng.choice(system.n, int(rng.integers(2, min(7, system.n))), replace=False) for _ in range(8)]
            start = np.concatenate([[0], np.cumsum([len(own) for own in sets])]).astype(np.int64)
            planes = System(*covering_cut_kernels.halved(
                system.start, system.index, system.value, system.least, system.m, start, np.concatenate(sets),
            ), system.m)
            for c, own in enumerate(sets):
                total = np.zeros(system.m, int)
                for i in own:
                    total[system.index[system.start[i] : system.start[i + 1]]] += (
                        system.value[system.start[i] : system.start[i + 1]])
                asked = -(-int(system.least[own].sum()) // 2)
                mine = np.zeros(system.m, int)
                a, b = planes.start[c], planes.start[c + 1]
                mine[planes.index[a:b]] = planes.value[a:b]
                assert planes.least[c] == asked and list(mine) == list(np.minimum(-(-total // 2), asked))
            for x in every:
                assert (planes.sums(x.astype(float)) >= planes.least).all()
            system = system.more(planes)


def test_planes_cut_off_the_point_that_they_were_found_for():
    found = 0
    for seed in range(80):
        table = case(seed)
        relaxed = covering_relaxed.Relaxed(rows_of(table), lambda: 60.0)
        relaxed.linear()
        planes = covering_cuts.violated(relaxed.active, relaxed.x, covering_cuts.THOROUGH, 1 + seed % 2)
        assert (planes.sums(relaxed.x) < planes.least - 0.5 * covering_cuts.THOROUGH.least + 1e-6).all()
        found += planes.n > 0
    assert found > 20


@pytest.mark.parametrize("quick", [False, True])
def test_no_round_proves_too_much(monkeypatch, quick):
    if quick:  # as large problems are solved: nearly, some rows and columns at first
        monkeypatch.setattr(covering_relaxed, "_FAST", 0)
        monkeypatch.setattr(covering_relaxed, "_BIG", 0)
        monkeypatch.setattr(covering_relaxed, "_FIRST", 3)
        monkeypatch.setattr(covering_relaxed, "_MORE", 4)
    sharper = closed = 0
    for seed in range(100):
        table = case(seed)
        relaxed = covering_relaxed.Relaxed(rows_of(table), lambda: 60.0)
        relaxed.linear()
        best, bounds = fewest(table), [relaxed.bound]
        linear = exact.relaxed_duals(program(
            System.of(rows_of(table)), np.ones(table.shape[1])), time_limit=60)[0].sum()
        assert linear - (0.05 if quick else 1e-6) <= bounds[0] <= linear + 1e-9
        for _ in range(6):
            if not relaxed.cut() or not relaxed.solve():
                break
            bounds.append(relaxed.bound)
            assert bounds[-2] <= bounds[-1] <= best
        # What is proven can be worked out again from the rows and the multipliers alone.
        assert proven(relaxed.system, relaxed.dual)[0] == relaxed.bound
        assert all((relaxed.system.sums(x.astype(float)) >= relaxed.system.least).all() for x in covers(table)[:50])
        sharper += bounds[-1] > bounds[0] + 1e-3
        closed += covering.whole(bounds[-1]) == best
    assert sharper > 15 and closed > 80


def test_polished_multipliers_prove_no_less_and_never_too_much():
    better = 0
    for seed in range(100):
        table, rng = case(seed), np.random.default_rng(seed)
        system = System.of(rows_of(table))
        dual = rng.uniform(0, 1, system.n) * rng.integers(0, 2, system.n)
        after = covering_cut_kernels.polished(
            system.start, system.index, system.value, system.least, system.m, dual, 10)
        assert proven(system, dual)[0] - 1e-9 <= proven(system, after)[0] <= fewest(table) and (after >= 0).all()
        better += proven(system, after)[0] > proven(system, dual)[0] + 0.1
    assert better > 50


def test_row_weighting_finds_the_fewest_columns():
    bettered = 0
    for seed in range(80):
        table = case(seed)
        searcher = covering_search.Searcher(rows_of(table), seed)
        searcher.best = np.ones(table.shape[1], bool)
        searcher.run(0.001, 0)
        assert table[:, searcher.best].any(axis=1).all() and searcher.size == fewest(table)
        first = covering_search.Searcher(rows_of(table), seed)
        assert table[:, first.best].any(axis=1).all()
        bettered += first.size > searcher.size
    assert bettered > 3


def test_cuts_and_blocks_end_with_the_best_plan_whatever_the_threads(monkeypatch):
    monkeypatch.setattr(covering_solver, "_FEW", 0)
    monkeypatch.setattr(covering_solver, "_BLOCKS", (4, 8, 12))
    for small in (60_000, 0):
        monkeypatch.setattr(covering_solver, "_SMALL", small)
        for seed in range(25):
            table = case(seed)
            demand = pd.DataFrame({"people": 1}, index=range(len(table)))
            way = travel.from_matrix(np.where(table, 1.0, 9.0))
            answers = []
            for processors in (1, 2):
                monkeypatch.setattr(beside.os, "cpu_count", lambda processors=processors: processors)
                plan = placement.set_cover(demand, range(table.shape[1]), way, within=1.0, seed=seed,
                                           time_limit=60 if small else 0.5)
                assert plan.bound <= fewest(table) == plan.objective
                answers.append((list(plan.sites.index), plan.bound if small else 0))
                if small:
                    assert plan.status == "optimal"
            assert answers[0] == answers[1]
