"""The overview: where things stand in an area and below it."""

from __future__ import annotations

import io
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from dashboards import discreet
from dashboards.pages.base import Page, bar, boxed, download, fields, heading, prompt, two
from jitasa_analytics import areas
from jitasa_analytics.errors import NoDataError
from jitasa_analytics.show import answers, card, colours, files, numbers, paint, plain_charts, tables, words
from jitasa_analytics.studies import Answer

# What the map can show: columns of the query by area with their unit, or a dose of the vaccination study.
MEASURES = {
    "waiting": "requests",
    "requests_per_1000": "",
    "being_helped": "requests",
    "volunteers": "volunteers",
    "people": "persons",
}
DOSES = {"coverage_1": 1, "coverage_2": 2}
# Counts of people in need: below the district small ones are hidden.
GUARDED = ("waiting", "being_helped", "requests_per_1000")
LEVELS = ("province", "district", "tambon")
# Longer tables come in pages.
_LONG, _PAGE = 150, 50


class Look(param.Parameterized):
    """What the map of the overview shows."""

    measure: Any = param.Selector(default="waiting", objects=[*MEASURES, *DOSES])
    level: Any = param.Selector(default="auto", objects=["auto", *LEVELS])
    focus = param.String(default="", doc="Code of the area that is marked in the map and in the table.")


