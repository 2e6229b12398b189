"""Labels of columns, figures and parameters, and how their values are written."""

from __future__ import annotations

from typing import Any

from jitasa_analytics import areas, texts
from jitasa_analytics.contracts import DATASETS
from jitasa_analytics.show import numbers

# Which catalogue of values a column or parameter takes its words from.
_VALUES = {
    "urgency": "urgency", "status": "status", "category": "category", "service": "facility", "mode": "mode",
    "level": "level", "basis": "basis", "facility_kind": "facility",
    "volunteer_kind": "volunteer", "candidate_kind": "candidate", "bed_kind": "facility", "vehicle": "equipment",
}
# A kind is one of facilities, of candidates or of volunteers.
_KINDS = ("facility", "candidate", "volunteer")
_NAMES = {"area_code", "area", "code", "parent"}
_UNITS = (
    ("share", "share"), ("coverage", "share"), ("percent", "share"), ("minutes", "minutes"), ("km", "km"),
    ("people", "persons"), ("population", "persons"), ("persons", "persons"), ("doses", "doses"),
)


def first(keys: list[str], lang: str) -> str | None:
    """The text of the first key that has one."""
    for key in keys:
        if texts.has(key, lang):
            return texts.say(key, lang)
    return None


def title(study: str, lang: str) -> str:
    """A study's title, or its name where it has none in the catalogue."""
    return first([f"study.{study}.title"], lang) or study.replace("_", " ")


def question(study: str, lang: str) -> str:
    """The question a study answers, or nothing."""
    return first([f"study.{study}.question"], lang) or ""


def column(name: str, lang: str, study: str = "") -> str:
    """The label of a column of an answer's frame or table."""
    found = first([f"study.{study}.column.{name}", f"column.{name}" if study else f"show.column.{name}",
                   f"show.column.{name}", f"column.{name}", f"figure.{name}"], lang)
    if found is not None:
        return found
    for dataset in DATASETS.values():
        if name in dataset.names:
            contract = dataset.column(name)
            return contract.th if lang == "th" else contract.en
    return name.replace("_", " ")


def figure(name: str, lang: str, study: str = "") -> str:
    """The label of a headline figure."""
    own = [f"study.{study}.figure.{name}", f"figure.{name}"] if study else [f"figure.{name}", f"show.column.{name}"]
    return first(own, lang) or column(name, lang, study)


def table(name: str, lang: str, study: str = "") -> str:
    """What a table of an answer is called."""
    return first([f"study.{study}.table.{name}", f"print.table.{name}"], lang) or column(name, lang, study)


def parameter(name: str, lang: str, study: str = "") -> str:
    """The label of a parameter of a study."""
    return first([f"study.{study}.param.{name}", f"param.{name}", f"show.column.{name}"], lang) \
        or name.replace("_", " ")


def value(name: str, given: Any, lang: str) -> str:
    """A parameter's or a cell's value in words."""
    if given is None:
        return first(["param.choice.any"], lang) or numbers.MISSING
    if isinstance(given, bool):
        return texts.say("show.yes" if given else "show.no", lang)
    if isinstance(given, (list, tuple)):
        return ", ".join(value(name, one, lang) for one in given) or numbers.MISSING
    if isinstance(given, str):
        if name in _NAMES and areas.exists(given):
            return areas.full_name(given, lang)
        if name == "category" and ";" in given:
            return ", ".join(value(name, one, lang) for one in given.split(";"))
        for kind in (*(_KINDS if name == "kind" else ()), _VALUES.get(name, name), name):
            if texts.has(f"value.{kind}.{given}", lang):
                return texts.say(f"value.{kind}.{given}", lang)
        return first([f"param.choice.{given}", f"show.value.{given}"], lang) or given
    if isinstance(given, (int, float)):
        return numbers.number(given, 0 if float(given).is_integer() else 2)
    return numbers.date(given, lang)


def unit_of(name: str, measure: str = "", unit: str = "") -> str:
    """The unit of a column, from the answer's measure or from its name.

    >>> unit_of("people_out_of_reach"), unit_of("share_out_of_reach"), unit_of("x", "x", "km")
    ('persons', 'share', 'km')
    """
    if name == measure:
        return unit
    for word, found in _UNITS:
        if name == word or name.startswith(f"{word}_") or name.endswith(f"_{word}"):
            return found
    return ""


def place(code: str, lang: str) -> str:
    """The name of an area with its level, as it stands in a sentence."""
    return areas.full_name(code, lang)
