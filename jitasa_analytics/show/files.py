"""Answers as files: CSV, workbook, GeoJSON, GeoParquet, picture, printed report.

The label of sample data, the store's version, the date of the data and the parameters travel
inside every file, so that a file sent on by mail still says what it rests on. The same answer
gives the same bytes, on every machine and at every hour.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from jitasa_analytics import areas, texts
from jitasa_analytics.errors import InputError
from jitasa_analytics.geo import WGS84
from jitasa_analytics.show import Kind
from jitasa_analytics.show.cells import all_names, plain_frame, safe

# The endings of each kind of file; the first is the usual one.
ENDINGS: Mapping[Kind, tuple[str, ...]] = {
    "csv": (".csv",), "xlsx": (".xlsx",), "geojson": (".geojson", ".json"), "parquet": (".parquet", ".geoparquet"),
    "png": (".png",), "pdf": (".pdf",),
}
_SUFFIXES: dict[str, Kind] = {ending: kind for kind, endings in ENDINGS.items() for ending in endings}


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
        raise InputError(f"{Path(path).name!r} can't be written: the name must end in .csv, .xlsx, .geojson, "
                         ".parquet, .png or .pdf", key="show.error.kind", name=Path(path).name)
    return _SUFFIXES[suffix]


def fitting(path: str | os.PathLike[str], kind: Kind) -> None:
    """Refuse a name that says another kind of file than what would be in it.

    Raises
    ------
    InputError
        Naming the ending, the one that fits, and the call that writes what the name says.
    """
    name = Path(path)
    suffix = name.suffix.lower()
    if suffix in ENDINGS[kind]:
        return
    wanted = ENDINGS[kind][0]
    better = f"{name.stem or 'answer'}{wanted}"
    if suffix in _SUFFIXES:
        other = f"to_{_SUFFIXES[suffix]}"
        raise InputError(f"{name.name} can't be written: this call writes {wanted}, but the name ends in {suffix}; "
                         f"name it {better} or call {other}", key="print.error.suffix", name=name.name,
                         wanted=wanted, given=suffix, better=better, other=other)
    raise InputError(f"{name.name} can't be written: its name must end in {wanted}, for instance {better}",
                     key="print.error.no_suffix", name=name.name, wanted=wanted, better=better)


def export(answer: Any, path: str | os.PathLike[str], kind: Kind | None, lang: str) -> None:
    """See `jitasa_analytics.show.export`."""
    chosen = kind or kind_of(path)
    fitting(path, chosen)
    write(path, to_bytes(answer, chosen, lang))


def write(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file.

    Raises
    ------
    InputError
        If it can't be written there.
    """
    target = Path(path)
    try:
        target.write_bytes(content)
    except OSError as error:
        raise InputError(f"{target} can't be written ({error.strerror}); name a file in a folder that exists and "
                         "that you may write to", key="show.error.write", path=str(target),
                         why=error.strerror or "") from error


def to_bytes(answer: Any, kind: Kind, lang: str = "en") -> bytes:
    """An answer as the content of a file."""
    writers: dict[str, Callable[[Any, str], bytes]] = {
        "csv": _csv, "xlsx": _xlsx, "geojson": _geojson, "parquet": _parquet, "png": _png, "pdf": _pdf}
    if kind not in writers:
        raise InputError(f"there is no export {kind!r}; exports are {', '.join(writers)}",
                         key="show.error.kind", name=kind)
    return writers[kind](answer, lang)


def said(answer: Any) -> dict[str, Any]:
    """What an answer rests on, for programs: study, scope, parameters, dates of the data, store's version."""
    found = {
        "study": answer.study, "scope": answer.scope, "params": {k: _json(v) for k, v in answer.params.items()},
        "as_of": dict(answer.as_of), "store_version": answer.version,
    }
    return {**found, "data": texts.say("show.sample", "en")} if answer.sample else found


def labelled(answer: Any, frame: pd.DataFrame, *, whole: bool = True) -> pd.DataFrame:
    """The frame with names beside its codes and, where ``whole``, the columns that say what it rests on."""
    table = plain_frame(frame)
    for name, shape in frame.items():
        if str(shape.dtype) == "geometry":
            table[name] = shape.to_numpy()
    table = all_names(table)
    if whole:
        known = {n: at for n, at in answer.as_of.items() if at is not None}
        params = {n: v for n, v in answer.params.items() if v is not None}
        table["study"] = answer.study
        table["parameters"] = "; ".join(f"{n}={_json(v)}" for n, v in params.items())
        table["as_of_data"] = "; ".join(f"{n} {at}" for n, at in known.items())
    table["store_version"] = answer.version
    return marked(table) if answer.sample else table


