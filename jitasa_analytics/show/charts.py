"""Charts: series over time and bars, in our letters, with Buddhist years where the reader is Thai."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import holoviews as hv
import holoviews.plotting.bokeh
import pandas as pd
from bokeh.models import CustomJSTickFormatter, HoverTool, NumeralTickFormatter

from jitasa_analytics.show import colours, fonts
from jitasa_analytics.show.plain_charts import Line

__all__ = ["Line", "bars", "lines"]

# Not hv.extension: in a notebook that would load scripts from other hosts.
hv.Store.set_current_backend("bokeh")

_TICKS = """
const locale = {"th": "th-TH-u-ca-buddhist", "en": "en-GB"}[lang]
const days = ticks.length > 1 ? (ticks[1] - ticks[0]) / 86400000 : 99
const parts = days < 27 ? {day: "numeric", month: "short"} : {month: "short", year: "2-digit"}
return new Intl.DateTimeFormat(locale, {...parts, timeZone: "UTC"}).format(new Date(tick))
"""


def lines(series: Sequence[Line], lang: str, *, height: int = 210, share: bool = False, xlabel: str = "") -> Any:
    """Lines over time or over a cost, as a HoloViews object."""
    curves = []
    time = all(bool(pd.api.types.is_datetime64_any_dtype(_times(one)[one.x])) for one in series)
    for one in series:
        part = _times(one)[[one.x, one.y]].set_axis(["x", "y"], axis=1).dropna()
        curves.append(hv.Curve(part, kdims=["x"], vdims=["y"], label=one.label).opts(
            color=one.colour, line_width=one.width, hooks=[_hover(one.label, share=share, time=time)]))
    return hv.Overlay(curves).opts(hv.opts.Overlay(
        responsive=True, min_height=height, xlabel=xlabel, ylabel="", legend_position="top_left", show_grid=True,
        toolbar=None, default_tools=[], active_tools=[], show_legend=len(curves) > 1, show_frame=False,
        hooks=[_dress(lang, share=share, time=time)]))


def _times(line: Line) -> pd.DataFrame:
    """The frame with dates as times, which axes understand."""
    first = line.frame[line.x].dropna()
    if len(first) and isinstance(first.iloc[0], dt.date) and not pd.api.types.is_datetime64_any_dtype(first):
        return line.frame.assign(**{line.x: pd.to_datetime(line.frame[line.x])})
    return line.frame


def bars(labels: Sequence[str], values: Sequence[float], *, colour: str = colours.ACCENT, height: int = 210,
         share: bool = False) -> Any:
    """Horizontal bars, the first on top."""
    table = pd.DataFrame({"label": list(labels)[::-1], "value": list(values)[::-1]})
    return hv.Bars(table, kdims=["label"], vdims=["value"]).opts(
        invert_axes=True, responsive=True, min_height=height, color=colour, line_color=None, xlabel="", ylabel="",
        toolbar=None, default_tools=[], active_tools=[], hooks=[_dress("th", share=share, time=False, grid="x")])


def _hover(label: str, *, share: bool, time: bool) -> Any:
    def hook(plot: Any, element: Any) -> None:
        renderer = plot.handles["glyph_renderer"]
        tips = [("", "@x{%F}" if time else "@x{0,0.0}"), (label, "@y{0.0%}" if share else "@y{0,0.0}")]
        plot.state.add_tools(HoverTool(renderers=[renderer], tooltips=tips, mode="vline",
                                       formatters={"@x": "datetime"} if time else {}))

    return hook


def _dress(lang: str, *, share: bool, time: bool, grid: str = "y") -> Any:
    def hook(plot: Any, element: Any) -> None:
        figure = plot.state
        for axis in (*figure.xaxis, *figure.yaxis):
            axis.major_label_text_font = fonts.FAMILY
            axis.major_label_text_font_size = "12px"
            axis.major_label_text_color = colours.QUIET_INK
            axis.axis_line_color = axis.minor_tick_line_color = None
            axis.axis_label_text_font = fonts.FAMILY
            axis.axis_label_text_font_size = "12px"
            axis.axis_label_text_font_style = "normal"
            axis.axis_label_text_color = colours.QUIET_INK
            axis.major_tick_line_color = None
        pattern = "0%" if share else "0,0.[0]"
        values = figure.yaxis if grid == "y" else figure.xaxis
        for axis in values:
            axis.formatter = NumeralTickFormatter(format=pattern)
        if time:
            for axis in figure.xaxis:
                axis.formatter = CustomJSTickFormatter(args={"lang": lang}, code=_TICKS)
                axis.ticker.desired_num_ticks = 5
        for line in (*figure.xgrid, *figure.ygrid):
            line.grid_line_color = None
        for line in (figure.ygrid if grid == "y" else figure.xgrid):
            line.grid_line_color = "#e6eaee"
        for legend in figure.legend:
            legend.label_text_font = fonts.FAMILY
            legend.label_text_font_size = "13px"
            legend.background_fill_alpha = 0.7
            legend.border_line_color = None
            legend.padding = legend.margin = 4
        figure.outline_line_color = None
        figure.min_border_right = 14
        figure.background_fill_color = "#ffffff"

    return hook
