"""Loaded by the server that importers are forked from: one import loads all compiled code, once for all of them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from jitasa_analytics.ingest import import_files
from jitasa_analytics.ingest.bulk import opened
from jitasa_analytics.store import Store

with tempfile.TemporaryDirectory(prefix="jitasa-warm-") as name:
    path = Path(name) / "warm.csv"
    path.write_text("request_id,requested_at,status,people,area_code\nw,2021-07-01 10:00,new,1,200101\n", "utf-8")
    large, opened.LARGE = opened.LARGE, 1
    try:
        import_files(Store(Path(name) / "store"), "requests", [path])
    finally:
        opened.LARGE = large  # a collector of doctests imports this file, too
