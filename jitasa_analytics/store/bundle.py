"""A version of a store as bytes, for a machine that does not see its folder."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from jitasa_analytics.store import manifest as files
from jitasa_analytics.store.store import Store

_RESTRICTED = "restricted"


def pack(store: Store, version: int) -> dict[str, bytes]:
    """The files of a version by their path in the store; what is restricted is left out, its file is empty."""
    found = store.manifest(version)
    content = {f"{files.VERSIONS}/{found.name}": (store.folder / files.VERSIONS / found.name).read_bytes(),
               files.POINTER: f"{found.name}\n".encode()}
    for group, name in found.files.items():
        path = store.folder / files.FILES / name
        content[f"{files.FILES}/{name}"] = b"" if group == _RESTRICTED else path.read_bytes()
    return content


def unpack(content: Mapping[str, bytes], folder: Path) -> Path:
    """Lay the files of `pack` into a folder, once: a file that is there is kept, another appears whole.

    Any number of processes may do so at the same time. Returns the folder.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The pointer last: a folder with a pointer has all its files.
    for name in sorted(content, key=lambda n: (n == files.POINTER, n)):
        target = folder / name
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        with os.fdopen(handle, "wb") as file:
            file.write(content[name])
        # Never over a file that another process may have open.
        with contextlib.suppress(FileExistsError):
            os.link(part, target)
        Path(part).unlink()
    return folder
