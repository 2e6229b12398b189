"""A file is parsed in a process of its own, with limits on memory, processor time and size.

What it reads comes back as Arrow files, which are mapped, not parsed again, or as lines of text, which are read on
block by block. Where the process dies, the import says why and lives.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

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

# Told how many bytes were read, of how many, and the rows so far.
Watch = Callable[[int, int, int], None]


@dataclass(frozen=True)
class Part:
    """A sheet or layer of a file, as the reader left it.

    Attributes
    ----------
    told : dict
        What the reader says of it: ``sheet``, ``rows``, and what its kind has to say.
    file : Path or None
        The file with its rows, of lines (workbooks) or of Arrow; None where it was not read.
    """

    told: dict[str, Any]
    file: Path | None

    @property
    def sheet(self) -> str:
        """The name of the sheet or layer; empty where a file has only one."""
        return str(self.told.get("sheet", ""))


@contextmanager
def parsed(path: Path, kind: str, *, sheet: str = "", example: str = "", watch: Watch | None = None
           ) -> Iterator[list[Part]]:
    """The parts of a file; the files with their rows last as long as the context.

    Parameters
    ----------
    example : str
        What the first cell of an example's row begins with (workbooks).
    watch : callable, optional
        Told on the way how many bytes were read, of how many, and the rows so far (workbooks).

    Raises
    ------
    InputError
        If the file is damaged, or larger than any table of people.
    """
    with tempfile.TemporaryDirectory(prefix="jitasa-") as folder:
        told = _ask({"kind": kind, "path": str(path.resolve()), "out": folder, "sheet": sheet, "example": example,
                     "memory": MEMORY, "seconds": SECONDS, "written": WRITTEN}, path, watch)
        yield [Part(t, Path(folder) / t["file"] if t.get("file") else None) for t in told]


def _ask(asked: dict[str, Any], path: Path, watch: Watch | None) -> list[dict[str, Any]]:
    command = [sys.executable, "-I", str(APART), json.dumps(asked)]
    told: dict[str, Any] = {}
    late = threading.Event()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                          env={**os.environ, **_QUIET}) as done:
        timer = threading.Timer(2 * SECONDS, _end, (done, late))
        timer.daemon = True
        timer.start()
        try:
            for line in cast(IO[bytes], done.stdout):
                told = _said(line)
                if "far" in told and watch is not None:
                    watch(*told["far"])
            done.wait()
        except BaseException:
            done.kill()
            raise
        finally:
            timer.cancel()
    if late.is_set():
        raise too_large(path, f"reading took longer than {2 * SECONDS} s")
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


def _end(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()


def _said(line: bytes) -> dict[str, Any]:
    """What a line of the reader's says; nothing where it is none of its lines."""
    try:
        told = json.loads(line.decode(errors="replace"))
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def broken(path: Path, why: str) -> InputError:
    """The refusal of a damaged file."""
    return InputError(f"{path.name} can't be read: {why}; open it, save it again and retry", key="error.file_broken",
                      file=path.name, why=why)


def too_large(path: Path, why: str) -> InputError:
    """The refusal of a file that would take the machine down."""
    return InputError(f"{path.name} was not read: {why}; save only the table in a new file", key="import.too_large",
                      file=path.name, why=why)
