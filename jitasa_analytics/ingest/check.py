"""Rows of text become rows of values, held against the contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from jitasa_analytics import geo, privacy
from jitasa_analytics.contracts import Column, Dataset
from jitasa_analytics.ingest import clean, coordinates, identities, units
from jitasa_analytics.ingest.cell import Cell
from jitasa_analytics.ingest.findings import Findings
from jitasa_analytics.ingest.mapping import ROW
from jitasa_analytics.ingest.recipe import Recipe

# Labels of a choice stand in texts under these names where the column's own name is shared.
_LABELS = {("facilities", "kind"): "facility", ("facilities", "services"): "facility",
           ("candidates", "kind"): "candidate", ("volunteers", "kind"): "volunteer"}


def values(frame: pd.DataFrame, contract: Dataset, recipe: Recipe, findings: Findings, key: bytes) -> pd.DataFrame:
    """Clean and check every column.

    Parameters
    ----------
    frame : DataFrame of str
        Our columns as text, with ``_row``.
    contract, recipe
        What a row must be, and how the file writes it.
    findings : Findings
        Takes what is said; a row with an error is left to the caller to set aside.
    key : bytes
        Turns identities into tokens.

    Returns
    -------
    DataFrame
        The same rows with values; refused cells are missing.
    """
    out = pd.DataFrame({ROW: frame[ROW]})
    for column in contract.columns:
        if column.name not in frame or column.kind == "geometry":
            continue
        out[column.name] = _column(frame, column, reader(contract, column, recipe, key), findings)
    for column in contract.columns:
        _required(out, column, contract, findings)
    if {"lon", "lat"} <= set(out.columns):
        if recipe.crs:
            coordinates.transform(out, frame, recipe.crs, findings)
        _coordinates(out, frame, findings)
    _one_of(out, frame, contract, findings)
    if contract.geometry and "geometry" in frame:
        out["geometry"] = frame["geometry"].to_numpy()
    return out


def reader(contract: Dataset, column: Column, recipe: Recipe, key: bytes) -> Callable[[str], Cell]:
    """The rule that reads a tidy text of a column."""
    label = label_kind(contract, column)
    utc = any(p.columns[column.name].utc for p in recipe.parts if column.name in p.columns)
    if column.kind == "choice":
        return clean.choice(column, label)
    if column.kind == "list":
        return clean.parts(column, label)
    if column.kind == "token":
        return lambda text: identities.token(text, key, decides=column.name in contract.key)
    if column.kind == "datetime":
        return lambda text: clean.moment(text, utc=utc, era=recipe.era)
    if column.kind == "date":
        return lambda text: clean.day(text, era=recipe.era)
    if column.kind in ("lon", "lat"):
        return lambda text: coordinates.degrees(text) or clean.number(text)
    if column.kind in ("int", "float"):
        read = clean.whole if column.kind == "int" else clean.number
        amount = units.year(read) if column.name.endswith("year") else units.reader(read, column.unit)
        return lambda text: _bounded(amount(text), column)
    if column.kind == "code" and column.name in ("code", "parent") and contract.name == "areas":
        return clean.area
    return {"text": clean.plain, "code": clean.code, "area": clean.area}[column.kind]


def label_kind(contract: Dataset, column: Column) -> str:
    """The name under which the labels of a column's choices stand in ``texts``."""
    return _LABELS.get((contract.name, column.name), column.name)


def _bounded(cell: Cell, column: Column) -> Cell:
    if cell.error or cell.value is None:
        return cell
    if column.minimum is not None and cell.value < column.minimum:
        return Cell(error="below_minimum")
    if column.maximum is not None and cell.value > column.maximum:
        return Cell(error="above_maximum")
    return cell


def _column(frame: pd.DataFrame, column: Column, read: Callable[[str], Cell], findings: Findings) -> pd.Series:
    """Read each different text once; what was repaired or refused is said for every row."""
    which, found_texts = pd.factorize(frame[column.name])
    different = found_texts.tolist()
    cells = [cell(str(text), column, read) for text in different]
    flagged = np.array([bool(c.repairs or c.error or c.warnings) for c in cells], bool)
    personal = column.personal or column.kind == "token"
    if flagged.any():
        hit = np.flatnonzero(flagged[which])
        for row, at in zip(frame[ROW].to_numpy()[hit], which[hit], strict=True):
            found, text = cells[at], different[at]
            for code in found.repairs:
                findings.add(row, column.name, text, code, "repair", after=found.value, personal=personal)
            for code in found.warnings:
                findings.add(row, column.name, text, code, "warning", personal=personal)
            if found.error:
                findings.add(row, column.name, text, found.error, "error", personal=personal, proposal=found.proposal)
    return _typed([c.value for c in cells], column, pd.RangeIndex(len(cells))).take(which).set_axis(frame.index)


def cell(text: str, column: Column, read: Callable[[str], Cell]) -> Cell:
    """What a cell's text becomes: made tidy, then read by the column's rule."""
    if column.kind == "token" and privacy.is_made(text):
        return Cell(text)  # nothing of it could be made tidy
    tidy = clean.plain(text)
    if tidy.value is None:
        return Cell(None, error=tidy.error)
    found = read(tidy.value)
    # Spaces around a number or a date are no news; other repairs of the text are kept with those of the value.
    kept = tuple(r for r in tidy.repairs if r != "spaces_trimmed" or column.kind in ("text", "code"))
    if not kept:
        return found
    return replace(found, repairs=kept + tuple(r for r in found.repairs if r not in kept))


