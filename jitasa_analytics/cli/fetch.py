"""``jitasa fetch``: public files come into the cache, and from there into a store."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jitasa_analytics import texts
from jitasa_analytics.cli import imports, printing
from jitasa_analytics.errors import JitasaError

if TYPE_CHECKING:
    from jitasa_analytics.ingest.public import Public, Told

_MB = 1e6


def fetch(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME…]")] = None,
    store: Annotated[Path | None, typer.Option("--store", envvar="JITASA_STORE", metavar="DIR",
                                               show_envvar=False)] = None,
    listing: Annotated[bool, typer.Option("--list")] = False,
) -> None:
    """Download public files into the cache and import them."""
    from jitasa_analytics.ingest import public

    lang: str = context.obj
    if listing:
        _list(lang)
        return
    wanted = public.chosen(names or [])
    paths: dict[str, Path] = {}
    failed: list[JitasaError] = []
    for source in wanted:
        try:
            with _progress(lang) as told:
                paths[source.name], fresh = public.fetch(source, told)
        except JitasaError as error:
            failed.append(error)
            if error.key == "fetch.no_connection":
                break  # the other files lie on the same network
            continue
        printing.say(texts.say("fetch.came" if fresh else "fetch.there", lang, name=source.name,
                               size=f"{source.size / _MB:.1f}", licence=source.licence))
    if store is not None:
        _import(lang, store, [s for s in wanted if s.name in paths], paths)
    elif paths:
        printing.say(texts.say("fetch.kept", lang, files=len(paths), folder=public.cache()))
    # What came is kept and imported; what did not is said, and the command fails.
    for failure in failed[:-1]:
        print(texts.say("cli.refused", lang, sentence=texts.of_error(failure, lang)), file=sys.stderr)
    if failed:
        raise failed[-1]


def _import(lang: str, store: Path, wanted: list[Public], paths: dict[str, Path]) -> None:
    for source in wanted:
        if not source.dataset:
            printing.say(texts.say("fetch.not_imported", lang, name=source.name))
    for dataset in dict.fromkeys(s.dataset for s in wanted if s.dataset):
        imports.files(lang, store, dataset, [paths[s.name] for s in wanted if s.dataset == dataset], recipe=None,
                      dry_run=False, report=None, accept_quarantine=None)


@contextmanager
def _progress(lang: str) -> Iterator[Told]:
    """Say how much has come, on a line that goes away; silent where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda name, came, size: None
        return
    from rich.console import Console

    with Console(stderr=True).status("") as line:
        yield lambda name, came, size: line.update(
            texts.say("fetch.working", lang, name=name, share=f"{100 * came / size:.0f}"))


def _list(lang: str) -> None:
    from jitasa_analytics.ingest import public

    rows = [(s.name, s.title[lang], f"{s.size / _MB:.1f}", s.dataset, s.licence,
             texts.say("fetch.yes" if public.cached(s) else "fetch.no", lang)) for s in public.sources().values()]
    heads = ("name", "title", "size", "dataset", "licence", "state")
    printing.table([texts.say(f"fetch.{h}", lang) for h in heads], rows, names=heads)
