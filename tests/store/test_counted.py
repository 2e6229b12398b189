"""Cells counted while rows come in are those that the cube's own SELECT counts, one by one and in its order."""

from __future__ import annotations

from datetime import date, datetime

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from jitasa_analytics.contracts import dataset
from jitasa_analytics.store import counted, cubes, dense
from jitasa_analytics.store.counted import Counted
from jitasa_analytics.store.dense import Dense
from jitasa_analytics.store.ordered import in_order

AREAS = ["200104", "200101", "2001", "20", "TH", "201103", "20010499", "100101", None]


def rows(kind: str, count: int, seed: int) -> pa.Table:
    random = np.random.default_rng(seed)

    def one_of(some: list[object]) -> list[object]:
        return [some[k] for k in random.integers(0, len(some), count)]

    areas = pa.array(one_of([*AREAS]), pa.string())
    areas = areas.dictionary_encode() if seed % 2 else areas
    if kind == "doses":
        return pa.table({
            "area_code": areas, "dose_no": pa.array(one_of([1, 2, 9]), pa.int64()),
            "date": pa.array(one_of([date(2021, 3, 1), date(2021, 3, 7), date(2021, 3, 8), date(1969, 12, 31),
                                     date(1903, 2, 1), date(2199, 12, 31)]), pa.date32()),
            "group": pa.array(one_of(["all", "อายุ 60+", "60+", "health"]), pa.string())})
    return pa.table({
        "area_code": areas, "requested_at": pa.array(one_of([
            datetime(2020, 3, 24, 16, 59, 59), datetime(2020, 3, 24, 17), datetime(2020, 3, 24, 18, 1),  # noqa: DTZ001
            datetime(1969, 12, 31, 16), datetime(1969, 12, 31, 17, 0, 0, 1)]), pa.timestamp("us")),  # noqa: DTZ001
        "status": pa.array(one_of(["new", "helped", "confirmed"]), pa.string()),
        "urgency": pa.array(one_of(["low", "normal", "critical"]), pa.string()),
        "people": pa.array(one_of([1, 2, 30]), pa.int64())})


def selected(kind: str, table: pa.Table) -> pa.Table:
    with duckdb.connect() as connection:
        connection.register("given", table)
        connection.execute("CREATE TABLE request_items (request_id VARCHAR, category VARCHAR)")
        given = "(SELECT *, 'r' AS request_id FROM given)"
        return connection.sql(cubes.definition(counted.CUBE_OF[kind], "memory.main", **{kind: given})).to_arrow_table()


def same(found: pa.Table, expected: pa.Table) -> None:
    assert len(expected)
    assert found.column_names == expected.column_names
    for name in expected.column_names:
        assert found[name].to_pylist() == expected[name].to_pylist(), name


def agree(cells: Counted, kind: str, table: pa.Table) -> None:
    """The cube, and the cubes made of it where rows were counted in a place each."""
    first = selected(kind, table)
    same(cells.table(counted.CUBE_OF[kind]), first)
    with duckdb.connect() as connection:
        connection.register("counted_before", first)
        for cube in (c for c, below in cubes.MADE_OF.items() if below == (counted.CUBE_OF[kind],)):
            found = cells.table(cube)
            assert (found is None) == bool(cells._cells)
            if found is not None:
                asked = cubes.definition(cube, **{counted.CUBE_OF[kind]: "counted_before"})
                same(found, connection.sql(asked).to_arrow_table())


