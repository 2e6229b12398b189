"""Class breaks of a map: few classes, round edges, each with its values in the legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from jitasa_analytics.show import numbers
from jitasa_analytics.show.colours import OVER, OVER_DARK, Scale

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Classes:
    """Classes of values with a colour each.

    Attributes
    ----------
    edges : tuple of float
        Ascending; a class holds its lower edge and not its upper one, the last holds both.
    colours : tuple of str
        One for each class.
    unit : str
        The unit of the values.
    whole : bool
        Values are whole numbers, so that a class can be written ``3–7``.
    nought : bool
        The first class holds nothing but nought.
    over : bool
        The last class holds what lies above the scale's end, and is no more than a flag.
    dark : tuple of str
        As many colours on a dark ground, where more is brighter.
    names : tuple of str
        What each class is called where it is a kind and no stretch of values.
    """

    edges: tuple[float, ...]
    colours: tuple[str, ...]
    unit: str = ""
    whole: bool = False
    nought: bool = False
    over: bool = False
    dark: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def index(self, values: Sequence[float] | npt.NDArray[np.float64]) -> Floats:
        """The class of each value, shape (n,); -1 where there is no value."""
        given = np.asarray(values, float)
        found = np.searchsorted(np.asarray(self.edges[1:-1]), given, side="right").astype("f4")
        found[~np.isfinite(given)] = -1.0
        return np.asarray(found, np.float32)

    def for_dark(self) -> Classes:
        """The same classes on a dark ground: more is brighter there, as it is darker on a light one."""
        return replace(self, colours=self.dark, dark=self.colours) if self.dark else self

    def labels(self) -> list[str]:
        """The values of each class in words, or its name."""
        if self.names:
            return list(self.names)
        labels = [self._label(a, b, last=i == len(self.colours) - 1)
                  for i, (a, b) in enumerate(zip(self.edges[:-1], self.edges[1:], strict=True))]
        if self.nought:
            labels[0] = "0%" if self.unit == "share" else "0"
        if self.over:
            labels[-1] = f"> {numbers.plain(self.edges[-2], self.unit).replace('.0%', '%')}"
        return labels

    def _label(self, low: float, high: float, *, last: bool) -> str:
        if self.whole:
            top = int(high) if last else int(high) - 1
            return numbers.number(low) if top <= low else f"{numbers.number(low)} – {numbers.number(top)}"
        times, sign = (100.0, "%") if self.unit == "share" else (1.0, "")
        digits = _digits([e * times for e in self.edges if math.isfinite(e)])
        if math.isinf(low) or math.isinf(high):
            sign, edge = ("<", high) if math.isinf(low) else (">", low)
            return f"{sign} {_trimmed(numbers.number(edge, 2))}"
        a, b = (_trimmed(numbers.number(edge * times, digits)) for edge in (low, high))
        return f"{a}{sign}" if a == b else f"{a} – {b}{sign}"


def _trimmed(shown: str) -> str:
    """A number without the zeros after its point that say nothing."""
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _digits(edges: Sequence[float]) -> int:
    """Enough decimals to write every edge as it is, at most four."""
    for digits in range(4):
        if all(math.isclose(e, round(e, digits), rel_tol=1e-9, abs_tol=1e-9) for e in edges):
            return digits
    return 4


def _round_to(value: float, figures: int = 2) -> float:
    """A value to so many significant figures.

    >>> _round_to(13472.0), _round_to(0.0437)
    (13000.0, 0.044)
    """
    if value == 0 or not math.isfinite(value):
        return 0.0
    return round(value, figures - 1 - math.floor(math.log10(abs(value))))


def make(values: Sequence[float] | npt.NDArray[np.float64], scale: Scale, *, unit: str = "",
         count: int = 5) -> Classes:
    """Classes for some values: the scale's own edges, else quantiles with round edges.

    A value of nought gets a class of its own where there are others, because nothing is
    another message than little.

    Parameters
    ----------
    values : array-like, shape (n,)
        NaN is no value.
    scale : Scale
    unit : str
    count : int
        At most so many classes, the class of nought not counted.

    >>> from jitasa_analytics.show.colours import NEED
    >>> make([0, 0, 1, 2, 3, 4, 50], NEED, unit="requests", count=3).labels()
    ['0', '1', '2 – 3', '4 – 50']
    """
    given = np.asarray(values, float)
    given = given[np.isfinite(given)]
    given = np.where(np.abs(given) < 1e-300, 0.0, given)  # too small to be rounded to figures
    if scale.edges:
        picked, dark = (scale.pick(len(scale.edges) - 1, dark=d) for d in (False, True))
        if given.size and given.max() > scale.edges[-1]:
            return Classes((*scale.edges, float(given.max())), (*picked, OVER), unit, over=True,
                           dark=(*dark, OVER_DARK))
        return Classes(scale.edges, picked, unit, dark=dark)
    if given.size == 0:
        return Classes((), (), unit)
    whole = bool(np.all(given == np.round(given))) and unit != "share"
    positive = given[given > 0]
    nought = bool((given == 0).any() and (given >= 0).all() and positive.size)
    few = (len(np.unique(positive)) + 1) // 2 if nought else count
    # Values below nought belong to the classes, too.
    edges_list = _edges(positive if nought else given, min(count, few), whole=whole)
    if nought and edges_list[0] > 0:
        edges_list = [0.0, *(edges_list if len(edges_list) > 1 else edges_list * 2)]
    else:
        nought = False
    if len(edges_list) == 1:
        edges_list *= 2
    if edges_list == [0.0, 0.0]:
        return Classes((0.0, 0.0), scale.colours[:1], unit, whole, dark=scale.dark[:1])
    picked, dark = (scale.pick(len(edges_list) - 1, dark=d) for d in (False, True))
    return Classes(tuple(edges_list), picked, unit, whole, nought, dark=dark)


def _edges(values: npt.NDArray[np.float64], count: int, *, whole: bool) -> list[float]:
    """Quantiles with round numbers, ascending and distinct, that hold all values."""
    low, high = float(values.min()), float(values.max())
    if whole:
        first, last = float(math.floor(_floor_to(low))), high
    else:
        first, last = _floor_to(low), _ceil_to(high)
    kept: list[float] = []
    for given in (values, np.unique(values)):  # where nearly all are alike, the few others still differ
        inner = np.quantile(given, np.linspace(0, 1, count + 1)[1:-1], method="inverted_cdf")
        rounded = [float(math.ceil(r)) if whole else r for r in (_round_to(float(q)) for q in inner)]
        kept = kept or sorted({r for r in rounded if first < r < last})
    return [first, *kept, last] if last > first else [first]


def _floor_to(value: float) -> float:
    if value <= 0:
        return -_ceil_to(-value) if value else 0.0
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return _round_to(math.floor(value / step + 1e-9) * step, 3)


def _ceil_to(value: float) -> float:
    if value <= 0:
        return -_floor_to(-value) if value else 0.0
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return _round_to(math.ceil(value / step - 1e-9) * step, 3)
