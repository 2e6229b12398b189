"""Import of dose rows with every rule on, into a store, beside pandas.read_csv of the same file.

Run with ``python benchmarks/import.py [ROWS]``; the rows are those of the sample, 0.5 % of them made bad.
"""

from __future__ import annotations

import importlib.util
import resource
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from jitasa_analytics.ingest import import_files
from jitasa_analytics.resources import data_dir
from jitasa_analytics.store import Store


def make(folder: Path, rows: int) -> Path:
    """A file of dose rows in which every 200th has a date that is none."""
    spec = importlib.util.spec_from_file_location("sample_build", data_dir() / "sample" / "build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.build(folder)
    frame = pd.read_csv(folder / "doses.csv", dtype="str").head(rows)
    frame.loc[frame.index % 200 == 0, "date"] = "soon"
    path = folder / "bench_doses.csv"
    frame.to_csv(path, index=False)
    return path


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        path = make(Path(name), rows)
        start = time.perf_counter()
        read = len(pd.read_csv(path, dtype="str"))
        pandas_seconds = time.perf_counter() - start
        start = time.perf_counter()
        report = import_files(Store(Path(name) / "store"), "doses", [path])
        seconds = time.perf_counter() - start
        assert report.read == read == report.accepted + report.quarantined + report.duplicate
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{read:,} dose rows, {path.stat().st_size / 1e6:.0f} MB, {report.quarantined:,} refused and kept")
        print("| way | seconds | rows a second |")
        print("|---|---|---|")
        print(f"| pandas.read_csv, text only | {pandas_seconds:.2f} | {read / pandas_seconds:,.0f} |")
        print(f"| import: clean, check, locate, plan, commit | {seconds:.2f} | {read / seconds:,.0f} |")
        print(f"ratio to pandas.read_csv {seconds / pandas_seconds:.1f}; peak {peak:.1f} GB")


if __name__ == "__main__":
    main()
