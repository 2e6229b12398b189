"""The ``jitasa`` command.

Heavy libraries are loaded inside the commands that need them, so that help comes at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import rich_utils

from jitasa_analytics import texts
from jitasa_analytics.cli import (
    allocator,
    audit,
    demo,
    faults,
    fetch,
    keys,
    observations,
    printing,
    publish,
    quarantine,
    reports,
    requests,
    template,
    users,
)
from jitasa_analytics.cli.versions import add_to as add_versions
from jitasa_analytics.errors import InputError

PORT = 5006
OUT_KINDS = ("csv", "xlsx", "geojson", "parquet", "png", "pdf")

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="rich",
                  pretty_exceptions_enable=False)
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(keys.app, name="keys")
app.add_typer(users.app, name="users")
app.add_typer(requests.app, name="requests")
app.add_typer(observations.app, name="observations")
app.add_typer(audit.app, name="audit")
app.command("publish")(publish.publish)
app.command("template")(template.template)
app.command("fetch")(fetch.fetch)
app.command("demo")(demo.demo)
app.command("report")(reports.report)

add_versions(app)

StoreOption = Annotated[Path, typer.Option("--store", envvar="JITASA_STORE", metavar="DIR", show_envvar=False)]
PortOption = Annotated[int, typer.Option("--port", min=1, max=65535, metavar="N")]
ReportOption = Annotated[Path | None, typer.Option("--report", metavar="FILE.json")]
DryRunOption = Annotated[bool, typer.Option("--dry-run")]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code: 0 done, 2 refused, 1 a fault, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    lang, words, unknown = _language(list(sys.argv[1:] if arguments is None else arguments))
    if arguments is None and words[:1] in (["serve"], ["demo"]):
        allocator.settle()
    sys.exit(faults.guarded(lambda: _run_words(words, lang, unknown), lang))


def _run_words(words: list[str], lang: str, unknown: str | None) -> int:
    if unknown is not None:
        raise InputError(f"there is no language {unknown!r}: use th or en", key="error.language", value=unknown)
    command: Any = typer.main.get_command(app)
    _put_frame(lang)
    _put_help(command, "jitasa", lang)
    for name, part in command.commands.items():
        _put_help(part, name, lang)
    result = command.main(words, prog_name="jitasa", standalone_mode=False, obj=lang)
    sys.stdout.flush()
    return result if isinstance(result, int) else 0


def _put_frame(lang: str) -> None:
    """The words that the command line's library writes around our own."""
    for name in ("ARGUMENTS_PANEL_TITLE", "OPTIONS_PANEL_TITLE", "COMMANDS_PANEL_TITLE", "REQUIRED_LONG_STRING",
                 "DEFAULT_STRING"):
        setattr(rich_utils, name, texts.say(f"cli.frame.{name.lower()}", lang))


def _put_help(command: Any, name: str, lang: str) -> None:
    """Give a command and its options their help texts."""
    words = name.replace("-", "_")
    rooms = (f"cli.{words}", f"import.{words}", f"service.{words}", f"store.{words}", words)
    room = next((r for r in rooms if texts.has(f"{r}.about", lang)), rooms[0])
    for part_name, part in getattr(command, "commands", {}).items() if name != "jitasa" else ():
        _put_help(part, f"{name} {part_name}".replace(" ", "_"), lang)
    command.help = texts.say(f"{room}.about", lang)
    command.epilog = texts.say("cli.language", lang)
    for option in command.params:
        where = (f"{room}.", f"service.{words}.", "cli.option.", "import.option.")
        keys = [f"{r}{option.name}" for r in where if texts.has(f"{r}{option.name}", lang)]
        if keys:
            option.help = texts.say(keys[0], lang)


