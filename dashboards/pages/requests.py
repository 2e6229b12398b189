"""The map of requests and volunteers: who waits, who is being helped, who could help."""

from __future__ import annotations

import io
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from dashboards.pages.base import Page, bar, boxed, download, fields, heading, two
from jitasa_analytics import areas, texts
from jitasa_analytics.contracts import CATEGORIES, URGENCIES
from jitasa_analytics.show import card, classes, colours, density, files, numbers, paint, plain_charts, tables, words

# Shape and colour of each state: told apart without colour too.
STATES = {
    "waiting": ("diamond", colours.OPEN, 9.0), "being_helped": ("circle", colours.HELPED, 8.0),
    "closed": ("plus", colours.CLOSED, 6.0),
}
_VOLUNTEER = ("triangle", colours.VOLUNTEER, 7.0)
_ROWS = 200
_COLUMNS = ["urgency", "category", "status", "requested_at", "area_code"]


class Filters(param.Parameterized):
    """Which requests are shown."""

    state: Any = param.Selector(default="open", objects=["open", "waiting", "being_helped", "all"])
    category: Any = param.Selector(default="", objects=["", *CATEGORIES])
    urgency: Any = param.Selector(default="", objects=["", *URGENCIES])
    volunteers = param.Boolean(default=True)
    focus = param.String(default="", doc="Code of the area that is marked in the map.")


