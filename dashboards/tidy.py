"""What left visitors held is given back to the machine once the server has a quiet moment.

A session is a web of objects that refer to each other, so it goes only when Python looks for such webs; by itself
Python does so when a quarter more objects are there than after the last look, which for a server with a few hundred
thousand objects of its own is many visitors later. And what is freed stays with the process until the C library is
asked to return it.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import time
from collections.abc import Callable
from typing import Any

from tornado.ioloop import PeriodicCallback

# Seconds between two looks, the share of a core below which the server counts as quiet, and the seconds after
# which it is no longer waited for a quiet moment.
EVERY, QUIET, LONGEST = 5.0, 0.05, 600.0
# To look through all that fifty visitors hold takes most of a second, in which nobody is answered. Python by itself
# does so for every few visitors who come; with this third threshold (10 is its own) about once in a hundred and forty.
SELDOM = 200


class Tidy:
    """Looks now and then whether visitors have left, and gives back what they held.

    Parameters
    ----------
    sessions : callable
        The ids of the sessions that live.
    used, now : callable
        Seconds of processor that this process has used, and seconds of a clock.
    """

    def __init__(self, sessions: Callable[[], set[str]], used: Callable[[], float] = time.process_time,
                 now: Callable[[], float] = time.monotonic) -> None:
        self._sessions, self._used, self._now = sessions, used, now
        self._seen: set[str] = set()
        self._left: float | None = None
        self._before = (now(), used())

    def look(self) -> bool:
        """Tidy up if somebody has left since the last time and it is quiet; whether that was done."""
        here, (at, used) = self._sessions(), (self._now(), self._used())
        (at_before, used_before), self._before = self._before, (at, used)
        if self._left is None and self._seen - here:
            self._left = at
        self._seen = here
        if self._left is None:
            return False
        busy = used - used_before > QUIET * max(at - at_before, 1e-9)
        if busy and at - self._left < LONGEST:
            return False
        self._left = None
        gc.collect()
        give_back()
        self._before = (self._now(), self._used())
        return True


def give_back() -> None:
    """Ask the C library to return what it holds free; nothing happens where it has no such call."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def keep_tidy(server: Any) -> PeriodicCallback:
    """Set aside what is there before the first visitor, so that no look walks over it, and tidy up from now on.

    While visitors press buttons, Python itself looks more seldom.
    """

    def sessions() -> set[str]:
        return {session.id for session in server.get_sessions()}

    gc.collect()
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], SELDOM)
    tidy = PeriodicCallback(Tidy(sessions).look, 1000 * EVERY)
    tidy.start()
    return tidy
