"""An answer as one picture of 1920 x 1080 pixels: for the screen of a meeting, a message, a poster."""

from __future__ import annotations

from typing import Any

from jitasa_analytics import texts
from jitasa_analytics.show import block, typeset, words

# The map's box and how many figures and areas find room beside it.
_WIDTH, _HEIGHT = 500.0, 430.0
_FIGURES = 6
_AREAS = 6
_ROWS = 7
_NOTES = 5


def png(answer: Any, lang: str) -> bytes:
    """The picture of an answer: finding, map with legend, figures, what to look at first, the verdict card."""
    return typeset.png("picture", *page(answer, lang))[0]


def page(answer: Any, lang: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What the picture holds, and its drawing."""
    pieces, pictures = block.block(answer, lang, name="map", width=_WIDTH, height=_HEIGHT, rows=14)
    drawn = pieces["map"]
    top, title = block.by_area(answer, lang, _AREAS), texts.say("print.top", lang)
    if pieces["sites"] is not None:
        top, title = pieces["sites"], pieces["sites"]["title"]
    pieces["notes"] = pieces["notes"][:_NOTES]
    pieces["facts"] = [f for f in pieces["facts"] if f[0] != texts.say("show.card.question", lang)]
    data = {
        "answer": pieces, "lang": lang, "figures": pieces["figures"][:_FIGURES],
        "top": None if top is None else _narrow(top), "top_title": title,
        "map_width": _WIDTH if drawn is None else max(300.0, drawn["width"]),
        "no-data": texts.say("show.no_data", lang),
        "sample": texts.say("show.sample_long", lang) if answer.sample else "",
        "foot": f"jitasa_analytics · {words.place(answer.scope, lang)} · "
                f"{texts.say('print.source', lang, version=answer.version)}",
    }
    return data, pictures


def _narrow(table: dict[str, Any]) -> dict[str, Any]:
    """The table where there is little room: its first rows, the names, and one or two columns of values."""
    columns = table["columns"]
    leading = 2 if columns[0]["number"] else 1  # a site's number and its name, or an area's name
    kept = [*range(leading), *[i for i, c in enumerate(columns) if c["number"] and i >= leading][:3 - leading]]
    return {"columns": [columns[i] for i in kept], "rows": [[r[i] for i in kept] for r in table["rows"][:_ROWS]],
            "more": ""}
