"""Pictures and reports: every page is set, nothing falls off it, and what is missing is said."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import jitasa_analytics as ja
from jitasa_analytics.cli import main
from jitasa_analytics.errors import InputError
from jitasa_analytics.show import block, colours, files, outline, report, typeset
from jitasa_analytics.show import picture as slide
from tests.show.test_files import Answer, Number, town


def picture(answer: Any, lang: str = "th") -> np.ndarray:
    content = files.to_bytes(answer, "png", lang)
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def painted(image: np.ndarray, colour: str) -> int:
    wanted = [int(colour[i:i + 2], 16) for i in (1, 3, 5)]
    return int((np.abs(image.astype(int) - wanted).max(axis=2) <= 2).sum())


def test_a_picture_shows_each_area_in_its_class_and_hatches_no_data() -> None:
    image = picture(Answer(town()))
    assert image.shape == (1080, 1920, 3)
    drawing = outline.draw(Answer(town()), "th", width=500, height=430)
    assert drawing is not None
    assert drawing.no_data
    low, high = (painted(image, colour) for colour in drawing.classes.colours)
    # Areas of one size: one of nought and two above it, so that the dark colour covers twice as much.
    assert high == pytest.approx(2 * low, rel=0.05)
    assert low == pytest.approx((drawing.width / 4.24 * 2) ** 2, rel=0.2)
    assert painted(image, "#fff4d6") > 1_000  # the band of sample data
    assert painted(picture(Answer(town(), sample=False)), "#fff4d6") == 0


@pytest.mark.parametrize("lang", ["th", "en"])
def test_a_picture_is_one_page_whatever_it_holds(lang: str) -> None:
    many = {f"figure_{n}": Number(n, "persons") for n in range(30)}
    tables = {"sites": pd.DataFrame({"rank": range(1, 90), "name": "ศูนย์" * 9, "lon": 101.2, "lat": 13.05})}
    params = {f"parameter_{n}": "คำอธิบายยาวมาก " * 9 for n in range(9)}
    full = Answer(town(), figures=many, tables=tables, params=params)
    empty, bare = Answer(town().iloc[:0]), Answer(pd.DataFrame(town().drop(columns="geometry")))
    for answer in (full, empty, bare):
        assert len(typeset.png("picture", *slide.page(answer, lang), ppi=30)) == 1


def test_sites_are_drawn_where_they_lie() -> None:
    sites = pd.DataFrame({"rank": [1, 2], "name": ["ก", "ข"], "lon": [101.05, 101.35], "lat": [13.05, 13.05]})
    drawing = outline.draw(Answer(town(), tables={"sites": sites}), "th", width=400, height=400)
    assert drawing is not None
    assert [m["text"] for m in drawing.marks] == ["1", "2"]
    # The areas are a tenth of a degree wide each, with a margin of 3 % of four of them.
    per_degree = drawing.width / (0.4 * 1.06)
    assert drawing.marks[1]["x"] - drawing.marks[0]["x"] == pytest.approx(0.3 * per_degree, abs=0.2)
    assert drawing.marks[0]["x"] == pytest.approx((0.012 + 0.05) * per_degree, abs=0.2)
    km = 0.1 * 111.320 * np.cos(np.radians(13.05))
    assert drawing.scale["width"] / drawing.scale["km"] == pytest.approx(0.1 * per_degree / km, rel=2e-3)


def test_a_name_never_lies_over_another_nor_over_a_site() -> None:
    sites = pd.DataFrame({"rank": [1], "lon": [101.15], "lat": [13.05]})
    drawing = outline.draw(Answer(town(), tables={"sites": sites}), "en", width=220, height=220)
    assert drawing is not None
    assert drawing.names
    boxes = [(n["x"], n["y"], outline._width(n["text"])) for n in drawing.names] + [
        (m["x"], m["y"], 16.0) for m in drawing.marks]
    for i, (x, y, wide) in enumerate(boxes):
        for a, b, other in boxes[:i]:
            assert abs(x - a) >= (wide + other) / 2 or abs(y - b) >= 12


def test_what_needs_attention_comes_first() -> None:
    shares = [row[1] for row in block.by_area(Answer(town()), "en")["rows"]]
    assert shares == ["100.0%", "50.0%", "0.0%", "–"]
    covered = Answer(town().rename(columns={"share_out_of_reach": "share"}), study="vaccination", measure="share")
    assert [row[1] for row in block.by_area(covered, "en")["rows"]] == ["0.0%", "50.0%", "100.0%", "–"]


def test_a_report_has_a_chapter_for_each_answer_and_says_what_is_missing(sample_store: Path, tmp_path: Path) -> None:
    with ja.open_store(sample_store).snapshot("20") as s:
        made = ja.report(s, tmp_path / "chonburi.pdf", lang="th", params={"best_sites": {"minutes": 15}})
        again = ja.report(s, lang="th", params={"best_sites": {"minutes": 15}})
        data, drawn = report.pages(made.answers, "th", area=s.scope)
    assert made.pdf == (tmp_path / "chonburi.pdf").read_bytes() == again.pdf
    assert made.pdf.startswith(b"%PDF") and b"Sarabun" in made.pdf
    assert [a.study for a in made.answers] == ["vaccination", "coverage_gaps", "best_sites", "volunteer_ratio"]
    pages = typeset.png("report", data, drawn, ppi=30)
    # A summary, and for each answer at least its figures and map; 92 tambons don't fit on one page.
    assert len(pages) > 1 + 4 + 2
    assert made.answers[2].params["minutes"] == 15


def test_an_area_without_data_gets_a_report_that_says_so(sample_store: Path, tmp_path: Path,
                                                         capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["report", "--store", str(sample_store), "--area", "94", "--out", str(tmp_path / "pattani.pdf"),
              "--study", "coverage_gaps --minutes 15", "--lang", "en"])
    assert stop.value.code == 0
    said = capsys.readouterr()
    assert "Without an answer: Coverage gaps" in said.out + said.err
    assert (tmp_path / "pattani.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(("words", "sentence"), [
    (["--out", "report.doc"], "report.doc"), (["--out", "r.pdf", "--study", "nothing"], "nothing"),
    (["--out", "r.pdf", "--study", "coverage_gaps --minutes x"], "minutes"),
    (["--out", "r.pdf", "--study", "'coverage_gaps"], "--study"),
    (["--out", "r.pdf", "--study", "best_sites", "--study", "best_sites"], "named twice"),
])
def test_a_report_that_cannot_be_made_is_refused_in_words(
        words: list[str], sentence: str, sample_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(["report", "--store", str(sample_store), "--lang", "en", *words])
    assert stop.value.code == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_parameters_of_a_study_that_is_not_in_the_report_are_refused(sample_store: Path) -> None:
    with ja.open_store(sample_store).snapshot("20") as s, pytest.raises(InputError, match="not in the report"):
        ja.report(s, studies=["vaccination"], params={"coverage_gaps": {"minutes": 15}})


def test_an_answer_prints_itself_in_a_few_lines(sample_store: Path) -> None:
    with ja.open_store(sample_store).snapshot("20") as s:
        answer = ja.run("coverage_gaps", s, minutes=15)
    said = str(answer).splitlines()
    assert len(said) < 15
    assert max(map(len, said)) < 240
    assert said[1] == "[ข้อมูลตัวอย่าง / sample data]"
    assert any("232,619" in line for line in said)


def test_colours_of_a_picture_are_those_of_the_screen() -> None:
    drawing = outline.draw(Answer(town()), "en", width=100, height=100)
    assert drawing is not None
    assert set(drawing.classes.colours) <= set(colours.GAP.colours)
