"""Tests that share what is dear to make are handed to one process, in the versions that are installed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.grouping import ROOT, group_of


def test_marks_are_read_from_the_files(request: pytest.FixtureRequest) -> None:
    """What pytest itself finds on the tests of this run is what is read from their files."""
    for item in request.session.items:
        mark = item.get_closest_marker("xdist_group")
        assert group_of(item.nodeid) == (mark.args[0] if mark else ""), item.nodeid
    assert group_of("tests/ui/test_coordination.py::test_everybody_can_read_it[audit?lang=en]") == "people"
    assert group_of("tests/ingest/test_grid.py::test_nothing_of_that_name") == ""


def test_a_group_stays_in_one_process(tmp_path: Path) -> None:
    """Two groups of four and six single tests on two processes: each group is seen by one of them."""
    package = tmp_path / "tests"
    package.mkdir()
    for name in ("__init__.py", "grouping.py"):
        (package / name).write_bytes((ROOT / "tests" / name).read_bytes())
    (package / "conftest.py").write_text(
        "import pytest\n\ndef pytest_xdist_make_scheduler(config, log):\n"
        "    from tests.grouping import Grouped\n    return Grouped(config, log)\n")
    write = "    import os, pathlib\n    with open(pathlib.Path(__file__).parent / 'ran', 'a') as out:\n" \
            "        out.write(f\"{os.environ['PYTEST_XDIST_WORKER']} {GROUP}\\n\")\n"
    for name, group in (("a", "one"), ("b", "two"), ("c", "")):
        mark = f"pytestmark = [pytest.mark.xdist_group({group!r})]\n" if group else ""
        (package / f"test_{name}.py").write_text(
            f"import pytest\n{mark}GROUP = '{group or '-'}'\n"
            f"@pytest.mark.parametrize('n', range({4 if group else 6}))\ndef test_it(n):\n{write}")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "-p", "no:cacheprovider", "tests"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "PYTHONPATH"))})
    assert done.returncode == 0, done.stdout
    seen = defaultdict(list)
    for line in (package / "ran").read_text().splitlines():
        worker, group = line.split()
        seen[group].append(worker)
    assert {g: len(w) for g, w in seen.items()} == {"one": 4, "two": 4, "-": 6}
    assert len(set(seen["one"])) == len(set(seen["two"])) == 1
