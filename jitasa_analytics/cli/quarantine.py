"""``jitasa quarantine``: rows that were refused are listed, written out, and sent again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jitasa_analytics import texts
from jitasa_analytics.cli import faults, printing

OUT_KINDS = ("xlsx", "csv")

app = typer.Typer(no_args_is_help=True)

StoreOption = Annotated[Path, typer.Option("--store", envvar="JITASA_STORE", metavar="DIR", show_envvar=False)]


@app.command("list")
def list_rows(context: typer.Context, store: StoreOption) -> None:
    """List the refused rows by dataset, file and rule."""
    from jitasa_analytics.ingest import quarantine
    from jitasa_analytics.store import open_store

    lang: str = context.obj
    found = quarantine.summary(open_store(store))
    if not len(found):
        printing.say(texts.say("import.quarantine_export.empty", lang))
        return
    rows = [(d, f, c, texts.say(f"rule.{c}.name", lang), int(n)) for d, f, c, n in found.itertuples(index=False)]
    heads = ("dataset", "file", "rule", "rule_name", "rows")
    printing.table([texts.say(f"import.quarantine_list.{h}", lang) for h in heads], rows, names=heads)


@app.command("export")
def export(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(metavar="FILE")],
    store: StoreOption,
    dataset: Annotated[str | None, typer.Option("--dataset", metavar="DATASET")] = None,
) -> None:
    """Write the refused rows to a file, to be corrected."""
    from jitasa_analytics import contracts
    from jitasa_analytics.ingest import quarantine
    from jitasa_analytics.store import open_store

    if dataset is not None:
        contracts.dataset(dataset)
    faults.writable(out, OUT_KINDS)
    rows = quarantine.export(open_store(store), out, dataset=dataset, lang=context.obj)
    key = "written" if rows else "empty"
    printing.say(texts.say(f"import.quarantine_export.{key}", context.obj, path=out, rows=f"{rows:,}"))


@app.command("resubmit")
def resubmit(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    store: StoreOption,
    recipe: Annotated[str | None, typer.Option("--recipe", metavar="NAME")] = None,
) -> None:
    """Import the corrected rows of an exported file."""
    from jitasa_analytics.ingest import quarantine
    from jitasa_analytics.store import open_store

    done = quarantine.resubmit(open_store(store), file, recipe=recipe)
    names = ("file", "dataset", "read", "accepted", "quarantined", "duplicate")
    printing.table([texts.say(f"cli.report.{n}", context.obj) for n in names],
                   [[part[n] for n in names] for report in done.reports for part in report.to_dict()["files"]],
                   names=names)
    printing.say(texts.say("import.quarantine_resubmit.left", context.obj, left=f"{done.settled:,}",
                           rest=f"{done.left:,}"))
