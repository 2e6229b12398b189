"""Rows on their way to the import: an Arrow file, which the other side maps instead of parsing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

_BATCH = 20_000
ROWS = pa.schema([("row", pa.int64()), ("cells", pa.list_(pa.string()))])


def write_rows(path: Path, rows: Iterable[tuple[int, list[str]]]) -> int:
    """Write numbered rows of text; says how many."""
    count = 0
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, ROWS) as writer:
        for numbers, cells in _batches(rows):
            writer.write_batch(pa.record_batch([pa.array(numbers, pa.int64()), pa.array(cells, pa.list_(pa.string()))],
                                               schema=ROWS))
            count += len(numbers)
    return count


def _batches(rows: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[list[int], list[list[str]]]]:
    numbers: list[int] = []
    cells: list[list[str]] = []
    for number, row in rows:
        numbers.append(number)
        cells.append(row)
        if len(numbers) == _BATCH:
            yield numbers, cells
            numbers, cells = [], []
    if numbers:
        yield numbers, cells


def write_batches(path: Path, schema: Any, batches: Iterable[Any]) -> int:
    """Write typed columns batch by batch; says how many rows."""
    count = 0
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def read_rows(path: Path) -> list[list[str]]:
    """The rows of a file, by their numbers; rows that were left out are empty."""
    out: list[list[str]] = []
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        for at in range(reader.num_record_batches):
            batch = reader.get_batch(at)
            for number, cells in zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True):
                out += [[]] * (number - 1 - len(out))
                out.append(cells)
    return out


def read_table(path: Path) -> Any:
    """The typed columns of a file, in memory of their own."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def text_of(value: Any) -> str:
    """The value of a cell as text; numbers and dates without loss."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        midnight = value.time() == datetime.min.time()
        return str(value.date()) if midnight else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
