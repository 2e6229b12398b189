"""A study's parameters on the command line: words into values, and its help."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import param

from jitasa_analytics import texts
from jitasa_analytics.errors import InputError, UnknownError
from jitasa_analytics.studies import Study

_YES = {"true", "yes", "1", "on"}
_NO = {"false", "no", "0", "off"}


def read(study: type[Study], words: Sequence[str]) -> dict[str, Any]:
    """Values of a study's parameters from words such as ``--minutes 30 --mode=walk``.

    Raises
    ------
    UnknownError
        If the study has no such parameter.
    InputError
        If a value is missing or can't be read as the parameter's type.
    """
    known = study.options()
    found: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        if not word.startswith("--") or len(word) < 3:
            raise InputError(f"{word!r} stands alone; parameters are given as --name VALUE",
                             key="error.stray_word", word=word)
        name, has_value, text = word[2:].partition("=")
        name = name.replace("-", "_")
        if name.startswith("no_") and isinstance(known.get(name[3:]), param.Boolean):
            found[name[3:]] = False
            continue
        if name not in known:
            raise UnknownError(f"study {study.slug} has no parameter {name!r}; it has {', '.join(known)}",
                               key="error.unknown_param", study=study.slug, name=name, known=", ".join(known))
        if not has_value:
            if isinstance(known[name], param.Boolean):
                found[name] = True
                continue
            text = _next(rest, name)
        found[name] = _value(study, name, known[name], text)
    return found


def _next(words: Iterator[str], name: str) -> str:
    text = next(words, None)
    if text is None or (text.startswith("--") and len(text) > 2):
        raise InputError(f"parameter --{name} needs a value", key="error.no_value", name=name)
    return text


def _value(study: type[Study], name: str, option: Any, text: str) -> Any:
    """A word as the type of its parameter."""
    if option.allow_None and text.strip().lower() in ("", "none"):
        return None
    try:
        if isinstance(option, param.Selector):
            return _choice(option, text)
        if isinstance(option, param.Boolean):
            return _yes_or_no(text)
        if isinstance(option, param.CalendarDate):
            return _date(text)
        if isinstance(option, param.Date):
            return dt.datetime.combine(_date(text), dt.time())
        if isinstance(option, param.Integer):
            return int(text)
        if isinstance(option, param.Number):
            return float(text)
        if isinstance(option, param.List):
            return [part.strip() for part in text.split(",") if part.strip()]
    except ValueError as error:
        accepts = study.option_accepts(name)
        raise InputError(f"parameter {name} can't be {text!r}; allowed: {accepts}", key="error.param_value",
                         name=name, value=text, allowed=accepts) from error
    return text


def _choice(option: Any, text: str) -> Any:
    for choice in option.objects:
        if str(choice) == text:
            return choice
    raise ValueError(text)


def _yes_or_no(text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise ValueError(text)


def _date(text: str) -> dt.date:
    """A date as people write it: year-month-day, day/month/year or with a Thai month; Buddhist years are understood.

    >>> _date("2564-06-30"), _date("30/6/2564"), _date("30 มิ.ย. 2564")
    (datetime.date(2021, 6, 30), datetime.date(2021, 6, 30), datetime.date(2021, 6, 30))
    """
    from jitasa_analytics.ingest import dates

    found = dates.day(text)
    if found.error or not isinstance(found.value, dt.date):
        raise ValueError(text)
    return found.value


def help_text(study: type[Study], lang: str) -> str:
    """The help of ``jitasa run STUDY --help``."""
    usage = f"jitasa run {study.slug} --store DIR [--area CODE] [--PARAM VALUE…]"
    lines = [f"{usage} [--out FILE.(csv|xlsx|geojson|parquet|png|pdf)]", "",
             study.title(lang), study.question(lang), "", texts.say("cli.run.params", lang)]
    for name, option in study.options().items():
        default = "none" if option.default is None else str(option.default)
        lines += [f"  --{name.replace('_', '-')}",
                  f"      {study.option_label(name, lang)}. {study.option_help(name, lang)}",
                  "      " + texts.say("cli.run.accepts", lang, accepts=study.option_accepts(name), default=default)]
    return "\n".join([*lines, "", texts.say("cli.run.help_end", lang)])
