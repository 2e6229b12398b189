"""The assignment of a whole queue: proposed with its proven bound, changed line by line, written in one press."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from dashboards.desk import Desk
from dashboards.pages.base import bar, boxed
from dashboards.request_card import place_of
from jitasa_analytics import texts
from jitasa_analytics.service.dispatch import Plan
from jitasa_analytics.show import card, numbers
from jitasa_analytics.show.queue import ProposalList

_FARTHEST_KM = 30.0
_KM = (5.0, 10.0, 20.0, 30.0, 50.0, 100.0)
_MOST_LINES = 500


class Proposal:
    """A whole queue at once.

    Parameters
    ----------
    desk : Desk
    lang : {"th", "en"}
    area : callable
        The area whose queue it is.
    done : callable
        Called with what is to be said after lines were assigned.
    fail : callable
        Called with an error.
    """

    def __init__(self, desk: Desk, lang: str, area: Callable[[], str], done: Callable[[str], Awaitable[None]],
                 fail: Callable[[BaseException], None]) -> None:
        self.desk, self.lang, self._area, self._done, self._fail = desk, lang, area, done, fail
        self.km = pmui.Select(label=self.say("plan.km"), value=_FARTHEST_KM, options={f"{km:g}": km for km in _KM},
                              size="small", margin=0, width=170, css_classes=["plan-km"])
        self.ask = pmui.Button(label=self.say("plan.ask"), icon="groups", variant="contained", margin=0, size="small",
                               on_click=self._ask, css_classes=["plan-ask"])
        self.told = card.piece("")
        self.list = ProposalList(label=self.say("plan.volunteer"), sizing_mode="stretch_width", margin=0)
        self.list.heard = self._changed
        self.go = pmui.Button(label="", variant="contained", size="small", margin=0, on_click=self._go,
                              css_classes=["plan-go"])
        drop = pmui.Button(label=self.say("plan.drop"), variant="text", size="small", margin=0,
                           on_click=lambda _: self.close(), css_classes=["plan-drop"])
        self.panel = pn.Column(self.told, self.list, bar(self.go, drop), sizing_mode="stretch_width", margin=0,
                               styles={"gap": "8px"}, css_classes=["plan"])
        self.box = boxed(self.panel, visible=False)
        self.chosen: dict[str, str] = {}

    def say(self, key: str, **values: object) -> str:
        """A text of the page."""
        return texts.say(f"dashboard.coordination.{key}", self.lang, **values)

    def close(self) -> None:
        """Forget the proposal."""
        self.box.visible, self.chosen, self.list.lines = False, {}, []

    async def _ask(self, _: Any) -> None:
        self.box.visible, self.list.lines, self.go.visible = True, [], False
        self.told.object = f'<div class="card" role="status">{escape(self.say("plan.working"))}</div>'
        try:
            work, area, km = self.desk.requests, self._area(), float(self.km.value or _FARTHEST_KM)
            plan = await asyncio.to_thread(lambda: work.plan(area, within_km=km))
            rows = await asyncio.to_thread(lambda: work.listed(area, status="waiting", limit=1000, again=True))
        except Exception as error:
            self.close()
            self._fail(error)
            return
        self._show(plan, {r["request_id"]: r for r in rows})

    def _show(self, plan: Plan, rows: dict[str, dict[str, Any]]) -> None:
        served = plan.table[plan.table["volunteer_id"].notna()]
        # In the order of the queue: the most urgent and oldest first.
        order = [r for r in rows if r in served.index] + [r for r in served.index if r not in rows]
        shown = order[:_MOST_LINES]
        self.chosen = {str(r): str(served.at[r, "volunteer_id"]) for r in shown}
        self.list.lines = [self._line(plan, r, rows.get(r), served) for r in shown]
        reasons = Counter(str(r) for r in plan.table["reason"] if r)
        left = " · ".join(f"{texts.label('reason', why.replace(' ', '_'), self.lang)}: {numbers.number(n)}"
                          for why, n in reasons.items())
        parts = [self.say("plan.proven" if plan.status == "optimal" else "plan.gap", pairs=numbers.number(len(served)),
                          km=f"{plan.total_km:,.1f}", bound=f"{plan.bound_km:,.1f}")]
        parts += [self.say("plan.nobody", n=numbers.number(sum(reasons.values())), why=left)] if reasons else []
        parts += [self.say("plan.first", n=numbers.number(_MOST_LINES))] if len(order) > _MOST_LINES else []
        if not len(served):
            parts = [self.say("plan.none"), *([left] if left else [])]
        self.told.object = (f'<h3 class="title">{escape(self.say("plan.title"))}</h3>'
                            f'<p class="lead" role="status">{escape(" ".join(parts))}</p>')
        self._count()

    def _line(self, plan: Plan, request: str, row: dict[str, Any] | None, served: Any) -> dict[str, Any]:
        first = str(served.at[request, "volunteer_id"])
        near = dict(plan.others.get(request, []))
        near = {first: round(float(served.at[request, "km"]), 2), **{v: km for v, km in near.items() if v != first}}
        options = [[v, self.say("plan.option", kind=texts.label("volunteer", plan.kinds.get(v, "other"), self.lang),
                                id=v, km=f"{km:.1f}")] for v, km in near.items()]
        title, sub = request, ""
        if row is not None:
            kinds = ", ".join(texts.label("category", c, self.lang) for c in row["categories"])
            title = f"{texts.label('urgency', row['urgency'], self.lang)} · {kinds or request}"
            sub = f"{place_of(row['area_code'], self.lang, self._area())} · {request}"
        return {"id": request, "title": title, "sub": sub, "options": options, "chosen": first}

    def _changed(self, message: dict[str, Any]) -> None:
        request, volunteer = str(message.get("id", "")), str(message.get("volunteer", ""))
        if any(line["id"] == request for line in self.list.lines):
            if volunteer:
                self.chosen[request] = volunteer
            else:
                self.chosen.pop(request, None)
            self._count()

    def _count(self) -> None:
        n = len(self.chosen)
        self.go.param.update(label=self.say("plan.go", n=numbers.number(n)), disabled=n == 0,
                             visible=bool(self.list.lines))

    async def _go(self, _: Any) -> None:
        pairs = dict(self.chosen)
        self.go.disabled = True
        try:
            work = self.desk.requests
            n = await asyncio.to_thread(lambda: work.assign(pairs))
        except Exception as error:
            self._fail(error)
            self._count()
            return
        self.close()
        await self._done(self.say("plan.done", n=numbers.number(n)))
