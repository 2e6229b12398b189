"""``jitasa publish``: the file of the public view, with small counts hidden."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jitasa_analytics import texts
from jitasa_analytics.cli import faults, printing

StoreOption = Annotated[Path, typer.Option("--store", envvar="JITASA_STORE", metavar="DIR", show_envvar=False)]


def publish(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(metavar="FILE.json")],
    store: StoreOption,
) -> None:
    """Write the public file."""
    from jitasa_analytics.service import audit
    from jitasa_analytics.service import publish as public
    from jitasa_analytics.store import open_store

    faults.writable(out, ("json",))
    done = public.publish(open_store(store), out)
    audit.note(store, "publish", scope="TH", **done)
    lang: str = context.obj
    if not done["months"]:
        printing.say(texts.say("service.publish.nothing_new", lang, path=out))
        return
    printing.say(texts.say("service.publish.done", lang, path=out, months=", ".join(done["months"]),
                           published=f"{done['published']:,}", hidden=f"{done['hidden']:,}",
                           hexagons=f"{done['hexagons']:,}"))