def marked(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the column that labels sample data."""
    return frame.assign(data=texts.say("show.sample", "en"))


def _csv(answer: Any, lang: str) -> bytes:
    return csv_bytes(labelled(answer, answer.frame))


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A frame as CSV with a byte order mark, so that spreadsheets read Thai."""
    shapes = [c for c in frame.columns if str(frame[c].dtype) == "geometry" or _is_shape(frame[c])]
    plain = safe(plain_frame(frame.drop(columns=shapes)))
    return b"\xef\xbb\xbf" + plain.to_csv(index=False, lineterminator="\r\n").encode("utf-8")


def _is_shape(values: pd.Series) -> bool:
    return values.dtype == object and any(isinstance(v, shapely.Geometry) for v in values.head(50))


def _xlsx(answer: Any, lang: str) -> bytes:
    from jitasa_analytics.show.workbook import xlsx

    return xlsx(answer, lang)


def _png(answer: Any, lang: str) -> bytes:
    from jitasa_analytics.show.picture import png

    return png(answer, lang)


def _pdf(answer: Any, lang: str) -> bytes:
    from jitasa_analytics.show.report import pdf

    return pdf([answer], lang)


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
    rows = _rows(labelled(answer, table, whole=False))
    return [{"type": "Feature", "properties": {"layer": layer, **row},
             "geometry": {"type": "Point", "coordinates": [round(float(row["lon"]), 6), round(float(row["lat"]), 6)]}}
            for row in rows]


def _geojson(answer: Any, lang: str) -> bytes:
    table = _shaped(answer)
    shapes = shapely.set_precision(table.geometry.to_numpy(), 1e-6)
    features = [
        {"type": "Feature", "properties": row,
         "geometry": None if shape is None else shapely.geometry.mapping(shape)}
        for row, shape in zip(_rows(table), shapes, strict=True)
    ]
    for name in _POINT_TABLES:
        features += _points(answer, name)
    outer = {"type": "FeatureCollection", **said(answer), "measure": answer.measure, "unit": answer.unit,
             "notes": [note.text(lang) for note in answer.notes], "features": features}
    return json.dumps(outer, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows without their outlines, in values that JSON knows."""
    plain = plain_frame(table)
    return [{str(k): _json(v) for k, v in row.items()} for row in plain.to_dict("records")]


def _json(value: Any) -> Any:
    """A value as JSON has it: what is missing or infinite is null, a time is text."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return None
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, float) and plain in {float("inf"), float("-inf")}:
        return None
    if isinstance(plain, (list, tuple)):
        return [_json(part) for part in plain]
    return plain if isinstance(plain, (str, int, float, bool)) else str(plain)


def _parquet(answer: Any, lang: str) -> bytes:
    """GeoParquet; what the answer rests on stands in the file's metadata under ``jitasa`` as well."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = labelled(answer, answer.frame)
    if isinstance(answer.frame, gpd.GeoDataFrame):
        buffer = io.BytesIO()
        gpd.GeoDataFrame(table, geometry=answer.frame.geometry.name, crs=answer.frame.crs or WGS84).to_parquet(
            buffer, index=False)
        arrow = pq.read_table(pa.BufferReader(buffer.getvalue()))
    else:
        arrow = pa.Table.from_pandas(table, preserve_index=False)
    told = {"notes": [note.text(lang) for note in answer.notes], "measure": answer.measure, "unit": answer.unit}
    metadata = {**(arrow.schema.metadata or {}),
                b"jitasa": json.dumps({**said(answer), **told}, ensure_ascii=False).encode("utf-8")}
    out = io.BytesIO()
    pq.write_table(arrow.replace_schema_metadata(metadata), out)
    return out.getvalue()


def points_bytes(frame: pd.DataFrame, manifest: Any, lang: str) -> bytes:
    """A table of points (lon, lat) of a page as GeoJSON; rows without a place are left out."""
    placed = frame[frame["lon"].notna() & frame["lat"].notna()]
    features = [
        {"type": "Feature", "properties": {k: v for k, v in row.items() if k not in {"lon", "lat"}},
         "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]}}
        for row in _rows(placed)]
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