def _language(words: list[str]) -> tuple[str, list[str], str | None]:
    """The language to speak, the words without ``--lang``, and what was asked for where it is no language."""
    chosen: str | None = None
    rest: list[str] = []
    left = iter(words)
    for word in left:
        if word == "--":
            rest += [word, *left]
        elif word == "--lang":
            chosen = next(left, "")
        elif word.startswith("--lang="):
            chosen = word.removeprefix("--lang=")
        else:
            rest.append(word)
    if chosen is None:
        return texts.preferred(), rest, None
    if chosen.lower() not in texts.LANGUAGES:
        return texts.preferred(), rest, chosen
    os.environ["JITASA_LANG"] = chosen.lower()
    return chosen.lower(), rest, None


def _show_version(wanted: bool) -> None:
    if wanted:
        import jitasa_analytics

        print(f"jitasa-analytics {jitasa_analytics.__version__}")
        raise typer.Exit


@app.callback()
def _jitasa(version: Annotated[bool, typer.Option("--version", is_eager=True, callback=_show_version)] = False) -> None:
    """Every command has its own function."""


@app.command("serve")
def serve(
    context: typer.Context,
    store: StoreOption,
    port: PortOption = PORT,
    auth: Annotated[str, typer.Option("--auth", metavar="none|accounts|oidc")] = "none",
    address: Annotated[str, typer.Option("--address", metavar="IP")] = "127.0.0.1",
    origin: Annotated[str, typer.Option("--origin", metavar="https://…")] = "",
    forms: Annotated[bool, typer.Option("--forms/--no-forms", envvar="JITASA_FORMS", show_envvar=False)] = False,
    oidc: Annotated[Path | None, typer.Option("--oidc", metavar="FILE.toml")] = None,
    public: Annotated[Path | None, typer.Option("--public", metavar="FILE.json")] = None,
    tiles: Annotated[str, typer.Option("--tiles", envvar="JITASA_TILES", show_envvar=False, metavar="URL")] = "",
    tiles_credit: Annotated[str, typer.Option("--tiles-credit", envvar="JITASA_TILES_CREDIT", show_envvar=False,
                                              metavar="TEXT")] = "",
) -> None:
    """Serve the dashboard of a store."""
    from jitasa_analytics.store import open_store

    open_store(store)
    from dashboards.app import serve as serve_app
    from dashboards.tiles import Tiles
    from jitasa_analytics.service.vouching import Vouching
    from jitasa_analytics.service.web.doors import Doors, mode

    settings = Vouching.read(oidc) if oidc is not None else None
    serve_app(store, port, lang=context.obj, address=address,
              people=Doors(mode(auth), origin, forms, public, settings), tiles=Tiles(tiles, tiles_credit))


@app.command("import")
def import_(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(metavar="DATASET")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE…")],
    store: StoreOption,
    recipe: Annotated[str | None, typer.Option("--recipe", metavar="NAME")] = None,
    dry_run: DryRunOption = False,
    report: ReportOption = None,
    accept_quarantine: Annotated[str | None, typer.Option("--accept-quarantine", metavar="REASON")] = None,
    propose: Annotated[Path | None, typer.Option("--propose", metavar="OUT.toml")] = None,
    sheet: Annotated[str, typer.Option("--sheet", metavar="NAME")] = "",
) -> None:
    """Import files into a dataset."""
    if propose is not None:
        template.propose(context.obj, dataset, files[0], propose)
        return
    from jitasa_analytics.cli import imports

    imports.files(context.obj, store, dataset, files, recipe=recipe, dry_run=dry_run, report=report,
                  accept_quarantine=accept_quarantine, sheet=sheet)


@app.command("import-folder")
def import_folder(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    store: StoreOption,
    dry_run: DryRunOption = False,
    report: ReportOption = None,
) -> None:
    """Import all files of a folder that a recipe knows."""
    from jitasa_analytics.cli import imports

    imports.folder(context.obj, store, folder, dry_run=dry_run, report=report)


