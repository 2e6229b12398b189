"""What a large file gives cause to say: so many findings of a rule are listed, the others counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from jitasa_analytics.ingest import report
from jitasa_analytics.ingest.bulk import words
from jitasa_analytics.ingest.bulk.columns import Reader
from jitasa_analytics.ingest.bulk.lane import Passed
from jitasa_analytics.ingest.findings import Finding, Findings, Severity


class Said:
    """The findings of one file."""

    def __init__(self, file: str, headers: Mapping[str, str], sheet: str = "") -> None:
        self._findings = Findings(file, sheet, headers)
        self._counts: Counter[str] = Counter()

    def add(self, row: int, column: str, value: object, code: str, severity: Severity) -> None:
        """Say something of a row."""
        if self._counts[code] < report.MOST_LISTED:
            self._findings.add(row, column, value, code, severity)
        self._counts[code] += 1

    def take(self, findings: Iterable[Finding]) -> None:
        """Take what the careful lane says."""
        counts: dict[str, int] = dict(self._counts)  # a Counter takes its time to say that it has none yet
        for finding in findings:
            count = counts.get(finding.code, 0)
            if count < report.MOST_LISTED:
                self._findings.items.append(finding)
            counts[finding.code] = count + 1
        self._counts = Counter(counts)

    def of_cells(self, readers: list[Reader], passed: Passed, numbers: npt.NDArray[np.int64]) -> None:
        """Say what was repaired in the rows of a block that passed."""
        for reader, found in zip((r for r in readers if r.at >= 0), passed.found, strict=True):
            if found.ids is not None:
                hit = np.flatnonzero(passed.fine & (found.ids > 0))
                left = max(0, report.MOST_LISTED - self._counts["identity_tokenised"])
                for at in hit[:left].tolist():
                    self._findings.add(numbers[at], reader.column.name, f"{chr(found.ids[at])}{'0' * 12}",
                                       "identity_tokenised", "repair", after=f"p_{'0' * 32}", personal=True)
                self._counts["identity_tokenised"] += len(hit)
            if reader.says:
                self._of_words(reader, found.codes, passed.fine, numbers)

    def _of_words(self, reader: Reader, codes: npt.NDArray[np.int32], fine: npt.NDArray[np.bool_],
                  numbers: npt.NDArray[np.int64]) -> None:
        column = reader.column
        personal = column.personal or column.kind == "token"
        hits = words.said(codes, reader.marks, fine)
        times = np.bincount(codes[hits], minlength=len(reader.flagged))
        counts: Counter[str] = Counter()
        for word in np.flatnonzero(times).tolist():
            for code in (*reader.words.cells[word].repairs, *reader.words.cells[word].warnings):
                counts[code] += int(times[word])
        full = {c for c in counts if self._counts[c] >= report.MOST_LISTED}
        for at in hits.tolist() if len(full) < len(counts) else []:
            cell, text = reader.words.cells[codes[at]], reader.ours(reader.words.texts[codes[at]])
            for code in cell.repairs:
                if self._counts[code] < report.MOST_LISTED:
                    self._findings.add(numbers[at], column.name, text, code, "repair", after=cell.value,
                                       personal=personal)
                self._counts[code] += 1
                counts[code] -= 1
            for code in cell.warnings:
                if self._counts[code] < report.MOST_LISTED:
                    self._findings.add(numbers[at], column.name, text, code, "warning", personal=personal)
                self._counts[code] += 1
                counts[code] -= 1
            if all(self._counts[c] >= report.MOST_LISTED for c in counts):
                break
        self._counts.update(counts)

    def listed(self) -> list[Finding]:
        """What is listed, in the order of rows."""
        return self._findings.of("repair", "warning", "error")

    def unlisted(self) -> dict[str, int]:
        """How much more there is of each rule."""
        return {code: n - report.MOST_LISTED for code, n in sorted(self._counts.items()) if n > report.MOST_LISTED}
