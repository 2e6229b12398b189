"""The chain of the audit log: how an event is written as a line, and whether every line follows the one before."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

START = "0" * 64


@dataclass(frozen=True)
class Verified:
    """What a check of the log found.

    Attributes
    ----------
    lines : int
        Lines that follow one another as they were written.
    problems : tuple of (line number, what)
        ``what`` is changed, missing, order, cut, unreadable, head or other_head; empty where all is well.
    head : str
        Number and hash of the last good line, to be written down elsewhere.
    at : str
        When the last line was written; empty where there is none.
    """

    lines: int
    problems: tuple[tuple[int, str], ...]
    head: str
    at: str = ""

    @property
    def whole(self) -> bool:
        """Whether nothing was changed."""
        return not self.problems


def line_of(event: dict[str, Any]) -> str:
    """An event as the one text that its hash is made of."""
    return json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def read(line: str) -> dict[str, Any] | None:
    """The event of a line; None where it is none."""
    try:
        event = json.loads(line)
        return event if isinstance(event, dict) and {"n", "prev", "hash", "what", "who"} <= set(event) else None
    except ValueError:
        return None


def check(content: bytes, head: tuple[int, str], seal: Callable[[dict[str, Any]], str], expect: str | None = None,
          base: int = 0, digest: str = START, size: int = 0) -> Verified:
    """Check the lines behind the first ``size`` bytes, which hold ``base`` good ones and end with ``digest``.

    Parameters
    ----------
    content : bytes
        The whole log.
    head : (number, hash)
        What the record of the log's end says; the number is negative where it is missing or was changed.
    seal : callable
        The keyed hash that an event should have.
    expect : str, optional
        A head (``number:hash``) that was written down before.
    """
    problems: list[tuple[int, str]] = []
    hashes = [digest]  # of the lines from ``base`` on
    lines = content[size:].split(b"\n")
    if lines[-1]:
        problems.append((base + len(lines), "unreadable"))
    for number, line in enumerate(lines[:-1], base + 1):
        event = read(line.decode("utf-8", "replace"))
        if event is None or line_of(event).encode() != line:
            problems.append((number, "unreadable"))
            hashes.append("")
            continue
        if not hmac.compare_digest(seal(event), event["hash"]):
            problems.append((number, "changed"))
        elif event["n"] != number:
            problems.append((number, "order" if event["n"] < number else "missing"))
        elif event["prev"] != hashes[-1] and hashes[-1]:
            problems.append((number, "missing"))
        hashes.append(event["hash"])
    counted, end = head
    if counted < 0:
        problems.append((base + len(lines) - 1, "head"))
    elif counted > base + len(hashes) - 1:
        problems.append((base + len(hashes), "cut"))
    elif hashes[counted - base] != end:
        problems.append((counted, "changed"))
    if expect is not None:
        told, _, wanted = expect.partition(":")
        at = int(told) if told.isdigit() else 0
        if at >= len(hashes) or hashes[at] != wanted:
            problems.append((at, "other_head"))
    n = base + len(hashes) - 1
    last = read(content[content.rfind(b"\n", 0, -1) + 1:].decode("utf-8", "replace"))
    return Verified(n, tuple(dict.fromkeys(problems)), f"{n}:{hashes[-1]}", str(last.get("at", "")) if last else "")
