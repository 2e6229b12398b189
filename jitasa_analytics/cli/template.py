"""``jitasa template`` writes a workbook to fill in; ``jitasa import --propose`` a recipe to confirm."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jitasa_analytics import texts
from jitasa_analytics.cli import faults, printing


def template(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(metavar="DATASET")],
    out: Annotated[Path, typer.Argument(metavar="FILE.xlsx")],
) -> None:
    """Write a workbook to fill in for a dataset."""
    from jitasa_analytics.ingest import template as forms

    faults.writable(out, ("xlsx",))
    forms.write(dataset, out)
    printing.say(texts.say("import.template.written", context.obj, path=out, dataset=dataset))


def propose(lang: str, dataset: str, file: Path, out: Path) -> None:
    """Write a proposed recipe for a file; nothing is imported."""
    from jitasa_analytics.ingest.propose import propose as proposed

    faults.writable(out, ("toml",))
    found = proposed(file, dataset)
    out.write_text(found.to_toml(file.name, lang), encoding="utf-8")
    printing.say(texts.say("import.propose.about", lang, path=out, certain=len(found.certain) + len(found.address),
                           likely=len(found.likely), missing=len(found.missing)))
