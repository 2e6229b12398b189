"""Geospatial analytics for sending help where it is needed.

>>> import jitasa_analytics as ja
>>> ja.__version__
'0.1.0'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from jitasa_analytics.ingest.sample import sample_store
    from jitasa_analytics.show import view
    from jitasa_analytics.store import Snapshot, Store, open_store
    from jitasa_analytics.studies import Answer, Figure, Note, Study, run
    from jitasa_analytics.studies import known as studies_known
    from jitasa_analytics.studies.by_area import run_by_area
    from jitasa_analytics.studies.report import report

__all__ = ["Answer", "Figure", "Note", "Snapshot", "Store", "Study", "open_store", "report", "run", "run_by_area",
           "sample_store", "studies_known", "view"]

# Loaded on first use, so that importing one analysis does not load the plotting libraries.
_LAZY = {
    "open_store": ("store", "open_store"), "Store": ("store", "Store"), "Snapshot": ("store", "Snapshot"),
    "run": ("studies", "run"), "Study": ("studies", "Study"), "Answer": ("studies", "Answer"),
    "Figure": ("studies", "Figure"), "Note": ("studies", "Note"), "studies_known": ("studies", "known"),
    "report": ("studies.report", "report"), "run_by_area": ("studies.by_area", "run_by_area"),
    "view": ("show", "view"), "sample_store": ("ingest.sample", "sample_store"),
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LAZY[name]
    return getattr(importlib.import_module(f"{__name__}.{module}"), attribute)
