"""What every page shares: its label, its pieces, and what it does when it can't answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any, ClassVar

import panel as pn
import panel_material_ui as pmui

from dashboards import ledger, problems
from dashboards.desk import Desk
from dashboards.scope import Scope
from jitasa_analytics import areas, texts
from jitasa_analytics.show import card, classes, colours, numbers, style, vector, words

# Milliseconds after which a page is completed although no browser said that its map is painted.
_UNSEEN = 1000
_CARD = f"""
:host {{ background: {style.PAPER}; border: 1px solid {style.LINE}; border-radius: 12px; padding: 12px 14px;
  box-sizing: border-box; gap: 8px; color: {style.INK}; }}
"""
_GRID = """
:host { display: grid !important; grid-template-columns: minmax(0, WIDE) minmax(0, NARROW); gap: 14px;
  align-items: start; }
:host > * { width: 100% !important; min-width: 0; }
@media (max-width: 900px) { :host { grid-template-columns: minmax(0, 1fr); } }
"""
_BAR = """
:host { display: flex !important; flex-direction: row !important; flex-wrap: wrap; gap: 10px 18px;
  align-items: center; }
:host > * { flex: 0 1 auto; }
"""


class Page(pn.viewable.Viewer):
    """A page of the dashboard.

    Class attributes
    ----------------
    slug : str
        Its address; empty for the overview.
    group : str
        Where it stands in the navigation.
    by_area : bool
        Whether it shows an area that the reader chooses.
    right : str
        What a role must have to see it.
    live : bool
        Whether it follows newer data by itself.
    """

    slug: ClassVar[str] = ""
    group: ClassVar[str] = "situation"
    by_area: ClassVar[bool] = True
    right: ClassVar[str] = "see"
    live: ClassVar[bool] = False

    def __init__(self, *, desk: Desk, scope: Scope, asked: Mapping[str, str]) -> None:
        super().__init__()
        desk.user.require(self.right)
        self.desk, self.scope, self.asked = desk, scope, asked
        self.lang = scope.lang
        self.ground = colours.ground(scope.dark)
        self.trouble = pn.Column(sizing_mode="stretch_width", margin=0, visible=False)
        self._layout = self.build()

    def __panel__(self) -> Any:
        return self._layout

    @classmethod
    def label(cls, lang: str) -> str:
        """The page's name in the navigation."""
        return texts.say(f"dashboard.page.{cls.slug or 'overview'}", lang)

    def build(self) -> Any:
        """Lay the page out; called once."""
        raise TypeError(f"the page {type(self).__name__} must define build()")

    def first(self) -> str:
        """What is read while the page loads: its finding and figures where it has them, as HTML."""
        title = getattr(self, "title", None)
        said = title.rx.value if isinstance(title, pn.rx) else ""
        figures = getattr(self, "figures", None)
        shown = figures.object if isinstance(figures, pn.pane.HTML) and isinstance(figures.object, str) else ""
        return f'<div class="heading">{escape(str(said or self.label(self.lang)))}</div>{shown}'

    def say(self, key: str, **values: object) -> str:
        """A text of the dashboard in the page's language."""
        return texts.say(f"dashboard.{key}", self.lang, **values)

    def new_map(self, height: int, **params: Any) -> vector.AreaMap:
        """A map in the page's language and colours."""
        return vector.AreaMap(height=height, lang=self.lang, ground=self.ground, tiles=self.desk.tiles, **params)

    def toned(self, made: classes.Classes) -> classes.Classes:
        """Classes in the colours of the page's ground."""
        return made.for_dark() if self.ground.dark else made

    def titled(self, key: str) -> Any:
        """A heading inside a box."""
        return card.piece(f'<h3 class="title">{escape(self.say(key))}</h3>')

    def empty(self, key: str) -> str:
        """What stands where there is nothing to show: what that means and what to do (``KEY`` and ``KEY_do``)."""
        do = f"dashboard.{key}_do"
        below = escape(texts.say(do, self.lang)) if texts.has(do, self.lang) else ""
        return f'<div class="empty"><b>{escape(self.say(key))}</b>{below}</div>'

    def figure(self, name: str, value: Any, unit: str, *, foot: str = "", change: str = "", turn: str = "same",
               lead: bool = False) -> dict[str, str]:
        """A headline figure ready for its box, with help where there is any."""
        entry = {**card.figure_entry(name, value, unit, self.lang, foot=foot.strip(" ·")),
                 "label": words.column(name, self.lang)}
        key = f"dashboard.help.{name}"
        about = {"help": texts.say(key, self.lang), "about": self.say("about_figure", figure=entry["label"])} \
            if texts.has(key, self.lang) else {}
        return {**entry, "change": change, "turn": turn, **({"kind": "lead"} if lead else {}), **about}

    def dated(self, at: Any) -> str:
        """As of when a figure is, and how old that is."""
        shown = numbers.date(at, self.lang)
        if shown == numbers.MISSING:
            return ""
        age = numbers.age(at, datetime.now(UTC).replace(tzinfo=None), self.lang)
        return " · " + self.say("as_of", date=shown) + (f" ({age})" if age else "")

    def change(self, now: Any, before: Any, *, less_is_better: bool) -> tuple[str, str]:
        """How much more or less than before, in words, and whether that is better, worse or the same."""
        if numbers.is_missing(now) or numbers.is_missing(before) or not before:
            return "", "same"
        share = float(now) / float(before) - 1
        if abs(share) < 0.005:
            return self.say("change.same"), "same"
        turn = "better" if (share < 0) == less_is_better else "worse"
        return self.say("change.more" if share > 0 else "change.less", share=f"{100 * abs(share):.0f}%"), turn

    def ink(self, scale: colours.Scale, step: int = -2) -> str:
        """A colour of a scale that stands out from the page's ground."""
        return scale.ink(self.ground.dark, step)

    def neighbours(self) -> str:
        """Where the browser fetches what lies around the area."""
        return self.desk.outline("province", areas.COUNTRY).url

    def guarded(self, work: Callable[..., Any]) -> Callable[..., None]:
        """A callback that never raises: an error becomes a card on the page."""

        def run(*args: Any, **kwargs: Any) -> None:
            try:
                work(*args, **kwargs)
            except Exception as error:
                self.fail(error)
            else:
                self.relieve()

        return run

    def fail(self, error: BaseException) -> None:
        """Show an error where the page's answer would be."""
        self.trouble[:] = [problems.notice(error, self.lang)]
        self.trouble.visible = True

    def relieve(self) -> None:
        """Take the last error from the page."""
        if len(self.trouble):
            self.trouble.clear()
            self.trouble.visible = False

    def opener(self, code: str, work: Callable[[str], None]) -> Any:
        """A button that goes down into an area."""
        return pmui.Button(label=self.say("open_area", area=areas.full_name(code, self.lang)), size="small",
                           variant="contained", margin=0, icon="zoom_in", on_click=lambda _: work(code),
                           css_classes=["opener"])

    def once_painted(self, drawn: vector.AreaMap, work: Callable[[], Any]) -> None:
        """Do some work once the browser has painted the map; the last of several such orders is enough."""
        self._orders = getattr(self, "_orders", 0) + 1
        ticket = self._orders

        def run() -> None:
            if ticket == self._orders:
                self._orders += 1
                self.guarded(work)()

        document = pn.state.curdoc
        if document is None or document.session_context is None:
            run()
            return
        drawn.once_painted(run)
        # A window that nobody looks at paints nothing, and should still be right when somebody comes back.
        document.add_timeout_callback(run, _UNSEEN)

    def follow(self, work: Callable[[], Any], *parameters: Any) -> None:
        """Do some work whenever one of these parameters changes."""
        pn.bind(self.guarded(lambda *_: work()), *parameters, watch=True)


