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
ItemArgument = Annotated[str, typer.Argument(metavar="ITEM")]
QuantityArgument = Annotated[float, typer.Argument(metavar="NUMBER")]
ByOption = Annotated[str, typer.Option("--by", metavar="VOLUNTEER")]
NoteOption = Annotated[str, typer.Option("--note", metavar="TEXT")]
UnitOption = Annotated[str, typer.Option("--unit", metavar="TEXT")]
FacilityOption = Annotated[str, typer.Option("--facility", metavar="ID")]
SeenOption = Annotated[str, typer.Option("--seen", metavar="REVISION")]


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
    category: Annotated[str, typer.Option("--category", metavar="CATEGORY")] = "",
    hours: Annotated[float, typer.Option("--hours", min=0, metavar="HOURS")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, metavar="N")] = 100,
) -> None:
    """List the queue, the most urgent and oldest first."""
    _table(context.obj, _work(store).listed(area, status=status, urgency=urgency, category=category, hours=hours,
                                            limit=limit))


@app.command("show")
def show(context: typer.Context, request: IdArgument, store: StoreOption) -> None:
    """Show a request with what it asks for, what happened to it, and what may happen next."""
    print(json.dumps(_work(store).one(request), ensure_ascii=False, indent=1))


@app.command("new")
def new(
    context: typer.Context,
    store: StoreOption,
    area: Annotated[str, typer.Option("--area", metavar="CODE")],
    category: Annotated[str, typer.Option("--category", metavar="CATEGORY")],
    item: Annotated[str, typer.Option("--item", metavar="TEXT")] = "",
    urgency: Annotated[str, typer.Option("--urgency", metavar="URGENCY")] = "normal",
    people: Annotated[int, typer.Option("--people", metavar="N")] = 1,
    lon: Annotated[float | None, typer.Option("--lon", metavar="DEGREES")] = None,
    lat: Annotated[float | None, typer.Option("--lat", metavar="DEGREES")] = None,
) -> None:
    """Write down a new request."""
    made = _work(store).create(area_code=area, category=category, item=item, urgency=urgency, people=people, lon=lon,
                               lat=lat)
    printing.say(texts.say("service.requests.made", context.obj, request=made["request_id"]))


@app.command("move")
def move(
    context: typer.Context,
    request: IdArgument,
    status: Annotated[str, typer.Argument(metavar="STATUS")],
    store: StoreOption,
    by: ByOption = "",
    note: NoteOption = "",
    vehicle: Annotated[str, typer.Option("--vehicle", metavar="VEHICLE")] = "",
    facility: FacilityOption = "",
    unit: UnitOption = "",
    same_as: Annotated[str, typer.Option("--same-as", metavar="REQUEST")] = "",
    seen: SeenOption = "",
) -> None:
    """Take a request to its next state."""
    found = _work(store).move(request, status, by=by, note=note, vehicle=vehicle, facility_id=facility, to_unit=unit,
                              same_as=same_as, seen=seen)
    printing.say(texts.say("service.requests.moved", context.obj, request=request,
                           status=texts.label("status", found["status"], context.obj)))


@app.command("refer")
def refer(
    context: typer.Context,
    request: IdArgument,
    store: StoreOption,
    unit: UnitOption = "",
    facility: FacilityOption = "",
    note: NoteOption = "",
    seen: SeenOption = "",
) -> None:
    """Hand a request to another unit, or to a facility with a free bed."""
    _work(store).refer(request, to_unit=unit, facility_id=facility, note=note, seen=seen)
    printing.say(texts.say("service.requests.referred", context.obj, request=request, to=unit or facility))


@app.command("deliver")
def deliver(context: typer.Context, request: IdArgument, item: ItemArgument, quantity: QuantityArgument,
            store: StoreOption, by: ByOption = "", seen: SeenOption = "") -> None:
    """Write down what was handed over."""
    _work(store).deliver(request, item, quantity, by=by, seen=seen)
    printing.say(texts.say("service.requests.delivered", context.obj, item=item, quantity=f"{quantity:g}"))


@app.command("promise")
def promise(context: typer.Context, request: IdArgument, item: ItemArgument, quantity: QuantityArgument,
            store: StoreOption, by: ByOption = "", seen: SeenOption = "") -> None:
    """Write down what somebody promised to bring."""
    _work(store).promise(request, item, quantity, by=by, seen=seen)
    printing.say(texts.say("service.requests.promised", context.obj, item=item, quantity=f"{quantity:g}"))


@app.command("suggest")
def suggest(context: typer.Context, request: IdArgument, store: StoreOption) -> None:
    """List the nearest volunteers that have room for a request."""
    _table(context.obj, _work(store).suggest(request))


@app.command("beds")
def beds(context: typer.Context, request: IdArgument, store: StoreOption) -> None:
    """List the nearest facilities with a free bed."""
    _table(context.obj, _work(store).beds(request))


@app.command("duplicates")
def duplicates(context: typer.Context, store: StoreOption, area: AreaOption = "TH") -> None:
    """List requests that may be one with an earlier one: a hint, no verdict."""
    _table(context.obj, _work(store).doubles(area))


@app.command("assign")
def assign(
    context: typer.Context,
    store: StoreOption,
    area: AreaOption = "TH",
    km: Annotated[float, typer.Option("--km", min=0.1, max=200, metavar="KM")] = 30.0,
    accept: Annotated[bool, typer.Option("--accept")] = False,
    pair: Annotated[list[str] | None, typer.Option("--pair", metavar="REQUEST=VOLUNTEER")] = None,
) -> None:
    """Find the best assignment of a whole queue; with --accept, assign it; with --pair, assign just these."""
    from jitasa_analytics.errors import InputError
    from jitasa_analytics.service.web.api import told

    work, lang = _work(store), context.obj
    if pair:
        parts = [p.partition("=") for p in pair]
        if any(not (a and sign and b) for a, sign, b in parts):
            raise InputError("a pair is REQUEST=VOLUNTEER", key="service.requests.bad_pair")
        printing.say(texts.say("service.requests.accepted", lang, requests=work.assign({a: b for a, _, b in parts})))
        return
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
