"""Choosing the area: the path from the country down, and a list at each level."""

from __future__ import annotations

from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from dashboards.desk import Desk
from dashboards.scope import Scope
from jitasa_analytics import areas, groups, texts
from jitasa_analytics.show import fonts, style

_LEVELS = ("province", "district", "tambon")
_PATH = f"""
:host {{ font-family: {fonts.STACK}; color: {style.INK}; }}
ol {{ list-style: none; display: flex; flex-wrap: wrap; gap: 2px 8px; margin: 0; padding: 0; font-size: 15px; }}
li + li::before {{ content: "›"; color: {style.QUIET}; margin-right: 8px; }}
a {{ color: {style.ACCENT}; text-decoration: none; }} a:hover {{ text-decoration: underline; }}
[aria-current] {{ font-weight: 600; }}
"""
_ROW = """
:host { display: grid !important; grid-template-columns: repeat(3, 180px) minmax(0, 1fr); gap: 8px 16px;
  align-items: center; }
:host > * { width: auto !important; min-width: 0; }
@media (max-width: 900px) {
  :host { grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 10px 8px; }
  :host > .path { grid-column: 1 / -1; }
}
"""


def picker(desk: Desk, scope: Scope) -> Any:
    """The bar in which the area is chosen."""
    selects = [_select(scope, level) for level in _LEVELS]
    known = desk.groups()
    grouped = [_groups(scope, known)] if len(known) else []
    path = pn.pane.HTML(pn.bind(_path, scope, scope.param.area), stylesheets=[_PATH], margin=0,
                        css_classes=["path"])
    row = _ROW.replace("repeat(3, 180px)", "repeat(4, 170px)") if grouped else _ROW
    return pn.Column(*selects, *grouped, path, stylesheets=[row], sizing_mode="stretch_width", margin=0)


def _path(scope: Scope, area: str) -> str:
    seen = [code for code in areas.path(area) if scope.sees(code)] or [area]
    codes = seen if scope.home in seen or scope.home == areas.COUNTRY else [scope.home, *seen]
    items = [f'<li><a href="{escape(scope.query(area=code) or "?")}">'
             f"{escape(areas.full_name(code, scope.lang))}</a></li>" for code in codes[:-1]]
    items.append(f'<li aria-current="location">{escape(areas.full_name(codes[-1], scope.lang))}</li>')
    return f'<nav aria-label="{escape(texts.say("dashboard.path", scope.lang))}"><ol>{"".join(items)}</ol></nav>'


def _groups(scope: Scope, known: Any) -> Any:
    """The list of groups: health regions and local government."""
    lang = scope.lang
    none = texts.say("groups.none", lang)
    given = {none: ""} | {groups.name(code, lang): code for code in known["group"]}

    def now(area: str) -> str:
        return area if area in given.values() else ""

    select = pmui.Select(label=texts.say("groups.title", lang), size="small", margin=0, options=given,
                         sizing_mode="stretch_width", searchable=True, css_classes=["chooser", "group"],
                         value=now(scope.area))
    pn.bind(lambda area: select.param.update(value=now(area)), scope.param.area, watch=True)
    pn.bind(lambda value: _choose_group(scope, value), select.param.value, watch=True)
    return select


def _choose_group(scope: Scope, value: str | None) -> None:
    """Take a group, or leave the one that is looked at."""
    if value:
        scope.area = value
    elif groups.is_group(scope.area):
        scope.area = scope.home


def options(area: str, level: str, lang: str, scope: Scope | None = None) -> dict[str, str]:
    """Name to code of the areas that can be chosen at a level; the first stands for all of them.

    Of a scope, only what has to do with the visitor's own area is offered.
    """
    area = areas.COUNTRY if groups.is_group(area) else area
    parent = areas.COUNTRY if level == "province" else areas.to_level(area, _LEVELS[_LEVELS.index(level) - 1])
    every = {texts.say(f"dashboard.all.{level}", lang): parent}
    if level != "province" and (area == areas.COUNTRY or len(parent) < areas.digits(level) - 2):
        return every
    codes = sorted((c for c in areas.children(parent) if scope is None or scope.meets(c)),
                   key=lambda c: areas.name(c, lang))
    if scope is not None and len(codes) == 1 and scope.home.startswith(codes[0]):
        every = {}  # there is nothing to choose between
    return every | {areas.name(c, lang): c for c in codes}


def _select(scope: Scope, level: str) -> Any:
    """One list: what is chosen follows the scope, and choosing changes the scope."""

    def now(area: str) -> dict[str, Any]:
        given = options(area, level, scope.lang, scope)
        code = areas.to_level(area, level) if area != areas.COUNTRY else areas.COUNTRY
        return {"options": given, "value": code if code in given.values() else next(iter(given.values())),
                "disabled": len(given) < 2}

    select = pmui.Select(label=texts.say(f"value.level.{level}", scope.lang), size="small", margin=0,
                         sizing_mode="stretch_width", searchable=True, css_classes=["chooser"],
                         refs=pn.bind(now, scope.param.area))

    pn.bind(lambda value: _choose(scope, level, value), select.param.value, watch=True)
    return select


def _choose(scope: Scope, level: str, value: str | None) -> None:
    """Take a choice of a list; what only follows from the scope is no choice."""
    if value is None:
        return
    follows = areas.to_level(scope.area, level) if scope.area != areas.COUNTRY else areas.COUNTRY
    if value != follows:
        scope.go(value)
