"""Answers as files: CSV, workbook, GeoJSON, GeoParquet.

The label of sample data and the store's version travel inside every file, so that a file sent
on by mail still says what it rests on. The same answer gives the same bytes.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from jitasa_analytics import areas, texts
from jitasa_analytics.errors import InputError
from jitasa_analytics.geo import WGS84
from jitasa_analytics.show import Kind, numbers, words

_SUFFIXES: dict[str, Kind] = {".csv": "csv", ".xlsx": "xlsx", ".geojson": "geojson", ".json": "geojson",
                              ".parquet": "parquet", ".geoparquet": "parquet"}
# A cell that starts with one of these is run as a formula by spreadsheets.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 -- workbooks hold times without a zone
_SHEET = 31


def kind_of(path: str | os.PathLike[str]) -> Kind:
    """The kind of file that a name asks for.

    Raises
    ------
    InputError
        If the name ends in nothing that can be written.

    >>> kind_of("gaps.csv")
    'csv'
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _SUFFIXES:
        raise InputError(f"{Path(path).name!r} can't be written: the name must end in .csv, .xlsx, .geojson "
                         "or .parquet", key="show.error.kind", name=Path(path).name)
    return _SUFFIXES[suffix]


def export(answer: Any, path: str | os.PathLike[str], kind: Kind | None, lang: str) -> None:
    """See `jitasa_analytics.show.export`."""
    target = Path(path)
    content = to_bytes(answer, kind or kind_of(target), lang)
    try:
        target.write_bytes(content)
    except OSError as error:
        raise InputError(f"{target} can't be written ({error.strerror}); name a file in a folder that exists and "
                         "that you may write to", key="show.error.write", path=str(target),
                         why=error.strerror or "") from error


def to_bytes(answer: Any, kind: Kind, lang: str = "en") -> bytes:
    """An answer as the content of a file."""
    writers = {"csv": _csv, "xlsx": _xlsx, "geojson": _geojson, "parquet": _parquet}
    if kind not in writers:
        raise InputError(f"there is no export {kind!r}; exports are {', '.join(writers)}",
                         key="show.error.kind", name=kind)
    return writers[kind](answer, lang)


