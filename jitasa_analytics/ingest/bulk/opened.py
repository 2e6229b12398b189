"""Whether a file is a large one that can be read block by block, and what its first lines say."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from jitasa_analytics.ingest import headers, text
from jitasa_analytics.ingest.table import Noted, Table

# Smaller files are read whole: every text of theirs by the rules.
LARGE = 4 << 20
_HEAD = 1 << 16


@dataclass(frozen=True)
class Opened:
    """The beginning of a large delimited file, or of a large sheet of a workbook, which lies in lines of text.

    Attributes
    ----------
    heads : tuple of str
        The headers; empty ones are columns that hold nothing.
    encoding : str
        ``utf-8`` (until a byte says otherwise) or ``utf-16``.
    sheet, header_row, remarks, noted
        As of a `Table`.
    rows : int
        Rows below the header; 0 where nobody has counted them.
    """

    path: Path
    heads: tuple[str, ...]
    delimiter: str = ","
    encoding: str = "utf-8"
    sheet: str = ""
    header_row: int = 1
    remarks: tuple[tuple[int, str, str], ...] = ()
    noted: tuple[Noted, ...] = ()
    rows: int = 0

    @property
    def text(self) -> Path:
        """Where the lines are."""
        return self.path

    @property
    def columns(self) -> list[str]:
        """The headers of columns that hold anything."""
        return [h for h in self.heads if h]

    def whole(self) -> Table | None:
        """All rows at once, where they were read before."""
        return None

    def far(self, done: int, total: int, rows: int) -> tuple[int, int, int]:
        """How far the file was read when so much of its text was: of how much, and rows."""
        return done, total, rows


def opened(path: Path, expect: Collection[str] = (), large: int | None = None) -> Opened | None:
    """The beginning of a large file whose header is its first line; None for any other.

    What is wrong with a file is not said here: the careful lane says it.

    Parameters
    ----------
    large : int, optional
        Bytes from which on a file is a large one.
    """
    suffixes = [s.lower() for s in path.suffixes]
    packed = suffixes[-1:] == [".gz"]
    kind = (suffixes[:-1] if packed else suffixes)[-1:]
    if kind not in ([".csv"], [".txt"], [".tsv"]) or not path.is_file() or path.stat().st_size < (
            LARGE if large is None else large):
        return None
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            raw = file.read(_HEAD)
    except (OSError, EOFError, zlib.error):
        return None
    if not packed and raw.startswith((b"PK\x03\x04", b"PAR1", b"\x1f\x8b", b"SQLite", b"%PDF")):
        return None
    encoding = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    for name in (encoding,) if encoding == "utf-16" else ("utf-8", "cp874"):
        try:
            begin = codecs.getincrementaldecoder(name)().decode(raw)
        except UnicodeDecodeError:
            continue
        return _begun(path, begin.removeprefix("\ufeff"), encoding, len(raw) < _HEAD, expect)
    return None


def _begun(path: Path, begin: str, encoding: str, whole: bool, expect: Collection[str]) -> Opened | None:
    """The header, where it is what both lanes take for it."""
    if begin.lstrip().startswith(("{", "[")):
        return None
    delimiter = text.delimiter(begin)
    lines = begin if whole else begin[:begin.rfind("\n") + 1]
    try:
        rows = list(csv.reader(io.StringIO(lines), delimiter=delimiter))[:40]
    except csv.Error:
        return None
    heads = [c.strip() for c in rows[0]] if len(rows) > 1 else []
    if len(heads) < 2 or not all(heads) or len(set(heads)) < len(heads) or "\n" in "".join(rows[0]):
        return None
    if headers.find(rows, expect) != heads:
        return None
    return Opened(path, tuple(heads), delimiter, encoding)
