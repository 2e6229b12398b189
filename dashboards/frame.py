"""The frame around every page: brand, navigation, language, ground, area, and where the data comes from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import panel as pn
import panel_material_ui as pmui
from panel.util import edit_readonly
from panel_material_ui.template.base import parse_template

from dashboards import health, ledger, navigation, places, problems, scope
from dashboards.desk import Desk
from dashboards.pages import Page
from jitasa_analytics import texts
from jitasa_analytics.errors import JitasaError, NoDataError
from jitasa_analytics.service.roles import LOCAL, NotAllowedError
from jitasa_analytics.show import card, colours, fonts, numbers, style

ASSETS = Path(__file__).resolve().parent / "assets"
_AGED = ("population", "requests", "volunteers", "dose_reports", "doses", "facilities")

_BODY = """
:host { display: grid !important; grid-template-columns: 216px minmax(0, 1fr); gap: 22px; align-items: start;
  padding: 14px 20px 28px; box-sizing: border-box; }
:host > * { width: 100% !important; min-width: 0; }
@media (max-width: 900px) { :host { grid-template-columns: minmax(0, 1fr); gap: 10px; padding: 10px 10px 24px; } }
"""


def build(desk: Desk, page: type[Page]) -> Any:
    """The whole page of one visitor.

    Parameters
    ----------
    desk : Desk
    page : type of Page
    """
    asked = problems.asked()
    lang = scope.language(asked)
    place, unknown = _own_part(desk, *scope.area(asked))
    user = desk.user
    now = scope.Scope(home=user.scope, own=user.within, area=place, lang=lang, dark=asked.get("theme") == "dark")
    content: Any
    ledger.seat(desk, page.slug)
    try:
        manifest = desk.manifest()
        content = page(desk=desk, scope=now, asked=asked)
    except Exception as error:
        if page.slug == "" and not isinstance(error, JitasaError):
            raise
        manifest, content = None, problems.notice(error, lang)
        if not isinstance(error, (NoDataError, NotAllowedError)):
            problems.broke(error)
    keep_in_step(now)
    parts: list[Any] = []
    if manifest is not None and manifest.sample:
        parts.append(card.piece(card.sample_html(lang)))
    if unknown is not None:
        parts.append(problems.notice(unknown, lang))
    parts += [places.picker(desk, now), content] if page.by_area else [content]
    if manifest is not None:
        parts.append(_source(desk, now))
    body = pn.Column(navigation.menu(now, page, desk.user),
                     pn.Column(*parts, sizing_mode="stretch_width", margin=0, styles={"gap": "12px"}),
                     sizing_mode="stretch_width", margin=0, stylesheets=[_BODY])
    shown = shell(lang, colours.ground(now.dark), page.label(lang),
                  manifest.version if manifest and not page.live else -1)
    shown.header = [navigation.header(now, page.slug, "" if desk.user == LOCAL else desk.user.name)]
    shown.main = [body]
    if pn.state.curdoc is not None:
        label = card.sample_html(lang) if manifest is not None and manifest.sample else ""
        pn.state.curdoc.template_variables["first"] = _first(label, content)
    return shown


def shell(lang: str, ground: colours.Ground, title: str, version: int = -1) -> Any:
    """An empty page in our letters and colours."""
    shown = pmui.Page(  # type: ignore[attr-defined]
        theme_toggle=False, dark_theme=ground.dark, theme_config=_theme(ground), busy_indicator=None,
        raw_css=[fonts.served("fonts"), style.variables(ground), _css()], template=_template(lang, version),
        meta_title=f"{title} · {texts.say('dashboard.brand', lang)}", meta_name="jitasa")
    shown.title = ""
    _unbind(shown)
    return shown


def _unbind(shown: Any) -> None:
    """Let a page go free of Panel's sign of being busy, which is one for the whole process.

    Each press in one window would be told to all of them, and the process would hold every page that was ever opened.
    """
    with edit_readonly(shown):
        shown.busy = False
    for watcher in list(pn.state.param.watchers.get("busy", {}).get("value", [])):
        if getattr(getattr(watcher.fn, "__self__", None), "self", None) is shown:
            pn.state.param.unwatch(watcher)


def _theme(ground: colours.Ground) -> dict[str, Any]:
    return {
        "typography": {"fontFamily": fonts.STACK, "fontSize": 13, "button": {"textTransform": "none"}},
        "palette": {"mode": "dark" if ground.dark else "light",
                    "primary": {"main": ground.accent, "contrastText": ground.on_accent},
                    "secondary": {"main": colours.SITE},
                    "background": {"default": ground.page, "paper": ground.paper},
                    "text": {"primary": ground.ink, "secondary": ground.quiet}, "divider": ground.line},
        "shape": {"borderRadius": 8},
        "components": {
            "MuiInputLabel": {"styleOverrides": {"root": {"overflow": "visible", "lineHeight": 1.6},
                                               "shrink": {"lineHeight": 1.9, "marginTop": "-2px"}}},
            "MuiAppBar": {"styleOverrides": {"root": {
                "backgroundColor": "#174f76", "backgroundImage": "none", "color": "#fff", "boxShadow": "none"}}},
            "MuiPaper": {"styleOverrides": {"root": {"backgroundImage": "none"}}},
            "MuiToolbar": {"styleOverrides": {"root": {"minHeight": "54px !important"}}}},
    }


def _own_part(desk: Desk, place: str, problem: JitasaError | None) -> tuple[str, JitasaError | None]:
    """The area that a visitor may see of the one asked for, with what is to be said about it."""
    user = desk.user
    try:
        return user.within(place), problem
    except NotAllowedError as error:
        return user.scope, error


@cache
def _template(lang: str, version: int) -> Any:
    """Panel's page with our script, and the language said for screen readers."""
    words = "".join(f' data-{name}="{escape(texts.say(f"dashboard.live.{name}", lang), quote=True)}"'
                    for name in ("fresh", "load", "lost"))
    script = (f'<script src="assets/shell.js" data-lang="{lang}" data-version="{version}" '
              f'data-instance="{health.INSTANCE}"{words}></script>')
    # What can be read stands before the scripts, so that it is read while they load.
    return parse_template("{% extends 'base.html' %}{% block postamble %}{{ super() }}" + script + "{% endblock %}"
                          "{% block js_resources %}{% endblock %}"
                          "{% block loader %}{{ first | default('', true) }}{{ bokeh_js if bokeh_js }}{{ super() }}"
                          "{% endblock %}")


