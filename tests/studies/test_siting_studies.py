"""Fairness, certainty, phases and enough sites, worked out by hand on the road."""

from __future__ import annotations

import pytest

from jitasa_analytics.errors import InputError, NoDataError
from jitasa_analytics.show import answers, block, plain_charts, plain_placement
from jitasa_analytics.show import placement as pictures
from tests.studies.road import ask, town

# Within 5 km every village is alone: A has the hospital, B, C and D nothing; candidates are the villages.
NEAR = {"km": 5, "detour": 1}


def people(**numbers: int):
    tables = town()
    places = tables["places"]
    tables["places"] = places.assign(people=places["place_id"].map(numbers).fillna(places["people"]).astype(int))
    return tables


def test_the_price_of_fairness(make):
    answer = ask(make(people(B=500, C=200, D=50)), "fair_sites", n_sites=1, **NEAR)
    # District 2001 has A's 100 in reach of 600, 2002 nobody of 250. A site at B reaches 500 and leaves 2002 with
    # nobody; one at C reaches 200, and then 2001 is the least served with its sixth.
    table = answer.tables["frontier"]
    assert table[["newly_covered", "price", "least_group"]].values.tolist() == [[500, 0, "2002"], [200, 300, "2001"]]
    assert table["least_share"].tolist() == pytest.approx([0.0, 1 / 6])
    assert list(answer.tables["sites"].index) == ["C"] and not answer.tables["sites"]["in_best"].any()
    frame = answer.frame
    assert frame["share_before"].tolist() == pytest.approx([1 / 6, 0])
    assert frame["share_best"].tolist() == pytest.approx([1.0, 0.0])
    assert frame["share_fair"].tolist() == pytest.approx([1 / 6, 0.8])
    assert answer.figures["fair_price"].value == 300


def test_sure_sites(make):
    store = make(people(B=390, C=400, D=50))
    sure = ask(store, "sure_sites", n_sites=1, draws=40, spread=0.01, **NEAR)
    assert sure.tables["sites"]["share_chosen"].iloc[0] > 0.8
    unsure = ask(store, "sure_sites", n_sites=1, draws=40, spread=0.5, **NEAR)
    chosen = unsure.tables["sites"]["share_chosen"].sum() + unsure.tables["rivals"]["share_chosen"].sum()
    assert chosen == pytest.approx(1.0) and "B" in unsure.tables["rivals"].index
    draws = unsure.tables["draws"]
    assert (draws["regret"] == draws["best"] - draws["value"]).all() and (draws["regret"] >= 0).all()
    assert unsure.figures["regret_worst"].value == draws["regret"].max() > 0
    assert unsure.figures["certain_sites"].value == 0


def test_phases(make):
    answer = ask(make(town()), "phased_sites", n_sites=1, second=2, third=3, **NEAR)
    assert answer.tables["phases"][["new_sites", "newly_covered", "price"]].values.tolist() == [
        [1, 400, 0], [2, 600, 0], [3, 650, 0]]
    assert answer.tables["sites"]["phase"].to_dict() == {"C": 1, "B": 2, "D": 3}
    with pytest.raises(InputError, match="don't grow"):
        ask(make(town()), "phased_sites", n_sites=3, second=2, **NEAR)


def test_enough_sites(make):
    answer = ask(make(town()), "enough_sites", n_sites=1, **NEAR)
    assert answer.figures["sites_needed"].value == answer.figures["sites_bound"].value == 3
    blocking = answer.tables["blocking"]
    assert len(blocking) == 2 and set(blocking.index) < set("BCD") and set(blocking["reason"]) == {"together"}
    assert "reach_needed" not in answer.figures  # beyond twice the limit nothing is looked for
    assert "note.sites_dont_suffice" in {n.key for n in answer.notes}
    wider = ask(make(town()), "enough_sites", n_sites=1, km=6, detour=1)
    assert wider.figures["reach_needed"].value == pytest.approx(10.85, abs=0.01)  # from C to B and D
    assert "note.sites_suffice" in {n.key for n in ask(make(town()), "enough_sites", n_sites=3, **NEAR).notes}


@pytest.mark.parametrize("study", ["fair_sites", "sure_sites", "phased_sites", "enough_sites"])
def test_nothing_to_plan_and_nobody_near(make, study):
    with pytest.raises(NoDataError, match="everybody is in reach"):
        ask(make(town()), study, km=60, detour=1)


@pytest.mark.parametrize("lang", ["th", "en"])
@pytest.mark.parametrize("study", ["best_sites", "fair_sites", "sure_sites", "phased_sites"])
def test_each_has_its_picture(make, study, lang):
    answer = ask(make(people(B=500, C=200, D=50), sample=True), study, **NEAR, **(
        {"n_sites": 1} if study != "phased_sites" else {"n_sites": 1, "second": 2, "third": 3}))
    title, element = pictures.picture(answer, lang)
    assert title and element is not None and answers.chart_of(answer, lang)[0] == title
    page = answers.chart_of(answer, lang, draw=plain_charts)
    assert page[0] == title and page[1].startswith(("<figure", '<div class="chart'))
    html = pictures.view(answer, lang).html
    assert '<script src=' not in html and ("ตัวอย่าง" if lang == "th" else "sample") in html.lower()


def test_what_is_lost_where_a_site_cannot_open(make):
    answer = ask(make(town()), "best_sites", n_sites=2, **NEAR)
    # C (400) and B (200) open; D (50) is all that is left to stand in for either.
    assert answer.tables["sites"]["replacement_cost"].to_dict() == {"C": 350, "B": 150}
    rows = plain_placement.replacements(answer, "en")
    assert [value for _, value, _ in rows] == [400, 350, 200, 150]
    assert rows[0][0].startswith("1. ") and rows[1][0].startswith(answer.tables["sites"]["runner_up"].iloc[0])
    notes = {n.key: n.values for n in answer.notes}
    assert notes["note.best_sites.hardest"]["people"] == "350" and notes["note.best_sites.easiest"]["people"] == "150"
    drawn = block.block(answer, "th", name="map", width=300, height=300)[0]["bars"]
    assert [row[2] for row in drawn["rows"]] == pytest.approx([1.0, 0.875, 0.5, 0.375])
    # With three sites none is left to stand in.
    alone = ask(make(town()), "best_sites", n_sites=3, **NEAR)
    assert alone.tables["sites"]["runner_up"].isna().all()
    assert "note.best_sites.hardest_alone" in {n.key for n in alone.notes}


def test_an_answer_without_a_picture_says_so(make):
    answer = ask(make(town()), "enough_sites", n_sites=1, **NEAR)
    assert pictures.picture(answer, "en") is None
    with pytest.raises(InputError, match="no picture"):
        pictures.view(answer, "en")
