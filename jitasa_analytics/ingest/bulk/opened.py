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

# Smaller files are read whole: every text of theirs by the rules.
LARGE = 4 << 20
_HEAD = 1 << 16


@dataclass(frozen=True)
class Opened:
    """The beginning of a large delimited file.

    Attributes
    ----------
    heads : tuple of str
        The headers, in the file's first line.
    encoding : str
        ``utf-8`` (until a byte says otherwise) or ``utf-16``.
    """

    path: Path
    heads: tuple[str, ...]
    delimiter: str
    encoding: str


def opened(path: Path, expect: Collection[str] = ()) -> Opened | None:
    """The beginning of a large file whose header is its first line; None for any other.

    What is wrong with a file is not said here: the careful lane says it.
    """
    suffixes = [s.lower() for s in path.suffixes]
    packed = suffixes[-1:] == [".gz"]
    kind = (suffixes[:-1] if packed else suffixes)[-1:]
    if kind not in ([".csv"], [".txt"], [".tsv"]) or not path.is_file() or path.stat().st_size < LARGE:
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
