"""Wishes of a planner, against every combination of a small country: musts, bans, money, room, floors, and stopping."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics import geo, texts
from jitasa_analytics.errors import InfeasibleError, InputError
from jitasa_analytics.store import Store
from jitasa_analytics.studies import progress
from tests.studies.road import LAT, ask, town

KM = {"km": 7, "detour": 1}


@pytest.fixture(scope="module")
def case():
    """A store's tables, who reaches whom, and who is served today."""
    rng = np.random.default_rng(4)
    tables = town()
    n, m = 24, 8
    lon = rng.uniform(101, 101.3, n)
    places = pd.DataFrame({"place_id": [f"p{i}" for i in range(n)], "lon": lon,
                           "lat": rng.uniform(LAT - 0.1, LAT + 0.1, n),
                           "area_code": np.where(lon < 101.15, "200101", "200201"),
                           "people": rng.integers(1, 300, n)})
    sites = pd.DataFrame({"candidate_id": [f"c{i}" for i in range(m)], "name": [f"site {i}" for i in range(m)],
                          "kind": "hall", "lon": rng.uniform(101, 101.3, m),
                          "lat": rng.uniform(LAT - 0.1, LAT + 0.1, m), "area_code": "200101",
                          "cost": [*rng.integers(1, 9, m - 1) * 1000.0, np.nan]})
    tables |= {"places": places, "candidates": sites}

    def near(points):
        return np.array([[geo.geodesic_km([a.lon], [a.lat], [b.lon], [b.lat])[0] <= 7.0
                          for b in points.itertuples()] for a in places.itertuples()])

    today = near(tables["facilities"].iloc[:2]).any(axis=1)
    return tables, near(sites), today


@pytest.fixture(scope="module")
def store(case, tmp_path_factory):
    made = Store(tmp_path_factory.mktemp("wishes") / "store")
    with made.transaction(create=True) as tx:
        for name, table in case[0].items():
            tx.insert(name, table)
    return made


def _best(case, k, *, fixed=(), forbidden=(), budget=None, floor=0.0):
    """The most people in reach, by looking at every combination; None where none keeps to the wishes."""
    tables, reach, today = case
    people, cost = tables["places"]["people"].to_numpy(), tables["candidates"]["cost"].to_numpy()
    area = tables["places"]["area_code"].to_numpy()
    found = []
    for size in range(k + 1):
        for chosen in map(set, combinations(range(reach.shape[1]), size)):
            if not set(fixed) <= chosen or chosen & set(forbidden):
                continue
            if budget is not None and not cost[list(chosen)].sum() <= budget:
                continue
            served = today | reach[:, list(chosen)].any(axis=1)
            if all(people[served & (area == a)].sum() >= floor * people[area == a].sum() - 1e-9 for a in set(area)):
                found.append(int(people[served].sum()))
    return max(found, default=None)


def _ids(*positions):
    return [f"c{i}" for i in positions]


@pytest.mark.parametrize(("k", "fixed", "forbidden"), [
    (2, (5,), ()), (3, (1, 6), (0,)), (2, (), (0, 2, 3)), (3, (7,), (4,))])
def test_musts_and_bans(case, store, k, fixed, forbidden):
    answer = ask(store, "best_sites", n_sites=k, fixed=_ids(*fixed), forbidden=_ids(*forbidden), **KM)
    assert answer.figures["covered_after"].value == _best(case, k, fixed=fixed, forbidden=forbidden)
    sites = answer.tables["sites"]
    assert set(_ids(*fixed)) <= set(sites.index) and not set(_ids(*forbidden)) & set(sites.index)
    assert set(sites.index[sites["must"]]) == set(_ids(*fixed))
    choice = answer.tables["candidates"]["choice"]
    assert set(choice.index[choice == "forbidden"]) == set(_ids(*forbidden))


@pytest.mark.parametrize("budget", [3000, 7000, 12000])
def test_money(case, store, budget):
    answer = ask(store, "best_sites", n_sites=4, budget=budget, **KM)
    assert answer.figures["covered_after"].value == _best(case, 4, budget=budget)
    cost = case[0]["candidates"].set_index("candidate_id")["cost"]
    assert cost[answer.tables["sites"].index].sum() <= budget
    told = next(n for n in answer.notes if n.key == "note.wish.budget")
    assert told.values["without"] == 1


