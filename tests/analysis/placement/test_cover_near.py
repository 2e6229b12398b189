"""Large covers are looked at in part most of the time: their bounds hold all the same, and threads change nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.analysis import placement
from jitasa_analytics.analysis.placement import search
from jitasa_analytics.analysis.travel import from_matrix


@pytest.fixture
def as_if_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small problems go the way of large ones, with twice as many columns in sight as are opened."""
    monkeypatch.setattr(search, "_MANY", 0)
    monkeypatch.setattr(search, "LARGE", 0)
    monkeypatch.setattr(search, "_NEAR", 2)


@pytest.mark.usefixtures("as_if_large")
@pytest.mark.parametrize("seed", range(12))
def test_bound_holds_and_the_plan_is_near_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    costs = random.uniform(0, 100, (40, 14))
    demand = pd.DataFrame({"people": random.integers(1, 90, 40)})
    p = int(random.integers(3, 6))
    best = max(float(demand["people"][(costs[:, list(open_)] <= 20).any(axis=1)].sum())
               for open_ in itertools.combinations(range(14), p))
    plan = placement.max_cover(demand, range(14), from_matrix(costs), within=20, n_sites=p, time_limit=0.4)
    assert plan.objective <= best <= plan.bound
    assert plan.objective >= 0.95 * best
    assert plan.status == "optimal" if plan.bound == plan.objective else plan.status == "time limit"


@pytest.mark.usefixtures("as_if_large")
def test_what_is_guessed_is_never_told_as_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no more columns in sight than are opened every guess is far too low."""
    monkeypatch.setattr(search, "_NEAR", 1)
    random = np.random.default_rng(3)
    costs = random.uniform(0, 100, (60, 20))
    demand = pd.DataFrame({"people": random.integers(1, 90, 60)})
    best = max(float(demand["people"][(costs[:, list(open_)] <= 15).any(axis=1)].sum())
               for open_ in itertools.combinations(range(20), 3))
    told: list[float] = []
    placement.max_cover(demand, range(20), from_matrix(costs), within=15, n_sites=3, time_limit=0.5,
                        progress=lambda _, __, bound: told.append(bound))
    assert told
    assert min(told) >= best
