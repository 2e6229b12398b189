"""The store's versions on the command line: list, restore, prune, backup, erase."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jitasa_analytics import texts
from jitasa_analytics.cli import audit, printing

StoreOption = Annotated[Path, typer.Option("--store", envvar="JITASA_STORE", metavar="DIR", show_envvar=False)]

_MB = 1e6


def add_to(app: typer.Typer) -> None:
    """Give the command line these commands."""
    for command in (versions, restore, prune, backup, erase):
        app.command(command.__name__)(command)


def versions(context: typer.Context, store: StoreOption) -> None:
    """List the versions of a store."""
    from jitasa_analytics.store import Store, history

    lang: str = context.obj
    rows = []
    for known in history.versions(Store(store)):
        states = [s for s, is_so in (("current", known.current), ("damaged", not known.whole), ("read", known.read))
                  if is_so] or ["old"]
        state = ", ".join(texts.say(f"store.versions.{s}", lang) for s in states) if printing.to_terminal() \
            else " ".join(s for s in states if s != "old")
        size = f"{known.bytes / _MB:,.1f} MB" if printing.to_terminal() else known.bytes
        rows.append((known.version, known.created_at, known.note, known.rows, size, state))
    names = ("version", "created_at", "note", "rows", "bytes", "state")
    printing.table([texts.say(f"store.versions.{n}", lang) for n in names], rows, names=names)


def restore(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="VERSION|FILE")],
    store: StoreOption,
) -> None:
    """Publish an older version, or a backup, as the newest one."""
    from jitasa_analytics.store import Store, backup, history

    lang: str = context.obj
    if source.isascii() and source.isdigit():
        made = history.restore(Store(store), int(source))
        printing.say(texts.say("store.restore.done", lang, old=source, version=made.version))
        return
    had_key = (store / "token.key").exists()
    made = backup.restore(Store(store), Path(source))
    printing.say(texts.say("store.restore.file_done", lang, file=source, version=made.version, path=store))
    if not had_key:
        printing.say(texts.say("store.restore.key", lang))


def prune(
    context: typer.Context,
    store: StoreOption,
    keep: Annotated[int, typer.Option("--keep", metavar="N")],
) -> None:
    """Remove old versions."""
    from jitasa_analytics.store import history, open_store

    lang: str = context.obj
    done = history.prune(open_store(store), keep)
    if done.removed:
        printing.say(texts.say("store.prune.done", lang, removed=len(done.removed), freed=f"{done.freed / _MB:,.1f}"))
    elif not done.read:
        printing.say(texts.say("store.prune.none", lang))
    if done.read:
        printing.say(texts.say("store.prune.read", lang, versions=", ".join(map(str, done.read))))


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    store: StoreOption,
) -> None:
    """Write the current version to one file."""
    from jitasa_analytics.store import backup as backups
    from jitasa_analytics.store import open_store

    made = backups.backup(open_store(store), file)
    printing.say(texts.say("store.backup.done", context.obj, version=made.version, file=file,
                           size=f"{file.stat().st_size / _MB:,.1f}"))


def erase(
    context: typer.Context,
    store: StoreOption,
    person: Annotated[str, typer.Option("--person", metavar="TOKEN")],
) -> None:
    """Make a version without a person and purge all older ones."""
    from jitasa_analytics.service import forget
    from jitasa_analytics.store import open_store

    lang: str = context.obj
    done = forget.erase(open_store(store), person)
    audit.log(store, "erase", scope="TH", rows=sum(done.removed.values()), cleared=sum(done.cleared.values()),
              version=done.version)
    printing.say(texts.say("store.erase.done", lang, rows=f"{sum(done.removed.values()):,}",
                           cleared=f"{sum(done.cleared.values()):,}", version=done.version, versions=done.versions))
    printing.say(texts.say("store.erase.copies", lang))