def test_floor_and_what_would_help_where_it_can_not_be_kept(case, store):
    _, _, _today = case
    feasible = [f for f in range(101) if _best(case, 2, floor=f / 100) is not None]
    most = max(feasible)
    answer = ask(store, "best_sites", n_sites=2, floor_percent=most, **KM)
    assert answer.figures["covered_after"].value == _best(case, 2, floor=most / 100)
    assert answer.figures["bound"].value == pytest.approx(answer.figures["covered_after"].value)
    assert answer.frame["share_after"].dropna().loc[["200101", "200201"]].min() >= most / 100 - 1e-9
    assert answer.figures["newly_covered"].value == answer.tables["sites"]["people_newly_covered"].sum()
    with pytest.raises(InfeasibleError) as caught:
        ask(store, "best_sites", n_sites=2, floor_percent=most + 1, **KM)
    assert caught.value.values["floor"] == most
    for lang in texts.LANGUAGES:
        assert f"{most}%" in texts.of_error(caught.value, lang)


def test_room(case, store):
    """Nobody is served beyond the room, and as many as fit: the flow through chosen sites is the check."""
    tables, reach, today = case
    people = tables["places"]["people"].to_numpy()

    def flow(chosen, room):
        # Hall's condition for sites with equal room: over every subset of the sites.
        left = np.where(today, 0, people)
        whole = left[reach[:, list(chosen)].any(axis=1)].sum()
        return min(whole - left[reach[:, list(s)].any(axis=1) & ~reach[:, list(set(chosen) - set(s))].any(axis=1)].sum()
                   + room * len(s) for n in range(len(chosen) + 1) for s in combinations(chosen, n))

    best = max(flow(chosen, 250) for chosen in combinations(range(reach.shape[1]), 3))
    answer = ask(store, "best_sites", n_sites=3, capacity=250, **KM)
    assert answer.figures["newly_covered"].value == pytest.approx(best, abs=1)
    assert answer.tables["sites"]["people_newly_covered"].max() <= 250
    assert answer.frame["newly_covered"].sum() == pytest.approx(best, abs=1)


def test_what_replaces_a_site(case, store):
    """The runner-up is the candidate whose exchange loses least, and loses as many as is said."""
    tables, reach, today = case
    people = np.where(today, 0, tables["places"]["people"].to_numpy())
    answer = ask(store, "best_sites", n_sites=3, **KM)
    sites = answer.tables["sites"]
    chosen = [int(c[1:]) for c in sites.index]
    for c in chosen:
        others = [o for o in chosen if o != c]
        swaps = {o: people[reach[:, [*others, o]].any(axis=1)].sum() for o in range(reach.shape[1]) if o not in chosen}
        lost = people[reach[:, chosen].any(axis=1)].sum() - max(swaps.values())
        assert sites.loc[f"c{c}", "replacement_cost"] == lost
        assert swaps[int(sites.loc[f"c{c}", "runner_up"].split()[1])] == max(swaps.values())


@pytest.mark.parametrize(("wish", "key"), [
    ({"fixed": ["x"]}, "wish.unknown"), ({"fixed": ["c1"], "forbidden": ["c1"]}, "wish.both"),
    ({"fixed": ["c1", "c2", "c3"]}, "wish.many"), ({"fixed": ["c7"], "budget": 9000}, "wish.no_price"),
    ({"fixed": ["c1", "c2"], "budget": 1}, "wish.too_dear")])
def test_contradictions_are_named(store, wish, key):
    with pytest.raises(InputError) as caught:
        ask(store, "best_sites", n_sites=2, **wish, **KM)
    assert caught.value.key == key
    assert texts.of_error(caught.value, "th") != texts.of_error(caught.value, "en")


def test_who_listens_hears_the_search_and_can_stop_it(store):
    heard = []
    with progress.heard_by(heard.append):
        answer = ask(store, "best_sites", n_sites=3, **KM)
    assert heard and heard[-1].bound >= heard[-1].incumbent
    assert heard[-1].incumbent == answer.figures["covered_after"].value

    draws = []

    def stop_at_twelve(step):
        draws.append(step.done)
        return step.done < 12

    with progress.heard_by(stop_at_twelve):
        short = ask(store, "sure_sites", n_sites=2, draws=500, **KM)
    assert draws[-1] == 12
    assert short.figures["draws_done"].value == 12
    assert progress.told_to() is None
