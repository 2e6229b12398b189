"""The overview: where things stand in an area and below it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
import param

from dashboards.pages.base import Page, bar, boxed, download, heading, two
from jitasa_analytics import areas, texts
from jitasa_analytics.show import answers, card, charts, colours, files, maps, numbers, tables, words

MEASURES = {
    "waiting": "requests", "requests_per_1000": "", "being_helped": "requests", "volunteers": "volunteers",
    "people": "persons",
}


class Look(param.Parameterized):
    """What the map of the overview shows."""

    measure = param.Selector(default="waiting", objects=list(MEASURES))
    focus = param.String(default="", doc="Code of the area that is marked in the map and in the table.")


class Overview(Page):
    """Key figures, a map of one measure by area, a ranking and the course of requests."""

    slug = ""

    def build(self) -> Any:
        self.look = Look()
        self.scope.include(self.look, ["measure"], self.asked)
        self.map = maps.AreaMap(height=520, on_choose=lambda code: self.look.param.update(focus=code),
                                on_open=self._open)
        self.title = pn.rx("")
        self.figures, self.legend = card.piece(""), card.piece("")
        self.table_box, self.chart_box = pn.Column(margin=0, sizing_mode="stretch_width"), \
            pn.pane.HoloViews(sizing_mode="stretch_width", height=210, linked_axes=False)
        self.chosen = pn.Column(margin=0, sizing_mode="stretch_width")
        self._drawn = ""
        self.refresh()
        self.follow(self.refresh, self.scope.param.area)
        self.follow(self.repaint, self.look.param.measure)
        self.follow(self.mark, self.look.param.focus)
        measure = pmui.Select.from_param(
            self.look.param.measure, label=self.say("measure"), size="small", width=300, margin=0,
            options={words.column(m, self.lang): m for m in MEASURES})
        return pn.Column(
            heading(self.title), self.trouble, self.figures,
            two(boxed(bar(measure), self.legend, self.map.pane, self.chosen),
                pn.Column(boxed(card.piece(f'<h3 class="title">{self.say("ranking")}</h3>'), self.table_box,
                                bar(download(self.say("csv"), lambda: "overview.csv", self._csv))),
                          boxed(card.piece(f'<h3 class="title">{self.say("requests_by_day")}</h3>'), self.chart_box),
                          sizing_mode="stretch_width", margin=0, styles={"gap": "14px"})),
            sizing_mode="stretch_width", margin=0, styles={"gap": "12px"})

    def refresh(self) -> None:
        """Everything for another area."""
        area = self.scope.area
        self.level = self.desk.level_below(area)
        digits = max(areas.digits(self.level), 2)
        self.frame = self.desk.query("page_areas", area, digits=digits).set_index("area_code")
        self.shapes = answers.named(self.desk.shapes(self.level, area), self.lang)
        now = self.desk.query("page_figures", area).iloc[0]
        self.title.rx.value = self._finding(now)
        self.figures.object = card.figures_html(self._boxes(now))
        self.look.focus = ""
        context = None if area == areas.COUNTRY else self.desk.shapes("province", areas.COUNTRY)
        self.map.draw(self.shapes, self._paint(), context=context)
        self._dress()
        days = self.desk.query("page_days", area)
        self.chart_box.object = charts.lines_object(
            days, x="day", lang=self.lang, height=210,
            ys={"requests": (self.say("each_day"), "#9db4c8"), "mean_7_days": (self.say("mean_7_days"), colours.OPEN)})

    def repaint(self) -> None:
        """Another measure on the same areas."""
        self.map.paint(self._paint())
        self._dress()

    def mark(self) -> None:
        """The chosen area, outlined in the map and lit in the table."""
        code = self.look.focus
        self.map.choose(code)
        order = [str(c) for c in self._ordered().index]
        self.table.selection = [order.index(code)] if code in order else []
        self.chosen[:] = [self._open_button(code)] if code else []

    # -- pieces ------------------------------------------------------------------------------

    def _paint(self) -> maps.Paint:
        return answers.paint_column(self.frame, self.look.measure, MEASURES[self.look.measure], self.lang)

    def _ordered(self) -> pd.DataFrame:
        return self.frame.sort_values(self.look.measure, ascending=False, kind="stable")

    def _dress(self) -> None:
        paint = self._paint()
        self.legend.object = card.legend(
            paint.title, paint.classes, self.lang, no_data=bool(paint.values.reindex(self.shapes.index).isna().any()))
        rest = [m for m in MEASURES if m != self.look.measure]
        self.table = tables.table(self._ordered(), self.lang, columns=[self.look.measure, *rest], height=330)
        pn.bind(self.guarded(self._row), self.table.param.selection, watch=True)
        self.table_box[:] = [self.table]

    def _row(self, selection: list[int]) -> None:
        order = [str(c) for c in self._ordered().index]
        self.look.focus = order[selection[0]] if selection else ""

    def _open_button(self, code: str) -> Any:
        if code == self.scope.area:
            return card.piece("")
        return pmui.Button(label=self.say("open_area", area=areas.full_name(code, self.lang)), size="small",
                           variant="contained", margin=0, icon="zoom_in", on_click=lambda _: self._open(code))

    def _open(self, code: str) -> None:
        self.scope.area = code

    def _finding(self, now: Mapping[str, Any]) -> str:
        where = areas.full_name(self.scope.area, self.lang)
        if not now["requests"]:
            return self.say("finding.no_requests", area=where)
        return self.say("finding.overview", area=where, waiting=numbers.number(now["waiting"]),
                        being_helped=numbers.number(now["being_helped"]), critical=numbers.number(now["critical"]))

    def _boxes(self, now: Mapping[str, Any]) -> list[dict[str, str]]:
        year = "" if numbers.is_missing(now["people_year"]) else numbers.date(str(int(now["people_year"])), self.lang)
        asked = numbers.date(now["last_request"], self.lang, time=True)
        units = {"people": "persons", "waiting": "requests", "being_helped": "requests", "volunteers": "volunteers"}
        feet = {"people": year, "waiting": asked, "being_helped": asked,
                "volunteers": numbers.date(now["last_volunteer"], self.lang)}
        return [card.figure_entry(n, now[n], unit, self.lang, foot=feet[n] and self.say("as_of", date=feet[n]))
                for n, unit in units.items()]

    def _csv(self) -> io.BytesIO:
        frame = self._ordered()
        frame.insert(0, "area", [areas.name(str(c), self.lang) for c in frame.index])
        return io.BytesIO(files.csv_bytes(frame.reset_index()))


__all__ = ["Overview", "texts"]
