"""``jitasa requests``: the queue, and what happens to a request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jitasa_analytics import texts
from jitasa_analytics.cli import printing

if TYPE_CHECKING:
    from jitasa_analytics.service.requests import Requests

app = typer.Typer(no_args_is_help=True)

StoreOption = Annotated[Path, typer.Option("--store", envvar="JITASA_STORE", metavar="DIR", show_envvar=False)]
AreaOption = Annotated[str, typer.Option("--area", metavar="CODE")]
IdArgument = Annotated[str, typer.Argument(metavar="REQUEST")]
NoteOption = Annotated[str, typer.Option("--note", metavar="TEXT")]


def _work(store: Path) -> Requests:
    """The requests of a store, as whoever holds its files may change them."""
    from jitasa_analytics.service.audit import Audit, operator
    from jitasa_analytics.service.requests import Requests
    from jitasa_analytics.service.roles import User
    from jitasa_analytics.store import open_store

    return Requests(open_store(store), User(operator(), "local"), Audit(store))


@app.command("list")
def list_requests(
    context: typer.Context,
    store: StoreOption,
    area: AreaOption = "TH",
    status: Annotated[str, typer.Option("--status", metavar="STATUS")] = "open",
    urgency: Annotated[str, typer.Option("--urgency", metavar="URGENCY")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, metavar="N")] = 100,
) -> None:
    """List the queue, the most urgent and oldest first."""
    _table(context.obj, _work(store).listed(area, status=status, urgency=urgency, limit=limit))


@app.command("show")
def show(context: typer.Context, request: IdArgument, store: StoreOption) -> None:
    """Show a request with what it asks for and what happened to it."""
    print(json.dumps(_work(store).one(request), ensure_ascii=False, indent=1))


@app.command("move")
def move(
    context: typer.Context,
    request: IdArgument,
    status: Annotated[str, typer.Argument(metavar="STATUS")],
    store: StoreOption,
    by: Annotated[str, typer.Option("--by", metavar="VOLUNTEER")] = "",
    note: NoteOption = "",
) -> None:
    """Take a request to its next state."""
    found = _work(store).move(request, status, by=by, note=note)
    printing.say(texts.say("service.requests.moved", context.obj, request=request,
                           status=texts.label("status", found["status"], context.obj)))


@app.command("refer")
def refer(
    context: typer.Context,
    request: IdArgument,
    store: StoreOption,
    unit: Annotated[str, typer.Option("--unit", metavar="TEXT")] = "",
    facility: Annotated[str, typer.Option("--facility", metavar="ID")] = "",
    note: NoteOption = "",
) -> None:
    """Hand a request to another unit, or to a facility with a free bed."""
    _work(store).refer(request, to_unit=unit, facility_id=facility, note=note)
    printing.say(texts.say("service.requests.referred", context.obj, request=request, to=unit or facility))


@app.command("suggest")
def suggest(context: typer.Context, request: IdArgument, store: StoreOption) -> None:
    """List the nearest volunteers that have room for a request."""
    _table(context.obj, _work(store).suggest(request))


@app.command("duplicates")
def duplicates(context: typer.Context, store: StoreOption, area: AreaOption = "TH") -> None:
    """List pairs that may be one request: a hint, no verdict."""
    _table(context.obj, _work(store).doubles(area))


@app.command("assign")
def assign(
    context: typer.Context,
    store: StoreOption,
    area: AreaOption = "TH",
    km: Annotated[float, typer.Option("--km", min=0.1, max=200, metavar="KM")] = 30.0,
    accept: Annotated[bool, typer.Option("--accept")] = False,
) -> None:
    """Find the best assignment of a whole queue; with --accept, assign it."""
    from jitasa_analytics.service.web.api import told

    work, lang = _work(store), context.obj
    plan = work.plan(area, within_km=km)
    found = told(plan)
    _table(lang, found["pairs"])
    printing.say(texts.say("service.requests.plan", lang, pairs=len(found["pairs"]), nobody=len(found["nobody"]),
                           km=f"{found['total_km']:,.1f}", bound=f"{found['bound_km']:,.1f}"))
    if accept:
        printing.say(texts.say("service.requests.accepted", lang, requests=work.accept(plan)))


def _table(lang: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        printing.say(texts.say("service.requests.none", lang))
        return
    names = list(rows[0])
    shown = [[";".join(v) if isinstance(v, list) else v for v in row.values()] for row in rows]
    printing.table(names, shown, names=names)
