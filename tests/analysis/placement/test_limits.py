"""What makes no sense is refused in words, and what can't be done says what would do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.analysis import placement, travel
from jitasa_analytics.errors import InfeasibleError, InputError
from tests import town

INF = float("inf")
ROOM = pd.Series({"S": 100.0, "T": 600.0, "U": 400.0})
PRICE = pd.Series({"S": 3.0, "T": 5.0, "U": 4.0})
DISTRICT = town.demand()["district"]


def call(problem: str, **options: object) -> placement.Placement:
    base: dict[str, object] = {} if problem == "set_cover" else {"n_sites": 2}
    if problem in ("set_cover", "max_cover"):
        base["within"] = 60
    return getattr(placement, problem)(town.demand(), town.supply(), town.minutes(), **(base | options))


@pytest.mark.parametrize(
    ("problem", "options", "message"),
    [
        ("p_median", {"floors": 0.5, "within": 30}, "floors was given without groups"),
        ("p_median", {"groups": DISTRICT, "within": 30}, "groups was given without floors"),
        ("p_median", {"floors": 0.5, "groups": DISTRICT}, "floors need within"),
        ("p_median", {"within": 30}, "within is only the reach that floors count"),
        ("p_center", {"floors": 0.5, "groups": DISTRICT}, "p_center serves every place"),
        ("set_cover", {"floors": 0.5, "groups": DISTRICT}, "set_cover serves every place"),
        ("set_cover", {"cost": PRICE, "budget": 5}, "drop budget"),
        ("p_median", {"capacity": ROOM, "backup": True}, "capacity and backup can't go together"),
        ("p_median", {"split": True}, "split was given without capacity"),
        ("p_median", {"today": ["S"]}, "today was given without max_moves"),
        ("p_median", {"max_moves": 1}, "max_moves was given without today"),
        ("p_median", {"max_moves": -1, "today": ["S"]}, "max_moves is -1"),
        ("p_median", {"budget": 5}, "budget was given without cost"),
        ("p_median", {"cost": PRICE}, "cost was given without budget"),
        ("p_median", {"n_sites": None}, "needs n_sites, or a budget"),
        ("p_median", {"capacity": ROOM.drop("S")}, "candidates has labels that capacity lacks: 'S'"),
        ("p_median", {"capacity": -1}, "capacity is -1"),
        ("p_median", {"capacity": ROOM.replace(100.0, np.nan)}, "capacity is missing, infinite or negative at 'S'"),
        ("max_cover", {"floors": {"west": 0.5}, "groups": DISTRICT}, "floors name groups that no place has: 'west'"),
        ("max_cover", {"floors": 80, "groups": DISTRICT}, "a floor is a share from 0 to 1"),
        ("max_cover", {"today": ["X"], "max_moves": 1}, "today names what is no candidate: 'X'"),
        ("p_median", {"radius": 5}, "p_median has no option 'radius'"),
        ("p_median", {"progress": 3}, "progress must be a callable"),
        ("p_median", {"backup": True, "floors": 0.1, "groups": DISTRICT, "within": 9}, "a floor on who is reached"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(problem, options, message):
    with pytest.raises(InputError, match=message):
        call(problem, **options)


@pytest.mark.parametrize(
    ("problem", "options", "message"),
    [
        # D has only U, and the others need S or T: two sites serve all, one doesn't.
        ("p_median", {"n_sites": 1}, "n_sites=2"),
        ("p_center", {"n_sites": 1}, "n_sites=2"),
        # A, B and C are 600 people; T has room for 500, S for none.
        ("p_median", {"capacity": ROOM.replace({600.0: 500.0, 100.0: 0.0})}, "n_sites|capacity|room for"),
        ("p_median", {"n_sites": None, "cost": PRICE, "budget": 6}, "budget=7"),  # S and U
        ("p_median", {"today": ["S", "T"], "max_moves": 0}, "max_moves=1"),
        # Within 60 U has B and D: 200 of north's 300 people, 400 of south's 700. S and U have all.
        ("max_cover", {"n_sites": 1, "floors": 0.6, "groups": DISTRICT}, "n_sites=2"),
    ],
)
def test_what_cannot_be_done_says_what_would_do(problem, options, message):
    with pytest.raises(InfeasibleError, match=message):
        call(problem, **options)


def test_town_with_limits_on_paper():
    # All four places with two sites: U for D, and T (30 + 2 × 10 + 3 × 20) or S (0, 2 × 30, 3 × 31).
    with_t = 100 * 30 + 200 * 10 + 300 * 20 + 400 * 45
    assert call("p_median", gap=0).objective == with_t == 29_000
    assert call("p_median", gap=0, n_sites=3).objective == with_t - 100 * 30
    assert call("p_center").objective == 45 and call("set_cover").objective == 2
    # T and U have room for all, U's 400 for D alone.
    full = call("p_median", gap=0, capacity=ROOM)
    assert full.objective == with_t and list(full.assignments) == ["demand", "site", "cost", "people"]
    # Room for half of each site: people are shared out, S takes whom T can't.
    half = call("max_cover", n_sites=2, capacity=ROOM / 2, split=True)
    assert half.objective == pytest.approx(300 + 200)
    # Two sites within 60 have A (S, T), B (S, T, U) and C (S, T).
    assert call("max_cover", backup=True).objective == 600
    assert call("max_cover", n_sites=None, cost=PRICE, budget=7).objective == 1000  # S and U
    assert call("set_cover", cost=PRICE).objective == 7


def large(n: int, m: int, seed: int = 0):
    rng = np.random.default_rng(seed)
    demand = pd.DataFrame({"people": rng.integers(1, 1000, n)}, index=[f"d{i}" for i in range(n)])
    a, b = rng.uniform(0, 100, (n, 2)), rng.uniform(0, 100, (m, 2))
    costs = np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1))
    candidates = pd.Index([f"c{j}" for j in range(m)])
    return demand, candidates, travel.from_matrix(costs, origins=demand, destinations=candidates)


@pytest.mark.parametrize(
    ("problem", "options"),
    [("p_median", {"n_sites": 12}), ("p_center", {"n_sites": 12}), ("set_cover", {"within": 12}),
     ("max_cover", {"within": 9, "n_sites": 12}), ("max_cover", {"within": 9, "n_sites": 12, "backup": True})],
)
def test_progress_is_told_and_may_stop_the_search(problem, options):
    data = large(200, 90)
    seen: list[tuple[float, float, float]] = []
    best = getattr(placement, problem)(*data, gap=0.0, progress=lambda *now: seen.append(now), **options)
    assert best.status == "optimal" and len(seen) >= 2
    assert [s for s, _, _ in seen] == sorted(s for s, _, _ in seen)
    sense = 1 if problem == "max_cover" else -1

    def stop(seconds: float, value: float, bound: float) -> bool:
        return not np.isfinite(value)  # stop at the first plan

    stopped = getattr(placement, problem)(*data, gap=0.0, progress=stop, **options)
    assert stopped.status in ("cancelled", "optimal")
    assert sense * (best.objective - stopped.objective) >= 0 and sense * (stopped.bound - best.objective) >= -1e-6
    again = getattr(placement, problem)(*data, gap=0.0, **options)
    assert list(again.sites.index) == list(best.sites.index) and again.objective == best.objective


@pytest.mark.parametrize("problem", ["p_median", "p_center", "set_cover"])
def test_without_time_the_bound_still_holds(problem):
    data = large(150, 60, seed=3)
    options = {"within": 14} if problem == "set_cover" else {"n_sites": 8}
    best = getattr(placement, problem)(*data, gap=0.0, **options)
    hasty = getattr(placement, problem)(*data, gap=0.0, time_limit=0.0, **options)
    assert best.status == "optimal"
    assert hasty.bound <= best.objective <= hasty.objective
    assert hasty.status == ("optimal" if hasty.gap == 0 else "time limit")
