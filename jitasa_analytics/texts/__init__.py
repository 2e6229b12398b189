"""What a person reads, in Thai and English.

``texts/th/error.toml`` holds the Thai texts whose keys start with ``error.``, and so on; a test
compares the two languages. Code asks for a key, never writes a sentence for the screen.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from jitasa_analytics.errors import JitasaError, UnknownError

LANGUAGES = ("th", "en")
DEFAULT = "th"


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(lang: str) -> Mapping[str, str]:
    """All texts of one language by key."""
    if lang not in LANGUAGES:
        raise UnknownError(f"there is no language {lang!r}; languages are {', '.join(LANGUAGES)}")
    found: dict[str, str] = {}
    for file in sorted(resources.files(__package__).joinpath(lang).iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            _flatten(file.name.removesuffix(".toml"), tomllib.loads(file.read_text("utf-8")), found)
    return found


def _flatten(prefix: str, tree: Mapping[str, Any], into: dict[str, str]) -> None:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            _flatten(f"{prefix}.{key}", value, into)
        else:
            into[f"{prefix}.{key}"] = value


def has(key: str, lang: str = DEFAULT) -> bool:
    """Whether there is a text for the key."""
    return key in catalogue(lang)


def say(key: str, lang: str = DEFAULT, /, **values: object) -> str:
    """The text of a key with its values filled in.

    Raises
    ------
    KeyError
        If there is no such key: a missing text is a fault of the program.

    >>> say("value.urgency.critical", "en")
    'Critical'
    """
    return catalogue(lang)[key].format(**values)


def label(kind: str, value: str, lang: str = DEFAULT) -> str:
    """The label of a value (``label("urgency", "high")``), or the value itself where none is known."""
    key = f"value.{kind}.{value}"
    return say(key, lang) if has(key, lang) else value


def of_error(error: BaseException, lang: str = DEFAULT) -> str:
    """The sentence of an error in the reader's language; English where it has no text."""
    if isinstance(error, JitasaError) and error.key and has(error.key, lang):
        # What has a name in each language is asked for it.
        values = {k: label("status", str(v), lang) if k == "status" else v(lang) if callable(v) else v
                  for k, v in error.values.items()}
        return say(error.key, lang, **values)
    return str(error)


def preferred() -> str:
    """The language of the environment (``JITASA_LANG``), Thai by default."""
    lang = os.environ.get("JITASA_LANG", DEFAULT).lower()[:2]
    return lang if lang in LANGUAGES else DEFAULT
