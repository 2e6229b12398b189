"""The rows of one file, as text: nothing is interpreted, every row keeps its number."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import pandas as pd

from jitasa_analytics.ingest.apart.handover import text_of
from jitasa_analytics.ingest.findings import Severity


@dataclass(frozen=True)
class Noted:
    """Something about a cell or a row that only the reader of the file could see."""

    row: int
    column: str
    value: str
    code: str
    severity: Severity


@dataclass
class Table:
    """The rows of one file, as text.

    Attributes
    ----------
    path : Path
        The file.
    frame : DataFrame of str
        One column a header, on the row numbers that a person sees (the first row is row 1).
    geometry : GeoSeries or None
        Shapes in WGS84 on the same index.
    sheet : str
        The sheet of a workbook.
    ragged : dict of int to list of str
        Rows whose number of cells differs from the header's, whole.
    not_data : dict of int to str
        Rows of totals and notes, with the code that says so; they are counted as read.
    remarks : tuple of (int, str, str)
        What was repaired for the file as a whole: row, code, value (``(1, "encoding_cp874", "")``).
    noted : tuple of Noted
        What else the reader saw: a formula without a value, hidden rows, sheets that were not read.
    header_row : int
        The row of the header; its last, where it has two.
    places : dict of int to str
        The header at each place of the sheet, counted from 0.
    """

    path: Path
    frame: pd.DataFrame
    geometry: gpd.GeoSeries | None = None
    sheet: str = ""
    ragged: dict[int, list[str]] = field(default_factory=dict)
    not_data: dict[int, str] = field(default_factory=dict)
    remarks: tuple[tuple[int, str, str], ...] = ()
    noted: tuple[Noted, ...] = ()
    header_row: int = 1
    places: dict[int, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows were read, ragged ones included."""
        return len(self.frame) + len(self.ragged)

    def first_cell(self, row: int) -> str:
        """The first cell of a row that holds anything."""
        cells = self.ragged[row] if row in self.ragged else [str(c) for c in self.frame.loc[row]]
        return next((c.strip() for c in cells if c.strip()), "")


def from_frame(path: Path, frame: pd.DataFrame) -> Table:
    """Typed columns as text, on record numbers that count the header as row 1."""
    out = {}
    for name in frame.columns:
        values = frame[name]
        if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
            values = values.astype("Int64")
        out[str(name)] = ["" if pd.isna(v) else text_of(v.item() if hasattr(v, "item") else v) for v in values]
    return Table(path, pd.DataFrame(out, index=pd.RangeIndex(2, len(frame) + 2), dtype="str"))
