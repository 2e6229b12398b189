"""Rows that an import refused: to be listed, written out, corrected by a person and sent again.

The restricted file keeps each of them whole. A row that was accepted after its correction is marked
as settled and leaves the list; the mark stays, so that the old file, sent again, does not bring it back.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from jitasa_analytics import texts
from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import read as reading
from jitasa_analytics.ingest.pipeline import import_files
from jitasa_analytics.ingest.report import Report
from jitasa_analytics.store import Store, Transaction

ID = "quarantine_id"
TOLD = (ID, "dataset", "file", "sheet", "row", "rules", "reason", "suggestion")
_SETTLED = "_settled"
_EXTRA = re.compile(r"^cell \d+$")
# What a spreadsheet would take for a formula.
_FORMULA = re.compile(r"^[=+\-@\t\r]")


@dataclass(frozen=True)
class Resubmitted:
    """What became of corrected rows: the import's reports, and how many left the quarantine."""

    reports: tuple[Report, ...]
    settled: int
    left: int


def identity(dataset: str, original: str) -> str:
    """The id of a refused row: the same row has the same id whenever and in whichever file it is sent."""
    return hashlib.sha256(f"{dataset}\x1f{original}".encode()).hexdigest()[:16]


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
    found = tx.ask("restricted", 'SELECT * FROM g_restricted.quarantine ORDER BY dataset, file, "row", code')
    found.insert(0, "id", [identity(d, o) for d, o in zip(found["dataset"], found["original"], strict=True)])
    return found[~found["id"].isin(set(_marks(tx)["fingerprint"]))].reset_index(drop=True)


def _marks(tx: Transaction) -> pd.DataFrame:
    return tx.ask("restricted", f"SELECT fingerprint, key FROM g_restricted.fingerprints WHERE dataset = '{_SETTLED}'")


def summary(store: Store) -> pd.DataFrame:
    """How many rows each rule refused, by dataset and file."""
    found = rows(store)
    counts = found.groupby(["dataset", "file", "code"], sort=True)["id"].nunique()
    return counts.rename("rows").reset_index()


def export(store: Store, path: Path, *, dataset: str | None = None, lang: str = "th") -> int:
    """Write refused rows with their original cells, the reason and what to do; says how many.

    Text that a spreadsheet would run as a formula gets an apostrophe in front, which `resubmit` takes off.
    """
    found = rows(store)
    if dataset is not None:
        found = found[found["dataset"] == dataset]
    if not len(found):
        return 0
    told = []
    for row_id, part in found.groupby("id", sort=False):
        first = part.iloc[0]
        words = [{"column": str(r.column), "value": str(r.value), "after": "", "row": r.row, "file": str(r.file)}
                 for r in part.itertuples()]
        codes = [str(c) for c in part["code"]]
        told.append({
            ID: row_id, "dataset": first["dataset"], "file": first["file"], "sheet": first["sheet"],
            "row": str(first["row"]), "rules": "; ".join(dict.fromkeys(codes)),
            "reason": " ".join(texts.say(f"rule.{c}.message", lang, **w) for c, w in zip(codes, words, strict=True)),
            "suggestion": " ".join(dict.fromkeys(texts.say(f"rule.{c}.fix", lang, **w)
                                                 for c, w in zip(codes, words, strict=True))),
            **{_cell_name(k): str(v) for k, v in json.loads(first["original"]).items()}})
    frame = pd.DataFrame(told, dtype="str").fillna("")
    frame = frame.map(lambda text: f"'{text}" if _FORMULA.match(text) else text)
    if path.suffix.lower() == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.to_csv(path, index=False, encoding="utf-8-sig", quoting=csv.QUOTE_MINIMAL)
    return len(frame)


def _cell_name(header: str) -> str:
    """The header of an original cell, told apart from what the export itself tells."""
    return f"{header} *" if header in TOLD else header


def resubmit(store: Store, path: Path, *, recipe: str | None = None) -> Resubmitted:
    """Import the corrected rows of an exported file.

    Rows that are accepted, or known already, leave the quarantine. A row that was changed and is
    refused again takes the place of the old one; a row that nobody changed stays.

    Raises
    ------
    InputError
        If the file was not written by `export`, or none of its rows is in the quarantine.
    """
    table = reading.read(path, TOLD).frame
    if ID not in table:
        raise InputError(f"{path.name} lacks the column {ID!r}; give a file that 'jitasa quarantine export' wrote",
                         key="import.no_quarantine_id", file=path.name, column=ID)
    kept = rows(store).drop_duplicates("id").set_index("id")
    table = table[table[ID].isin(kept.index)].drop_duplicates(ID).map(_unquoted)
    if not len(table):
        raise InputError(f"none of the rows of {path.name} is in the quarantine; they were settled before",
                         key="import.none_in_quarantine", file=path.name)
    reports, marks = [], []
    origin = kept.loc[table[ID], ["dataset", "file"]].set_axis(table.index)
    for (dataset, file), part in table.groupby([origin["dataset"], origin["file"]], sort=True):
        report, states = _again(store, str(dataset), str(file), part, kept, recipe)
        reports.append(report)
        marks += states
    with store.transaction(note="quarantine") as tx:
        settled = set(_marks(tx)["fingerprint"])
        # A row changed back into one that was replaced before must not vanish: the present one stays listed.
        done = [(i, state) for i, state, new in marks if state == "accepted" or (state == "replaced" and
                                                                                new not in settled)]
        if done:
            tx.keep_aside("fingerprints", pd.DataFrame({"dataset": _SETTLED, "fingerprint": [i for i, _ in done],
                                                        "key": [s for _, s in done]}))
        left = _open(tx)["id"].nunique()
    return Resubmitted(tuple(reports), sum(s == "accepted" for _, s in done), int(left))


def _unquoted(text: str) -> str:
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def _again(store: Store, dataset: str, file: str, part: pd.DataFrame, kept: pd.DataFrame,
           recipe: str | None) -> tuple[Report, list[tuple[str, str, str]]]:
    """Import the rows of one file again; for each its id, what became of it, and the id of its new text."""
    same_file = kept[(kept["dataset"] == dataset) & (kept["file"] == file)]
    headers = {k: None for original in same_file["original"] for k in json.loads(original) if not _EXTRA.match(k)}
    cells = pd.DataFrame({h: part.get(_cell_name(h), pd.Series("", index=part.index)) for h in headers})
    with tempfile.TemporaryDirectory(prefix="jitasa-") as folder:
        again = Path(folder) / f"{Path(file).name.split('.')[0]}.csv"
        cells.to_csv(again, index=False)
        report = import_files(store, dataset, [again], recipe=recipe, accept_quarantine="resubmitted")
    refused = {f.row for f in report.files[0].findings if f.severity == "error"}
    states = []
    for number, (row_id, values) in enumerate(zip(part[ID], cells.to_dict("records"), strict=True), 2):
        new = identity(dataset, json.dumps(values, ensure_ascii=False, sort_keys=True))
        state = "accepted" if number not in refused else "same" if new == row_id else "replaced"
        states.append((str(row_id), state, new))
    return report, states
