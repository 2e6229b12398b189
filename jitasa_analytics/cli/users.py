"""``jitasa users``: who may sign in to the dashboard and the API."""

from __future__ import annotations

import getpass
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from jitasa_analytics import texts
from jitasa_analytics.cli import printing
from jitasa_analytics.errors import InputError

app = typer.Typer(no_args_is_help=True)

StoreOption = Annotated[Path, typer.Option("--store", envvar="JITASA_STORE", metavar="DIR", show_envvar=False)]
NameArgument = Annotated[str, typer.Argument(metavar="NAME")]
StdinOption = Annotated[bool, typer.Option("--password-stdin")]


@app.command("add")
def add(
    context: typer.Context,
    name: NameArgument,
    store: StoreOption,
    role: Annotated[str, typer.Option("--role", metavar="ROLE")],
    area: Annotated[str, typer.Option("--area", metavar="CODE")] = "TH",
    password_stdin: StdinOption = False,
) -> None:
    """Make an account."""
    from jitasa_analytics.service import audit
    from jitasa_analytics.service.accounts import Accounts
    from jitasa_analytics.store import open_store

    lang: str = context.obj
    open_store(store)
    password, own = _password(lang, password_stdin)
    user = Accounts(store).add(name, role, area, password, must_change=not own)
    audit.note(store, "account_added", scope=user.scope, account=user.name, role=user.role)
    printing.say(texts.say("service.users.added", lang, name=user.name, role=texts.say(f"service.role.{role}", lang),
                           area=user.scope))
    if not own:
        printing.say(texts.say("service.users.first_password", lang, password=password))


@app.command("passwd")
def passwd(context: typer.Context, name: NameArgument, store: StoreOption, password_stdin: StdinOption = False) -> None:
    """Give an account another password."""
    from jitasa_analytics.service import audit
    from jitasa_analytics.service.accounts import Accounts

    lang: str = context.obj
    password, own = _password(lang, password_stdin)
    Accounts(store).set_password(name, password, must_change=not own)
    audit.note(store, "password_changed", account=name)
    printing.say(texts.say("service.users.changed", lang, name=name))
    if not own:
        printing.say(texts.say("service.users.first_password", lang, password=password))


@app.command("disable")
def disable(context: typer.Context, name: NameArgument, store: StoreOption) -> None:
    """Shut an account."""
    _shut(context.obj, store, name, disabled=True)


@app.command("enable")
def enable(context: typer.Context, name: NameArgument, store: StoreOption) -> None:
    """Open a shut account again."""
    _shut(context.obj, store, name, disabled=False)


@app.command("token")
def token(
    context: typer.Context,
    name: NameArgument,
    store: StoreOption,
    label: Annotated[str, typer.Option("--label", metavar="TEXT")] = "",
    days: Annotated[int, typer.Option("--days", min=1, max=366, metavar="N")] = 90,
) -> None:
    """Make an API token for another system."""
    from jitasa_analytics.service import audit
    from jitasa_analytics.service.accounts import Accounts

    secret = Accounts(store).make_token(name, label, days=days)
    audit.note(store, "account_changed", account=name, token=True, days=days)
    print(secret)
    print(texts.say("service.users.token", context.obj, days=days), file=sys.stderr)


@app.command("list")
def list_users(context: typer.Context, store: StoreOption) -> None:
    """List the accounts."""
    from jitasa_analytics.service.accounts import Accounts

    lang: str = context.obj
    heads = {"name": "name", "role": "role", "area": "area", "state": "now", "made_at": "made_at"}
    rows = [(a.user.name, texts.say(f"service.role.{a.user.role}", lang), a.user.scope,
             texts.say(f"service.users.state.{'disabled' if a.disabled else 'locked' if a.locked else 'open'}", lang),
             f"{datetime.fromtimestamp(a.made_at, UTC):%Y-%m-%d}") for a in Accounts(store).listed()]
    printing.table([texts.say(f"service.users.{h}", lang) for h in heads.values()], rows, names=tuple(heads))


def _shut(lang: str, store: Path, name: str, *, disabled: bool) -> None:
    from jitasa_analytics.service import audit
    from jitasa_analytics.service.accounts import Accounts

    Accounts(store).disable(name, disabled=disabled)
    audit.note(store, "account_disabled" if disabled else "account_changed", account=name)
    printing.say(texts.say("service.users.disabled" if disabled else "service.users.enabled", lang, name=name))


def _password(lang: str, from_stdin: bool) -> tuple[str, bool]:
    """A password, and whether its owner chose it; never from the command line, where others could read it."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n"), True
    if not sys.stdin.isatty():
        return secrets.token_urlsafe(12), False
    first = getpass.getpass(texts.say("service.users.ask", lang))
    if not first:
        return secrets.token_urlsafe(12), False
    if getpass.getpass(texts.say("service.users.again", lang)) != first:
        raise InputError("the two passwords differ", key="service.password.differ")
    return first, True
