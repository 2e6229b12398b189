"""Sarabun, the letters of Thai official documents, shipped with the program and served by it.

Nothing is fetched from another host: the font files come from the package ``fontpkg-sarabun``.
A notebook gets them inside the page; the dashboard serves them from its own address.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from pathlib import Path

import fontpkg_sarabun

FAMILY = "Sarabun"
STACK = "Sarabun, 'Noto Sans Thai', 'Leelawadee UI', Tahoma, 'Segoe UI', sans-serif"
WEIGHTS = {400: "Regular", 600: "SemiBold", 700: "Bold"}


def folder() -> Path:
    """Where the font files lie."""
    return Path(fontpkg_sarabun.ROOT) / "files"


def served(prefix: str) -> str:
    """The ``@font-face`` rules that point to files served under ``prefix``."""
    return "\n".join(_face(weight, f"{prefix}/Sarabun-{name}.ttf") for weight, name in WEIGHTS.items())


@lru_cache(maxsize=1)
def embedded() -> str:
    """The ``@font-face`` rule of the regular weight with the font itself inside (about 120 kB)."""
    content = (folder() / "Sarabun-Regular.ttf").read_bytes()
    return _face(400, "data:font/ttf;base64," + base64.b64encode(content).decode("ascii"))


def _face(weight: int, url: str) -> str:
    return (f"@font-face {{ font-family: '{FAMILY}'; font-style: normal; font-weight: {weight}; "
            f"font-display: swap; src: url('{url}') format('truetype'); }}")
