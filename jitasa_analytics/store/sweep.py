"""Remove what no version needs: leftovers of crashed writers, and versions that are to go."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from jitasa_analytics.errors import StoreError
from jitasa_analytics.store import manifest as files
from jitasa_analytics.store.locks import unread
from jitasa_analytics.store.manifest import Manifest

ERASE = "erase"
_NUMBER = re.compile(r"-(\d{8,})\.duckdb$")


def strays(folder: Path, base: Manifest) -> None:
    """Remove what a crashed writer left; call under the lock.

    That is: the manifest right behind the current one, which was written but never pointed at; group
    files that are newer than the current version; temporary files; and, where an erasure was cut off,
    the versions that it purges.
    """
    found = files.numbers(folder)
    going = [n for n in found if n < base.oldest or n == base.version + 1]
    for number in going:
        files.path_of(folder, number).unlink(missing_ok=True)
    if any(n < base.oldest for n in going) or (base.oldest and base.note == ERASE):
        unnamed(folder, base)
    for path in (folder / files.FILES).iterdir():
        if _newer(path, base):
            _remove(path)
    for parent in (folder, folder / files.VERSIONS):
        for path in parent.glob(".*.tmp"):
            path.unlink(missing_ok=True)


def _newer(path: Path, base: Manifest) -> bool:
    """Whether a file belongs to no version up to the current one, by its name."""
    number = _NUMBER.search(path.name.removesuffix(".wal"))
    return number is None or int(number[1]) > base.version


def unnamed(folder: Path, base: Manifest) -> None:
    """Remove group files that no manifest names.

    Where a manifest can't be read nobody knows what it names: then only files that are newer than
    the current version go.
    """
    named, all_read = set(base.files.values()), True
    for number in files.numbers(folder):
        if number == base.version:
            continue
        try:
            named.update(files.read(files.path_of(folder, number)).files.values())
        except StoreError:
            all_read = False
    for path in (folder / files.FILES).iterdir():
        if path.name.removesuffix(".wal") not in named and (all_read or _newer(path, base)):
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def versions(folder: Path, base: Manifest, going: Iterable[int], *, even_read: bool = False) -> tuple[list[int],
                                                                                                     list[int]]:
    """Remove versions and the files that only they name; call under the lock.

    A manifest goes before its files, so that a version that is listed is whole whenever the power fails.

    Returns
    -------
    tuple of lists
        The numbers removed, and those kept because somebody reads them.
    """
    gone, kept = [], []
    for number in sorted(set(going) - {base.version}):
        with unread(folder, number) as free:
            if free or even_read:
                files.path_of(folder, number).unlink(missing_ok=True)
                gone.append(number)
            else:
                kept.append(number)
    if gone:
        files.sync_folder(folder / files.VERSIONS)
        unnamed(folder, base)
        files.sync_folder(folder / files.FILES)
    return gone, kept
