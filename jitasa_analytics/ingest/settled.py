"""Refused rows that a person has dealt with: corrected and accepted, or dismissed with a reason.

The marks stay, so that the old file, sent again, does not bring such a row back.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from json.encoder import encode_basestring

import pandas as pd

from jitasa_analytics.ingest.findings import Findings
from jitasa_analytics.ingest.table import Table
from jitasa_analytics.store import Transaction

SETTLED = "_settled"
ACCEPTED, REPLACED, DISMISSED = "accepted", "replaced", "dismissed"


def identity(dataset: str, original: str) -> str:
    """The id of a refused row: the same row has the same id whenever and in whichever file it is sent."""
    original = json.dumps(json.loads(original), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(f"{dataset}\x1f{original}".encode()).hexdigest()[:16]


def originals(table: Table, rows: set[int]) -> dict[int, str]:
    """Some rows of a table whole, as JSON, by row number."""
    part = table.frame[table.frame.index.isin(rows)]
    heads = list(table.frame.columns)
    columns = [part.iloc[:, n].tolist() for n in range(len(heads))]
    written = json.JSONEncoder(ensure_ascii=False).encode
    if len(set(heads)) == len(heads) and all(set(map(type, column)) <= {str} for column in columns):
        # What the encoder writes, cell by cell: to begin anew for each of many thousand rows takes three times as long.
        parts = []
        for head, column in zip(map(written, heads), columns, strict=True):
            parts.append([f"{head}: {cell}" for cell in map(encode_basestring, column)])
        found = {row: f"{{{', '.join(cells)}}}"
                 for row, cells in zip(part.index.tolist(), zip(*parts, strict=True), strict=True)}
    else:
        found = {row: written(dict(zip(heads, cells, strict=True)))
                 for row, cells in zip(part.index.tolist(), zip(*columns, strict=True), strict=True)}
    for row in rows & set(table.ragged):
        # Under the headers as far as they go, the rest by number.
        found[row] = written({heads[n] if n < len(heads) else f"cell {n + 1}": v
                              for n, v in enumerate(table.ragged[row])})
    return found


def marks(tx: Transaction) -> pd.DataFrame:
    """What was settled: id, how, when and why.

    Returns
    -------
    DataFrame
        Columns id, state, at, reason.
    """
    found = tx.ask("restricted", f"SELECT fingerprint AS id, key FROM g_restricted.fingerprints "
                                 f"WHERE dataset = '{SETTLED}'")
    parts = [[*str(k).split("\x1f", 2), "", ""][:3] for k in found["key"]]
    return pd.concat([found[["id"]], pd.DataFrame(parts, columns=["state", "at", "reason"], index=found.index)], axis=1)


def mark(tx: Transaction, states: list[tuple[str, str]], reason: str = "") -> None:
    """Mark rows as settled."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    tx.keep_aside("fingerprints", pd.DataFrame({
        "dataset": SETTLED, "fingerprint": [i for i, _ in states],
        "key": ["\x1f".join((state, now, reason)) for _, state in states]}))


def corrected(tx: Transaction, dataset: str, table: Table, findings: Findings) -> list[int]:
    """Refused rows that were corrected and accepted before: they are known, and no longer refused.

    Changes ``findings``: the errors of such a row become one warning.
    """
    refused = findings.refused()
    if not refused:
        return []
    found = marks(tx)
    known = set(found.loc[found["state"] == ACCEPTED, "id"])
    rows = [row for row, text in originals(table, refused).items() if identity(dataset, text) in known]
    for row in rows:
        findings.forgive(row)
        findings.add(row, "", "", "corrected_before", "warning")
    return rows
