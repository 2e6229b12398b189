"""A power failure at any step that a program makes on the disk, as hard as a disk may take it.

Steps are counted where Python flushes, moves, copies or removes. At the chosen one the process ends, and what was
not flushed is lost: a file keeps what it held when it was last flushed, and, where names are
lost too, a folder that was not flushed forgets the names that it got since (a moved file is back at its old content).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

OUT_OF_POWER = 9


class Power:
    """Counts the steps under a folder, and fails at one of them.

    Parameters
    ----------
    folder : Path
        What stands there now is taken as flushed.
    fails_at : int
        The step (from 1) before which the power fails; 0 for never.
    loses_names : bool
        Whether names that were not flushed are lost too.
    """

    def __init__(self, folder: Path, fails_at: int = 0, *, loses_names: bool = False) -> None:
        self.folder, self.fails_at, self.loses_names = folder, fails_at, loses_names
        self.steps = 0
        self._remove = Path.unlink
        # Of each file (by its number, for it may be moved) what was flushed: its size and when it was written.
        self.flushed = dict(self._state(p) for p in self._files())
        self.names = {p: p.read_bytes() if p.stat().st_size < 1 << 16 else None for p in self._files()}
        self.durable_names = set(self.names)

    def __enter__(self) -> Power:
        for module, name in ((os, "fsync"), (os, "replace"), (os, "unlink"), (shutil, "copyfile")):
            setattr(module, name, self._counted(getattr(module, name), name))
        for name in ("replace", "unlink"):
            setattr(Path, name, self._counted(getattr(Path, name), name))
        return self

    def __exit__(self, *exception: object) -> None:
        pass  # the process ends with it

    def _counted(self, step: Callable[..., Any], name: str) -> Callable[..., Any]:
        def counted(*arguments: Any, **more: Any) -> Any:
            self.steps += 1
            if self.steps == self.fails_at:
                self.fail()
            done = step(*arguments, **more)
            if name == "fsync":
                self._flush(Path(f"/proc/self/fd/{arguments[0]}").readlink())
            return done
        return counted

    def _flush(self, path: Path) -> None:
        if path.is_dir():
            self.durable_names -= {p for p in self.durable_names if p.parent == path and not p.exists()}
            for child in path.iterdir():
                if child.is_file():
                    self.durable_names.add(child)
                    self.names[child] = child.read_bytes() if child.stat().st_size < 1 << 16 else None
        elif path.is_file():
            number, state = self._state(path)
            self.flushed[number] = state

    def fail(self) -> None:
        """Lose what was not flushed, and end."""
        for path in self._files():
            number, state = self._state(path)
            size, _ = self.flushed.get(number, (0, 0))
            if self.flushed.get(number) != state:
                os.truncate(path, size)
        if self.loses_names:
            for path in self._files():
                if path not in self.durable_names:
                    self._remove(path)
                elif self.names.get(path) is not None and path.name == "CURRENT":
                    path.write_bytes(self.names[path] or b"")
        os._exit(OUT_OF_POWER)

    def _files(self) -> list[Path]:
        return [p for p in self.folder.rglob("*") if p.is_file()]

    @staticmethod
    def _state(path: Path) -> tuple[int, tuple[int, int]]:
        state = path.stat()
        return state.st_ino, (state.st_size, state.st_mtime_ns)
