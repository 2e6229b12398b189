"""Dates as Thai offices write them: both eras, Thai months, serial numbers of spreadsheets.

Days stand before months, always: 05/07/2010 is 5 July. A year of two digits is read only where
its era is declared, by the recipe or in the cell itself; a month alone is no day.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

from jitasa_analytics.ingest.cell import Cell

BANGKOK = timezone(timedelta(hours=7), "Asia/Bangkok")
ERAS = ("", "BE", "CE")

MONTHS = {
    "มกราคม": 1, "ม.ค.": 1, "มค": 1, "กุมภาพันธ์": 2, "ก.พ.": 2, "กพ": 2, "มีนาคม": 3, "มี.ค.": 3, "มีค": 3,
    "เมษายน": 4, "เม.ย.": 4, "เมย": 4, "พฤษภาคม": 5, "พ.ค.": 5, "พค": 5, "มิถุนายน": 6, "มิ.ย.": 6, "มิย": 6,
    "กรกฎาคม": 7, "ก.ค.": 7, "กค": 7, "สิงหาคม": 8, "ส.ค.": 8, "สค": 8, "กันยายน": 9, "ก.ย.": 9, "กย": 9,
    "ตุลาคม": 10, "ต.ค.": 10, "ตค": 10, "พฤศจิกายน": 11, "พ.ย.": 11, "พย": 11, "ธันวาคม": 12, "ธ.ค.": 12, "ธค": 12,
}
_MONTH_KEYS = {re.sub(r"[.\s]", "", k): v for k, v in MONTHS.items()}

_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_TIME = r"(?:[ T,]+(?:เวลา\s*)?(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?)?(?:\s*น\.?)?"
_ISO = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})"
                  r"(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$")
_DMY = re.compile(rf"^(\d{{1,2}})[/.\-](\d{{1,2}})[/.\-](\d{{4}}|\d{{2}}){_TIME}$")
_ERA = r"(พ\.?ศ\.?|ค\.?ศ\.?)?"
_THAI_DATE = re.compile(rf"^(?:วันที่\s*)?(\d{{1,2}})\s*([ก-๙.]+?)\s*{_ERA}\s*(\d{{4}}|\d{{2}}){_TIME}$")
_MONTH_ONLY = re.compile(rf"^(?:เดือน\s*)?([ก-๙.]+?)\s*{_ERA}\s*(\d{{4}})$")
_MONTH_NUMBER = re.compile(r"^(?:(\d{1,2})[/\-](\d{4})|(\d{4})-(\d{1,2}))$")
_SERIAL = re.compile(r"^(\d{5})(\.\d+)?$")
# Excel counts days from here; it believes that 1900 was a leap year, which matters only before March 1900.
_SERIAL_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
# Below 1 January 2000 a five-digit number in a column of dates is rather a code of a hospital.
_FIRST_SERIAL = 36526
_OLDEST = 1850


def day(text: str, *, era: str = "") -> Cell:
    """A date: ISO, day/month/year, with a Thai month, or the serial number of a spreadsheet.

    Parameters
    ----------
    text : str
        The cell. Buddhist years 2400-2600 are read as such.
    era : {"", "BE", "CE"}
        What a year of two digits is; without it such a date is refused, since nobody can know.

    >>> day("24/03/2563").value, day("24 มี.ค. 2563").value
    (datetime.date(2020, 3, 24), datetime.date(2020, 3, 24))
    >>> day("24/03/63").error, day("24/03/63").proposal, day("24/03/63", era="BE").value
    ('two_digit_year', '24/03/2563', datetime.date(2020, 3, 24))
    """
    cell = moment(text, era=era)
    if cell.error or cell.value is None:
        return cell
    return Cell(cell.value.astimezone(BANGKOK).date(), cell.repairs)


def moment(text: str, *, utc: bool = False, era: str = "") -> Cell:
    """A point in time, in UTC; without an offset the clock of Thailand is meant, or UTC where said.

    >>> moment("2020-03-24 07:30").value.isoformat()
    '2020-03-24T00:30:00+00:00'
    """
    out = text.translate(_THAI_DIGITS)
    repairs: tuple[str, ...] = ("thai_digits",) if out != text else ()
    zone: timezone = UTC if utc else BANGKOK
    if found := _ISO.match(out):
        y, m, d, hh, mm, ss, offset = found.groups()
        if offset:
            zone = UTC if offset == "Z" else _offset(offset)
    elif found := _DMY.match(out):
        d, m, y, hh, mm, ss = found.groups()
    elif found := _THAI_DATE.match(out):
        d, name, written, y, hh, mm, ss = found.groups()
        month = _month(name)
        if month is None:
            return Cell(error="not_a_date")
        m, era = str(month), _era_of(written) or era
        repairs = (*repairs, "thai_month")
    else:
        return _other(out, repairs, zone)
    if len(y) == 2:
        if not era:
            return Cell(error="two_digit_year", proposal=f"{int(d):02}/{int(m):02}/25{y}")
        y, repairs = _century(y, era), (*repairs, "two_digit_year_read")
    clock = (int(hh or 0), int(mm or 0), int(ss or 0))
    return _checked(int(y), int(m), int(d), clock, zone, repairs)


def _checked(year: int, month: int, day_: int, clock: tuple[int, int, int], zone: timezone,
             repairs: tuple[str, ...]) -> Cell:
    """A moment that exists and lies neither ahead nor before anybody's records."""
    if 2400 <= year <= 2600:
        year -= 543
        if "two_digit_year_read" not in repairs:
            repairs = (*repairs, "buddhist_year")
    try:
        value = datetime(year, month, day_, *clock, tzinfo=zone)
    except ValueError:
        swapped = f"{month:02}/{day_:02}/{year}" if month > 12 >= day_ else ""
        return Cell(error="not_a_date", proposal=swapped)
    if value > datetime.now(UTC) + timedelta(days=1):
        return Cell(error="future_date")
    if year < _OLDEST:
        return Cell(error="not_a_date")
    return Cell(value.astimezone(UTC), repairs)


def _other(text: str, repairs: tuple[str, ...], zone: timezone) -> Cell:
    """What is written as no date: a serial number is certain, a month alone is not."""
    if found := _SERIAL.match(text):
        days = float(text)
        if days < _FIRST_SERIAL:
            return Cell(error="not_a_date")
        wall = (_SERIAL_EPOCH + timedelta(days=days)).replace(microsecond=0)
        return _checked(wall.year, wall.month, wall.day, (wall.hour, wall.minute, wall.second), zone,
                        (*repairs, "excel_serial"))
    if found := _MONTH_ONLY.match(text):
        month = _month(found[1])
        if month is not None:
            return Cell(error="month_no_day", proposal=f"01/{month:02}/{found[3]}")
    if found := _MONTH_NUMBER.match(text):
        number, year = (found[1], found[2]) if found[1] else (found[4], found[3])
        if 1 <= int(number) <= 12:
            return Cell(error="month_no_day", proposal=f"01/{int(number):02}/{year}")
    return Cell(error="not_a_date")


def _month(name: str) -> int | None:
    return _MONTH_KEYS.get(re.sub(r"[.\s]", "", name))


def _era_of(written: str | None) -> str:
    return "" if not written else "BE" if written.startswith("พ") else "CE"


def _century(year: str, era: str) -> str:
    """The year of two digits in its era; a Common Era year lies in the hundred years before the next one."""
    if era == "BE":
        return f"25{year}"
    newest = date.today().year + 1  # noqa: DTZ011 - a year of slack covers every time zone
    return str(newest - (newest - int(year)) % 100)


def _offset(text: str) -> timezone:
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))
