"""Rows that an import refused: to be listed, written out, corrected by a person, sent again, or dismissed.

The restricted file keeps each of them whole. A row that was accepted after its correction, or that
somebody dismissed with a reason, is marked as settled and leaves the list; it is never deleted.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from jitasa_analytics import texts
from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import correction, headers, settled
from jitasa_analytics.ingest import read as reading
from jitasa_analytics.ingest.dates import BANGKOK
from jitasa_analytics.ingest.findings import Finding
from jitasa_analytics.ingest.pipeline import import_table
from jitasa_analytics.ingest.report import Report
from jitasa_analytics.ingest.settled import identity
from jitasa_analytics.ingest.table import Table
from jitasa_analytics.store import Store, Transaction

_AT = "_at"
_FORMULA = "formula_without_value"
_EXTRA = re.compile(r"^cell \d+$")


@dataclass(frozen=True)
class Resubmitted:
    """What became of corrected rows.

    Attributes
    ----------
    reports : tuple of Report
        What each import of them told.
    settled, left : int
        How many rows left the quarantine, and how many are still in it.
    still : tuple of (int, Finding)
        What is still wrong: the row of the corrected file, and the finding with the row of the original one.
    """

    reports: tuple[Report, ...]
    settled: int
    left: int
    still: tuple[tuple[int, Finding], ...] = field(default=())


def rows(store: Store) -> pd.DataFrame:
    """Refused rows that are not settled, one a finding.

    Returns
    -------
    DataFrame
        Columns id, dataset, file, sheet, row, column, code, value, original (JSON), at.
    """
    with store.transaction() as tx:
        return _open(tx)


def _open(tx: Transaction) -> pd.DataFrame:
    found = _all(tx)
    return found[~found["id"].isin(set(settled.marks(tx)["id"]))].reset_index(drop=True)


def _all(tx: Transaction) -> pd.DataFrame:
    found = tx.ask("restricted", 'SELECT * FROM g_restricted.quarantine ORDER BY dataset, file, sheet, "row", code')
    found.insert(0, "id", [identity(d, o) for d, o in zip(found["dataset"], found["original"], strict=True)])
    return found


def summary(store: Store) -> pd.DataFrame:
    """How many rows each rule refused, by dataset, file and sheet."""
    found = rows(store)
    counts = found.groupby(["dataset", "file", "sheet", "code"], sort=True)["id"].nunique()
    return counts.rename("rows").reset_index()


def dismissed(store: Store) -> pd.DataFrame:
    """Rows that somebody dismissed: id, dataset, file, sheet, row, reason, at (clock of Thailand)."""
    with store.transaction() as tx:
        found, marks = _all(tx), settled.marks(tx)
    marks = marks[marks["state"] == settled.DISMISSED].drop_duplicates("id")
    told = found.drop(columns=["at"]).drop_duplicates("id").merge(marks, on="id")
    told["at"] = [datetime.fromisoformat(t).astimezone(BANGKOK).strftime("%Y-%m-%d %H:%M") for t in told["at"]]
    return told[["id", "dataset", "file", "sheet", "row", "reason", "at"]]


def export(store: Store, path: Path, *, dataset: str | None = None, lang: str = "th") -> int:
    """Write refused rows with their original cells, the reason and what to do; says how many.

    Text that a spreadsheet would run as a formula gets an apostrophe in front, which `resubmit` takes off.
    """
    found = rows(store)
    if dataset is not None:
        found = found[found["dataset"] == dataset]
    if not len(found):
        return 0
    return correction.write(found, path, lang)


def dismiss(store: Store, reason: str, *, ids: Sequence[str] = (), dataset: str = "", file: str = "",
            rule: str = "") -> int:
    """Take rows off the list for good, with a reason; they stay in the restricted file. Says how many.

    Parameters
    ----------
    reason : str
        Why they need no correction.
    ids, dataset, file, rule
        Which rows: those that fit all that is given. A row that other rules refused as well is left.

    Raises
    ------
    InputError
        If no reason or no choice is given, or no row fits.
    """
    if not reason.strip():
        raise InputError("a reason is missing; say why these rows need no correction", key="quarantine.no_reason")
    if not (ids or dataset or file or rule):
        raise InputError("say which rows: by their ids, --dataset, --file or --rule", key="quarantine.no_choice")
    with store.transaction(note="quarantine") as tx:
        found = _open(tx)
        fits = pd.Series(True, index=found.index)
        for column, wanted in (("dataset", dataset), ("file", file)):
            if wanted:
                fits &= found[column] == wanted
        if ids:
            fits &= found["id"].isin(set(ids))
        if rule:
            alone = found.groupby("id")["code"].transform("nunique") == 1
            fits &= (found["code"] == rule) & alone
        hit = list(dict.fromkeys(found.loc[fits, "id"]))
        if not hit:
            raise InputError("no row of the quarantine fits; look at 'jitasa quarantine list --rows'",
                             key="quarantine.none_fits")
        settled.mark(tx, [(i, settled.DISMISSED) for i in hit], reason.strip())
    return len(hit)


def resubmit(store: Store, path: Path, *, recipe: str | None = None) -> Resubmitted:
    """Import the corrected rows of an exported file.

    Rows that are accepted, or known already, leave the quarantine. A row that was changed and is
    refused again takes the place of the old one; a row that nobody changed stays.

    Raises
    ------
    InputError
        If the file was not written by `export`, or none of its rows is in the quarantine.
    """
    parts = [correction.understood(t) for t in reading.tables(path, correction.HEADERS)]
    parts = [p for p in parts if correction.ID in p]
    if not parts:
        raise InputError(f"{path.name} lacks the column {correction.label(correction.ID)!r}; give a file that "
                         "'jitasa quarantine export' wrote", key="import.no_quarantine_id", file=path.name,
                         column=correction.label(correction.ID))
    # Of several findings of a row, that of a formula comes first: only the original file shows it.
    kept = rows(store).sort_values("code", key=lambda c: c != _FORMULA, kind="stable")
    kept = kept.drop_duplicates("id").set_index("id")
    # Rows of several sheets have the same numbers.
    given = pd.concat([p.assign(**{_AT: p.index.astype("str")}) for p in parts], ignore_index=True).astype("str")
    given = given[given[correction.ID].isin(kept.index)].drop_duplicates(correction.ID)
    given, untouched = _without_formulas(given, kept)
    if not len(given) and not untouched:
        raise InputError(f"none of the rows of {path.name} is in the quarantine; they were settled before",
                         key="import.none_in_quarantine", file=path.name)
    reports: list[Report] = []
    marks: list[tuple[str, str, str]] = []
    still: list[tuple[int, Finding]] = list(untouched)
    origin = kept.loc[given[correction.ID], ["dataset", "file", "sheet"]].set_axis(given.index)
    for _, part in given.groupby([origin[c] for c in origin], sort=True):
        report, states, wrong = _again(store, part, kept, recipe)
        reports.append(report)
        marks += states
        still += wrong
    with store.transaction(note="quarantine") as tx:
        done_before = set(settled.marks(tx)["id"])
        # A row changed back into one that was replaced before must not vanish: the present one stays listed.
        done = [(i, state) for i, state, new in marks if state == settled.ACCEPTED or (
            state == settled.REPLACED and new not in done_before)]
        if done:
            settled.mark(tx, done)
        left = _open(tx)["id"].nunique()
    return Resubmitted(tuple(reports), sum(s == settled.ACCEPTED for _, s in done), int(left), tuple(still))


def _without_formulas(given: pd.DataFrame, kept: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[int, Finding]]]:
    """Leave out rows whose formula gave no value where nobody typed one in: the empty cell is no answer."""
    stay: list[tuple[int, Finding]] = []
    left: list[object] = []
    for at, row in given.iterrows():
        first = kept.loc[row[correction.ID]]
        original = json.loads(first["original"])
        if first["code"] == _FORMULA and correction.cells(given.loc[[at]], list(original), str(first["dataset"])).iloc[
                0].to_dict() == original:
            left.append(at)
            stay.append((int(row[_AT]), Finding(str(first["file"]), str(first["sheet"]), int(first["row"]),
                                               str(first["column"]), "", _FORMULA, "error")))
    return given.drop(index=left), stay


def _again(store: Store, part: pd.DataFrame, kept: pd.DataFrame, recipe: str | None,
           ) -> tuple[Report, list[tuple[str, str, str]], list[tuple[int, Finding]]]:
    """Import the rows of one sheet again: the report; id, state and new id of each; what is still wrong."""
    first = kept.loc[part[correction.ID].iloc[0]]
    dataset, file, sheet = str(first["dataset"]), str(first["file"]), str(first["sheet"])
    same = kept[(kept["dataset"] == dataset) & (kept["file"] == file) & (kept["sheet"] == sheet)]
    heads = list({k: None for original in same["original"] for k in json.loads(original) if not _EXTRA.match(k)})
    cells = correction.cells(part, heads, dataset)
    # The rows keep the numbers they had in their own file, unless two files of that name were refused.
    numbers = kept.loc[part[correction.ID], "row"].astype(int).to_list()
    if len(set(numbers)) < len(numbers):
        numbers = list(range(2, len(numbers) + 2))
    with tempfile.TemporaryDirectory(prefix="jitasa-") as folder:
        path = Path(folder) / Path(file).name
        cells.to_csv(path, index=False)
        # A total that was left in the file is still no row.
        table = headers.mark(Table(path, cells.set_axis(pd.Index(numbers)), sheet=sheet))
        report = import_table(store, dataset, table, recipe=recipe, accept_quarantine="resubmitted")
    refused = [f for f in report.files[0].findings if f.severity == "error"]
    at = {number: int(row) for number, row in zip(numbers, part[_AT], strict=True)}
    states = []
    for number, (row_id, values) in zip(numbers, zip(part[correction.ID], cells.to_dict("records"), strict=True),
                                        strict=True):
        new = identity(dataset, json.dumps(values, ensure_ascii=False, sort_keys=True))
        wrong = any(f.row == number for f in refused)
        states.append((str(row_id), settled.ACCEPTED if not wrong else "same" if new == row_id else settled.REPLACED,
                       new))
    return report, states, [(at[f.row], f) for f in refused]


def sentence(finding: Finding, lang: str) -> dict[str, Any]:
    """A finding in one language: row, column, value, message, suggestion, proposal."""
    told = finding.to_dict()
    label = texts.say(f"rule.{finding.code}.name", lang)
    return {"row": finding.row, "column": finding.column, "value": finding.value, "rule": label,
            "message": told[f"message_{lang}"], "suggestion": told["suggestion" if lang == "en" else "suggestion_th"],
            "proposal": finding.proposal}
