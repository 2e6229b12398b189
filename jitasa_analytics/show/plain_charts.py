"""Charts as plain HTML and SVG for the dashboard: a few kilobytes, readable without a script, in the page's colours.

They take what `charts` takes, and a reader gets the values by pointing at the chart. Each has a sentence for
screen readers.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from jitasa_analytics import texts
from jitasa_analytics.show import colours, fonts, numbers, style

# So many places of a chart answer to the pointer.
_BANDS = 90
# Pixels of the dot that stands for a line of one value.
_DOT = 7

CSS = f"""
.chart {{ margin: 0; font-size: 12px; line-height: 1.3; color: {style.QUIET}; font-family: {fonts.STACK};
  font-variant-numeric: tabular-nums; }}
.chart .keys {{ display: flex; flex-wrap: wrap; gap: 2px 14px; padding: 0 0 6px; font-size: 13.5px;
  color: {style.INK}; }}
.chart .keys i {{ display: inline-block; width: 18px; height: 0; border-top: 3px solid; vertical-align: middle;
  margin-right: 6px; }}
.chart .plot {{ position: relative; margin: 8px 14px 22px 46px; }}
.chart svg {{ position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }}
.chart .y {{ position: absolute; left: 0; right: 0; border-top: 1px solid {style.LINE}; }}
.chart .y span {{ position: absolute; right: 100%; top: -8px; padding-right: 7px; white-space: nowrap; }}
.chart .x {{ position: absolute; top: 100%; padding-top: 4px; transform: translateX(-50%); white-space: nowrap; }}
.chart .band {{ position: absolute; top: 0; bottom: 0; }}
.chart .band:hover {{ border-left: 1px solid {style.QUIET}; }}
.chart .band > span {{ display: none; position: absolute; top: 0; left: 8px; background: {style.PAPER};
  color: {style.INK};
  border: 1px solid {style.LINE}; border-radius: 8px; padding: 4px 9px; white-space: nowrap; z-index: 4;
  font-size: 12px;
  box-shadow: 0 3px 12px rgba(0,0,0,.2); pointer-events: none; }}
.chart .band.right > span {{ left: auto; right: 100%; margin-right: 8px; }}
.chart .band:hover > span {{ display: block; }}
.chart .xlabel {{ text-align: right; padding-right: 14px; margin-top: -4px; }}
.chart.rows {{ display: grid; grid-template-columns: minmax(80px, max-content) 1fr; gap: 4px 10px; align-items: center;
  font-size: 13.5px; color: {style.INK}; }}
.chart.rows .bar {{ display: flex; align-items: center; gap: 8px; }}
.chart.rows .bar i {{ display: block; height: 14px; border-radius: 3px; min-width: 1px; }}
"""


@dataclass(frozen=True)
class Line:
    """One line of a chart: a column ``y`` of a frame over its column ``x`` (times or numbers)."""

    frame: pd.DataFrame
    x: str
    y: str
    label: str
    colour: str
    width: float = 2.2


def lines(series: Sequence[Line], lang: str, *, height: int = 190, share: bool = False, xlabel: str = "") -> str:
    """Lines over time or over a cost, as HTML.

    Parameters
    ----------
    series : sequence of Line
    lang : {"th", "en"}
    height : int
        Pixels of the plot.
    share : bool
        Values are shares.
    xlabel : str
    """
    parts = [_points(one) for one in series]
    kept = [(one, x, y) for one, (x, y) in zip(series, parts, strict=True) if len(x)]
    if not kept:
        return ""
    time = all(_is_time(one) for one, _, _ in kept)
    left, right = min(x.min() for _, x, _ in kept), max(x.max() for _, x, _ in kept)
    wide = (right - left) or 1.0
    whole = not share and all(bool((y == np.round(y)).all()) for _, _, y in kept)
    ticks = _ticks(0.0, max(max(float(y.max()) for _, _, y in kept), 1.0 if whole else 1e-9), whole=whole)
    bottom, top = min(0.0, min(float(y.min()) for _, _, y in kept)), ticks[-1]
    high = (top - bottom) or 1.0

    def at(value: float) -> float:
        return float(100 * (value - left) / wide) if right > left else 50.0

    def up(value: float) -> float:
        return float(100 * (value - bottom) / high)

    def path(x: Any, y: Any) -> str:
        joined = "L".join(f"{10 * at(a):.1f} {1000 - 10 * up(b):.1f}" for a, b in zip(x, y, strict=True))
        return joined if len(x) > 1 else f"{joined}h0"  # a line of no length has round ends: a dot

    rules = "".join(f'<div class="y" style="bottom:{up(t):.2f}%"><span>{_amount(t, share)}</span></div>' for t in ticks)
    paths = "".join(
        f'<path d="M{path(x, y)}" fill="none" stroke="{one.colour}" stroke-linejoin="round" '
        f'stroke-width="{one.width if len(x) > 1 else _DOT}" stroke-linecap="{"butt" if len(x) > 1 else "round"}" '
        f'vector-effect="non-scaling-stroke"/>' for one, x, y in kept)
    marks = "".join(f'<div class="x" style="left:{at(v):.2f}%">{escape(label)}</div>'
                    for v, label in (_days(left, right, lang) if time else _steps(left, right)))
    keys = "".join(f'<span><i style="border-color:{one.colour}"></i>{escape(one.label)}</span>' for one, _, _ in kept) \
        if len(kept) > 1 else ""
    spoken = escape(_spoken(kept, lang, share=share, time=time), quote=True)
    return (f'<figure class="chart" role="img" aria-label="{spoken}">'
            + (f'<div class="keys">{keys}</div>' if keys else "")
            + f'<div class="plot" style="height:{height - 36}px">{rules}'
            f'<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">{paths}</svg>{marks}'
            f"{_bands(kept, lang, at, share=share, time=time)}</div>"
            + (f'<div class="xlabel">{escape(xlabel)}</div>' if xlabel else "") + "</figure>")


def bars(labels: Sequence[str], values: Sequence[float], *, colour: str | Sequence[str] = colours.ACCENT,
         height: int = 0, share: bool = False) -> str:
    """Horizontal bars with their values, the first on top, as HTML; as high as it needs to be."""
    most = max((float(v) for v in values), default=0.0) or 1.0
    each = [colour] * len(values) if isinstance(colour, str) else colour
    rows = "".join(
        f'<span>{escape(label)}</span><span class="bar"><i style="width:{max(0.0, 78 * float(v) / most):.1f}%;'
        f'background:{own}"></i>{_plain(v, share)}</span>' for label, v, own in zip(labels, values, each, strict=True))
    return f'<div class="chart rows">{rows}</div>' if rows else ""


def _plain(value: float, share: bool) -> str:
    return numbers.plain(value, "share" if share else "count" if float(value).is_integer() else "")


def _is_time(one: Line) -> bool:
    first = one.frame[one.x].dropna()
    return bool(len(first)) and isinstance(first.iloc[0], (dt.date, pd.Timestamp, np.datetime64))


def _points(one: Line) -> tuple[Any, Any]:
    """Places and values of a line as numbers, by place; times are days."""
    part = one.frame[[one.x, one.y]].dropna()
    if not len(part):
        return np.empty(0), np.empty(0)
    x = pd.to_datetime(part[one.x]).to_numpy("datetime64[s]").astype(np.int64) / 86400 if _is_time(one) \
        else part[one.x].to_numpy(float)
    order = np.argsort(x, kind="stable")
    return x[order], part[one.y].to_numpy(float)[order]


def _amount(value: float, share: bool) -> str:
    if share:
        return f"{100 * value:,.0f}%"
    return numbers.number(value, 0 if value == round(value) else 1)


def _ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Round values from ``low`` to at least ``high``, about four steps; ``whole`` numbers of things have no halves."""
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= rough - 1e-12)
    step = float(math.ceil(step)) if whole else step
    return [low + step * i for i in range(math.ceil((high - low) / step - 1e-9) + 1)]


