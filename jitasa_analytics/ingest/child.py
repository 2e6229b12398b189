"""A file is parsed in a process of its own, with limits on memory, processor time and size.

What it reads comes back as Arrow files, which are mapped, not parsed again. Where the process dies, the
import says why and lives.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jitasa_analytics.errors import InputError

APART = Path(__file__).with_name("apart")
MEMORY = 3 << 30
SECONDS = 120
WRITTEN = 8 << 30
# Libraries that would start a thread a core, or drivers that would follow addresses in a file.
_QUIET = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2",
          "ARROW_DEFAULT_MEMORY_POOL": "system", "PROJ_NETWORK": "OFF", "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
          "OGR_SKIP": "VRT,OGR_VRT,WFS,OAPIF,CSW,GMLAS,ODBC,PGDUMP,Elastic,AmigoCloud,CARTO,HTTP,SQLite"}
_SPENT = {getattr(signal, n, None) for n in ("SIGXCPU", "SIGXFSZ", "SIGKILL", "SIGABRT")}


@dataclass(frozen=True)
class Part:
    """A sheet or layer of a file, as the reader left it.

    Attributes
    ----------
    told : dict
        What the reader says of it: ``sheet``, ``rows``, and what its kind has to say.
    file : Path or None
        The Arrow file with its rows; None where it was not read.
    """

    told: dict[str, Any]
    file: Path | None

    @property
    def sheet(self) -> str:
        """The name of the sheet or layer; empty where a file has only one."""
        return str(self.told.get("sheet", ""))


@contextmanager
def parsed(path: Path, kind: str, *, sheet: str = "") -> Iterator[list[Part]]:
    """The parts of a file; their Arrow files last as long as the context.

    Raises
    ------
    InputError
        If the file is damaged, or larger than any table of people.
    """
    with tempfile.TemporaryDirectory(prefix="jitasa-") as folder:
        told = _ask({"kind": kind, "path": str(path.resolve()), "out": folder, "sheet": sheet, "memory": MEMORY,
                     "seconds": SECONDS, "written": WRITTEN}, path)
        yield [Part(t, Path(folder) / t["file"] if t.get("file") else None) for t in told]


def _ask(asked: dict[str, Any], path: Path) -> list[dict[str, Any]]:
    command = [sys.executable, "-I", str(APART), json.dumps(asked)]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=2 * SECONDS, stdin=subprocess.DEVNULL,
                              env={**os.environ, **_QUIET})
    except subprocess.TimeoutExpired as error:
        raise too_large(path, f"reading took longer than {2 * SECONDS} s") from error
    try:
        told: dict[str, Any] = json.loads(done.stdout.decode(errors="replace").strip().splitlines()[-1])
    except (ValueError, IndexError):
        told = {}
    if "parts" in told and not done.returncode:
        parts: list[dict[str, Any]] = told["parts"]
        return parts
    if "too_much" in told:
        raise too_large(path, str(told["too_much"]))
    if told.get("key"):
        raise InputError(f"{path.name} was not read: {told['broken']}", key=str(told["key"]),
                         **{"file": path.name, **told.get("values", {})})
    if "broken" in told:
        raise broken(path, str(told["broken"]))
    if done.returncode < 0 and signal.Signals(-done.returncode) not in _SPENT:
        raise broken(path, f"its reader crashed on it ({signal.Signals(-done.returncode).name})")
    raise too_large(path, "reading it took more memory or time than is allowed")


def broken(path: Path, why: str) -> InputError:
    """The refusal of a damaged file."""
    return InputError(f"{path.name} can't be read: {why}; open it, save it again and retry", key="error.file_broken",
                      file=path.name, why=why)


def too_large(path: Path, why: str) -> InputError:
    """The refusal of a file that would take the machine down."""
    return InputError(f"{path.name} was not read: {why}; save only the table in a new file", key="import.too_large",
                      file=path.name, why=why)
