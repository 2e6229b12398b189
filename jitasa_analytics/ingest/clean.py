"""One cell of text becomes one value: what is certain is repaired and said, the rest is refused.

Every function takes the text of a cell and returns a `Cell`. They know nothing of files and
tables, so that each rule can be tested by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from jitasa_analytics import areas
from jitasa_analytics.contracts import Column

BANGKOK = timezone(timedelta(hours=7), "Asia/Bangkok")

_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
_SPACES = re.compile(r"[\s\u00a0\u3000]+")
# "Nan" is a province, so that only the spelling of programs counts as empty.
_EMPTY = {"", "-", "–", "—", "N/A", "n/a", "NaN", "NULL", "null", "None", "<NA>", "NaT", "ไม่มี", "ไม่ระบุ", "ไม่ทราบ"}

MONTHS = {
    "มกราคม": 1, "ม.ค.": 1, "มค": 1, "กุมภาพันธ์": 2, "ก.พ.": 2, "กพ": 2, "มีนาคม": 3, "มี.ค.": 3, "มีค": 3,
    "เมษายน": 4, "เม.ย.": 4, "เมย": 4, "พฤษภาคม": 5, "พ.ค.": 5, "พค": 5, "มิถุนายน": 6, "มิ.ย.": 6, "มิย": 6,
    "กรกฎาคม": 7, "ก.ค.": 7, "กค": 7, "สิงหาคม": 8, "ส.ค.": 8, "สค": 8, "กันยายน": 9, "ก.ย.": 9, "กย": 9,
    "ตุลาคม": 10, "ต.ค.": 10, "ตค": 10, "พฤศจิกายน": 11, "พ.ย.": 11, "พย": 11, "ธันวาคม": 12, "ธ.ค.": 12, "ธค": 12,
}
_MONTH_KEYS = {re.sub(r"[.\s]", "", k): v for k, v in MONTHS.items()}
_ISO = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})"
                  r"(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$")
_DMY = re.compile(r"^(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})(?:[ T,]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?)?(?:\s*น\.?)?$")
_THAI_DATE = re.compile(r"^(?:วันที่\s*)?(\d{1,2})\s*([ก-๙.]+?)\s*(?:พ\.?ศ\.?|ค\.?ศ\.?)?\s*(\d{4})"
                        r"(?:[ T,]+(?:เวลา\s*)?(\d{1,2})[:.](\d{2}))?(?:\s*น\.?)?$")
_NUMBER = re.compile(r"^[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][+-]?\d+)?$")


@dataclass(frozen=True)
class Cell:
    """What a cell's text became.

    Attributes
    ----------
    value : object
        The value, or None where the cell is empty or refused.
    repairs : tuple of str
        Codes of the repairs that were made.
    error : str
        Code of the rule that refused it, or empty.
    """

    value: Any = None
    repairs: tuple[str, ...] = ()
    error: str = ""


def plain(text: str) -> Cell:
    """Text without what nobody meant to type: invisible marks, spaces at the ends, ํ+า and เ+เ.

    >>> plain(" ต\u0e4d\u0e32บล\u200b ").value
    'ตำบล'
    """
    repairs = []
    out = text
    if _INVISIBLE.search(out):
        out = _INVISIBLE.sub("", out)
        repairs.append("invisible_removed")
    if "\u0e4d\u0e32" in out or "\u0e40\u0e40" in out:
        out = out.replace("\u0e4d\u0e32", "\u0e33").replace("\u0e40\u0e40", "\u0e41")
        repairs.append("vowel_order")
    trimmed = _SPACES.sub(" ", out).strip()
    if trimmed != out:
        repairs.append("spaces_trimmed")
    return Cell(None if trimmed in _EMPTY else trimmed, tuple(repairs))


def digits(text: str) -> tuple[str, tuple[str, ...]]:
    """Thai digits as Arabic ones, and whether there were any."""
    out = text.translate(_THAI_DIGITS)
    return out, (("thai_digits",) if out != text else ())


def number(text: str) -> Cell:
    """A decimal number; thousands separators are read where they stand right.

    >>> number("๑,๒๓๔.๕").value
    1234.5
    >>> number("12,34").error
    'not_a_number'
    """
    out, repairs = digits(text.replace(" ", ""))
    if not _NUMBER.match(out) or not any(c.isdigit() for c in out):
        return Cell(error="not_a_number")
    if "," in out:
        repairs = (*repairs, "thousands_separator")
    return Cell(float(out.replace(",", "")), repairs)


def whole(text: str) -> Cell:
    """A whole number; 12.0 is one, 12.5 is not.

    >>> whole("12.0").value, whole("12.5").error
    (12, 'not_whole')
    """
    cell = number(text)
    if cell.error:
        return cell
    if cell.value != int(cell.value):
        return Cell(error="not_whole")
    return Cell(int(cell.value), cell.repairs)


def day(text: str) -> Cell:
    """A date: ISO, day/month/year, or with a Thai month; Buddhist years 2400-2600 are read as such.

    Two-digit years are refused: nobody can know which era they are of.

    >>> day("24/03/2563").value, day("24 มี.ค. 2563").value
    (datetime.date(2020, 3, 24), datetime.date(2020, 3, 24))
    >>> day("24/03/63").error
    'not_a_date'
    """
    cell = moment(text)
    if cell.error or cell.value is None:
        return cell
    return Cell(cell.value.astimezone(BANGKOK).date(), cell.repairs)


def moment(text: str, *, utc: bool = False) -> Cell:
    """A point in time, in UTC; without an offset the clock of Thailand is meant, or UTC where said.

    >>> moment("2020-03-24 07:30").value.isoformat()
    '2020-03-24T00:30:00+00:00'
    """
    out, repairs = digits(text)
    zone = UTC if utc else BANGKOK
    if found := _ISO.match(out):
        y, m, d, hh, mm, ss, offset = found.groups()
        if offset:
            zone = UTC if offset == "Z" else _offset(offset)
    elif found := _DMY.match(out):
        d, m, y, hh, mm, ss = found.groups()
    elif found := _THAI_DATE.match(out):
        d, name, y, hh, mm = found.groups()
        month = _MONTH_KEYS.get(re.sub(r"[.\s]", "", name))
        if month is None:
            return Cell(error="not_a_date")
        m, ss = str(month), None
        repairs = (*repairs, "thai_month")
    else:
        return Cell(error="not_a_date")
    year = int(y)
    if 2400 <= year <= 2600:
        year -= 543
        repairs = (*repairs, "buddhist_year")
    try:
        value = datetime(year, int(m), int(d), int(hh or 0), int(mm or 0), int(ss or 0), tzinfo=zone)
    except ValueError:
        return Cell(error="not_a_date")
    if value > datetime.now(UTC) + timedelta(days=1):
        return Cell(error="future_date")
    if year < 1850:
        return Cell(error="not_a_date")
    return Cell(value.astimezone(UTC), repairs)


def _offset(text: str) -> timezone:
    sign = -1 if text[0] == "-" else 1
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timezone(sign * timedelta(hours=hours, minutes=minutes))


def area(text: str) -> Cell:
    """An area code; a name is taken where it is certain, a re-coded area gets its new code.

    >>> area("TH200104").value, area("จ.ชลบุรี").value, area("530306").repairs
    ('200104', '20', ('recoded_area',))
    """
    out, repairs = digits(text)
    bare = out[2:] if out[:2].upper() == "TH" and out[2:].isdigit() else out
    if bare.isdigit() and len(bare) > 1:
        code = areas.current(bare)
        if code != bare:
            repairs = (*repairs, "recoded_area")
        return Cell(code, repairs) if areas.exists(code, abolished=True) else Cell(error="unknown_area")
    found = areas.lookup(out)
    return Cell(found, repairs) if found else Cell(error="unknown_area")


def code(text: str) -> Cell:
    """A code or id, as text; Thai digits become Arabic ones, "4007.0" loses the decimals a spreadsheet gave it."""
    out, repairs = digits(text)
    if re.fullmatch(r"\d+\.0", out):
        return Cell(out[:-2], (*repairs, "decimals_removed"))
    return Cell(out, repairs)


def choice(column: Column, kind: str) -> Callable[[str], Cell]:
    """A reader of one of the allowed values, by value or by its Thai or English label."""
    from jitasa_analytics import texts

    known = {c.lower(): c for c in column.choices}
    for lang in texts.LANGUAGES:
        known.update({texts.label(kind, c, lang).lower(): c for c in column.choices})

    def read(text: str) -> Cell:
        folded = text.strip().lower()
        for form in (folded, folded.replace(" ", "_").replace("-", "_")):
            if form in known:
                return Cell(known[form])
        return Cell(error="not_a_choice")

    return read


def parts(column: Column, kind: str) -> Callable[[str], Cell]:
    """A reader of a list separated by ; or , — kept sorted, each part once."""
    one = choice(column, kind) if column.choices else plain

    def read(text: str) -> Cell:
        found = []
        for part in re.split(r"[;,|]", text):
            if part.strip():
                cell = one(part)
                if cell.error:
                    return cell
                found.append(str(cell.value))
        return Cell(";".join(sorted(set(found))) or None)

    return read

