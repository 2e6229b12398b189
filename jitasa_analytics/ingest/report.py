"""What an import tells: counts that add up, repairs and findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jitasa_analytics.ingest.findings import Finding

# Of a large file so many findings of each rule are listed one by one; the rest is counted.
MOST_LISTED = 10_000


def further(codes: Iterable[str], unlisted: Iterable[Mapping[str, int]] = ()) -> dict[str, int]:
    """How many findings of each rule are left where only some are shown one by one; the most frequent first.

    Parameters
    ----------
    codes : iterable of str
        The rules of the findings that a report lists and that are not shown.
    unlisted : iterable of mapping
        What the reports of the files count beyond that.

    Examples
    --------
    >>> further(["late", "far", "late"], [{"far": 4}])
    {'far': 5, 'late': 2}
    """
    left = Counter(codes)
    for counts in unlisted:
        left.update(counts)
    return dict(sorted(left.items(), key=lambda item: (-item[1], item[0])))


@dataclass
class FileReport:
    """What became of one file's rows: ``accepted + quarantined + duplicate = read``.

    ``unlisted`` counts, by rule, the findings of a large file that are not listed one by one. Refused
    rows are in the quarantine all the same.
    """

    file: str
    dataset: str
    recipe: str
    sha256: str = ""
    sheet: str = ""
    read: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicate: int = 0
    rules: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    unlisted: dict[str, int] = field(default_factory=dict)

    def leave_out(self, code: str, count: int) -> None:
        """Count findings that are not listed."""
        if count:
            self.unlisted[code] = self.unlisted.get(code, 0) + count

    def count(self, outcome: dict[int, str]) -> None:
        """Take the counts from the outcome of every row."""
        counts = Counter(outcome.values())
        self.read = len(outcome)
        self.accepted, self.quarantined = counts["accepted"], counts["quarantined"]
        self.duplicate = counts["duplicate"]

    def to_dict(self) -> dict[str, Any]:
        """The counts, without the findings."""
        return {"file": self.file, "sheet": self.sheet, "dataset": self.dataset, "recipe": self.recipe,
                "sha256": self.sha256,
                "read": self.read, "accepted": self.accepted, "quarantined": self.quarantined,
                "duplicate": self.duplicate, "rules": self.rules, "unlisted": self.unlisted}


@dataclass
class Report:
    """What became of all files of one import.

    Attributes
    ----------
    files : list of FileReport
    unrecognised : list of str
        Files of a folder that no recipe knows.
    failed : list of dict
        Files that a recipe knows but that could not be read, with the reason in both languages.
    version : int or None
        The version that was published; None for a dry run, or where nothing changed.
    """

    files: list[FileReport] = field(default_factory=list)
    unrecognised: list[str] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    version: int | None = None
    dry_run: bool = False
    accepted_because: str = ""

    @property
    def read(self) -> int:
        """Rows read."""
        return sum(f.read for f in self.files)

    @property
    def accepted(self) -> int:
        """Rows that are new, or newer than what was known."""
        return sum(f.accepted for f in self.files)

    @property
    def quarantined(self) -> int:
        """Rows kept aside."""
        return sum(f.quarantined for f in self.files)

    @property
    def duplicate(self) -> int:
        """Rows that were known."""
        return sum(f.duplicate for f in self.files)

    @property
    def repairs(self) -> list[dict[str, Any]]:
        """What was put right, cell by cell."""
        return [x.to_dict() for f in self.files for x in f.findings if x.severity == "repair"]

    @property
    def findings(self) -> list[dict[str, Any]]:
        """Warnings, and why rows were refused."""
        return [x.to_dict() for f in self.files for x in f.findings if x.severity != "repair"]

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON holds it."""
        return {
            "read": self.read, "accepted": self.accepted, "quarantined": self.quarantined,
            "duplicate": self.duplicate, "version": self.version, "dry_run": self.dry_run,
            "accepted_because": self.accepted_because, "files": [f.to_dict() for f in self.files],
            "unrecognised": self.unrecognised, "failed": self.failed, "repairs": self.repairs,
            "findings": self.findings,
        }
