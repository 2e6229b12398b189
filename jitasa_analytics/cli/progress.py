"""How far an import is: a line that says what is done, and a bar with rate and time left for a large file."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TaskProgressColumn, TextColumn

from jitasa_analytics import texts


class Silent:
    """Says nothing, where nobody watches."""

    def __call__(self, file: str, stage: str) -> None:
        """A stage of a file begins."""

    def advance(self, file: str, done: int, total: int, rows: int) -> None:
        """So many bytes of a file were read."""


class Bar(Silent):
    """One line on a terminal, which goes away at the end.

    Parameters
    ----------
    lang : str
    console : rich.console.Console
        Where to; the terminal's error stream by default.
    """

    def __init__(self, lang: str, console: Console | None = None) -> None:
        self._lang = lang
        self._shown = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=30), TaskProgressColumn(),
            TextColumn("{task.fields[told]}"), console=console or Console(stderr=True), transient=True)
        self._task: TaskID | None = None
        self._file, self._began = "", 0.0

    def __enter__(self) -> Bar:
        self._shown.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._shown.stop()

    def __call__(self, file: str, stage: str) -> None:
        """A stage of a file begins; how long it takes is not known."""
        if file != self._file:
            self._file, self._began = file, time.monotonic()
        self._show(file, stage, total=None, done=0, told="")

    def advance(self, file: str, done: int, total: int, rows: int) -> None:
        """So many bytes of a file were read, which hold so many rows."""
        took = max(time.monotonic() - self._began, 1e-9)
        left = took * (total - done) / done if done else 0.0
        self._show(file, "read", total=total, done=done, told=texts.say(
            "progress.rows", self._lang, rows=f"{rows:,}", rate=f"{rows / took:,.0f}",
            left=f"{int(left) // 60}:{int(left) % 60:02}"))

    def _show(self, file: str, stage: str, *, total: int | None, done: int, told: str) -> None:
        key = f"progress.{stage}"
        word = texts.say(key, self._lang) if texts.has(key, self._lang) else stage
        line = escape(texts.say("progress.working", self._lang, file=file, stage=word))
        if self._task is None:
            self._task = self._shown.add_task(line, total=total, told=told)
        self._shown.update(self._task, description=line, total=total, completed=done, told=told)


@contextmanager
def shown(lang: str) -> Iterator[Silent]:
    """What to tell the progress of an import to; silent where no terminal watches."""
    if not sys.stderr.isatty():
        yield Silent()
        return
    with Bar(lang) as bar:
        yield bar
