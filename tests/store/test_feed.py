"""Tables that stream into one INSERT: nothing lost or doubled, in their order, and ended when they are not wanted."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from jitasa_analytics.store import feed
from jitasa_analytics.store.feed import Feed


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    monkeypatch.setattr(feed, "GROUP", 100)
    with duckdb.connect() as found:
        found.execute("CREATE TABLE t (n BIGINT, word VARCHAR)")
        found.execute("BEGIN")
        yield found


def insert(names: list[str]) -> str:
    return f"INSERT INTO t SELECT {', '.join(names)} FROM incoming"


def rows(start: int, count: int, *, numbered: bool = True) -> pa.Table:
    numbers = np.arange(start, start + count)
    words = pa.array([None if n % 7 == 0 else f"w{n % 5}" for n in numbers], pa.string())
    return pa.table({"n": numbers, "word": words.dictionary_encode() if numbered else words})


@pytest.mark.parametrize("most", [feed.MOST_BYTES, 600, 1])
def test_all_rows_arrive_once_and_in_order(most: int, connection: duckdb.DuckDBPyConnection,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MOST_BYTES", most)
    # Words by number and as they are, of their own numbering in each table, in tables of any size.
    taken = Feed(connection, insert)
    at = 0
    for k, count in enumerate((100, 3, 250, 0, 97, 1, 1000, 40, 9, 100, 100)):
        taken.put(rows(at, count, numbered=k % 3 != 2))
        at += count
    taken.finish()
    assert connection.execute("SELECT n, word FROM t").fetchall() == [
        (n, None if n % 7 == 0 else f"w{n % 5}") for n in range(at)]


def test_a_column_of_too_many_new_texts_goes_on_as_it_is(connection: duckdb.DuckDBPyConnection,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "_FEW", 10)
    taken = Feed(connection, insert)
    taken.put(rows(0, 150))
    taken.put(rows(150, 150, numbered=False))
    taken.put(rows(300, 150))
    taken.finish()
    assert connection.execute("SELECT count(*), count(DISTINCT n), count(word) FROM t").fetchall() == [
        (450, 450, sum(n % 7 > 0 for n in range(450)))]


def test_an_insert_that_fails_is_told_to_whoever_hands_over_rows(connection: duckdb.DuckDBPyConnection) -> None:
    taken = Feed(connection, lambda names: "INSERT INTO t SELECT n, CAST(word AS DATE) FROM incoming")
    with pytest.raises(duckdb.Error):
        for k in range(50):
            taken.put(rows(100 * k, 100))
        taken.finish()
    taken.stop()


@pytest.mark.parametrize("count", [0, 10, 300])
def test_what_is_not_wanted_any_more_ends_at_once(count: int, connection: duckdb.DuckDBPyConnection) -> None:
    taken = Feed(connection, insert)
    if count:
        taken.put(rows(0, count))
    taken.stop()
    taken.stop()
    connection.execute("ROLLBACK")
    assert connection.execute("SELECT count(*) FROM t").fetchall() == [(0,)]


def test_long_texts_are_not_held_until_they_are_a_group(connection: duckdb.DuckDBPyConnection,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MOST_BYTES", 5000)
    taken = Feed(connection, insert)
    for n in range(30):
        taken.put(pa.table({"n": [n], "word": ["long " * 300]}))
        assert sum(t.nbytes for t in taken._held) < 5000
    taken.finish()
    assert connection.execute("SELECT count(DISTINCT n), sum(length(word)) FROM t").fetchall() == [(30, 45_000)]
