"""What a map paints of an answer: the measure in classes, or the kind of each area where kinds are the finding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from jitasa_analytics import texts
from jitasa_analytics.show import classes, colours, words
from jitasa_analytics.show.classes import Classes

# By column: each kind with its colour on a light and on a dark ground, in the order of the legend.
_COLOURS = {
    "spot": {"hot": ("#b02a30", "#ff9a84"), "high_among_low": ("#e8806a", "#bb5c4b"),
             "low_among_high": ("#7ba3d4", "#5582bb"), "cold": ("#2b5c9e", "#8ebcf2"),
             "none": ("#e4e7ea", "#3d4650")},
}


def painted(answer: Any, lang: str) -> tuple[pd.Series, Classes, str]:
    """The values on the area codes (NaN is no data), their classes, and what they are called.

    Where an answer says that the kinds of its areas are the finding (`Answer.kinds`), those are painted, since a
    high value alone may be chance.
    """
    name = answer.kinds
    if not name:
        values = pd.to_numeric(answer.frame[answer.measure], errors="coerce").astype(float)
        values = values.replace([np.inf, -np.inf], np.nan)
        values.index = values.index.astype(str)
        scale = colours.scale_for(answer.measure, answer.study, answer.unit)
        return (values, classes.make(values.tolist(), scale, unit=answer.unit),
                words.column(answer.measure, lang, answer.study))
    given = answer.frame[name].astype(object)
    here = [kind for kind in _COLOURS[name] if (given == kind).any()]
    values = given.map({kind: float(i) for i, kind in enumerate(here)}).astype(float)
    values.index = values.index.astype(str)
    light, dark = (tuple(_COLOURS[name][kind][i] for kind in here) for i in (0, 1))
    edges = tuple(float(i) for i in range(len(here) + 1)) if here else ()
    found = Classes(edges, light, dark=dark, names=tuple(texts.label(name, kind, lang) for kind in here))
    return values, found, words.column(name, lang, answer.study)
