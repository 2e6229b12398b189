"""The blocks of a large file on their way through the fast lane: read, cut, judged, and put into whole tables."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jitasa_analytics.ingest import headers
from jitasa_analytics.ingest.bulk import stream
from jitasa_analytics.ingest.bulk.eights import Bytes
from jitasa_analytics.ingest.bulk.groups import Groups
from jitasa_analytics.ingest.bulk.lane import Lane, Passed
from jitasa_analytics.ingest.bulk.opened import Opened
from jitasa_analytics.ingest.bulk.rest import Rest
from jitasa_analytics.ingest.bulk.split import Splitter, rows_that_begin
from jitasa_analytics.ingest.bulk.stream import Stream
from jitasa_analytics.ingest.bulk.totals import Totals
from jitasa_analytics.ingest.table import Noted

# So many blocks are read ahead, while rows are with the careful lane.
_AHEAD = 8
# A row that begins so is the example of a template.
_EXAMPLE = headers.EXAMPLE.encode()


class NotPlainError(Exception):
    """The file is written in a way that only the careful lane reads."""


@dataclass
class Judged:
    """A block that went through the fast lane."""

    passed: Passed
    tables: list[pa.Table]
    numbers: npt.NDArray[np.int64]
    rest: Rest
    doubtful: Rest
    examples: list[int]
    done: int


class Judge:
    """Judges the blocks of one file.

    Parameters
    ----------
    begun, file, lane
        Where the rows begin, the file's bytes, and what judges plain rows.
    noted : dict of int to list of Noted
        Cells of which the file's reader has something to say, by row.

    Attributes
    ----------
    records : int
        How many records were read so far, blank lines included.
    groups : Groups
        Plain rows that have not filled a table yet.
    totals : Totals
        What knows, once all were read, which doubtful rows are totals.
    """

    def __init__(self, begun: Opened, file: Stream, lane: Lane, noted: dict[int, list[Noted]]) -> None:
        self._begun, self._stream, self._lane, self._noted = begun, file, lane, noted
        self.records, self.groups, self.totals = 0, Groups(), Totals()

    def blocks(self) -> Iterator[Judged]:
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
                raise NotPlainError
            left = data[found.used:].copy()
            if len(left) > 4 * len(block) + (64 << 20):
                raise NotPlainError
            numbers = np.add(found.record, self.records + 1, dtype=np.int64)
            rest, doubtful = Rest(), Rest()
            examples: list[int] = []
            skip = np.zeros(len(numbers), bool)
            if self.records < self._begun.header_row:
                skip |= numbers <= self._begun.header_row
                found.lengths[:, skip] = 0  # a header is no text for the rules: to find that it is no area takes long
            rest.size = int((found.odd[:, 2] - found.odd[:, 1]).sum(dtype=np.int64))
            for record, begin, end in found.odd.tolist():
                self._odd(record + self.records + 1, str(raw[begin:end], "utf-8"), rest, doubtful, examples)
            for k in rows_that_begin(data, found.starts[0], _EXAMPLE):
                if skip[k]:
                    continue
                skip[k] = True
                examples.append(int(numbers[k]))
            marked = self.totals.look(data, found, numbers, skip, last=last)
            told = np.isin(numbers, list(self._noted)) if self._noted else False
            passed = self._lane.read(data, found, numbers, skip | marked | told)
            left_over = np.flatnonzero(~passed.fine & ~skip)
            rest.size += int(found.lengths[:, left_over].sum(dtype=np.int64))
            cells_of = found.texts(raw, left_over, self._begun.delimiter)
            for k, number, cells in zip(left_over.tolist(), numbers[left_over].tolist(), cells_of, strict=True):
                if cells[0].strip() or any(c.strip() for c in cells):
                    (doubtful if marked[k] else rest).rows[number] = cells
            self.records += found.records
            tables = list(self.groups.take(passed.columns, passed.fine))
            # What lies in the block, whose memory is used again, was copied.
            passed = replace(passed, columns={}, found=tuple(replace(f, values=None) for f in passed.found))
            yield Judged(passed, tables, numbers, rest, doubtful, examples, self._stream.done)

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


def ahead(judged: Iterator[Judged]) -> Generator[Judged, None, None]:
    """Each block, while the next ones are read already in a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(next, judged, None) for _ in range(_AHEAD))
        try:
            while (found := waiting.popleft().result()) is not None:
                waiting.append(pool.submit(next, judged, None))
                yield found
        finally:
            for block in waiting:
                block.cancel()
