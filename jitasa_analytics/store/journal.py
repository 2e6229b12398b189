"""Small writes: durable before they are acknowledged, in the next version within a second.

Each line of a segment ``journal/j00000001.log`` is one write: a checksum and the rows as JSON. Every
process appends to the newest segment under a short lock and flushes it before it says so; writers
that flush at the same time share one flush of the disk. What a crash cut off has no line end or a
wrong checksum, was never acknowledged, and is passed over.

A version says how far it holds the journal. What lies behind that is folded into the next version
by a thread of any process that wrote, or by the next writer of any kind after a crash.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import threading
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jitasa_analytics.contracts import DATASETS, dataset
from jitasa_analytics.errors import InputError, StoreError
from jitasa_analytics.store import manifest as files
from jitasa_analytics.store.manifest import Position
from jitasa_analytics.store.rows import Row, checked

FOLDER = "journal"
LOCK = "LOCK"
SEGMENT_BYTES = 4 << 20
# Datasets whose rows come one by one, all in the group that is small enough to be copied each second.
GROUP = "live"


@dataclass(frozen=True)
class Receipt:
    """An acknowledged write: it is on the disk, and in every version that reaches ``position``."""

    id: str
    at: str
    position: Position


@dataclass(frozen=True)
class Entry:
    """A write as the journal keeps it: rows of one or more datasets that belong together.

    ``form`` tells by which contracts they were checked.
    """

    id: str
    at: str
    rows: tuple[tuple[str, dict[str, Any], bool], ...]
    form: str = ""


@cache
def form() -> str:
    """What the contracts of small writes are today: rows that were checked by the same need no second look."""
    return f"{zlib.crc32(repr([d for d in DATASETS.values() if d.group == GROUP]).encode()):08x}"


def encode(entry: Entry) -> bytes:
    """The line of an entry."""
    body = json.dumps([entry.id, entry.at, entry.rows, entry.form], ensure_ascii=False, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def decode(line: bytes) -> Entry | None:
    """The entry of a line; None where the line is not whole.

    Raises
    ------
    StoreError
        If it is whole, and of a form that this program does not know: it was acknowledged, and must not be passed over.
    """
    try:
        if len(line) < 10 or int(line[:8], 16) != zlib.crc32(line[9:]):
            return None
    except ValueError:
        return None
    try:
        identity, at, rows, *form = json.loads(line[9:])
        return Entry(identity, at, tuple((str(n), dict(r), bool(p)) for n, r, p in rows), *map(str, form))
    except (ValueError, TypeError) as error:
        raise StoreError("the journal holds a write of a newer program; update jitasa-analytics",
                         key="error.store_newer") from error


def segments(folder: Path) -> list[int]:
    """The numbers of the segments, oldest first."""
    return sorted(int(p.stem[1:]) for p in (folder / FOLDER).glob("j*.log") if p.stem[1:].isdigit())


def segment_path(folder: Path, number: int) -> Path:
    """The file of a segment."""
    return folder / FOLDER / f"j{number:08d}.log"


def pending(folder: Path, since: Position) -> bool:
    """Whether there is anything behind a position; costs a look at the folder, not at the files."""
    for number in reversed(segments(folder)):
        if number < since.segment:
            break
        with contextlib.suppress(FileNotFoundError):
            size = segment_path(folder, number).stat().st_size
            if size > (since.offset if number == since.segment else 0):
                return True
    return False


def read(folder: Path, since: Position) -> tuple[list[Entry], Position]:
    """Whole entries behind a position, flushed to the disk, and the position behind the last of them."""
    found: list[Entry] = []
    reached = since
    for number in segments(folder):
        if number < since.segment:
            continue
        start = since.offset if number == since.segment else 0
        with segment_path(folder, number).open("rb") as file:
            file.seek(start)
            content = file.read()
            # A version must not reach further than what a failing power leaves of the journal.
            os.fsync(file.fileno())
        whole = content.rfind(b"\n") + 1
        found += [e for e in map(decode, content[:whole].splitlines()) if e is not None]
        reached = Position(number, start + whole)
    return found, reached


@contextlib.contextmanager
def _locked(handle: int) -> Iterator[None]:
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(handle, fcntl.LOCK_UN)


class Journal:
    """The journal of one store in one process; made by `journal_of`.

    Safe for threads, and for processes that fork.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._threads = threading.Lock()
        self._lock = self._segment = -1
        self._number = 0

    def append(self, rows: Sequence[tuple[str, Row]], *, partial: bool = False) -> Receipt:
        """Check rows, write them together, and come back when they are on the disk.

        Raises
        ------
        InputError
            If a row does not satisfy its contract, or its dataset is not one of single rows. Nothing is written then.
        StoreError
            If there is no store, or the disk is full or read-only. Nothing is promised then.
        """
        ready = []
        for name, row in rows:
            contract = dataset(name)
            if contract.group != GROUP:
                raise InputError(f"rows of {name} are imported from files, not written one by one",
                                 key="store.row.dataset", dataset=name)
            ready.append((name, checked(contract, row, partial=partial), partial))
        if not ready:
            raise InputError("there is no row to write", key="store.row.none")
        entry = Entry(secrets.token_hex(8), datetime.now(UTC).isoformat(timespec="microseconds"), tuple(ready), form())
        try:
            with self._threads:
                self._open()
                with _locked(self._lock):
                    self._newest()
                    position = self._write(encode(entry))
                segment = os.dup(self._segment)
            try:
                os.fsync(segment)
            finally:
                os.close(segment)
        except OSError as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(f"the write could not be kept: {error.strerror}; free space or check permissions, then "
                             "send it again", key="store.row.not_kept", why=error.strerror or str(error)) from error
        return Receipt(entry.id, entry.at, position)

    def rotate(self) -> Position:
        """Begin a new segment, so that the ones before can go once they are folded; gives its beginning."""
        with self._threads:
            self._open()
            with _locked(self._lock):
                self._newest()
                self._begin(self._number + 1)
                return Position(self._number, 0)

    def close(self) -> None:
        """Let go of the files."""
        with self._threads:
            for handle in (self._lock, self._segment):
                if handle >= 0:
                    os.close(handle)
            self._lock = self._segment = -1

    def _open(self) -> None:
        if self._lock >= 0:
            return
        folder = self.folder / FOLDER
        if not folder.is_dir():
            files.current(self.folder)
            folder.mkdir(exist_ok=True)
            files.sync_folder(self.folder)
        self._lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        with _locked(self._lock):
            self._newest()
            held = files.current(self.folder).journal
            # A folder that was put back from an older copy: new lines must lie behind what the version holds.
            if held.segment > self._number:
                self._begin(held.segment + 1)
            elif held.segment == self._number and held.offset > os.fstat(self._segment).st_size:
                self._begin(self._number + 1)

    def _newest(self) -> None:
        """Have the newest segment open; call under the lock."""
        if (self._segment >= 0 and os.fstat(self._segment).st_nlink
                and not segment_path(self.folder, self._number + 1).exists()):
            return
        found = segments(self.folder)
        if not found:
            self._begin(max(files.current(self.folder).journal.segment, 1))
            return
        self._use(found[-1], os.O_RDWR)

    def _begin(self, number: int) -> None:
        self._use(number, os.O_RDWR | os.O_CREAT)
        files.sync_folder(self.folder / FOLDER)

    def _use(self, number: int, flags: int) -> None:
        handle = os.open(segment_path(self.folder, number), flags | os.O_CLOEXEC, 0o600)
        if self._segment >= 0:
            os.close(self._segment)
        self._segment, self._number = handle, number

    def _write(self, line: bytes) -> Position:
        """Append a line under the lock; a disk that is full leaves the segment as it was."""
        start = os.lseek(self._segment, 0, os.SEEK_END)
        if start and os.pread(self._segment, 1, start - 1) != b"\n":
            line = b"\n" + line
        done = 0
        try:
            while done < len(line):
                done += os.write(self._segment, line[done:])
        except BaseException:
            os.ftruncate(self._segment, start)
            raise
        return Position(self._number, start + len(line))


def remove_folded(folder: Path, held: Position) -> None:
    """Remove the segments that a published version holds whole, oldest first."""
    for number in segments(folder):
        if number < held.segment:
            segment_path(folder, number).unlink(missing_ok=True)


_OPEN: dict[Path, Journal] = {}
_OPENING = threading.Lock()


def journal_of(folder: Path) -> Journal:
    """The journal of a store; one for each folder in a process, since locks belong to processes."""
    path = folder.resolve()
    with _OPENING:
        if path not in _OPEN:
            _OPEN[path] = Journal(path)
        return _OPEN[path]


def _forked() -> None:
    """A child begins with its own locks and files: those of the parent may be held by a thread it lacks."""
    global _OPENING
    _OPENING = threading.Lock()
    for path, journal in list(_OPEN.items()):
        for handle in (journal._lock, journal._segment):
            if handle >= 0:
                os.close(handle)
        _OPEN[path] = Journal(path)


os.register_at_fork(after_in_child=_forked)
