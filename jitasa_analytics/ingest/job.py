"""What the stages of an import hand on: a file with its recipe, and what all files of an import share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from jitasa_analytics.contracts import Dataset, dataset
from jitasa_analytics.ingest.locate import Locator
from jitasa_analytics.ingest.recipe import Recipe
from jitasa_analytics.ingest.report import FileReport, Report
from jitasa_analytics.ingest.table import Table

Progress = Callable[[str, str], None]


@dataclass
class Job:
    """One file with the recipe that reads it."""

    path: Path
    recipe: Recipe
    table: Table | None = None

    @property
    def contract(self) -> Dataset:
        """The dataset its rows belong to."""
        return dataset(self.recipe.dataset)


@dataclass
class Run:
    """What the files of one import share."""

    key: bytes
    sample: bool
    progress: Progress
    report: Report
    changed: set[str] = field(default_factory=set)
    locator: Locator | None = None
    new_requests: list[tuple[FileReport, pd.Series]] = field(default_factory=list)
