"""Pages set with typst: right Thai letters, marks and line breaks, the same bytes on every machine.

Only the fonts that are shipped are used, never the machine's own; nothing is fetched. Texts travel
as data beside the template, so that no text is ever read as a command of the typesetter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

import typst

from jitasa_analytics.show import fonts

# Pixels an inch of a picture: a page of 960 x 540 points becomes 1920 x 1080.
PPI = 144.0
_COMMON = "common.typ"


@lru_cache(maxsize=1)
def _fonts() -> Any:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(fonts.folder())])


def _files(template: str, data: Mapping[str, Any], pictures: Mapping[str, str]) -> dict[str, bytes]:
    folder = resources.files("jitasa_analytics.show").joinpath("templates")
    content = json.dumps(data, ensure_ascii=False, allow_nan=False).encode("utf-8")
    return {"main": folder.joinpath(f"{template}.typ").read_bytes(), _COMMON: folder.joinpath(_COMMON).read_bytes(),
            "data.json": content, **{name: svg.encode("utf-8") for name, svg in pictures.items()}}


def pdf(template: str, data: Mapping[str, Any], pictures: Mapping[str, str]) -> bytes:
    """A document of as many pages as it needs.

    Parameters
    ----------
    template : str
        A file of ``show/templates`` without its ending.
    data : mapping
        What the template finds in ``data.json``.
    pictures : mapping of file name to SVG
        What the template puts on the page.
    """
    content: bytes = typst.compile(_files(template, data, pictures), format="pdf", font_paths=_fonts())
    return content


def png(template: str, data: Mapping[str, Any], pictures: Mapping[str, str], *, ppi: float = PPI) -> list[bytes]:
    """Every page of a document as a picture; arguments as of `pdf`."""
    found: Any = typst.compile(_files(template, data, pictures), format="png", ppi=ppi, font_paths=_fonts())
    return found if isinstance(found, list) else [found]
