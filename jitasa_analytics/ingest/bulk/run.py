"""A large file through both lanes and into the store, with the report that the careful lane alone would give."""

from __future__ import annotations

import csv
import gc
import io
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from jitasa_analytics.ingest import careful, commit, headers, notes
from jitasa_analytics.ingest.bulk import stream
from jitasa_analytics.ingest.bulk.cells import by_day
from jitasa_analytics.ingest.bulk.eights import Bytes
from jitasa_analytics.ingest.bulk.groups import Groups
from jitasa_analytics.ingest.bulk.lane import Lane, Passed, suits
from jitasa_analytics.ingest.bulk.opened import Opened
from jitasa_analytics.ingest.bulk.rest import MOST, CarefulLane, Rest, Told
from jitasa_analytics.ingest.bulk.said import Said
from jitasa_analytics.ingest.bulk.split import Splitter, rows_that_begin
from jitasa_analytics.ingest.bulk.stream import OtherEncodingError, Stream
from jitasa_analytics.ingest.bulk.totals import Totals
from jitasa_analytics.ingest.findings import Findings
from jitasa_analytics.ingest.job import Job, Run
from jitasa_analytics.ingest.mapping import ROW
from jitasa_analytics.ingest.plausible import Days
from jitasa_analytics.ingest.report import FileReport
from jitasa_analytics.ingest.table import Noted
from jitasa_analytics.store import Transaction
from jitasa_analytics.store.bulk import Stage
from jitasa_analytics.store.staging import Authority

# So many blocks are read ahead, while rows are with the careful lane.
_AHEAD = 8
# In a file of more bytes there are points enough for a grid of their areas to be worth its while.
_MANY_BYTES = 1 << 24
# Seconds after which a thread that works in Python lets another one have its turn. The threads of the fast lane need
# few moments of Python, but many of them, and would wait for each as long as the careful lane works.
_TURN = 0.0005
# A row that begins so is the example of a template.
_EXAMPLE = headers.EXAMPLE.encode()


class _NotPlainError(Exception):
    """The file is written in a way that only the careful lane reads."""


