"""The pages of studies that stand out: plans of new sites, which can be held against one another."""

from __future__ import annotations

from html import escape
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import panel as pn
import panel_material_ui as pmui

from dashboards.pages.base import bar, boxed
from dashboards.pages.choice import SiteChoice
from dashboards.pages.data import table as plain_table
from dashboards.pages.study import StudyPage
from dashboards.searches import Search
from jitasa_analytics import areas, studies, texts
from jitasa_analytics.show import card, colours, numbers, words
from jitasa_analytics.show.paint import Points
from jitasa_analytics.studies import Answer

_CERTAINTY = {"note.optimal", "note.gap_reached", "note.time_limit", "note.all_covered", "note.nobody_reached",
              "note.fewer_sites", "note.spare_sites", "note.cancelled", "note.wish.sites", "note.wish.budget",
              "note.wish.capacity", "note.wish.floor"}
# What two plans are held against each other by.
_COMPARED = ("newly_covered", "share_after", "new_sites", "bound", "gap")
_KEPT = ("diamond", colours.OPEN, 11.0)


class PlanPage(StudyPage):
    """A question about sites: it takes a while, so a button asks it, it tells how far it is, and it can be stopped."""

    by_button = True
    search_unit: ClassVar[str] = "persons"

    def build(self) -> Any:
        """Lay the page out."""
        self.search: Search | None = None
        if pn.state.curdoc is not None and pn.state.curdoc.session_context is not None:
            pn.state.on_session_destroyed(lambda _: self._leave())
        return super().build()

    def _made_pieces(self) -> None:
        super()._made_pieces()
        self.progress = card.piece("")
        stop = pmui.Button(label=texts.say("search.stop", self.lang), icon="stop", variant="outlined", size="small",
                           margin=0, on_click=lambda _: self.stop(), css_classes=["stop"])
        self.aside[:] = [boxed(self.progress, bar(stop))]

    async def _answer(self, area: str, values: dict[str, Any]) -> Answer:
        """The answer of a search beside the page; the one before it has no reader any more."""
        self._leave()
        search = self.search = Search()

        def look() -> None:
            if self.search is search:
                self._tell("")
                self.aside.visible = True
                self.progress.object = search.told(self.lang, self.search_unit, self._limit())

        try:
            return await search.run(self.desk, self.study.slug, area, values, look)
        finally:
            if self.search is search:
                self.search = None
                self.aside.visible = False

    def _limit(self) -> float:
        return float(getattr(self.question, "time_limit", 0.0))

    def stop(self) -> None:
        """End the search: the best plan so far is shown with its proven limit."""
        if self.search is not None:
            self.search.stop()
            self.progress.object = self.search.told(self.lang, self.search_unit, self._limit())

    def _leave(self) -> None:
        """Nobody waits for the search any more."""
        if self.search is not None:
            self.search.stop()


class EnoughSitesPage(PlanPage):
    """How many sites are enough: the search counts sites."""

    search_unit = "sites"


