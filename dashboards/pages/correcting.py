"""Refused rows are corrected where they are seen, or in a workbook, and sent again."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from dashboards import officer
from dashboards.desk import Desk
from dashboards.pages.base import bar, download
from jitasa_analytics import texts
from jitasa_analytics.show import card, numbers
from jitasa_analytics.show.style import TABLE

# Rows that are corrected on the page; more of them are quicker in the workbook.
_MOST = 200


class Correcting:
    """The rows that an import refused, as a table whose cells can be written.

    Attributes
    ----------
    layout : Column
    """

    def __init__(self, desk: Desk, lang: str, *, settled: Callable[[], Awaitable[None]],
                 fail: Callable[[BaseException], None]) -> None:
        self.desk, self.lang, self.on_settled, self.fail = desk, lang, settled, fail
        self.sheets: list[officer.Refused] = []
        self.table: Any = None
        self.box = pn.Column(margin=0, sizing_mode="stretch_width", visible=False, styles={"gap": "10px"})
        self.told = card.piece("")
        self.file = pmui.FileInput(label=texts.say("dashboard.data.corrected", lang), multiple=False, margin=0,
                                   css_classes=["corrected-file"])
        pn.bind(self._sent_back, self.file.param.value, watch=True)
        lead = card.piece(f'<p class="lead">{escape(texts.say("correcting.lead", lang))}</p>')
        self.layout = pn.Column(
            lead, self.box, bar(download(texts.say("dashboard.data.get_refused", lang), "quarantine.xlsx", self._rows),
                                self.file), self.told, margin=0, sizing_mode="stretch_width", styles={"gap": "14px"})

    def say(self, key: str, **values: object) -> str:
        """A text of the correction."""
        return texts.say(f"correcting.{key}", self.lang, **values)

    async def load(self) -> None:
        """Read the refused rows anew."""
        try:
            officer.require(self.desk.user)
            self.sheets = await asyncio.to_thread(officer.to_correct, self.desk.store, self.lang)
        except Exception as error:
            self.fail(error)
            return
        self.box.visible = bool(self.sheets)
        if not self.sheets:
            self.box.clear()
            return
        self.desk.note("read", dataset="quarantine", area=self.desk.user.scope,
                       rows=sum(len(sheet.frame) for sheet in self.sheets))
        names = [sheet.sheet for sheet in self.sheets]
        pick = pmui.Select(label=self.say("file"), options=names, value=names[0], size="small", margin=0,
                           sizing_mode="stretch_width", visible=len(names) > 1)
        send = pmui.Button(label=self.say("send"), icon="send", variant="contained", size="small", margin=0,
                           on_click=self._send, css_classes=["send-again"])
        self.place = pn.Column(margin=0, sizing_mode="stretch_width")
        pn.bind(self._show, pick.param.value, watch=True)
        self.box[:] = [pick, self.place, bar(send)]
        self._show(names[0])

    def _show(self, name: str) -> None:
        """One sheet: what is wrong stands first, and the cells can be written."""
        self.now = next(sheet for sheet in self.sheets if sheet.sheet == name)
        frame, fixed = self.now.frame.head(_MOST), self.now.fixed
        told = [c for c in frame.columns if c in fixed][:2]
        cells = [c for c in frame.columns if c not in fixed]
        half = 0 if self.lang == "th" else -1
        more = self.say("more", n=_MOST, all=numbers.number(len(self.now.frame))) if len(self.now.frame) > _MOST else ""
        self.table = pn.widgets.Tabulator(
            frame[[*told, *cells]], titles={c: c.split(" / ")[half] for c in frame.columns}, show_index=False,
            editors=dict.fromkeys(told), text_align="left", theme="simple", margin=0, sizing_mode="stretch_width",
            height=110 + 62 * min(len(frame), 5), layout="fit_data_fill", stylesheets=[TABLE, _WRITTEN],
            formatters={c: {"type": "textarea"} for c in told}, widths=dict.fromkeys(told, 240),
            # Drawn anew by the table itself on coming into sight, a cell that is being written would be lost.
            selectable=False, css_classes=["corrections"], configuration={"autoResize": False})
        self.place[:] = [self.table, card.piece(f'<p class="lead">{escape(more)}</p>' if more else "")]

    async def _send(self, *_: Any) -> None:
        """Import the rows as they stand on the page."""
        kept = self.now.frame.loc[self.table.value.index]
        changed = self.table.value.fillna("").astype(str)
        changed = changed[(changed != kept[changed.columns]).any(axis=1)]
        if not len(changed):
            self._tell(self.say("unchanged"))
            return
        await self._settle(lambda: officer.send_again(self.desk.store, self.lang, self.now.sheet, changed))

    async def _sent_back(self, content: bytes | None) -> None:
        """Import a workbook that was corrected elsewhere."""
        if not content:
            return
        sent = officer.Sent(str(self.file.filename or "quarantine.xlsx"), content)
        try:
            await self._settle(lambda: sent.resubmit(self.desk.store))
        finally:
            sent.close()

    async def _settle(self, work: Callable[[], Any]) -> None:
        """Do it beside the page, and say what became of the rows."""
        self._tell(texts.say("dashboard.working", self.lang))
        try:
            officer.require(self.desk.user)
            done = await asyncio.to_thread(work)
            self.desk.note("import", quarantine=True, settled=done.settled, left=done.left)
            await self.on_settled()
            await self.load()
        except Exception as error:
            self.told.object = ""
            self.fail(error)
            return
        self._tell(texts.say("dashboard.data.settled", self.lang, n=numbers.number(done.settled),
                             left=numbers.number(done.left)))

    def _tell(self, said: str) -> None:
        self.told.object = f'<div class="card" role="status">{escape(said)}</div>'

    def _rows(self) -> io.BytesIO:
        officer.require(self.desk.user)
        return io.BytesIO(officer.quarantined(self.desk.store, self.lang))


_WRITTEN = """
.tabulator-row .tabulator-cell[role=gridcell].tabulator-editable { cursor: text; }
.tabulator-row .tabulator-cell.tabulator-editing { outline: 2px solid currentColor; outline-offset: -2px; }
"""
