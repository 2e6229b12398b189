"""Most people with n sites: on paper, against every possible choice, and with a bound that holds."""

from __future__ import annotations

import functools
import math
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.analysis import placement, travel
from jitasa_analytics.analysis.placement import cover_solver, exact, search
from jitasa_analytics.errors import InfeasibleError, InputError
from tests import oracles, town

INF = float("inf")


def solve(**options):
    return placement.max_cover(
        town.demand(), town.supply(), town.minutes(), **({"within": 30, "n_sites": 2} | options)
    )


def case(seed: int, *, n: int = 9, m: int = 7, whole: bool = True):
    """A random small problem: table of costs, people, number of sites, fixed and forbidden columns."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, n + 1)), int(rng.integers(1, m + 1))
    costs = rng.choice([0.0, 10.0, 20.0, 30.0, 31.0, INF], (n, m), p=[0.1, 0.1, 0.1, 0.1, 0.1, 0.5])
    people = rng.integers(0, 50, n) if whole else rng.exponential(10, n) * 10.0 ** rng.integers(-6, 7)
    p = int(rng.integers(1, m + 1))
    some = rng.permutation(m)
    n_fixed = int(rng.integers(0, p + 1)) if rng.random() < 0.4 else 0
    n_forbidden = int(rng.integers(0, m - p + 1)) if rng.random() < 0.4 else 0
    fixed, forbidden = some[:n_fixed], some[p : p + n_forbidden]
    return costs, people, p, fixed.tolist(), forbidden.tolist()


def frames(costs, people):
    n, m = costs.shape
    demand = pd.DataFrame({"people": people}, index=[f"d{i}" for i in range(n)])
    candidates = pd.Index([f"c{j}" for j in range(m)])
    return demand, candidates, travel.from_matrix(costs, origins=demand, destinations=candidates)


def check(plan, demand, costs, people, p, fixed, forbidden, within=30.0):
    """The plan is one, it is worth what it says, and the bound is above the best of all plans."""
    columns = [int(label[1:]) for label in plan.sites.index]
    assert len(set(columns)) == p and set(fixed) <= set(columns) and not set(forbidden) & set(columns)
    assert plan.sites.index[plan.sites["fixed"]].tolist() == [f"c{j}" for j in sorted(fixed)]
    value = oracles.covered_people(people, costs, within, columns)
    assert plan.objective == pytest.approx(value, rel=1e-12)
    best = oracles.max_cover(people, costs, within, p, fixed, forbidden)
    slack = 1e-12 * max(1.0, best) if any(people != np.floor(people)) else 0.0
    assert plan.bound >= best - slack
    assert plan.bound >= plan.objective
    if plan.status == "optimal":
        assert plan.objective == pytest.approx(best, rel=2e-8)
        if not slack:
            assert plan.objective == best == plan.bound and plan.gap == 0.0
    # Every reached place goes to its cheapest chosen site; the people of the sites add up.
    for i, row in enumerate(costs):
        near = min((row[j] for j in columns), default=INF)
        found = plan.assignments[plan.assignments["demand"] == f"d{i}"]
        assert len(found) == (near <= within)
        if len(found):
            assert found["cost"].iloc[0] == near == row[int(found["site"].iloc[0][1:])]
    assert plan.sites["people"].sum() == pytest.approx(value)
    for label, only in plan.sites["people_only_here"].items():
        j = int(label[1:])
        others = [k for k in columns if k != j]
        assert only == pytest.approx(value - oracles.covered_people(people, costs, within, others), abs=1e-9 * value)
    return best


def solved(seed, whole=True, n=9, m=7, **options):
    costs, people, p, fixed, forbidden = case(seed, n=n, m=m, whole=whole)
    allowed = [j for j in range(costs.shape[1]) if j not in forbidden]
    demand, candidates, t = frames(costs, people)
    if not (costs[:, allowed] <= 30).any():
        with pytest.raises(InfeasibleError, match="no candidate reaches any demand"):
            placement.max_cover(demand, candidates, t, within=30, n_sites=p, forbidden=[f"c{j}" for j in forbidden])
        return None
    plan = placement.max_cover(
        demand, candidates, t, within=30, n_sites=p, fixed=[f"c{j}" for j in fixed],
        forbidden=[f"c{j}" for j in forbidden], **options,
    )
    check(plan, demand, costs, people, p, fixed, forbidden)
    unreachable = ~(costs[:, allowed] <= 30).any(axis=1)
    assert plan.params["unreachable_people"] == pytest.approx(people[unreachable].sum())
    assert plan.params["unreachable_places"] == unreachable.sum()
    return plan


@pytest.mark.parametrize("block", range(10))
def test_equals_brute_force(block):
    for seed in range(block * 40, block * 40 + 40):
        plan = solved(seed)
        assert plan is None or plan.status == "optimal"


def test_equals_brute_force_with_fractions_of_people():
    for seed in range(1000, 1080):
        plan = solved(seed, whole=False)
        assert plan is None or plan.status == "optimal"


@pytest.fixture
def blunt(monkeypatch):
    """No reduction, no search and no multipliers, so that branch and bound has to do all the work."""

    def nothing(cover, start, **_):
        none = np.zeros(len(cover.columns), bool)
        return search.Certificate(start, cover.value(start), INF, none, none)

    monkeypatch.setattr(cover_solver.Cover, "reduced", lambda self: self)
    monkeypatch.setattr(cover_solver.search, "certify", nothing)
    monkeypatch.setattr(cover_solver.search, "swapped", lambda cover, chosen, **_: chosen)
    monkeypatch.setattr(cover_solver.search, "greedy", lambda cover: np.arange(cover.n_open)[::-1])
    calls = []
    original = cover_solver.exact.maximise

    def counted(*args, **options):
        calls.append(1)
        return original(*args, **options)

    monkeypatch.setattr(cover_solver.exact, "maximise", counted)
    return calls


@pytest.mark.parametrize("whole", [True, False])
def test_branch_and_bound_alone_equals_brute_force(blunt, whole):
    for seed in range(2000, 2200):
        plan = solved(seed, whole=whole)
        assert plan is None or plan.status == "optimal"
    assert len(blunt) > 60  # else this test would have tested something else


def test_without_time_the_bound_still_holds_and_nothing_is_called_optimal_unproven():
    unproven = 0
    for seed in range(3000, 3150):
        plan = solved(seed, time_limit=0.0)
        unproven += plan is not None and plan.status == "time limit"
        assert plan is None or plan.status != "time limit" or plan.gap > 0
    hard = large(120, 60)
    plan = placement.max_cover(*hard, within=12, n_sites=6, time_limit=0.0)
    best = placement.max_cover(*hard, within=12, n_sites=6)
    assert best.status == "optimal" and plan.status == "time limit"
    assert plan.objective <= best.objective <= plan.bound


@pytest.mark.parametrize("gap", [0.01, 0.2])
def test_a_gap_that_is_asked_for_is_kept(gap):
    for seed in range(4000, 4060):
        plan = solved(seed, gap=gap)
        assert plan is None or (plan.status in ("optimal", "gap reached") and plan.gap <= gap)


@pytest.fixture
def weak(monkeypatch):
    """A search that finds bad plans, so that the bound can't hide behind a good one."""
    monkeypatch.setattr(cover_solver.Cover, "reduced", lambda self: self)
    monkeypatch.setattr(cover_solver.search, "swapped", lambda cover, chosen, **_: chosen)
    monkeypatch.setattr(search, "greedy", lambda cover: np.arange(cover.n_open)[::-1])


