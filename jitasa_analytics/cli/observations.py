"""``jitasa observations``: field reports, written and listed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jitasa_analytics import areas, texts
from jitasa_analytics.cli import printing

if TYPE_CHECKING:
    from jitasa_analytics.service.reports import Reports

app = typer.Typer(no_args_is_help=True)

StoreOption = Annotated[Path, typer.Option("--store", envvar="JITASA_STORE", metavar="DIR", show_envvar=False)]


def _work(store: Path) -> Reports:
    from jitasa_analytics.service.audit import Audit, operator
    from jitasa_analytics.service.reports import Reports
    from jitasa_analytics.service.roles import User
    from jitasa_analytics.store import open_store

    return Reports(open_store(store), User(operator(), "local"), Audit(store))


@app.command("add")
def add(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="TEXT")],
    store: StoreOption,
    area: Annotated[str, typer.Option("--area", metavar="CODE")],
    count: Annotated[int | None, typer.Option("--count", min=0, metavar="N")] = None,
) -> None:
    """Write a field report down."""
    number = _work(store).add(area_code=area, what=what, count=count)
    printing.say(texts.say("service.observations.added", context.obj, number=number,
                           area=areas.full_name(areas.resolve(area), context.obj)))


@app.command("list")
def list_observations(
    context: typer.Context,
    store: StoreOption,
    area: Annotated[str, typer.Option("--area", metavar="CODE")] = "TH",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, metavar="N")] = 50,
) -> None:
    """List field reports, the newest first."""
    lang: str = context.obj
    names = ("observation_id", "area_code", "at", "what", "count")
    rows = [tuple(r[n] for n in names) for r in _work(store).listed(area, limit=limit)]
    printing.table([texts.say(f"service.observations.{n}", lang) for n in names], rows, names=names)
