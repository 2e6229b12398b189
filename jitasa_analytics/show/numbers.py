"""Numbers and dates as a reader of Thai or English expects them: Buddhist years, grouped thousands.

Times are UTC in the store and Bangkok's (UTC+7, no summer time) here.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from jitasa_analytics import texts

BANGKOK = dt.timedelta(hours=7)
BUDDHIST = 543
MISSING = "–"

# Units whose values are whole things: no decimals on screen.
_WHOLE = {"vehicles", "problems", "officers", "beds",
          "persons", "sites", "count", "requests", "volunteers", "doses", "areas", "places", "facilities"}


def is_missing(value: Any) -> bool:
    """Whether there is no number (None, NaN, NA).

    >>> is_missing(float("nan")), is_missing(0)
    (True, False)
    """
    if value is None:
        return True
    try:
        return math.isnan(float(value))
    except (TypeError, ValueError):
        return True


def number(value: Any, decimals: int = 0) -> str:
    """A number with grouped thousands; a dash where there is none.

    >>> number(1583672), number(2.345, 1), number(None)
    ('1,583,672', '2.3', '–')
    """
    if is_missing(value):
        return MISSING
    if math.isinf(float(value)):
        return "∞"
    return f"{float(value):,.{decimals}f}"


def decimals_for(unit: str, value: float) -> int:
    """How many decimals a value of that unit deserves."""
    if unit in _WHOLE:
        return 0
    size = abs(value)
    if unit == "share":
        return 1
    if unit in {"", "days"} and float(value).is_integer():
        return 0
    if 0 < size < 0.1:  # two digits that count, so that small rates can be told apart
        return min(1 - math.floor(math.log10(size)), 6)
    return 0 if size >= 1000 or (size >= 100 and float(value).is_integer()) else 1 if size >= 10 else 2


def readable(value: Any, unit: str) -> tuple[Any, str]:
    """A value and its unit as they are said: hours beyond two days are days.

    >>> readable(36, "hours"), readable(60, "hours"), readable(60, "minutes")
    ((36, 'hours'), (2.5, 'days'), (60, 'minutes'))
    """
    if unit == "hours" and not is_missing(value) and 48 < abs(float(value)) < math.inf:
        return float(value) / 24, "days"
    return value, unit


def plain(value: Any, unit: str = "") -> str:
    """A value without its unit's word; a share as per cent.

    >>> plain(0.632, "share"), plain(3.14159, "km"), plain(12.0, "persons"), plain(0.00126, "per_1000")
    ('63.2%', '3.14', '12', '0.0013')
    """
    if is_missing(value):
        return MISSING
    if unit == "share":
        return f"{100 * float(value):,.1f}%"
    return number(value, decimals_for(unit, float(value)))


def amount(value: Any, unit: str = "", lang: str = texts.DEFAULT) -> str:
    """A value with its unit.

    >>> amount(1200, "persons", "en"), amount(1, "persons", "en"), amount(0.5, "share", "th")
    ('1,200 people', '1 person', '50.0%')
    >>> amount(48, "hours", "en"), amount(240, "hours", "th")
    ('48.0 hours', '10 วัน')
    """
    value, unit = readable(value, unit)
    shown = plain(value, unit)
    if shown == MISSING or unit in {"share", "", "count"}:
        return shown
    one = shown == "1" and texts.has(f"value.unit_one.{unit}", lang)
    word = texts.label("unit_one" if one else "unit", unit, lang)
    return f"{shown} {word}".rstrip()


def _as_time(value: Any) -> dt.datetime | dt.date | None:
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, dt.date):
        return value
    text = str(value).strip().replace("Z", "+00:00")
    try:
        if len(text) <= 10:
            return dt.date.fromisoformat(text)
        when = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return when.replace(tzinfo=None) if when.tzinfo is None or not when.utcoffset() else \
        (when - (when.utcoffset() or dt.timedelta())).replace(tzinfo=None)


def _is_year(value: Any) -> bool:
    text = str(value).strip()
    return len(text) == 4 and text.isdigit()


def year(value: int, lang: str = texts.DEFAULT) -> str:
    """A year of the Common Era as it is written in the language.

    >>> year(2021, "th"), year(2021, "en")
    ('2564', '2021')
    """
    return str(value + BUDDHIST if lang == "th" else value)


def date(value: Any, lang: str = texts.DEFAULT, *, time: bool = False) -> str:
    """A date (and time in Bangkok) as read in the language; years alone stay years.

    >>> date("2021-08-15", "th"), date("2021-08-15", "en"), date("2021", "th")
    ('15 ส.ค. 2564', '15 Aug 2021', 'พ.ศ. 2564')
    >>> date("2021-08-15 20:58:58", "en", time=True)
    '16 Aug 2021 03:58'
    """
    if value is None or str(value) in {"NaT", "None", ""}:
        return MISSING
    if _is_year(value):
        return texts.say("show.date.year", lang, year=year(int(str(value)), lang))
    when = _as_time(value)
    if when is None:
        return str(value)
    if isinstance(when, dt.datetime):
        when = when + BANGKOK
    month = texts.say(f"show.month.m{when.month}", lang)
    day = f"{when.day} {month} {year(when.year, lang)}"
    if time and isinstance(when, dt.datetime):
        return texts.say("show.date.time", lang, day=day, time=when.strftime("%H:%M"))
    return day


def age_days(value: Any, now: dt.datetime) -> int | None:
    """Whole days between a date of the data and ``now`` (UTC); None where the date is no date."""
    if value is None or _is_year(value):
        return None
    when = _as_time(value)
    if when is None:
        return None
    day = (when + BANGKOK).date() if isinstance(when, dt.datetime) else when
    return int(((now + BANGKOK).date() - day).days)


def age(value: Any, now: dt.datetime, lang: str = texts.DEFAULT) -> str:
    """The age of data in words: ``3 days old``.

    >>> age("2021-08-15", dt.datetime(2021, 8, 18), "en")
    '3 days old'
    """
    days = age_days(value, now)
    if days is None:
        return ""
    if days < 1:
        return texts.say("show.age.today", lang)
    if days < 60:
        return texts.say("show.age.days" if days > 1 else "show.age.day", lang, n=days)
    if days < 730:
        return texts.say("show.age.months", lang, n=int(days / 30.4))
    return texts.say("show.age.years", lang, n=int(days / 365.25))
