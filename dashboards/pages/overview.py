"""The overview: where things stand in an area and below it."""

from __future__ import annotations

import io
from html import escape
from typing import Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
import param

from dashboards.pages.base import Page, bar, boxed, download, heading, two
from jitasa_analytics import areas
from jitasa_analytics.errors import NoDataError
from jitasa_analytics.show import answers, card, colours, files, numbers, paint, plain_charts, tables, words
from jitasa_analytics.studies import Answer

# What the map can show: columns of the query by area with their unit, or a dose of the vaccination study.
MEASURES = {
    "waiting": "requests", "requests_per_1000": "", "being_helped": "requests", "volunteers": "volunteers",
    "people": "persons",
}
DOSES = {"coverage_1": 1, "coverage_2": 2}


class Look(param.Parameterized):
    """What the map of the overview shows."""

    measure: Any = param.Selector(default="waiting", objects=[*MEASURES, *DOSES])
    focus = param.String(default="", doc="Code of the area that is marked in the map and in the table.")


class Overview(Page):
    """Key figures, a map of one measure by area, a ranking and the course of requests and doses."""

    slug = ""

    def build(self) -> Any:
        """Lay the page out."""
        self.look = Look()
        self.scope.include(self.look, ["measure"], self.asked)
        self.map = self.new_map(600, on_choose=self._choose, on_open=self._open)
        self.title = pn.rx("")
        self.figures, self.legend, self.none = card.piece(""), card.piece(""), card.piece("")
        self.table_box = pn.Column(margin=0, sizing_mode="stretch_width")
        self.asked_chart, self.dose_chart = card.piece(""), card.piece("")
        self.chosen = pn.Column(margin=0, sizing_mode="stretch_width")
        self.refresh()
        self.follow(self.refresh, self.scope.param.area)
        self.follow(self.repaint, self.look.param.measure)
        self.follow(self.mark, self.look.param.focus)
        measure = pmui.Select.from_param(
            self.look.param.measure, label=self.say("measure"), size="small", width=320, margin=0,
            options={words.column(m, self.lang): m for m in (*MEASURES, *DOSES)}, css_classes=["measure"])
        side = pn.Column(
            boxed(card.piece(f'<h3 class="title">{self.say("ranking")}</h3>'), self.table_box,
                  bar(download(self.say("save.csv"), "overview.csv", self._csv))),
            boxed(card.piece(f'<h3 class="title">{self.say("requests_by_day")}</h3>'), self.asked_chart),
            boxed(card.piece(f'<h3 class="title">{self.say("doses_by_week")}</h3>'), self.dose_chart),
            sizing_mode="stretch_width", margin=0, styles={"gap": "14px"})
        return pn.Column(
            heading(self.title), self.trouble, self.figures,
            two(boxed(bar(measure), self.legend, self.none, self.map.pane, self.chosen), side),
            sizing_mode="stretch_width", margin=0, styles={"gap": "12px"})

    def refresh(self) -> None:
        """Everything for another area."""
        area = self.scope.area
        level = self.desk.level_below(area)
        self.level = level if level != "country" else "province"
        self.frame = self.desk.query("page_areas", area, digits=areas.digits(self.level)).set_index("area_code")
        self.outline = self.desk.outline(self.level, area)
        now = self.desk.query("page_figures", area).iloc[0]
        self.title.rx.value = self._finding(now)
        self.figures.object = card.figures_html(self._boxes(now))
        self.look.focus = ""
        self.map.draw(self.outline.url, self.outline.codes, self._paint(), around=self.neighbours())
        self._dress()
        self._draw_charts()

    def repaint(self) -> None:
        """Another measure on the same areas."""
        self.map.paint(self._paint())
        self._dress()

    def mark(self) -> None:
        """The chosen area, outlined in the map and lit in the table."""
        code = self.look.focus
        self.map.choose(code)
        self.table.selection = [self.order.index(code)] if code in self.order else []
        self.chosen[:] = [self.opener(code, self._open)] if code and code != self.scope.area else []

    # -- pieces ------------------------------------------------------------------------------

    def _doses(self, dose: int, level: str) -> Answer | None:
        """The coverage with a dose, or None where the store has no vaccination data for the area."""
        try:
            return self.desk.ask("vaccination", self.scope.area, dose=dose, level=level)
        except NoDataError:
            return None

    def _shown(self) -> tuple[pd.DataFrame, str, str, str]:
        """The frame, column, unit and study of the measure on the map."""
        measure = self.look.measure
        if measure in MEASURES:
            return self.frame, measure, MEASURES[measure], ""
        answer = self._doses(DOSES[measure], self.level)
        if answer is None:
            return self.frame, measure, "share", ""
        return answer.frame, answer.measure, answer.unit, answer.study

    def _paint(self) -> paint.Paint:
        frame, column, unit, study = self._shown()
        return answers.paint_column(frame, column, unit, self.lang, study=study)

    def _dress(self) -> None:
        """Legend and table of the measure on the map."""
        frame, column, unit, study = self._shown()
        painted = answers.paint_column(frame, column, unit, self.lang, study=study)
        self.legend.object = card.legend(
            words.column(self.look.measure, self.lang), self.toned(painted.classes), self.lang,
            no_data=painted.lacks(self.outline.codes))
        ranked = tables.ranked(frame, column)
        self.order = [str(code) for code in ranked.index]
        self.none.object = f'<p class="lead">{escape(self.say("no_doses"))}</p>' \
            if column in DOSES and not study else ""
        rest = [m for m in MEASURES if m != column] if not study else ["count", "people", "as_of"]
        self.table = tables.table(ranked, self.lang, study=study, measure=column, unit=unit, height=300,
                                  columns=[column, *rest[:2]])
        self.ranked = ranked
        pn.bind(self.guarded(self._row), self.table.param.selection, watch=True)
        self.table_box[:] = [self.table]

    def _row(self, selection: list[int]) -> None:
        self.look.focus = self.order[selection[0]] if selection else ""

    def _draw_charts(self) -> None:
        days = self.desk.query("page_days", self.scope.area)
        self.asked_chart.object = plain_charts.lines(
            [plain_charts.Line(days, "day", "requests", self.say("each_day"), self.ground.hatch, 1.2),
             plain_charts.Line(days, "day", "mean_7_days", self.say("mean_7_days"), self.ink(colours.NEED))],
            self.lang, height=190)
        own = areas.level_of(self.scope.area)
        found = [(d, self._doses(d, own if own != "country" else "province")) for d in (1, 2)]
        lines = [plain_charts.Line(a.tables["series"], "date", "share", self.say("dose", n=d),
                             self.ink(colours.COVERAGE, -1 if d == 2 else -3))
                 for d, a in found if a is not None and len(a.tables.get("series", ()))]
        self.dose_chart.object = plain_charts.lines(lines, self.lang, height=190, share=True)

    def _choose(self, code: str) -> None:
        self.look.focus = code

    def _open(self, code: str) -> None:
        self.scope.area = code

    def _finding(self, now: pd.Series) -> str:
        where = areas.full_name(self.scope.area, self.lang)
        if not now["requests"]:
            return self.say("finding.no_requests", area=where)
        return self.say("finding.overview", area=where, waiting=numbers.number(now["waiting"]),
                        critical=numbers.number(now["critical"]))

    def _boxes(self, now: pd.Series) -> list[dict[str, str]]:
        year = "" if numbers.is_missing(now["people_year"]) else numbers.date(str(int(now["people_year"])), self.lang)
        asked = numbers.date(now["last_request"], self.lang)
        asked = "" if asked == numbers.MISSING else asked
        feet = {"people": year, "waiting": asked, "being_helped": asked,
                "volunteers": numbers.date(now["last_volunteer"], self.lang).replace(numbers.MISSING, "")}
        units = {"people": "persons", "waiting": "requests", "being_helped": "requests", "volunteers": "volunteers"}
        boxes = [card.figure_entry("areas", len(self.outline.codes), "", self.lang,
                                   foot=words.value("level", self.level, self.lang))]
        boxes += [card.figure_entry(n, now[n], unit, self.lang, foot=self.say("as_of", date=feet[n]) if feet[n] else "")
                  for n, unit in units.items()]
        own = areas.level_of(self.scope.area)
        for name, dose in DOSES.items():
            answer = self._doses(dose, own if own != "country" else "province")
            if answer is not None:
                last = answer.tables["series"]["date"].max() if len(answer.tables.get("series", ())) else None
                share = answer.figures["coverage"].value
                foot = self.say("as_of", date=numbers.date(last, self.lang))
                if share > 1:
                    foot += " · " + self.say("over_registered")
                boxes.append(card.figure_entry(name, share, "share", self.lang, foot=foot))
        return boxes

    def _csv(self) -> io.BytesIO:
        return io.BytesIO(files.table_bytes(self.ranked, self.desk.manifest(), self.lang))
