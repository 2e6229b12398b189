"""``jitasa quarantine``: rows that were refused are listed, written out, sent again, or dismissed with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jitasa_analytics import texts
from jitasa_analytics.cli import faults, printing

OUT_KINDS = ("xlsx", "csv")
_SHOWN = 30

app = typer.Typer(no_args_is_help=True)

StoreOption = Annotated[Path, typer.Option("--store", envvar="JITASA_STORE", metavar="DIR", show_envvar=False)]


@app.command("list")
def list_rows(context: typer.Context, store: StoreOption,
              each: Annotated[bool, typer.Option("--rows")] = False,
              dismissed: Annotated[bool, typer.Option("--dismissed")] = False) -> None:
    """List the refused rows by dataset, file and rule, or one by one."""
    from jitasa_analytics.ingest import quarantine
    from jitasa_analytics.store import open_store

    lang: str = context.obj
    opened = open_store(store)
    heads: tuple[str, ...]
    shown: list[tuple[object, ...]]
    if dismissed:
        found, heads = quarantine.dismissed(opened), ("id", "dataset", "file", "sheet", "row", "reason", "at")
        shown = [tuple(r) for r in found[list(heads)].itertuples(index=False)]
    elif each:
        found, heads = quarantine.rows(opened), ("id", "file", "sheet", "row", "column", "value", "rule_name")
        # Values that may name a person were masked when they were kept.
        shown = [(r.id, r.file, r.sheet, r.row, r.column, r.value, texts.say(f"rule.{r.code}.name", lang))
                 for r in found.itertuples()]
    else:
        found, heads = quarantine.summary(opened), ("dataset", "file", "sheet", "rule", "rule_name", "rows")
        shown = [(d, f, s, c, texts.say(f"rule.{c}.name", lang), int(n)) for d, f, s, c, n in
                 found.itertuples(index=False)]
    if not len(found):
        printing.say(texts.say("import.quarantine_export.empty", lang))
        return
    printing.table([texts.say(f"import.quarantine_list.{h}", lang) for h in heads], shown, names=heads)


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
    if rows:
        from jitasa_analytics.service.audit import note

        note(store, "export", scope="TH", quarantine=True, rows=rows)
    key = "written" if rows else "empty"
    printing.say(texts.say(f"import.quarantine_export.{key}", context.obj, path=out, rows=f"{rows:,}"))


@app.command("resubmit")
def resubmit(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    store: StoreOption,
    recipe: Annotated[str | None, typer.Option("--recipe", metavar="NAME")] = None,
) -> None:
    """Import the corrected rows of an exported file, and say of each what is still wrong."""
    from jitasa_analytics.ingest import correction, quarantine
    from jitasa_analytics.store import open_store

    lang: str = context.obj
    done = quarantine.resubmit(open_store(store), file, recipe=recipe)
    names = ("file", "sheet", "dataset", "read", "accepted", "quarantined", "duplicate")
    printing.table([texts.say(f"import.quarantine_list.{n}" if n == "sheet" else f"cli.report.{n}", lang)
                    for n in names],
                   [[part[n] for n in names] for report in done.reports for part in report.to_dict()["files"]],
                   names=names)
    if done.still:
        printing.say(texts.say("quarantine.still", lang))
    for row, finding in done.still[:_SHOWN]:
        sentence = next(correction.sentences([quarantine.sentence(finding, lang)], lang))
        printing.say(texts.say("quarantine.still_row", lang, row=row, origin=finding.row, file=finding.file,
                               column=finding.called(lang) or "-", sentence=sentence))
    if len(done.still) > _SHOWN:
        printing.say(texts.say("quarantine.still_more", lang, rows=len(done.still) - _SHOWN))
    printing.say(texts.say("import.quarantine_resubmit.left", lang, left=f"{done.settled:,}", rest=f"{done.left:,}"))


@app.command("dismiss")
def dismiss(
    context: typer.Context,
    store: StoreOption,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT")] = "",
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID…]")] = None,
    dataset: Annotated[str, typer.Option("--dataset", metavar="DATASET")] = "",
    file: Annotated[str, typer.Option("--file", metavar="FILE")] = "",
    rule: Annotated[str, typer.Option("--rule", metavar="RULE")] = "",
) -> None:
    """Take rows off the list with a reason; they are kept."""
    from jitasa_analytics.ingest import quarantine
    from jitasa_analytics.store import open_store

    rows = quarantine.dismiss(open_store(store), reason, ids=ids or (), dataset=dataset, file=file, rule=rule)
    printing.say(texts.say("import.quarantine_dismiss.done", context.obj, rows=f"{rows:,}"))
