"""Rows that share their key are found by the numbers of their keys, whatever the columns are made of."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest

from jitasa_analytics.contracts import dataset
from jitasa_analytics.store import keys
from jitasa_analytics.store.keys import Keys

TYPES = {"person_token": pa.string(), "dose_no": pa.int64()}


def made(tokens: list[str | None], numbers: list[int | None], start: int, *, coded: bool) -> pa.Table:
    token = pa.array(tokens, pa.string())
    return pa.table({"person_token": token.dictionary_encode() if coded else token,
                     "dose_no": pa.array(numbers, pa.int64()), "_row": np.arange(start, start + len(tokens))})


def put(found: Keys, table: pa.Table) -> None:
    found.add(table, table["_row"].to_numpy())


def shared(rows: list[tuple[object, ...]]) -> list[int]:
    """Brute force: the rows whose key another one has."""
    return [k for k, row in enumerate(rows) if rows.count(row) > 1]


@pytest.mark.parametrize("most", [1, 7, 10_000])
def test_rows_that_share_their_key_and_no_others(most: int) -> None:
    # Texts of 0 to 40 bytes, as they are and by number, in slices of other arrays, and missing ones.
    random = np.random.default_rng(most)
    texts = [None, "", "ก", *("p_" + "0123456789abcdef"[k % 16:] * (k % 4) + str(k) for k in range(150))]
    rows = [(texts[k], int(n)) for k, n in zip(random.integers(0, len(texts), 500), random.integers(1, 4, 500),
                                               strict=True)]
    found = Keys(dataset("doses"), TYPES, {}, 1000)
    for begin, end, coded in ((0, 3, False), (3, 200, True), (200, 200, False), (200, 500, False)):
        table = made([r[0] for r in rows[begin:end]], [r[1] for r in rows[begin:end]], begin, coded=coded)
        cut = pa.concat_tables([table, table]).combine_chunks().slice(len(table))  # from the middle of its memory
        put(found, cut)
    assert found.whole
    pages = [page.tolist() for page in found.alike(most)]
    assert sorted(row for page in pages for row in page) == shared(list(rows))
    for page in pages:
        for row in page:  # keys are whole in each page
            assert all(other in page for other in range(len(rows)) if rows[other] == rows[row])


def test_a_missing_value_is_its_default_and_types_are_those_of_the_table() -> None:
    types = {"area_code": pa.string(), "as_of": pa.date32(), "reported_at": pa.timestamp("us"), "dose_no": pa.int64()}
    found = Keys(dataset("dose_reports"), types, {"dose_no": "0"}, 1000)
    day, moment = date(2021, 3, 1), datetime(2021, 3, 1, 8)  # noqa: DTZ001 - the store's moments are UTC
    put(found, pa.table({"area_code": ["20", "20", None], "as_of": pa.array([day] * 3, pa.date32()),
                        "reported_at": pa.array([moment] * 3, pa.timestamp("us")),
                        "dose_no": pa.array([0, 1, None], pa.int64()), "_row": [1, 2, 3]}))
    put(found, pa.table({"area_code": pa.nulls(2, pa.string()), "as_of": pa.array([day] * 2, pa.date32()),
                        "reported_at": pa.array([moment, None], pa.timestamp("s")),
                        "dose_no": pa.array([0, 0], pa.int32()), "_row": [4, 5]}))
    put(found, pa.table({"area_code": pa.array(["20"]).dictionary_encode(), "as_of": pa.array([day], pa.date32()),
                        "reported_at": pa.array([moment], pa.timestamp("us")),
                        "dose_no": pa.array([None], pa.string()), "_row": [6]}))
    assert sorted(np.concatenate(list(found.alike(9))).tolist()) == [1, 3, 4, 6]


@pytest.mark.parametrize("count", [0, 1, 40_000])
def test_many_keys_of_which_few_or_none_are_the_same(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = np.random.default_rng(5).permutation(count).tolist()
    same = numbers[:2]
    found = Keys(dataset("doses"), TYPES, {}, 1 << 20)
    put(found, made([f"p_{n:032x}" for n in [*numbers, *same]], [1] * (count + len(same)), 0, coded=False))
    pages = list(found.alike(100))
    rows = sorted(np.concatenate(pages).tolist()) if pages else []
    assert rows == sorted([*range(len(same)), *range(count, count + len(same))])


def test_numbers_that_meet_in_the_table_are_told_apart() -> None:
    hashes = np.array([0, 1, 1, 5, 1 << 63, 0, (1 << 63) + 5, 7], np.uint64)
    tables = []
    for some in (hashes[:3], hashes[3:]):
        parted, rows = np.empty_like(some), np.empty(len(some), np.uint32)
        begins = keys._in_parts(some, np.arange(len(some)), parted, rows)
        tables.append((parted, begins.astype(np.int64)))
        assert parted.tolist() == some[rows].tolist()
        parts = np.repeat(np.arange(len(begins) - 1), np.diff(begins))
        assert parts.tolist() == (parted >> keys._SHIFT).tolist()
    begins = np.stack([tables[0][1], tables[1][1] + 3])
    assert set(keys._twice(np.concatenate([t[0] for t in tables]), begins).tolist()) == {0, 1}


def test_of_too_many_rows_no_keys_are_kept() -> None:
    found = Keys(dataset("doses"), TYPES, {}, 3)
    for start in (0, 2):
        put(found, made(["a", "a"], [1, 1], start, coded=False))
    assert not found.whole


@pytest.mark.parametrize("first", [(1 << 32) - 2, (1 << 32) - 1])
def test_a_row_behind_four_thousand_millions_is_known_by_its_number_or_not_at_all(first: int) -> None:
    found = Keys(dataset("doses"), TYPES, {}, 10)
    put(found, made(["a", "a"], [1, 1], first, coded=False))
    pages = list(found.alike(9)) if found.whole else []
    assert [page.tolist() for page in pages] == ([[first, first + 1]] if first + 1 < 1 << 32 else [])
    assert found.whole == (first + 1 < 1 << 32)
