"""``jitasa report``: questions about an area as a printed report."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from jitasa_analytics import texts
from jitasa_analytics.cli import faults, printing
from jitasa_analytics.errors import InputError


def report(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.pdf")],
    store: Annotated[Path, typer.Option("--store", envvar="JITASA_STORE", metavar="DIR", show_envvar=False)],
    area: Annotated[str, typer.Option("--area", metavar="CODE")] = "TH",
    study: Annotated[list[str] | None, typer.Option("--study", metavar="'STUDY --PARAM VALUE…'")] = None,
) -> None:
    """Write a report of A4 pages about an area."""
    from jitasa_analytics.store import open_store
    from jitasa_analytics.studies import report as reports

    lang: str = context.obj
    faults.writable(out, ("pdf",))
    names, params = _asked(study)
    with open_store(store).snapshot(scope=area) as snapshot:
        made = reports.report(snapshot, out, studies=names, params=params, lang=lang)
    for title, why in made.missing:
        printing.say(texts.say("cli.report.missing", lang, title=title, why=why))
    printing.say(texts.say("cli.report.written", lang, path=out, answers=len(made.answers)))


def _asked(given: list[str] | None) -> tuple[list[str] | None, dict[str, dict[str, Any]]]:
    """Studies in their order and their parameters, from words such as ``coverage_gaps --minutes 15``."""
    if not given:
        return None, {}
    from jitasa_analytics import studies
    from jitasa_analytics.cli import options

    names, params = [], {}
    for words in given:
        try:
            name, *rest = shlex.split(words)
        except ValueError:
            raise InputError(f"--study {words!r} can't be read: write --study 'NAME --PARAM VALUE'",
                             key="cli.report.bad_study", words=words) from None
        if name in names:
            raise InputError(f"the study {name} is named twice; name it once", key="cli.report.twice", name=name)
        names.append(name)
        params[name] = options.read(studies.get(name), rest)
    return names, params