def test_the_bound_holds_beside_a_bad_plan(weak):
    bad = 0
    for seed in range(5000, 5120):
        plan = solved(seed, n=20, m=8, time_limit=0.0)  # check() compares its bound with the best of all plans
        bad += plan is not None and plan.gap > 0
    assert bad > 10


def test_a_bound_that_was_proven_is_passed_on_as_it_is(weak, monkeypatch):
    # Two sites with a place each, 1 person and 10: the bad plan takes the first, the best is 10.
    costs, people = np.array([[0.0, INF], [INF, 0.0]]), np.array([1, 10])

    def sharp(cover, start, **_):
        none = np.zeros(len(cover.columns), bool)
        return search.Certificate(start, cover.value(start), 10.0, none, none)

    monkeypatch.setattr(cover_solver.search, "certify", sharp)
    plan = placement.max_cover(*frames(costs, people), within=30, n_sites=1, time_limit=0.0)
    assert (plan.objective, plan.bound, plan.gap, plan.status) == (1.0, 10.0, 9.0, "time limit")


def test_an_interrupted_solver_gives_its_bound_and_no_more(blunt, monkeypatch):
    # The solver comes back with nothing but the start and a bound one above the best.
    met = 0
    for seed in range(6000, 6100):
        costs, people, p, *_ = case(seed)
        if not (costs <= 30).any():
            continue
        best = oracles.max_cover(people, costs, 30.0, p)

        def interrupted(program, *, start, best=best, **_):
            return exact.Outcome(start, best + 1.0, False, [(0.0, -INF, INF)])

        monkeypatch.setattr(cover_solver.exact, "maximise", interrupted)
        demand, candidates, t = frames(costs, people)
        plan = placement.max_cover(demand, candidates, t, within=30, n_sites=p)
        check(plan, demand, costs, people, p, [], [])
        if plan.method.endswith("(HiGHS)") and plan.gap > 0:
            met += 1
            assert plan.bound <= best + 1 and plan.status == "time limit"
            assert plan.history["bound"].is_monotonic_decreasing
    assert met > 10


