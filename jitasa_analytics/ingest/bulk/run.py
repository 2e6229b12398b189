"""A large file through both lanes and into the store, with the report that the careful lane alone would give."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import cast

import numpy as np
import pandas as pd
import pyarrow as pa

from jitasa_analytics.ingest import careful, commit, notes
from jitasa_analytics.ingest.bulk.days import by_day
from jitasa_analytics.ingest.bulk.judge import Judge, NotPlainError, ahead
from jitasa_analytics.ingest.bulk.lane import Lane, suits
from jitasa_analytics.ingest.bulk.opened import Opened
from jitasa_analytics.ingest.bulk.rest import CarefulLane, Rest, Told
from jitasa_analytics.ingest.bulk.said import Said
from jitasa_analytics.ingest.bulk.stream import OtherEncodingError, Stream
from jitasa_analytics.ingest.findings import Findings
from jitasa_analytics.ingest.job import Job, Run
from jitasa_analytics.ingest.mapping import ROW
from jitasa_analytics.ingest.plausible import Days
from jitasa_analytics.ingest.report import FileReport
from jitasa_analytics.ingest.table import Noted
from jitasa_analytics.store import Transaction
from jitasa_analytics.store.bulk import Stage
from jitasa_analytics.store.staging import Authority

# In a file of more bytes there are points enough for a grid of their areas to be worth its while.
_MANY_BYTES = 1 << 24
# Seconds after which a thread that works in Python lets another one have its turn. The threads of the fast lane need
# few moments of Python, but many of them, and would wait for each as long as the careful lane works.
_TURN = 0.0005


def import_large(tx: Transaction, job: Job, run: Run) -> FileReport | None:
    """Import a large file; None where it has to be read whole by the careful lane."""
    begun = cast(Opened, job.large)
    if not suits(job.contract, job.recipe, begun.heads):
        return None
    for encoding in (begun.encoding, "cp874"):
        work = _Import(tx, job, run, encoding)
        try:
            if work.lane.whole:
                with _without_collector():
                    return work.done()
            raise NotPlainError
        except OtherEncodingError:
            work.stage.give_up()
        except NotPlainError:
            work.stage.give_up()
            return None
        except BaseException:
            work.stage.stop()
            raise
    return None


class _Import:
    """One file on its way."""

    def __init__(self, tx: Transaction, job: Job, run: Run, encoding: str) -> None:
        self._tx, self._job, self._run = tx, job, run
        self._begun = cast(Opened, job.large)
        self._stream = Stream(self._begun.text, encoding)
        locator = careful.locator(tx, run)
        self.lane = Lane(job.contract, job.recipe, self._begun.heads, run.key, locator)
        if {"lon", "lat"} <= set(self.lane.given) and self._stream.total > _MANY_BYTES:
            locator.expect_many()
        self.stage = Stage(tx, job.contract, self.lane.given, "request_id" if job.contract.name == "requests" else "")
        self._said = Said(job.path.name, job.recipe.headers(), self._begun.sheet)
        # Cells of which the file's reader has something to say, by row.
        self._noted: dict[int, list[Noted]] = {}
        self._judge = Judge(self._begun, self._stream, self.lane, self._noted)
        self._days = Days(job.contract, by_day)
        self._report = FileReport(job.path.name, job.contract.name, job.recipe.name, sheet=self._begun.sheet)
        self._rules: Counter[str] = Counter()

    def done(self) -> FileReport:
        """Read, judge, settle and report."""
        job, run, report = self._job, self._run, self._report
        if self._stream.encoding != "utf-8":
            self._said.add(1, "", "", f"encoding_{self._stream.encoding.replace('-', '')}", "repair")
        self._say_of_file()
        rest, doubtful = Rest(), Rest()
        with (closing(CarefulLane(self._tx, job, run, self._noted)) as lane,
              closing(ahead(self._judge.blocks())) as blocks):
            for judged in blocks:
                self._add(judged.tables)
                report.read += int(np.count_nonzero(judged.passed.fine))
                self._said.of_cells(self.lane.readers, judged.passed, judged.numbers)
                for row in judged.examples:
                    self._said.add(row, "", "", "example_skipped", "repair")
                rest.take(judged.rest)
                doubtful.take(judged.doubtful)
                if rest.full:
                    self._take(lane.begin(rest))
                    rest = Rest()
                run.advance(job.path.name, *self._begun.far(judged.done, self._stream.total, self._judge.records))
            self._add(self._judge.groups.rest())
            totals = {row for row in doubtful.rows if self._judge.totals.counts(row)}
            rest.take(Rest({r: c for r, c in doubtful.rows.items() if r not in totals}))
            self._take(lane.begin(rest))
            self._take(lane.begin(Rest({r: doubtful.rows[r] for r in totals}), totals=True))
            self._take(lane.end())
        if not report.read:
            raise NotPlainError
        report.sha256 = self._stream.sha256 if self._begun.text == job.path else ""
        run.progress(job.path.name, "plan")
        self._settle()
        return report

    def _say_of_file(self) -> None:
        """What there is to say before its rows."""
        begun, recipe = self._begun, self._job.recipe
        for row, code, value in begun.remarks:
            self._said.add(row, "", value, code, "repair")
        for note in notes.of_use(begun.noted, begun.columns, recipe):
            if note.severity == "error":
                self._noted.setdefault(note.row, []).append(note)
            else:
                self._said.add(note.row, note.column, note.value, note.code, note.severity)
        if left := notes.unused(begun.columns, recipe):
            self._said.add(begun.header_row, "", left, "columns_unused", "warning")

    # -- the careful lane ------------------------------------------------------------------

    def _take(self, told: Told | None) -> None:
        """Take what became of rows that went through the careful lane."""
        if told is None:
            return
        if len(told.good):
            self.stage.add_frame(told.good)
            self._days.add(told.good)
        if len(told.refused):
            self.stage.keep_aside(told.refused)
        self._report.read += told.read
        self._report.quarantined += told.quarantined
        self._rules.update(told.rules)
        self._said.take(told.findings)

    def _findings(self) -> Findings:
        return Findings(self._job.path.name, self._begun.sheet, self._job.recipe.headers())

    def _add(self, tables: Iterable[pa.Table]) -> None:
        """Rows that passed go to the store."""
        for table in tables:
            self.stage.add(table)
            self._note_days(table)

    def _note_days(self, table: pa.Table) -> None:
        """Remember on which days the plain rows of a table lie."""
        for column in self._days.columns:
            if column in table.column_names:
                part = table.select([ROW, column])
                part = (part.drop_null() if part[column].null_count else part).combine_chunks()
                for rows in part.to_batches():
                    days = rows[column].view(pa.int32()) if pa.types.is_date32(rows[column].type) else rows[column]
                    self._days.add_days(column, rows[ROW].to_numpy(), days.to_numpy())

    # -- the store -------------------------------------------------------------------------

    def _settle(self) -> None:
        job, run, tx, report = self._job, self._run, self._tx, self._report
        contract = job.contract
        update = contract.on_known == "update"
        doubled = 0
        for rows in self.stage.doubles():
            gone = rows.duplicated(list(contract.key), keep="last" if update else "first")
            findings = self._findings()
            commit.say_doubles(rows, list(contract.key), gone, findings)
            self._said.take(findings.items)
            self.stage.drop(rows.loc[gone, ROW].to_numpy())
            doubled += int(gone.sum())
        requests = contract.name == "requests"
        bare: list[tuple[int, pd.Series]] = []
        settled = self.stage.settle(
            cast(Authority, job.recipe.authority),
            (lambda source: bare.append(commit.bare(tx, source))) if requests and run.last else None)
        if settled.accepted:
            run.change(contract.name)
        report.accepted, report.duplicate = settled.accepted, doubled + settled.known
        if settled.differing is not None:
            for row in settled.differing[ROW]:
                self._said.add(int(row), ", ".join(contract.key), "", "known_key_differs", "warning")
        if settled.remembered:
            run.new_requests.append((report, settled.remembered))
        far = self._findings()
        self._days.say(lambda row, column, day, meant: far.add(row, column, day, "year_far", "warning", proposal=meant))
        self._said.take(far.items)
        report.rules = dict(sorted(self._rules.items()))
        report.findings, report.unlisted = self._said.listed(), self._said.unlisted()
        for more, ids in bare:
            commit.say_bare(report, more, ids)
        if self.stage.aside:
            tx.keep_aside("quarantine", self.stage.aside, once=commit.SAME_REFUSAL)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Millions of findings and cells come and go without a cycle among them; to look for one costs a tenth.

    Arrow's own pool of memory gives back to the system what the next block needs again, and has it made empty anew.
    """
    collected, turn, pool = gc.isenabled(), sys.getswitchinterval(), pa.default_memory_pool()
    gc.disable()
    sys.setswitchinterval(min(_TURN, turn))
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(pool)
        sys.setswitchinterval(turn)
        if collected:
            gc.enable()
