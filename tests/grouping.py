"""Tests of one group stay in one process, so that what they share is made once.

xdist 3.8 reads its own marks by changing the tests' names, which pytest 9.2 no longer lets it do: it then
spreads the tests of a group over all processes without a word. Here the marks are read from the files.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

from xdist.scheduler import LoadGroupScheduling

ROOT = Path(__file__).resolve().parent.parent


class Grouped(LoadGroupScheduling):
    """Hands out groups as a whole, the largest first, and all other tests one by one."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid) or str(super()._split_scope(nodeid))


def group_of(nodeid: str) -> str:
    """The group that a test's file puts it into with ``xdist_group``; empty for none."""
    path, _, name = nodeid.partition("::")
    held = _marks(path)
    return held.get(name.split("[")[0].split("@")[0], held.get("", ""))


@cache
def _marks(path: str) -> dict[str, str]:
    """The groups of a file's functions by name; that of the file itself by no name."""
    file = ROOT / path
    if not file.is_file() or "xdist_group" not in (text := file.read_text("utf-8")):
        return {}
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = _named(node.decorator_list)
        elif isinstance(node, ast.Assign) and "pytestmark" in {getattr(t, "id", "") for t in node.targets}:
            found[""] = _named([node.value])
    return {name: group for name, group in found.items() if group}


def _named(marks: list[Any]) -> str:
    """What ``xdist_group(NAME)`` among these expressions says."""
    return next((str(call.args[0].value) for mark in marks for call in ast.walk(mark)
                 if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "xdist_group"
                 and call.args and isinstance(call.args[0], ast.Constant)), "")
