"""``jitasa audit``: the log of who did what, and whether anybody changed it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from jitasa_analytics import texts
from jitasa_analytics.cli import printing

app = typer.Typer(no_args_is_help=True)

StoreOption = Annotated[Path, typer.Option("--store", envvar="JITASA_STORE", metavar="DIR", show_envvar=False)]
_SHOWN = 20


def log(store: Path, what: str, *, scope: str, **detail: object) -> None:
    """Write what was done at the command line to a store's log."""
    from jitasa_analytics.service.audit import note

    note(store, what, scope=scope, **detail)


@app.command("verify")
def verify(
    context: typer.Context,
    store: StoreOption,
    expect: Annotated[str | None, typer.Option("--expect", metavar="N:HASH")] = None,
) -> None:
    """Check every line of the log."""
    from jitasa_analytics.service.audit import Audit
    from jitasa_analytics.store import open_store

    lang: str = context.obj
    open_store(store)
    found = Audit(store).verify(expect=expect)
    for number, what in found.problems[:_SHOWN]:
        printing.say(texts.say("service.audit.problem", lang, line=number,
                               what=texts.say(f"service.audit.what.{what}", lang)))
    key = "whole" if found.whole else "broken"
    printing.say(texts.say(f"service.audit.{key}", lang, lines=f"{found.lines:,}", head=found.head,
                           problems=len(found.problems)))
    if not found.whole:
        raise typer.Exit(2)


@app.command("head")
def head(context: typer.Context, store: StoreOption) -> None:
    """Print the head of the log, to be written down elsewhere."""
    from jitasa_analytics.service.audit import Audit
    from jitasa_analytics.store import open_store

    open_store(store)
    print(Audit(store).verify().head)


@app.command("list")
def list_events(
    context: typer.Context,
    store: StoreOption,
    last: Annotated[int, typer.Option("--last", min=1, metavar="N")] = 50,
    what: Annotated[str | None, typer.Option("--what", metavar="KIND")] = None,
    who: Annotated[str | None, typer.Option("--who", metavar="NAME")] = None,
) -> None:
    """List the newest events."""
    from jitasa_analytics.service.audit import Audit
    from jitasa_analytics.store import open_store

    open_store(store)
    heads = ("n", "at", "who", "what", "scope", "detail")
    rows = [(r["n"], r["at"], r["who"], r["what"], r["scope"], json.dumps(r["detail"], ensure_ascii=False))
            for r in Audit(store).rows(last=last, what=what, who=who)]
    printing.table([texts.say(f"service.audit.{'kind' if h == 'what' else h}", context.obj) for h in heads], rows,
                   names=heads)
