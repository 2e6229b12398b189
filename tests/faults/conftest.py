"""Folders for tests that flush hundreds of times: in memory where the system has such."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import work


@pytest.fixture
def quick_path(tmp_path: Path) -> Iterator[Path]:
    """A folder for one test, in memory where there is one."""
    with tempfile.TemporaryDirectory(prefix="jitasa-faults-", dir=work.fast_folder() or tmp_path) as name:
        yield Path(name)
