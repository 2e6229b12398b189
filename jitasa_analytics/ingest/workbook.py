"""Workbooks are read in a child process with limits: the child may die, the import says why and lives."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import child, headers
from jitasa_analytics.ingest.table import Table

MEMORY = 1 << 30
SECONDS = 120


def read(path: Path, expect: Collection[str] = ()) -> Table:
    """The first sheet of a workbook.

    Raises
    ------
    InputError
        If it is damaged, or larger than any table of people (a bomb, or one cell at the far corner).
    """
    lines = _lines(path)
    rows: list[list[str]] = []
    last: dict[str, Any] = {}
    for line in lines:
        found = json.loads(line)
        if isinstance(found, list):
            rows.append(found)
        elif "empty" in found:
            rows += [[]] * int(found["empty"])
        else:
            last = found
    if "too_much" in last:
        raise too_large(path, last["too_much"])
    if "sheet" not in last:
        why = str(last.get("broken", "it ended early"))
        raise InputError(f"{path.name} can't be read: {why}; open it, save it again and retry",
                         key="error.file_broken", file=path.name, why=why)
    return headers.to_table(path, rows, sheet=last["sheet"], square=True, expect=expect,
                            merges=[(a, b, c, d) for a, b, c, d in last["merges"]])


def _lines(path: Path) -> list[bytes]:
    command = [sys.executable, "-I", child.__file__, str(path), str(MEMORY), str(SECONDS)]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=2 * SECONDS)
    except subprocess.TimeoutExpired as error:
        raise too_large(path, f"reading took longer than {2 * SECONDS} s") from error
    if done.returncode:
        raise too_large(path, "reading it took more memory or time than is allowed")
    return done.stdout.splitlines()


def too_large(path: Path, why: str) -> InputError:
    """The refusal of a file that would take the machine down."""
    return InputError(f"{path.name} was not read: {why}; save only the table in a new file", key="import.too_large",
                      file=path.name, why=why)
