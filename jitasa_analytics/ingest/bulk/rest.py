"""Rows of a large file that need the careful lane: collected, and judged in a thread of its own."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import pandas as pd

from jitasa_analytics.ingest import careful, commit, headers
from jitasa_analytics.ingest.bulk.opened import Opened
from jitasa_analytics.ingest.findings import Finding, Findings
from jitasa_analytics.ingest.job import Job, Run
from jitasa_analytics.ingest.mapping import ROW
from jitasa_analytics.ingest.table import Noted, Table
from jitasa_analytics.store import Transaction

# Rows are collected up to so many, and so many bytes of them.
MOST = 20_000
MOST_BYTES = 1 << 25


@dataclass
class Rest:
    """Rows for the careful lane by number: with as many cells as there are headers, and with more or fewer.

    Attributes
    ----------
    size : int
        About how many bytes they have in the file.
    """

    rows: dict[int, list[str]] = field(default_factory=dict)
    ragged: dict[int, list[str]] = field(default_factory=dict)
    size: int = 0

    def __len__(self) -> int:
        return len(self.rows) + len(self.ragged)

    def take(self, other: Rest) -> None:
        """Take the rows of another collection, too."""
        self.rows |= other.rows
        self.ragged |= other.ragged
        self.size += other.size

    @property
    def full(self) -> bool:
        """Whether these are as many rows as are collected."""
        return len(self) >= MOST or self.size >= MOST_BYTES


@dataclass(frozen=True)
class Told:
    """What the careful lane made of some rows.

    Attributes
    ----------
    read, quarantined : int
        How many rows there were, and how many of them are refused.
    good : DataFrame
        Checked rows with ``_row``.
    refused : DataFrame
        Rows for the quarantine.
    rules : Counter
        Refused rows by rule.
    findings : list of Finding
        In the order of rows.
    """

    read: int
    quarantined: int
    good: pd.DataFrame
    refused: pd.DataFrame
    rules: Counter[str]
    findings: list[Finding]


class CarefulLane:
    """Holds the collected rows of one file against every rule, beside the thread that reads the next ones.

    Parameters
    ----------
    tx, job, run
        As in `careful.checked`.
    noted : dict of int to list of Noted
        Cells of which the file's reader has something to say, by row.
    """

    def __init__(self, tx: Transaction, job: Job, run: Run, noted: dict[int, list[Noted]]) -> None:
        self._tx, self._job, self._run, self._noted = tx, job, run, noted
        self._begun = cast(Opened, job.large)
        self._pool = ThreadPoolExecutor(1)
        self._at_work: Future[Told] | None = None

    def begin(self, rest: Rest, *, totals: bool = False) -> Told | None:
        """Hand over rows; says what became of those before, and waits for them.

        What became of these is said by the next call alone, not as soon as it is known: so the same file makes the
        same report and table each time.
        """
        before = self.end()
        if len(rest):
            self._at_work = self._pool.submit(self._judge, rest, totals)
        return before

    def end(self) -> Told | None:
        """What became of the rows handed over, once that is known; None where there are none."""
        at_work, self._at_work = self._at_work, None
        return None if at_work is None else at_work.result()

    def close(self) -> None:
        """Let the thread go; rows at work are of no use any more."""
        self._pool.shutdown()

    def _judge(self, rest: Rest, totals: bool) -> Told:
        job, heads, sheet = self._job, list(self._begun.heads), self._begun.sheet
        rows = sorted(rest.rows)
        columns = zip(*(rest.rows[r] for r in rows), strict=True) if rows else ((),) * len(heads)
        frame = pd.DataFrame({h: pd.Series(c, rows, "str") for h, c in zip(heads, columns, strict=True) if h})
        table = Table(job.path, frame, sheet=sheet, ragged=rest.ragged)
        marked = headers.mark(table if totals else Table(job.path, frame.iloc[:0], ragged=rest.ragged))
        table.not_data = marked.not_data
        findings = Findings(job.path.name, sheet, job.recipe.headers())
        for note in (n for row in rows if row in self._noted for n in self._noted[row]):
            findings.add(note.row, note.column, note.value, note.code, note.severity)
        for row, code in table.not_data.items():
            findings.add(row, "", table.first_cell(row), code, "error")
        for row, cells in table.ragged.items():
            if row not in table.not_data:
                findings.add(row, "", len(cells), "ragged_row", "error")
        good = pd.DataFrame({ROW: []})
        if len(frame):
            good = careful.checked(self._tx, job, table, findings, self._run)
            good = good[~good[ROW].isin(findings.refused())]
        refused = commit.refused(job, table, findings)
        if len(refused):
            refused = refused.assign(at=datetime.now(UTC).replace(tzinfo=None))
        return Told(len(rest), len(findings.refused()), good, refused, Counter(findings.rules()),
                    sorted(findings.items, key=lambda f: f.row))
