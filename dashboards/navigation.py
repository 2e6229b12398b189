"""The way around: brand, languages and ground on top, the pages in groups at the side."""

from __future__ import annotations

from html import escape
from typing import Any

import panel as pn

from dashboards.pages import GROUPS, Page, routes
from dashboards.scope import Scope
from jitasa_analytics import texts
from jitasa_analytics.service.roles import User
from jitasa_analytics.show import fonts, style

_NAV = f"""
:host {{ font-family: {fonts.STACK}; font-size: 15px; line-height: 1.4; }}
nav h2 {{ font-size: 12px; font-weight: 600; color: {style.QUIET}; margin: 12px 12px 3px; }}
nav h2:first-child {{ margin-top: 0; }}
nav a {{ display: block; padding: 6px 12px; border-radius: 8px; color: {style.INK}; text-decoration: none; }}
nav hr {{ border: 0; border-top: 1px solid {style.LINE}; margin: 10px 12px 4px; }}
nav a:hover {{ background: {style.SOFT}; }}
a:focus-visible, summary:focus-visible {{ outline: 2px solid {style.ACCENT}; outline-offset: 1px; }}
nav a[aria-current] {{ background: {style.ACCENT}; color: {style.ON_ACCENT}; font-weight: 600; }}
details {{ display: none; background: {style.PAPER}; border: 1px solid {style.LINE}; border-radius: 10px; }}
summary {{ cursor: pointer; padding: 9px 14px; font-weight: 600; color: {style.INK}; }}
details nav {{ padding: 4px 6px 10px; }}
@media (max-width: 900px) {{ details {{ display: block; }} .side {{ display: none; }} nav a {{ padding: 10px 12px; }} }}
"""
_HEAD = f"""
:host {{ font-family: {fonts.STACK}; }}
.bar {{ display: flex; align-items: center; gap: 8px; color: #fff; width: 100%; }}
.brand {{ font-size: 17px; font-weight: 600; line-height: 1.25; color: #fff; text-decoration: none; flex: 1; }}
.brand small {{ display: block; font-size: 12px; font-weight: 400; }}
.links {{ display: flex; gap: 2px; align-items: center; }}
.links a {{ color: #fff; text-decoration: none; padding: 5px 10px; border-radius: 8px; font-size: 13.5px; }}
.links a:hover {{ background: rgba(0,0,0,.18); }}
.links a[aria-current] {{ background: rgba(0,0,0,.3); font-weight: 600; }}
.links svg {{ width: 18px; height: 18px; display: block; }}
a:focus-visible {{ outline: 2px solid #fff; outline-offset: 1px; }}
@media (max-width: 600px) {{ .brand {{ font-size: 15px; }} .brand small {{ display: none;
  }} .links a {{ padding: 6px 8px; }} }}
"""
_MOON = ('<svg viewBox="0 0 24 24" fill="currentColor" aria-hidden="true">'
         '<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z"/></svg>')
_SUN = ('<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true">'
        '<circle cx="12" cy="12" r="4.5" fill="currentColor"/>'
        '<path d="M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2"/></svg>')


def header(now: Scope, slug: str, who: str = "") -> Any:
    """Brand, who is signed in (with the way out), languages and the switch between light and dark."""
    account = f'<a href="/account?lang={now.lang}" class="account">{escape(who)}</a>' if who else ""

    def html(area: str, search: str) -> str:
        langs = "".join(
            f'<a href="{escape(now.link(slug, lang=lang, more=True))}" lang="{lang}"'
            f'{" aria-current=true" if lang == now.lang else ""}>{texts.say("dashboard.language", lang)}</a>'
            for lang in texts.LANGUAGES)
        to = escape(texts.say("dashboard.light" if now.dark else "dashboard.dark", now.lang), quote=True)
        ground = (f'<a href="{escape(now.link(slug, dark=not now.dark, more=True))}" class="ground" title="{to}" '
                  f'aria-label="{to}">{_SUN if now.dark else _MOON}</a>')
        brand = escape(texts.say("dashboard.brand", now.lang))
        return (f'<div class="bar"><a class="brand" href="{escape(now.link("./"))}">{brand}'
                f'<small>{escape(texts.say("dashboard.tagline", now.lang))}</small></a>'
                f'<span class="links">{account}{ground}{langs}</span></div>')

    return pn.pane.HTML(pn.bind(html, now.param.area, now.param.search), stylesheets=[_HEAD],
                        sizing_mode="stretch_width", margin=0)


def menu(now: Scope, page: type[Page], user: User) -> Any:
    """The pages that a role may see, in groups; on a phone behind one line that names the page."""
    def html(area: str) -> str:
        parts = []
        for group in GROUPS:
            links = "".join(
                f'<a href="{escape(now.link(one.slug or "./"))}"{" aria-current=page" if one is page else ""}>'
                f"{escape(one.label(now.lang))}</a>" for one in routes().values()
                if one.group == group and user.may(one.right))
            if links:
                parts.append(f'<h2>{escape(texts.say(f"dashboard.group.{group}", now.lang))}</h2>{links}')
        parts.append(f'<hr><a href="/manuals?lang={now.lang}" class="manuals">'
                     f'{escape(texts.say("manuals.menu", now.lang))}</a>')
        label = escape(texts.say("dashboard.pages", now.lang), quote=True)
        inner = "".join(parts)
        return (f'<nav class="side" aria-label="{label}">{inner}</nav><details><summary>☰&ensp;'
                f'{escape(page.label(now.lang))}</summary><nav aria-label="{label}">{inner}</nav></details>')

    return pn.pane.HTML(pn.bind(html, now.param.area), stylesheets=[_NAV], sizing_mode="stretch_width", margin=0)
