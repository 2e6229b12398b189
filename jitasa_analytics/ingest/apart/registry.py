"""The population files of the central registry, as XML: areas within areas, each with its counts.

An ``entity`` (country, province, district, tambon) holds a ``population`` of a year with ``data`` of
several types (``total``, ``municipal`` …), and the entities within it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError, XMLPullParser

HEADERS = ("year", "geocode", "type", "name_th", "name_en", "nonmunicipal", "municipal", "total", "male", "female",
           "households")
_DOCTYPE = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_BLOCK = 1 << 20
_MAX_DEPTH = 12


def rows(path: Path) -> list[list[str]]:
    """The rows of such a file, headers first.

    Raises
    ------
    ValueError
        If it is other XML, is damaged, or declares entities (which can unfold without end).
    """
    found: list[list[str]] = [list(HEADERS)]
    levels: list[dict[str, Any]] = []
    try:
        for event, tag, values in _events(path):
            if event == "start" and tag == "entity":
                levels.append({"entity": values, "year": "", "data": []})
                if len(levels) > _MAX_DEPTH:
                    raise ValueError(f"areas lie more than {_MAX_DEPTH} deep in each other")
            elif event == "start" and tag == "population" and levels:
                # A second population would be of another source or year; each becomes a row of its own.
                levels[-1]["year"] = values.get("year", "")
            elif event == "start" and tag == "data" and levels:
                levels[-1]["data"].append(values)
            elif event == "end" and tag == "population" and levels:
                level = levels[-1]
                found.append(_row(level))
                level["data"] = []
            elif event == "end" and tag == "entity":
                levels.pop()
    except ParseError as error:
        raise ValueError(f"its XML is damaged: {error}") from error
    if len(found) == 1:
        raise ValueError("it is XML, but no population of the central registry")
    # An area stands before the areas within it.
    return [found[0], *sorted(found[1:], key=lambda r: (r[0], r[1]))]


def _events(path: Path) -> Any:
    parser: Any = XMLPullParser(events=("start", "end"))
    tail = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            if _DOCTYPE.search(tail + block):
                raise ValueError("it declares entities of its own, which no table needs")
            tail = block[-16:]
            parser.feed(block)
            yield from _told(parser)
    parser.close()
    yield from _told(parser)


def _told(parser: Any) -> Any:
    for event, element in parser.read_events():
        yield event, element.tag.rsplit("}", 1)[-1], dict(element.attrib)
        if event == "end":
            element.clear()


def _row(level: dict[str, Any]) -> list[str]:
    entity = level["entity"]
    parts: dict[str, dict[str, str]] = {}
    for data in level["data"]:
        # Parts in several municipalities are told one by one; the row holds their sum.
        kind = data.get("type", "")
        if kind in parts and data.get("total", "").isdigit():
            parts[kind] = {"total": str(int(parts[kind]["total"]) + int(data["total"]))}
        else:
            parts[kind] = data
    whole = parts.get("total", {})
    return [level["year"], entity.get("geocode", ""), entity.get("type", ""), entity.get("name", ""),
            entity.get("english", ""), parts.get("nonmunicipal", {}).get("total", ""),
            parts.get("municipal", {}).get("total", ""), *(whole.get(n, "") for n in ("total", "male", "female",
                                                                                      "households"))]
