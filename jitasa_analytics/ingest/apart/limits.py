"""What no table of people needs: refused before it takes the machine down."""

from __future__ import annotations

import contextlib
import zipfile

MAX_COLUMNS = 2_000
MAX_ROWS = 1_048_576
MAX_CELLS = 60_000_000
# An archive, unpacked; tables hardly ever pack tighter than 1 to 50.
MAX_UNPACKED = 1 << 30
MAX_RATIO = 100
SMALL = 64 << 20


class TooMuchError(Exception):
    """The file is larger than any table of people."""


class BrokenError(Exception):
    """The file says why it can't be read.

    ``key`` names the sentence for it and ``values`` what stands in it; without one the reason is given as it is.
    """

    def __init__(self, why: str, key: str = "", /, **values: object) -> None:
        super().__init__(why)
        self.key, self.values = key, values


def limit(memory: int, seconds: int, written: int) -> None:
    """Give this process a ceiling; where the system knows none, only the counts in this folder hold."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_FSIZE, (written, written))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def check_archive(path: str) -> None:
    """Refuse an archive that unpacks to far more than it is."""
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(i.file_size for i in archive.infolist())
        packed = sum(i.compress_size for i in archive.infolist()) or 1
    if unpacked > MAX_UNPACKED or (unpacked > SMALL and unpacked > MAX_RATIO * packed):
        raise TooMuchError(f"it unpacks to {unpacked / (1 << 20):,.0f} MB")


def check_cells(rows: int, columns: int) -> None:
    """Refuse a table that claims more cells than one machine should be asked for."""
    if columns > MAX_COLUMNS:
        raise TooMuchError(f"it has {columns:,} columns")
    if rows * max(columns, 1) > MAX_CELLS:
        raise TooMuchError(f"it claims {rows:,} rows of {columns:,} columns")
