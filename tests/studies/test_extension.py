"""A study of another package comes in through the entry point, and every word of a study has a text."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from pathlib import Path

import param
import pytest

from jitasa_analytics import studies, texts
from jitasa_analytics.errors import JitasaError, UnknownError
from jitasa_analytics.studies import Note, Term
from tests.studies.road import ask, town

OWN = '''
import param
from jitasa_analytics.studies import Figure, Note, Study

class Villages(Study):
    """How many places there are."""
    titles = {"th": "จำนวนหมู่บ้าน", "en": "Villages"}
    questions = {"en": "How many villages are there?"}
    needs = ("places",)
    at_least = param.Integer(default=0, bounds=(0, None), doc="Only places with so many people.")

    def run(self, snapshot):
        places = snapshot.frame("places").set_index("place_id")
        kept = places[places["people"] >= self.at_least]
        return self.answer(snapshot, kept, measure="people", unit="persons",
                           figures={"places": Figure(len(kept), "count")},
                           notes=(Note("Counted as they stand in the store."),))
'''


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a package with an entry point on the path, as pip would."""
    def install(source: str, target: str = "own_villages:Villages"):
        (tmp_path / "own_villages.py").write_text(source, "utf-8")
        info = tmp_path / "own_villages-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-villages\nVersion: 1.0\n", "utf-8")
        (info / "entry_points.txt").write_text(f"[{studies.ENTRY_POINTS}]\nvillages = {target}\n", "utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        studies.known.cache_clear()
    yield install
    sys.modules.pop("own_villages", None)
    studies.known.cache_clear()


def test_a_study_of_another_package_runs_by_its_name(make, installed):
    installed(OWN)
    assert "villages" in studies.known()
    assert {"vaccination", "coverage_gaps", "volunteer_ratio", "best_sites"} < set(studies.known())
    answer = ask(make(town()), "villages", at_least=100)
    assert answer.figures["places"].value == 3
    assert answer.study == "villages"
    assert answer.params == {"at_least": 100}
    assert answer.notes[0].text("th") == "Counted as they stand in the store."
    kind = studies.get("villages")
    assert kind.title("th") == "จำนวนหมู่บ้าน"
    assert kind.question("th") == "How many villages are there?"
    assert kind.option_help("at_least", "th") == "Only places with so many people."


def test_a_broken_package_is_named(installed):
    installed("raise RuntimeError('half installed')")
    with pytest.raises(JitasaError, match=r"package own-villages can't be loaded: half installed"):
        studies.known()


def test_what_is_no_study_is_refused(installed):
    installed("Villages = 3")
    with pytest.raises(JitasaError, match="no subclass of Study"):
        studies.known()


def test_an_unknown_study_names_the_known():
    with pytest.raises(UnknownError, match=r"no study 'nope'.*coverage_gaps"):
        studies.get("nope")


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_every_parameter_of_a_built_in_study_is_explained(lang):
    for point in entry_points(group=studies.ENTRY_POINTS):
        kind = point.load()
        assert texts.has(f"study.{kind.slug}.title", lang)
        assert texts.has(f"study.{kind.slug}.question", lang)
        for name, option in kind.options().items():
            assert texts.has(f"param.{name}", lang) or texts.has(f"study.{kind.slug}.param.{name}", lang), name
            assert texts.has(f"param.help.{name}", lang) or texts.has(f"study.{kind.slug}.help.{name}", lang), name
            if isinstance(option, param.Selector):
                for choice in option.objects:
                    label = kind.option_choice(name, choice, lang)
                    assert label
                    assert lang == "en" or label != str(choice), (kind.slug, name, choice)


def test_a_note_puts_its_terms_into_the_language():
    note = Note("note.kind_absent", {"provinces": 2, "names": (Term("area", "20"), Term("area", "21")),
                                     "service": Term("facility", "hospital")})
    assert "ชลบุรี, ระยอง" in note.text("th")
    assert "no Hospital at all: 2 (Chon Buri, Rayong)" in note.text("en")
