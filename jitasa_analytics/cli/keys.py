"""``jitasa keys``: where the key of the tokens lies, and a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jitasa_analytics import texts
from jitasa_analytics.cli import printing

app = typer.Typer(no_args_is_help=True)

StoreOption = Annotated[Path, typer.Option("--store", envvar="JITASA_STORE", metavar="DIR", show_envvar=False)]


@app.command("where")
def where(context: typer.Context, store: StoreOption) -> None:
    """Say where the key lies and by which name it is known."""
    from jitasa_analytics import privacy
    from jitasa_analytics.store import open_store

    open_store(store)
    key = privacy.load_key(store)
    printing.say(texts.say("service.keys.lies", context.obj, path=privacy.key_folder(store) / privacy.TOKEN_KEY,
                           name=privacy.fingerprint(key), keys=key.count(b"\n") + 1))


@app.command("rotate")
def rotate(context: typer.Context, store: StoreOption) -> None:
    """Key every token again with a new key."""
    from jitasa_analytics.service import audit, keys
    from jitasa_analytics.store import open_store

    changed = keys.rotate(open_store(store))
    audit.note(store, "key_rotated", scope="TH", tokens=changed)
    printing.say(texts.say("service.keys.rotated", context.obj, tokens=f"{changed:,}"))
