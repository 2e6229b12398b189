"""The pages of studies that stand out: plans of new sites, which can be held against one another."""

from __future__ import annotations

from html import escape
from typing import Any

import panel_material_ui as pmui

from dashboards.pages.base import bar, boxed
from dashboards.pages.data import table as plain_table
from dashboards.pages.study import StudyPage
from jitasa_analytics import studies
from jitasa_analytics.show import card, colours, numbers, tables, words
from jitasa_analytics.show.paint import Points
from jitasa_analytics.studies import Answer

_CERTAINTY = {"note.optimal", "note.gap_reached", "note.time_limit", "note.all_covered", "note.nobody_reached",
              "note.fewer_sites", "note.spare_sites"}
# What two plans are held against each other by.
_COMPARED = ("newly_covered", "share_after", "new_sites", "bound", "gap")
_KEPT = ("diamond", colours.OPEN, 11.0)


class PlanPage(StudyPage):
    """A question about sites: it takes a while, so that it is asked by a button."""

    by_button = True


class BestSitesPage(PlanPage):
    """The what-if of new sites: what they reach, how sure the plan is, each site's share, and another plan beside."""

    measure = "newly_covered"
    headline = ("newly_covered", "share_before", "share_after", "new_sites", "bound", "gap")

    def build(self) -> Any:
        """Lay the page out."""
        self.kept: Answer | None = None
        return super().build()

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
        table = tables.table(sites, self.lang, study=answer.study, name_index=False, wrap=True,
                             height=130 + 54 * min(len(sites), 10),
                             widths={"rank": 58, "name": 165},
                             columns=["rank", "name", "people_newly_covered", "people_only_here"])
        table.selectable = False
        return [*self._beside(answer), boxed(card.piece(head), table, card.piece(told), bar(keep))]

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
        super().present(answer)
        self._mark_kept()

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
        rows = [(escape(words.parameter(n, self.lang, answer.study)),
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
_OWN = {"best_sites": BestSitesPage, "enough_sites": PlanPage, "fair_sites": PlanPage, "phased_sites": PlanPage,
        "sure_sites": PlanPage}


def _group(slug: str) -> str:
    return next((g for g, names in _GROUPS.items() if slug in names), "analysis")


def page_for(study: type[studies.Study]) -> type[StudyPage]:
    """The page of a study."""
    return type(f"{study.__name__}Page", (_OWN.get(study.slug, StudyPage),),
                {"study": study, "slug": study.slug, "group": _group(study.slug), "__doc__": study.__doc__})
