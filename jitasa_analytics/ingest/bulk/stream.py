"""A large file of text as blocks of UTF-8 that end where a line ends, whatever it is written in."""

from __future__ import annotations

import codecs
import gzip
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numba
import numpy as np

from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest.bulk.eights import AT_ONCE, Bytes
from jitasa_analytics.ingest.text import MAX_LINE, MAX_RATIO, SMALL
from jitasa_analytics.ingest.workbook import too_large

BLOCK = 6 << 20
_PIECE = 3 << 20
_BOM = b"\xef\xbb\xbf"


class OtherEncodingError(Exception):
    """The bytes are no UTF-8: the file has to be begun again in another encoding."""


class Stream:
    """The bytes of a file, decoded and unpacked on the way.

    Parameters
    ----------
    path : Path
        The file; ``.gz`` is unpacked.
    encoding : str
        ``utf-8``, ``utf-16`` or ``cp874``.

    Attributes
    ----------
    done, total : int
        Bytes of the file itself that were read, and how many there are.
    sha256 : str
        The digest of the file's own bytes, once all of them were read.
    """

    def __init__(self, path: Path, encoding: str) -> None:
        self.path = path
        self.encoding = encoding
        self.total = path.stat().st_size
        self.done = 0
        self.sha256 = ""
        self._block = BLOCK

    def blocks(self) -> Iterator[Bytes]:
        """Blocks of whole lines; the last may lack the end of its line.

        A block stays as it is while the next one is read; then its memory is used again.

        Raises
        ------
        OtherEncodingError
            If the text is no UTF-8 where that was expected.
        InputError
            If it is no text in this encoding, holds NUL bytes, or is no table at all.
        """
        if self.encoding == "utf-8" and self.path.suffix.lower() != ".gz":
            yield from self._as_they_are()
            return
        rest: list[bytes] = []
        held = since = 0
        for text in self._texts():
            # A line that does not end is no line of a table; it must not fill the memory.
            end = text.rfind(b"\n") + 1
            since = len(text) - end if end else since + len(text)
            if since > MAX_LINE and text.rfind(b"\r") < 0:
                raise self._too_long()
            rest.append(text)
            held += len(text)
            if held >= self._block and end:
                keep = text[end:]
                rest[-1] = text[:end]
                yield np.frombuffer(b"".join(rest), np.uint8)
                rest, held = ([keep], len(keep)) if keep else ([], 0)
        if held:
            yield np.frombuffer(b"".join(rest), np.uint8)

    def _as_they_are(self) -> Iterator[Bytes]:
        """The blocks of a file that need not be written anew: read into three places by turns."""
        make = codecs.getincrementaldecoder("utf-8")()
        # One is with the caller, one is read, and the third takes what stands behind its last line.
        here, there, before = (np.empty(self._block + _PIECE, np.uint8) for _ in range(3))
        held = since = 0
        with self.path.open("rb") as file:
            raw = _Raw(file)
            while True:
                if held + _PIECE > len(here):
                    here = np.concatenate([here, np.empty(len(here), np.uint8)])
                piece = here[held:held + raw.into(here[held:held + min(_PIECE, self._block)])]
                if not len(piece):
                    break
                ascii_only, null = _look(piece)
                if not ascii_only or make.getstate()[0]:
                    self._check_utf8(make, piece.tobytes())
                if not self.done and piece[:len(_BOM)].tobytes() == _BOM:
                    piece[:-len(_BOM)] = piece[len(_BOM):].copy()
                    piece = piece[:-len(_BOM)]
                if null:
                    raise self._with_nulls()
                self.done = raw.got
                end = _after_last_line(piece)
                since = len(piece) - end if end else since + len(piece)
                if since > MAX_LINE and not (piece == 13).any():
                    raise self._too_long()
                end, held = held + end if end else 0, held + len(piece)
                if held >= self._block and end:
                    left = held - end
                    if left > len(there) - _PIECE:
                        there = np.empty(2 * left + _PIECE, np.uint8)
                    there[:left] = here[end:held]
                    yield here[:end]
                    here, there, before, held = there, before, here, left
            self._check_utf8(make, b"", final=True)
            self.done, self.sha256 = raw.got, raw.digest.hexdigest()
        if held:
            yield here[:held]

    def _too_long(self) -> InputError:
        return too_large(self.path, f"a line is longer than {MAX_LINE >> 20} MB")

    def _with_nulls(self) -> InputError:
        return InputError(f"{self.path.name} holds NUL bytes: it is damaged or no text; export it again",
                          key="error.file_broken", file=self.path.name, why="NUL")

    def _texts(self) -> Iterator[bytes]:
        """Pieces as UTF-8, without the mark at the beginning."""
        make = codecs.getincrementaldecoder(self.encoding)()
        first = True
        with _opened(self.path) as (file, raw):
            while piece := file.read(min(_PIECE, self._block)):
                if self.encoding == "utf-8":
                    if first:
                        piece = piece.removeprefix(_BOM)
                    self._check_utf8(make, piece)
                else:
                    piece = self._decoded(make, piece)
                first = False
                if b"\x00" in piece:
                    raise self._with_nulls()
                self.done = raw.got
                yield piece
            if self.encoding == "utf-8":
                self._check_utf8(make, b"", final=True)
            elif tail := self._decoded(make, b"", final=True):
                yield tail
            self.done, self.sha256 = raw.got, raw.digest.hexdigest()

    def _check_utf8(self, make: codecs.IncrementalDecoder, piece: bytes, *, final: bool = False) -> None:
        if piece.isascii() and not final and not make.getstate()[0]:
            return
        try:
            make.decode(piece, final)
        except UnicodeDecodeError as error:
            raise OtherEncodingError from error

    def _decoded(self, make: codecs.IncrementalDecoder, piece: bytes, *, final: bool = False) -> bytes:
        try:
            return make.decode(piece, final).encode()
        except UnicodeDecodeError as error:
            raise InputError(f"{self.path.name} is neither UTF-8 nor Thai (cp874) text; save it as 'CSV UTF-8'",
                             key="error.file_encoding", file=self.path.name) from error


