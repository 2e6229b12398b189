"""The cells of a cube counted while rows come in, so that a large table need not be read once more for them.

What is counted here is what the SELECT of the cube would count, cell for cell and in the same order: tests
hold the two against each other. Whatever this does not understand (no day, a dose number that is none) it
leaves to that SELECT.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jitasa_analytics.areas import COUNTRY
from jitasa_analytics.contracts import Dataset
from jitasa_analytics.store.numbered import Texts

if TYPE_CHECKING:
    from jitasa_analytics.store.dense import Dense, Filled

Longs = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]

CUBE_OF = {"doses": "dose_cube", "requests": "request_cube"}
_LEVELS = (6, 4, 2, 0)
# A cell's number: area, day, and the two columns behind it, each with room for far more than there is.
_AREA, _DAY, _FIRST, _SECOND = 20, 21, 8, 14
_EARLIEST = -(1 << _DAY - 1)
_NO_AREA = 1 << 62
# In microseconds.
_A_DAY = 86_400 * 1_000_000
_BANGKOK = 7 * 3600 * 1_000_000
# Cubes that are made of that of injections: what they call their spans, how many weeks one has, and whether all groups
# are added up. A span begins with the week of Monday 3 January 2000, as the SELECTs of these cubes say.
_SPANS = {"dose_total_cube": ("week", 1, True), "dose_month_cube": ("month", 4, False),
          "dose_span_cube": ("span", 16, False)}
_EARLIEST_SPAN = 1566
# Cells are put together whenever so many of them wait.
_HELD = 1 << 22


@dataclass(frozen=True)
class _Cells:
    """Cells by number, with what is added up in them; ``last`` is the latest moment."""

    number: Longs
    times: Longs
    people: Longs | None = None
    last: Longs | None = None

    def together(self) -> _Cells:
        """Each number once, in order."""
        from jitasa_analytics.store.ordered import in_order

        number, order = in_order(self.number)
        begin = _begins(number)
        last = None if self.last is None else self.last[order]
        if last is not None and len(begin) < len(number):
            last = np.maximum.reduceat(last, begin)
        return _Cells(number[begin], _added(self.times, order, begin),
                      None if self.people is None else _added(self.people, order, begin), last)

    def of(self, rows: npt.NDArray[np.bool_]) -> _Cells:
        """Some of the cells."""
        return _Cells(self.number[rows], self.times[rows], None if self.people is None else self.people[rows],
                      None if self.last is None else self.last[rows])


class Counted:
    """The rows of one dataset, counted by their finest cells.

    Parameters
    ----------
    contract : Dataset
        ``doses`` or ``requests``.
    """

    def __init__(self, contract: Dataset) -> None:
        from jitasa_analytics.store.dense import Dense

        self.cube = CUBE_OF[contract.name]
        self._doses = self.cube == "dose_cube"
        self._contract = contract
        self._areas, self._first, self._second = Texts(), Texts(), Texts()
        self._cells: list[_Cells] = []
        self._held = 0
        self._given = 0
        self.whole = True
        self._dense = Dense(wide=not self._doses)
        self._made: Future[dict[str, pa.Table]] | None = None

    def add(self, table: pa.Table) -> None:
        """Count rows."""
        self._take(table, 1)

    def remove(self, table: pa.Table) -> None:
        """Count rows no more."""
        self._made = None
        if not self._doses:
            self.whole = False  # which moment was the latest before can't be told
            return
        self._take(table, -1)

    def _take(self, table: pa.Table, times: int) -> None:
        if not self.whole or not len(table):
            return
        self._given += len(table)
        day = table["date" if self._doses else "requested_at"]
        columns = [day] if not self._doses else [day, table["dose_no"]]
        if any(c.null_count for c in columns):
            self.whole = False
            return
        if self._doses:
            days = day.cast(pa.int32()).to_numpy()
            first = table["dose_no"].to_numpy().astype(np.int64, copy=False)
            if "group" not in table.column_names and self._taken_at_once(table, days, first, times):
                return
            second = self._words(table, "group", self._second)
            people = last = None
        else:
            last = day.cast(pa.int64()).to_numpy()
            days = (last + _BANGKOK) // _A_DAY
            first, second = self._words(table, "status", self._first), self._words(table, "urgency", self._second)
            people = self._people(table)
        area = self._areas.numbers(table["area_code"]) if "area_code" in table.column_names else np.full(
            len(table), self._areas.of(None))
        early, late = int(days.min()), int(days.max())
        fits = len(self._areas) < 1 << _AREA and len(self._second) < 1 << _SECOND and (
            early >= _EARLIEST and late < -_EARLIEST and int(first.min()) >= 0 and int(first.max()) < 1 << _FIRST)
        if not fits:
            self.whole = False
            return
        if self._doses:
            days = _weeks(early, late)[days - early]
        if self._dense.add(area, days, first, second, times,
                           *([] if people is None or last is None else [people, last])):
            return
        number = _number(area, 7 * days - 3 if self._doses else days, first, second)
        self._cells.append(_Cells(number, np.full(len(number), times), people, last))
        self._held += len(number)
        if self._held > max(_HELD, len(self._cells[0].number)):
            self._cells, self._held = [_joined(self._cells)], 0

    def _taken_at_once(self, table: pa.Table, days: npt.NDArray[Any], doses: Longs, times: int) -> bool:
        """Count doses of the one group that a file without groups has, where the rest is plain; False if it is not."""
        if "area_code" not in table.column_names:
            return False
        area, areas = self._areas.indexed(table["area_code"])
        early, late = int(days.min()), int(days.max())
        if early < _EARLIEST or late >= -_EARLIEST or int(doses.min()) < 0 or int(doses.max()) >= 1 << _FIRST:
            return False
        group = self._second.of(self._contract.column("group").default)
        return self._dense.add_by(area, areas, days, _weeks(early, late), early, doses, group, times)

    def _words(self, table: pa.Table, name: str, texts: Texts) -> Longs:
        """The numbers of a column's texts; the default where there is none."""
        default = self._contract.column(name).default
        if name not in table.column_names:
            return np.full(len(table), texts.of(default))
        column = table[name]
        numbers = texts.numbers(column)
        if column.null_count:
            numbers[column.is_null().to_numpy()] = texts.of(default)
        return numbers

    def _people(self, table: pa.Table) -> Longs:
        default = int(self._contract.column("people").default or 0)
        if "people" not in table.column_names:
            return np.full(len(table), default)
        column = table["people"]
        people: Longs = (pc.fill_null(column, default) if column.null_count else column).to_numpy()
        return people.astype(np.int64, copy=False)

    # -- all rows are there ----------------------------------------------------------------

    def begin(self) -> None:
        """All rows are there: make the cube in a thread of its own, while the rows are looked at for doubles."""
        if self.whole and self._given:
            pool = ThreadPoolExecutor(1)
            self._made = pool.submit(self._tables)
            pool.shutdown(wait=False)

    def table(self, cube: str) -> pa.Table | None:
        """The cube, or one that is made of it: the cells of every level, in its order; None where it was not made."""
        if self._made is None:
            self.begin()
        return None if self._made is None else self._made.result().get(cube)

    def _tables(self) -> dict[str, pa.Table]:
        areas, area_place = self._areas.sorted()
        words = [texts.sorted() for texts in (self._first, self._second)]
        if not self._cells:
            return self._of_places(areas, area_place, words)
        (first, first_place), (second, second_place) = words
        area, days, one, two, *counts = self._dense.cells()
        if self._doses:
            days = 7 * days - 3
        cells = _joined([*self._cells, _Cells(_number(area, days, one, two), *counts)])
        cells = cells.of(cells.times > 0)
        area, days, one, two = _parts(cells.number)
        one = one if self._doses else first_place[one]
        cells = replace(cells, number=_number(area_place[area], days, one, second_place[two])).together()
        levels = []
        for digits in _LEVELS:
            areas, cells = _coarser(areas, cells, digits)
            told = np.array([_told(a, digits) for a in areas], bool)
            area, days, one, two = _parts(cells.number)
            shown = told[area]
            some = cells if shown.all() else cells.of(shown)
            levels.append(self._level(digits, areas, first, second, _parts(some.number), some))
        return {self.cube: pa.concat_tables(levels[::-1])}

    def _of_places(self, areas: list[str | None], area_place: Longs,
                   words: list[tuple[list[str | None], Longs]]) -> dict[str, pa.Table]:
        """The cubes where all rows were counted in a place each: nothing has to be sorted."""
        (first, first_place), (second, second_place) = words
        # The numbers of the words in the order of the words; a dose is its own number.
        ones = None if self._doses else np.argsort(first_place)
        twos = np.argsort(second_place)
        places, groups = self._dense, area_place
        levels: dict[str, list[pa.Table]] = {cube: [] for cube in (self.cube, *(_SPANS if self._doses else ()))}
        for digits in _LEVELS:
            short = _shortened(areas, digits)
            kept = list(dict.fromkeys(short))
            at = {a: k for k, a in enumerate(kept)}
            groups = np.array([at[a] for a in short], np.int64)[groups]
            if len(kept) < len(areas):
                places, groups = places.folded(groups), np.arange(len(kept))
            areas = kept
            told = np.array([_told(a, digits) for a in areas], bool)
            shown = np.where(told, np.argsort(groups), _NO_AREA)
            found = places.filled(shown, ones, twos)
            days = _mondays(found.two) if self._doses else found.two
            levels[self.cube].append(
                self._level(digits, areas, first, second, (found.one, days, found.three, found.four), found))
            for cube in levels.keys() & _SPANS.keys():
                levels[cube].append(_spans(cube, digits, places, shown, twos, areas, second))
        return {cube: pa.concat_tables(some[::-1]) for cube, some in levels.items()}

    def _level(self, digits: int, areas: list[str | None], first: list[str | None], second: list[str | None],
               parts: tuple[Any, Any, Any, Any], cells: _Cells | Filled) -> pa.Table:
        """The rows of one level; ``parts`` are its areas, days, and first and second words by number."""
        area, days, one, two = parts
        day = pa.array(days.astype(np.int32)).view(pa.date32())
        out: dict[str, Any] = {"digits": pa.array(np.full(len(area), digits, np.int32)),
                               "area_code": _by_number(area, areas)}
        if self._doses:
            out |= {"week": day, "dose_no": pa.array(one.astype(np.int64)), "group": _by_number(two, second),
                    "doses": cells.times}
        else:
            out |= {"day": day, "category": _by_number(np.zeros(len(area), np.int32), [""]),
                    "status": _by_number(one, first), "urgency": _by_number(two, second), "requests": cells.times,
                    "people": cells.people, "last_at": pa.array(cells.last).view(pa.timestamp("us"))}
        return pa.table(out)


