"""Good rows meet the store: what is known, what is newer, what is kept aside."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import cast

import pandas as pd

from jitasa_analytics.contracts import DATASETS, Dataset
from jitasa_analytics.ingest import check, items, report, settled
from jitasa_analytics.ingest.findings import Findings
from jitasa_analytics.ingest.job import Job, Run
from jitasa_analytics.ingest.mapping import ROW
from jitasa_analytics.ingest.report import FileReport
from jitasa_analytics.ingest.table import Table
from jitasa_analytics.store import Transaction
from jitasa_analytics.store.staging import Authority, plan


def _fingerprints(job: Job, table: Table, rows: pd.Series) -> pd.Series:
    """A digest of everything in a row but its running number, on the file's row numbers."""
    others = [c for c in sorted(table.frame.columns) if c != job.recipe.running_key]
    text = table.frame.loc[rows, others].fillna("")
    return pd.Series([hashlib.sha256("\x1f".join(r).encode()).hexdigest() for r in text.itertuples(index=False)],
                     index=pd.Index(rows), dtype="str")


def resent(tx: Transaction, job: Job, table: Table, good: pd.DataFrame) -> tuple[pd.DataFrame, list[int]]:
    """Where the key is only a running number: rows sent before, word for word, by the same person."""
    if not job.recipe.running_key or not len(good):
        return good, []
    prints = _fingerprints(job, table, good[ROW].drop_duplicates())
    known = set(tx.ask("restricted", "SELECT fingerprint FROM g_restricted.fingerprints "
                                     f"WHERE dataset = '{job.contract.name}'")["fingerprint"])
    copy = prints.duplicated(keep="first") | prints.isin(known)
    fresh = prints[~copy]
    key = good.drop_duplicates(ROW).set_index(ROW)[job.contract.key[0]]
    if len(fresh):
        tx.keep_aside("fingerprints", pd.DataFrame({
            "dataset": job.contract.name, "fingerprint": fresh.to_numpy(), "key": key.loc[fresh.index].to_numpy()}))
    copies = [int(r) for r in prints.index[copy]]
    return good[~good[ROW].isin(copies)], copies


def write(tx: Transaction, contract: Dataset, good: pd.DataFrame, authority: Authority, findings: Findings,
           run: Run) -> dict[int, str]:
    """Write what is new or newer; says for each row of theirs whether it was accepted or known."""
    if not len(good):
        return {}
    keys = list(contract.key)
    for name in keys:
        if name not in good:
            good = good.assign(**{name: None})
    last = good.duplicated(keys, keep="last" if contract.on_known == "update" else "first")
    kept = good[~last].reset_index(drop=True)
    say_doubles(good, keys, last, findings)
    merged = plan(tx, contract, kept.drop(columns=[ROW]), authority=authority)
    known, same = merged.pop("_known").astype(bool), merged.pop("_same").astype(bool)
    fresh = check.defaults(merged, contract)
    if "geometry" in kept:
        fresh["geometry"] = kept["geometry"].to_numpy()
    changed = known & ~same
    if (~known).any():
        tx.insert(contract.name, fresh[~known])
        run.change(contract.name)
    if changed.any() and contract.on_known == "update":
        tx.update(contract.name, fresh[changed])
        run.change(contract.name)
    elif changed.any():
        for row in kept.loc[changed.to_numpy(), ROW]:
            findings.add(row, ", ".join(keys), "", "known_key_differs", "warning")
    taken = ~known | (changed if contract.on_known == "update" else False)
    accepted = set(kept.loc[taken.to_numpy(), ROW].astype(int))
    return {int(r): "accepted" if int(r) in accepted else "duplicate" for r in good[ROW].unique()}


def say_doubles(good: pd.DataFrame, keys: list[str], doubled: pd.Series, findings: Findings) -> None:
    """Say which rows of the file give a key again, where they do not say the same."""
    if not doubled.any():
        return
    rest = [c for c in good.columns if c not in (ROW, "geometry")]
    differs = ~good[rest].astype("object").where(good[rest].notna(), None).duplicated(keep=False)
    for row, *key in good.loc[doubled & differs, [ROW, *keys]].itertuples(index=False, name=None):
        findings.add(row, ", ".join(keys), " ".join(map(str, key)), "superseded_in_file", "warning")


def store_items(tx: Transaction, job: Job, table: Table, good: pd.DataFrame, states: dict[int, str],
                 findings: Findings, run: Run) -> None:
    """Items that the requests' own file names."""
    rows = [r for r, s in states.items() if s == "accepted"]
    ids = good[good[ROW].isin(rows)].drop_duplicates(ROW).set_index(ROW)["request_id"]
    found = items.of_requests(table, job.recipe, ids)
    if len(found):
        write(tx, DATASETS["request_items"], found, "override", findings, run)


def say_without_items(tx: Transaction, run: Run) -> None:
    """A request that asks for nothing is accepted, and said: somebody should ring back."""
    if not run.new_requests:
        return
    having = set(tx.frame("request_items")["request_id"])
    for file_report, ids in run.new_requests:
        if isinstance(ids, str):
            say_bare(file_report, *bare(tx, ids))
        else:
            say_bare(file_report, 0, ids[~ids.isin(having)])


def bare(tx: Transaction, source: str) -> tuple[int, pd.Series]:
    """Of what follows FROM, with ``row`` and ``id``: how many requests ask for nothing, and the first by row."""
    rows, first = tx.without(source, DATASETS["request_items"], "request_id", most=report.MOST_LISTED)
    return rows - len(first), first.set_index("row")["id"]


def say_bare(file_report: FileReport, more: int, ids: pd.Series) -> None:
    """Say of requests by row that they ask for nothing, and of how many more."""
    findings = Findings(file_report.file, file_report.sheet)
    for row, request in ids.items():
        findings.add(cast(int, row), "items", request, "request_without_items", "warning")
    file_report.leave_out("request_without_items", more)
    file_report.findings += findings.items


def set_aside(tx: Transaction, job: Job, table: Table, findings: Findings) -> None:
    """Keep refused rows whole, once, in the restricted file."""
    rows = refused(job, table, findings)
    if len(rows):
        tx.keep_aside("quarantine", rows.assign(at=datetime.now(UTC).replace(tzinfo=None)), once=SAME_REFUSAL)


# A refused row that is sent again is not kept twice.
SAME_REFUSAL = ("dataset", "column", "code", "original")


def refused(job: Job, table: Table, findings: Findings) -> pd.DataFrame:
    """The rows of the quarantine that a table's findings make: one an error, with the whole row."""
    errors = findings.of("error")
    whole = settled.originals(table, {f.row for f in errors})
    if not errors:
        return pd.DataFrame()
    own = {name: [getattr(f, name) for f in errors] for name in ("file", "sheet", "row", "column", "code", "value")}
    return pd.DataFrame({"dataset": job.contract.name, **own, "original": [whole[f.row] for f in errors]})


def log(tx: Transaction, report: FileReport, run: Run) -> None:
    """Remember the file, unless it changed nothing."""
    if report.accepted or (report.quarantined and tx.changed):
        tx.keep_aside("imports", pd.DataFrame([{
            "file": report.file, "sha256": report.sha256, "dataset": report.dataset, "recipe": report.recipe,
            "at": datetime.now(UTC).replace(tzinfo=None), "read": report.read, "accepted": report.accepted,
            "quarantined": report.quarantined, "duplicate": report.duplicate}]))
