"""The cells that are found in a block are those that ``csv`` reads, wherever its pieces begin and end."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from jitasa_analytics.ingest.bulk import split, stream
from jitasa_analytics.ingest.bulk.split import Splitter


def text(seed: int, delimiter: str, end: str, *, quotes: bool) -> str:
    """Rows of three cells, some ragged, empty, long or quoted, over several of the pieces that are looked at."""
    random = np.random.default_rng(seed)
    lines = []
    for _ in range(900):
        count = int(random.choice([3] * 8 + [1, 2, 4]))
        cells = ["x" * int(k) for k in random.choice([0, 0, 1, 2, 7, 8, 9, 60, 70, 300], count)]
        if quotes and random.random() < 0.2:
            at = int(random.integers(0, count))
            cells[at] = f'"{cells[at]} {delimiter}y"'
        lines.append(delimiter.join(cells))
    lines[50] = delimiter.join(["z" * 5000] * 3)
    lines[60:62] = ["", delimiter * 2]
    return end.join(lines)


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("quotes", [False, True])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(("seed", "delimiter"), [(1, ","), (2, ";"), (3, "\t")])
def test_cells_are_those_of_csv(seed: int, delimiter: str, end: str, quotes: bool, last: bool) -> None:
    splitter = Splitter(3, delimiter)
    for part in (seed, seed + 10):  # the second block lies in the memory of the first
        raw = text(part, delimiter, end, quotes=quotes).encode()
        found = splitter.split(np.frombuffer(raw, np.uint8), last=last)
        assert found is not None
        whole = raw if last else raw[:raw.rfind(b"\n") + 1]
        assert found.used == len(whole)
        read = list(csv.reader(io.StringIO(whole.decode(), newline=""), delimiter=delimiter))
        filled = {k: row for k, row in enumerate(read) if any(c.strip() for c in row)}
        assert found.records == len(read)
        rows = {record: [raw[s:s + n].decode() for s, n in zip(starts, lengths, strict=True)]
                for record, starts, lengths in zip(found.record.tolist(), found.starts.T.tolist(),
                                                   found.lengths.T.tolist(), strict=True)}
        assert rows == {k: row for k, row in filled.items() if len(row) == 3}
        assert list(found.texts(memoryview(raw), np.arange(len(rows)), delimiter)) == list(rows.values())
        odd = {record: next(csv.reader([raw[a:b].decode()], delimiter=delimiter))
               for record, a, b in found.odd.tolist()}
        assert odd == {k: row for k, row in filled.items() if len(row) != 3}


def test_a_return_within_a_line_is_left_to_others() -> None:
    raw = ("a,b,c\r\n" * 700 + "a,b\rb,c\r\n").encode()
    assert Splitter(3, ",").split(np.frombuffer(raw, np.uint8), last=True) is None


def test_a_quoted_cell_that_is_the_only_one_stays_whole() -> None:
    raw = b'a\n"b,c"\nd\n'
    found = Splitter(1, ",").split(np.frombuffer(raw, np.uint8), last=True)
    assert found is not None
    assert list(found.texts(memoryview(raw), np.arange(3), ",")) == [["a"], ["b,c"], ["d"]]


@pytest.mark.parametrize("count", [0, 1, 127, 128, 129, 256, 700])
def test_bytes_that_matter_are_counted_wherever_they_stand(count: int) -> None:
    for at in range(count):
        data = np.full(count, ord("a"), np.uint8)
        for byte, ascii_only, null, lines in ((0, True, True, 0), (200, False, False, 0), (10, True, False, 1)):
            data[at] = byte
            assert stream._look(data) == (ascii_only, null)
            assert split._newlines(data) == lines
    for byte in (0, 10, 255):  # as many as there can be
        data = np.full(count, byte, np.uint8)
        assert stream._look(data) == (byte < 128 or not count, byte == 0 and count > 0)
        assert split._newlines(data) == (count if byte == 10 else 0)
