"""What is said around a map: headline figures, legend, and the card that says what an answer rests on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from jitasa_analytics import texts
from jitasa_analytics.contracts import DATASETS
from jitasa_analytics.show import numbers, words
from jitasa_analytics.show.classes import Classes
from jitasa_analytics.show.plain_charts import CSS as CHARTS
from jitasa_analytics.show.style import PIECES

# Shapes of the point layers, drawn as they are on the map.
_SHAPES = {
    "circle": '<circle cx="8" cy="8" r="5.5"/>',
    "diamond": '<path d="M8 1.5 L14 8 L8 14.5 L2 8 Z"/>',
    "triangle": '<path d="M8 2 L14.5 13.5 L1.5 13.5 Z"/>',
    "square": '<rect x="3" y="3" width="10" height="10"/>',
    "star": '<path d="M8 1 L10 6 L15.3 6.3 L11.2 9.6 L12.6 14.8 L8 11.9 L3.4 14.8 L4.8 9.6 L.7 6.3 L6 6 Z"/>',
    "cross": '<path d="M3.5 1.5 L8 6 L12.5 1.5 L14.5 3.5 L10 8 L14.5 12.5 L12.5 14.5 L8 10 L3.5 14.5 L1.5 12.5 '
             'L6 8 L1.5 3.5 Z"/>',
    "plus": '<path d="M6 2 h4 v4 h4 v4 h-4 v4 h-4 v-4 h-4 v-4 h4 Z"/>',
}


def piece(html: Any, **params: Any) -> Any:
    """Some HTML, or something bound that gives HTML, in the common style."""
    import panel as pn

    return pn.pane.HTML(html, stylesheets=[PIECES + CHARTS], sizing_mode="stretch_width", margin=0, **params)


def mark(marker: str, colour: str) -> str:
    """The symbol of a point layer as it is drawn on the map, with its white rim, which shows on dark ground."""
    return (f'<svg viewBox="0 0 16 16" aria-hidden="true" fill="{colour}" stroke="#ffffff" stroke-width="1.5" '
            f'paint-order="stroke">{_SHAPES.get(marker, _SHAPES["circle"])}</svg>')


def figures_html(entries: Sequence[Mapping[str, str]]) -> str:
    """Boxes with a number each.

    Keys ``label``, ``value``, and where given ``unit``, ``foot``, ``change`` (with ``turn``: better, worse or same),
    ``help`` (what is this, how is it computed, how old is it) and ``about`` (the button's name).
    """
    boxes = []
    for entry in entries:
        change = f'<div class="change {entry.get("turn", "same")}">{escape(entry["change"])}</div>' \
            if entry.get("change") else ""
        named = escape(entry.get("about", "?"), quote=True)
        about = (f'<details class="help"><summary aria-label="{named}">?</summary>'
                 f'<div>{escape(entry["help"])}</div></details>') if entry.get("help") else ""
        unit = f" <small>{escape(entry['unit'])}</small>" if entry.get("unit") else ""
        foot = f'<div class="foot">{escape(entry["foot"])}</div>' if entry.get("foot") else ""
        boxes.append(f'<div class="figure {entry.get("kind", "")}"><div class="label">{escape(entry["label"])}</div>'
                     f'<div class="value">{escape(entry["value"])}{unit}</div>{change}{foot}{about}</div>')
    return f'<div class="figures">{"".join(boxes)}</div>'


def figure_entry(name: str, value: Any, unit: str, lang: str, *, study: str = "", foot: str = "") -> dict[str, str]:
    """One headline figure ready for its box."""
    value, unit = numbers.readable(value, unit)
    shown = numbers.plain(value, unit)
    if unit == "persons" and _told(value) and float(value) < 0:
        shown = numbers.MISSING  # the denominator is too small, as the notes say
    one = shown == "1" and texts.has(f"value.unit_one.{unit}", lang)
    word = "" if unit in {"share", "count", ""} or shown in {numbers.MISSING, "∞"} else texts.label(
        "unit_one" if one else "unit", unit, lang)
    return {"label": words.figure(name, lang, study), "value": shown, "unit": word, "foot": foot}


def _told(value: Any) -> bool:
    """Whether there is a number that can be written."""
    return not numbers.is_missing(value) and math.isfinite(float(value))


def figures(answer: Any, lang: str, *, only: Sequence[str] = ()) -> str:
    """An answer's headline figures as boxes."""
    chosen = [n for n in (only or answer.figures) if n in answer.figures]
    return figures_html([figure_entry(n, answer.figures[n].value, answer.figures[n].unit, lang, study=answer.study)
                         for n in chosen])


def legend(title: str, classes: Classes, lang: str, *, no_data: bool, few: bool = False,
           points: Sequence[tuple[str, str, str]] = ()) -> str:
    """The classes with their values, what no data looks like, and the shapes of the points.

    ``points`` are (label, marker, colour); ``few`` says that small numbers are not shown.
    """
    entries = [_swatch(colour, label) for label, colour in zip(classes.labels(), classes.colours, strict=True)]
    if no_data:
        entries.append(f'<span class="entry"><span class="swatch none"></span>'
                       f'{escape(texts.say("show.no_data", lang))}</span>')
    if few:
        entries.append(f'<span class="entry"><span class="swatch few"></span>'
                       f'{escape(texts.say("dashboard.few", lang))}</span>')
    entries += [f'<span class="entry">{mark(marker, colour)}{escape(label)}</span>' for label, marker, colour in points]
    head = f'<span class="title">{escape(title)}</span>' if title else ""
    return f'<div class="legend">{head}{"".join(entries)}</div>'


def _swatch(background: str, label: str) -> str:
    return (f'<span class="entry"><span class="swatch" style="background:{background}"></span>'
            f"{escape(label)}</span>")


def tooltip(lines: Sequence[str]) -> str:
    """The tooltip of a point: first line strong; safe to put into the page."""
    first, *rest = [escape(line) for line in lines if line]
    return "<br>".join([f"<b>{first}</b>", *rest])


def sample_html(lang: str) -> str:
    """The label of sample data."""
    return f'<div class="sample" role="note">{escape(texts.say("show.sample_long", lang))}</div>'


def ages(as_of: Mapping[str, str | None], lang: str, now: datetime | None = None, *, aged: bool = True) -> str:
    """Date of each dataset that an answer used, and its age where ``aged``: a file that is kept says only the date."""
    when = now or datetime.now(UTC).replace(tzinfo=None)
    parts = []
    for name, at in as_of.items():
        if at is None:
            continue
        age = numbers.age(at, when, lang) if aged else ""
        shown = numbers.date(at, lang)
        parts.append(f"{_dataset(name, lang)} {shown}" + (f" ({age})" if age else ""))
    return " · ".join(parts)


def _dataset(name: str, lang: str) -> str:
    contract = DATASETS.get(name)
    return name if contract is None else contract.th if lang == "th" else contract.en


def facts(answer: Any, lang: str, now: datetime | None = None, *, aged: bool = True) -> list[tuple[str, str]]:
    """What an answer rests on, as label and text: the lines of the verdict card; see `ages` for ``aged``."""
    params = "; ".join(f"{words.parameter(n, lang, answer.study)}: {words.value(n, v, lang)}"
                       for n, v in answer.params.items() if v is not None and v != "")
    lines = [
        (texts.say("show.card.study", lang), words.title(answer.study, lang)),
        (texts.say("show.card.question", lang), words.question(answer.study, lang)),
        (texts.say("show.card.area", lang), words.place(answer.scope, lang)),
        (texts.say("show.card.params", lang), params or numbers.MISSING),
        (texts.say("show.card.data", lang), ages(answer.as_of, lang, now, aged=aged) or numbers.MISSING),
        (texts.say("show.card.version", lang), str(answer.version)),
    ]
    if answer.sample:
        lines.append((texts.say("show.card.kind", lang), texts.say("show.sample", lang)))
    return [(label, text) for label, text in lines if text]


def verdict(answer: Any, lang: str, *, skip_question: bool = False) -> str:
    """The card that says what an answer rests on, and its notes."""
    rows = "".join(f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in facts(answer, lang)
                   if not (skip_question and label == texts.say("show.card.question", lang)))
    notes = "".join(f"<li>{escape(note.text(lang))}</li>" for note in answer.notes)
    return f'<div class="card"><dl>{rows}</dl>{f"<ul>{notes}</ul>" if notes else ""}</div>'


def _conditions(params: Mapping[str, Any], lang: str) -> dict[str, str]:
    """Parameters as a headline says them: the service, the dose, and how far is still in reach."""
    found = {n: words.value(n, params[n], lang) for n in ("service", "dose") if n in params}
    if lang == "en" and "service" in found:
        found["service"] = found["service"].lower()
    unit = "km" if params.get("km") is not None else "minutes"
    if params.get(unit) is not None:
        found["limit"] = f"{params[unit]:g} {texts.label('unit', unit, lang)}"
    return found


def finding(answer: Any, lang: str) -> str:
    """The finding in one line; the study's title and area where it has no sentence of its own.

    A figure that is nought may have a sentence of its own: "nobody" reads otherwise than "0 people".
    A figure that may be unknown has a clause for each case (``said``, ``unsaid``): no headline says "within ∞".
    """
    place = words.place(answer.scope, lang)
    values = {n: numbers.amount(f.value, f.unit, lang) for n, f in answer.figures.items()}
    values.update(_conditions(answer.params, lang))
    values.update({n: term.text(lang) for n, term in getattr(answer, "terms", {}).items()})
    for name, figure in answer.figures.items():
        key = f"study.{answer.study}.{'said' if _told(figure.value) else 'unsaid'}.{name}"
        if texts.has(key, lang):
            values[name] = texts.say(key, lang, **{name: values[name]})
    nought = [f"study.{answer.study}.none.{n}" for n, f in answer.figures.items() if f.value == 0]
    for key in (*nought, f"study.{answer.study}.finding", f"show.finding.{answer.study}"):
        if texts.has(key, lang):
            try:
                return texts.say(key, lang, area=place, **values)
            except KeyError:
                break
    return texts.say("show.title_in_area", lang, title=words.title(answer.study, lang), area=place)
