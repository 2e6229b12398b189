"""The frame around every page: brand, navigation, language, area, and where the data comes from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import panel as pn
import panel_material_ui as pmui
from panel_material_ui.template.base import parse_template

from dashboards import places, problems, scope
from dashboards.desk import Desk
from dashboards.pages import Page, routes
from jitasa_analytics import texts
from jitasa_analytics.errors import JitasaError
from jitasa_analytics.show import card, colours, fonts, numbers

ASSETS = Path(__file__).resolve().parent / "assets"

_THEME = {
    "typography": {"fontFamily": fonts.STACK, "fontSize": 13, "button": {"textTransform": "none"}},
    "palette": {"primary": {"main": colours.ACCENT}, "secondary": {"main": colours.SITE}},
    "shape": {"borderRadius": 8},
    "components": {"MuiInputLabel": {"styleOverrides": {"root": {"overflow": "visible", "lineHeight": 1.6}}},
                   "MuiToolbar": {"styleOverrides": {"root": {"minHeight": "54px !important"}}}},
}
_NAV = f"""
:host {{ font-family: {fonts.STACK}; }}
nav {{ display: flex; flex-direction: column; gap: 2px; }}
a {{ display: block; padding: 8px 12px; border-radius: 8px; color: {colours.INK}; text-decoration: none;
  font-size: 15px; line-height: 1.4; }}
a:hover {{ background: #e3eaf0; }}
a:focus-visible {{ outline: 2px solid {colours.ACCENT}; }}
a[aria-current] {{ background: {colours.ACCENT}; color: #fff; font-weight: 600; }}
@media (max-width: 900px) {{
  nav {{ flex-direction: row; overflow-x: auto; padding-bottom: 4px; }}
  a {{ white-space: nowrap; background: #e9eef2; padding: 6px 12px; }}
}}
"""
_HEAD = f"""
:host {{ font-family: {fonts.STACK}; }}
.bar {{ display: flex; align-items: center; gap: 16px; color: #fff; width: 100%; }}
.brand {{ font-size: 18px; font-weight: 600; line-height: 1.25; color: #fff; text-decoration: none; flex: 1; }}
.brand small {{ display: block; font-size: 12.5px; font-weight: 400; opacity: .85; }}
.langs a {{ color: #fff; text-decoration: none; padding: 4px 10px; border-radius: 6px; font-size: 14px; }}
.langs a[aria-current] {{ background: rgba(255,255,255,.22); font-weight: 600; }}
.langs a:focus-visible, .brand:focus-visible {{ outline: 2px solid #fff; }}
@media (max-width: 600px) {{ .brand {{ font-size: 15px; }} .brand small {{ display: none; }} }}
"""
_BODY = """
:host { display: grid !important; grid-template-columns: 200px minmax(0, 1fr); gap: 20px; align-items: start;
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
    place, unknown = scope.area(asked)
    now = scope.Scope(area=place, lang=lang)
    content: Any
    made: Page | None = None
    try:
        manifest = desk.manifest()
        made = page(desk=desk, scope=now, asked=asked)
        content = made
    except Exception as error:
        if page.slug == "" and not isinstance(error, JitasaError):
            raise
        manifest, content = None, problems.notice(error, lang)
    keep_in_step(now)
    parts: list[Any] = []
    if manifest is not None and manifest.sample:
        parts.append(card.piece(card.sample_html(lang)))
    if unknown is not None:
        parts.append(problems.notice(unknown, lang))
    parts += [places.picker(desk, now), content]
    if manifest is not None:
        parts.append(_source(desk, now))
    body = pn.Column(_navigation(now, page.slug),
                     pn.Column(*parts, sizing_mode="stretch_width", margin=0, styles={"gap": "12px"}),
                     sizing_mode="stretch_width", margin=0, stylesheets=[_BODY])
    title = page.label(lang)
    shown = pmui.Page(  # type: ignore[attr-defined]
        header=[_header(now, page.slug)], main=[body], theme_toggle=False, theme_config=_THEME, busy_indicator="linear",
        raw_css=[fonts.served("fonts"), _css()],
        template=_template(lang),
        meta_title=f"{title} · {texts.say('dashboard.brand', lang)}", meta_name="jitasa")
    shown.title = ""
    return shown


@cache
def _template(lang: str) -> Any:
    """Panel's page with our script, and the language said for screen readers."""
    script = f'<script src="assets/shell.js" data-lang="{lang}"></script>'
    return parse_template("{% extends 'base.html' %}{% block postamble %}{{ super() }}" + script + "{% endblock %}")


@cache
def _css() -> str:
    return (ASSETS / "shell.css").read_text("utf-8")


def keep_in_step(now: scope.Scope) -> None:
    """Let address and scope follow each other, the back button included."""
    location = pn.state.location
    if location is None:
        return

    def from_address(*_: Any) -> None:
        if location.search.lstrip("?") != now.query().lstrip("?"):
            now.read({name: str(value) for name, value in _parsed(location.search).items()})

    def to_address(*_: Any) -> None:
        now.search = now.query()
        if location.search != now.search:
            location.search = now.search

    location.param.watch(from_address, "search")
    now.param.watch(to_address, ["area"])
    for owner, names in now.owners:
        owner.param.watch(to_address, names)


def _parsed(search: str) -> Mapping[str, str]:
    return dict(parse_qsl(search.lstrip("?"), keep_blank_values=True))


def _header(now: scope.Scope, slug: str) -> Any:
    def html(area: str, search: str) -> str:
        links = "".join(
            f'<a href="{escape(now.link(slug, lang=lang, more=True))}" lang="{lang}"'
            f'{" aria-current=true" if lang == now.lang else ""}>{texts.say("dashboard.language", lang)}</a>'
            for lang in texts.LANGUAGES)
        brand = escape(texts.say("dashboard.brand", now.lang))
        return (f'<div class="bar"><a class="brand" href="{escape(now.link("./"))}">{brand}'
                f'<small>{escape(texts.say("dashboard.tagline", now.lang))}</small></a>'
                f'<span class="langs">{links}</span></div>')

    return pn.pane.HTML(pn.bind(html, now.param.area, now.param.search), stylesheets=[_HEAD],
                        sizing_mode="stretch_width", margin=0)


def _navigation(now: scope.Scope, slug: str) -> Any:
    def html(area: str) -> str:
        links = "".join(
            f'<a href="{escape(now.link(page.slug or "./"))}"{" aria-current=page" if page.slug == slug else ""}>'
            f"{escape(page.label(now.lang))}</a>" for page in routes().values())
        return f'<nav aria-label="{escape(texts.say("dashboard.pages", now.lang))}">{links}</nav>'

    return pn.pane.HTML(pn.bind(html, now.param.area), stylesheets=[_NAV], sizing_mode="stretch_width", margin=0)


def _source(desk: Desk, now: scope.Scope) -> Any:
    """What the page rests on: version, and how old each dataset is."""
    manifest = desk.manifest()
    held = {n: at for n, at in desk.held().items() if n in {"population", "requests", "volunteers", "dose_reports",
                                                            "doses", "facilities"}}
    text = texts.say("dashboard.source", now.lang, version=manifest.version,
                     made=numbers.date(manifest.created_at, now.lang, time=True))
    html = f'<div class="card"><b>{escape(text)}</b><br>{escape(card.ages(held, now.lang))}</div>'
    return card.piece(html)

