"""Versions on disk: the manifest, the CURRENT pointer, and what makes them durable.

A version is a manifest ``versions/v00000042.json`` that names one immutable DuckDB file per
group. ``CURRENT`` names the manifest and is moved atomically, so a reader sees a whole version
or the one before. Nothing is ever renamed over a file that a reader may hold open: files of
groups get names that are never used again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from jitasa_analytics.errors import StoreError

FORMAT = 1
POINTER = "CURRENT"
VERSIONS = "versions"
FILES = "files"
_WAY_OUT = "restore the folder from a copy, or import again into a new store"
_READS = 5


@dataclass(frozen=True)
class Held:
    """What a version holds of one dataset."""

    rows: int = 0
    as_of: str | None = None
    imported_at: str | None = None


@dataclass(frozen=True, order=True)
class Position:
    """How far a version holds the journal: every line of earlier segments, and this one up to a byte."""

    segment: int = 1
    offset: int = 0


@dataclass(frozen=True)
class Manifest:
    """One version of the store.

    Attributes
    ----------
    files : dict
        The file of each group.
    journal : Position
        How much of the journal of small writes the version holds.
    oldest : int
        Versions below this number were purged for good; a writer removes what a crash left of them.
    """

    version: int
    created_at: str
    sample: bool
    files: dict[str, str] = field(default_factory=dict)
    datasets: dict[str, Held] = field(default_factory=dict)
    note: str = ""
    format: int = FORMAT
    journal: Position = Position()
    oldest: int = 0

    @property
    def name(self) -> str:
        """The manifest's file name."""
        return f"v{self.version:08d}.json"


# Manifests never change, and whoever waits for the next version looks at the current one again and again.
_REMEMBERED = 64
_READ: dict[str, tuple[tuple[int, int, int], Manifest]] = {}


def dump(manifest: Manifest) -> bytes:
    """The manifest as JSON with a checksum over its body, so that half a file is never believed."""
    body = asdict(manifest)
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, indent=1)
    return json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest(), "manifest": body},
                      ensure_ascii=False, sort_keys=True, indent=1).encode()


def read(path: Path) -> Manifest:
    """Read a manifest and check it, whether or not its files are there.

    Raises
    ------
    StoreError
        If it is missing, damaged or of a newer format.
    """
    try:
        found = path.stat()
        known = _READ.get(str(path))
        if known is not None and known[0] == (found.st_ino, found.st_mtime_ns, found.st_size):
            return known[1]
        outer = json.loads(path.read_text("utf-8"))
        body: dict[str, Any] = outer["manifest"]
        text = json.dumps(body, ensure_ascii=False, sort_keys=True, indent=1)
        whole = hashlib.sha256(text.encode()).hexdigest() == outer["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"the store's version file {path.name} is missing or damaged ({error}); {_WAY_OUT}",
                         key="error.store_damaged", what=path.name) from error
    if not whole:
        raise StoreError(f"the store's version file {path.name} is damaged: its checksum does not fit; {_WAY_OUT}",
                         key="error.store_damaged", what=path.name)
    if body["format"] > FORMAT:
        raise StoreError(f"the store is of format {body['format']}, this program reads up to {FORMAT}; "
                         "update jitasa-analytics", key="error.store_newer")
    manifest = parse(body)
    if len(_READ) >= _REMEMBERED:
        _READ.clear()
    _READ[str(path)] = (found.st_ino, found.st_mtime_ns, found.st_size), manifest
    return manifest


def parse(body: dict[str, Any]) -> Manifest:
    """A manifest from its JSON body."""
    known = {f.name for f in fields(Manifest)}
    return Manifest(**{
        **{k: v for k, v in body.items() if k in known},
        "datasets": {k: Held(**v) for k, v in body["datasets"].items()},
        "journal": Position(**body.get("journal", {}))})


