"""What must hold of every cell and of every file, not only of the ones in the catalogue."""

from __future__ import annotations

import itertools
import random
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.th import pin

from jitasa_analytics.ingest import clean, coordinates, identities, import_files, units
from jitasa_analytics.ingest.dates import MONTHS
from jitasa_analytics.store import Store

THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
DAYS = st.dates(date(1950, 1, 1), date(2026, 1, 1))
ABBREVIATED = {number: name for name, number in MONTHS.items() if name.endswith(".")}


@given(DAYS, st.booleans())
def test_a_day_is_the_same_in_every_spelling(day: date, thai: bool) -> None:
    year = day.year + 543
    spelt = [day.isoformat(), f"{day.day}/{day.month}/{day.year}", f"{day.day:02}-{day.month:02}-{year}",
             f"{day.day} {ABBREVIATED[day.month]} {year}", f"วันที่ {day.day} {ABBREVIATED[day.month]} พ.ศ. {year}"]
    for text in spelt:
        assert clean.day(text.translate(THAI) if thai else text).value == day, text


@given(st.text(max_size=40))
def test_no_text_makes_a_rule_fail(text: str) -> None:
    for rule in (clean.plain, clean.number, clean.whole, clean.day, clean.moment, clean.area, clean.code,
                 units.reader(clean.whole, "persons"), units.year(clean.whole)):
        cell = rule(text)
        assert not (cell.error and cell.value is not None)
    coordinates.degrees(text)
    identities.phones(text)


@given(st.text(max_size=40))
def test_tidying_twice_is_tidying_once(text: str) -> None:
    once = clean.plain(text).value
    assert once is None or clean.plain(once).value == once


@given(st.integers(0, 10**9), st.booleans(), st.sampled_from(["", " คน", "คน", " ราย", " people"]))
def test_a_number_survives_separators_digits_and_its_unit(number: int, thai: bool, unit: str) -> None:
    for text in (str(number), f"{number:,}"):
        cell = units.reader(clean.whole, "persons")((text.translate(THAI) if thai else text) + unit)
        assert cell.value == number
        assert ("unit_removed" in cell.repairs) == bool(unit)


@given(st.from_regex(r"[0-9]{13}", fullmatch=True))
def test_the_check_digit_is_that_of_another_library(number: str) -> None:
    # stdnum also refuses a first digit of 0 and of 9, which are given to nobody or to foreigners of one kind.
    if number[0] not in "09":
        assert identities.check_digit_fits(number) == pin.is_valid(number)


@given(st.sampled_from("689"), st.from_regex(r"[0-9]{8}", fullmatch=True))
def test_a_phone_is_one_person_however_it_is_written(first: str, rest: str) -> None:
    number = f"0{first}{rest}"
    for text in (number, f"{number[:3]}-{number[3:6]}-{number[6:]}", f"+66 {number[1:]}", f"66{number[1:]}",
                 f"โทร. {number}", number.translate(THAI)):
        assert identities.phones(text)[0] == [number], text
    keys = {identities.token(t, b"k" * 32, decides=False).value for t in (number, number[1:], f"{number[1:]}")}
    assert len(keys) == 1


@given(st.floats(97.4, 105.6), st.floats(5.7, 20.4))
def test_degrees_minutes_and_seconds_lose_less_than_a_metre(lon: float, lat: float) -> None:
    for value, mark in ((lon, "E"), (lat, "N")):
        whole, minutes = int(value), (value - int(value)) * 60
        seconds = round((minutes - int(minutes)) * 60, 2)
        if seconds < 60:
            cell = coordinates.degrees(f"{whole}°{int(minutes)}'{seconds}\"{mark}")
            assert cell is not None and cell.value == pytest.approx(value, abs=5e-6)


# -- whole files ------------------------------------------------------------------------------

HEAD = ["request_id", "requested_at", "people", "area_code", "status"]
ROWS = [[f"r{n}", f"{1 + n % 28:02}/03/2563", str(1 + n % 7), "2001" if n % 3 else "ชลบุรี", "new"] for n in range(40)]
ROWS += [["r1", "02/03/2563", "2", "2001", "new"], ["bad", "32/03/2563", "2", "2001", "new"]]


def held(folder: Path, files: list[bytes]) -> tuple[list[tuple[object, ...]], set[tuple[str, str]]]:
    """What a store holds after some files, and what it refused."""
    store = Store(folder / "store")
    for number, raw in enumerate(files):
        (folder / f"{number}.csv").write_bytes(raw)
        report = import_files(store, "requests", [folder / f"{number}.csv"])
        assert report.accepted + report.quarantined + report.duplicate == report.read
    with store.snapshot() as s:
        rows = sorted(map(tuple, s.frame("requests").drop(columns=["source"], errors="ignore").astype(str).to_numpy()))
    with store.transaction() as tx:
        kept = tx.ask("restricted", 'SELECT DISTINCT code, "column" FROM g_restricted.quarantine')
    return rows, set(kept.itertuples(index=False, name=None))


def text(rows: list[list[str]]) -> str:
    return "\n".join(",".join(r) for r in [HEAD, *rows]) + "\n"


def test_however_the_rows_are_sent_the_store_is_the_same(tmp_path: Path) -> None:
    """Twice, in another order, in other encodings, with Thai digits, split in two, with other ends of line."""
    shuffled = ROWS[:]
    random.Random(1).shuffle(shuffled)
    thai = [[r[0], r[1].translate(THAI), r[2].translate(THAI), *r[3:]] for r in ROWS]
    ways = {
        "once": [text(ROWS).encode()], "twice": [text(ROWS).encode()] * 2, "shuffled": [text(shuffled).encode()],
        "cp874": [text(ROWS).encode("cp874")], "utf16": [text(ROWS).encode("utf-16")],
        "digits": [text(thai).encode()], "split": [text(ROWS[:15]).encode(), text(ROWS[15:]).encode()],
        "windows": [text(ROWS).replace("\n", "\r\n").encode("utf-8-sig")],
        "semicolons": [text(ROWS).replace(",", ";").encode()],
        "title": [("รายงานประจำเดือน\n\n" + text(ROWS)).encode()],
    }
    found = {}
    for name, files in ways.items():
        (tmp_path / name).mkdir()
        found[name] = held(tmp_path / name, files)
    assert len(found["once"][0]) == 40
    for one, other in itertools.pairwise(found):
        assert found[one] == found[other], (one, other)
