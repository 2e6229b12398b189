"""The page of a study, made from its parameters and its answer."""

from __future__ import annotations

import asyncio
import io
from html import escape
from typing import Any, ClassVar

import panel as pn
import panel_material_ui as pmui
import param

from dashboards import forms
from dashboards.pages.base import LOOSE, Page, bar, boxed, download, fields, folded, heading, two
from jitasa_analytics import areas, studies, texts
from jitasa_analytics.show import Kind, answers, card, files, plain_charts, tables
from jitasa_analytics.studies import Answer

# How many columns fit beside the map; the files hold them all.
_WIDE = 3
# What an answer can be saved as; the report in PDF and the picture are made when they are asked for.
SAVED: tuple[Kind, ...] = ("csv", "xlsx", "geojson", "png", "pdf")


class Focus(param.Parameterized):
    """Which row of the answer is looked at."""

    code = param.String(default="", doc="Code of the area that is marked in the map and in the table.")


class StudyPage(Page):
    """Form, finding, figures, map, table and chart of one study, bound together."""

    study: ClassVar[type[studies.Study]]
    by_button: ClassVar[bool] = False
    measure: ClassVar[str] = ""
    headline: ClassVar[tuple[str, ...]] = ()
    own_fields: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def label(cls, lang: str) -> str:
        """The study's title."""
        return cls.study.title(lang)

    def build(self) -> Any:
        """Lay the page out."""
        self.question = studies.make(self.study)
        names = list(self.study.options())
        self.scope.include(self.question, names, self.asked)
        self.focus = Focus()
        self.answer: Answer | None = None
        self._ticket = 0
        self._made_pieces()
        self.follow(self.mark, self.focus.param.code)
        watched = [self.scope.param.area, *([] if self.by_button else [self.question.param[n] for n in names])]
        pn.bind(self._ask, *watched, watch=True)
        if self.by_button:
            self.follow(self._stale, *(self.question.param[n] for n in names))
        self._tell("working")  # until the page is loaded and asks
        pn.state.onload(self._ask)
        return self._laid_out()

    def _made_pieces(self) -> None:
        """The pieces that answers are put into."""
        self.title = pn.rx(self.study.title(self.lang))
        self.figures, self.legend, self.verdict = card.piece(""), card.piece(""), card.piece("")
        self.chart_title = card.piece("")
        self.chart = card.piece("")
        self.charted = boxed(self.chart_title, self.chart)
        self.table_box = pn.Column(margin=0, sizing_mode="stretch_width")
        self.extra = pn.Column(margin=0, sizing_mode="stretch_width", visible=False)
        self.chosen = pn.Column(margin=0, sizing_mode="stretch_width")
        self.map = self.new_map(500, above=545 if self.by_button else 500, on_choose=self._choose,
                                on_open=self._open)
        self.run_button = pmui.Button(label=self.say("run"), icon="play_arrow", variant="contained", margin=0,
                                      on_click=self._ask, css_classes=["run"])
        self.waiting = card.piece("", visible=False)
        self.aside = pn.Column(margin=0, sizing_mode="stretch_width", visible=False)
        self.below_map = pn.Column(margin=0, sizing_mode="stretch_width")
        self.beneath = pn.Column(margin=0, sizing_mode="stretch_width", visible=False)
        self.asked_too = pn.Column(margin=0, sizing_mode="stretch_width", visible=False)

    def _training(self) -> list[Any]:
        """The way to the training material, where the question is who is trained."""
        if self.study.slug != "readiness":
            return []
        link = escape(texts.say("manuals.menu", self.lang))
        return [boxed(card.piece(f'<p class="lead"><a href="/manuals?lang={self.lang}#training">{link}</a></p>'))]

    def _laid_out(self) -> Any:
        shown, quiet = forms.form(self.question, self.lang, but=self.own_fields)
        more = folded(self.say("more_conditions"), fields(*quiet), name="more")
        conditions = [fields(*shown, *([self.run_button] if self.by_button else []), *([more] if quiet else []))]
        side = pn.Column(
            self.extra,
            boxed(card.piece(f'<h3 class="title">{self.say("table")}</h3>'), self.table_box,
                  bar(*(self._saver(kind) for kind in SAVED))),
            self.verdict, *self._training(),
            sizing_mode="stretch_width", margin=0, styles={"gap": "14px"}, stylesheets=[LOOSE])
        # On a narrow screen what is proposed comes right after the map, before what can be chosen.
        self.extra.styles = {"order": "-1"}
        shown_map = boxed(self.legend, self.map.pane, self.below_map, self.chosen)
        shown_map.styles = {"order": "-2"}
        main = pn.Column(
            shown_map, self.beneath, self.charted,
            sizing_mode="stretch_width", margin=0, styles={"gap": "14px"}, stylesheets=[LOOSE])
        self.answered = pn.Column(two(main, side), sizing_mode="stretch_width", margin=0, visible=False)
        return pn.Column(
            heading(self.title, lead=self.study.question(self.lang)), boxed(*conditions, self.asked_too), self.waiting,
            self.aside, self.trouble,
            self.figures, self.answered,
            sizing_mode="stretch_width", margin=0, styles={"gap": "12px"})

    # -- asking ------------------------------------------------------------------------------

    async def _ask(self, *_: Any) -> None:
        """Ask the study beside the server's loop, so that other readers need not wait."""
        self._ticket += 1
        ticket, area = self._ticket, self.scope.area
        values = {n: getattr(self.question, n) for n in self.study.options()}
        self._tell("working")
        try:
            answer = await self._answer(area, values)
            if ticket == self._ticket:
                self.present(answer)
                self.relieve()
        except Exception as error:
            if ticket == self._ticket:
                self.blank()
                self.fail(error)
        finally:
            if ticket == self._ticket:
                self._tell("")

    async def _answer(self, area: str, values: dict[str, Any]) -> Answer:
        return await asyncio.to_thread(self.desk.ask, self.study.slug, area, **values)

    def _stale(self) -> None:
        """Say that the answer on the page belongs to other conditions."""
        self._tell("stale")

    def _tell(self, key: str) -> None:
        """A line about the state of the page's work, or none."""
        self.waiting.object = f'<div class="card" role="status">{self.say(key)}</div>' if key else ""
        self.waiting.visible = bool(key)

    # -- showing -----------------------------------------------------------------------------

    def present(self, answer: Answer) -> None:
        """Put an answer into the page's pieces."""
        outline = self.desk.outline_of(answer)
        measure = self.measure or answer.measure
        paint = answers.paint_of(answer, self.lang, measure)
        layers = answers.points_of(answer, self.lang)
        self.answer = answer
        self.title.rx.value = card.finding(answer, self.lang)
        self.figures.object = card.figures(answer, self.lang, only=self.headline)
        if self.map.codes == outline.codes and self.map.pane.source == outline.url:
            self.map.paint(paint)
            self.map.place(*(layer for layer, _ in layers))
        else:
            self.map.draw(outline.url, outline.codes, paint, around=self.neighbours(),
                          layers=[layer for layer, _ in layers])
        self.legend.object = card.legend(
            paint.title, self.toned(paint.classes), self.lang, no_data=paint.lacks(outline.codes),
            points=self.legend_points(answer))
        self._show_table(answer)
        chart = answers.chart_of(answer, self.lang, measure=measure, draw=plain_charts, dark=self.ground.dark)
        self.chart_title.object = f'<h3 class="title">{escape(chart[0])}</h3>' if chart else ""
        self.chart.object = chart[1] if chart else ""
        self.charted.visible = chart is not None
        self.verdict.object = card.verdict(answer, self.lang, skip_question=True)
        self.extra[:] = self.more(answer)
        self.extra.visible = len(self.extra) > 0
        self.answered.visible = True
        self.focus.code = ""

    def legend_points(self, answer: Answer) -> list[tuple[str, str, str]]:
        """Label, marker and colour of the points in the map."""
        return [(label, layer.marker, layer.colour) for layer, label in answers.points_of(answer, self.lang)]

    def more(self, answer: Answer) -> list[Any]:
        """Further pieces beside the map; none unless a page has them."""
        return []

    def blank(self) -> None:
        """Show no answer: the reason stands above."""
        self.answer = None
        self.title.rx.value = f"{self.study.title(self.lang)}: {areas.full_name(self.scope.area, self.lang)}"
        for piece in (self.figures, self.legend, self.verdict, self.chart_title):
            piece.object = ""
        self.chart.object = ""
        self.map.clear()
        self.table_box.clear()
        self.extra.clear()
        self.answered.visible = False
        self.chosen.clear()

    def _show_table(self, answer: Answer) -> None:
        measure = self.measure or answer.measure
        ranked = tables.ranked(answer.frame, measure)
        self.order = [str(code) for code in ranked.index]
        columns = tables.columns_of(ranked, first=list(dict.fromkeys([measure, answer.measure])))[:_WIDE]
        self.table = tables.table(ranked, self.lang, study=answer.study, measure=answer.measure, unit=answer.unit,
                                  columns=columns, height=300)
        pn.bind(self.guarded(self._row), self.table.param.selection, watch=True)
        self.table_box[:] = [self.table]

    def _row(self, selection: list[int]) -> None:
        self.focus.code = self.order[selection[0]] if selection else ""

    def mark(self) -> None:
        """The chosen area, outlined in the map and lit in the table."""
        code = self.focus.code
        self.map.choose(code)
        self.table.selection = [self.order.index(code)] if code in self.order else []
        self.chosen[:] = [self.opener(code, self._open)] if code and code != self.scope.area else []

    def _choose(self, code: str) -> None:
        self.focus.code = code

    def _open(self, code: str) -> None:
        self.scope.area = code

    # -- saving ------------------------------------------------------------------------------

    def _saver(self, kind: Kind) -> Any:
        return download(self.say(f"save.{kind}"), f"{self.study.slug}.{kind}", lambda: self._content(kind))

    def _content(self, kind: Kind) -> io.BytesIO:
        if self.answer is None:
            return io.BytesIO()
        return io.BytesIO(files.to_bytes(self.answer, kind, self.lang))