def load(path: Path) -> Manifest:
    """Read a manifest, check it, and see that the files it names are there.

    Raises
    ------
    StoreError
        If it is missing, damaged, of a newer format, or names a file that is gone.
    """
    manifest = read(path)
    for name in manifest.files.values():
        if not (path.parent.parent / FILES / name).is_file():
            raise StoreError(f"the store is incomplete: {path.name} names {FILES}/{name}, which is gone; {_WAY_OUT}",
                             key="error.store_damaged", what=name)
    return manifest


def current(folder: Path) -> Manifest:
    """The manifest that CURRENT names.

    A pointer that moved while it was followed is followed again: the version it named first may
    have been removed in between, and a network file system may show a moved file as absent for a moment.

    Raises
    ------
    StoreError
        If there is no store at ``folder``, or a half-written one.
    """
    pointer = folder / POINTER
    if not folder.is_dir() or not (pointer.is_file() or (folder / VERSIONS).is_dir()):
        raise StoreError(f"there is no store at {folder}; make one with 'jitasa import' or 'jitasa demo', "
                         "or name another folder with --store",
                         key="error.no_store", path=str(folder))
    for attempt in range(_READS):
        name = _pointed(pointer)
        try:
            if name:
                return load(folder / VERSIONS / name)
        except StoreError:
            if attempt == _READS - 1 or _pointed(pointer) == name:
                raise
        if attempt < _READS - 1 and not name:
            time.sleep(0.01)
    raise StoreError(f"the store at {folder} is half-written: its file {POINTER} is missing or damaged; list what "
                     "is whole with 'jitasa versions' and publish one of them with 'jitasa restore VERSION'",
                     key="store.error.store_no_pointer", what=POINTER)


def _pointed(pointer: Path) -> str:
    """The manifest's name in CURRENT, empty where it can't be read or holds none."""
    try:
        name = pointer.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return name if name.startswith("v") and name.endswith(".json") and "/" not in name else ""


def points_at(folder: Path, version: int) -> bool:
    """Whether CURRENT names this version; no where that can't be told."""
    return _pointed(folder / POINTER) == f"v{version:08d}.json"


def numbers(folder: Path) -> list[int]:
    """The numbers of all manifests in the folder, oldest first."""
    found = (p.stem[1:] for p in (folder / VERSIONS).glob("v*.json"))
    return sorted(int(n) for n in found if n.isdigit())


def path_of(folder: Path, version: int) -> Path:
    """The file of a version's manifest."""
    return folder / VERSIONS / f"v{version:08d}.json"


def at_version(folder: Path, version: int) -> Manifest:
    """The manifest of an older version by number."""
    path = path_of(folder, version)
    try:
        return load(path)
    except StoreError:
        if path.is_file():
            raise
    newest = current(folder)
    raise StoreError(f"the store has no version {version}; the newest is {newest.version}",
                     key="error.no_version", version=version, newest=newest.version)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make a file's bytes durable."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def write_new(path: Path, content: bytes) -> None:
    """Write a file whole: beside its place, flushed, then moved there."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def publish(folder: Path, manifest: Manifest, base: Manifest, *, repair: bool = False) -> None:
    """Make a version the current one; its group files must be complete and closed.

    Only files that the version before lacks are flushed again. Until CURRENT is moved nothing has
    happened; from then on the version stands, whatever fails afterwards. With ``repair`` CURRENT may
    name anything before.

    Raises
    ------
    StoreError
        If another writer published since ``base`` was read: the lock was no lock then, for
        instance because somebody removed its file.
    """
    for name in sorted(set(manifest.files.values()) - set(base.files.values())):
        sync_file(folder / FILES / name)
    sync_folder(folder / FILES)
    if base.version and not repair and _pointed(folder / POINTER) not in ("", base.name):
        raise StoreError(f"another writer published a version in {folder} meanwhile; nothing was changed, try again",
                         key="store.error.store_overtaken", path=str(folder))
    try:
        write_new(folder / VERSIONS / manifest.name, dump(manifest))
        write_new(folder / POINTER, f"{manifest.name}\n".encode())
    except BaseException:
        if not points_at(folder, manifest.version):
            (folder / VERSIONS / manifest.name).unlink(missing_ok=True)
        raise
