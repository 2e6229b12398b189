"""A large file goes to the disk while it is written, so that little is left to wait for when it has to be durable."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

_EVERY = 0.5  # seconds


class Early:
    """Flushes a file now and then, in a thread of its own.

    What has to be durable is flushed once more by whoever promises it: an error here is nobody's.

    Parameters
    ----------
    path : Path
        A file that is there.
    """

    def __init__(self, path: Path) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._flush, args=(path,), name="early", daemon=True)
        self._thread.start()

    def _flush(self, path: Path) -> None:
        with suppress(OSError):
            file = os.open(path, os.O_RDONLY)
            try:
                while not self._ended.wait(_EVERY):
                    os.fsync(file)
            finally:
                os.close(file)

    def end(self) -> None:
        """Flush no more; the file is let go of when this returns."""
        self._ended.set()
        self._thread.join()
