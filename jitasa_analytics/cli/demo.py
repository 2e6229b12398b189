"""``jitasa demo``: the sample, on published outlines where they are in the cache."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jitasa_analytics import texts
from jitasa_analytics.cli import faults, printing

if TYPE_CHECKING:
    from jitasa_analytics.store import Store

PORT = 5006


def demo(
    context: typer.Context,
    store: Annotated[Path | None, typer.Option("--store", metavar="DIR")] = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, metavar="N")] = PORT,
    no_serve: Annotated[bool, typer.Option("--no-serve")] = False,
) -> None:
    """Build the sample store where there is none, then serve it."""
    from jitasa_analytics.cli import progress
    from jitasa_analytics.ingest import sample
    from jitasa_analytics.store import Store, open_store

    lang: str = context.obj
    published = sample.cached_public()
    # A store on published outlines does not take the place of one that was built before they came.
    folder = store if store is not None else faults.home() / ("demo-published" if published else "demo")
    if not Store(folder).exists:
        printing.say(texts.say("cli.demo.building", lang, path=folder))
        with progress.shown(lang) as told:
            sample.build_sample_store(Store(folder), progress=told, published=published)
    opened = open_store(folder)
    printing.say(texts.say("cli.demo.ready", lang, path=folder, version=opened.manifest().version))
    printing.say(which_map(opened, lang))
    if not no_serve:
        from dashboards.app import serve as serve_app

        serve_app(folder, port, lang=lang)


def which_map(store: Store, lang: str) -> str:
    """Which outlines a store draws: published, or the sample's own."""
    with store.snapshot() as snapshot:
        found = snapshot.sql("SELECT DISTINCT basis, source FROM areas ORDER BY source")
    if not len(found):
        return texts.say("fetch.map.none", lang)
    if set(found["basis"]) == {"published"}:
        return texts.say("fetch.map.real", lang, source=", ".join(dict.fromkeys(found["source"].astype(str))))
    return texts.say("fetch.map.schematic", lang)
