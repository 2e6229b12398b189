from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics import geo
from jitasa_analytics.errors import InputError, NoDataError
from tests.studies.road import LAT, ask, town

NEAR = {"km": 12, "detour": 1}


def candidates(*rows):
    table = pd.DataFrame(rows, columns=["candidate_id", "lon", "area_code", "kind"])
    return table.assign(lat=LAT, name="site " + table["candidate_id"])


SITES = candidates(("near C", 101.2, "200201", "school"), ("near A", 101.0, "200101", "school"),
                   ("east", 101.31, "200201", "temple"))


def test_the_town_by_hand(make):
    store = make(town() | {"candidates": SITES.iloc[:2]})
    answer = ask(store, "best_sites", n_sites=1, **NEAR)
    # C's 400 are the only ones whom no facility reaches today.
    sites = answer.tables["sites"]
    assert list(sites.index) == ["near C"]
    assert sites.loc["near C", ["rank", "people_newly_covered", "people_only_here"]].tolist() == [1, 400, 400]
    figures = {name: figure.value for name, figure in answer.figures.items()}
    assert (figures["covered_before"], figures["covered_after"], figures["newly_covered"]) == (350, 750, 400)
    assert (figures["bound"], figures["gap"]) == (750, 0)
    assert "note.optimal" in {n.key for n in answer.notes}
    frame = answer.frame
    assert frame["covered_before"].to_dict() == {"200101": 100, "200102": 200, "200201": 50}
    assert frame["newly_covered"].to_dict() == {"200101": 0, "200102": 0, "200201": 400}
    assert frame["share_after"].tolist() == [1.0, 1.0, 1.0]


def test_assignments_name_old_and_new_sites(make):
    store = make(town() | {"candidates": SITES.iloc[:2]})
    table = ask(store, "best_sites", n_sites=1, **NEAR).tables["assignments"]
    assert table.set_index("place_id")["site"].to_dict() == {"A": "h1", "B": "h1", "C": "near C", "D": "f2"}
    assert table.set_index("place_id")["new"].to_dict() == {"A": False, "B": False, "C": True, "D": False}


def test_sites_that_reach_nobody_new_are_not_proposed(make):
    answer = ask(make(town() | {"candidates": SITES}), "best_sites", n_sites=3, **NEAR)
    # Near C and the east reach the same people, near A nobody new: one site does what three would.
    sites = answer.tables["sites"]
    assert len(sites) == 1 and sites.index[0] in {"near C", "east"}
    assert sites[["people_newly_covered", "people_only_here"]].values.tolist() == [[400, 400]]
    assert "note.fewer_sites" in {n.key for n in answer.notes}


def test_without_candidates_the_villages_are_asked(make):
    answer = ask(make(town()), "best_sites", n_sites=1, **NEAR)
    assert answer.figures["newly_covered"].value == 400
    assert "note.candidates_places" in {n.key for n in answer.notes}


def test_candidates_of_another_province_are_not_taken(make):
    answer = ask(make(town() | {"candidates": candidates(("x", 101.2, "210101", "school"))}), "best_sites", **NEAR)
    assert "x" not in answer.tables["sites"].index


def test_kinds_of_candidates(make):
    store = make(town() | {"candidates": SITES})
    answer = ask(store, "best_sites", candidate_kind="temple", **NEAR)
    assert list(answer.tables["sites"].index) == ["east"]
    with pytest.raises(NoDataError, match="kind market"):
        ask(store, "best_sites", candidate_kind="market", **NEAR)
    with pytest.raises(InputError, match="n_sites"):
        ask(store, "best_sites", n_sites=0)


def test_nothing_to_do_and_nothing_that_can_be_done(make):
    done = ask(make(town()), "best_sites", km=30, detour=1)
    assert len(done.tables["sites"]) == 0
    assert "note.all_covered" in {n.key for n in done.notes}
    stuck = ask(make(town() | {"candidates": SITES.iloc[[1]]}), "best_sites", **NEAR)
    assert stuck.figures["newly_covered"].value == 0
    assert stuck.figures["bound"].value == 350
    assert "note.nobody_reached" in {n.key for n in stuck.notes}