class Requests(Page):
    """Requests and volunteers as points, with filters, figures and the list."""

    slug = "requests"

    def build(self) -> Any:
        """Lay the page out."""
        self.filters = Filters()
        names = ["state", "category", "urgency", "volunteers"]
        self.scope.include(self.filters, names, self.asked)
        self.map = self.new_map(560, above=465, on_choose=self._choose, on_open=self._open, on_point=self._point,
                                on_view=self._seen, names=False)
        self.dense = card.piece("")
        self.title = pn.rx("")
        self.figures, self.legend, self.foot = card.piece(""), card.piece(""), card.piece("")
        self.table_box = pn.Column(margin=0, sizing_mode="stretch_width")
        self.chart = card.piece("")
        self.chosen = pn.Column(margin=0, sizing_mode="stretch_width")
        self.redraw()
        self.follow(self.redraw, self.scope.param.area)
        self.follow(self.refilter, *(self.filters.param[n] for n in names))
        self.follow(self.mark, self.filters.param.focus)
        side = pn.Column(
            boxed(card.piece(f'<h3 class="title">{self.say("list")}</h3>'), self.table_box, self.foot,
                  bar(download(self.say("save.csv"), "requests.csv", self._csv),
                      download(self.say("save.geojson"), "requests.geojson", self._geojson))),
            boxed(card.piece(f'<h3 class="title">{self.say("by_category")}</h3>'), self.chart),
            sizing_mode="stretch_width", margin=0, styles={"gap": "14px"})
        return pn.Column(
            heading(self.title), boxed(fields(*self._widgets())), self.trouble, self.figures,
            two(boxed(self.legend, self.map.pane, self.dense, self.chosen), side),
            sizing_mode="stretch_width", margin=0, styles={"gap": "12px"})

    def _widgets(self) -> list[Any]:
        every = self.say("every")
        kinds = {"state": [(s, self.say(f"state.{s}")) for s in Filters.param.state.objects]}
        kinds |= {n: [(v, texts.label(n, v, self.lang) if v else every) for v in Filters.param[n].objects]
                  for n in ("category", "urgency")}
        widgets: list[Any] = [
            pmui.Select.from_param(
                self.filters.param[n], label=self.say(f"filter.{n}"), size="small", margin=0,
                sizing_mode="stretch_width", options={label: v for v, label in choices}, css_classes=[f"field-{n}"])
            for n, choices in kinds.items()]
        widgets.append(pmui.Switch.from_param(self.filters.param.volunteers, label=self.say("filter.volunteers"),
                                              margin=0, sizing_mode="stretch_width", css_classes=["field-volunteers"]))
        return widgets

    # -- what is shown -----------------------------------------------------------------------

    def redraw(self) -> None:
        """Everything for another area."""
        area = self.scope.area
        level = self.desk.level_below(area)
        self.outline = self.desk.outline("province" if level == "country" else level, area)
        self._ask()
        self.filters.focus = ""
        # What the browser will show at first; it says so itself as soon as the reader moves the map.
        self.bounds: tuple[float, float, float, float] = self.outline.bounds
        self.map.draw(self.outline.url, self.outline.codes, paint.quiet(self.outline.codes, self.ground),
                      around=self.neighbours(),
                      layers=self._layers())
        self._shade()
        self._dress()

    def refilter(self) -> None:
        """Other requests on the same areas."""
        self._ask()
        self.map.place(*self._layers())
        self.map.ring(None, None)
        self._shade()
        self._dress()

    def _ask(self) -> None:
        chosen = {n: getattr(self.filters, n) for n in ("state", "category", "urgency")}
        self.rows = self.desk.query("page_requests", self.scope.area, **chosen)
        self.exact = self.desk.user.may("exact")
        if not self.exact:
            self.rows[["lon", "lat"]] = float("nan")
        self.counts = self.desk.query("page_request_counts", self.scope.area, **chosen)
        self.helpers = self.desk.query("page_volunteers", self.scope.area)
        self.waits = self.desk.query("page_waits", self.scope.area).iloc[0]

    def _dress(self) -> None:
        now = self.counts.iloc[0]
        where = areas.full_name(self.scope.area, self.lang)
        self.title.rx.value = self.say(
            "finding.requests" if now["requests"] else "finding.requests_none", area=where,
            requests=numbers.amount(now["requests"], "requests", self.lang), waiting=numbers.number(now["waiting"]),
            critical=numbers.number(now["critical"]))
        self.figures.object = card.figures_html([
            *(card.figure_entry(n, now[n], unit, self.lang) for n, unit in (
                ("waiting", "requests"), ("being_helped", "requests"), ("critical", "requests"),
                ("people_concerned", "persons"))),
            self.figure("overdue", self.waits["overdue"], "requests"),
            self.figure("median_wait", self.waits["median_wait"], "days"),
            self.figure("oldest", self.waits["oldest"], "days"),
            self.figure("volunteers", len(self.helpers), "volunteers")])
        shown = [(self.say(f"state.{s}"), m, c) for s, (m, c, _) in STATES.items()
                 if s != "closed" or self.filters.state == "all"]
        if self.filters.volunteers:
            shown.append((self.say("filter.volunteers"), *_VOLUNTEER[:2]))
        self.legend.object = card.legend("", classes.Classes((), ()), self.lang, no_data=False, points=shown)
        self._show_table(int(now["without_position"]))
        kinds = self.counts.iloc[1:]
        self.chart.object = plain_charts.bars([texts.label("category", c, self.lang) for c in kinds["category"]],
                                        kinds["requests"].tolist(), colour=self.ground.accent) if len(kinds) else ""

    def _show_table(self, without: int) -> None:
        self.table = tables.table(self.rows.head(_ROWS), self.lang, name_index=False, columns=_COLUMNS,
                                  height=400, wrap=True)
        pn.bind(self.guarded(self._row), self.table.param.selection, watch=True)
        self.table_box[:] = [self.table]
        told = [self.say("first_rows", n=numbers.number(_ROWS), all=numbers.number(len(self.rows)))] \
            if len(self.rows) > _ROWS else []
        told += [self.say("without_position", n=numbers.number(without))] if without else []
        told += [] if self.exact else [self.say("no_positions")]
        self.foot.object = f'<p class="lead">{escape(" ".join(told))}</p>' if told else ""

    def _row(self, selection: list[int]) -> None:
        row = self.rows.iloc[selection[0]] if selection else None
        self.map.ring(*((None, None) if row is None else (row["lon"], row["lat"])))

    def mark(self) -> None:
        """The chosen area, outlined, with the way into it."""
        code = self.filters.focus
        self.map.choose(code)
        self.chosen[:] = [self.opener(code, self._open)] if code and code != self.scope.area else []

    def _choose(self, code: str) -> None:
        self.filters.focus = code

    def _open(self, code: str) -> None:
        self.scope.area = code

    # -- layers ------------------------------------------------------------------------------

    def _layers(self) -> list[paint.Points]:
        """Volunteers and requests; where there are too many, requests are drawn as a density instead."""
        return [self._volunteers(), *(self._layer(s) for s in ("closed", "being_helped", "waiting"))]

    def _seen(self, bounds: tuple[float, float, float, float]) -> None:
        """Another part of the map: single requests where few are in view, their density where many are."""
        if not self.many:
            return
        self.bounds = bounds
        self.map.place(*(self._layer(s) for s in STATES))
        self._shade()

    def _shade(self) -> None:
        """The picture of how many lie where, and the line that says so."""
        rows = self._placed()
        if not self.many or density.few(rows, self.bounds):
            self.map.pane.picture, self.dense.object = {}, ""
            return
        scale = colours.NEED.dark if self.ground.dark else colours.NEED.colours
        self.map.pane.picture = density.picture(rows["lon"], rows["lat"], self.bounds, scale[1:])
        n = numbers.number(density.count(rows, self.bounds))
        self.dense.object = f'<p class="lead" role="status">{escape(self.say("many_points", n=n))}</p>'

    def _placed(self) -> Any:
        return self.rows[self.rows["lon"].notna()]

    @property
    def many(self) -> bool:
        """Whether the requests are too many to be drawn one by one."""
        return len(self.rows) > density.MANY

    def _point(self, layer: str, position: int) -> None:
        """A request of the map lights its row where the list holds it."""
        if layer not in STATES:
            return
        index = self._drawn(layer).index[position]
        place = list(self.rows.index).index(index)
        self.table.selection = [place] if place < _ROWS else []

    def _drawn(self, state: str) -> Any:
        """The requests of a state that are drawn one by one."""
        rows = self.rows[(self.rows["state"] == state) & self.rows["lon"].notna()]
        if not self.many:
            return rows
        if not density.few(self._placed(), self.bounds):
            return rows.head(0)
        return rows[density.inside(rows["lon"], rows["lat"], self.bounds)]

    def _layer(self, state: str) -> paint.Points:
        marker, colour, size = STATES[state]
        rows = self._drawn(state)
        shown = (rows[n] for n in ("category", "urgency", "status", "requested_at"))
        told = [card.tooltip([words.value("category", c, self.lang), words.value("urgency", u, self.lang),
                              words.value("status", s, self.lang), numbers.date(at, self.lang, time=True)])
                for c, u, s, at in zip(*shown, strict=True)]
        return paint.Points(state, rows[["lon", "lat"]].assign(words=told), colour, marker, size)

    def _volunteers(self) -> paint.Points:
        rows = self.helpers[self.helpers["lon"].notna()] if self.filters.volunteers else self.helpers.head(0)
        told = [card.tooltip([texts.label("volunteer", k, self.lang)]) for k in rows["kind"]]
        marker, colour, size = _VOLUNTEER
        return paint.Points("volunteers", rows[["lon", "lat"]].assign(words=told), colour, marker, size, alpha=0.65)

    # -- saving ------------------------------------------------------------------------------

    def _csv(self) -> io.BytesIO:
        return io.BytesIO(files.table_bytes(self.rows, self.desk.manifest(), self.lang))

    def _geojson(self) -> io.BytesIO:
        return io.BytesIO(files.points_bytes(self.rows, self.desk.manifest(), self.lang))
