"""An answer in a few lines of text."""

from __future__ import annotations

from typing import Any

from jitasa_analytics import texts
from jitasa_analytics.show import block, card, numbers, words

_AREAS = 3


def summary(answer: Any, lang: str) -> str:
    """Finding, figures, the areas to look at first, what it rests on, where the rest is."""
    lines = [card.finding(answer, lang)]
    if answer.sample:
        lines.append(f"[{texts.say('show.sample', lang)}]")
    lines += [f"  {words.figure(n, lang, answer.study)}: {numbers.amount(f.value, f.unit, lang)}"
              for n, f in answer.figures.items()]
    count = min(block.outstanding(answer), _AREAS)
    table = block.by_area(answer, lang, count) if count else None
    if table is not None:
        first = next((i for i, c in enumerate(table["columns"]) if c["number"]), None)
        if first is not None:
            what = table["columns"][first]["title"]
            told = ", ".join(f"{row[0]} {row[first]}" for row in table["rows"])
            lines.append(f"{texts.say('print.top', lang)} ({what}): {told}")
    lines.append(f"{texts.say('show.card.data', lang)}: {card.ages(answer.as_of, lang, aged=False) or numbers.MISSING}"
                 f" · {texts.say('print.source', lang, version=answer.version)}")
    names = ", ".join(f"tables[{n!r}]" for n in answer.tables)
    rows, columns = answer.frame.shape
    lines.append(texts.say("print.rest", lang, rows=f"{rows:,}", columns=columns, notes=len(answer.notes),
                           tables=f", {names}" if names else ""))
    return "\n".join(lines)
