"""What is painted on a map, whatever draws it: a class for each area, and layers of points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from jitasa_analytics.geo import to_web_mercator
from jitasa_analytics.show import colours
from jitasa_analytics.show.classes import Classes

HATCH = (" ", "/")


@dataclass(frozen=True)
class Paint:
    """What each area looks like: its class and the words of its tooltip.

    Attributes
    ----------
    values : Series
        On the area codes; NaN is no data.
    classes : Classes
    words : Series of str
        On the area codes: the value as a reader sees it.
    title : str
        The measure's name, first line of the tooltip's value.
    suppressed : Series of bool, optional
        On the area codes: where the value is known but too small to be shown.
    """

    values: pd.Series
    classes: Classes
    words: pd.Series
    title: str = ""
    suppressed: pd.Series | None = None

    def lacks(self, codes: Sequence[str]) -> bool:
        """Whether any of these areas has no value, those left out that are hidden."""
        none = self.values.reindex(list(codes)).isna()
        if self.suppressed is not None:
            none &= ~self.suppressed.reindex(none.index).fillna(False).astype(bool)
        return bool(none.any())

    def columns(self, codes: pd.Index) -> dict[str, Any]:
        """The columns of the drawing for these areas."""
        klass = self.classes.index(self.values.reindex(codes).to_numpy(float, na_value=np.nan))
        return {
            "klass": klass,
            "words": self.words.reindex(codes).fillna("").astype(str).tolist(),
            "hatch": [HATCH[int(k < 0)] for k in klass],
        }

    @property
    def palette(self) -> dict[str, Any]:
        """Class numbers to colours; the first colour is that of no data."""
        palette = [colours.NO_DATA, *self.classes.colours]
        return {"palette": palette, "low": -1.5, "high": len(palette) - 1.5}


@dataclass
class Points:
    """A layer of points of one kind: one shape and one colour.

    Attributes
    ----------
    name : str
        The key under which it is updated.
    frame : DataFrame
        Columns ``lon``, ``lat``, ``words`` (tooltip).
    """

    name: str
    frame: pd.DataFrame
    colour: str
    marker: str = "circle"
    size: float = 7
    line: str = "#ffffff"
    alpha: float = 0.85
    line_width: float = 0.6

    def columns(self) -> dict[str, Any]:
        """The columns of the drawing."""
        x, y = to_web_mercator(self.frame["lon"].to_numpy(float), self.frame["lat"].to_numpy(float))
        return {"x": x, "y": y, "words": self.frame["words"].astype(str).tolist()}

    def drawn(self) -> dict[str, Any]:
        """The layer as the dashboard's map takes it: plain numbers, metres to the nearest one."""
        columns = self.columns()
        return {"name": self.name, "x": np.rint(columns["x"]).tolist(), "y": np.rint(columns["y"]).tolist(),
                "words": columns["words"], "colour": self.colour, "marker": self.marker, "size": float(self.size),
                "line": self.line, "alpha": float(self.alpha), "line_width": float(self.line_width)}


def quiet(codes: Sequence[str], ground: colours.Ground) -> Paint:
    """Areas without a measure, a shade stronger than what lies around: the points speak."""
    plain = Classes((0.0, 1.0), (ground.land,))
    return Paint(pd.Series(0.0, index=list(codes)), plain, pd.Series("", index=list(codes)))
