"""Where the files that travel with the package lie: recipes and the sample."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data_dir() -> Path:
    """The folder with ``recipes/`` and ``sample/``: in a wheel inside the package, in a checkout beside it."""
    inside = _PACKAGE / "data"
    return inside if inside.is_dir() else _PACKAGE.parent / "data"