class BestSitesPage(PlanPage):
    """The what-if of new sites: what they reach, how sure the plan is, each site's share, and another plan beside."""

    measure = "newly_covered"
    headline = ("newly_covered", "share_before", "share_after", "new_sites", "bound", "gap")
    own_fields = ("fixed", "forbidden")

    def build(self) -> Any:
        """Lay the page out."""
        self.kept: Answer | None = None
        return super().build()

    def _made_pieces(self) -> None:
        super()._made_pieces()
        self.choice = SiteChoice(self.question, self.map, self.lang, dark=self.ground.dark, guarded=self.guarded)
        self.map.on_point = self.choice.point
        self.below_map[:] = [self.choice.buttons]
        self.asked_too[:] = [self.choice.summary]
        self.follow(self._tell_wishes, self.choice.summary.param.visible)
        self.beneath[:] = [boxed(self.choice.table)]
        self.beneath.visible = True
        self.choice.redraw()
        self.follow(self._moved, self.scope.param.area)

    def _tell_wishes(self) -> None:
        """Wishes about sites stand below the conditions where there are any."""
        self.asked_too.visible = bool(self.choice.summary.visible)

    def _moved(self) -> None:
        """Sites of another area are no sites here, unless the address names them with the area."""
        self.choice.clear()
        said = dict(parse_qsl(pn.state.location.search.lstrip("?"))) if pn.state.location is not None else {}
        if said.get("area", areas.COUNTRY) != self.scope.area:
            self.choice.free_all()

    def more(self, answer: Answer) -> list[Any]:
        """The plan's sites, in words how good the plan is known to be, and the plan that was kept."""
        sites = answer.tables["sites"]
        head = f'<h3 class="title">{self.say("sites")}</h3>'
        certain = "".join(f"<li>{escape(note.text(self.lang))}</li>" for note in answer.notes
                          if note.key in _CERTAINTY)
        told = f'<div class="card"><ul style="margin:0">{certain}</ul></div>' if certain else ""
        keep = pmui.Button(label=self.say("plans.keep"), icon="push_pin", variant="outlined", size="small", margin=0,
                           on_click=lambda _: self.keep(answer), css_classes=["keep"])
        if not len(sites):
            return [boxed(card.piece(head + told)), *self._beside(answer)]
        return [*self._beside(answer), boxed(card.piece(head + _explained(sites, self.lang) + told), bar(keep))]

    # -- two plans ---------------------------------------------------------------------------

    def keep(self, answer: Answer) -> None:
        """Keep a plan, so that the next one is shown beside it."""
        self.kept = answer
        self.extra[:] = self.more(answer)
        self._mark_kept()

    def drop(self) -> None:
        """Keep no plan any more."""
        self.kept = None
        if self.answer is not None:
            self.extra[:] = self.more(self.answer)
        self._mark_kept()

    def present(self, answer: Answer) -> None:
        """Put an answer into the page's pieces."""
        self.choice.name(answer)
        super().present(answer)
        self.choice.present(answer)
        self._mark_kept()

    def legend_points(self, answer: Answer) -> list[tuple[str, str, str]]:
        """The sites that could open, and those that are chosen by hand."""
        return [*super().legend_points(answer), *self.choice.legend()]

    def _mark_kept(self) -> None:
        """The kept plan's sites in the map; none where no other plan stands beside it."""
        other = self.kept if self.kept is not None and self.kept is not self.answer else None
        if other is None and not any(layer["name"] == "kept" for layer in self.map.pane.layers):
            return
        sites = other.tables["sites"] if other is not None else self._sites().head(0)
        told = [card.tooltip([str(name), self.say("plans.kept")]) for name in sites["name"]]
        marker, colour, size = _KEPT
        self.map.place(Points("kept", sites[["lon", "lat"]].assign(words=told), colour, marker, size))

    def _sites(self) -> Any:
        answer = self.answer or self.kept
        assert answer is not None
        return answer.tables["sites"]

    def _beside(self, answer: Answer) -> list[Any]:
        """The kept plan and this one, figure by figure, with the sites that only one of them has."""
        kept = self.kept
        if kept is None:
            return []
        title = card.piece(f'<h3 class="title">{escape(self.say("plans.title"))}</h3>')
        drop = pmui.Button(label=self.say("plans.drop"), icon="close", variant="text", size="small", margin=0,
                           on_click=lambda _: self.drop(), css_classes=["drop"])
        if kept is answer:
            return [boxed(title, card.piece(self.empty("plans.waiting")), bar(drop))]
        rows: list[tuple[str, ...]] = [(escape(words.parameter(n, self.lang, answer.study)),
                 escape(words.value(n, kept.params[n], self.lang)), escape(words.value(n, now, self.lang)))
                for n, now in answer.params.items() if n in kept.params and kept.params[n] != now]
        if kept.scope != answer.scope:
            rows.insert(0, (escape(self.say("compare.area")), escape(words.place(kept.scope, self.lang)),
                            escape(words.place(answer.scope, self.lang))))
        rows += [(escape(words.figure(n, self.lang, answer.study)),
                  *(numbers.amount(a.figures[n].value, a.figures[n].unit, self.lang) for a in (kept, answer)))
                 for n in _COMPARED]
        mine, theirs = answer.tables["sites"], kept.tables["sites"]
        rows.append((escape(self.say("plans.only")), _names(theirs, mine), _names(mine, theirs)))
        marker, colour, _ = _KEPT
        heads = ["", self.say("plans.kept"), self.say("plans.now")]
        legend = f'<p class="lead">{card.mark(marker, colour)} {escape(self.say("plans.on_map"))}</p>'
        return [boxed(title, card.piece(plain_table(heads, rows, right=(1, 2)) + legend), bar(drop))]


def _explained(sites: Any, lang: str) -> str:
    """Each site in words: whom it adds, who depends on it, and what would take its place."""
    rows = []
    for row in sites.itertuples():
        said = [texts.say("search.only_here", lang, people=numbers.amount(row.people_only_here, "persons", lang))]
        if isinstance(row.runner_up, str):
            lost = numbers.amount(row.replacement_cost, "persons", lang)
            said.append(texts.say("search.instead", lang, site=row.runner_up, people=lost))
        must = f" <small>{escape(texts.say('search.fixed', lang))}</small>" if row.must else ""
        rows.append(f'<li><div><b>{escape(str(row.name))}</b>{must}<span>{escape(" · ".join(said))}</span></div>'
                    f'<div class="adds">+{numbers.number(row.people_newly_covered)}</div></li>')
    unit = texts.say("search.adds", lang)
    return f'<p class="lead">{escape(unit)}</p><ol class="sites">{"".join(rows)}</ol>'


def _names(sites: Any, others: Any) -> str:
    """Names of the sites that the other plan does not have."""
    names = sites.loc[~sites.index.isin(others.index), "name"]
    return "<br>".join(escape(str(name)) for name in names) or numbers.MISSING


# Where the studies that came with the program stand in the navigation; others stand among further analyses.
_GROUPS = {
    "situation": ("vaccination", "reopening", "responses", "hotspots"),
    "access": ("coverage_gaps", "access", "volunteer_ratio", "equity", "adoption"),
    "plan": ("best_sites", "enough_sites", "fair_sites", "phased_sites", "sure_sites", "matching", "beds", "transport",
             "supplies"),
    "data": ("data_quality", "readiness"),
}
_OWN = {"best_sites": BestSitesPage, "enough_sites": EnoughSitesPage, "fair_sites": PlanPage, "phased_sites": PlanPage,
        "sure_sites": PlanPage}


def _group(slug: str) -> str:
    return next((g for g, names in _GROUPS.items() if slug in names), "analysis")


def page_for(study: type[studies.Study]) -> type[StudyPage]:
    """The page of a study."""
    return type(f"{study.__name__}Page", (_OWN.get(study.slug, StudyPage),),
                {"study": study, "slug": study.slug, "group": _group(study.slug), "__doc__": study.__doc__})