def test_bounds_are_rounded_down_only_where_that_is_safe():
    rounded = cover_solver._rounded
    assert rounded(10.9, 1e-3, True) == 10.0
    assert rounded(11.0 - 1e-9, 1e-3, True) == 11.0  # an 11 that came out a little short
    assert rounded(10.9, 0.3, True) == pytest.approx(11.2)  # too uncertain to round
    assert rounded(10.9, 1e-3, False) == pytest.approx(10.901)


def large(n, m, seed=0):
    rng = np.random.default_rng(seed)
    demand = pd.DataFrame({"people": rng.integers(1, 1000, n)}, index=[f"d{i}" for i in range(n)])
    a, b = rng.uniform(0, 100, (n, 2)), rng.uniform(0, 100, (m, 2))
    costs = np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1))
    candidates = pd.Index([f"c{j}" for j in range(m)])
    return demand, candidates, travel.from_matrix(costs, origins=demand, destinations=candidates)


@pytest.mark.parametrize(("within", "n_sites"), list(town.MOST_COVERED))
def test_town_on_paper(within, n_sites):
    plan = solve(within=within, n_sites=n_sites)
    assert plan.objective == plan.bound == town.MOST_COVERED[within, n_sites]
    assert (plan.gap, plan.status) == (0.0, "optimal")


def test_town_tables_on_paper():
    # Two sites within 30: T has all that can be had (600); S is filled up, since it reaches 300 of
    # them and U nobody. A goes to S at 0, B (10) and C (20) to T; only C depends on T.
    plan = solve()
    assert plan.sites.to_dict("index") == {
        "S": {"fixed": False, "people": 100, "people_only_here": 0},
        "T": {"fixed": False, "people": 500, "people_only_here": 300},
    }
    assert plan.sites.index.name == "site_id"
    assert plan.assignments.to_dict("list") == {
        "demand": ["A", "B", "C"], "site": ["S", "T", "T"], "cost": [0.0, 10.0, 20.0],
    }
    assert plan.params["unreachable_people"] == 400 and plan.params["unreachable_places"] == 1
    assert plan.params["people"] == 1000 and plan.params["unit"] == "minutes"
    assert plan.seed == 0 and plan.method and list(plan.history) == ["seconds", "incumbent", "bound"]


def test_fixed_and_forbidden_on_paper():
    only_s = solve(n_sites=1, fixed=["S"])
    assert only_s.objective == 300 and only_s.sites["fixed"].tolist() == [True]
    both = solve(fixed=["U"])  # U reaches nobody within 30, but it exists: T beside it
    assert both.objective == 600 and list(both.sites.index) == ["T", "U"]
    assert both.sites["fixed"].tolist() == [False, True] and both.sites.loc["U", "people"] == 0
    without_t = solve(n_sites=1, forbidden=["T"])
    assert without_t.objective == 300 and list(without_t.sites.index) == ["S"]
    assert without_t.params["unreachable_people"] == 700  # C too has only T


