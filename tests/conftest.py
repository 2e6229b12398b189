"""Fixtures that all tests share: the sample store, built once, and the folder of real data."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from jitasa_analytics.ingest.sample import build_sample_store
from jitasa_analytics.store import Store

# Machines that share their cores are slow at times; a slow example is no wrong one.
hypothesis.settings.register_profile("shared", deadline=None, derandomize=True)
hypothesis.settings.load_profile("shared")

ROOT = Path(__file__).resolve().parent.parent


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests of one group stay in one process."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from tests.grouping import Grouped

    return Grouped(config, log)


def _once(base: Path, name: str) -> Iterator[tuple[Path, bool]]:
    """A folder that the first of several test processes fills, and the others wait for."""
    folder = base / name
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder, not (base / f"{name}.done").exists()
        (base / f"{name}.done").touch()


def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all processes of one test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(autouse=True)
def _language_of_nobody() -> Iterator[None]:
    """No test inherits the language of the machine, nor the one that a command left behind."""
    before = os.environ.pop("JITASA_LANG", None)
    yield
    os.environ.pop("JITASA_LANG", None)
    if before is not None:
        os.environ["JITASA_LANG"] = before


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample store, read-only by agreement."""
    for folder, fresh in _once(shared_folder(tmp_path_factory), "sample_store"):
        if fresh:
            build_sample_store(Store(folder))
    return folder


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real Thai data, or a skip that says why."""
    folder = Path(os.environ.get("JITASA_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "README.md").is_file():
        pytest.skip(f"no real data at {folder}; name its folder in JITASA_TEST_DATA")
    return folder


@pytest.fixture(scope="session")
def real_reports(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Every real file imported with the command, once: the reports by dataset, the store's folder under 'store'."""
    from tests.test_story import imported

    return imported(real_data, tmp_path_factory.mktemp("real"))