def _spans(cube: str, digits: int, places: Dense, ones: Longs, fours: Longs, areas: list[str | None],
           groups: list[str | None]) -> pa.Table:
    """One level of a cube of several weeks, or of all groups together."""
    name, weeks, together = _SPANS[cube]
    found = places.spans(ones, fours, weeks, _EARLIEST_SPAN, together=together)
    begin = pa.array(_mondays(_EARLIEST_SPAN + weeks * found.two).astype(np.int32)).view(pa.date32())
    return pa.table({"digits": pa.array(np.full(len(found.one), digits, np.int32)), name: begin,
                     "area_code": _by_number(found.one, areas), "dose_no": pa.array(found.three.astype(np.int64)),
                     **({} if together else {"group": _by_number(found.four, groups)}), "doses": found.times})


def _mondays(weeks: Ints) -> Ints:
    """The Mondays of weeks by number, as days since 1970; 1 January 1970 was a Thursday."""
    return 7 * weeks - 3


def _number(area: Longs, days: Longs, first: Longs, second: Longs) -> Longs:
    return ((area << _DAY | (days - _EARLIEST)) << _FIRST | first) << _SECOND | second


def _weeks(early: int, late: int) -> Longs:
    """The weeks of the days from one to another; 1 January 1970 was a Thursday.

    A division for each row would take longer than to count it.
    """
    weeks: Longs = (np.arange(early, late + 1) + 3) // 7
    return weeks


