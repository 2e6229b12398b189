"""What a visitor does on a page, and what can be seen of it. Waits are for conditions, never for a time."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]
# Milliseconds that a condition may take to come true on a machine that is busy with other things.
LONG = 120_000

# What the page's map holds: the letters of its areas, the points of each layer, what is marked.
_STATE = """() => {
  const found = {klass: null, selected: null, points: [], view: []}
  for (const doc of Bokeh.documents) for (const m of doc._all_models.values()) {
    const data = m.data
    if (data == null || data.source === undefined || data.paint === undefined || !data.source) continue
    found.klass = Array.from(data.paint.letters || "")
    found.words = (data.paint.words || "").split("\\n")
    found.selected = data.chosen < 0 ? [] : [data.chosen]
    found.points = data.layers.map((layer) => layer.x.length)
    found.view = Array.from(data.view || [])
  }
  return found
}"""
_DRAWN = """() => {
  const find = (root) => [...root.querySelectorAll("canvas[role=application]"),
    ...[...root.querySelectorAll("*")].filter((e) => e.shadowRoot).flatMap((e) => find(e.shadowRoot))]
  const maps = find(document).filter((c) => c.getBoundingClientRect().width > 10)
  return maps.length > 0 && maps.every((c) => c.dataset.drawn)
}"""
# Idle means: the loader is gone, no answer is being worked out, and every picture is painted.
_IDLE = """() => {
  if (typeof Bokeh === "undefined" || !Bokeh.index || !Bokeh.index.roots || !Bokeh.index.roots.length) return false
  const loader = document.querySelector("#loader")
  if (loader && getComputedStyle(loader).display !== "none") return false
  return Bokeh.index.roots[0].is_idle
}"""

# Nothing is on its way to another place or colour; what turns for ever is no such thing.
_SETTLED = """() => {
  const roots = (root) => [root, ...[...root.querySelectorAll("*")].filter((e) => e.shadowRoot)
    .flatMap((e) => roots(e.shadowRoot))]
  return roots(document).flatMap((root) => root.getAnimations()).every((a) =>
    a.playState !== "running" || a.effect.getComputedTiming().iterations === Infinity)
}"""


def profile(browser: Any, **options: Any) -> Any:
    """A profile of its own, with a window that stays open: each page is then a tab, and not one more window to draw."""
    context = browser.new_context(accept_downloads=True, **options)
    context.new_page()
    return context


class Visit:
    """One visitor: a window, what it asked for, and what its console said."""

    def __init__(self, browser: Any, address: str, artefacts: Path, *, width: int = 1440, height: int = 900) -> None:
        self.address, self.artefacts = address, artefacts
        self.page = browser.new_page()
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.set_default_timeout(LONG)
        self.foreign: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", self._asked)
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.foreign.append(request.url)

    def close(self) -> None:
        """Leave."""
        self.page.close()

    def open(self, path: str, *, map_drawn: bool = True) -> None:
        """Open a page and wait until it stands still."""
        self.page.goto(self.address + path)
        self.idle()
        if map_drawn:
            self.drawn()

    def drawn(self) -> None:
        """Wait until every map of the page is drawn."""
        self.page.wait_for_function(_DRAWN)
        self.idle()

    def view(self) -> list[float]:
        """West, south, east, north of what the map shows, metres; waits until it says so."""
        self.page.wait_for_function(f"() => ({_STATE})().view.length === 4")
        return [float(v) for v in self.page.evaluate(f"() => ({_STATE})().view")]

    def view_changed(self, before: list[float]) -> list[float]:
        """Wait until the map shows another part."""
        self.page.wait_for_function(
            f"before => JSON.stringify(({_STATE})().view) !== JSON.stringify(before)", arg=[int(v) for v in before])
        return self.view()

    def idle(self) -> None:
        """Wait until all is drawn."""
        self.page.wait_for_function(_IDLE)

    def settled(self) -> None:
        """Wait until nothing fades or slides any more: half-way its colours are not those that are meant."""
        self.idle()
        self.page.wait_for_function(_SETTLED)

    def state(self) -> dict[str, Any]:
        """What the map holds."""
        state: dict[str, Any] = self.page.evaluate(_STATE)
        state.pop("view", None)
        return state

    def changed(self, before: dict[str, Any]) -> dict[str, Any]:
        """Wait until the map holds something else."""
        self.page.wait_for_function(f"before => {{ const now = ({_STATE})(); delete now.view; "
                                    "return JSON.stringify(now) !== JSON.stringify(before) }", arg=before)
        self.idle()
        return self.state()

    def until(self, condition: str, arg: Any = None) -> dict[str, Any]:
        """Wait until what the map holds (``now``) fulfils a condition in the browser's language; what it then holds."""
        self.page.wait_for_function(f"arg => {{ const now = ({_STATE})(); return {condition} }}", arg=arg)
        self.idle()
        return self.state()

    def titled(self, start: str) -> str:
        """Wait until the title of the page's content begins with these words; the whole of it."""
        self.page.locator("h1.title").filter(has_text=re.compile("^" + re.escape(start))).first.wait_for()
        return self.text()

    def repainted(self, before: np.ndarray, least: int = 1000) -> np.ndarray:
        """Wait until the map's pixels are others."""
        end = time.monotonic() + LONG / 1000
        while difference(before, now := self.picture()) <= least:
            assert time.monotonic() < end, "the map is painted as it was"
            self.page.evaluate("() => new Promise(requestAnimationFrame)")
        return now

    def picture(self) -> np.ndarray:
        """The pixels of the map."""
        box = self.map_box()
        image = self.page.screenshot(clip=box)
        return np.asarray(Image.open(io.BytesIO(image)).convert("RGB"))

    def map_box(self) -> dict[str, float]:
        """Where the map is on the screen: scrolled into view first."""
        element = self.page.locator(".map-pane").first
        element.evaluate("e => e.scrollIntoView({block: 'nearest'})")
        box = element.bounding_box()
        assert box is not None
        return {k: box[k] for k in ("x", "y", "width", "height")}

    def shot(self, name: str) -> None:
        """Keep a picture of the window."""
        self.page.screenshot(path=self.artefacts / f"{name}.png")

    def choose(self, field: str, option: str) -> None:
        """Take an option of a list."""
        self.page.locator(f".{field} [role=combobox]").click()
        self.page.get_by_role("menuitem", name=option, exact=True).click()

    def problem(self) -> str:
        """What the page's first card of a problem says."""
        return str(self.page.locator(".problem .MuiAlert-message").first.inner_text())

    def text(self) -> str:
        """The title of the page's content."""
        return str(self.page.locator("h1.title").first.inner_text())


def colours(picture: np.ndarray) -> int:
    """How many different colours a picture has, small differences of edges left out."""
    coarse = (picture // 16).reshape(-1, 3)
    _, counts = np.unique(coarse, axis=0, return_counts=True)
    return int((counts > 20).sum())


def difference(one: np.ndarray, other: np.ndarray) -> int:
    """How much two pictures of the same thing differ; a line more or less at the edge is none of it."""
    high, wide = (min(a, b) for a, b in zip(one.shape[:2], other.shape[:2], strict=True))
    return int(np.abs(one[:high, :wide].astype(int) - other[:high, :wide].astype(int)).sum())