class _Raw:
    """A file that is digested and counted as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.got, self.digest = file, 0, hashlib.sha256()

    def read(self, count: int = -1) -> bytes:
        """At most so many bytes."""
        found = self._file.read(count)
        self.got += len(found)
        self.digest.update(found)
        return found


    def into(self, place: Bytes) -> int:
        """Read into a place; says how many bytes."""
        found = int(self._file.readinto(place.data))  # type: ignore[attr-defined]
        self.got += found
        self.digest.update(place[:found].data)
        return found


@numba.njit(cache=True, nogil=True)
def _look(data: Bytes) -> tuple[bool, bool]:
    """Whether all bytes are ASCII, and whether one is 0.

    They are counted a piece at a time, in numbers as small as the bytes, so that many are looked at at once.
    """
    whole = len(data) // AT_ONCE * AT_ONCE
    others: Any = 0
    nulls: Any = 0
    for base in range(0, whole, AT_ONCE):
        piece = data[np.uint64(base):np.uint64(base + AT_ONCE)]
        high, null = np.uint8(0), np.uint8(0)
        for k in range(AT_ONCE):
            high = np.uint8(high + (piece[k] >> np.uint8(7)))
            null = np.uint8(null + np.uint8(piece[k] == 0))
        others += high
        nulls += null
    for i in range(whole, len(data)):
        others += data[i] >> 7
        nulls += data[i] == 0
    return bool(others == 0), bool(nulls != 0)


@numba.njit(cache=True, nogil=True)
def _after_last_line(data: Bytes) -> int:
    """Where the last line that ends has ended; 0 where none does."""
    for i in range(len(data) - 1, -1, -1):
        if data[i] == 10:
            return i + 1
    return 0


class _Unpacked:
    """A gzip file that is given up where it unpacks to far more than it is."""

    def __init__(self, path: Path, file: gzip.GzipFile) -> None:
        self._path, self._file, self._size, self._got = path, file, path.stat().st_size, 0

    def read(self, count: int = -1) -> bytes:
        """At most so many bytes."""
        found = self._file.read(count)
        self._got += len(found)
        if self._got > SMALL and self._got > MAX_RATIO * self._size:
            raise too_large(self._path, f"it unpacks to more than {self._got >> 20:,} MB")
        return found


@contextmanager
def _opened(path: Path) -> Iterator[tuple[_Raw | _Unpacked, _Raw]]:
    """The text's bytes, and the file itself, which knows how far it was read."""
    with path.open("rb") as file:
        raw = _Raw(file)
        if path.suffix.lower() != ".gz":
            yield raw, raw
            return
        with gzip.GzipFile(fileobj=raw) as packed:  # type: ignore[call-overload]
            yield _Unpacked(path, packed), raw
