"""Delimited text: its encoding, its size, its quotes. Read line by line, so that memory does not grow with it."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from jitasa_analytics.ingest.apart.limits import MAX_CELLS, MAX_COLUMNS, BrokenError, TooMuchError

# A file, unpacked; rows of people hardly ever pack tighter than 1 to 50.
MAX_BYTES = 4 << 30
MAX_RATIO = 250
SMALL = 64 << 20
MAX_LINE = 8 << 20
_BLOCK = 4 << 20
_LOOKED_AT = 20_000


@dataclass(frozen=True)
class Text:
    """A text that was looked through once: how it is encoded, and what stands between its cells."""

    path: Path
    encoding: str
    delimiter: str
    size: int


def unpacked(path: Path) -> IO[bytes]:
    """The bytes of a file, which gzip may have packed."""
    return gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def opened(path: Path) -> Text:
    """Look through a text once.

    Raises
    ------
    TooMuchError
        If it, unpacked, or one of its lines is larger than any table of people.
    BrokenError
        If it is damaged, holds NUL bytes, or its letters can't be read.
    """
    decoders: dict[str, codecs.IncrementalDecoder] = {}
    heads: dict[str, str] = {}
    total, since_line = 0, 0
    packed = path.stat().st_size if path.suffix.lower() == ".gz" else None
    try:
        with unpacked(path) as file:
            while block := file.read(_BLOCK):
                decoders = decoders or _decoders(block)
                total += len(block)
                since_line = _checked(block, total, packed, since_line)
                _decode(decoders, block, heads, last=False)
        _decode(decoders, b"", heads, last=True)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BrokenError(str(error)) from error
    encoding = next(iter(decoders), "utf-8-sig")
    return Text(path, encoding, delimiter(heads.get(encoding, "")), total)


def _decoders(first: bytes) -> dict[str, codecs.IncrementalDecoder]:
    """What the text may be, the likeliest first."""
    utf16 = first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return {name: codecs.getincrementaldecoder(name)() for name in (["utf-16"] if utf16 else ["utf-8-sig", "cp874"])}


def _checked(block: bytes, total: int, packed: int | None, since_line: int) -> int:
    """Refuse what is too large; the bytes since the last end of line."""
    if total > MAX_BYTES or (packed is not None and total > SMALL and total > MAX_RATIO * packed):
        raise TooMuchError(f"it {'unpacks to' if packed else 'has'} more than {total >> 20:,} MB")
    first, last = _line_ends(block)
    if (len(block) if first < 0 else first) + since_line > MAX_LINE:
        raise TooMuchError(f"a line is longer than {MAX_LINE >> 20} MB")
    return since_line + len(block) if last < 0 else len(block) - last


def _line_ends(block: bytes) -> tuple[int, int]:
    ends = [e for e in (block.find(b"\n"), block.find(b"\r")) if e >= 0]
    return (min(ends), max(block.rfind(b"\n"), block.rfind(b"\r"))) if ends else (-1, -1)


def _decode(decoders: dict[str, codecs.IncrementalDecoder], block: bytes, heads: dict[str, str], *,
            last: bool) -> None:
    """Strike out the encodings that don't fit, and keep the first letters of those that do."""
    for name in list(decoders):
        try:
            text = decoders[name].decode(block, last)
        except UnicodeDecodeError:
            del decoders[name]
            continue
        if "\x00" in text:
            raise BrokenError("it holds NUL bytes: it is damaged or no text", "error.file_broken", why="NUL")
        if len(heads.setdefault(name, "")) < _LOOKED_AT:
            heads[name] += text[:_LOOKED_AT]
    if not decoders and (block or heads):
        raise BrokenError("it is neither UTF-8 nor Thai (cp874) text", "error.file_encoding")


def delimiter(text: str) -> str:
    """What stands between cells: most often in the first line, or in one of those below a title."""
    lines = text[:_LOOKED_AT].lstrip("\r\n ").split("\n")[:30]
    first = max(",;\t|", key=lines[0].count)
    if lines[0].count(first):
        return first
    return max(",;\t|", key=lambda d: max(line.count(d) for line in lines))


def rows(text: Text) -> Iterator[tuple[int, list[str]]]:
    """The numbered rows; a quote that is never closed would swallow the rest of the file, and is refused.

    Quotes inside a text that are not doubled are read as they stand, in the whole file.
    """
    csv.field_size_limit(2 * MAX_LINE)
    yield from _rows(text, strict=_strictly(text))


def _strictly(text: Text) -> bool:
    line = 1
    with _text(text) as file:
        reader = csv.reader(file, delimiter=text.delimiter, strict=True)
        try:
            while True:
                line = reader.line_num + 1
                next(reader)
        except StopIteration:
            return True
        except csv.Error as error:
            if "end of data" in str(error) or "field limit" in str(error):
                raise BrokenError(f"a quote that is opened in line {line} is never closed", "import.unclosed_quote",
                                  line=line) from error
            return False


def _rows(text: Text, *, strict: bool) -> Iterator[tuple[int, list[str]]]:
    cells = 0
    with _text(text) as file:
        for number, row in enumerate(csv.reader(file, delimiter=text.delimiter, strict=strict), 1):
            cells += len(row)
            if len(row) > MAX_COLUMNS:
                raise TooMuchError(f"row {number} has {len(row):,} columns")
            if cells > MAX_CELLS:
                raise TooMuchError("it has too many cells")
            yield number, row


def _text(text: Text) -> IO[str]:
    return io.TextIOWrapper(unpacked(text.path), encoding=text.encoding, newline="")
