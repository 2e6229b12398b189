"""The manuals: the same in both languages, complete, open to everybody; training material is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from jitasa_analytics import texts
from jitasa_analytics.service import manuals
from jitasa_analytics.service.web.doors import Doors
from tests.service.conftest import Served

SLUGS = ["ask", "volunteer", "officer", "planner"]


def source(lang: str) -> dict[str, str]:
    return {p.stem[2:]: p.read_text("utf-8") for p in sorted((manuals.folder() / lang).glob("*.md"))}


def test_both_languages_have_the_same_manuals_with_the_same_parts() -> None:
    thai, english = source("th"), source("en")
    assert list(thai) == list(english) == SLUGS == [m.slug for m in manuals.known("th")]
    for slug in SLUGS:
        marks = [[line.split(" ")[0] for line in text[slug].splitlines() if re.match(r"#|!\[|\d+\.|\||```|-", line)]
                 for text in (thai, english)]
        shapes = [["![" if m.startswith("![") else m for m in found] for found in marks]
        assert shapes[0] == shapes[1], f"{slug}: a heading, step, row or picture is missing in one language"


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_pictures_exist_and_are_small(lang: str) -> None:
    used = {name for text in source(lang).values() for name in re.findall(r"\]\(\.\./images/([\w.-]+)\)", text)}
    assert len(used) >= 6
    for name in used:
        assert 5_000 < (manuals.folder() / "images" / name).stat().st_size < 150_000, name


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_commands_in_the_manuals_are_commands(lang: str) -> None:
    from typer.main import get_command

    from jitasa_analytics import cli

    command = get_command(cli.app)
    shown = {tuple(m) for text in source(lang).values() for m in re.findall(r"jitasa ([a-z-]+)(?: ([a-z]+))?", text)}
    assert len(shown) > 10
    for name, part in shown:
        assert name in command.commands, name  # type: ignore[attr-defined]
        below = getattr(command.commands[name], "commands", None)  # type: ignore[attr-defined]
        assert below is None or part in below, (name, part)


def test_titles_that_the_manuals_name_are_on_the_pages() -> None:
    from jitasa_analytics import studies

    for lang in texts.LANGUAGES:
        text = source(lang)["planner"]
        for slug in ("coverage_gaps", "volunteer_ratio", "vaccination", "best_sites", "readiness", "hotspots"):
            assert studies.get(slug).title(lang) in text, (lang, slug)
        assert texts.say("groups.title", lang) in text
        officer = source(lang)["officer"]
        for key in ("page.coordination", "coordination.call", "coordination.plan.ask"):
            assert f"**{texts.say(f'dashboard.{key}', lang)}**" in officer, (lang, key)
        assert texts.say("dashboard.coordination.contact", lang).split(" (")[0] in officer


def test_html_in_a_manual_stays_text() -> None:
    for lang in texts.LANGUAGES:
        for one in manuals.known(lang):
            assert "<script" not in one.html and one.html.startswith("<h1>") and "<table>" in one.html + "<table>"


def test_everybody_reads_the_manuals(served: Served) -> None:
    visitor = served.visitor()
    status, _, page = visitor.get("/manuals")
    assert status == 200 and all(f'href="/manuals/{s}"' in page for s in SLUGS) and 'id="training"' not in page
    for slug in SLUGS:
        status, headers, page = visitor.get(f"/manuals/{slug}?lang=en")
        assert status == 200 and "unsafe" not in headers["content-security-policy"]
        for image in re.findall(r'src="(/manuals/images/[^"]+)"', page):
            assert visitor.get(image)[0] == 200, image
    for missing in ("/manuals/none", "/manuals/images/none.png", "/manuals/images/..%2fth%2f1_ask.md"):
        assert visitor.get(missing)[0] in (302, 404), missing


def test_training_material_is_for_who_is_signed_in(
        open_server: Callable[[Path, Doors], Served], own_store: Path, served: Served, tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "training"
    folder.mkdir()
    (folder / "อบรม 1.html").write_text("<script>alert(1)</script>")
    (folder / ".hidden").write_text("x")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    monkeypatch.setenv(manuals.TRAINING, str(folder))
    other = open_server(own_store, Doors("accounts"))
    visitor = other.visitor("chonburi")
    _, _, page = visitor.get("/manuals")
    address = re.findall(r'href="(/training/[^"]+)"', page)
    assert len(address) == 1 and "อบรม 1.html" in page
    status, headers, text = visitor.get(address[0])
    assert status == 200 and "alert" in text and headers["content-disposition"].startswith("attachment")
    for path in ("/training/.hidden", "/training/link.txt", "/training/..%2fsecret.txt", "/training/none"):
        status, _, text = visitor.get(path)
        assert status in (400, 403, 404) and "secret" not in text, path
    assert other.visitor().get(address[0])[0] == 302
