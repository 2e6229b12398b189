"""Plans along straight lines that are shaken and mended in place: values, limits, and the best of small problems."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from jitasa_analytics.analysis.placement.line_shake_kernels import line_shaken
from jitasa_analytics.analysis.placement.line_tree import tree_of


def drawn(seed: int, n: int, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places, people and candidates; some places stand on candidates, some candidates on each other."""
    rng = np.random.default_rng(seed)
    points, ends = rng.uniform(0, 300, (n, 3)), rng.uniform(0, 300, (m, 3))
    points[: m // 2] = ends[: m // 2]
    ends[-1] = ends[0]
    return points, rng.integers(1, 50, n).astype(float), ends


def shaken(points, people, ends, chosen, *, n_fixed=0, tries=60, most=3, around=6, far=0.5, seed=0) -> float:
    tree = tree_of(points, people)
    about = np.asarray(cKDTree(ends).query(ends, k=min(around, len(ends)))[1], np.int64)
    return float(line_shaken(*tree.rough, *tree.rough_sites(ends), n_fixed, about, np.ones(len(ends)), chosen, tries,
                             most, far, seed))


def ways(points, people, ends, chosen) -> float:
    return float(people @ np.linalg.norm(points[:, None] - ends[None, list(chosen)], axis=2).min(axis=1))


@pytest.mark.parametrize("seed", range(8))
def test_the_value_is_that_of_the_plan(seed):
    """After any number of tries, kept or taken back, what is said is what the sites are worth."""
    points, people, ends = drawn(seed, 900, 40)
    n_fixed = seed % 3
    begin = np.random.default_rng(seed).permutation(39)[:6].astype(np.int64)
    before = ways(points, people, ends, begin)
    for tries in (0, 1, 2, 7, 40):
        chosen = begin.copy()
        value = shaken(points, people, ends, chosen, n_fixed=n_fixed, tries=tries, seed=seed)
        assert value == pytest.approx(ways(points, people, ends, chosen), rel=1e-6)
        assert value <= before * (1 + 1e-6)
        assert (chosen[:n_fixed] == begin[:n_fixed]).all() and len(set(chosen.tolist())) == 6
        if tries == 0:
            assert (chosen == begin).all()
        again = begin.copy()
        assert shaken(points, people, ends, again, n_fixed=n_fixed, tries=tries, seed=seed) == value
        assert (again == chosen).all()


@pytest.mark.parametrize("far", [0.0, 0.5, 1.0])
def test_small_problems_come_to_their_best(far):
    for seed in range(6):
        points, people, ends = drawn(seed, 120, 12)
        p = 2 + seed % 3
        chosen = np.arange(p, dtype=np.int64)
        value = shaken(points, people, ends, chosen, tries=300, around=12, far=far, seed=seed)
        best = min(ways(points, people, ends, plan) for plan in combinations(range(12), p))
        assert value == pytest.approx(best, rel=1e-6), seed