def labelled(answer: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the columns that say what it rests on."""
    table = frame.reset_index() if frame.index.name or not isinstance(frame.index, pd.RangeIndex) else frame.copy()
    table["store_version"] = answer.version
    return marked(table) if answer.sample else table


def marked(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the column that labels sample data."""
    return frame.assign(data=texts.say("show.sample", "en"))


def safe(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with text that no spreadsheet takes for a formula."""
    plain = frame.copy()
    for name in plain.columns:
        if pd.api.types.is_string_dtype(plain[name]) or plain[name].dtype == object:
            plain[name] = [f"'{v}" if isinstance(v, str) and v.startswith(_FORMULA) else v for v in plain[name]]
    return plain


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Without geometry, lists as text."""
    plain = pd.DataFrame(frame.drop(columns=[c for c in frame.columns if str(frame[c].dtype) == "geometry"]))
    for name in plain.columns:
        if plain[name].dtype == object:
            plain[name] = [";".join(map(str, v)) if isinstance(v, (list, tuple, set)) else v for v in plain[name]]
    return plain


def _csv(answer: Any, lang: str) -> bytes:
    return csv_bytes(labelled(answer, answer.frame))


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A frame as CSV with a byte order mark, so that spreadsheets read Thai."""
    text = safe(_flat(frame)).to_csv(index=False, lineterminator="\r\n")
    return b"\xef\xbb\xbf" + text.encode("utf-8")


def _xlsx(answer: Any, lang: str) -> bytes:
    from openpyxl import Workbook
    from openpyxl.utils.dataframe import dataframe_to_rows

    book = Workbook()
    book.properties.created = book.properties.modified = _EPOCH
    book.properties.creator = "jitasa_analytics"
    about = book.active
    about.title = "about"
    for row in about_rows(answer, lang):
        about.append(safe(pd.DataFrame([row], dtype=object)).iloc[0].tolist())
    about.column_dimensions["A"].width, about.column_dimensions["B"].width = 24, 110
    sheets = {"answer": answer.frame, **answer.tables}
    for name, frame in sheets.items():
        sheet = book.create_sheet(_sheet_name(name, book.sheetnames))
        table = _for_excel(safe(_flat(labelled(answer, frame))))
        for cells in dataframe_to_rows(table, index=False, header=True):
            sheet.append(cells)
        sheet.freeze_panes = "A2"
        for column, title in zip(sheet.columns, table.columns, strict=False):
            sheet.column_dimensions[column[0].column_letter].width = min(40, max(12, len(str(title)) + 2))
    book.move_sheet("answer", offset=-1)
    book.active = 0
    buffer = io.BytesIO()
    book.save(buffer)
    return _same_times(buffer.getvalue())


def _for_excel(frame: pd.DataFrame) -> pd.DataFrame:
    """Values that a cell can hold: no NA, no zones, no infinities."""
    plain = frame.astype(object).where(frame.notna(), None)
    for name in plain.columns:
        plain[name] = [_cell(v) for v in plain[name]]
    return plain


def _cell(value: Any) -> Any:
    if isinstance(value, float) and value in {float("inf"), float("-inf")}:
        return "inf" if value > 0 else "-inf"
    if hasattr(value, "tzinfo") and value.tzinfo is not None:
        return value.tz_convert("Asia/Bangkok").tz_localize(None) if hasattr(value, "tz_convert") else str(value)
    return value.item() if hasattr(value, "item") else value


def about_rows(answer: Any, lang: str) -> list[tuple[str, str]]:
    """What an answer rests on, as rows of two cells."""
    rows = [
        (texts.say("show.card.study", lang), words.title(answer.study, lang)),
        (texts.say("show.card.question", lang), words.question(answer.study, lang)),
        (texts.say("show.card.area", lang), f"{words.place(answer.scope, lang)} ({answer.scope})"),
        (texts.say("show.card.version", lang), str(answer.version)),
    ]
    if answer.sample:
        rows.append((texts.say("show.card.kind", lang), texts.say("show.sample_long", lang)))
    rows += [(words.parameter(n, lang, answer.study), words.value(n, v, lang)) for n, v in answer.params.items()]
    rows += [(f"{texts.say('show.card.data', lang)} {name}", numbers.date(at, lang))
             for name, at in answer.as_of.items()]
    rows += [(words.figure(n, lang, answer.study), numbers.amount(f.value, f.unit, lang))
             for n, f in answer.figures.items()]
    rows += [(texts.say("show.card.notes", lang), note.text(lang)) for note in answer.notes]
    return rows


def _sheet_name(name: str, taken: list[str]) -> str:
    plain = "".join("_" if c in "[]:*?/\\" else c for c in name)[:_SHEET]
    return plain if plain not in taken else f"{plain[: _SHEET - 3]}_{len(taken)}"


def _same_times(content: bytes) -> bytes:
    """The workbook with one fixed time on every part, so that the same answer gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            part = old.read(item)
            if item.filename == "docProps/core.xml":
                part = _fixed_modified(part)
            new.writestr(zipfile.ZipInfo(item.filename, (2000, 1, 1, 0, 0, 0)), part, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _fixed_modified(part: bytes) -> bytes:
    """The properties with the fixed time in the place of that of saving."""
    import re

    stamp = _EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    return re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, part)


def _shaped(answer: Any) -> gpd.GeoDataFrame:
    frame = answer.frame
    if not isinstance(frame, gpd.GeoDataFrame) or frame.geometry.isna().all():
        raise InputError(f"the answer of {answer.study} has no outlines to write as GeoJSON; "
                         "write it as .csv or .xlsx", key="show.error.no_geometry", study=answer.study)
    table = gpd.GeoDataFrame(labelled(answer, frame), geometry=frame.geometry.name, crs=frame.crs or WGS84)
    return table.to_crs(WGS84)


# Tables of an answer that hold points; in GeoJSON they follow the areas, told apart by ``layer``.
_POINT_TABLES = ("sites", "existing")


def _points(answer: Any, layer: str) -> list[dict[str, Any]]:
    """The rows of a table with lon and lat as features."""
    table = answer.tables.get(layer)
    if table is None or not {"lon", "lat"} <= set(table.columns):
        return []
    plain = _for_excel(_flat(labelled(answer, table)))
    return [{"type": "Feature", "properties": {"layer": layer, **{k: _json(v) for k, v in row.items()}},
             "geometry": {"type": "Point", "coordinates": [round(float(row["lon"]), 6), round(float(row["lat"]), 6)]}}
            for row in plain.to_dict("records")]


def _geojson(answer: Any, lang: str) -> bytes:
    table = _shaped(answer)
    plain = _for_excel(_flat(table))
    shapes = shapely.set_precision(table.geometry.to_numpy(), 1e-6)
    features = [
        {"type": "Feature", "properties": {k: _json(v) for k, v in row.items()},
         "geometry": None if shape is None else shapely.geometry.mapping(shape)}
        for row, shape in zip(plain.to_dict("records"), shapes, strict=True)
    ]
    for name in _POINT_TABLES:
        features += _points(answer, name)
    outer = {"type": "FeatureCollection", "study": answer.study, "measure": answer.measure, "unit": answer.unit,
             "store_version": answer.version, "params": {k: _json(v) for k, v in answer.params.items()},
             "as_of": dict(answer.as_of), "notes": [note.text(lang) for note in answer.notes],
             "features": features}
    if answer.sample:
        outer["data"] = texts.say("show.sample", "en")
    return json.dumps(outer, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def _json(value: Any) -> Any:
    if isinstance(value, float) and value != value:
        return None
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def _parquet(answer: Any, lang: str) -> bytes:
    buffer = io.BytesIO()
    table = labelled(answer, answer.frame)
    if isinstance(answer.frame, gpd.GeoDataFrame):
        gpd.GeoDataFrame(table, geometry=answer.frame.geometry.name, crs=answer.frame.crs or WGS84).to_parquet(
            buffer, index=False)
    else:
        table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def points_bytes(frame: pd.DataFrame, manifest: Any, lang: str) -> bytes:
    """A table of points (lon, lat) of a page as GeoJSON; rows without a place are left out."""
    placed = frame[frame["lon"].notna() & frame["lat"].notna()]
    features = [
        {"type": "Feature", "properties": {k: _json(_cell(v)) for k, v in row.items() if k not in {"lon", "lat"}},
         "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]}}
        for row in _for_excel(placed).to_dict("records")]
    outer: dict[str, Any] = {"type": "FeatureCollection", "store_version": manifest.version, "features": features}
    if manifest.sample:
        outer["data"] = texts.say("show.sample", "en")
    return json.dumps(outer, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def table_bytes(frame: pd.DataFrame, manifest: Any, lang: str) -> bytes:
    """A table of a page as CSV: names beside the codes, the store's version and the label of sample data.

    Parameters
    ----------
    frame : DataFrame
        On area codes, or with a column ``area_code``.
    manifest : object
        With ``version`` and ``sample``.
    """
    table = frame.reset_index() if frame.index.name else frame.copy()
    if "area_code" in table:
        names = [areas.name(str(code), lang) for code in table["area_code"]]
        table.insert(list(table.columns).index("area_code") + 1, "area", names)
    table["store_version"] = manifest.version
    if manifest.sample:
        table["data"] = texts.say("show.sample", "en")
    return csv_bytes(table)
