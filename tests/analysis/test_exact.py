"""The solver behind its door: right on paper, honest about time, and not believed unchecked."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from jitasa_analytics.analysis.placement import exact

OPTIONS = {"gap": 0.0, "absolute_gap": 1e-6, "tolerance": 1e-7, "time_limit": 30.0, "seed": 0}


def knapsack(gain, size, room, offset=0.0):
    n = len(gain)
    return exact.Program(
        np.array(gain, float), np.ones(n, bool), csr_array(np.array([size], float)),
        np.array([-np.inf]), np.array([float(room)]), offset,
    )


def test_a_knapsack_on_paper():
    # Room 10 for sizes 5, 4, 6, 3: 10 + 40 is too little beside 40 + 50 (4 + 6 = 10); offset 7.
    outcome = exact.maximise(knapsack([10, 40, 30, 50], [5, 4, 6, 3], 10, offset=7), **OPTIONS)
    assert outcome.values is not None and outcome.values.round().tolist() == [0, 1, 0, 1]
    assert outcome.finished and outcome.bound == pytest.approx(97)


def test_the_start_is_not_returned_in_place_of_the_optimum():
    # Seven sites, three of which may open; the fourth and the sixth reach everybody. Presolve sees
    # that at once, and a solver that then hands back the start claims 244 for a plan worth 189.
    reach = np.array([
        [0, 0, 1, 0, 1, 1, 1], [0, 1, 0, 1, 1, 0, 0], [1, 0, 0, 1, 1, 1, 0], [0, 1, 0, 1, 0, 0, 0],
        [0, 0, 0, 1, 1, 0, 0], [1, 1, 1, 0, 0, 1, 0], [1, 0, 1, 1, 1, 1, 1],
    ], float)
    matrix = csr_array(np.block([[-reach, np.eye(7)], [np.ones((1, 7)), np.zeros((1, 7))]]))
    program = exact.Program(
        np.array([0, 0, 0, 31, 0, 0, 0, 24, 47, 20, 45, 24, 25, 28], float), np.arange(14) < 7, matrix,
        np.full(8, -np.inf), np.array([0.0] * 7 + [3.0]),
    )
    start = np.array([1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 1], float)
    outcome = exact.maximise(program, start=start, **OPTIONS)
    assert outcome.values is not None
    assert program.gain @ outcome.values == pytest.approx(244) == outcome.bound


def test_out_of_time_is_said():
    rng = np.random.default_rng(0)
    size = rng.integers(1000, 9000, (5, 120))
    program = exact.Program(
        rng.integers(1000, 9000, 120).astype(float), np.ones(120, bool), csr_array(size.astype(float)),
        np.full(5, -np.inf), size.sum(axis=1) / 2.0,
    )
    outcome = exact.maximise(program, **(OPTIONS | {"time_limit": 0.05}))
    assert not outcome.finished
    if outcome.values is not None:
        assert outcome.bound > program.gain @ outcome.values


def test_no_bound_yet_is_infinite_whatever_its_sign():
    assert exact._proven(-np.inf) == np.inf == exact._proven(np.nan) and exact._proven(3.0) == 3.0
