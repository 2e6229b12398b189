"""Parquet and GeoParquet, row group by row group."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jitasa_analytics.ingest.apart import handover
from jitasa_analytics.ingest.apart.limits import BrokenError, TooMuchError, check_cells

MAX_BYTES = 4 << 30
_BATCH = 1 << 16


def read(path: str, out: Path, *, sheet: str = "") -> list[dict[str, Any]]:
    """Write the columns, and say which of them holds shapes."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, memory_map=True) as file:
        told = file.metadata
        unpacked = sum(told.row_group(i).total_byte_size for i in range(told.num_row_groups))
        if unpacked > MAX_BYTES:
            raise TooMuchError(f"it unpacks to {unpacked >> 20:,} MB")
        check_cells(told.num_rows, told.num_columns)
        geo = _geo(told.metadata or {})
        target = out / "0.arrow"
        rows = handover.write_batches(target, file.schema_arrow, file.iter_batches(_BATCH))
    return [{"sheet": "", "rows": rows, "file": target.name, **geo}]


def _geo(metadata: dict[bytes, bytes]) -> dict[str, Any]:
    if b"geo" not in metadata:
        return {}
    geo = json.loads(metadata[b"geo"])
    name = geo["primary_column"]
    column = geo["columns"][name]
    if column.get("encoding") != "WKB":
        raise BrokenError(f"its shapes are encoded as {column.get('encoding')}; write them as WKB")
    # Without a word on it, GeoParquet means degrees.
    crs = column.get("crs", "OGC:CRS84")
    return {"geometry": name, "crs": json.dumps(crs) if isinstance(crs, dict) else crs}