def _first(label: str, content: Any) -> str:
    """The page's finding and figures as plain HTML: what is read until the page itself stands there."""
    told = content.first() if isinstance(content, Page) else ""
    kind = "by-area" if getattr(content, "by_area", False) else ""
    return (f'<div id="first" class="{kind}"><template shadowrootmode="open"><style>{style.PIECES}'
            f'.heading {{ font-size: 21px; font-weight: 600; line-height: 1.4; margin: 4px 0 12px; }}'
            f'.ghost {{ margin-top: 12px; }}</style>{label}{told}'
            '<div class="ghost"><i></i><i></i></div></template></div>')


@cache
def _css() -> str:
    return (ASSETS / "shell.css").read_text("utf-8")


def keep_in_step(now: scope.Scope) -> None:
    """Let address and scope follow each other, the back button included."""
    location = pn.state.location
    if location is None:
        return

    reading: list[bool] = []  # while the address is read, what is not read yet is still the old

    def from_address(*_: Any) -> None:
        if location.search.lstrip("?") != now.query().lstrip("?"):
            reading.append(True)
            try:
                now.read({name: str(value) for name, value in _parsed(location.search).items()})
            finally:
                reading.pop()

    def to_address(*_: Any) -> None:
        if reading:
            return
        now.search = now.query()
        if location.search != now.search:
            location.search = now.search

    location.param.watch(from_address, "search")
    now.param.watch(to_address, ["area"])
    for owner, names in now.owners:
        owner.param.watch(to_address, names)


def _parsed(search: str) -> Mapping[str, str]:
    return dict(parse_qsl(search.lstrip("?"), keep_blank_values=True))


def _source(desk: Desk, now: scope.Scope) -> Any:
    """What the page rests on: version, and how old each dataset is."""
    manifest = desk.manifest()
    held = {n: at for n, at in desk.held().items() if n in _AGED}
    text = texts.say("dashboard.source", now.lang, version=manifest.version,
                     made=numbers.date(manifest.created_at, now.lang, time=True))
    html = f'<footer class="card"><b>{escape(text)}</b><br>{escape(card.ages(held, now.lang))}</footer>'
    return card.piece(html)
