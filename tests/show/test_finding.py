"""The finding of an answer in one line: what is nought is said in words, and one is no plural."""

from __future__ import annotations

import string

import pandas as pd
import pytest

from jitasa_analytics import texts
from jitasa_analytics.show import card
from jitasa_analytics.studies.answer import Answer, Figure


def answer(study: str, **figures: Figure) -> Answer:
    return Answer(study=study, frame=pd.DataFrame(), measure="unmatched", unit="beds", figures=figures, notes=(),
                  params={}, version=1, scope="20", sample=True, as_of={}, tables={})


@pytest.mark.parametrize(("wanted", "left", "said"), [
    (3, 1, "Chon Buri: of 3 beds asked for, 2 beds can be given; 1 bed cannot"),
    (3, 0, "Chon Buri: all 3 beds asked for can be given"),
    (0, 0, "Chon Buri: no bed is asked for"),
])
def test_nought_has_a_sentence_of_its_own(wanted: int, left: int, said: str) -> None:
    found = answer("beds", beds_wanted=Figure(wanted, "beds"), matched=Figure(wanted - left, "beds"),
                   unmatched=Figure(left, "beds"))
    assert card.finding(found, "en") == said
    assert "ชลบุรี" in card.finding(found, "th")


def test_nobody_is_not_0_people() -> None:
    left = answer("enough_sites", sites_needed=Figure(4, "sites"), people_beyond=Figure(12, "persons"))
    none = answer("enough_sites", sites_needed=Figure(4, "sites"), people_beyond=Figure(0, "persons"))
    assert card.finding(left, "en").endswith("no candidate comes near 12 people")
    assert card.finding(none, "en") == "Chon Buri: 4 sites reach everybody"


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_sentences_for_nought_ask_for_no_more_than_the_others(lang: str) -> None:
    catalogue = texts.catalogue(lang)
    keys = [k for k in catalogue if k.startswith("study.") and ".none." in k]
    assert len(keys) > 8
    for key in keys:
        usual = catalogue[key.split(".none.")[0] + ".finding"]
        known, asked = ({f for _, f, _, _ in string.Formatter().parse(t) if f} for t in (usual, catalogue[key]))
        assert asked <= known | {"limit", "service"}, key