@pytest.mark.parametrize("kind", ["doses", "requests"])
@pytest.mark.parametrize(("held", "most"), [(1, 1), (1 << 22, 1), (1, dense.MOST)])
def test_counted_is_what_the_cube_selects(kind: str, held: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Codes of every length, days before 1970, the last minute of Bangkok's day; put together often, or once, or
    # counted in a place for each.
    monkeypatch.setattr(counted, "_HELD", held)
    monkeypatch.setattr(dense, "MOST", most)
    cells = Counted(dataset(kind))
    tables = [rows(kind, count, seed) for seed, count in enumerate((500, 1, 0, 300))]
    for table in tables:
        cells.add(table)
    assert cells.whole
    agree(cells, kind, (pa.concat_tables(
        [t.set_column(0, "area_code", t["area_code"].cast(pa.string())) for t in tables])))


def test_doubled_injections_are_counted_no_more() -> None:
    cells = Counted(dataset("doses"))
    first, gone = rows("doses", 400, 0), rows("doses", 3, 2)
    for table in (gone, first):
        cells.add(table)
    cells.begin()
    cells.remove(gone)
    assert cells.whole
    agree(cells, "doses", (first))


def test_a_request_taken_out_leaves_the_count_to_the_cube() -> None:
    # The latest moment of a day can't be told without the others.
    cells = Counted(dataset("requests"))
    cells.add(rows("requests", 5, 0))
    cells.remove(rows("requests", 1, 0))
    assert not cells.whole


def test_missing_words_count_as_their_default() -> None:
    table = rows("doses", 200, 0).drop_columns(["group"])
    cells = Counted(dataset("doses"))
    cells.add(table)
    cells.add(table.append_column("group", pa.array([None, "all"] * 100, pa.string())))
    cells.begin()
    twice = pa.concat_tables([table, table]).append_column("group", pa.array(["all"] * 400))
    agree(cells, "doses", (twice))


def test_a_row_without_a_day_leaves_the_count_to_the_cube() -> None:
    table = rows("doses", 4, 0)
    cells = Counted(dataset("doses"))
    cells.add(table.set_column(2, "date", pa.array([None, *table["date"].to_pylist()[1:]], pa.date32())))
    assert not cells.whole


@pytest.mark.parametrize("high", [2, 5_000, 1 << 40, (1 << 63) - 1])
def test_numbers_in_order_and_where_they_stood(high: int) -> None:
    numbers = np.random.default_rng(1).integers(0, high, 3000, endpoint=True)
    found, places = in_order(numbers)
    order = np.argsort(numbers, kind="stable")
    assert np.array_equal(places, order)
    assert np.array_equal(found, numbers[order])


@pytest.mark.parametrize("most", [dense.MOST, 40_000, 3000, 1])
def test_injections_are_counted_alike_with_and_without_a_place_for_each(most: int,
                                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    # Of later tables the days lie farther apart, until there are too many places; rows are taken away in between.
    monkeypatch.setattr(dense, "MOST", most)
    cells = Counted(dataset("doses"))
    tables = [rows("doses", 600, seed) for seed in range(4)]
    near = tables[1].filter(pa.array([d.year == 2021 for d in tables[1]["date"].to_pylist()]))
    gone = tables[3].slice(0, 50)
    for table in (near.slice(0, 90), tables[3], near.slice(90), tables[0]):
        cells.add(table)
    cells.begin()
    cells.remove(gone)
    kept = [t.set_column(0, "area_code", t["area_code"].cast(pa.string()))
            for t in (near, tables[3].slice(50), tables[0])]
    for _ in range(2):  # to ask changes nothing
        agree(cells, "doses", (pa.concat_tables(kept)))


@pytest.mark.parametrize("most", [dense.MOST, 2000, 1])
def test_requests_are_counted_alike_with_and_without_a_place_for_each(most: int,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    # First those of one spring, then those of 1969 as well, for which there may be no more places; new words come late.
    monkeypatch.setattr(dense, "MOST", most)
    cells = Counted(dataset("requests"))
    tables = [rows("requests", 700, seed) for seed in range(3)]
    spring = tables[0].filter(pa.array([d.year == 2020 for d in tables[0]["requested_at"].to_pylist()]))
    some = spring.filter(pa.array([s == "new" for s in spring["status"].to_pylist()]))
    for table in (some, tables[1], spring, tables[2]):
        cells.add(table)
    cells.begin()
    given = [t.set_column(0, "area_code", t["area_code"].cast(pa.string())) for t in (some, *tables[1:], spring)]
    agree(cells, "requests", (pa.concat_tables(given)))


def test_places_are_folded_and_listed_in_the_order_that_is_asked_for() -> None:
    random = np.random.default_rng(3)
    places = Dense(wide=True)
    parts = [random.integers(0, n, 400) for n in (6, 5, 3, 2)]
    parts[1] -= 2
    people, last = random.integers(1, 9, 400), random.integers(-50, 50, 400)
    assert places.add(*parts, 1, people, last)
    group = np.array([1, 0, -1, 1, 2, 0, 2])
    threes, fours = np.array([2, 0, 9]), np.array([1, 0])
    found = places.folded(group).filled(np.array([2, 7, 0, 1]), threes, fours)
    expected = {}
    for a, b, c, d, n, at in zip(*(p.tolist() for p in parts), people.tolist(), last.tolist(), strict=True):
        if group[a] >= 0 and c != 1:
            key = ([2, 7, 0, 1].index(group[a]), b, threes.tolist().index(c), fours.tolist().index(d))
            times, so_far, latest = expected.get(key, (0, 0, -99))
            expected[key] = times + 1, so_far + n, max(latest, at)
    keys = list(zip(*(p.tolist() for p in (found.one, found.two, found.three, found.four)), strict=True))
    assert keys == sorted(expected)
    assert list(zip(found.times.tolist(), found.people.tolist(), found.last.tolist(), strict=True)) == [
        expected[k] for k in keys]


def test_places_grow_with_what_is_counted() -> None:
    random = np.random.default_rng(2)
    found, expected = Dense(), dict[tuple[int, ...], int]()
    for high, low, times in ((3, -2, 1), (40, -2, 1), (5, -90, 1), (90, 4, -1)):
        parts = [random.integers(0, high, 300), random.integers(low, low + 30, 300), random.integers(0, 3, 300),
                 random.integers(0, 2 + high // 50, 300)]
        assert found.add(parts[0], parts[1], parts[2], parts[3], times)
        for key in zip(*(p.tolist() for p in parts), strict=True):
            expected[key] = expected.get(key, 0) + times
    *keys, counts = (part.tolist() for part in found.cells())
    assert list(zip(*keys, counts, strict=True)) == [(*k, n) for k, n in sorted(expected.items()) if n]
    ones = np.ones(1, np.int64)
    assert not found.add(ones, ones << 40, ones, ones, 1)
    assert [part.tolist() for part in found.cells()][-1] == counts


def test_more_rows_than_a_place_can_hold_are_counted_in_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "_ROWS", 500)
    found, ones = Dense(), np.ones(300, np.int64)
    assert found.add(ones, ones, ones, ones, 1)
    assert not found.add(ones, ones, ones, ones, 1)
    assert [part.tolist() for part in found.cells()] == [[1], [1], [1], [1], [300]]
