"""A study of another package gets its page: its form from its parameters, its map from its answer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jitasa_analytics import studies
from tests.ui.browser import Visit
from tests.ui.conftest import start

OWN = '''
import param
from jitasa_analytics import Figure, Study


class Crowded(Study):
    """Areas with many people."""

    slug = "crowded"
    titles = {"th": "พื้นที่คนหนาแน่น", "en": "Crowded areas"}
    questions = {"th": "ที่ใดมีคนมาก", "en": "Where do many people live?"}
    needs = ("places",)
    at_least = param.Integer(default=0, bounds=(0, 50_000), doc="Only places with so many people.")

    def run(self, snapshot):
        places = snapshot.frame("places")
        people = places[places["people"] >= self.at_least].groupby("area_code")["people"].sum()
        frame = snapshot.areas("tambon")
        frame["people"] = people.reindex(frame.index).fillna(0).astype(int)
        return self.answer(snapshot, frame, measure="people", unit="persons",
                           figures={"people": Figure(int(frame["people"].sum()), "persons")})
'''


@pytest.mark.ui
def test_an_installed_study_has_a_page(ui_store: Path, tmp_path: Path, chromium: object,
                                       monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "crowded_study.py").write_text(OWN, "utf-8")
    info = tmp_path / "crowded_study-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: crowded-study\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[{studies.ENTRY_POINTS}]\ncrowded = crowded_study:Crowded\n", "utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    process, address = start(ui_store, tmp_path / "log.txt")
    try:
        visitor = Visit(chromium, address, tmp_path)
        visitor.open("crowded?area=20&lang=en")
        assert len(visitor.state()["klass"]) == 92
        for words in ("Crowded areas", "Where do many people live?", "1,583,672"):
            visitor.page.get_by_text(words).first.wait_for()
        before = visitor.state()
        visitor.open("crowded?area=20&lang=en&at_least=3000")
        assert visitor.state()["words"] != before["words"]
        assert visitor.errors == [] and visitor.foreign == []
        visitor.close()
    finally:
        process.terminate()
        process.wait(10)
