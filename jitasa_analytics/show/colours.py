"""Colours: one scale for each meaning, told apart also by those who confuse red and green.

Sequential scales run from light to dark with steadily falling lightness, after ColorBrewer
(Brewer & Harrower 2003). Signal colours differ in lightness and always come with a shape.
"""

from __future__ import annotations

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
# A share above 100 per cent: the denominator is too small, and the map says so.
OVER = "#5e2a84"


@dataclass(frozen=True)
class Scale:
    """The colours of one meaning.

    Attributes
    ----------
    name : str
        The meaning.
    colours : tuple of str
        From low to high.
    edges : tuple of float
        Fixed class edges where the meaning has them, so that a colour says the same in every
        area and at every date; empty where classes follow the values.
    """

    name: str
    colours: tuple[str, ...]
    edges: tuple[float, ...] = ()

    def pick(self, count: int) -> list[str]:
        """``count`` colours spread over the scale."""
        last = len(self.colours) - 1
        if count <= 1:
            return [self.colours[last // 2]] if count else []
        return [self.colours[round(i * last / (count - 1))] for i in range(count)]


COVERAGE = Scale("coverage", ("#e0f0f0", "#b2d8dc", "#7dbcc6", "#4699ab", "#1b7288", "#0b4c62"),
                 (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 1.0))
GAP = Scale("gap", ("#fdf0dc", "#fdd49e", "#fdae6b", "#ec7f2d", "#b8500f", "#7a3108"))
NEED = Scale("need", ("#fde8e4", "#fcbfb1", "#f68f7b", "#dc5a49", "#ae2a2a", "#7a1020"))
SUPPLY = Scale("supply", ("#e9eff8", "#c3d5ea", "#93b5da", "#5d90c5", "#2f6aa8", "#12437c"))
PEOPLE = Scale("people", ("#eeeef6", "#d3d2e7", "#b0aed3", "#8a86bb", "#665fa0", "#433b7c"))
SCALES = {s.name: s for s in (COVERAGE, GAP, NEED, SUPPLY, PEOPLE)}

_BY_WORD = (
    (("out_of_reach", "gap", "uncovered", "beyond", "dropout", "drop_out", "zero"), GAP),
    (("per_request", "ratio", "access", "volunteer", "supply", "capacity", "being_helped"), SUPPLY),
    (("request", "need", "open", "demand", "waiting"), NEED),
    (("coverage", "dose", "vaccin", "covered", "within", "served", "share_after", "share_before"), COVERAGE),
)


def scale_for(measure: str, study: str = "", unit: str = "") -> Scale:
    """The scale of a measure, from its name and its study's.

    >>> scale_for("people_out_of_reach").name, scale_for("coverage", "vaccination", "share").name
    ('gap', 'coverage')
    """
    for name in (measure, study):
        for words, scale in _BY_WORD:
            if any(word in name for word in words):
                if scale.edges and unit != "share":
                    return Scale(scale.name, scale.colours)
                return scale
    return PEOPLE