def _day(value: float) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(value))


def _days(left: float, right: float, lang: str) -> list[tuple[float, str]]:
    """About five dates along the axis, month ends not cut."""
    span = right - left
    if span < 60:
        step = max(1, round(span / 5))
        places = list(np.arange(left, right + 0.5, step))
        return [(v, " ".join(numbers.date(_day(v), lang).split(" ")[:2])) for v in places]
    first, last = _day(left), _day(right)
    months = (last.year - first.year) * 12 + last.month - first.month
    step = next((s for s in (1, 2, 3, 6, 12, 24) if months / s <= 6), 36)
    found = []
    for i in range(months + 1):
        year, month = divmod(first.year * 12 + first.month - 1 + i, 12)
        if (month % step if step < 12 else month + 12 * (year % (step // 12))) == 0:
            at = float((dt.date(year, month + 1, 1) - dt.date(1970, 1, 1)).days)
            if left <= at <= right:
                found.append((at, f'{texts.say(f"show.month.m{month + 1}", lang)} {numbers.year(year, lang)[-2:]}'))
    return found


def _steps(left: float, right: float) -> list[tuple[float, str]]:
    return [(t, numbers.number(t, 0 if t == round(t) else 1)) for t in _ticks(left, right) if t <= right] \
        if right > left else [(left, numbers.number(left))]


def _bands(kept: Sequence[tuple[Line, Any, Any]], lang: str, at: Callable[[float], float], *,
           share: bool, time: bool) -> str:
    """Invisible strips that show the values of their place when pointed at."""
    places = np.unique(np.concatenate([x for _, x, _ in kept]))
    if len(places) > _BANDS:
        places = places[np.unique(np.linspace(0, len(places) - 1, _BANDS).astype(int))]
    strip = 100 / max(len(places), 1)
    found = []
    for place in places:
        head = numbers.date(_day(place), lang) if time else numbers.plain(place, "")
        told = [escape(head)]
        for one, x, y in kept:
            i = int(np.searchsorted(x, place))
            if i < len(x) and x[i] == place:
                shown = _plain(y[i], share)
                told.append(f"{escape(one.label)}: <b>{shown}</b>")
        left = at(place)
        found.append(f'<div class="band{" right" if left > 60 else ""}" style="left:{left:.2f}%;width:{strip:.2f}%">'
                     f"<span>{'<br>'.join(told)}</span></div>")
    return "".join(found)


def _spoken(kept: Sequence[tuple[Line, Any, Any]], lang: str, *, share: bool, time: bool) -> str:
    """The chart in a sentence: where each line starts and ends."""
    told = []
    for one, x, y in kept:
        a, b = (numbers.date(_day(v), lang) if time else numbers.plain(v, "") for v in (x[0], x[-1]))
        c, d = (_plain(v, share) for v in (y[0], y[-1]))
        told.append(texts.say("dashboard.spoken", lang, what=one.label, start=a, end=b, low=c, high=d))
    return " ".join(told)
