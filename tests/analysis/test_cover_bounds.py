"""The parts of the proof: reductions keep the best value, and every bound and every fixing is right."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.sparse import csr_array

from jitasa_analytics.analysis.placement import cover as covering
from jitasa_analytics.analysis.placement import search


def random_cover(seed):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 12)), int(rng.integers(2, 9))
    reach = rng.random((n, m)) < rng.uniform(0.1, 0.6)
    weights = rng.integers(0, 30, n).astype(float)
    return covering.problem(weights, csr_array(reach), int(rng.integers(1, m)))


def every_value(cover):
    """Value of each choice of at most n_open columns, by the names of the columns."""
    m = len(cover.columns)
    return {
        frozenset(cover.columns[list(chosen)].tolist()): cover.value(chosen)
        for k in range(min(cover.n_open, m) + 1)
        for chosen in combinations(range(m), k)
    }


def test_reduction_keeps_the_best_value():
    shrunk = 0
    for seed in range(100):
        cover = random_cover(seed)
        small = cover.reduced()
        shrunk += small.reach.shape < cover.reach.shape
        best = max(every_value(cover).values())
        choices = every_value(small)
        assert max(choices.values()) == best
        # A choice in the small problem is worth the same in the large one.
        for names, value in choices.items():
            assert cover.value(sorted(names)) == value
    assert shrunk > 40


def test_rows_with_the_same_columns_are_one_group():
    rng = np.random.default_rng(0)
    for _ in range(60):
        table = rng.random((int(rng.integers(1, 40)), int(rng.integers(1, 5)))) < 0.4
        first, group = covering._groups(csr_array(table))
        rows = [tuple(row) for row in table]
        assert [rows[f] for f in first] == list(dict.fromkeys(rows))
        assert [rows[first[g]] for g in group] == rows


def test_opening_columns_moves_their_weight_to_the_base():
    for seed in range(60):
        cover = random_cover(seed)
        rest = cover.opened([1])
        for names, value in every_value(rest).items():
            assert value == cover.value([1, *names])


@pytest.mark.parametrize("search_too", [True, False])
def test_multipliers_prove_what_they_say(search_too, monkeypatch):
    if not search_too:  # a bad plan to compare with leaves more that may be wrong
        monkeypatch.setattr(search, "swapped", lambda cover, chosen, **_: chosen)
    settled = 0
    for seed in range(150):
        cover = random_cover(seed)
        start = search.greedy(cover) if search_too else np.arange(cover.n_open)
        proof = search.certify(
            cover, start, tighten=lambda bound: float(np.floor(bound + 1e-6)),
            enough=lambda value, bound: False, seconds_left=lambda: 1.0, rounds=1 + seed % 40,
        )
        values = every_value(cover)
        best = max(values.values())
        assert cover.value(start) <= proof.value == cover.value(proof.chosen) <= best <= proof.bound
        useless = set(cover.columns[proof.useless].tolist())
        needed = set(cover.columns[proof.needed].tolist())
        settled += len(useless) + len(needed)
        for names, value in values.items():
            if value > proof.value:
                assert not names & useless and needed <= names
    assert settled > 50


def test_settled_columns_are_settled_for_any_multipliers_and_any_value():
    settled = 0
    for seed in range(300):
        cover = random_cover(seed)
        rng = np.random.default_rng(seed)
        values = every_value(cover)
        value = sorted(values.values())[int(rng.integers(len(values)))]
        useless, needed = search._settled(cover, cover.weights * rng.random(len(cover.weights)), value, float)
        settled += int(useless.sum() + needed.sum())
        for names, worth in values.items():
            if worth > value + 1e-9:
                assert not names & set(cover.columns[useless].tolist())
                assert names >= set(cover.columns[needed].tolist())
    assert settled > 20


def test_swaps_only_improve():
    for seed in range(100):
        cover = random_cover(seed)
        start = np.arange(cover.n_open)
        better = search.swapped(cover, start)
        assert cover.value(better) >= cover.value(start) and len(set(better.tolist())) == cover.n_open
        assert start.tolist() == list(range(cover.n_open))


def test_greedy_is_at_least_its_guarantee():
    # Nemhauser, Wolsey & Fisher (1978): greedy covers at least 1 - 1/e of the best.
    for seed in range(100):
        cover = random_cover(seed)
        assert cover.value(search.greedy(cover)) >= (1 - np.exp(-1)) * max(every_value(cover).values()) - 1e-9
