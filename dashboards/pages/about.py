"""About: where the data come from, how figures are made, and what they don't say."""

from __future__ import annotations

from html import escape
from typing import Any

import panel as pn

from dashboards.pages.base import Page, boxed, heading
from dashboards.pages.data import table
from jitasa_analytics import studies, texts
from jitasa_analytics.contracts import DATASETS
from jitasa_analytics.ingest import recipe as recipes
from jitasa_analytics.show import card

# The methods in the order of a reader's questions; their words are in ``texts``, formulas read the same everywhere.
METHODS = (
    "coverage",
    "interval",
    "dropout",
    "reach",
    "access",
    "placement",
    "hotspots",
    "equity",
    "trends",
    "privacy",
)


class About(Page):
    """Sources, licences, methods."""

    slug = "about"
    group = "data"
    by_area = False

    def build(self) -> Any:
        """Lay the page out."""
        return pn.Column(
            heading(self.say("page.about"), lead=self.say("about.lead")),
            self.trouble,
            boxed(self.titled("about.questions"), card.piece(self._questions())),
            boxed(self.titled("about.methods"), card.piece(self._methods())),
            boxed(self.titled("about.sources"), card.piece(self._sources())),
            boxed(self.titled("about.limits"), card.piece(self._limits())),
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )

    def _questions(self) -> str:
        rows = [
            (
                f'<a href="{escape(self.scope.link(name))}">{escape(one.title(self.lang))}</a>',
                escape(one.question(self.lang)),
            )
            for name, one in studies.known().items()
        ]
        return table([self.say("about.page"), self.say("about.question")], rows)

    def _methods(self) -> str:
        rows = [
            tuple(
                escape(texts.say(f"about.{name}.{part}", self.lang)) for part in ("name", "what", "formula", "source")
            )
            for name in METHODS
        ]
        return table(
            [self.say(f"about.{c}") for c in ("method", "what", "formula", "reference")],
            [(f"<b>{n}</b>", w, f"<code>{f}</code>", s) for n, w, f, s in rows],
            stacked=True,
        )

    def _sources(self) -> str:
        held = {r["source"]: r for r in self.desk.sources()}
        titles = {
            r.source or r.name: (r.title.get(self.lang) or r.title.get("en") or "") for r in recipes.known().values()
        }
        rows = [
            (self._source(name, titles.get(name, "")), escape(self._datasets(str(r["datasets"]))), f"{int(r['n']):,}")
            for name, r in held.items()
        ]
        note = f'<p class="lead">{escape(self.say("about.licences"))}</p>'
        return (
            table([self.say(f"about.{c}") for c in ("source", "datasets", "rows")], rows, right=(2,)) + note
        )

    def _source(self, name: str, title: str) -> str:
        """A source as it is called, with what it is where that is known; what we made ourselves in words."""
        own = f"provenance.source.{name.replace(': ', '_').replace(' ', '_')}"
        said = texts.say(own, self.lang) if texts.has(own, self.lang) else name
        return escape(said) + (f'<br><small>{escape(title)}</small>' if title else "")

    def _datasets(self, names: str) -> str:
        known = (DATASETS[n] for n in names.split(", "))
        return ", ".join(c.th if self.lang == "th" else c.en for c in known)

    def _limits(self) -> str:
        lines = "".join(
            f"<li>{escape(texts.say(f'about.limits.{n}', self.lang))}</li>"
            for n in ("straight", "reports", "requests", "small", "points", "sample")
        )
        return f'<ul style="margin:0;padding-left:20px">{lines}</ul>'
