"""Conditions for reopening, written as people write them: ``1 70% 2021-11-01; 20 2 50%``."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import pandas as pd

from jitasa_analytics import areas
from jitasa_analytics.errors import InputError

_THAI = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_RULE = re.compile(r"^(?:(?P<area>TH|\d{2}|\d{4}|\d{6})\s+)?(?P<dose>\d)\s+(?P<share>\d+(?:\.\d+)?)\s*%?"
                   r"(?:\s+(?P<due>\d{4}-\d{1,2}-\d{1,2}))?$")
_BUDDHIST = 2400


@dataclass(frozen=True)
class Rule:
    """A condition: this share of people has had the dose by the date.

    Attributes
    ----------
    dose : int
        1 to 6.
    share : float
        Share of people, above 0 and at most 1.
    due : Timestamp or None
        The day by which it shall be; None: as soon as may be.
    area : str
        The area that it is for, with all inside it; empty for everywhere.
    """

    dose: int
    share: float
    due: pd.Timestamp | None
    area: str = ""


def read(text: str) -> list[Rule]:
    """The rules of a text.

    Raises
    ------
    InputError
        If there is no rule or one can't be read; it names the rule and how to write it.

    Examples
    --------
    >>> [(r.area, r.dose, r.share) for r in read("1 70% 2021-11-01; 20 2 50%")]
    [('', 1, 0.7), ('20', 2, 0.5)]
    >>> read("๑ ๗๐% ๒๕๖๔-๑๑-๐๑")[0].due
    Timestamp('2021-11-01 00:00:00')
    """
    parts = [part.strip() for part in re.split(r"[;\n]", text) if part.strip()]
    if not parts:
        raise _wrong(1, text, "there is none")
    return [_rule(number, part) for number, part in enumerate(parts, start=1)]


def applying(rules: list[Rule], code: str) -> list[Rule]:
    """The rules of an area: for each dose those of the smallest area around it that has any.

    >>> [r.share for r in applying(read("1 70%; 2 50%; 20 1 80%"), "2001")]
    [0.5, 0.8]
    """
    chosen = []
    for rule in rules:
        if not code.startswith(rule.area):
            continue
        nearer = [r for r in rules if r.dose == rule.dose and len(r.area) > len(rule.area) and code.startswith(r.area)]
        if not nearer:
            chosen.append(rule)
    return chosen


def _rule(number: int, part: str) -> Rule:
    found = _RULE.match(" ".join(part.translate(_THAI).split()))
    if found is None:
        raise _wrong(number, part, "it must be: dose, share, date")
    share, dose = float(found["share"]) / 100.0, int(found["dose"])
    area = "" if found["area"] in (None, areas.COUNTRY) else str(found["area"])
    if not 0 < share <= 1:
        raise _wrong(number, part, "the share must be above 0% and at most 100%")
    if not 1 <= dose <= 6:
        raise _wrong(number, part, "the dose must be 1 to 6")
    if area and not areas.exists(area):
        raise _wrong(number, part, f"there is no area {area}")
    due = None
    if found["due"]:
        year, month, day = (int(n) for n in found["due"].split("-"))
        try:
            due = pd.Timestamp(dt.date(year - 543 if year >= _BUDDHIST else year, month, day))
        except ValueError:
            raise _wrong(number, part, f"there is no day {found['due']}") from None
    return Rule(dose, share, due, area)


def _wrong(number: int, part: str, why: str) -> InputError:
    return InputError(f"rule {number} ({part!r}) can't be read: {why}; write for instance '1 70% 2021-11-01; "
                      "20 2 50% 2021-12-31'", key="error.rule", number=number, rule=part, why=why)