@app.command("run", context_settings={
    "allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def run(
    context: typer.Context,
    study: Annotated[str | None, typer.Argument(metavar="STUDY")] = None,
    store: Annotated[Path | None, typer.Option("--store", envvar="JITASA_STORE", metavar="DIR",
                                               show_envvar=False)] = None,
    area: Annotated[str, typer.Option("--area", metavar="CODE")] = "TH",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE")] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="LEVEL")] = None,
    scheduler: Annotated[str | None, typer.Option("--scheduler", metavar="ADDRESS")] = None,
    send_files: Annotated[bool, typer.Option("--send-files")] = False,
) -> None:
    """Run a study; what stands behind its name are its parameters."""
    lang: str = context.obj
    if study in (None, "--help", "-h"):
        print(context.get_help())
        return
    from jitasa_analytics import studies
    from jitasa_analytics.cli import options
    from jitasa_analytics.store import open_store

    if study.startswith("-"):
        raise InputError(f"the study's name comes first, then its parameters; not {study!r}",
                         key="error.study_first", word=study)
    kind = studies.get(study)
    if {"--help", "-h"} & set(context.args):
        print(options.help_text(kind, lang))
        return
    if store is None:
        raise InputError("option --store is missing", key="error.missing_option", name="--store")
    values = options.read(kind, context.args)
    target = faults.writable(out, OUT_KINDS)
    if by is None and (scheduler is not None or send_files):
        raise InputError("--scheduler and --send-files go with --by only", key="by_area.needs_by")
    if by is not None:
        from jitasa_analytics.studies.by_area import run_by_area

        found = run_by_area(study, open_store(store), by=by, scheduler=scheduler, scope=area, send_files=send_files,
                            **values)
    else:
        with open_store(store).snapshot(scope=area) as snapshot:
            found = studies.run(study, snapshot, **values)
    if target is not None:
        from jitasa_analytics import show

        show.export(found, target, lang=lang)
        audit.log(store, "export", scope=found.scope, study=study, kind=target.suffix[1:], rows=len(found.frame))
        printing.say(texts.say("cli.written", lang, path=target))
        if not printing.to_terminal():
            return
    printing.answer(found, kind.title(lang), lang)


@app.command("studies")
def list_studies(context: typer.Context) -> None:
    """List the installed studies."""
    from jitasa_analytics import studies

    lang: str = context.obj
    printing.table([texts.say(f"cli.studies.{n}", lang) for n in ("name", "title", "question")],
                   [(name, s.title(lang), s.question(lang)) for name, s in studies.known().items()],
                   names=["name", "title", "question"])


@app.command("sql")
def sql(
    context: typer.Context,
    query: Annotated[str, typer.Argument(metavar="QUERY")],
    store: StoreOption,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.csv")] = None,
) -> None:
    """Run one read-only SELECT over the datasets."""
    from jitasa_analytics.show import files
    from jitasa_analytics.store import open_store

    target = faults.writable(out, ("csv",))
    with open_store(store).snapshot() as snapshot:
        found, sample = snapshot.sql(query), snapshot.sample
    audit.log(store, "read" if target is None else "export", scope="TH", sql=True, rows=len(found))
    if sample:
        printing.say(texts.say("cli.sample", context.obj))
    if target is None:
        printing.frame(found, context.obj)
        return
    target.write_bytes(files.csv_bytes(files.marked(found) if sample else found))
    printing.say(texts.say("cli.sql.written", context.obj, path=target, rows=f"{len(found):,}"))


@app.command("info")
def info(context: typer.Context, store: StoreOption,
         as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Say what a store holds."""
    from jitasa_analytics.store import open_store

    held = open_store(store).info()
    if as_json:
        import json

        print(json.dumps(held, ensure_ascii=False, indent=1))
        return
    lang: str = context.obj
    from jitasa_analytics.contracts import DATASETS

    kind = texts.say("cli.info.sample" if held["sample"] else "cli.info.real", lang)
    printing.say(texts.say("cli.info.head", lang, path=held["store"], version=held["version"],
                           created=held["created_at"], kind=kind))
    rows = [(name, getattr(DATASETS[name], lang), held["rows"][name], held["as_of"][name], held["imported_at"][name])
            for name in held["rows"]]
    names = ("dataset", "label", "rows", "as_of", "imported_at")
    printing.table([texts.say(f"cli.info.{n}", lang) for n in names], rows, names=names)
