"""Saying which sites must or must not open: on the map, or with the same effect in the list of sites."""

from __future__ import annotations

from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from dashboards.pages.base import bar
from jitasa_analytics import texts
from jitasa_analytics.show import card, colours, numbers, tables, words
from jitasa_analytics.show.paint import Points
from jitasa_analytics.show.vector import AreaMap
from jitasa_analytics.studies import Answer

# Shapes of the layers: told apart without colour too.
FREE, FIXED, FORBIDDEN = "free", "fixed", "forbidden"
_LOOKS = {FREE: ("circle", colours.CANDIDATE, 5.5), FIXED: ("star", colours.CHOSEN, 20.0),
          FORBIDDEN: ("cross", colours.OPEN, 12.0)}
# How many sites the list and the map hold; those that reach most come first.
_MOST = 1000


class SiteChoice:
    """Map layers, list and buttons around the parameters ``fixed`` and ``forbidden`` of a question.

    Attributes
    ----------
    table : Column
        The list of sites.
    buttons : Column
        What is said of the site that is looked at.
    summary : Column
        What was chosen so far, with a way back.
    """

    def __init__(self, question: Any, area_map: AreaMap, lang: str, *, dark: bool, guarded: Any) -> None:
        self.question, self.map, self.lang, self.dark = question, area_map, lang, dark
        self.guarded = guarded
        self.table = pn.Column(margin=0, sizing_mode="stretch_width")
        self.buttons = pn.Column(margin=0, sizing_mode="stretch_width")
        self.summary = pn.Column(margin=0, sizing_mode="stretch_width", visible=False)
        self.sites: Any = None
        self.names: dict[str, str] = {}
        self.looked = ""
        self._hint()
        pn.bind(guarded(lambda *_: self.redraw()), question.param.fixed, question.param.forbidden, watch=True)

    def say(self, key: str, **values: object) -> str:
        """A text of the search."""
        return texts.say(f"search.{key}", self.lang, **values)

    def state(self, site: str) -> str:
        """What was chosen for a site."""
        return FIXED if site in self.question.fixed else FORBIDDEN if site in self.question.forbidden else FREE

    # -- showing -----------------------------------------------------------------------------

    def name(self, answer: Answer) -> None:
        """Learn the names of an answer's sites."""
        self.names |= {str(site): str(name) for site, name in answer.tables["candidates"]["name"].items()}

    def present(self, answer: Answer) -> None:
        """Take the sites of an answer."""
        every = answer.tables["candidates"]
        chosen = every.index.isin([*self.question.fixed, *self.question.forbidden, *answer.tables["sites"].index])
        shown = every[chosen | (every["people_in_reach"].rank(ascending=False, method="first") <= _MOST)]
        self.sites, self.proposed = shown, list(answer.tables["sites"].index)
        self.name(answer)
        self.order = [str(site) for site in shown.index]
        columns = [c for c in ("name", "choice", "people_in_reach", "cost", "capacity_per_day") if c in shown]
        self.list = tables.table(shown, self.lang, study=answer.study, name_index=False, columns=columns, height=300,
                                 widths={"name": 150}, wrap=True, header_filters={"name": {
                                     "type": "input", "elementAttributes": {"aria-label": self.say("list")}}})
        pn.bind(self.guarded(self._row), self.list.param.selection, watch=True)
        more = self.say("list_more", n=numbers.number(len(shown)), all=numbers.number(len(every))) \
            if len(shown) < len(every) else ""
        head = f'<h3 class="title">{escape(self.say("list"))}</h3>' + (f'<p class="lead">{escape(more)}</p>' if more
                                                                        else "")
        self.table[:] = [card.piece(head), self.list]
        self.looked = ""
        self.redraw()

    def redraw(self) -> None:
        """Layers, list and summary after another choice."""
        self._summarise()
        if self.sites is None:
            return
        state = [self._shown(site) for site in self.order]
        self.map.place(*(self._layer(kind, state) for kind in _LOOKS))
        told = [words.value("choice", s, self.lang) for s in state]
        before = self.list.value["choice"].tolist()
        changed = [(i, now) for i, (now, was) in enumerate(zip(told, before, strict=True)) if now != was]
        if changed:
            self.list.patch({"choice": changed}, as_index=False)
        if self.looked:
            self._ask(self.looked)
        else:
            self._hint()

    def legend(self) -> list[tuple[str, str, str]]:
        """Label, marker and colour of the layers."""
        return [(self.say("legend_free"), *_LOOKS[FREE][:2]),
                *((self.say(kind), _LOOKS[kind][0], self._colour(kind)) for kind in (FIXED, FORBIDDEN)
                  if getattr(self.question, kind))]

    def clear(self) -> None:
        """Forget the sites of the last answer."""
        self.sites, self.looked = None, ""
        self.table.clear()
        self._hint()
        self._summarise()

    def _shown(self, site: str) -> str:
        state = self.state(site)
        return "chosen" if state == FREE and site in self.proposed else state

    def _colour(self, kind: str) -> str:
        return "#ffffff" if self.dark and kind == FIXED else _LOOKS[kind][1]

    def _layer(self, kind: str, state: list[str]) -> Points:
        rows = self.sites[[s == kind for s in state]]
        marker, _, size = _LOOKS[kind]
        reach = [self.say("reaches", people=numbers.amount(n, "persons", self.lang)) for n in rows["people_in_reach"]]
        told = [card.tooltip([str(name), "" if kind == FREE else self.say(kind), people])
                for name, people in zip(rows["name"], reach, strict=True)]
        return Points(kind, rows[["lon", "lat"]].assign(words=told), self._colour(kind), marker, size,
                      alpha=0.7 if kind == FREE else 1.0, line_width=0.6 if kind == FREE else 1.2)

    # -- choosing ----------------------------------------------------------------------------

    def point(self, layer: str, position: int) -> None:
        """A point of the map was clicked."""
        if self.sites is None:
            return
        if layer == "sites":
            self.look(str(self.proposed[position]))
        elif layer in _LOOKS:
            self.look([site for site in self.order if self._shown(site) == layer][position])

    def _row(self, selection: list[int]) -> None:
        self.look(self.order[selection[0]] if selection else "")

    def look(self, site: str) -> None:
        """Look at a site: a ring in the map, its row in the list, and what can be said of it."""
        if site == self.looked:
            return
        self.looked = site
        row = self.sites.loc[site] if site else None
        self.map.ring(*((None, None) if row is None else (float(row["lon"]), float(row["lat"]))))
        wanted = [self.order.index(site)] if site else []
        if self.list.selection != wanted:
            self.list.selection = wanted
        if site:
            self._ask(site)
        else:
            self._hint()

    def _hint(self) -> None:
        self.buttons[:] = [card.piece(f'<p class="lead">{escape(self.say("hint"))}</p>')]

    def _ask(self, site: str) -> None:
        row = self.sites.loc[site]
        told = [words.value("kind", row["kind"], self.lang),
                self.say("reaches", people=numbers.amount(row["people_in_reach"], "persons", self.lang))]
        head = card.piece(f'<p class="lead"><b>{escape(str(row["name"]))}</b> · {escape(" · ".join(told))}</p>')
        options = {self.say(kind): kind for kind in (FREE, FIXED, FORBIDDEN)}
        group = pmui.RadioButtonGroup(label=self.say("choose", site=str(row["name"])), options=options,
                                      value=self.state(site), size="small", margin=0, css_classes=["site-choice"])
        pn.bind(self.guarded(lambda kind: self.take(site, kind)), group.param.value, watch=True)
        self.buttons[:] = [bar(head, group)]

    def take(self, site: str, kind: str) -> None:
        """Choose for a site that it must open, must not, or is free."""
        lists = {k: [s for s in getattr(self.question, k) if s != site] for k in (FIXED, FORBIDDEN)}
        if kind in lists:
            lists[kind].append(site)
        changed = {k: v for k, v in lists.items() if v != getattr(self.question, k)}
        if changed:
            self.question.param.update(**changed)

    def free_all(self) -> None:
        """Take every choice back."""
        with param.parameterized.batch_call_watchers(self.question):
            self.question.param.update(fixed=[], forbidden=[])

    def _summarise(self) -> None:
        said = [f"{self.say(kind)}: {', '.join(self.names.get(s, s) for s in getattr(self.question, kind))}"
                for kind in (FIXED, FORBIDDEN) if getattr(self.question, kind)]
        if not said:
            self.summary.clear()
            self.summary.visible = False
            return
        text = f'<p class="lead"><b>{escape(self.say("wishes"))}</b> · {escape(" · ".join(said))}</p>'
        free = pmui.Button(label=self.say("free_all"), size="small", variant="text", margin=0, icon="undo",
                           on_click=lambda _: self.free_all(), css_classes=["free-all"])
        self.summary[:] = [bar(card.piece(text), free)]
        self.summary.visible = True