class Overview(Page):
    """Key figures, a map of one measure by area, a ranking and the course of requests and doses."""

    slug = ""

    def build(self) -> Any:
        """Lay the page out."""
        self.look = Look()
        self.scope.include(self.look, ["measure", "level"], self.asked)
        self.map = self.new_map(540, above=480, on_choose=self._choose, on_open=self._open)
        self.title = pn.rx("")
        self.figures, self.legend, self.none = card.piece(""), card.piece(""), card.piece("")
        self.table_box = pn.Column(margin=0, sizing_mode="stretch_width")
        self.asked_chart, self.dose_chart, self.asked_title, self.dose_title = (card.piece("") for _ in range(4))
        self.chosen = pn.Column(margin=0, sizing_mode="stretch_width")
        self.refresh()
        self.complete()
        self.follow(self.go, self.scope.param.area, self.look.param.level)
        self.follow(self.repaint, self.look.param.measure)
        self.follow(self.mark, self.look.param.focus)
        side = boxed(
            self.titled("ranking"), self.table_box, bar(download(self.say("save.csv"), "overview.csv", self._csv))
        )
        return pn.Column(
            heading(self.title),
            self.trouble,
            self.figures,
            two(boxed(fields(*self._widgets()), self.legend, self.none, self.map.pane, self.chosen), side),
            two(boxed(self.asked_title, self.asked_chart), boxed(self.dose_title, self.dose_chart), share=(1, 1)),
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "12px"},
        )

    def _widgets(self) -> list[Any]:
        measure = pmui.Select.from_param(
            self.look.param.measure,
            label=self.say("measure"),
            size="small",
            margin=0,
            sizing_mode="stretch_width",
            options={words.column(m, self.lang): m for m in (*MEASURES, *DOSES)},
            css_classes=["measure"],
        )

        def below(area: str) -> dict[str, Any]:
            own = areas.level_of(area)
            finer = LEVELS[0 if own == "country" else min(LEVELS.index(own) + 1, 2) :]
            options = {self.say("level_auto"): "auto"} | {words.value("level", n, self.lang): n for n in finer}
            return {
                "options": options,
                "disabled": len(finer) < 2,
                "value": self.look.level if self.look.level in options.values() else "auto",
            }

        level = pmui.Select(
            label=self.say("by_level"),
            size="small",
            margin=0,
            sizing_mode="stretch_width",
            css_classes=["by-level"],
            refs=pn.bind(below, self.scope.param.area),
        )
        pn.bind(self.guarded(self._by_level), level.param.value, watch=True)
        return [prompt(measure), prompt(level)]

    def _by_level(self, chosen: str | None) -> None:
        if chosen:
            self.look.level = chosen

    # -- asking ------------------------------------------------------------------------------

    def go(self) -> None:
        """Another area or another level: the map first, as the eye is there."""
        self.refresh()
        self.once_painted(self.map, self.complete)

    def refresh(self) -> None:
        """Finding and map."""
        area = self.scope.area
        level = self.look.level if self.look.level != "auto" else self.desk.level_below(area)
        own = areas.level_of(area)
        if level == "country" or (own != "country" and LEVELS.index(level) < LEVELS.index(own)):
            level = "province" if own == "country" else own
        self.level = level
        self.frame = self.desk.query("page_areas", area, digits=areas.digits(level)).set_index("area_code")
        self.outline = self.desk.outline(level, area)
        self.look.focus = ""
        self.painted = self._paint()
        self.title.rx.value = self._finding(discreet.figures(self.desk, area), discreet.week(self.desk, area))
        self.map.draw(self.outline.url, self.outline.codes, self.painted, around=self.neighbours())

    def complete(self) -> None:
        """What stands around the map."""
        area = self.scope.area
        now, week = discreet.figures(self.desk, area), discreet.week(self.desk, area)
        self.figures.object = card.figures_html(self._boxes(now, week))
        self._dress()
        self._draw_charts()

    def repaint(self) -> None:
        """Another measure on the same areas: the map first, as the eye is there."""
        self.painted = self._paint()
        self.map.paint(self.painted)
        self.once_painted(self.map, self._dress)

    def mark(self) -> None:
        """The chosen area, outlined in the map and lit in the table."""
        code = self.look.focus
        self.map.choose(code)
        if code in self.order:
            place = self.order.index(code)
            if self.table.pagination:
                self.table.page = place // _PAGE + 1
            self.table.selection = [place]
        else:
            self.table.selection = []
        further = code and code != self.scope.area and self.level != "tambon"
        self.chosen[:] = [self.opener(code, self._open)] if code and (further or code != self.scope.area) else []

    # -- pieces ------------------------------------------------------------------------------

    def _doses(self, dose: int, level: str) -> Answer | None:
        """The coverage with a dose, or None where the store has no vaccination data for the area."""
        try:
            return self.desk.ask("vaccination", self.scope.area, dose=dose, level=level)
        except NoDataError:
            return None

    def _shown(self) -> tuple[Any, str, str, str]:
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
        hidden = self.frame["hidden"] if column in GUARDED else None
        return answers.paint_column(frame, column, unit, self.lang, study=study, hidden=hidden)

    def _dress(self) -> None:
        """Legend and table of the measure on the map."""
        frame, column, unit, study = self._shown()
        painted = self.painted
        self.legend.object = card.legend(
            words.column(self.look.measure, self.lang),
            self.toned(painted.classes),
            self.lang,
            no_data=painted.lacks(self.outline.codes),
            few=painted.suppressed is not None and bool(painted.suppressed.any()),
        )
        ranked = tables.ranked(frame, column)
        self.order = [str(code) for code in ranked.index]
        self.none.object = (
            f'<p class="lead">{escape(self.say("no_doses"))}</p>' if column in DOSES and not study else ""
        )
        rest = [m for m in MEASURES if m != column] if not study else ["count", "people", "as_of"]
        long: dict[str, Any] = {"pagination": "remote", "page_size": _PAGE} if len(ranked) > _LONG else {}
        self.table = tables.table(
            ranked, self.lang, study=study, measure=column, unit=unit, height=520, columns=[column, *rest[:2]], **long
        )
        self.ranked = ranked.drop(columns="hidden", errors="ignore")
        pn.bind(self.guarded(self._row), self.table.param.selection, watch=True)
        self.table_box[:] = [self.table]

    def _row(self, selection: list[int]) -> None:
        self.look.focus = self.order[selection[0]] if selection else ""

    def _draw_charts(self) -> None:
        alone = discreet.is_small(self.scope.area)
        days = self.desk.query("page_days", self.scope.area)
        self.asked_chart.object = self.empty("days_of_few") if alone else plain_charts.lines(
            [
                plain_charts.Line(days, "day", "requests", self.say("each_day"), self.ground.hatch, 1.2),
                plain_charts.Line(days, "day", "mean_7_days", self.say("mean_7_days"), self.ink(colours.NEED)),
            ],
            self.lang,
            height=220,
        ) or self.empty("no_requests")
        self.asked_title.object = f'<h3 class="title">{escape(self.say("requests_by_day"))}</h3>'
        found = [(d, self._doses(d, self._own())) for d in (1, 2)]
        lines = [
            plain_charts.Line(
                a.tables["series"],
                "date",
                "share",
                self.say("dose", n=d),
                self.ink(colours.COVERAGE, -1 if d == 2 else -3),
            )
            for d, a in found
            if a is not None and len(a.tables.get("series", ()))
        ]
        self.dose_chart.object = plain_charts.lines(lines, self.lang, height=220, share=True) or self.empty(
            "no_doses"
        )
        self.dose_title.object = f'<h3 class="title">{escape(self.say("doses_by_week"))}</h3>'

    def _own(self) -> str:
        own = areas.level_of(self.scope.area)
        return own if own != "country" else "province"

    def _choose(self, code: str) -> None:
        self.look.focus = code

    def _open(self, code: str) -> None:
        self.scope.area = code

    def _finding(self, now: Any, week: Any) -> str:
        where = areas.full_name(self.scope.area, self.lang)
        if numbers.is_missing(now["waiting"]):
            return self.say("finding.few", area=where)
        if not now["requests"]:
            return self.say("finding.no_requests", area=where)
        said = self.say(
            "finding.overview",
            area=where,
            waiting=numbers.amount(now["waiting"], "requests", self.lang),
            critical=self._count(now["critical"]),
        )
        change = (
            self.change(week["week"].iloc[0], week["week_before"].iloc[0], less_is_better=True)[0]
            if len(week)
            else ""
        )
        return (
            f"{said} · {self.say('finding.week', n=numbers.number(week['week'].iloc[0]), change=change)}"
            if change
            else said
        )

    def _count(self, n: Any) -> str:
        return self.say("few") if numbers.is_missing(n) else numbers.number(n)

    def _of_them(self, now: Any) -> str:
        if numbers.is_missing(now["waiting"]):
            return self.say("few_or_told")
        return self.say("of_them_critical", n=self._count(now["critical"]))

    def _boxes(self, now: Any, week: Any) -> list[dict[str, str]]:
        asked = self.dated(now["last_request"])
        boxes = [
            self.figure(
                "waiting",
                now["waiting"],
                "requests",
                lead=True,
                foot=self._of_them(now) + asked,
            )
        ]
        if len(week):
            told, turn = self.change(week["week"].iloc[0], week["week_before"].iloc[0], less_is_better=True)
            boxes.append(
                self.figure(
                    "new_week",
                    week["week"].iloc[0],
                    "requests",
                    change=told,
                    turn=turn,
                    foot=self.dated(week["last_day"].iloc[0]),
                )
            )
        boxes += [
            self.figure("being_helped", now["being_helped"], "requests", foot=asked),
            self.figure("volunteers", now["volunteers"], "volunteers", foot=self.dated(now["last_volunteer"])),
        ]
        for name, dose in DOSES.items():
            answer = self._doses(dose, self._own())
            if answer is not None:
                share = answer.figures["coverage"].value
                last, before = answers.ends(answer, days=28)
                told = self.say("change_28", points=f"{100 * (last[1] - before[1]):+.1f}") if last and before else ""
                foot = self.dated(last[0]) if last else ""
                boxes.append(
                    self.figure(
                        name,
                        share,
                        "share",
                        change=told,
                        turn="better" if told else "same",
                        foot=foot + (" · " + self.say("over_registered") if share > 1 else ""),
                    )
                )
        year = None if numbers.is_missing(now["people_year"]) else str(int(now["people_year"]))
        return [*boxes, self.figure("people", now["people"], "persons", foot=self.dated(year) if year else "")]

    def _csv(self) -> io.BytesIO:
        return io.BytesIO(files.table_bytes(self.ranked, self.desk.manifest(), self.lang))
