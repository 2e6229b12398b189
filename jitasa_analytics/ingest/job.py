"""What the stages of an import hand on: a file with its recipe, and what all files of an import share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pandas as pd

from jitasa_analytics.contracts import Dataset, dataset
from jitasa_analytics.ingest.bulk.opened import Opened
from jitasa_analytics.ingest.locate import Locator
from jitasa_analytics.ingest.recipe import Recipe
from jitasa_analytics.ingest.report import FileReport, Report
from jitasa_analytics.ingest.table import Table

Progress = Callable[[str, str], None]
# Called with a file, the bytes of it that were read, all of its bytes, and the rows so far.
Advance = Callable[[str, int, int, int], None]


@dataclass
class Job:
    """One file with the recipe that reads it."""

    path: Path
    recipe: Recipe
    table: Table | None = None
    large: Opened | None = None

    @property
    def contract(self) -> Dataset:
        """The dataset its rows belong to."""
        return dataset(self.recipe.dataset)

    def forget(self) -> None:
        """Let go what was held of the file."""
        self.table = None
        if self.large is not None and self.large.text != self.path:
            self.large.text.unlink(missing_ok=True)


@dataclass
class Run:
    """What the files of one import share."""

    key: bytes
    sample: bool
    progress: Progress
    report: Report
    changed: set[str] = field(default_factory=set)
    locator: Locator | None = None
    new_requests: list[tuple[FileReport, pd.Series | str]] = field(default_factory=list)
    # No other file comes after this one.
    last: bool = False

    def change(self, name: str) -> None:
        """Note that a dataset has other rows now; what finds the areas of points is made anew where they differ."""
        self.changed.add(name)
        if name == "areas":
            self.locator = None

    def advance(self, file: str, done: int, total: int, rows: int) -> None:
        """Say how far a large file was read, where somebody watches."""
        advance(self.progress, file, done, total, rows)


def advance(progress: Progress, file: str, done: int, total: int, rows: int) -> None:
    """Say how far a large file was read, where somebody watches."""
    if (told := getattr(progress, "advance", None)) is not None:
        cast(Advance, told)(file, done, total, rows)
