"""The audit log for the ministry: who did what and when, and whether anybody changed the log."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
import param

from dashboards.pages.base import Page, bar, boxed, download, fields, heading
from jitasa_analytics import areas, texts
from jitasa_analytics.service.audit import KINDS
from jitasa_analytics.show import card, files, numbers

_PART = 50
_MOST_EXPORTED = 100_000


class Filters(param.Parameterized):
    """Which events are shown."""

    who = param.String(default="")
    what: Any = param.Selector(default="", objects=["", *sorted(KINDS)])
    since: Any = param.CalendarDate(default=None, allow_None=True)
    until: Any = param.CalendarDate(default=None, allow_None=True)
    part = param.Integer(default=1, bounds=(1, None))


class AuditPage(Page):
    """Filters, the state of the chain, the events, and the way to take them along."""

    slug = "audit"
    group = "data"
    right = "audit"

    def build(self) -> Any:
        """Lay the page out."""
        self.filters = Filters()
        self.names = ["who", "what", "since", "until", "part"]
        self.scope.include(self.filters, self.names, self.asked)
        self.chain, self.table, self.foot = card.piece(""), card.piece(""), card.piece("")
        self.people = self.desk.staff()
        self.who = self._select("who", {self.say("every"): ""})
        self.earlier = self._turn("audit.older", 1, "chevron_right")
        self.later = self._turn("audit.newer", -1, "chevron_left")
        self.follow(self.refresh, self.scope.param.area, *(self.filters.param[n] for n in self.names))
        self.follow(self._back, *(self.filters.param[n] for n in self.names[:-1]))
        pn.state.onload(self._check)
        self.refresh()
        check = pmui.Button(label=self.say("audit.check"), icon="verified", variant="outlined", size="small", margin=0,
                            on_click=self._check, css_classes=["check"])
        what = {texts.label("event", k, self.lang) if k else self.say("every"): k for k in Filters.param.what.objects}
        days = [pmui.DatePicker.from_param(self.filters.param[n], label=self.say(f"audit.{n}"), size="small", margin=0,
                                           sizing_mode="stretch_width", css_classes=[f"field-{n}"])
                for n in ("since", "until")]
        return pn.Column(
            heading(self.say("audit.title"), lead=self.say("audit.lead")),
            boxed(self.chain, bar(check)),
            boxed(fields(self.who, self._select("what", what), *days)), self.trouble,
            boxed(self.table, bar(self.later, self.foot, self.earlier),
                  bar(download(self.say("save.csv"), "audit.csv", self._csv))),
            sizing_mode="stretch_width", margin=0, styles={"gap": "12px"})

    def _select(self, name: str, options: Mapping[str, str]) -> Any:
        return pmui.Select.from_param(self.filters.param[name], label=self.say(f"audit.{name}"), options=dict(options),
                                      size="small", margin=0, sizing_mode="stretch_width",
                                      css_classes=[f"field-{name}"])

    def _turn(self, key: str, step: int, icon: str) -> Any:
        def turn(_: Any) -> None:
            self.filters.part += step

        return pmui.Button(label=self.say(key), icon=icon, variant="text", size="small", margin=0, on_click=turn,
                           css_classes=[key.replace(".", "-")])

    # -- events ------------------------------------------------------------------------------

    def _asked(self, first: int, most: int) -> tuple[list[dict[str, Any]], bool, list[str]]:
        self.desk.user.require(self.right)
        chosen = self.filters
        return self.desk.audit.page(
            who=chosen.who, what=chosen.what, area="" if self.scope.area == areas.COUNTRY else self.scope.area,
            since=str(chosen.since or ""), until=str(chosen.until or ""), first=first, most=most)

    def refresh(self) -> None:
        """The events that pass the filters."""
        rows, more, people = self._asked((self.filters.part - 1) * _PART, _PART)
        # Whoever has an account, and whoever else was met on the way through the log.
        self.people = self.people | {*people, self.filters.who} - {""}
        self.who.options = {self.say("every"): "", **{p: p for p in sorted(self.people)}}
        self.table.object = self._html(rows) if rows else self.empty("audit.none")
        said = self.say("audit.part" if rows else "audit.none_here", part=numbers.number(self.filters.part),
                        first=numbers.number((self.filters.part - 1) * _PART + 1),
                        last=numbers.number((self.filters.part - 1) * _PART + len(rows)))
        self.foot.object = f'<p class="lead" role="status">{escape(said)}</p>'
        self.later.disabled, self.earlier.disabled = self.filters.part <= 1, not more

    def _back(self) -> None:
        """Other filters begin with the newest events."""
        self.filters.part = 1

    def _html(self, rows: list[dict[str, Any]]) -> str:
        heads = "".join(f'<th scope="col">{escape(self.say(f"audit.head.{h}"))}</th>'
                        for h in ("n", "at", "who", "what", "scope", "detail"))
        lines = "".join(
            f'<tr><td class="n">{escape(str(r["n"]))}</td>'
            f'<td>{escape(numbers.date(r["at"], self.lang, time=True))}</td>'
            f'<td>{escape(str(r["who"]))}</td><td>{escape(texts.label("event", str(r["what"]), self.lang))}</td>'
            f'<td>{escape(self._place(str(r["scope"] or "")))}</td><td>{escape(self._detail(r["detail"]))}</td></tr>'
            for r in rows)
        return (f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(self.say("audit.title"))}">'
                f'<table class="plain"><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div>')

    def _place(self, code: str) -> str:
        return areas.full_name(code, self.lang) if code and areas.exists(code, abolished=True) else code or "–"

    def _detail(self, detail: Any) -> str:
        if not isinstance(detail, dict):
            return str(detail or "")
        return " · ".join(f"{texts.label('event_detail', k, self.lang)}: {self._said(k, v)}" for k, v in detail.items())

    def _said(self, name: str, value: Any) -> str:
        if name == "status":
            return texts.label("status", str(value), self.lang)
        if name == "role":
            return texts.say(f"service.role.{value}", self.lang)
        if name == "area":
            return self._place(str(value))
        return numbers.number(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)

    # -- the chain ---------------------------------------------------------------------------

    async def _check(self, *_: Any) -> None:
        """Check every line beside the server's loop."""
        self.chain.object = f'<div class="card" role="status">{escape(self.say("audit.checking"))}</div>'
        try:
            self.desk.user.require(self.right)
            found = await asyncio.to_thread(self.desk.audit.verify, again=True)
        except Exception as error:
            self.chain.object = ""
            self.fail(error)
            return
        if found.whole:
            said = self.say("audit.intact", n=numbers.number(found.lines),
                            at=numbers.date(found.at, self.lang, time=True) if found.at else "–")
            mark = "good"
        else:
            lines = "; ".join(f"{self.say('audit.entry', n=numbers.number(n))}: "
                              f"{texts.say(f'service.audit.what.{what}', self.lang)}"
                              for n, what in found.problems[:5])
            said = self.say("audit.broken", problems=lines, n=numbers.number(len(found.problems)))
            mark = "bad"
        self.chain.object = (
            f'<div role="status" class="chain {mark}"><p><span class="chip {mark}">{escape(self.say(f"audit.{mark}"))}'
            f'</span> {escape(said)}</p><p class="lead">{escape(self.say("audit.head_line"))} '
            f'<code style="overflow-wrap: anywhere">{escape(found.head)}</code></p></div>')

    def _csv(self) -> io.BytesIO:
        rows, _, _ = self._asked(0, _MOST_EXPORTED)
        table = pd.DataFrame([{**r, "detail": json.dumps(r["detail"], ensure_ascii=False)} for r in rows],
                             columns=["n", "at", "who", "what", "scope", "detail"])
        return io.BytesIO(files.table_bytes(table, self.desk.manifest(), self.lang))
