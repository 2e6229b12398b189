"""The map of areas on the dashboard: outlines are fetched once by the browser, then only their colours travel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import panel as pn
import param

from jitasa_analytics import texts
from jitasa_analytics.geo import to_web_mercator
from jitasa_analytics.show.colours import LIGHT, Ground
from jitasa_analytics.show.paint import Paint, Points
from jitasa_analytics.show.style import MAP

_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Canvas(pn.custom.JSComponent):
    """The browser's side of a map: see ``vector.js``."""

    source = param.String(doc="Address of the outlines.")
    around = param.String(doc="Address of the neighbours' outlines.")
    paint = param.Dict(default={}, doc="letters (one an area), palette, words (one line an area), title, turn.")
    layers = param.List(default=[], doc="Points: name, x, y, words, colour, marker, size, line, alpha, line_width.")
    ring = param.List(default=[], doc="A point that is ringed, metres.")
    chosen = param.Integer(default=-1, doc="Position of the outlined area.")
    picture = param.Dict(default={}, doc="A picture between areas and points: url, bounds (metres).")
    view = param.List(default=[], doc="West, south, east, north of what is seen, metres; the browser says it.")
    ground = param.Dict(default={}, doc="Colours that carry no measure.")
    labels = param.Dict(default={}, doc="Words of the buttons and for screen readers.")
    lang = param.String(default=texts.DEFAULT)
    names = param.Boolean(default=True, doc="Whether areas are named where there is room.")
    tiles = param.String(doc="Address of map tiles with {z}, {x}, {y}; none where empty.")
    credit = param.String(doc="Whose tiles they are.")

    _esm = Path(__file__).with_name("vector.js").read_text("utf-8")
    _stylesheets = [MAP]

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.heard: Callable[[dict[str, Any]], None] = lambda _: None

    def _handle_msg(self, data: Any) -> None:
        self.heard(data)


class AreaMap:
    """A map whose outlines are fetched once and then repainted.

    Parameters
    ----------
    height : int
        Most pixels; on a low screen the whole map is lower, and the width follows the page.
    above : int
        Pixels of the page above and below the map, so that the whole map is seen where the screen is high enough.
    lang : {"th", "en"}
    ground : Ground
        Colours that carry no measure.
    on_choose : callable, optional
        Called with the code of the area that was clicked, or ``""``.
    on_open : callable, optional
        Called with the code of an area that was double-clicked.
    on_point : callable, optional
        Called with the name of a layer and the position of the point that was clicked.
    on_view : callable, optional
        Called with west, south, east, north (metres) when another part of the map is seen.
    tiles : tuple of str
        Address of map tiles with ``{z}``, ``{x}``, ``{y}``, and whose they are.
    """

    def __init__(self, *, height: int = 480, above: int = 400, lang: str = texts.DEFAULT, ground: Ground = LIGHT,
                 on_choose: Callable[[str], None] | None = None, on_open: Callable[[str], None] | None = None,
                 on_point: Callable[[str, int], None] | None = None,
                 on_view: Callable[[tuple[float, float, float, float]], None] | None = None,
                 tiles: tuple[str, str] = ("", ""), names: bool = True) -> None:
        say = {name: texts.say(f"dashboard.map.{name}", lang)
               for name in ("map", "zoom_in", "zoom_out", "whole", "loading", "failed")}
        self.pane = Canvas(lang=lang, ground=ground.drawn(), labels=say, names=names, min_height=min(height, 340),
                           sizing_mode="stretch_width", margin=0, css_classes=["map-pane"],
                           styles={"--map-height": f"{height}px", "--map-above": f"{above}px"},
                           tiles=tiles[0], credit=tiles[1])
        self.pane.heard = self._heard
        self.codes: tuple[str, ...] = ()
        self._ground = ground
        self._on_choose, self._on_open, self.on_point = on_choose, on_open, on_point
        self._turn = 0
        self._on_painted: Callable[[], None] | None = None
        if on_view is not None:
            pn.bind(lambda view: on_view(tuple(view)) if len(view) == 4 else None, self.pane.param.view, watch=True)

    def draw(self, source: str, codes: Sequence[str], paint: Paint, *, around: str = "",
             layers: Sequence[Points] = ()) -> None:
        """Draw other areas.

        Parameters
        ----------
        source : str
            Address of the outlines (`outlines.encoded`).
        codes : sequence of str
            The areas in the order of the outlines.
        paint : Paint
        around : str
            Address of the neighbours, drawn quietly below.
        layers : sequence of Points
        """
        self.codes = tuple(codes)
        self.pane.param.update(source=source, around=around, paint=self._painted(paint), ring=[], chosen=-1,
                               layers=[layer.drawn() for layer in layers])

    def clear(self) -> None:
        """Show no map."""
        self.codes = ()
        self.pane.param.update(source="", around="", paint={}, layers=[], ring=[], chosen=-1, picture={})

    def paint(self, paint: Paint) -> None:
        """Give the drawn areas other values: one letter and a few digits travel for each."""
        self.pane.paint = self._painted(paint)

    def once_painted(self, work: Callable[[], None]) -> None:
        """Do some work when the browser has painted what it was given last."""
        self._on_painted = work

    def place(self, *layers: Points) -> None:
        """Give layers of points other points; the other layers stay."""
        new = {layer.name: layer.drawn() for layer in layers}
        kept = [new.pop(layer["name"], layer) for layer in self.pane.layers]
        self.pane.layers = [*kept, *new.values()]

    def ring(self, lon: float | None, lat: float | None) -> None:
        """Put a ring around a point, or take it away."""
        if lon is None or lat is None or not np.isfinite([lon, lat]).all():
            self.pane.ring = []
            return
        x, y = to_web_mercator(np.asarray([lon]), np.asarray([lat]))
        self.pane.ring = [float(x[0]), float(y[0])]

    def choose(self, code: str) -> None:
        """Outline an area; an empty code outlines none."""
        self.pane.chosen = self.codes.index(code) if code in self.codes else -1

    def _painted(self, paint: Paint) -> dict[str, Any]:
        values = paint.values.reindex(list(self.codes))
        klass = paint.classes.index(values.to_numpy(float, na_value=np.nan)).astype(int)
        hidden = paint.suppressed.reindex(list(self.codes)).fillna(False).to_numpy(bool) \
            if paint.suppressed is not None else np.zeros(len(klass), bool)
        letters = "".join("*" if h else "-" if k < 0 else _LETTERS[k] for k, h in zip(klass, hidden, strict=True))
        head = f"{paint.title}: "
        words = [w.removeprefix(head) for w in paint.words.reindex(list(self.codes)).fillna("").astype(str)]
        classes = paint.classes if not self._ground.dark else paint.classes.for_dark()
        self._turn += 1
        return {"letters": letters, "palette": list(classes.colours), "title": paint.title, "words": "\n".join(words),
                "turn": self._turn}

    def _heard(self, message: dict[str, Any]) -> None:
        for what, work in (("chosen", self._on_choose), ("open", self._on_open)):
            if what in message and work is not None:
                position = int(message[what])
                code = self.codes[position] if 0 <= position < len(self.codes) else ""
                if code or what == "chosen":
                    work(code)
        if message.get("painted") == self._turn and self._on_painted is not None:
            ordered, self._on_painted = self._on_painted, None
            ordered()
        if "point" in message and self.on_point is not None:
            name, position = message["point"]
            self.on_point(str(name), int(position))