def _typed(found: list[object], column: Column, index: pd.Index) -> pd.Series:
    if column.kind == "int":
        return pd.Series(found, index=index, dtype="Int64")
    if column.kind in ("float", "lon", "lat"):
        return pd.Series([np.nan if v is None else v for v in found], index=index, dtype=float)
    if column.kind == "datetime":
        stamps = [None if not isinstance(v, datetime) else v.replace(tzinfo=None) for v in found]
        return pd.Series(pd.to_datetime(pd.Series(stamps, index=index, dtype="object")).astype("datetime64[us]"))
    if column.kind == "date":
        days = [v if isinstance(v, date) else None for v in found]
        return pd.Series(pd.to_datetime(pd.Series(days, index=index, dtype="object")).astype("datetime64[us]"))
    return pd.Series(found, index=index, dtype="str")


def _required(out: pd.DataFrame, column: Column, contract: Dataset, findings: Findings) -> None:
    """Say which rows lack what they must have; fill what a key column has by default."""
    if column.name in contract.key and column.default is not None:
        if column.name not in out:
            out[column.name] = _typed([_default(column)] * len(out), column, out.index)
        else:
            out[column.name] = out[column.name].fillna(_default(column))
    if not column.required or column.default is not None or column.kind == "area":
        return
    missing = out[column.name].isna() if column.name in out else pd.Series(True, index=out.index)
    said = {f.row for f in findings.items if f.severity == "error" and f.column == column.name}
    for row in out.loc[missing, ROW]:
        if int(row) not in said:
            findings.add(row, column.name, "", "missing", "error")


def defaults(frame: pd.DataFrame, contract: Dataset) -> pd.DataFrame:
    """Fill what a new row has by default."""
    out = frame.copy()
    for column in contract.columns:
        if column.default is None:
            continue
        if column.name not in out:
            out[column.name] = _typed([_default(column)] * len(out), column, out.index)
        else:
            out[column.name] = out[column.name].where(out[column.name].notna(), _default(column))
    return out


def _default(column: Column) -> Any:
    if column.default is None:
        return None
    if column.kind == "int":
        return int(column.default)
    if column.kind == "float":
        return float(column.default)
    if column.kind in ("date", "datetime"):
        return pd.Timestamp(column.default)
    return column.default


def _coordinates(out: pd.DataFrame, frame: pd.DataFrame, findings: Findings) -> None:
    """Swapped pairs are certain in Thailand and put right; zeros, halves and far points are refused."""
    lon, lat = out["lon"].to_numpy(float, copy=True), out["lat"].to_numpy(float, copy=True)
    rows = out[ROW].to_numpy()
    refused = {f.row for f in findings.items if f.severity == "error" and f.column in ("lon", "lat")}
    both = ~np.isnan(lon) & ~np.isnan(lat)
    for i in np.flatnonzero(np.isnan(lon) != np.isnan(lat)):
        if int(rows[i]) not in refused:
            column = "lon" if np.isnan(lon[i]) else "lat"
            findings.add(rows[i], column, "", "half_coordinates", "error")
    for i in np.flatnonzero(both & (lon == 0) & (lat == 0)):
        findings.add(rows[i], "lon", "0, 0", "zero_coordinates", "error")
    outside = both & ~geo.in_thailand(lon, lat) & ~((lon == 0) & (lat == 0))
    swapped = outside & geo.in_thailand(lat, lon)
    for i in np.flatnonzero(swapped):
        findings.add(rows[i], "lon", f"{frame['lon'].iloc[i]}, {frame['lat'].iloc[i]}", "swapped_lonlat", "repair",
                     after=f"{lat[i]}, {lon[i]}")
    metres = outside & coordinates.looks_projected(lon, lat)
    for i in np.flatnonzero(metres):
        findings.add(rows[i], "lon", f"{frame['lon'].iloc[i]}, {frame['lat'].iloc[i]}", "projected_coordinates",
                     "error", proposal=coordinates.as_zones(lon[i], lat[i]))
    for i in np.flatnonzero(outside & ~swapped & ~metres):
        findings.add(rows[i], "lon", f"{frame['lon'].iloc[i]}, {frame['lat'].iloc[i]}", "outside_thailand", "error")
    gone = (outside & ~swapped) | (both & (lon == 0) & (lat == 0))
    out["lon"] = np.where(gone, np.nan, np.where(swapped, lat, lon))
    out["lat"] = np.where(gone, np.nan, np.where(swapped, lon, lat))


def _one_of(out: pd.DataFrame, frame: pd.DataFrame, contract: Dataset, findings: Findings) -> None:
    if not contract.one_of:
        return
    given = pd.Series(False, index=out.index)
    for name in contract.one_of:
        if name in out:
            given |= out[name].notna()
    refused = findings.refused()
    if "_address" in frame:
        given |= frame["_address"].str.strip().ne("")
    for row in out.loc[~given, ROW]:
        if int(row) not in refused:
            findings.add(row, " / ".join(contract.one_of), "", "none_of", "error")
