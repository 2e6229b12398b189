"""Cumulative counts in the order of their days: what falls, doubles or changes its base is said.

Nothing is refused here: corrections are real, and which of two reports is right nobody can see
from the numbers.
"""

from __future__ import annotations

import pandas as pd

from jitasa_analytics.ingest.findings import Findings
from jitasa_analytics.ingest.mapping import ROW

# A campaign's first weeks double honestly; a count that is large already does not within three days.
LARGE_COUNT = 1000
DOUBLED = 1.8
DAYS = 3

_SERIES = ("area_code", "facility_id", "dose_no", "group", "source")


def check(frame: pd.DataFrame, findings: Findings) -> None:
    """Warn of rows of ``dose_reports`` that disagree with the row before them in the same file.

    Parameters
    ----------
    frame : DataFrame
        Checked rows with ``_row``; refused rows are left out of the comparison.
    """
    rows = frame[~frame[ROW].isin(findings.refused())]
    rows = rows[rows["count"].notna() & rows["as_of"].notna()]
    if not len(rows):
        return
    rows = rows.assign(count=rows["count"].astype("int64"))
    if "denominator" in rows:
        over = rows[(rows["count"] > rows["denominator"].astype("Float64")).fillna(False) & rows["dose_no"].gt(0)]
        for row, count, base in over[[ROW, "count", "denominator"]].itertuples(index=False, name=None):
            findings.add(row, "count", count, "over_100", "warning", after=f"{100 * count / base:.1f} %")
    keys = [c for c in _SERIES if c in rows]
    order = [*keys, "as_of", *(["reported_at"] if "reported_at" in rows else []), ROW]
    rows = rows.sort_values(order, kind="stable", na_position="first")
    groups = rows.groupby(keys, dropna=False, sort=False)
    before, day = groups["count"].shift(), groups["as_of"].shift()
    later = rows["as_of"] > day
    falls = rows[later & (rows["count"] < before)]
    doubles = rows[later & (before >= LARGE_COUNT) & (rows["count"] >= DOUBLED * before)
                   & ((rows["as_of"] - day).dt.days <= DAYS)]
    _say(falls, before, "count", "count_falls", findings)
    _say(doubles, before, "count", "count_doubles", findings)
    if "denominator" in rows:
        base = groups["denominator"].shift()
        _say(rows[later & (rows["denominator"] != base).fillna(False)], base, "denominator", "denominator_changed",
             findings)


def _say(rows: pd.DataFrame, before: pd.Series, column: str, code: str, findings: Findings) -> None:
    """One warning a row: the value, and the one before it."""
    for index, row, value in rows[[ROW, column]].itertuples(name=None):
        findings.add(row, column, value, code, "warning", after=int(before[index]))
