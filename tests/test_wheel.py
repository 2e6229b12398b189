"""The wheel carries all that `jitasa demo` needs, from any folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.skipif(not (ROOT / "pyproject.toml").is_file(), reason="not in a checkout")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)],
                   check=True, capture_output=True, timeout=300)
    return next(out.glob("*.whl"))


def test_what_the_wheel_carries(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for part in ("jitasa_analytics/data/recipes/dopa_population.toml", "jitasa_analytics/data/sample/build.py",
                 "jitasa_analytics/data/sample/provinces.geojson", "jitasa_analytics/texts/th/error.toml",
                 "jitasa_analytics/store/queries/open_requests.sql", "dashboards/app.py"):
        assert part in names
    assert not [n for n in names if n.startswith(("tests/", "notebooks/")) or "/store/v" in n or ".ipynb" in n]
    assert sum(i.file_size for i in zipfile.ZipFile(wheel).infolist()) < 5_000_000


def test_the_demo_store_is_built_from_the_wheel_in_any_folder(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    env = {**os.environ, "PYTHONPATH": str(place), "JITASA_LANG": "en"}
    where = subprocess.run([sys.executable, "-c", "import jitasa_analytics as ja; print(ja.__file__)"], env=env,
                           cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert Path(where.strip()).is_relative_to(place)
    store = tmp_path / "store"
    subprocess.run([sys.executable, "-m", "jitasa_analytics.cli", "demo", "--no-serve", "--store", str(store)], env=env,
                   cwd=tmp_path, check=True, capture_output=True, timeout=300)
    said = subprocess.run([sys.executable, "-m", "jitasa_analytics.cli", "info", "--store", str(store), "--json"],
                          env=env, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    info = json.loads(said)
    assert info["sample"] is True and info["version"] == 1 and info["rows"]["areas"] == 180
