"""One cell, one value: what is certain is repaired, the rest refused."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitasa_analytics.contracts import dataset
from jitasa_analytics.ingest import clean

THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")


@pytest.mark.parametrize(("text", "value"), [
    ("2020-03-24", date(2020, 3, 24)), ("24/03/2563", date(2020, 3, 24)), ("24-3-2020", date(2020, 3, 24)),
    ("๒๔/๐๓/๒๕๖๓", date(2020, 3, 24)), ("24 มี.ค. 2563", date(2020, 3, 24)), ("24 มีนาคม พ.ศ. 2563", date(2020, 3, 24)),
    ("วันที่ 1 ธันวาคม 2564", date(2021, 12, 1)), ("2563-03-24", date(2020, 3, 24)),
    ("29/02/2563", date(2020, 2, 29)),
])
def test_days(text: str, value: date) -> None:
    assert clean.day(text).value == value


@pytest.mark.parametrize("text", ["24/03/63", "30 ก.พ. 2563", "13/13/2020", "soon", "2020", "24.03", "32/01/2020"])
def test_a_day_that_is_not_certain_is_refused(text: str) -> None:
    assert clean.day(text).error in ("not_a_date", "two_digit_year")


def test_the_future_is_refused() -> None:
    assert clean.day("2199-01-01").error == "future_date"


@pytest.mark.parametrize("zone", ["UTC", "Asia/Bangkok", "America/New_York"])
def test_midnight_and_year_end_in_any_time_zone(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert clean.day("31/12/2563").value == date(2020, 12, 31)
        assert clean.day("2020-12-31T23:59:00+07:00").value == date(2020, 12, 31)
        assert clean.moment("1/1/2564 00:00").value.isoformat() == "2020-12-31T17:00:00+00:00"
        assert clean.moment("2021-06-13T14:14:55", utc=True).value.isoformat() == "2021-06-13T14:14:55+00:00"
    finally:
        monkeypatch.undo()
        time.tzset()


@given(st.dates(date(1900, 1, 1), date(2025, 12, 31)))
def test_every_way_to_write_a_day_means_the_same(day: date) -> None:
    ways = [day.isoformat(), f"{day.day}/{day.month}/{day.year + 543}", f"{day.day:02}-{day.month:02}-{day.year}",
            f"{day.day}/{day.month}/{day.year}".translate(THAI)]
    ways += [f"{day.day} {name} {day.year + 543}" for name, month in clean.MONTHS.items() if month == day.month]
    # A year of 2400-2600 is Buddhist; years before 1857 can't be written so.
    assert {clean.day(way).value for way in ways} == {day}


@given(st.integers(-10**9, 10**9))
def test_whole_numbers_in_any_digits_and_with_separators(n: int) -> None:
    for text in (str(n), f"{n:,}", str(n).translate(THAI), f"{n}.0"):
        assert clean.whole(text).value == n


@pytest.mark.parametrize("text", ["12,34", "1.2.3", "", "abc", "1,2345", "+", ",", "1e"])
def test_no_numbers(text: str) -> None:
    assert clean.number(text).error == "not_a_number"


@given(st.text())
def test_any_text_is_read_without_a_crash(text: str) -> None:
    for read in (clean.plain, clean.number, clean.whole, clean.day, clean.moment, clean.area, clean.code):
        cell = read(text)
        assert cell.value is None or not cell.error, "a refused cell has no value"


def test_nan_is_a_province_and_no_empty_cell() -> None:
    assert clean.plain("Nan").value == "Nan"
    assert clean.area("Nan").value == "55"
    assert clean.plain("NaN").value is None


def test_text_typed_in_parts() -> None:
    cell = clean.plain("ต\u0e4d\u0e32บลเเสนสุข\u200b ")
    assert cell.value == "ตำบลแสนสุข"
    assert set(cell.repairs) == {"invisible_removed", "vowel_order", "spaces_trimmed"}


def test_choices_by_value_and_by_label_in_both_languages() -> None:
    read = clean.choice(dataset("requests").column("urgency"), "urgency")
    assert [read(t).value for t in ("high", "High", "เร่งด่วน")] == ["high"] * 3
    assert read("asap").error == "not_a_choice"


def test_lists_are_sorted_and_each_part_stands_once() -> None:
    read = clean.parts(dataset("facilities").column("services"), "facility")
    assert read("vaccination_point; hospital;hospital").value == "hospital;vaccination_point"
    assert read("hospital;castle").error == "not_a_choice"
