"""Compiled loops are kept on disk where there is a place for them, and work where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CODE = "import numpy as np, kernel; print(kernel.total(np.arange(5.0)))"
KERNEL = """
from jitasa_analytics.analysis.placement.jit import compiled


@compiled
def total(values):
    found = 0.0
    for value in values:
        found += value
    return found
"""


def run(path: Path, **more: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(path.parent), "PYTHONDONTWRITEBYTECODE": "1", **more}
    done = subprocess.run([sys.executable, "-c", CODE], env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_machine_code_is_kept_where_it_may_be(tmp_path: Path) -> None:
    path = tmp_path / "kernel.py"
    path.write_text(KERNEL, "utf-8")
    cache = str(tmp_path / "cache")
    assert run(path, NUMBA_CACHE_DIR=cache) == "10.0"
    kept = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "cache").rglob("*.nbc")}
    assert kept
    assert run(path, NUMBA_CACHE_DIR=cache) == "10.0"
    assert {p.name: p.stat().st_mtime_ns for p in (tmp_path / "cache").rglob("*.nbc")} == kept


def test_a_machine_where_nothing_can_be_kept_still_computes(tmp_path: Path) -> None:
    path = tmp_path / "kernel.py"
    path.write_text(KERNEL, "utf-8")
    # Files stand where the folders would be: beside the source, in the home folder, and where it is told.
    for name in ("__pycache__", "home", "cache"):
        (tmp_path / name).write_text("", "utf-8")
    home = str(tmp_path / "home" / "none")
    assert run(path, NUMBA_CACHE_DIR=str(tmp_path / "cache"), HOME=home, XDG_CACHE_HOME=home) == "10.0"


PART = """
from jitasa_analytics.analysis.placement.jit import part


@part
def twice(value):
    return {factor} * value
"""
WITH_PART = """
from jitasa_analytics.analysis.placement.jit import compiled, part
from pieces import twice


@part
def added(found, value):
    return found + twice(value)


@compiled
def total(values):
    found = 0.0
    for value in values:
        found = added(found, value)
    return found
"""


def test_a_part_in_another_file_that_changes_is_compiled_anew(tmp_path: Path) -> None:
    path, cache = tmp_path / "kernel.py", str(tmp_path / "cache")
    path.write_text(WITH_PART, "utf-8")
    for factor, total in ((2.0, "20.0"), (3.0, "30.0")):
        (tmp_path / "pieces.py").write_text(PART.format(factor=factor), "utf-8")
        assert run(path, NUMBA_CACHE_DIR=cache) == total
    # What was kept is found again where nothing has changed.
    kept = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "cache").rglob("*.nbc")}
    assert len(kept) == 2
    assert run(path, NUMBA_CACHE_DIR=cache) == "30.0"
    assert {p.name: p.stat().st_mtime_ns for p in (tmp_path / "cache").rglob("*.nbc")} == kept


LIMITED = """
import time
from numba.core import event
from jitasa_analytics.analysis import placement, travel
from jitasa_analytics.analysis.placement import jit, watch
import pandas as pd


class Slow(event.Listener):
    def on_start(self, event):
        slow[0] += 1000.0

    def on_end(self, event):
        pass


clock, slow = time.perf_counter, [0.0]
time.perf_counter = lambda: clock() + slow[0]
jit._compiler()
event.register("numba:compile", Slow())
demand = pd.DataFrame({"people": [10, 20, 30]})
t = travel.from_matrix([[5.0, 40.0], [30.0, 40.0], [40.0, 5.0]])
plan = placement.p_median(demand, range(2), t, n_sites=1, capacity=pd.Series([60.0, 60.0]), gap=0.0, time_limit=900)
assert slow[0] > 1000.0
print(plan.status, plan.history["seconds"].max() < 900)
"""


def test_compiling_is_not_counted_as_search(tmp_path: Path) -> None:
    env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", LIMITED], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["optimal", "True"]


UNKEPT = """
import numba.core.caching as caching
caching.CacheImpl._locator_classes = []  # as where neither the package's folder nor the user's can be written
import pandas as pd
from jitasa_analytics.analysis import access, hotspots, travel
demand, supply = pd.DataFrame({"people": [30]}), pd.DataFrame({"capacity": [1, 1]})
cost = access.raam(demand, supply, travel.from_matrix([[0.0, 10.0]]), tau=30, rho=15)
pairs = pd.DataFrame({"area": [0, 1, 2], "neighbour": [1, 2, 3]})
found = hotspots.gi_star(pd.Series([9, 8, 1, 0]), hotspots.from_pairs(pairs, index=range(4)), permutations=9)
print(round(float(cost[0]), 3), found["p"].notna().all())
"""


def test_access_and_hot_spots_compute_where_nothing_can_be_kept() -> None:
    done = subprocess.run([sys.executable, "-c", UNKEPT], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1.167", "True"]


ALL = """
from jitasa_analytics.analysis import access, hotspots, travel
print([m for m in ("numba", "sklearn", "matplotlib") if m in __import__("sys").modules])
"""


def test_the_analyses_load_no_compiler_or_learner_before_they_need_one() -> None:
    done = subprocess.run([sys.executable, "-c", ALL], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
