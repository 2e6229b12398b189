"""Reading a log from its end: what is newest is found without reading what is old."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

_BLOCK = 1 << 16


def lines(path: Path, end: int | None = None) -> Iterator[str]:
    """The whole lines of a file that end before a byte, the last one first; none where there is no file.

    Parameters
    ----------
    path : Path
    end : int, optional
        Where a line begins; the file's end by default.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        at = file.seek(0, 2) if end is None else end
        rest = b""
        while at > 0:
            step = min(_BLOCK, at)
            at -= step
            file.seek(at)
            parts = (file.read(step) + rest).split(b"\n")
            rest = parts.pop(0)
            yield from (p.decode("utf-8", "replace") for p in reversed(parts) if p)
        if rest:
            yield rest.decode("utf-8", "replace")


def after(path: Path, later: Callable[[str], bool]) -> int:
    """Where the first line begins for which ``later`` holds, of a file whose lines are in order; its size else.

    Parameters
    ----------
    path : Path
    later : callable
        False for the lines at the beginning and true for those after them.
    """
    if not path.exists():
        return 0
    with path.open("rb") as file:
        size = file.seek(0, 2)

        def line_from(at: int) -> tuple[int, bytes]:
            """The first line that begins at a byte or behind it, and where it begins."""
            file.seek(max(at - 1, 0))
            if at:
                file.readline()
            begin = file.tell()
            return begin, file.readline()

        low, high = 0, size
        while low < high:
            middle = (low + high) // 2
            begin, line = line_from(middle)
            if not line or later(line.decode("utf-8", "replace")):
                high = middle
            else:
                low = begin + len(line)
        return line_from(low)[0]