def _parts(number: Longs) -> tuple[Longs, Longs, Longs, Longs]:
    second = number & (1 << _SECOND) - 1
    first = number >> _SECOND & (1 << _FIRST) - 1
    days = (number >> _SECOND + _FIRST & (1 << _DAY) - 1) + _EARLIEST
    return number >> _SECOND + _FIRST + _DAY, days, first, second


def _begins(number: Longs) -> Longs:
    """Where each number begins among sorted ones."""
    return np.flatnonzero(np.concatenate([[True], number[1:] != number[:-1]])) if len(number) else np.empty(0, np.int64)


def _added(values: Longs, order: npt.NDArray[np.int32], begin: Longs) -> Longs:
    """The sum of the values of each number."""
    if len(begin) and (values == values[0]).all():
        same: Longs = np.diff(begin, append=len(values)) * values[0]
        return same
    found: Longs = values[order]
    if len(begin) < len(values):
        found = np.add.reduceat(found, begin)
    return found


def _joined(cells: list[_Cells]) -> _Cells:
    def one(parts: list[Longs | None]) -> Longs | None:
        return None if any(p is None for p in parts) else np.concatenate([p for p in parts if p is not None])

    return _Cells(np.concatenate([c.number for c in cells]), np.concatenate([c.times for c in cells]),
                  one([c.people for c in cells]), one([c.last for c in cells])).together()


def _shortened(areas: list[str | None], digits: int) -> list[str | None]:
    return [COUNTRY if digits == 0 else a if a is None else a[:digits] for a in areas]


def _told(area: str | None, digits: int) -> bool:
    """Whether an area stands in a level: the country in its own only."""
    return digits == 0 or (area is not None and area != COUNTRY and len(area) >= digits)


def _coarser(areas: list[str | None], cells: _Cells, digits: int) -> tuple[list[str | None], _Cells]:
    """The cells by so many digits of their area's code; of a sorted list of areas the shortened one is sorted, too."""
    short = _shortened(areas, digits)
    kept = list(dict.fromkeys(short))
    if len(kept) == len(areas) and digits:
        return areas if kept == areas else kept, cells
    place = {a: k for k, a in enumerate(kept)}
    low = _DAY + _FIRST + _SECOND
    moved = np.array([place[a] for a in short], np.int64)[cells.number >> low]
    return kept, replace(cells, number=moved << low | cells.number & (1 << low) - 1).together()


def _by_number(numbers: Longs | Ints, texts: list[str | None]) -> Any:
    """Texts by their number, told once."""
    missing = np.array([t is None for t in texts], bool)[numbers] if None in texts else None
    return pa.DictionaryArray.from_arrays(pa.array(numbers.astype(np.int32), mask=missing),
                                          pa.array(["" if t is None else t for t in texts], pa.string()))
