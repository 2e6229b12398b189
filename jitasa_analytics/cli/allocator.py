"""A process that serves for weeks takes its memory from the C library, which can give it back.

Python's own allocator returns memory a mebibyte at a time, and only where nothing at all is left in it: one small
object that outlives the visitors keeps each. Measured on the published country, 290 visitors who came and went left
73 MB behind with it, and nothing with the C library's, at the same time for a page and for a change.
The allocator can only be chosen before Python starts.
"""

from __future__ import annotations

import os
import sys

_ASKED = "JITASA_ALLOCATOR"
_CHOICE = "PYTHONMALLOC"


def settle() -> None:
    """Start this program anew with the C library's allocator, in the same process, where that is of use.

    Where somebody has chosen an allocator already, or on another system than Linux, nothing happens. What this
    process starts is not concerned.
    """
    if os.environ.pop(_ASKED, None):
        os.environ.pop(_CHOICE, None)
    elif sys.platform == "linux" and _CHOICE not in os.environ:
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]],
                  {**os.environ, _CHOICE: "malloc", _ASKED: "1"})
