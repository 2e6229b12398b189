"""Weights: right at the boundary, zero beyond, and named apart."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from jitasa_analytics.analysis import decay
from jitasa_analytics.errors import InputError

ALL = [
    decay.step(30),
    decay.zones(),
    decay.gaussian(30),
    decay.gaussian_sigma(12, 30),
    decay.exponential(0.05, 30),
]


@pytest.mark.parametrize("weight", ALL, ids=lambda d: d.name)
def test_one_at_zero_never_rising_and_nothing_beyond_the_reach(weight):
    costs = np.linspace(0, 30, 301)
    values = weight(costs)
    assert values[0] == 1.0 and weight.reach == 30
    assert (np.diff(values) <= 0).all() and (values >= 0).all()
    assert weight([30.000001, 1e9, np.inf]).tolist() == [0.0, 0.0, 0.0]
    assert weight(7.0).shape == () and weight(costs.reshape(7, 43)).shape == (7, 43)
    assert weight.name and weight.unit == "minutes"
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(weight))(costs), values)


def test_boundary_is_within():
    assert decay.step(30)(30.0) == 1.0
    assert decay.zones()([10, 20, 30]).tolist() == [1.0, 0.68, 0.22]
    assert decay.gaussian_sigma(10, 30)(30.0) == pytest.approx(math.exp(-4.5))
    assert decay.exponential(0.1, 30)(30.0) == pytest.approx(math.exp(-3))
    assert decay.step(0)([0.0, 1e-9]).tolist() == [1.0, 0.0]


def test_the_two_gaussians_differ():
    # Dai at half the reach: (e^-1/8 - e^-1/2) / (1 - e^-1/2) = (0.8825 - 0.6065) / 0.3935 = 0.7014
    assert decay.gaussian(30)(15.0) == pytest.approx(0.7014, abs=1e-4)
    assert decay.gaussian(30)(30.0) == 0.0
    assert decay.gaussian_sigma(30, 60)(15.0) == pytest.approx(math.exp(-0.125))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: decay.step(-1), "minutes is -1"),
        (lambda: decay.step(math.inf), "minutes is inf"),
        (lambda: decay.zones([10, 20], [1]), "2 and 1"),
        (lambda: decay.zones([], []), "one weight for each"),
        (lambda: decay.zones([20, 10], [1, 0.5]), "ascend"),
        (lambda: decay.zones([10, 20], [0.5, 1]), "not rise"),
        (lambda: decay.zones([10], [1.5]), r"\[0, 1\]"),
        (lambda: decay.gaussian(0), "above 0"),
        (lambda: decay.gaussian_sigma(0, 10), "sigma is 0"),
        (lambda: decay.exponential(-0.1, 10), "beta is -0.1"),
    ],
)
def test_wrong_parameters_are_named(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_a_formula_that_gives_its_costs_back_changes_nothing():
    costs = np.array([0.0, 0.5, 3.0])
    costs.flags.writeable = False
    weight = decay.Decay("itself", 5.0, lambda cost: cost)
    assert weight(costs).tolist() == [0.0, 0.5, 1.0] and costs.tolist() == [0.0, 0.5, 3.0]
    mine = np.array([0.0, 2.0])
    assert weight(mine).tolist() == [0.0, 1.0] and mine.tolist() == [0.0, 2.0]
