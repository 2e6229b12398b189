"""Rows on their way into a file: plain values, names beside codes, nothing that a spreadsheet would run."""

from __future__ import annotations

from typing import Any

import pandas as pd

from jitasa_analytics import areas

# A cell that starts with one of these is run as a formula by spreadsheets; the wide forms by some of them too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def without_formula(value: Any) -> Any:
    """The value, a text that a spreadsheet would run as a formula after an apostrophe.

    >>> without_formula("=1+1"), without_formula("แสนสุข"), without_formula(-2)
    ("'=1+1", 'แสนสุข', -2)
    """
    if isinstance(value, str) and (value.startswith(_FORMULA) or value.lstrip().startswith(_FORMULA[:4])):
        return f"'{value}"
    return value


def safe(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with text, heads included, that no spreadsheet takes for a formula."""
    plain = frame.rename(columns=without_formula)
    for place, name in enumerate(frame.columns):
        if pd.api.types.is_string_dtype(frame[name]) or frame[name].dtype == object:
            plain.isetitem(place, [without_formula(v) for v in frame[name]])
    return plain


def plain_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Without geometry, lists as text, an index that means something as columns."""
    shapes = [c for c in frame.columns if str(frame[c].dtype) == "geometry"]
    table = pd.DataFrame(frame.drop(columns=shapes))
    if table.index.name or not isinstance(table.index, pd.RangeIndex):
        table = table.reset_index()
    for name in table.columns:
        if table[name].dtype == object:
            table[name] = [as_text(v) if isinstance(v, (list, tuple, set, frozenset)) else v for v in table[name]]
    return table


def as_text(value: Any) -> str:
    """A list as its parts between semicolons, anything else as it is written.

    >>> as_text(["nurse", "driver"])
    'nurse;driver'
    """
    if isinstance(value, (set, frozenset)):
        return ";".join(sorted(map(str, value)))
    return ";".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def named_areas(table: pd.DataFrame, lang: str) -> pd.DataFrame:
    """The names of area, district and province beside the codes of ``area_code``, as far as the codes are finer."""
    if "area_code" not in table:
        return table
    table = table.copy()
    codes = ["" if pd.isna(c) else str(c) for c in table["area_code"]]
    own = table[f"name_{lang}"] if f"name_{lang}" in table else [areas.name(c, lang) for c in codes]
    at = list(table.columns).index("area_code") + 1
    # A table of points has the point's own name first, the area's after the code.
    table.insert(at, "area", list(own))
    finest = max((len(c) for c in codes if c != areas.COUNTRY), default=0)
    if finest >= 6:
        at += 1
        table.insert(at, "district", [areas.name(c[:4], lang) if len(c) >= 4 else "" for c in codes])
    if finest >= 4 and len({c[:2] for c in codes if c}) > 1:
        table.insert(at + 1, "province", [areas.name(c[:2], lang) if c and c != areas.COUNTRY else "" for c in codes])
    return table


def all_names(table: pd.DataFrame) -> pd.DataFrame:
    """For programs: the names in both languages after the codes, where the table has none of its own."""
    if "area_code" not in table:
        return table
    table = table.copy()
    codes = ["" if pd.isna(c) else str(c) for c in table["area_code"]]
    at = list(table.columns).index("area_code") + 1
    if "name_th" in table and "name_en" in table:
        at = max(list(table.columns).index(n) for n in ("name_th", "name_en")) + 1
        parts = [("district", 4), ("province", 2)]
    else:
        parts = [("area", 0), ("district", 4), ("province", 2)]
    finest = max((len(c) for c in codes if c != areas.COUNTRY), default=0)
    for name, digits in parts:
        if digits >= finest:
            continue
        for lang in ("th", "en"):
            cells = [areas.name(c[:digits] if digits else c, lang) if c and c != areas.COUNTRY else "" for c in codes]
            table.insert(at, f"{name}_{lang}", cells)
            at += 1
    return table
