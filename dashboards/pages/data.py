"""Data: what the store holds and how good it is, its versions, and the way in for new files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from dashboards import officer
from dashboards.pages.base import Page, bar, boxed, fields, folded, heading
from dashboards.pages.correcting import Correcting
from jitasa_analytics import texts
from jitasa_analytics.contracts import DATASETS
from jitasa_analytics.ingest.pipeline import TooManyRefusedError
from jitasa_analytics.ingest.report import Report, further
from jitasa_analytics.show import card, numbers

_SHOWN = 12
_NONE = "-"


class Entry(param.Parameterized):
    """What is being imported."""

    dataset: Any = param.Selector(default="requests", objects=list(DATASETS))
    reason = param.String(default="", doc="Why to publish although most rows were refused.")


class Data(Page):
    """Datasets, quality, versions, quarantine and import."""

    slug = "data"
    group = "data"
    by_area = False

    def build(self) -> Any:
        """Lay the page out."""
        self.entry = Entry()
        self.sent: officer.Sent | None = None
        self.held, self.versions, self.refused, self.told = (card.piece("") for _ in range(4))
        self.title = pn.rx(self.say("page.data"))
        self.columns = pn.Column(sizing_mode="stretch_width", margin=0, styles={"gap": "14px"})
        self.picks: dict[str, Any] = {}
        self.proposed: dict[str, str] = {}
        self.tell_held()
        pn.state.onload(self._count_refused)
        pn.state.on_session_destroyed(lambda _: self._forget())
        return pn.Column(
            heading(self.title, lead=self.say("data.lead")),
            self.trouble,
            boxed(self.titled("data.held"), self.held),
            self._entrance(),
            boxed(self.titled("data.refused"), self.refused, *self._corrections()),
            boxed(self.titled("data.versions"), self.versions),
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )

    # -- what is held ------------------------------------------------------------------------

    def tell_held(self) -> None:
        """The datasets with rows and age, and the versions."""
        manifest = self.desk.manifest()
        rows = []
        for name, contract in DATASETS.items():
            held = manifest.datasets.get(name)
            label = contract.th if self.lang == "th" else contract.en
            n, at = (held.rows, held.as_of) if held else (0, None)
            age = card.ages({name: at}, self.lang).partition("(")[2].rstrip(")") if at else ""
            state = f'<span class="chip">{escape(self.say("data.none"))}</span>' if not n else escape(age)
            brought = numbers.date(held.imported_at if held else None, self.lang)
            rows.append((escape(label), numbers.number(n), numbers.date(at, self.lang), state, brought))
        self.held.object = table(
            [self.say(f"data.column.{c}") for c in ("dataset", "rows", "as_of", "age", "imported")], rows, right=(1,)
        )
        full = sum(1 for h in manifest.datasets.values() if h.rows)
        self.title.rx.value = self.say("data.finding", version=manifest.version, n=full, all=len(DATASETS))
        made = [
            (
                str(m.version),
                numbers.date(m.created_at, self.lang, time=True),
                escape(self._made_for(m.note)),
                numbers.number(sum(h.rows for h in m.datasets.values())),
            )
            for m in self.desk.versions()
        ]
        self.versions.object = table(
            [self.say(f"data.column.{c}") for c in ("version", "made", "note", "rows")], made, right=(3,)
        )

    async def _count_refused(self) -> None:
        """The quarantine's rows by rule: counting waits for a writer, so it is done beside the page."""
        if not officer.works_with_all(self.desk.user):
            self.refused.object = self.empty("data.refused_not_yours")
            return
        try:
            found = await asyncio.to_thread(officer.refused, self.desk.store)
        except Exception as error:
            self.fail(error)
            return
        if not found:
            self.refused.object = self.empty("data.nothing_refused")
            return
        rows = [
            (
                escape(self._dataset(r["dataset"])),
                escape(str(r["file"])),
                escape(texts.say(f"rule.{r['code']}.name", self.lang)),
                escape(
                    texts.say(
                        f"rule.{r['code']}.fix", self.lang, column="…", value="…", after="", row="…", file=r["file"]
                    )
                ),
                numbers.number(r["rows"]),
            )
            for r in found
        ]
        self.refused.object = table(
            [self.say(f"data.column.{c}") for c in ("dataset", "file", "rule", "fix", "rows")],
            rows,
            right=(4,),
            stacked=True,
        )

    def _made_for(self, note: str) -> str:
        """What a version was made for: what the program notes itself in words, what people wrote as it is."""
        verb, _, name = note.partition(" ")
        if verb == "import" and name in DATASETS:
            return texts.say("provenance.note.import", self.lang, dataset=self._dataset(name))
        own = f"provenance.note.{note}"
        known = note.isidentifier() and texts.has(own, self.lang)
        return texts.say(own, self.lang) if known else note or numbers.MISSING

    def _dataset(self, name: str) -> str:
        contract = DATASETS.get(name)
        return name if contract is None else contract.th if self.lang == "th" else contract.en

    # -- the way in --------------------------------------------------------------------------

    def _entrance(self) -> Any:
        if not officer.allowed(self.desk.user):
            why = "data.not_your_role" if officer.switched_on() else "data.not_allowed"
            return boxed(self.titled("data.import"), card.piece(self.empty(why)))
        options = {self._dataset(n): n for n in DATASETS}
        choose = pmui.Select.from_param(
            self.entry.param.dataset,
            label=self.say("data.column.dataset"),
            options=options,
            size="small",
            margin=0,
            sizing_mode="stretch_width",
            css_classes=["field-dataset"],
        )
        self.file = pmui.FileInput(
            label=self.say("data.choose"), multiple=False, margin=0, css_classes=["import-file"]
        )
        self.try_button = self._button("data.try", "science", self._try, "outlined", "try")
        self.go_button = self._button("data.go", "publish", self._import, "contained", "go")
        self.go_button.disabled = True
        self.reason = pmui.TextInput.from_param(
            self.entry.param.reason,
            label=self.say("data.reason"),
            size="small",
            margin=0,
            visible=False,
            sizing_mode="stretch_width",
        )
        pn.bind(self.guarded(self._take), self.file.param.value, self.entry.param.dataset, watch=True)
        return boxed(
            self.titled("data.import"),
            card.piece(f'<p class="lead">{escape(self.say("data.import_lead"))}</p>'),
            fields(choose, self.file),
            self.columns,
            bar(self.try_button, self.go_button),
            self.reason,
            self.told,
        )

    def _button(self, key: str, icon: str, work: Any, variant: str, name: str) -> Any:
        return pmui.Button(
            label=self.say(key),
            icon=icon,
            variant=variant,
            margin=0,
            size="small",
            on_click=work,
            css_classes=[f"button-{name}"],
        )

    def _take(self, content: bytes | None, dataset: str) -> None:
        """A file came: propose what its columns mean."""
        self._forget()
        self.columns.clear()
        self.told.object = ""
        self.go_button.disabled = True
        if not content:
            return
        if len(content) > officer.LARGEST:
            self.told.object = self.empty("data.too_large")
            return
        self.sent = officer.Sent(str(self.file.filename or "file"), content)
        found = self.sent.mapping(dataset)
        self.proposed = {**{c: h for c, (h, _) in found.proposal.likely.items()}, **found.proposal.certain}
        self.picks = {}
        first: list[Any] = []
        others: list[Any] = []
        options = {self.say("data.left_out"): _NONE} | {h: h for h in found.headers}
        for column in officer.wanted(dataset):
            label = (column.th if self.lang == "th" else column.en) + (" *" if column.required else "")
            self.picks[column.name] = pmui.Select(
                label=label,
                options=options,
                value=self.proposed.get(column.name, _NONE),
                size="small",
                margin=0,
                sizing_mode="stretch_width",
                color="warning" if column.name in found.proposal.likely else "primary",
            )
            if column.name in self.proposed or column.required:
                first.append(self.picks[column.name])
            else:
                others.append(self.picks[column.name])
        told = self.say("data.known", recipe=found.known) if found.known else self.say("data.mapping")
        more = folded(texts.say("correcting.more_columns", self.lang), fields(*others), name="columns")
        lead = card.piece(f'<p class="lead">{escape(told)}</p>')
        self.columns[:] = [lead, fields(*first), *([more] if others else [])]
        self.known = bool(found.known)

    def _mapping(self) -> dict[str, str] | None:
        """The mapping that a person confirmed; a recipe that knows the file needs none unless it was changed."""
        now = {c: w.value for c, w in self.picks.items() if w.value != _NONE}
        return None if self.known and now == self.proposed else now

    async def _try(self, *_: Any) -> None:
        await self._bring(dry_run=True)

    async def _import(self, *_: Any) -> None:
        await self._bring(dry_run=False)

    async def _bring(self, *, dry_run: bool) -> None:
        if self.sent is None:
            self.told.object = self.empty("data.no_file")
            return
        self.told.object = f'<div class="card" role="status">{escape(self.say("working"))}</div>'
        self.relieve()
        try:
            officer.require(self.desk.user)
            report = await asyncio.to_thread(
                self.sent.bring,
                self.desk.store,
                self.entry.dataset,
                self._mapping(),
                dry_run=dry_run,
                reason=self.entry.reason,
            )
        except TooManyRefusedError as error:
            self.told.object = self._reported(error.report, self.say("data.too_many"))
            self.reason.visible = True
        except Exception as error:
            self.told.object = ""
            self.fail(error)
        else:
            key = "data.would" if dry_run else "data.done" if report.version else "data.nothing_new"
            self.told.object = self._reported(report, self.say(key, version=report.version or ""))
            self.go_button.disabled = not dry_run
            if not dry_run:
                self.desk.note("import", dataset=self.entry.dataset, version=report.version, rows=report.accepted)
                self.tell_held()
                await self._count_refused()
                await self.correcting.load()

    def _reported(self, report: Report, head: str) -> str:
        """What became, or would become, of the rows: counts, rules, and the first findings."""
        counts = card.figures_html(
            [
                self.figure(f"rows_{n}", getattr(report, n), "")
                for n in ("read", "accepted", "quarantined", "duplicate")
            ]
        )
        found = [f for file in report.files for f in file.findings]
        rows = []
        found.sort(key=lambda f: f.severity != "error")
        for one in found[:_SHOWN]:
            told = one.to_dict()
            fix = told.get("suggestion_th" if self.lang == "th" else "suggestion", "")
            kind = "bad" if one.severity == "error" else ""
            rows.append(
                (
                    f'<span class="chip {kind}">{escape(self.say(f"data.severity.{one.severity}"))}</span>',
                    str(one.row),
                    escape(one.column),
                    escape(str(told[f"message_{self.lang}"])),
                    escape(str(fix)),
                )
            )
        heads = [self.say(f"data.column.{c}") for c in ("severity", "row", "column", "message", "fix")]
        left = further((f.code for f in found[_SHOWN:]), (file.unlisted for file in report.files))
        by_rule = " · ".join(f"{self._rule(code)} ({numbers.number(n)})" for code, n in left.items())
        more = f'<p class="lead">{escape(self.say("data.more", rules=by_rule))}</p>' if left else ""
        return (
            f'<h3 class="title">{escape(head)}</h3>{counts}'
            + (table(heads, rows, right=(1,), stacked=True) if rows else "")
            + more
        )

    def _rule(self, code: str) -> str:
        """A rule of the import by its name."""
        return texts.say(f"rule.{code}.name", self.lang) if texts.has(f"rule.{code}.name", self.lang) else code

    # -- the way back ------------------------------------------------------------------------

    def _corrections(self) -> list[Any]:
        if not officer.allowed(self.desk.user):
            return []
        self.correcting = Correcting(self.desk, self.lang, settled=self._settled, fail=self.fail)
        pn.state.onload(self.correcting.load)
        return [self.correcting.layout]

    async def _settled(self) -> None:
        """Rows were corrected: the store holds more, the quarantine less."""
        self.relieve()
        self.tell_held()
        await self._count_refused()

    def _forget(self) -> None:
        if self.sent is not None:
            self.sent.close()
            self.sent = None


def table(
    heads: Sequence[str], rows: Sequence[tuple[str, ...]], *, right: tuple[int, ...] = (), stacked: bool = False
) -> str:
    """A plain table; cells are HTML. A ``stacked`` one has long texts: a phone shows its cells one below the other."""

    def cell(tag: str, role: str, i: int, text: str) -> str:
        # What is drawn as blocks is no table to a screen reader unless it is called one.
        told = f' role="{role}" data-head="{escape(heads[i], quote=True)}"' if stacked else ""
        return f"<{tag}{' class=n' if i in right else ''}{told}>{text}</{tag}>"

    row = '<tr role="row">' if stacked else "<tr>"
    body = "".join(row + "".join(cell("td", "cell", i, c) for i, c in enumerate(r)) + "</tr>" for r in rows)
    head = "".join(cell("th", "columnheader", i, escape(h)) for i, h in enumerate(heads))
    kind = '"plain stacked" role="table"' if stacked else '"plain"'
    group = ' role="rowgroup"' if stacked else ""
    return (
        f'<div class="scroll" tabindex="0"><table class={kind}><thead{group}>{row}{head}</tr></thead>'
        f"<tbody{group}>{body}</tbody></table></div>"
    )
