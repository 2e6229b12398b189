"""A form made from the parameters of a study: the same for those that came with the program and those that did not."""

from __future__ import annotations

import unicodedata
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from jitasa_analytics import texts
from jitasa_analytics.studies import Study

# Bounds that allow far more than is usual: the slider covers the usual, the address and the library the rest.
_USUAL: dict[str, tuple[float, float, float]] = {"minutes": (5, 120, 5), "n_sites": (1, 20, 1), "detour": (1, 3, 0.1)}
# Parameters that most people leave as they are.
QUIET = ("detour", "level", "group", "denominator", "basis", "source", "time_limit", "gap", "km", "candidate_kind",
         "mode", "date", "seed", "permutations", "resamples")
# Letters that a field in a column of the form has room for.
_SHORT = 24
# No choice among choices: a list can't show None.
_NONE = "-"


def form(question: Study, lang: str, *, but: tuple[str, ...] = ()) -> tuple[list[Any], list[Any]]:
    """Widgets for a study's parameters.

    Parameters
    ----------
    question : Study
        Its values follow the widgets and the widgets follow it.
    lang : {"th", "en"}
    but : tuple of str
        Parameters that the page asks for in another way.

    Returns
    -------
    tuple of (widgets shown at once, widgets among further conditions)
    """
    kind = type(question)
    names = [n for n in kind.options() if n not in but]
    shown = [n for n in names if n not in QUIET]
    return ([field(question, n, lang) for n in shown], [field(question, n, lang) for n in names if n in QUIET])


def field(question: Study, name: str, lang: str) -> Any:
    """The widget of one parameter."""
    parameter = question.param[name]
    common: dict[str, Any] = {
        "label": type(question).option_label(name, lang), "description": type(question).option_help(name, lang) or None,
        "sizing_mode": "stretch_width", "margin": 0,
    }
    value = question.param[name]
    source = "value"
    widget: Any
    if isinstance(parameter, param.Selector):
        labels = {type(question).option_choice(name, o, lang): _NONE if o is None else o for o in parameter.objects}
        shown = pn.bind(lambda now: _NONE if now is None else now, value)
        widget = pmui.Select(options=labels, value=shown, size="small", **common)
    elif name == "dose" and isinstance(parameter, param.Integer) and parameter.bounds:
        widget = pmui.Select(options=_doses(parameter, lang), value=value, size="small", **common)
    elif isinstance(parameter, param.Boolean):
        widget = pmui.Switch(value=value, **common)
    elif isinstance(parameter, (param.CalendarDate, param.Date)):
        widget = pmui.DatePicker(value=value, **common)
    elif isinstance(parameter, param.Number) and parameter.allow_None:
        return _optional(question, name, parameter, lang, common)
    elif isinstance(parameter, param.Number):
        widget, source = _number(question, name, parameter, common)
    else:
        # What is long by nature, such as several rules, is read as a whole.
        wide = {"grid-column": "1 / -1"} if len(str(parameter.default or "")) > _SHORT else {}
        widget = pmui.TextInput(value=value, size="small", styles=wide, **common)
    widget.css_classes = [f"field-{name}"]
    pn.bind(lambda chosen: _take(question, name, chosen), widget.param[source], watch=True)
    return widget


def _doses(parameter: Any, lang: str) -> dict[str, int]:
    """The doses by name; nought stands for all of them and comes last."""
    low, high = (int(b) for b in parameter.bounds)
    numbers = [*range(max(low, 1), high + 1), *([0] if low == 0 else [])]
    return {texts.say("dashboard.dose" if n else "dashboard.dose_all", lang, n=n): n for n in numbers}


def _number(question: Study, name: str, parameter: Any, common: dict[str, Any]) -> tuple[Any, str]:
    """A slider where the range is usual, a box else; sliders speak when they are let go."""
    low, high = parameter.bounds or (None, None)
    whole = isinstance(parameter, param.Integer)
    usual = _USUAL.get(name)
    if usual is None and low is not None and high is not None and not parameter.allow_None:
        step = parameter.step or (1 if whole else (high - low) / 50)
        usual = (low, high, step) if (high - low) / step <= 100 else None
    if usual is None:
        box: Any = pmui.IntInput if whole else pmui.FloatInput
        return box(value=question.param[name], start=low, end=high, size="small", **common), "value"
    start, end, step = usual
    now = getattr(question, name)
    start, end = min(start, now), max(end, now)
    even = whole or float(step).is_integer()
    cast = int if even else float
    kind: Any = pmui.IntSlider if even else pmui.FloatSlider
    slider = kind(value=pn.bind(cast, question.param[name]), start=cast(start), end=cast(end), step=cast(step),
                  size="small", **common)
    return slider, "value_throttled"


def _optional(question: Study, name: str, parameter: Any, lang: str, common: dict[str, Any]) -> Any:
    """A box that may stay empty: empty is no limit. Separators between thousands and Thai digits are understood."""
    whole = isinstance(parameter, param.Integer)
    box = pmui.TextInput(value=pn.bind(_written, question.param[name]), size="small",
                         placeholder=texts.say("search.unset", lang), css_classes=[f"field-{name}"], **common)

    def take(text: str) -> None:
        plain = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in text.replace(",", "").strip())
        try:
            value = None if not plain else int(plain) if whole else float(plain)
            parameter._validate(value)
        except (ValueError, TypeError):
            box.error_state = True
            return
        box.error_state = False
        if value != getattr(question, name):
            setattr(question, name, value)

    pn.bind(take, box.param.value, watch=True)
    return box


def _written(value: float | None) -> str:
    return "" if value is None else f"{value:,.10g}"


def _take(question: Study, name: str, chosen: Any) -> None:
    """Give a widget's value to the question, once."""
    if chosen == _NONE and isinstance(question.param[name], param.Selector):
        chosen = None
    if chosen is None and not question.param[name].allow_None:
        return
    if hasattr(chosen, "date") and callable(chosen.date):
        chosen = chosen.date()
    if chosen != getattr(question, name):
        setattr(question, name, chosen)
