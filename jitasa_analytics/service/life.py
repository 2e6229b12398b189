"""The life of a request: which states follow which."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from jitasa_analytics.errors import InputError, JitasaError

# A closed request opens again as confirmed: somebody looked at it.
NEXT: dict[str, tuple[str, ...]] = {
    "new": ("confirmed", "assigned", "not_helped", "duplicate", "withdrawn"),
    "confirmed": ("assigned", "not_helped", "duplicate", "withdrawn"),
    "assigned": ("on_the_way", "confirmed", "helped", "not_helped", "duplicate", "withdrawn"),
    "on_the_way": ("helped", "not_helped", "assigned", "withdrawn"),
    "helped": ("confirmed",), "not_helped": ("confirmed",), "duplicate": ("confirmed",), "withdrawn": ("confirmed",),
}

OPEN = tuple(state for state in NEXT if state not in ("helped", "not_helped", "duplicate", "withdrawn"))


def check(now: str, then: str) -> None:
    """Refuse a step that no request takes.

    Raises
    ------
    InputError
        Naming the states that may follow.

    >>> check("new", "confirmed")
    >>> check("helped", "on_the_way")
    Traceback (most recent call last):
    jitasa_analytics.errors.InputError: a request that is helped can't become on_the_way; it may become confirmed
    """
    if then not in NEXT[now]:
        raise InputError(f"a request that is {now} can't become {then}; it may become {', '.join(NEXT[now])}",
                         key="service.requests.step", now=now, then=then, known=", ".join(NEXT[now]))


class ChangedError(JitasaError, RuntimeError):
    """Somebody else changed a request after it was looked at; nothing was written."""


def revision(row: Mapping[Any, Any], events: Iterable[str]) -> str:
    """What a request was when it was looked at: another state or another event has another revision.

    >>> revision({"status": "new", "urgency": "high", "people": 1}, ["e1"]) == revision(
    ...     {"status": "new", "urgency": "high", "people": 1}, ["e1", "e2"])
    False
    """
    said = [str(row[name]) for name in ("status", "urgency", "people")] + sorted(events)
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:12]