@dataclass
class _Judged:
    """A block that went through the fast lane."""

    passed: Passed
    tables: list[pa.Table]
    numbers: npt.NDArray[np.int64]
    rest: Rest
    doubtful: Rest
    examples: list[int]
    done: int


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
            raise _NotPlainError
        except OtherEncodingError:
            work.stage.give_up()
        except _NotPlainError:
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
        self._totals = Totals()
        self._groups = Groups()
        self._days = Days(job.contract, by_day)
        self._records = 0
        self._report = FileReport(job.path.name, job.contract.name, job.recipe.name, sheet=self._begun.sheet)
        self._rules: Counter[str] = Counter()

    def done(self) -> FileReport:
        """Read, judge, settle and report."""
        job, run, report = self._job, self._run, self._report
        if self._stream.encoding != "utf-8":
            self._said.add(1, "", "", f"encoding_{self._stream.encoding.replace('-', '')}", "repair")
        self._say_of_file()
        rest, doubtful = Rest(), Rest()
        with closing(CarefulLane(self._tx, job, run, self._noted)) as lane:
            with ThreadPoolExecutor(1) as pool:
                for judged in _ahead(pool, self._judged()):
                    self._add(judged.tables)
                    report.read += int(np.count_nonzero(judged.passed.fine))
                    self._said.of_cells(self.lane.readers, judged.passed, judged.numbers)
                    for row in judged.examples:
                        self._said.add(row, "", "", "example_skipped", "repair")
                    rest.take(judged.rest)
                    doubtful.take(judged.doubtful)
                    if len(rest) >= MOST:
                        self._take(lane.begin(rest))
                        rest = Rest()
                    run.advance(job.path.name, *self._begun.far(judged.done, self._stream.total, self._records))
            self._add(self._groups.rest())
            totals = {row for row in doubtful.rows if self._totals.counts(row)}
            rest.take(Rest({r: c for r, c in doubtful.rows.items() if r not in totals}))
            self._take(lane.begin(rest))
            self._take(lane.begin(Rest({r: doubtful.rows[r] for r in totals}), totals=True))
            self._take(lane.end())
        if not report.read:
            raise _NotPlainError
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

    # -- reading ---------------------------------------------------------------------------

    def _judged(self) -> Iterator[_Judged]:
        """The blocks, each with what the fast lane made of it."""
        left = np.empty(0, np.uint8)
        splitter = Splitter(len(self._begun.heads), self._begun.delimiter)
        blocks = _with_last(self._stream.blocks())
        for block, last in blocks:
            data = np.concatenate([left, block]) if len(left) else block
            data = data.view()
            data.flags.writeable = False  # the same compiled code reads blocks of every kind
            raw = data.data
            found = splitter.split(data, last=last)
            if found is None:
                raise _NotPlainError
            left = data[found.used:].copy()
            if len(left) > 4 * len(block) + (64 << 20):
                raise _NotPlainError
            numbers = np.add(found.record, self._records + 1, dtype=np.int64)
            rest, doubtful = Rest(), Rest()
            examples: list[int] = []
            skip = np.zeros(len(numbers), bool)
            if self._records < self._begun.header_row:
                skip |= numbers <= self._begun.header_row
                found.lengths[:, skip] = 0  # a header is no text for the rules: to find that it is no area takes long
            for record, begin, end in found.odd.tolist():
                self._odd(record + self._records + 1, str(raw[begin:end], "utf-8"), rest, doubtful, examples)
            for k in rows_that_begin(data, found.starts[0], _EXAMPLE):
                if skip[k]:
                    continue
                skip[k] = True
                examples.append(int(numbers[k]))
            marked = self._totals.look(data, found, numbers, skip, last=last)
            told = np.isin(numbers, list(self._noted)) if self._noted else False
            passed = self.lane.read(data, found, numbers, skip | marked | told)
            left_over = np.flatnonzero(~passed.fine & ~skip)
            cells_of = found.texts(raw, left_over, self._begun.delimiter)
            for k, number, cells in zip(left_over.tolist(), numbers[left_over].tolist(), cells_of, strict=True):
                if cells[0].strip() or any(c.strip() for c in cells):
                    (doubtful if marked[k] else rest).rows[number] = cells
            self._records += found.records
            tables = list(self._groups.take(passed.columns, passed.fine))
            yield _Judged(replace(passed, columns={}), tables, numbers, rest, doubtful, examples, self._stream.done)

    def _odd(self, number: int, text: str, rest: Rest, doubtful: Rest,
             examples: list[int]) -> None:
        """A record that only ``csv`` reads."""
        if number <= self._begun.header_row:
            return
        cells = next(csv.reader(io.StringIO(text), delimiter=self._begun.delimiter), [])
        if not any(c.strip() for c in cells):
            return
        if cells[0].startswith(headers.EXAMPLE):
            examples.append(number)
        elif len(cells) == len(self._begun.heads):
            first = next(c.strip() for c in cells if c.strip())
            (doubtful if headers.is_remark(first) else rest).rows[number] = cells
        else:
            rest.ragged[number] = cells

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
        """Remember on which days the plain rows of a block lie."""
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


def _with_last(blocks: Iterator[Bytes]) -> Iterator[tuple[Bytes, bool]]:
    """Each block, and whether it is the last one; a short end is one with the block before it."""
    before = next(blocks, None)
    for block in blocks:
        assert before is not None
        if len(block) < stream.BLOCK // 16:
            before = np.concatenate([before, block])
            continue
        yield before, False
        before = block
    if before is not None:
        yield before, True


def _ahead(pool: ThreadPoolExecutor, judged: Iterator[_Judged]) -> Iterator[_Judged]:
    """Each block, while the next ones are read already by the pool's one thread."""
    waiting = deque(pool.submit(next, judged, None) for _ in range(_AHEAD))
    try:
        while (found := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(next, judged, None))
            yield found
    finally:
        for block in waiting:
            block.cancel()