def test_a_longer_radius_and_more_sites_never_cover_less():
    problem = large(80, 30)
    by_radius = [placement.max_cover(*problem, within=r, n_sites=4).objective for r in (2, 5, 10, 15, 25, 60)]
    by_sites = [placement.max_cover(*problem, within=12, n_sites=p).objective for p in (1, 2, 5, 10, 30)]
    assert by_radius == sorted(by_radius) and by_sites == sorted(by_sites)


def test_shuffled_rows_give_the_same_plan():
    # Thirty pairs of places that are all alike and 30 sites, of which each reaches one pair: any
    # plan is as good as any other, and only the order of rows could decide.
    demand = pd.DataFrame({"people": 1}, index=[f"d{i}" for i in range(60)])
    candidates = pd.Index([f"c{j}" for j in range(30)])
    costs = np.where(np.arange(60)[:, None] // 2 == np.arange(30), 15.0, INF)
    t = travel.from_matrix(costs, origins=demand, destinations=candidates)
    plan = placement.max_cover(demand, candidates, t, within=15, n_sites=4)
    assert plan.objective == 8
    rng = np.random.default_rng(0)
    for _ in range(3):
        rows, columns = rng.permutation(60), rng.permutation(30)
        other = placement.max_cover(
            demand.iloc[rows], candidates[columns], t.restrict(demand.index[rows], candidates), within=15, n_sites=4
        )
        assert set(other.sites.index) == set(plan.sites.index)
        pd.testing.assert_frame_equal(other.sites.loc[plan.sites.index], plan.sites)
        assert other.assignments["demand"].tolist() == [
            d for d in demand.index[rows] if d in set(plan.assignments["demand"])
        ]
        left, right = (a.set_index("demand")["site"].sort_index() for a in (other.assignments, plan.assignments))
        pd.testing.assert_series_equal(left, right)


def test_equal_columns_and_rows_change_nothing():
    demand, candidates, t = large(40, 15)
    once = placement.max_cover(demand, candidates, t, within=15, n_sites=3)
    twice = pd.concat([demand, demand.rename(index=lambda i: i + "'")])
    costs = np.tile(t.dense(), (2, 2))
    again = placement.max_cover(
        twice, range(30), travel.from_matrix(costs, origins=twice, destinations=range(30)), within=15, n_sites=3
    )
    assert again.objective == again.bound == 2 * once.objective


def test_the_same_call_gives_the_same_answer_also_side_by_side(capfd):
    problem = large(150, 80, seed=5)
    call = functools.partial(placement.max_cover, *problem, within=12, n_sites=8, seed=3)
    first = call()
    with ThreadPoolExecutor(2) as pool:
        others = list(pool.map(lambda _: call(), range(4)))
    for other in others:
        assert list(other.sites.index) == list(first.sites.index)
        assert (other.objective, other.bound, other.status) == (first.objective, first.bound, "optimal")
    assert capfd.readouterr().out == ""  # the solver stays silent
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(first)).sites, first.sites)


def test_history_never_gets_worse_and_ends_with_the_answer():
    plan = placement.max_cover(*large(200, 100, seed=2), within=12, n_sites=10)
    history = plan.history
    assert history["incumbent"].is_monotonic_increasing and history["bound"].is_monotonic_decreasing
    assert history["seconds"].is_monotonic_increasing
    assert history.iloc[-1][["incumbent", "bound"]].tolist() == [plan.objective, plan.bound]


def test_nobody_lives_there():
    plan = placement.max_cover(town.demand().assign(people=0), town.supply(), town.minutes(), within=30, n_sites=1)
    assert (plan.objective, plan.bound, plan.gap, plan.status) == (0.0, 0.0, 0.0, "optimal")


def test_inputs_stay_as_they_were():
    demand, candidates, t = town.demand(), town.supply(), town.minutes()
    placement.max_cover(demand, candidates, t, within=30, n_sites=2, fixed=["S"])
    pd.testing.assert_frame_equal(demand, town.demand())
    pd.testing.assert_frame_equal(candidates, town.supply())
    assert t.dense().tolist() == town.MINUTES


