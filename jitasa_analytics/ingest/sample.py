"""The sample store: built from the tables in ``data/sample`` through the same import as any file."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from jitasa_analytics.errors import JitasaError
from jitasa_analytics.ingest import public
from jitasa_analytics.ingest.job import Progress
from jitasa_analytics.ingest.pipeline import import_files, import_folder
from jitasa_analytics.ingest.report import Report
from jitasa_analytics.resources import data_dir
from jitasa_analytics.store import Store, open_store

# What the sample needs of the public files, all of it or none.
_OUTLINES = ("boundaries-adm1", "boundaries-adm2", "boundaries-adm3")
_PEOPLE = "population-2021"


def sample_store(folder: str | os.PathLike[str]) -> Store:
    """Open the store in a folder; where there is none, build the sample there first."""
    store = Store(Path(folder))
    if not store.exists:
        build_sample_store(store)
    return open_store(folder)


def cached_public() -> list[public.Public]:
    """Published outlines, and populations, that are in the cache; none where an outline is missing."""
    known = public.sources()
    if any(public.cached(known[name]) is None for name in _OUTLINES):
        return []
    return [known[n] for n in (*_OUTLINES, _PEOPLE) if public.cached(known[n]) is not None]


def build_sample_store(store: Store, *, progress: Progress | None = None,
                       published: Sequence[public.Public] = ()) -> Report:
    """Write the sample's files and import them, labelled as sample data.

    Parameters
    ----------
    published : sequence of Public
        Files in the cache that stand in for the sample's own outlines and populations
        (`cached_public`); what is invented then lies within the published outlines.

    Raises
    ------
    JitasaError
        If a row of the sample is refused: the sample must satisfy its contracts.
    """
    for name in dict.fromkeys(s.dataset for s in published):
        files = [public.fetch(s)[0] for s in published if s.dataset == name]
        _accepted(import_files(store, name, files, sample=True, progress=progress))
    outlines = None
    if published:
        with store.snapshot() as snapshot:
            areas = snapshot.frame("areas")
        outlines = pd.Series(areas["geometry"].to_numpy(), index=areas["code"].astype(str))
    writes = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        with tempfile.TemporaryDirectory(prefix="jitasa-sample-") as folder:
            _script().build(Path(folder), outlines=outlines)
            return _accepted(import_folder(store, Path(folder), sample=True, progress=progress))
    finally:
        sys.dont_write_bytecode = writes


def _script() -> Any:
    script = data_dir() / "sample" / "build.py"
    spec = importlib.util.spec_from_file_location("jitasa_sample_build", script)
    if spec is None or spec.loader is None:
        raise JitasaError(f"the sample's script {script.name} is missing; install the package again")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _accepted(report: Report) -> Report:
    if report.quarantined or report.failed:
        first = next((f for f in report.findings if f["severity"] == "error"), {"message_en": "a file failed"})
        raise JitasaError(f"the sample does not satisfy its contracts: {first['message_en']}")
    return report