def test_a_kind_that_nobody_recorded_is_told_and_planned_from_nothing(make):
    answer = ask(make(town()), "best_sites", service="oxygen_point", n_sites=1, **NEAR)
    assert answer.figures["covered_before"].value == 0
    assert answer.figures["newly_covered"].value == 700  # A, B and C from B
    assert "note.kind_absent" in {n.key for n in answer.notes}


def test_where_only_the_neighbour_recorded_the_kind_the_plan_covers_the_rest(make):
    tables = town()
    tables["facilities"] = tables["facilities"].drop(index=0)  # f2 across the border still reaches D
    answer = ask(make(tables), "best_sites", n_sites=1, **NEAR)
    assert answer.figures["covered_before"].value == 50
    assert answer.figures["newly_covered"].value == 700
    assert "note.kind_absent" in {n.key for n in answer.notes}


def test_nothing_is_planned_for_a_province_of_which_nothing_is_known(make):
    tables = town()
    tables["facilities"] = tables["facilities"].drop(index=1)  # the next province has nothing recorded
    answer = ask(make(tables), "best_sites", "TH", n_sites=5, **NEAR)
    assert answer.figures["people_no_data"].value == 70
    assert answer.frame.loc["21", ["covered_before", "covered_after", "share_after"]].isna().all()
    assert answer.figures["covered_after"].value == 750
    assert answer.figures["share_after"].value == 1.0


@pytest.mark.parametrize("seed", range(6))
def test_against_every_combination(make, seed):
    rng = np.random.default_rng(seed)
    tables = town()
    n, m = 25, 9
    places = pd.DataFrame({"place_id": [f"p{i}" for i in range(n)], "lon": rng.uniform(101, 101.3, n),
                           "lat": rng.uniform(LAT - 0.1, LAT + 0.1, n), "area_code": "200101",
                           "people": rng.integers(0, 300, n)})
    sites = pd.DataFrame({"candidate_id": [f"c{i}" for i in range(m)], "name": "c", "kind": "hall",
                          "lon": rng.uniform(101, 101.3, m), "lat": rng.uniform(LAT - 0.1, LAT + 0.1, m),
                          "area_code": "200101"})
    store = make(tables | {"places": places, "candidates": sites})

    def near(points):
        return np.array([[geo.geodesic_km([a.lon], [a.lat], [b.lon], [b.lat])[0] <= 7.0
                          for b in points.itertuples()] for a in places.itertuples()])

    fixed = near(tables["facilities"].iloc[:2]).any(axis=1)
    reach, people = near(sites), places["people"].to_numpy()
    last = 0.0
    for k in (1, 2, 3):
        best = max(people[fixed | reach[:, list(chosen)].any(axis=1)].sum() for chosen in combinations(range(m), k))
        answer = ask(store, "best_sites", n_sites=k, km=7, detour=1)
        figures = {name: figure.value for name, figure in answer.figures.items()}
        assert figures["covered_after"] == best
        assert figures["bound"] == pytest.approx(best)
        assert answer.frame["covered_after"].sum() == best
        assert best >= last  # one site more never covers fewer
        last = best
        sites_table = answer.tables["sites"]
        chosen = [int(code[1:]) for code in sites_table.index]
        # Each site adds what those before it leave, and no other order would begin with more.
        known = [people[fixed | reach[:, chosen[:n]].any(axis=1)].sum() for n in range(k + 1)]
        assert sites_table["people_newly_covered"].tolist() == np.diff(known).tolist()
        assert sites_table["people_newly_covered"].sum() == figures["newly_covered"]
        assert known[1] == max(people[fixed | reach[:, c]].sum() for c in chosen)
        # Whom only one site reaches is counted among the sites that are shown, and nobody is sent to another.
        alone = (reach[:, chosen].sum(axis=1) == 1) & ~fixed
        assert sites_table["people_only_here"].tolist() == (reach[:, chosen] & alone[:, None]).T.dot(people).tolist()
        sent = answer.tables["assignments"]
        assert set(sent.loc[sent["new"], "site"]) <= set(sites_table.index)
