"""Coordination: the queue and its map side by side, the card of one request, and the whole queue in one press."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import panel as pn
import panel_material_ui as pmui
import param

from dashboards.pages.base import Page, bar, boxed, fields, heading
from dashboards.pages.requests import STATES
from dashboards.proposal import Proposal
from dashboards.request_card import RequestCard, place_of
from jitasa_analytics import areas, texts
from jitasa_analytics.contracts import CATEGORIES, URGENCIES
from jitasa_analytics.errors import UnknownError
from jitasa_analytics.service.life import ChangedError
from jitasa_analytics.service.queue import Listed
from jitasa_analytics.service.roles import NotAllowedError
from jitasa_analytics.show import card, classes, colours, numbers, paint, style, words
from jitasa_analytics.show.queue import QueueList

# How often an open page looks whether there is anything newer, milliseconds.
_LOOK_MS = 1000
_LISTED = 300
_SUGGESTED = 6
# After how many hours of waiting a request is late, by its urgency.
_LATE_HOURS = {"critical": 24, "high": 72, "normal": 168, "low": 336}
_BOX = """
:host { display: grid !important; grid-template-columns: minmax(0, 5fr) minmax(0, 4fr); gap: 14px; align-items: start; }
:host(.with-card) { grid-template-columns: minmax(0, 4fr) minmax(0, 3fr) minmax(0, 4fr); }
:host > * { width: 100% !important; min-width: 0; }
@media (max-width: 1280px) {
  :host(.with-card) { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
  :host(.with-card) > .card-box { grid-column: 1 / -1; order: -1; }
}
@media (max-width: 900px) {
  :host, :host(.with-card) { grid-template-columns: minmax(0, 1fr); }
  :host > .queue-box { order: -1; }
  :host(.with-card) > .card-box { order: -2; }
}
"""


class Filters(param.Parameterized):
    """Which part of the queue is shown, and which request is looked at."""

    status: Any = param.Selector(default="open", objects=["open", "waiting", "being_helped", "closed", "all"])
    category: Any = param.Selector(default="", objects=["", *CATEGORIES])
    urgency: Any = param.Selector(default="", objects=["", *URGENCIES])
    hours: Any = param.Selector(default=0, objects=[0, 2, 6, 24, 72, 168])
    request = param.String(default="")


class Coordination(Page):
    """The page of those who send help."""

    slug = "coordination"
    live = True

    def build(self) -> Any:
        """Lay the page out."""
        self.filters = Filters()
        self.names = ["status", "category", "urgency", "hours"]
        self.scope.include(self.filters, [*self.names, "request"], self.asked)
        self.may = self.desk.user.may("change")
        self.map = self.new_map(520, above=415, on_open=self._open_area, on_point=self._point, names=False)
        self.title = pn.rx("")
        self.legend, self.foot = card.piece(""), card.piece("")
        self.told = card.piece("", visible=False)
        marks = {s: card.mark(m, c) for s, (m, c, _) in STATES.items()}
        self.list = QueueList(marks=marks, label=self.say("coordination.queue"), sizing_mode="stretch_width", margin=0)
        self.list.heard = lambda message: self._choose(str(message.get("id", "")))
        self.card = RequestCard(self.desk, self.lang, self._mark, self._do, self._choose)
        self.card_box = boxed(self.card.panel, visible=False, css_classes=["card-box"])
        self.plan = Proposal(self.desk, self.lang, lambda: self.scope.area, self._planned, self.fail)
        self.version, self._busy = -1, False
        self.guarded(self.redraw)()
        self.follow(self.redraw, self.scope.param.area)
        self.follow(self.refilter, *(self.filters.param[n] for n in self.names))
        self.follow(self.look, self.filters.param.request)
        if pn.state.curdoc is not None and pn.state.curdoc.session_context is not None:
            self._watch = pn.state.add_periodic_callback(self._tick, period=_LOOK_MS)
        # What can be done stands in one line, so that queue and map come soon.
        doing = bar(card.piece(pn.bind(self._call, self.scope.param.area)), self.plan.km, self.plan.ask) if self.may \
            else card.piece(f'<div class="card" role="note">{escape(self.say("coordination.only_look"))}</div>')
        self.grid = pn.Column(
            boxed(self.legend, self.map.pane), boxed(self.titled("coordination.queue"), self.list, self.foot,
                                                     css_classes=["queue-box"]), self.card_box,
            sizing_mode="stretch_width", margin=0, stylesheets=[_BOX])
        self._widen()
        return pn.Column(heading(self.title), doing, boxed(fields(*self._widgets())), self.trouble, self.told,
                         self.plan.box, self.grid, sizing_mode="stretch_width", margin=0, styles={"gap": "12px"})

    def _call(self, area: str) -> str:
        """The way to the form for who is on the phone; it begins with the area that is looked at."""
        look = (f"display:inline-block;padding:8px 16px;border-radius:8px;text-decoration:none;font-weight:600;"
                f"background:{style.ACCENT};color:{style.ON_ACCENT}")
        return (f'<a class="new-call" style="{look}" href="/call?{urlencode({"lang": self.lang, "area": area})}">'
                f'{escape(self.say("coordination.call"))}</a>')

    def _widgets(self) -> list[Any]:
        named = {
            "status": lambda v: self.say(f"state.{v}"), "category": lambda v: texts.label("category", v, self.lang),
            "urgency": lambda v: texts.label("urgency", v, self.lang),
            "hours": lambda v: self.say("coordination.waiting_since", time=self._waited(60 * v))}
        return [pmui.Select.from_param(
            self.filters.param[n], size="small", margin=0, sizing_mode="stretch_width", css_classes=[f"field-{n}"],
            label=self.say("coordination.age" if n == "hours" else f"filter.{'state' if n == 'status' else n}"),
            options={name(v) if v else self.say("every"): v for v in Filters.param[n].objects})
            for n, name in named.items()]

    # -- the queue -----------------------------------------------------------------------------

    def redraw(self) -> None:
        """Everything for another area."""
        area = self.scope.area
        level = self.desk.level_below(area)
        self.outline = self.desk.outline("province" if level == "country" else level, area)
        self.plan.close()
        self._take(self._asked(again=False))
        self.map.draw(self.outline.url, self.outline.codes, paint.quiet(self.outline.codes, self.ground),
                      around=self.neighbours(), layers=self._layers())
        self.look()

    def refilter(self) -> None:
        """Another part of the queue."""
        self._take(self._asked(again=False))
        self.map.place(*self._layers())
        self._ring()

    def _asked(self, *, again: bool) -> Listed:
        chosen = {n: getattr(self.filters, n) for n in self.names}
        return self.desk.requests.queue(self.scope.area, limit=_LISTED, again=again, **chosen)

    def _take(self, part: Listed) -> None:
        """Show a part of the queue."""
        self.part, self.version = part, part.version
        self.rows = {r["request_id"]: r for r in part.rows}
        where = areas.full_name(self.scope.area, self.lang)
        status = self.filters.status if part.found else "none"
        self.title.rx.value = self.say(
            f"coordination.finding_{status}", area=where, n=numbers.number(part.found),
            waiting=numbers.number(part.waiting), critical=numbers.number(part.critical),
            helped=numbers.number(part.being_helped))
        self.list.items = [self._item(r) for r in part.rows]
        said = [self.say("coordination.first_rows", n=numbers.number(len(part.rows)), all=numbers.number(part.found))] \
            if part.found > len(part.rows) else []
        said += [self.say("coordination.sample_clock", at=numbers.date(part.at, self.lang))] \
            if self.desk.manifest().sample else []
        said += [] if self.desk.user.may("exact") else [self.say("no_positions")]
        self.foot.object = self.empty("coordination.none") if not part.rows else \
            f'<p class="lead">{escape(" ".join(said))}</p>' if said else ""
        self.list.visible = bool(part.rows)
        shown = [(self.say(f"state.{s}"), m, c) for s, (m, c, _) in STATES.items()
                 if s != "closed" or self.filters.status in ("closed", "all")]
        self.legend.object = card.legend("", classes.Classes((), ()), self.lang, no_data=False, points=[
            *shown, *([(self.say("coordination.could_help"), "triangle", colours.VOLUNTEER)] if self.may else [])])

    def _item(self, row: dict[str, Any]) -> dict[str, str]:
        kinds = ", ".join(texts.label("category", c, self.lang) for c in row["categories"])
        late = row["state"] == "waiting" and row["minutes"] > 60 * _LATE_HOURS[row["urgency"]]
        place = place_of(row["area_code"], self.lang, self.scope.area)
        return {"id": row["request_id"], "state": row["state"], "tone": "late" if late else "",
                "title": f"{texts.label('urgency', row['urgency'], self.lang)} · {kinds or '–'}",
                "sub": f"{words.value('status', row['status'], self.lang)} · {place}",
                "wait": self._waited(row["minutes"]) if row["state"] != "closed" else ""}

    def _waited(self, minutes: float) -> str:
        for unit, size in (("days", 1440), ("hours", 60), ("minutes", 1)):
            if minutes >= (2 * size if unit == "days" else size) or unit == "minutes":
                return self.say(f"coordination.{unit}", n=numbers.number(int(minutes // size)))
        return ""

    def _mark(self, status: str) -> str:
        state = "waiting" if status in ("new", "confirmed") else \
            "being_helped" if status in ("assigned", "on_the_way") else "closed"
        return card.mark(*STATES[state][:2])

    # -- the map -------------------------------------------------------------------------------

    def _layers(self) -> list[paint.Points]:
        return [self._helpers(), *(self._layer(s) for s in ("closed", "being_helped", "waiting"))]

    def _drawn(self, state: str) -> list[dict[str, Any]]:
        return [r for r in self.rows.values() if r["state"] == state and r.get("lon") is not None]

    def _layer(self, state: str) -> paint.Points:
        marker, colour, size = STATES[state]
        rows = self._drawn(state)
        told = [card.tooltip([i["title"], i["sub"], i["wait"]]) for i in map(self._item, rows)]
        frame = pd.DataFrame({"lon": [r["lon"] for r in rows], "lat": [r["lat"] for r in rows], "words": told})
        return paint.Points(state, frame, colour, marker, size)

    def _helpers(self) -> paint.Points:
        near = [v for v in self.card.helpers if v.get("lon") is not None] if self.filters.request else []
        told = [card.tooltip([texts.label("volunteer", v["kind"], self.lang), f"{v['km']:.1f} km"]) for v in near]
        frame = pd.DataFrame({"lon": [v["lon"] for v in near], "lat": [v["lat"] for v in near], "words": told})
        return paint.Points("helpers", frame, colours.VOLUNTEER, "triangle", 11.0)

    def _point(self, layer: str, position: int) -> None:
        if layer in STATES:
            self._choose(str(self._drawn(layer)[position]["request_id"]))

    def _open_area(self, code: str) -> None:
        self.scope.area = code

    def _ring(self) -> None:
        one = self.card.one if self.filters.request else {}
        self.map.ring(one.get("lon"), one.get("lat"))

    # -- one request -----------------------------------------------------------------------------

    def _choose(self, request_id: str) -> None:
        self.filters.request = request_id

    def look(self, *, again: bool = False) -> None:
        """The card of the request that is looked at."""
        request = self.filters.request
        self.list.chosen = request
        if not again:
            self._tell("", "")
        if request:
            try:
                self._show_card(self._known(request, again=again))
            except UnknownError:
                self.filters.request = ""
                raise
        else:
            self.card.one, self.card.helpers = {}, []
            self.card.panel.clear()
        self.card_box.visible = bool(request)
        self._widen()
        self.map.place(self._helpers())
        self._ring()

    def _widen(self) -> None:
        if hasattr(self, "grid"):
            self.grid.css_classes = ["with-card"] if self.filters.request else []

    def _known(self, request: str, *, again: bool) -> tuple[dict[str, Any], list[Any], list[Any]]:
        work = self.desk.requests
        one = work.one(request, again=again)
        if not one["next"]:
            return one, [], []
        placed = one.get("lon") is not None and "assigned" in one["next"]
        return one, work.suggest(request, limit=_SUGGESTED) if placed else [], work.beds(request, limit=8)

    def _show_card(self, known: tuple[dict[str, Any], list[Any], list[Any]]) -> None:
        self.card.show(*known)

    # -- doing and following -----------------------------------------------------------------------

    async def _do(self, work: Callable[[], Any], said: str) -> None:
        """Do a deed beside the server's loop, and say what became of it."""
        try:
            await asyncio.to_thread(work)
        except ChangedError as error:
            # Somebody was faster: nothing was written; the card shows what they did.
            await self._renew()
            self._tell(texts.of_error(error, self.lang), "warning")
        except Exception as error:
            self.fail(error)
        else:
            self.relieve()
            await self._renew()
            self._tell(said, "good")

    async def _planned(self, said: str) -> None:
        self.relieve()
        await self._renew()
        self._tell(said, "good")

    def _tell(self, said: str, mark: str) -> None:
        """A line about what was written, or none."""
        kind = "sample" if mark == "warning" else "card"
        self.told.object = f'<div class="{kind}" role="status">{escape(said)}</div>' if said else ""
        self.told.visible = bool(said)

    async def _tick(self) -> None:
        """Take what others changed; where the session has ended, look no more."""
        if self._busy:
            return
        self._busy = True
        try:
            if self.desk.user and self.desk.manifest().version != self.version:
                await self._renew()
        except NotAllowedError as error:
            self._watch.stop()
            self.fail(error)
        except Exception as error:
            self.fail(error)
        finally:
            self._busy = False

    async def _renew(self) -> None:
        """The newest queue and card; what the reader writes stays unless their request itself changed."""
        part = await asyncio.to_thread(self._asked, again=True)
        self._take(part)
        request, before = self.filters.request, self.card.one.get("revision")
        if request:
            known = await asyncio.to_thread(self._known, request, again=True)
            if known[0]["revision"] != before:
                self._show_card(known)
        self.map.place(*self._layers())
        self._ring()
