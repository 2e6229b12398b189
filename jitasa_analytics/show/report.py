"""Answers as a printed report: A4 pages with a summary, then for each answer figures, map, tables, verdict card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jitasa_analytics import texts
from jitasa_analytics.show import block, numbers, typeset, words

# The map's box on a portrait page, points.
_WIDTH, _HEIGHT = 330.0, 340.0


def pages(answers: Sequence[Any], lang: str, *, area: str = "", created_at: Any = None,
          missing: Sequence[tuple[str, str]] = (), version: int = 0, sample: bool = False
          ) -> tuple[dict[str, Any], dict[str, str]]:
    """What the pages of a report hold, and its drawings."""
    first = answers[0] if answers else None
    scope = area or (first.scope if first is not None else "TH")
    of_version = first.version if first is not None else version
    labelled = sample or any(a.sample for a in answers)
    pictures: dict[str, str] = {}
    chapters = []
    for n, answer in enumerate(answers):
        pieces, drawn = block.block(answer, lang, name=f"map{n}", width=_WIDTH, height=_HEIGHT)
        pictures |= drawn
        what = pieces["map"]["title"] if pieces["map"] is not None else ""
        chapters.append({**pieces, "map-title": texts.say("print.map_of", lang, what=what)})
    place = words.place(scope, lang)
    source = texts.say("print.source", lang, version=of_version)
    made = source if created_at is None else texts.say(
        "print.made", lang, version=of_version, date=numbers.date(created_at, lang))
    data = {
        "lang": lang, "title": texts.say("print.report_of", lang, area=place), "made": made,
        "source": f"jitasa_analytics · {place} · {source}",
        "date": None if created_at is None else [created_at.year, created_at.month, created_at.day],
        "sample": texts.say("show.sample", lang) if labelled else "",
        "sample-long": texts.say("show.sample_long", lang),
        "page-word": texts.say("print.page", lang), "of-word": texts.say("print.of", lang),
        "words": {n: texts.say(f"print.{n}", lang) for n in ("summary", "by_area", "conditions", "missing", "nothing")},
        "answers": chapters, "missing": [{"title": title, "why": why} for title, why in missing],
    }
    return data, pictures


def pdf(answers: Sequence[Any], lang: str, **about: Any) -> bytes:
    """A report as the content of a PDF file; the same answers give the same bytes.

    Parameters
    ----------
    answers : sequence of Answer
        One chapter each; a report without any says what is missing.
    lang : {"th", "en"}
    **about
        ``area`` (code; the answers' by default), ``created_at`` (time of the store's version),
        ``version``, ``sample``, and ``missing``: (title, reason) of each question without an answer.
    """
    return typeset.pdf("report", *pages(answers, lang, **about))
