"""The manuals: Markdown that travels with the program, as pages; and the training material of the house."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from markdown_it import MarkdownIt

from jitasa_analytics import resources
from jitasa_analytics.texts import LANGUAGES

# A folder whose files officers learn from; listed and served where it is named.
TRAINING = "JITASA_TRAINING"
_FILE = re.compile(r"^\d+_(\w+)$")


@dataclass(frozen=True)
class Manual:
    """A manual in one language.

    Attributes
    ----------
    slug, title : str
    html : str
        Safe HTML: what stands in the Markdown as HTML is shown as text.
    """

    slug: str
    title: str
    html: str


def folder() -> Path:
    """Where the manuals lie: in a wheel inside the package, in a checkout under ``docs``."""
    inside = resources.data_dir() / "manuals"
    return inside if inside.is_dir() else resources.data_dir().parent / "docs" / "manuals"


@lru_cache(maxsize=len(LANGUAGES))
def known(lang: str) -> tuple[Manual, ...]:
    """The manuals of a language in their order."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    found = []
    for path in sorted((folder() / lang).glob("*.md")):
        name = _FILE.match(path.stem)
        if name is None:
            continue
        text = path.read_text("utf-8")
        # Pictures stand beside the languages in the folder, and under one address on the server.
        html = reader.render(text).replace('src="../images/', 'loading="lazy" src="/manuals/images/')
        found.append(Manual(name[1], text.splitlines()[0].removeprefix("# "), html))
    return tuple(found)


def training() -> list[tuple[str, int]]:
    """Name and size in bytes of each file of the training folder; none where no folder is named."""
    named = os.environ.get(TRAINING)
    if not named or not Path(named).is_dir():
        return []
    return [(p.name, p.stat().st_size) for p in sorted(Path(named).iterdir())
            if p.is_file() and not p.is_symlink() and not p.name.startswith(".")]
