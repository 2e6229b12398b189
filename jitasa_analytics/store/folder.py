"""A thread that folds the journal, so that every reader sees a small write within a second."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from jitasa_analytics.errors import JitasaError
from jitasa_analytics.store import journal
from jitasa_analytics.store import manifest as files
from jitasa_analytics.store.manifest import Position

# Seconds between two versions that small writes make, where there is time; and how often a busy lock is tried again.
PAUSE = 0.25
_AGAIN = 0.1
# A write that just missed one version waits for it, for the pause and for the next one: together less than a second.
_SEEN = 0.75
_LEAST = 0.03

_log = logging.getLogger(__name__)


def pause_after(took: float) -> float:
    """Seconds to rest after a version that took so long.

    >>> [round(pause_after(t), 2) for t in (0.05, 0.3, 0.5, 4.0)]
    [0.25, 0.15, 0.03, 2.0]
    """
    if took > _SEEN:  # a store so large that its copy takes long is folded less often
        return took / 2
    return max(_LEAST, min(PAUSE, _SEEN - 2 * took))


class Folding:
    """Folds the journal of one store in the background; several processes may do so side by side.

    Parameters
    ----------
    folder : Path
        The store.
    fold : callable
        Folds what is pending under the writer's lock, at once or not at all; says whether it had the lock.
    """

    def __init__(self, folder: Path, fold: Callable[[], bool]) -> None:
        self._folder, self._fold = folder, fold
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._begin = threading.Lock()
        self._pause = PAUSE
        self.failed = ""

    def wake(self) -> None:
        """Say that something is pending."""
        self._wake.set()
        if self._thread is None or not self._thread.is_alive():
            with self._begin:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._run, name="jitasa-journal", daemon=True)
                    self._thread.start()

    def stop(self) -> None:
        """Fold what is pending, where the lock is free, and end the thread."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(30)
        with contextlib.suppress(JitasaError, OSError):
            if self._pending():
                self._fold()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            self._wake.clear()
            while not self._stop.is_set():
                try:
                    if self._stop.wait(self._rest()) or not self._pending():
                        break
                    started, before = time.monotonic(), self._held()
                    had_lock = self._fold()
                    self._pause = pause_after(time.monotonic() - started) if had_lock else self._pause
                    self.failed = ""
                    if not had_lock:
                        self._stop.wait(_AGAIN)
                    elif self._held() == before:
                        break  # a line that a crash cut off: nothing to fold until the next write
                except (JitasaError, OSError) as error:  # a full disk may have room again
                    if not self._folder.is_dir():
                        break
                    if str(error) != self.failed:
                        _log.error("the journal of %s can't be folded: %s", self._folder, error)
                    self.failed = str(error)
                    self._stop.wait(1)

    def _pending(self) -> bool:
        return journal.pending(self._folder, self._held())

    def _held(self) -> Position:
        return files.current(self._folder).journal

    def _rest(self) -> float:
        """Seconds until the next version may come."""
        try:
            age = time.time() - (self._folder / files.POINTER).stat().st_mtime
        except FileNotFoundError:
            return 0.0
        return max(0.0, min(self._pause, self._pause - age))


_RUNNING: dict[Path, Folding] = {}
_STARTING = threading.Lock()


def folding_of(folder: Path, fold: Callable[[], bool]) -> Folding:
    """The folding of a store in this process."""
    path = folder.resolve()
    with _STARTING:
        if path not in _RUNNING:
            _RUNNING[path] = Folding(path, fold)
        return _RUNNING[path]


def stop_all() -> None:
    """Fold what is pending everywhere and end all threads; done when the process ends."""
    for folding in list(_RUNNING.values()):
        folding.stop()
    _RUNNING.clear()


def _forked() -> None:
    """A child has no threads of its parent's."""
    global _STARTING
    _STARTING = threading.Lock()
    _RUNNING.clear()


os.register_at_fork(after_in_child=_forked)
atexit.register(stop_all)
