"""Colours: one scale for each meaning, told apart also by those who confuse red and green.

Sequential scales run from light to dark with steadily falling lightness, after ColorBrewer
(Brewer & Harrower 2003). Signal colours differ in lightness and always come with a shape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

NO_DATA = "#d5d8dc"
OUTLINE = "#ffffff"
CONTEXT_FILL = "#e3e8ec"
CONTEXT_LINE = "#c9ced4"
CHOSEN = "#12263a"
INK = "#1f2d3d"
QUIET_INK = "#5b6b7b"
ACCENT = "#1f5f8b"
SEA = "#f3f6f8"

OPEN = "#d73027"
HELPED = "#1a9850"
CLOSED = "#8d99a6"
VOLUNTEER = "#2b6cb0"
SITE = "#7b1fa2"
SITE_FIXED = "#37474f"
# A place where a site could open: there are hundreds, so they keep below those that are proposed.
CANDIDATE = "#9a86a8"
# A share above 100 per cent: the denominator is too small, and the map says so.
OVER = "#5e2a84"
OVER_DARK = "#d7a6f2"


@dataclass(frozen=True)
class Ground:
    """The colours that carry no measure: paper, ink, lines, and what lies below a map.

    Text colours have a contrast of at least 4.5 to 1 on paper, page and soft (WCAG 2.1, AA).
    """

    dark: bool
    page: str
    paper: str
    soft: str
    line: str
    ink: str
    quiet: str
    accent: str
    on_accent: str
    lit: str
    warn: str
    warn_line: str
    warn_ink: str
    good: str
    bad: str
    sea: str
    outline: str
    land: str
    context_fill: str
    context_line: str
    no_data: str
    hatch: str
    chosen: str
    halo: str
    grid: str

    def drawn(self) -> dict[str, str]:
        """The colours that the map of the dashboard needs."""
        names = ("sea", "outline", "context_fill", "context_line", "no_data", "hatch", "chosen", "halo", "ink")
        return {name: getattr(self, name) for name in names}


LIGHT = Ground(
    dark=False, page="#f5f7f9", paper="#ffffff", soft="#eef2f5", line="#dde3e9", ink=INK, quiet="#52616f",
    accent=ACCENT, on_accent="#ffffff", lit="#dbe9f4", warn="#fff4d6", warn_line="#e9c46a", warn_ink="#5c4400",
    good="#1b6e3c", bad="#b3261e", sea=SEA, outline=OUTLINE, context_fill=CONTEXT_FILL, context_line=CONTEXT_LINE,
    no_data="#e4e7ea", hatch="#a3abb4", chosen=CHOSEN, land="#cfd8e0", halo="rgba(255,255,255,.85)", grid="#e6eaee")
DARK = Ground(
    dark=True, page="#10161c", paper="#19212a", soft="#212b36", line="#33404d", ink="#e8edf2", quiet="#a9b6c3",
    accent="#7dbbe8", on_accent="#0d1720", lit="#2a4055", warn="#3a3115", warn_line="#7d6722", warn_ink="#f5dd9a",
    good="#7fd19b", bad="#ff9d94", sea="#131b23", outline="#131b23", context_fill="#232d37", context_line="#36424f",
    no_data="#2b343d", hatch="#57636f", chosen="#ffffff", land="#3a4753", halo="rgba(10,16,22,.8)", grid="#2c3742")


def ground(dark: bool) -> Ground:
    """The ground of a page."""
    return DARK if dark else LIGHT


@dataclass(frozen=True)
class Scale:
    """The colours of one meaning.

    Attributes
    ----------
    name : str
        The meaning.
    colours : tuple of str
        From low to high.
    dark : tuple of str
        As many on a dark ground, where more is brighter: the least is hardly more than the ground.
    edges : tuple of float
        Fixed class edges where the meaning has them, so that a colour says the same in every
        area and at every date; empty where classes follow the values.
    """

    name: str
    colours: tuple[str, ...]
    dark: tuple[str, ...]
    edges: tuple[float, ...] = ()

    def ink(self, dark: bool, step: int = -2) -> str:
        """The colour of much, counted from the scale's end, that stands out from its ground."""
        return (self.dark if dark else self.colours)[step]

    def pick(self, count: int, *, dark: bool = False) -> tuple[str, ...]:
        """``count`` colours spread over the scale."""
        given = self.dark if dark else self.colours
        last = len(given) - 1
        if count <= 1:
            return given[last // 2:last // 2 + 1] if count else ()
        return tuple(given[round(i * last / (count - 1))] for i in range(count))


COVERAGE = Scale("coverage", ("#e0f0f0", "#b2d8dc", "#7dbcc6", "#4699ab", "#1b7288", "#0b4c62"),
                 ("#374c52", "#3e6974", "#428898", "#4ea8bd", "#81c9db", "#cce7ef"),
                 (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 1.0))
GAP = Scale("gap", ("#fdf0dc", "#fdd49e", "#fdae6b", "#ec7f2d", "#b8500f", "#7a3108"),
            ("#584539", "#835a3b", "#b0703c", "#dd8843", "#f9ae74", "#fddcc6"))
NEED = Scale("need", ("#fde8e4", "#fcbfb1", "#f68f7b", "#dc5a49", "#ae2a2a", "#7a1020"),
             ("#5d423f", "#91524b", "#c56058", "#f0796f", "#ffa89d", "#fddbd6"))
SUPPLY = Scale("supply", ("#e9eff8", "#c3d5ea", "#93b5da", "#5d90c5", "#2f6aa8", "#12437c"),
               ("#3e4a5a", "#496587", "#5282b5", "#6ea0d9", "#a0c1ec", "#d8e3f5"))
PEOPLE = Scale("people", ("#eeeef6", "#d3d2e7", "#b0aed3", "#8a86bb", "#665fa0", "#433b7c"),
               ("#4a4756", "#655f80", "#8178ab", "#a095cf", "#c2b8e4", "#e4e0f1"))
# Two-sided: nothing in the middle, blue below, red above. The edges of z are those of 10, 5 and 1 per cent.
SPOT = Scale("spot", ("#2b5c9e", "#7ba3d4", "#c6d9ee", "#eeeeee", "#f9cdbb", "#e8806a", "#b02a30"),
             ("#8ebcf2", "#5582bb", "#35506f", "#363d45", "#73453d", "#bb5c4b", "#ff9a84"),
             (-math.inf, -2.58, -1.96, -1.65, 1.65, 1.96, 2.58, math.inf))
SCALES = {s.name: s for s in (COVERAGE, GAP, NEED, SUPPLY, PEOPLE)}

_BY_WORD = (
    (("out_of_reach", "gap", "uncovered", "beyond", "dropout", "drop_out", "zero", "crowding"), GAP),
    (("per_request", "ratio", "access", "volunteer", "supply", "capacity", "being_helped", "trained",
      "relative"), SUPPLY),
    (("request", "need", "open", "demand", "waiting"), NEED),
    (("coverage", "dose", "vaccin", "covered", "within", "served", "share_after", "share_before",
      "share_fair"), COVERAGE),
)


def scale_for(measure: str, study: str = "", unit: str = "") -> Scale:
    """The scale of a measure, from its name and its study's.

    >>> scale_for("people_out_of_reach").name, scale_for("coverage", "vaccination", "share").name
    ('gap', 'coverage')
    """
    if unit == "score":
        return SPOT
    for name in (measure, study):
        for words, scale in _BY_WORD:
            if any(word in name for word in words):
                if scale.edges and unit != "share":
                    return Scale(scale.name, scale.colours, scale.dark)
                return scale
    return PEOPLE