def test_labels_of_any_kind():
    costs = np.array([[1.0, INF], [INF, 1.0]])
    demand = pd.DataFrame({"people": [1, 2]}, index=[("x", 1), 2])  # not sortable
    plan = placement.max_cover(
        demand, [10, 9], travel.from_matrix(costs, origins=demand, destinations=[10, 9]), within=1, n_sites=1
    )
    assert plan.sites.index.tolist() == [9] and plan.assignments["demand"].tolist() == [2]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_sites": 4}, InfeasibleError, "only 3 candidates; use n_sites=3 or fewer"),
        ({"n_sites": 3, "forbidden": ["S"]}, InfeasibleError, r"only 2 candidates that aren't forbidden \(3 in all\)"),
        ({"n_sites": 1, "fixed": ["S", "T"]}, InfeasibleError, "2 sites are fixed.*use n_sites=2 or more"),
        ({"n_sites": 0}, InputError, "at least 1"),
        ({"n_sites": 1.5}, InputError, "whole number, not 1.5"),
        ({"n_sites": True}, InputError, "n_sites is True"),
        ({"fixed": ["X"]}, InputError, "fixed names what is no candidate: 'X'"),
        ({"forbidden": ["Y"]}, InputError, "forbidden names what is no candidate: 'Y'"),
        ({"fixed": ["S", "S"]}, InputError, "fixed has repeated labels: 'S'"),
        ({"fixed": "S"}, InputError, r"write \['S'\]"),
        ({"fixed": ["S"], "forbidden": ["S"]}, InputError, "'S' can't be fixed and forbidden"),
        ({"within": -1}, InputError, "within is -1"),
        ({"within": math.nan}, InputError, "within"),
        ({"gap": -0.1}, InputError, "gap is -0.1"),
        ({"time_limit": -1}, InputError, "time_limit is -1"),
        ({"seed": -1}, InputError, "seed is -1"),
        ({"seed": "x"}, InputError, "seed is 'x'"),
    ],
)
def test_options_that_cannot_be_are_named(options, error, message):
    with pytest.raises(error, match=message):
        solve(**options)


@pytest.mark.parametrize(
    ("demand", "candidates", "message"),
    [
        (town.demand().drop(columns="people"), town.supply(), "demand has no column 'people'"),
        (town.demand().assign(people=[1, 2, 3, -4]), town.supply(), r"negative at 'D' \(-4\)"),
        (town.demand().assign(people=[1, 2, 3, np.nan]), town.supply(), "missing or infinite at 'D'"),
        (town.demand().drop("A"), town.supply(), "travel.origins has labels that demand lacks: 'A'"),
        (town.demand().rename(index={"A": "Z"}), town.supply(), "demand has labels that travel.origins lacks: 'Z'"),
        (town.demand(), ["S", "T"], "travel.destinations has labels that candidates lacks: 'U'"),
        (town.demand(), ["S", "T", "T"], "candidates has repeated labels: 'T'"),
        (town.demand().iloc[:0], town.supply(), "demand has no rows"),
        (town.demand(), [], "candidates has no rows"),
    ],
)
def test_wrong_frames_are_named(demand, candidates, message):
    with pytest.raises(InputError, match=message):
        placement.max_cover(demand, candidates, town.minutes(), within=30, n_sites=1)


def test_no_reach_names_the_smallest_radius_that_helps():
    far = town.minutes().restrict(destinations=["U"])
    with pytest.raises(InfeasibleError, match=r"within 30 minutes; the nearest pair needs within=45 minutes"):
        placement.max_cover(town.demand(), ["U"], far, within=30, n_sites=1)
    with pytest.raises(InfeasibleError, match="at any cost"):
        placement.max_cover(
            town.demand(), ["V"], travel.from_matrix([[INF]] * 4, origins=town.demand(), destinations=["V"]),
            within=30, n_sites=1,
        )
    with pytest.raises(InputError, match="must be a Travel"):
        placement.max_cover(town.demand(), ["U"], town.MINUTES, within=30, n_sites=1)
