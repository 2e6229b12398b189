"""What the README shows is true: its examples run, its files exist, its commands are known."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

import jitasa_analytics as ja

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"

pytestmark = pytest.mark.skipif(not README.is_file(), reason="not in a checkout")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", README.read_text("utf-8"), re.S)


LINKS = re.findall(r"\]\((?!http)([^)#]+)\)", README.read_text("utf-8")) if README.is_file() else []


@pytest.mark.parametrize("target", sorted(set(LINKS)))
def test_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


def test_the_notebook_example_runs(sample_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = next(b for b in blocks("python") if "ja.open_store" in b)
    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {}
    exec(code.replace("data/store", str(sample_store)), space)
    assert space["answer"].frame["people"].sum() == 1_583_672  # type: ignore[attr-defined]
    assert (tmp_path / "gaps.csv").stat().st_size > 1000


def test_the_placement_example_gives_what_it_says() -> None:
    code = next(b for b in blocks("python") if "max_cover" in b)
    space: dict[str, object] = {}
    exec(code, space)
    plan = space["plan"]
    said = re.search(r"plan.status\s+# (\(.*\))", code).group(1)  # type: ignore[union-attr]
    assert str((plan.objective, plan.bound, plan.gap, plan.status)) == said  # type: ignore[attr-defined]


def test_the_study_example_answers(sample_store: Path) -> None:
    code = next(b for b in blocks("python") if "class OldRequests" in b)
    space: dict[str, object] = {}
    exec(code, space)
    study = space["OldRequests"]
    with ja.open_store(sample_store).snapshot("20") as s:
        answer = study(days=3).run(s)  # type: ignore[operator]
        newest = s.frame("requests")["requested_at"].max()
        waiting = s.frame("requests").query("status == 'new'")
    assert answer.figures["requests"].value == (waiting["requested_at"] < newest - pd.Timedelta(days=3)).sum() > 0


def test_every_command_shown_is_a_command() -> None:
    from typer.main import get_command

    from jitasa_analytics import cli

    known = set(get_command(cli.app).commands)  # type: ignore[attr-defined]
    shown = set(re.findall(r"^jitasa ([a-z-]+)", "\n".join(blocks("sh")), re.M))
    assert shown <= known and {"import", "run", "serve"} <= shown


def test_every_make_target_shown_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert set(re.findall(r"`?make ([a-z]+)", README.read_text("utf-8"))) <= targets


def test_nothing_of_a_machine_stands_in_the_project() -> None:
    for path in ROOT.rglob("*"):
        if path.suffix in {".py", ".md", ".toml", ".yml", ".sh", ".sql"} and ".venv" not in path.parts:
            text = path.read_text("utf-8")
            assert not re.search(r"(?<![\w./-])/(?:work|root|home)/\w+", text), path
