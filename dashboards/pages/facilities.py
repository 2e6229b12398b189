"""Facilities: where they are, what they can take, whether they are open, and when somebody last checked."""

from __future__ import annotations

import io
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from dashboards.pages.base import Page, bar, boxed, download, fields, heading, two
from jitasa_analytics import areas, texts
from jitasa_analytics.contracts import FACILITY_KINDS
from jitasa_analytics.show import card, classes, colours, files, numbers, paint, plain_charts, tables

# Shape of each status: told apart without colour too.
STATUSES = {
    "open": ("square", colours.SUPPLY.colours[-2], 9.0),
    "full": ("diamond", colours.GAP.colours[-2], 10.0),
    "planned": ("star", colours.SITE, 12.0),
    "closed": ("plus", colours.CLOSED, 8.0),
}
_COLUMNS = ["name", "kind", "status", "capacity_per_day", "beds_total", "opening_hours", "verified_at", "area_code"]
_ROWS = 500


class Chosen(param.Parameterized):
    """Which facilities are shown."""

    kind: Any = param.Selector(default="", objects=["", *FACILITY_KINDS])


class Facilities(Page):
    """Facilities as points with their list."""

    slug = "facilities"
    group = "data"

    def build(self) -> Any:
        """Lay the page out."""
        self.chosen = Chosen()
        self.scope.include(self.chosen, ["kind"], self.asked)
        self.map = self.new_map(480, above=480, on_open=self._open, on_point=self._point)
        self.title = pn.rx("")
        self.figures, self.legend, self.foot, self.kinds = (card.piece("") for _ in range(4))
        self.table_box = pn.Column(margin=0, sizing_mode="stretch_width")
        self.refresh()
        self.follow(self.refresh, self.scope.param.area, self.chosen.param.kind)
        options = {
            texts.label("facility", k, self.lang) if k else self.say("every"): k for k in Chosen.param.kind.objects
        }
        kind = pmui.Select.from_param(
            self.chosen.param.kind,
            label=self.say("filter.kind"),
            options=options,
            size="small",
            margin=0,
            sizing_mode="stretch_width",
            css_classes=["field-kind"],
        )
        return pn.Column(
            heading(self.title, lead=self.say("facilities.lead")),
            boxed(fields(kind)),
            self.trouble,
            self.figures,
            two(boxed(self.legend, self.map.pane), boxed(self.titled("facilities.kinds"), self.kinds)),
            boxed(
                self.titled("facilities.list"),
                self.table_box,
                self.foot,
                bar(
                    download(self.say("save.csv"), "facilities.csv", self._csv),
                    download(self.say("save.geojson"), "facilities.geojson", self._geojson),
                ),
            ),
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "12px"},
        )

    def refresh(self) -> None:
        """Everything for another area or kind."""
        area = self.scope.area
        level = self.desk.level_below(area)
        outline = self.desk.outline("province" if level == "country" else level, area)
        self.rows = self.desk.query("page_facilities", area, kind=self.chosen.kind)
        counts = self.desk.query("page_facility_figures", area)
        self.map.draw(
            outline.url,
            outline.codes,
            paint.quiet(outline.codes, self.ground),
            around=self.neighbours(),
            layers=[self._layer(s) for s in STATUSES],
        )
        self.legend.object = card.legend(
            "",
            classes.Classes((), ()),
            self.lang,
            no_data=False,
            points=[
                (texts.label("status", s, self.lang), m, c)
                for s, (m, c, _) in STATUSES.items()
                if (self.rows["status"] == s).any()
            ],
        )
        self._tell(counts)
        self._show_table()

    def _tell(self, counts: Any) -> None:
        """The finding and the figures: of the chosen kind, or of all."""
        chosen = self.chosen.kind
        mine = counts[counts["kind"] == chosen] if chosen else counts[counts["kind"].isna()]
        kinds = counts[counts["kind"].notna()]
        where = areas.full_name(self.scope.area, self.lang)
        what = texts.label("facility", chosen, self.lang) if chosen else self.say("facilities.any")
        if not len(mine) or not mine["facilities"].iloc[0]:
            self.title.rx.value = self.say("facilities.none", area=where, what=what)
            self.figures.object = self.empty("facilities.empty")
            self.kinds.object = ""
            return
        now = mine.iloc[0]
        self.title.rx.value = self.say(
            "facilities.finding",
            area=where,
            what=what,
            n=numbers.number(now["facilities"]),
            never=numbers.number(now["never_checked"]),
        )
        last = numbers.date(now["last_check"], self.lang)
        self.figures.object = card.figures_html(
            [
                self.figure("facilities", now["facilities"], ""),
                self.figure("open_now", now["open_now"], ""),
                self.figure("capacity_per_day", now["capacity_per_day"], "persons"),
                self.figure("beds_total", now["beds_total"], ""),
                self.figure("checked", now["checked"], "", foot=self.say("facilities.last", date=last)),
                self.figure("never_checked", now["never_checked"], ""),
            ]
        )
        self.kinds.object = plain_charts.bars(
            [texts.label("facility", k, self.lang) for k in kinds["kind"]],
            kinds["facilities"].tolist(),
            colour=self.ink(colours.SUPPLY),
        )

    def _layer(self, status: str) -> paint.Points:
        marker, colour, size = STATUSES[status]
        rows = self.rows[(self.rows["status"] == status) & self.rows["lon"].notna()]
        told = [
            card.tooltip([str(n), texts.label("facility", k, self.lang), self._capacity(c), self._checked(v)])
            for n, k, c, v in zip(
                rows["name"], rows["kind"], rows["capacity_per_day"], rows["verified_at"], strict=True
            )
        ]
        return paint.Points(status, rows[["lon", "lat"]].assign(words=told), colour, marker, size)

    def _capacity(self, value: Any) -> str:
        return "" if numbers.is_missing(value) else self.say("facilities.capacity", n=numbers.number(value))

    def _checked(self, value: Any) -> str:
        shown = numbers.date(value, self.lang)
        return self.say("facilities.never") if shown == numbers.MISSING else self.say("facilities.last", date=shown)

    def _show_table(self) -> None:
        held = [c for c in _COLUMNS if self.rows[c].notna().any()] if len(self.rows) else _COLUMNS[:3]
        self.table = tables.table(
            self.rows.head(_ROWS),
            self.lang,
            name_index=False,
            columns=held,
            height=420,
            wrap=True,
            widths={"name": 240},
        )
        pn.bind(self.guarded(self._row), self.table.param.selection, watch=True)
        self.table_box[:] = [self.table]
        more = len(self.rows) > _ROWS
        told = self.say("first_rows", n=_ROWS, all=numbers.number(len(self.rows))) if more else ""
        self.foot.object = f'<p class="lead">{escape(told)}</p>'

    def _row(self, selection: list[int]) -> None:
        row = self.rows.iloc[selection[0]] if selection else None
        self.map.ring(*((None, None) if row is None else (row["lon"], row["lat"])))

    def _point(self, layer: str, position: int) -> None:
        """A point of the map lights its row."""
        rows = self.rows[(self.rows["status"] == layer) & self.rows["lon"].notna()]
        place = list(self.rows.index).index(rows.index[position])
        self.table.selection = [place] if place < _ROWS else []

    def _open(self, code: str) -> None:
        self.scope.area = code

    def _csv(self) -> io.BytesIO:
        return io.BytesIO(files.table_bytes(self.rows, self.desk.manifest(), self.lang))

    def _geojson(self) -> io.BytesIO:
        return io.BytesIO(files.points_bytes(self.rows, self.desk.manifest(), self.lang))
