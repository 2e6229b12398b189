"""Somebody who watches an import."""

from __future__ import annotations

from collections.abc import Callable


class Watcher:
    """Notes how far an import is, and does something at one point of it."""

    def __init__(self, act: Callable[[], None], at: int) -> None:
        self._act, self._at = act, at
        self.seen: list[tuple[int, int, int]] = []

    def __call__(self, file: str, stage: str) -> None:
        pass

    def advance(self, file: str, done: int, total: int, rows: int) -> None:
        self.seen.append((done, total, rows))
        if len(self.seen) == self._at:
            self._act()
