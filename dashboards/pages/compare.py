"""Two areas side by side, or one area at two dates."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from dashboards import discreet
from dashboards.pages.base import Page, boxed, fields, heading, two
from dashboards.pages.data import table
from jitasa_analytics import areas, texts
from jitasa_analytics.errors import NoDataError
from jitasa_analytics.show import answers, card, colours, numbers, plain_charts, words

_PER_1000 = "requests_per_1000"


class Other(param.Parameterized):
    """What the area is compared with."""

    other = param.String(default="", doc="Code of the other area; the one above where empty.")
    dose: Any = param.Selector(default=1, objects=[1, 2, 3])
    day = param.CalendarDate(default=None, allow_None=True, doc="The earlier date of the vaccination.")


class Compare(Page):
    """Key figures of two areas, and how the vaccination of one moved between two dates."""

    slug = "compare"

    def build(self) -> Any:
        """Lay the page out."""
        self.other = Other()
        self.scope.include(self.other, ["other", "dose", "day"], self.asked)
        self.title = pn.rx("")
        self.figures, self.chart, self.moved, self.legend = (card.piece("") for _ in range(4))
        self.map = self.new_map(440)
        self.change_box = boxed(self.titled("compare.change"), self.moved)
        self.refresh()
        self.follow(self.refresh, self.scope.param.area, *(self.other.param[n] for n in ("other", "dose", "day")))
        return pn.Column(
            heading(self.title, lead=self.say("compare.lead")),
            boxed(fields(*self._widgets())),
            self.trouble,
            two(
                boxed(self.titled("compare.areas"), self.figures),
                boxed(self.titled("doses_by_week"), self.chart),
                share=(1, 1),
            ),
            two(boxed(self.titled("compare.dates"), self.legend, self.map.pane), self.change_box),
            *self._groups(),
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "12px"},
        )

    def _widgets(self) -> list[Any]:
        def now(area: str) -> dict[str, Any]:
            own = areas.level_of(area)
            above = areas.parent(area) if own != "country" else areas.COUNTRY
            near = areas.children(above) if own != "country" else areas.children(areas.COUNTRY)
            named = {
                areas.full_name(c, self.lang): c
                for c in sorted(near, key=lambda c: areas.name(c, self.lang))
                if c != area
            }
            options = {self.say("compare.above", area=areas.full_name(above, self.lang)): ""} | named
            return {"options": options, "value": self.other.other if self.other.other in options.values() else ""}

        other = pmui.Select(
            label=self.say("compare.with"),
            size="small",
            margin=0,
            searchable=True,
            sizing_mode="stretch_width",
            css_classes=["field-other"],
            refs=pn.bind(now, self.scope.param.area),
        )
        pn.bind(self.guarded(self._with), other.param.value, watch=True)
        dose = pmui.Select.from_param(
            self.other.param.dose,
            label=self.say("compare.dose"),
            size="small",
            margin=0,
            options={self.say("dose", n=n): n for n in (1, 2, 3)},
            sizing_mode="stretch_width",
            css_classes=["field-dose"],
        )
        day = pmui.DatePicker.from_param(
            self.other.param.day,
            label=self.say("compare.day"),
            margin=0,
            sizing_mode="stretch_width",
            css_classes=["field-day"],
        )
        return [other, dose, day]

    def _groups(self) -> list[Any]:
        """The groups of a kind, ranked, for who sees the whole country."""
        kinds = sorted(set(self.desk.groups()["kind"]))
        if not kinds:
            return []
        kind = pmui.Select(
            label=texts.say("groups.ranking", self.lang),
            size="small",
            margin=0,
            options={texts.say(f"groups.kind.{k}", self.lang): k for k in kinds},
            value="health_region" if "health_region" in kinds else kinds[0],
            css_classes=["field-kind"],
        )
        return [boxed(kind, card.piece(pn.bind(self._ranking, kind.param.value)), css_classes=["group-ranking"])]

    def _ranking(self, kind: str) -> str:
        columns = {"people": "persons", "waiting": "count", "being_helped": "count", "volunteers": "count",
                   _PER_1000: "per_1000"}
        ranked = discreet.ranking(self.desk, kind)
        rows = [
            (
                f'<a href="{escape(self.scope.link("./", area=str(code)))}">'
                f"{escape(areas.full_name(str(code), self.lang))}</a>",
                *(numbers.plain(row[n], unit or words.unit_of(n)) for n, unit in columns.items()),
            )
            for code, row in ranked.astype(object).where(ranked.notna(), None).iterrows()
        ]
        heads = (texts.say("groups.title", self.lang), *(words.column(n, self.lang) for n in columns))
        return table(heads, rows, right=(1, 2, 3, 4, 5))

    def _with(self, chosen: str | None) -> None:
        if chosen is not None:
            self.other.other = chosen

    def refresh(self) -> None:
        """Everything for another pair."""
        mine = self.scope.area
        above = areas.parent(mine) if areas.level_of(mine) != "country" else areas.COUNTRY
        theirs = self.other.other or above
        pair = [mine] if theirs == mine else [mine, theirs]
        names = [areas.full_name(c, self.lang) for c in pair]
        self.title.rx.value = " · ".join(names) if len(pair) > 1 else self.say("compare.alone", area=names[0])
        now = [discreet.figures(self.desk, c) for c in pair]
        rows = [
            (escape(words.column(n, self.lang)), *(numbers.plain(f[n], unit) for f in now))
            for n, unit in (
                ("people", "persons"),
                ("waiting", "count"),
                ("being_helped", "count"),
                ("helped", "count"),
                ("volunteers", "count"),
            )
        ]
        rows += [
            (
                escape(words.column(n, self.lang)),
                *(numbers.plain(_per_1000([f[a] for a in parts], f["people"]), "per_1000") for f in now),
            )
            for n, parts in ((_PER_1000, ("waiting", "being_helped")), ("volunteers_per_1000", ("volunteers",)))
        ]
        found = [self._doses(c) for c in pair]
        rows.append(
            (
                escape(words.column(f"coverage_{self.other.dose}", self.lang)),
                *(numbers.plain(a.figures["coverage"].value, "share") if a else numbers.MISSING for a in found),
            )
        )
        self.figures.object = table([self.say("compare.figure"), *names], rows, right=(1, 2))
        tones = (self.ground.accent, self.ink(colours.GAP))
        lines = [
            plain_charts.Line(a.tables["series"], "date", "share", name, tone)
            for a, name, tone in zip(found, names, tones, strict=False)
            if a is not None and len(a.tables["series"])
        ]
        self.chart.object = plain_charts.lines(lines, self.lang, height=260, share=True) or self.empty("no_doses")
        self._dates()

    def _doses(self, area: str, level: str = "", **more: Any) -> Any:
        own = areas.level_of(area)
        try:
            return self.desk.ask(
                "vaccination",
                area,
                dose=self.other.dose,
                level=level or ("province" if own == "country" else own),
                **more,
            )
        except NoDataError:
            return None

    def _dates(self) -> None:
        """Where the coverage rose between the two dates, in percentage points."""
        area = self.scope.area
        own = areas.level_of(area)
        finer = self.desk.level_below(area)
        # Where nothing is known of the areas within, the area itself is compared.
        for level in ("province",) if own == "country" else (finer, own):
            after = self._doses(area, level)
            if after is not None:
                break
        last = answers.ends(after, days=28) if after is not None else (None, None)
        day = self.other.day or (last[1][0] if last[1] else None)
        before = self._doses(area, level, date=day) if after is not None and day is not None else None
        self.map.pane.visible = self.change_box.visible = before is not None
        if before is None:
            self.map.clear()
            self.legend.object, self.moved.object = self.empty("compare.no_dates"), ""
            return
        frame = answers.moved(before, after)
        outline = self.desk.outline(level, area)
        painted = answers.paint_column(frame, "gained", "share", self.lang)
        self.map.draw(outline.url, outline.codes, painted, around=self.neighbours())
        said = self.say(
            "compare.between",
            start=numbers.date(day, self.lang),
            end=numbers.date(last[0][0] if last[0] else None, self.lang),
        )
        self.legend.object = f'<p class="lead">{escape(said)}</p>' + card.legend(
            words.column("gained", self.lang),
            self.toned(painted.classes),
            self.lang,
            no_data=painted.lacks(outline.codes),
        )
        rows = [
            (
                escape(areas.full_name(str(code), self.lang)),
                numbers.plain(row["before"], "share"),
                numbers.plain(row["after"], "share"),
                f"{100 * row['gained']:+.1f}",
            )
            for code, row in frame.dropna().head(100).iterrows()
        ]
        self.moved.object = table(
            [
                self.say("compare.area"),
                self.say("compare.before"),
                self.say("compare.after"),
                self.say("compare.points"),
            ],
            rows,
            right=(1, 2, 3),
        )


def _per_1000(counts: Sequence[Any], people: Any) -> float | None:
    """So many per 1,000 people; None where one of them is not known."""
    if not people or any(numbers.is_missing(n) for n in (people, *counts)):
        return None
    return 1000 * sum(float(n) for n in counts) / float(people)
