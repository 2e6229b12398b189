"""Open snapshots kept for the next question: to open one costs as much as several short questions."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jitasa_analytics.store.manifest import Manifest
from jitasa_analytics.store.snapshot import Snapshot

# A page asks its questions one right after another. What nobody asks for so many seconds is let go, so that
# removed versions and erased people do not live on in a server that nobody looks at.
IDLE_SECONDS = 5.0


class Pool:
    """Snapshots of the newest version that wait open for a short while.

    Each is used by one thread at a time. Those of an older version are closed as soon as a newer one is asked for.

    Parameters
    ----------
    folder : Path
        The store's folder.
    keep : int
        At most so many wait open.
    """

    def __init__(self, folder: Path, *, keep: int = 8) -> None:
        self._folder, self._keep = folder, keep
        self._idle: list[Snapshot] = []
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        # At the end of the process too: DuckDB's files are let go before the interpreter is.
        weakref.finalize(self, _empty, self._idle)

    @contextmanager
    def snapshot(self, manifest: Manifest, scope: str) -> Iterator[Snapshot]:
        """A snapshot of a version, limited to a scope; it stays open for a while after the block.

        Raises
        ------
        StoreError
            If the version was removed.
        """
        with self._lock:
            old = [s for s in self._idle if s.version < manifest.version]
            fit = next((s for s in self._idle if s.version == manifest.version and s.scope == scope), None)
            self._idle[:] = [s for s in self._idle if s is not fit and s not in old]
        _close(old)
        snapshot = fit or Snapshot(self._folder, manifest, scope)
        try:
            yield snapshot
        except BaseException:
            snapshot.close()
            raise
        self._put_back(snapshot)

    def close(self) -> None:
        """Let go of all that wait."""
        with self._lock:
            waiting, self._idle[:] = list(self._idle), []
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        _close(waiting)

    def _put_back(self, snapshot: Snapshot) -> None:
        with self._lock:
            self._idle.append(snapshot)
            over = self._idle[:-self._keep]
            del self._idle[:-self._keep]
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(IDLE_SECONDS, self.close)
            self._timer.daemon = True
            self._timer.start()
        _close(over)


def _close(snapshots: list[Snapshot]) -> None:
    for snapshot in snapshots:
        snapshot.close()


def _empty(waiting: list[Snapshot]) -> None:
    _close(waiting)
    waiting.clear()
