"""The sample store: built from the tables in ``data/sample`` through the same import as any file."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from pathlib import Path

from jitasa_analytics.errors import JitasaError
from jitasa_analytics.ingest.job import Progress
from jitasa_analytics.ingest.pipeline import import_folder
from jitasa_analytics.ingest.report import Report
from jitasa_analytics.resources import data_dir
from jitasa_analytics.store import Store, open_store


def sample_store(folder: str | os.PathLike[str]) -> Store:
    """Open the store in a folder; where there is none, build the sample there first."""
    store = Store(Path(folder))
    if not store.exists:
        build_sample_store(store)
    return open_store(folder)


def build_sample_store(store: Store, *, progress: Progress | None = None) -> Report:
    """Write the sample's files and import them, labelled as sample data.

    Raises
    ------
    JitasaError
        If a row of the sample is refused: the sample must satisfy its contracts.
    """
    script = data_dir() / "sample" / "build.py"
    spec = importlib.util.spec_from_file_location("jitasa_sample_build", script)
    if spec is None or spec.loader is None:
        raise JitasaError(f"the sample's script {script.name} is missing; install the package again")
    module = importlib.util.module_from_spec(spec)
    writes = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        spec.loader.exec_module(module)
        with tempfile.TemporaryDirectory(prefix="jitasa-sample-") as folder:
            module.build(Path(folder))
            report = import_folder(store, Path(folder), sample=True, progress=progress)
    finally:
        sys.dont_write_bytecode = writes
    if report.quarantined or report.failed:
        first = next((f for f in report.findings if f["severity"] == "error"), {"message_en": "a file failed"})
        raise JitasaError(f"the sample does not satisfy its contracts: {first['message_en']}")
    return report
