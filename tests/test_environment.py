"""The lists of dependencies agree: pyproject.toml, environment.yml and requirements.lock."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# conda-forge's name -> the registry's
RENAMED = {"python-duckdb": "duckdb", "dask-core": "dask", "h3-py": "h3", "geoviews-core": "geoviews",
           "python-build": "build", "playwright-python": "playwright"}


@pytest.fixture(scope="module", autouse=True)
def _in_a_checkout() -> None:
    if not (ROOT / "environment.yml").is_file():
        pytest.skip("not in a checkout")


def project() -> dict[str, str]:
    """Name -> bounds of every dependency in pyproject.toml."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = [*table["dependencies"], *(d for extra in table["optional-dependencies"].values() for d in extra)]
    return dict(_split(line) for line in lines)


def environment() -> dict[str, str]:
    """The same from environment.yml (a plain list, read as text)."""
    lines = re.findall(r"^ +- ([^:\s]+)$", (ROOT / "environment.yml").read_text("utf-8"), re.M)
    found = dict(_split(line) for line in lines)
    for name in ("python", "pip", "conda-forge"):
        found.pop(name, None)
    return {RENAMED.get(name, name): bounds for name, bounds in found.items()}


def _split(line: str) -> tuple[str, str]:
    name, bounds = re.fullmatch(r"([A-Za-z0-9_.-]+)(.*)", line.strip()).groups()
    return name.lower(), bounds.strip()


def test_the_conda_environment_lists_the_same_dependencies_with_the_same_bounds() -> None:
    assert environment() == project()


def test_every_dependency_is_pinned_with_hashes_and_no_address() -> None:
    text = (ROOT / "requirements.lock").read_text("utf-8")
    pinned = {m.lower().replace("_", "-") for m in re.findall(r"^([A-Za-z0-9_.-]+)==", text, re.M)}
    assert {n.replace("_", "-") for n in project()} <= pinned
    assert not re.search(r"https?://|file:|^-", text, re.M)
    blocks = re.split(r"^(?=\S)", text, flags=re.M)[1:]
    assert all("--hash=sha256:" in block for block in blocks)


def test_the_version_is_the_same_everywhere() -> None:
    import jitasa_analytics

    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert table["version"] == jitasa_analytics.__version__