def boxed(*pieces: Any, **params: Any) -> pn.Column:
    """Pieces in a white box."""
    return pn.Column(*pieces, sizing_mode="stretch_width", margin=0, stylesheets=[_CARD], **params)


def two(wide: Any, narrow: Any, *, share: tuple[int, int] = (3, 2)) -> pn.Column:
    """Two columns, one under the other on a narrow screen."""
    css = _GRID.replace("WIDE", f"{share[0]}fr").replace("NARROW", f"{share[1]}fr")
    return pn.Column(wide, narrow, sizing_mode="stretch_width", margin=0, stylesheets=[css])


# A column of `two` whose pieces stand among those of the other one on a narrow screen, by their CSS ``order``.
LOOSE = "@media (max-width: 900px) { :host { display: contents !important; } }"


def bar(*pieces: Any) -> pn.Column:
    """Pieces side by side that wrap; a piece of text is as wide as its words."""
    for piece in pieces:
        if isinstance(piece, pn.pane.HTML):
            piece.sizing_mode = None
    return pn.Column(*pieces, sizing_mode="stretch_width", margin=0, stylesheets=[_BAR])


_FIELDS = """
:host { display: grid !important; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 10px 22px;
  align-items: center; }
:host > * { width: auto !important; min-width: 0; }
@media (max-width: 600px) { :host { grid-template-columns: minmax(0, 1fr); } }
"""


def folded(title: str, inside: Any, *, name: str = "") -> Any:
    """What is rarely needed behind its title: sent to the browser when it is opened, and its whole title opens it."""
    fold = pmui.Accordion((title, inside), active=[], dynamic=True, disable_gutters=True, elevation=0,
                          variant="outlined", title_variant="body2", margin=0, sizing_mode="stretch_width",
                          css_classes=[f"fold-{name}"] if name else [], sx=_FOLD)

    def widen(active: list[int]) -> None:
        """Among fields it is one of them until it is opened."""
        fold.styles = {"grid-column": "1 / -1"} if active else {}

    pn.bind(widen, fold.param.active, watch=True)
    return fold


_FOLD = {"borderRadius": "8px", "&::before": {"display": "none"},
         "& .MuiAccordionSummary-root": {"minHeight": "38px", "padding": "0 10px"},
         "& .MuiAccordionSummary-content": {"margin": "6px 0 !important"},
         "& .MuiAccordionSummary-heading": {"margin": 0}}


def prompt(widget: Any) -> Any:
    """A control whose change is told at once: Panel waits 50 ms for others that might come with it."""
    widget._debounce = 1
    return widget


def fields(*widgets: Any) -> pn.Column:
    """The widgets of a form in even columns."""
    return pn.Column(*widgets, sizing_mode="stretch_width", margin=0, stylesheets=[_FIELDS])


def heading(text: Any, *, lead: str = "") -> Any:
    """A title that may change, with a quiet line below."""
    def html(shown: str) -> str:
        below = f'<p class="lead">{escape(lead)}</p>' if lead else ""
        return f'<h1 class="title">{escape(shown)}</h1>{below}'

    return card.piece(html(text) if isinstance(text, str) else pn.bind(html, text))


def download(label: str, name: str, content: Callable[[], Any]) -> Any:
    """A button that saves what is on the page; each file that is taken stands in the audit log."""
    return pmui.FileDownload(label=label, callback=ledger.handed_out(name, content), filename=name, icon="download",
                             variant="outlined",
                             size="small", margin=0, embed=False, auto=True, css_classes=["save"])
