"""The import commands: read, report, and write the report where it is wanted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jitasa_analytics import texts
from jitasa_analytics.cli import audit, faults, printing, progress
from jitasa_analytics.errors import JitasaError

if TYPE_CHECKING:
    from jitasa_analytics.ingest import Report

_COUNTS = ("read", "accepted", "quarantined", "duplicate")
_FINDINGS_SHOWN = 10


def files(lang: str, store: Path, dataset: str, paths: Sequence[Path], *, recipe: str | None, dry_run: bool,
          report: Path | None, accept_quarantine: str | None, sheet: str = "") -> None:
    """Import files into one dataset."""
    from jitasa_analytics import ingest
    from jitasa_analytics.store import Store

    _import(lang, store, report, lambda told: ingest.import_files(
        Store(store), dataset, paths, recipe=recipe, dry_run=dry_run, accept_quarantine=accept_quarantine,
        progress=told, sheet=sheet))


def folder(lang: str, store: Path, path: Path, *, dry_run: bool, report: Path | None) -> None:
    """Import what a folder holds."""
    from jitasa_analytics import ingest
    from jitasa_analytics.store import Store

    _import(lang, store, report, lambda told: ingest.import_folder(
        Store(store), path, dry_run=dry_run, progress=told))


def _import(lang: str, store: Path, path: Path | None, work: Callable[[progress.Silent], Report]) -> None:
    """Do an import and report on it, also where it was refused because of its rows."""
    target = faults.writable(path, ("json",))
    try:
        with progress.shown(lang) as told:
            found = work(told)
    except JitasaError as error:
        refused = getattr(error, "report", None)
        if refused is not None:
            _write(refused, target)
            _rows(refused.to_dict(), lang)
        raise
    _write(found, target)
    report = found.to_dict()
    _log(store, report)
    _rows(report, lang)
    if report["dry_run"]:
        printing.say(texts.say("cli.report.dry", lang))
    elif report["version"] is None:
        printing.say(texts.say("cli.report.unchanged", lang))
    else:
        printing.say(texts.say("cli.report.version", lang, version=report["version"]))


def _log(store: Path, report: Mapping[str, Any]) -> None:
    """Write an import to the audit log: what and how many; names of files may name people and stay out."""
    if not report["dry_run"] and report["version"] is not None:
        audit.log(store, "import", scope="TH", version=report["version"], files=len(report["files"]),
                  datasets=sorted({p["dataset"] for p in report["files"]}), **{n: int(report[n]) for n in _COUNTS})


def _write(report: Report, target: Path | None) -> None:
    if target is not None:
        text = json.dumps(report.to_dict(), ensure_ascii=False, indent=1, default=str)
        target.write_text(text + "\n", encoding="utf-8")


def _rows(found: Mapping[str, Any], lang: str) -> None:
    """What became of the rows: by file, by rule, and the first findings."""
    sheets = ("sheet",) if any(part.get("sheet") for part in found["files"]) else ()
    names = ("file", *sheets, "dataset", "recipe", *_COUNTS)
    printing.table([texts.say("import.quarantine_list.sheet" if n == "sheet" else f"cli.report.{n}", lang)
                    for n in names],
                   [[part[n] for n in names] for part in found["files"]], names=names)
    rules: dict[str, int] = {}
    for part in found["files"]:
        for code, rows in part["rules"].items():
            rules[code] = rules.get(code, 0) + int(rows)
    for code, rows in sorted(rules.items(), key=lambda item: (-item[1], item[0])):
        printing.say(texts.say("cli.report.rule", lang, rule=_rule(code, lang), rows=f"{rows:,}"))
    for name in found["unrecognised"][:_FINDINGS_SHOWN]:
        printing.say(texts.say("cli.report.unrecognised", lang, file=name))
    if len(found["unrecognised"]) > _FINDINGS_SHOWN:
        printing.say(texts.say("cli.report.more_files", lang, files=len(found["unrecognised"]) - _FINDINGS_SHOWN))
    for part in found["failed"]:
        why = part.get(f"message_{lang}") or part.get("message_en", "")
        printing.say(texts.say("cli.report.failed", lang, file=part.get("file", ""), why=why))
    _repairs(found, lang)
    # What was refused comes first: those rows wait for somebody.
    shown = sorted(found["findings"], key=lambda f: f.get("severity") != "error")
    for finding in shown[:_FINDINGS_SHOWN]:
        printing.say("  • " + _sentence(finding, lang))
    _further(shown[_FINDINGS_SHOWN:], found, lang)
    printing.say(texts.say("cli.report.sum", lang, **{n: f"{int(found[n]):,}" for n in _COUNTS}))


def _further(hidden: list[Mapping[str, Any]], found: Mapping[str, Any], lang: str) -> None:
    """How many findings there are beyond those that were shown, by rule; what was put right is told apart."""
    from jitasa_analytics.ingest.report import MOST_LISTED, further

    repaired = {repair["code"] for repair in found["repairs"]}
    left = further((str(f["code"]) for f in hidden),
                   ({c: n for c, n in part["unlisted"].items() if c not in repaired} for part in found["files"]))
    for code, count in left.items():
        printing.say(texts.say("cli.report.more", lang, rule=_rule(code, lang), findings=f"{count:,}"))
    if left:
        printing.say(texts.say("cli.report.all", lang, most=f"{MOST_LISTED:,}"))


def _rule(code: str, lang: str) -> str:
    """A rule by its name."""
    return texts.say(f"rule.{code}.name", lang) if texts.has(f"rule.{code}.name", lang) else code


def _repairs(found: Mapping[str, Any], lang: str) -> None:
    """What was put right without asking, by rule."""
    times: dict[str, int] = {}
    for repair in found["repairs"]:
        times[repair["code"]] = times.get(repair["code"], 0) + 1
    for part in found["files"]:
        for code, count in part["unlisted"].items():
            if code in times:
                times[code] += int(count)
    for code, count in sorted(times.items(), key=lambda item: (-item[1], item[0])):
        printing.say(texts.say("cli.repairs.line", lang, rule=_rule(code, lang), times=f"{count:,}"))


def _sentence(finding: Mapping[str, Any], lang: str) -> str:
    """One finding: refused or taken with a warning, where it stands, what is wrong and the way out."""
    from jitasa_analytics.ingest.findings import named

    column = str(finding.get("header") or "") or named(str(finding.get("column") or "-"), lang)
    place = ", ".join(str(finding[n]) for n in ("file", "sheet") if finding.get(n) not in (None, ""))
    cell = texts.say("cli.report.cell", lang, row=finding["row"], column=column)
    kind = texts.say(f"cli.report.{finding.get('severity', 'warning')}", lang)
    fix = finding.get("suggestion" if lang == "en" else "suggestion_th") or ""
    maybe = texts.say("quarantine.proposal", lang, proposal=finding["proposal"]) if finding.get("proposal") else ""
    return f"{kind} · {place}, {cell}: {finding.get('message_' + lang) or finding.get('code')} {fix} {maybe}".rstrip()
