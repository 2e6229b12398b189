"""Dates held against each other: one mistyped year stands far from all the other rows of a file.

Nothing is refused for it: what is far depends on the file's other rows, and a row must not be taken or
refused by the company it is sent in.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from jitasa_analytics.contracts import Dataset
from jitasa_analytics.ingest.mapping import ROW

# Days on which something happened; when a place was opened may lie decades apart.
_HAPPENED = {"requests": ("requested_at",), "request_events": ("at",), "doses": ("date",),
             "dose_reports": ("as_of", "reported_at"), "observations": ("at",)}
FEW_ROWS = 20
FAR_DAYS = 730
# More rows than this share are a part of the file, no slip.
MOST = 0.02
_KEPT = 100
_PIECE = 1 << 15
_EPOCH = date(1970, 1, 1)
ByDay = Callable[[npt.NDArray[Any]], tuple[int, npt.NDArray[np.int64]]]
_BUDDHIST = 543


class Days:
    """The days of a file's rows: how many rows each has, and the first rows of the rare ones.

    Parameters
    ----------
    contract : Dataset
        Whose columns of days are looked at.
    by_day : callable
        The first of some days, and how many there are of each from it on.
    """

    def __init__(self, contract: Dataset, by_day: ByDay | None = None) -> None:
        self._by_day = by_day or _by_day
        self.columns = _HAPPENED.get(contract.name, ())
        self._moments = {c.name for c in contract.columns if c.kind == "datetime"}
        self._counts: dict[str, dict[int, int]] = {c: {} for c in self.columns}
        self._rows: dict[str, dict[int, list[int]]] = {c: {} for c in self.columns}

    def add(self, frame: pd.DataFrame) -> None:
        """Take checked rows with ``_row``; moments are UTC."""
        for column in self.columns:
            if column in frame:
                given = frame[[ROW, column]].dropna()
                days = given[column].to_numpy("datetime64[us]")
                self.add_days(column, given[ROW].to_numpy(np.int64), days)

    def add_days(self, column: str, rows: npt.NDArray[np.int64], moments: npt.NDArray[Any], *,
                 bangkok: bool = False) -> None:
        """Take the rows and days of one column: since 1970, or as moments, UTC unless ``bangkok``."""
        if not len(rows):
            return
        if column in self._moments and not bangkok:
            moments = moments.astype("datetime64[us]") + np.timedelta64(7, "h")
        days = moments if moments.dtype.kind == "i" else moments.astype("datetime64[D]").view(np.int64)
        low, found = self._by_day(days)
        counts, kept = self._counts[column], self._rows[column]
        rare = np.zeros(len(found), bool)
        given = np.flatnonzero(found).tolist()
        rare[given] = [counts.get(at + low, 0) < _KEPT for at in given]
        if len(rows) > 2 * _PIECE and rare.any():
            # Most days are rare at the beginning only.
            self.add_days(column, rows[:_PIECE], days[:_PIECE], bangkok=True)
            self.add_days(column, rows[_PIECE:], days[_PIECE:], bangkok=True)
            return
        for at in given:
            counts[at + low] = counts.get(at + low, 0) + int(found[at])
        if not rare.any():
            return
        first = rare[days - low]
        for row, day in zip(rows[first].tolist(), days[first].tolist(), strict=True):
            if len(kept.setdefault(day, [])) < _KEPT:
                kept[day].append(row)

    def say(self, add: Callable[[int, str, str, str], None]) -> None:
        """Tell of each row far from nearly all others: row, column, day, and the day in the year of the others."""
        for column, counts in self._counts.items():
            total = sum(counts.values())
            if total < FEW_ROWS:
                continue
            days = sorted(counts)
            before = np.cumsum([counts[d] for d in days])
            few = max(1, int(MOST * total))
            low = days[int(np.searchsorted(before, few, "right"))]
            high = days[int(np.searchsorted(before, total - few, "left"))]
            far = [d for d in days if d < low - FAR_DAYS or d > high + FAR_DAYS]
            if not far or sum(counts[d] for d in far) > few:
                continue
            years: dict[int, int] = {}
            for day in set(days) - set(far):
                year = (_EPOCH + timedelta(day)).year
                years[year] = years.get(year, 0) + counts[day]
            usual = max(years, key=lambda y: (years[y], y))
            for day in far:
                for row in sorted(self._rows[column][day]):
                    add(row, column, str(_EPOCH + timedelta(day)), _in_year(_EPOCH + timedelta(day), usual))


def _by_day(days: npt.NDArray[Any]) -> tuple[int, npt.NDArray[np.int64]]:
    low = int(days.min())
    return low, np.bincount(days - low)


def _in_year(day: date, year: int) -> str:
    """The same day of another year, as it would be typed."""
    last = pd.Timestamp(year, day.month, 1).days_in_month
    return f"{min(day.day, last):02}/{day.month:02}/{year + _BUDDHIST} ({year})"
