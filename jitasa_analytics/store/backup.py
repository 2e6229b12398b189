"""A whole version in one file, and back.

The file is a zip archive without compression (the group files are compressed already): the files
of the version and, last, a manifest with the digest of each. The key that turns identities into
tokens is not in it, so that a copy that is lost names nobody; it is kept apart (``token.key``).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import zipfile
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from jitasa_analytics.errors import InputError, StoreError
from jitasa_analytics.store import history, journal, locks
from jitasa_analytics.store import manifest as files
from jitasa_analytics.store.manifest import Manifest, Position
from jitasa_analytics.store.store import Store

CONTENT = "backup.json"
_GROUP = re.compile(r"^[a-z_]{1,40}$")
_BLOCK = 1 << 20


def backup(store: Store, path: Path) -> Manifest:
    """Write the current version to one file; readers and writers go on meanwhile.

    The file appears under its name only when it is whole and durable.

    Raises
    ------
    StoreError
        If there is no store, or the file can't be written.
    """
    manifest = store.manifest()
    if journal.pending(store.folder, manifest.journal):
        with contextlib.suppress(StoreError):  # who may only read backs up what is published
            manifest = store.settle()
    held = locks.hold(store.folder, manifest)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("xb") as file:
            _pack(store.folder, manifest, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        files.sync_folder(path.parent)
    except BaseException as error:
        beside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise StoreError(f"the backup {path} can't be written: {error.strerror}", key="store.error.backup_write",
                             path=str(path), why=error.strerror or str(error)) from error
        raise
    finally:
        if held is not None:
            os.close(held)
    return manifest


def _pack(folder: Path, manifest: Manifest, file: IO[bytes]) -> None:
    digests = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for group, name in manifest.files.items():
            with (folder / files.FILES / name).open("rb") as source, \
                    archive.open(f"{group}.duckdb", "w", force_zip64=True) as target:
                digests[group] = _copy(source, target)
        content = {"format": files.FORMAT, "sha256": digests, "manifest": asdict(manifest)}
        archive.writestr(CONTENT, json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1))


def restore(store: Store, path: Path) -> Manifest:
    """Publish what a backup holds: as the first version of a new store, or as the next of one that is there.

    Raises
    ------
    InputError
        If the file is no backup, cut off or damaged. Nothing is changed then.
    StoreError
        If the folder is neither a store nor empty, or can't be written.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _unpack(store, archive, path)
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, EOFError) as error:
        if isinstance(error, InputError):
            raise
        raise _damaged(path, str(error)) from error
    except FileNotFoundError as error:
        if isinstance(error, StoreError):
            raise
        raise InputError(f"there is no file {path}; check the name", key="error.no_file",
                         file=str(path)) from error


def _unpack(store: Store, archive: zipfile.ZipFile, path: Path) -> Manifest:
    content: dict[str, Any] = json.loads(archive.read(CONTENT))
    if content["format"] > files.FORMAT:
        raise StoreError("the backup was made by a newer program; update jitasa-analytics", key="error.store_newer")
    old = files.parse(content["manifest"])
    if set(content["sha256"]) != set(old.files) or not all(_GROUP.match(g) for g in old.files):
        raise _damaged(path, CONTENT)
    with store.writing(create=True, repair=True) as base:
        number = store.next_number(base) if base.version else old.version
        made: dict[str, str] = {}
        try:
            for group in old.files:
                name = f"{group}-{number:08d}.duckdb"
                made[group] = name
                with archive.open(f"{group}.duckdb") as source, (store.folder / files.FILES / name).open("xb") as out:
                    if _copy(source, out) != content["sha256"][group]:
                        raise _damaged(path, f"{group}.duckdb")
            manifest = replace(
                base, version=number, files=made, datasets=old.datasets, sample=base.sample or old.sample,
                created_at=datetime.now(UTC).replace(microsecond=0).isoformat(), note=f"restore {path.name}",
                journal=base.journal if base.version else Position())
            files.publish(store.folder, manifest, base, repair=True)
        except BaseException:
            if not files.points_at(store.folder, number):
                for name in made.values():
                    (store.folder / files.FILES / name).unlink(missing_ok=True)
            raise
        history.log(store, "restore", version=number, backup_of=old.version)
    return manifest


def _copy(source: IO[bytes], target: IO[bytes]) -> str:
    """Copy all bytes; gives their SHA-256."""
    digest = hashlib.sha256()
    while block := source.read(_BLOCK):
        digest.update(block)
        target.write(block)
    return digest.hexdigest()


def _damaged(path: Path, what: str) -> InputError:
    return InputError(f"{path.name} is no whole backup of a store ({what}); nothing was changed. Use a file that "
                      "'jitasa backup' wrote, or another copy of it", key="store.error.backup_damaged", file=path.name,
                      what=what)
