"""Whatever a built-in study says has a text in both languages, with the same values."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from importlib import resources
from pathlib import Path

import pytest

import jitasa_analytics
from jitasa_analytics import texts

SOURCES = sorted(Path(jitasa_analytics.__file__).parent.rglob("*.py"))
OWN = ("study", "param", "note", "error", "cli", "column", "figure")


def keys_in_code(pattern: str) -> set[str]:
    found: set[str] = set()
    for path in SOURCES:
        found |= set(re.findall(pattern, path.read_text("utf-8")))
    return found


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_every_error_note_and_column_has_a_text(lang):
    # Pages that put a word of their own before a key (`tell`) have their own tests.
    wanted = keys_in_code(r'(?<!tell\()"((?:error|note|cli|study\.[a-z_]+\.note)\.[a-z0-9_.]+)"')
    wanted -= {key for key in wanted if key.endswith(".")}
    missing = sorted(key for key in wanted if not texts.has(key, lang))
    assert not missing


@pytest.mark.parametrize("name", OWN)
def test_both_languages_have_the_same_keys_and_values(name):
    def flat(lang):
        text = resources.files("jitasa_analytics.texts").joinpath(lang, f"{name}.toml").read_text("utf-8")
        found = {}

        def walk(tree, prefix):
            for key, value in tree.items():
                if isinstance(value, dict):
                    walk(value, f"{prefix}{key}.")
                else:
                    found[prefix + key] = {field for _, field, _, _ in string.Formatter().parse(value) if field}
        walk(tomllib.loads(text), "")
        return found

    thai, english = flat("th"), flat("en")
    assert set(thai) == set(english)
    for key, fields in thai.items():
        # A Thai sentence may add the Buddhist year.
        assert fields - {"thai_year"} == english[key], key


@pytest.mark.parametrize("name", OWN)
def test_thai_texts_are_thai(name):
    text = resources.files("jitasa_analytics.texts").joinpath("th", f"{name}.toml").read_text("utf-8")
    plain = tomllib.loads(text)

    def values(tree):
        for value in tree.values():
            yield from values(value) if isinstance(value, dict) else [value]
    for value in values(plain):
        bare = re.sub(r"\{\w+\}", "", value)
        assert re.search(r"[฀-๿]", value) or not re.search(r"[A-Za-z]{3}", bare), value


def _raised() -> list[tuple[str, str, set[str]]]:
    """Every ``key="error.…"`` with the values that are given along."""
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                given = {k.arg: k.value for k in node.keywords}
                key = given.get("key")
                if isinstance(key, ast.Constant) and isinstance(key.value, str) and None not in given:
                    found.append((f"{path.name}:{node.lineno}", key.value, {str(k) for k in given} - {"key"}))
    return found


def test_every_error_brings_the_values_of_its_text():
    for where, key, given in _raised():
        for lang in texts.LANGUAGES:
            if texts.has(key, lang):
                fields = {f for _, f, _, _ in string.Formatter().parse(texts.catalogue(lang)[key]) if f}
                assert fields <= given, (where, key, fields - given)
