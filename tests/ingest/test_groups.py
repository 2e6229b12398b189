"""Rows of blocks in whole tables: every fine row once, in its order, whatever its columns are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from jitasa_analytics.ingest.bulk import groups
from jitasa_analytics.ingest.bulk.cells import Texts
from jitasa_analytics.ingest.bulk.groups import Groups

LETTERS = "กขคง-abcdefghijklmnopqrstuvwxyz"
Block = tuple[dict[str, Any], np.ndarray[Any, Any], dict[str, list[Any]]]


def texts(values: list[str | None]) -> Texts:
    """Cells as they stand in a block, with something before, between and behind them."""
    start, data = [], bytearray(b"head\n")
    for value in values:
        start.append(len(data))
        data += (value or "").encode() + b","
    length = [len((v or "").encode()) for v in values]
    return Texts(np.frombuffer(bytes(data), np.uint8), np.array(start, np.int32), np.array(length, np.int32),
                 np.array([v is None for v in values]))


def block(random: np.random.Generator, count: int, first: int, *, words: list[str], missing: bool,
          names: bool) -> Block:
    """Columns of a block, its fine rows, and what the fine rows hold."""
    def some(values: list[Any], share: float) -> list[Any]:
        return [None if missing and random.random() < share else v for v in values]

    codes = random.integers(0, len(words), count).astype(np.int32)
    word = some([words[c] for c in codes], 0.1)
    token = ["".join(random.choice([*LETTERS], random.integers(0, 40))) for _ in range(count)]
    note = some(token[::-1], 0.2)
    days = some(random.integers(-5, 9, count).tolist(), 0.1)
    people = some(random.integers(0, 2**40, count).tolist(), 0.1)
    lon = some(random.uniform(98, 105, count).tolist(), 0.1)
    moments = some(random.integers(0, 2**50, count).tolist(), 0.1)
    fine = random.random(count) < random.choice([0.0, 0.5, 0.99, 1.0], p=[0.1, 0.2, 0.4, 0.3])
    if random.random() < 0.5:  # most rows that lack something are not fine, in a file
        fine &= np.array([None not in row for row in zip(word, note, days, people, lon, moments, strict=True)], bool)
    listed = pa.array(words, pa.string())
    columns = {
        "token": texts(token), "note": texts(note), "lon": pa.array(lon, pa.float64()),
        "word": pa.array(word, pa.string()) if names else pa.DictionaryArray.from_arrays(
            pa.array(codes, mask=np.array([w is None for w in word], bool)), listed),
        "day": pa.array(days, pa.int32()).view(pa.date32()), "people": pa.array(people, pa.int64()),
        "at": pa.array(moments, pa.int64()).view(pa.timestamp("us")), "none": pa.nulls(count, pa.string()),
        "sure": pa.array([k % 3 == 0 for k in range(count)], pa.bool_()),
        "same": pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array(["all"])),
        "_row": pa.array(np.arange(first, first + count))}
    told = {"token": token, "note": note, "word": word, "people": people, "lon": lon, "none": [None] * count,
            "day": columns["day"].to_pylist(), "at": columns["at"].to_pylist(), "same": ["all"] * count,
            "sure": columns["sure"].to_pylist(), "_row": list(range(first, first + count))}
    return columns, fine, {n: [v for v, f in zip(values, fine, strict=True) if f] for n, values in told.items()}


@pytest.mark.parametrize("seed", range(12))
def test_every_fine_row_arrives_once_and_in_order(seed: int) -> None:
    random = np.random.default_rng(seed)
    taken, tables, expected, first = Groups(size=64), [], dict[str, list[Any]](), 0
    words, names = ["a", "", "ก" * 90], False
    changes = 0
    for k in range(30):
        count = int(random.choice([0, 1, 7, 64, 150, 400]))
        words = [*words, f"w{k}"] if k % 7 else words[1:]  # most blocks bring a word more, some number them anew
        changes += (k == 20)
        names = k >= 20
        columns, fine, told = block(random, count, first, words=words, missing=bool(random.random() < 0.4), names=names)
        tables += taken.take(columns, fine)
        for name, values in told.items():
            expected.setdefault(name, []).extend(values)
        first += count
    tables += taken.rest()
    assert not list(taken.rest())
    for name, values in expected.items():
        assert [v for table in tables for v in table[name].to_pylist()] == values, name
    for table in tables:
        table.validate(full=True)
        assert all(column.num_chunks == 1 for column in table.columns)
    short = [len(t) for t in tables if len(t) != 64]
    assert len(short) <= 1 + changes
    assert max(short, default=0) <= 64


def test_no_rows_make_no_table() -> None:
    taken = Groups(size=8)
    columns, _, _ = block(np.random.default_rng(0), 20, 0, words=["a"], missing=False, names=False)
    assert not list(taken.take(columns, np.zeros(20, bool)))
    assert not list(taken.rest())


def test_a_block_is_not_needed_once_its_rows_are_taken() -> None:
    data = np.frombuffer(bytearray(b"one,two,"), np.uint8)
    taken = Groups(size=4)
    none = np.zeros(2, bool)
    cells = Texts(data, np.array([0, 4], np.int32), np.array([3, 3], np.int32), none)
    assert not list(taken.take({"a": cells}, ~none))
    data[:] = ord("x")
    assert [t["a"].to_pylist() for t in taken.rest()] == [["one", "two"]]


def test_very_long_texts_do_not_wait_for_a_whole_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MOST_BYTES", 1000)
    taken = Groups(size=64)
    cells = texts(["x" * 300] * 10)
    tables = [t for _ in range(5) for t in taken.take({"a": cells}, np.ones(10, bool))]
    assert sum(map(len, [*tables, *taken.rest()])) == 50
    assert [len(t) for t in tables] == [10] * 5
