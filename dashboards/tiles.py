"""An optional source of map tiles below the boundaries: off by default, and nothing rests on it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from jitasa_analytics.errors import InputError


@dataclass(frozen=True)
class Tiles:
    """Where map tiles (Web Mercator, 256 pixels) come from.

    Attributes
    ----------
    url : str
        Address with ``{z}``, ``{x}`` and ``{y}``; empty for none.
    credit : str
        Whose tiles they are, shown on the map.

    Examples
    --------
    >>> Tiles("https://tiles.example.go.th/base/{z}/{x}/{y}.png").origin
    'https://tiles.example.go.th'
    >>> bool(Tiles())
    False
    """

    url: str = ""
    credit: str = ""

    def __post_init__(self) -> None:
        if not self.url:
            return
        parts = urlsplit(self.url)
        lacks = [mark for mark in ("{z}", "{x}", "{y}") if mark not in parts.path + parts.query]
        if lacks or parts.scheme not in ("http", "https") or not re.fullmatch(r"[A-Za-z0-9.\-\[\]:]+", parts.netloc):
            raise InputError(f"{self.url!r} is no address of map tiles; it must look like "
                             "https://HOST/{z}/{x}/{y}.png", key="tiles.address", value=self.url)

    def __bool__(self) -> bool:
        return bool(self.url)

    @property
    def origin(self) -> str:
        """Scheme and host: the only place beside this server from which a page may load pictures."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}" if self.url else ""
