"""What an import has to say about rows: repairs, warnings, and why a row was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, Literal

from jitasa_analytics import texts
from jitasa_analytics.contracts import DATASETS
from jitasa_analytics.ingest.dates import BANGKOK
from jitasa_analytics.privacy import mask

Severity = Literal["repair", "warning", "error"]
_ADDRESS = ("province", "district", "tambon")


# Never changed, and not frozen: see `Cell`.
@dataclass(slots=True)
class Finding:
    """One thing about one cell or row.

    Attributes
    ----------
    file, sheet, row, column : where it stands; ``row`` as a person counts (the header is row 1)
    header : str
        What the file itself calls the column, where that is known.
    value : str
        The cell's text, masked where it may name a person.
    code : str
        The rule; ``texts`` has its message and its way out in both languages.
    severity : {"repair", "warning", "error"}
        An error keeps the row out of the store.
    after : str
        What a repair made of the value.
    proposal : str
        What a refused value may have meant; a person confirms it, no rule applies it.
    """

    file: str
    sheet: str
    row: int
    column: str
    value: str
    code: str
    severity: Severity
    after: str = ""
    proposal: str = ""
    header: str = ""

    def called(self, lang: str) -> str:
        """The column as the person who made the file calls it, else by its label."""
        return named(self.column, lang) if self.header in ("", self.column) else self.header

    def to_dict(self) -> dict[str, Any]:
        """The finding as it stands in a report, in both languages."""
        rest = {"value": self.value, "after": self.after, "row": self.row, "file": self.file}
        out: dict[str, Any] = {
            "file": self.file, "sheet": self.sheet, "row": self.row, "column": self.column,
            "header": self.header, "value": self.value, "code": self.code, "severity": self.severity,
            "message_th": texts.say(f"rule.{self.code}.message", "th", column=self.called("th"), **rest),
            "message_en": texts.say(f"rule.{self.code}.message", "en", column=self.called("en"), **rest),
        }
        if self.severity == "repair":
            out["after"] = self.after
        else:
            out["suggestion_th"] = texts.say(f"rule.{self.code}.fix", "th", column=self.called("th"), **rest)
            out["suggestion"] = texts.say(f"rule.{self.code}.fix", "en", column=self.called("en"), **rest)
            out["proposal"] = self.proposal
        return out


@lru_cache(maxsize=256)
def named(column: str, lang: str) -> str:
    """A column as a person calls it: the label of one of ours, any other header as it stands.

    >>> named("people", "en"), named("จำนวนคน", "en"), named("lon / area_code", "th")
    ('People', 'จำนวนคน', 'ลองจิจูด / รหัสพื้นที่')
    """
    for between in (" / ", ", "):
        if between in column:
            return between.join(named(part, lang) for part in column.split(between))
    if column in _ADDRESS:
        return texts.say(f"value.level.{column}", lang)
    found = next((c for d in DATASETS.values() for c in d.columns if c.name == column), None)
    return column if found is None else found.th if lang == "th" else found.en


def _shown(value: object) -> str:
    """A value as a person in Thailand reads it; moments are UTC inside."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(BANGKOK).strftime("%Y-%m-%d %H:%M")
    return str(value)


class Findings:
    """Findings of one file."""

    def __init__(self, file: str, sheet: str = "", headers: Mapping[str, str] | None = None) -> None:
        self.file, self.sheet = file, sheet
        self._headers = headers or {}
        self.items: list[Finding] = []

    def add(self, row: int, column: str, value: object, code: str, severity: Severity, *, after: object = "",
            personal: bool = False, proposal: str = "") -> None:
        """Note something about a row."""
        text = "" if value is None else str(value)
        made = "" if after is None else _shown(after)
        if personal:
            text, made = mask(text), mask(made)
        self.items.append(Finding(self.file, self.sheet, int(row), column, text[:200], code, severity, made[:200],
                                  "" if personal else proposal[:400], self._headers.get(column, "")))

    def forgive(self, row: int) -> None:
        """Take back the errors of a row that was dealt with before."""
        self.items = [f for f in self.items if f.row != row or f.severity != "error"]

    def of(self, *severities: Severity) -> list[Finding]:
        """Findings of some severities, in the order of rows."""
        return sorted((f for f in self.items if f.severity in severities), key=attrgetter("row", "column", "code"))

    def refused(self) -> set[int]:
        """Rows with at least one error."""
        return {f.row for f in self.items if f.severity == "error"}

    def rules(self) -> dict[str, int]:
        """Refused rows by the first rule that refused them, so that the counts add up."""
        first: dict[int, str] = {}
        for finding in self.of("error"):
            first.setdefault(finding.row, finding.code)
        return dict(sorted(Counter(first.values()).items()))
