"""Their columns become ours: text in, text out, every row keeps its number."""

from __future__ import annotations

import re

import pandas as pd

from jitasa_analytics.contracts import Dataset
from jitasa_analytics.ingest.recipe import Part, Recipe, Source
from jitasa_analytics.ingest.table import Table

ROW = "_row"


def take(frame: pd.DataFrame, source: Source) -> pd.Series:
    """The text that a source gives for each row; empty where it gives none."""
    if source.value is not None:
        text = pd.Series(source.value, index=frame.index, dtype="str")
    elif source.column in frame:
        text = frame[source.column].fillna("")
    else:
        text = pd.Series("", index=frame.index, dtype="str")
    if source.extract:
        pattern = re.compile(source.extract)
        text = _each(text, lambda v: next((g for g in m.groups() if g), "") if (m := pattern.search(v)) else "")
    if source.strip:
        text = _each(text, lambda v: v.strip().removeprefix(source.strip))
    if source.pad:
        text = _each(text, lambda v: v.strip().zfill(source.pad) if v.strip().isdigit() else v.strip())
    if source.map:
        text = _each(text, lambda v: source.map.get(v.strip(), v))
    if source.prefix:
        text = _each(text, lambda v: source.prefix + v.strip() if v.strip() else "")
    for column, pattern_text, value in source.otherwise:
        if column in frame:
            text = text.mask(fits(frame[column], pattern_text), value)
    return text


def fits(text: pd.Series, pattern: str) -> pd.Series:
    """Whether each text, without spaces around it, holds the pattern."""
    compiled = re.compile(pattern)
    table = {v: bool(compiled.search(str(v).strip())) for v in text.fillna("").unique()}
    return text.fillna("").map(table).astype(bool)


def _each(text: pd.Series, make: object) -> pd.Series:
    """Apply a function once to each different value."""
    table = {v: make(v) for v in text.unique()}  # type: ignore[operator]
    return text.map(table).astype("str")


def padded(table: Table, recipe: Recipe) -> list[tuple[int, str, str, str]]:
    """Codes that a spreadsheet robbed of their leading zeros: row, header, as it stands, as it is read."""
    widths = {s.column: s.pad for p in recipe.parts for s in p.columns.values() if s.pad and s.column in table.frame}
    found = []
    for header, width in widths.items():
        text = table.frame[header].str.strip()
        short = text[text.str.isdigit() & (text.str.len() < width)]
        found += [(int(str(row)), header, code, code.zfill(width)) for row, code in short.items()]
    return found


def rows(table: Table, recipe: Recipe, contract: Dataset) -> pd.DataFrame:
    """Our rows, as text, with ``_row`` naming the row of theirs; empty measures of a wide table are left out."""
    frames = [_part(table, recipe, part, contract) for part in recipe.parts]
    out = pd.concat(frames, ignore_index=True)
    text = [c for c in out.columns if c not in (ROW, "geometry")]
    out[text] = out[text].fillna("").astype("str")
    return out.sort_values(ROW, kind="stable", ignore_index=True)


def _part(table: Table, recipe: Recipe, part: Part, contract: Dataset) -> pd.DataFrame:
    out = pd.DataFrame({ROW: table.frame.index}, index=table.frame.index)
    for name, source in part.columns.items():
        out[name] = take(table.frame, source)
    if "source" in contract.names and "source" not in part.columns:
        out["source"] = recipe.source
    if contract.geometry and table.geometry is not None:
        out["geometry"] = table.geometry.to_numpy()
    if part.measure:
        out = out[out[part.measure].str.strip() != ""]
    return out.reset_index(drop=True)


def address(table: Table, recipe: Recipe) -> pd.DataFrame:
    """Province, district and tambon as the file writes them, on the file's rows; no rows where it has none."""
    if not recipe.address:
        return pd.DataFrame({"province": [], "district": [], "tambon": []}, dtype="str")
    out = pd.DataFrame(index=table.frame.index)
    for level in ("province", "district", "tambon"):
        source = recipe.address.get(level)
        out[level] = take(table.frame, source) if source else ""
    return out
