"""Charts: series over time and bars, in our letters, with Buddhist years where the reader is Thai."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import holoviews as hv
import pandas as pd
import panel as pn
from bokeh.models import CustomJSTickFormatter, HoverTool, NumeralTickFormatter

from jitasa_analytics.show import colours, fonts

hv.extension("bokeh", logo=False)

_TICKS = """
const locale = {"th": "th-TH-u-ca-buddhist", "en": "en-GB"}[lang]
return new Intl.DateTimeFormat(locale, {month: "short", year: "2-digit", timeZone: "UTC"}).format(new Date(tick))
"""
_TOOLTIP_DAY = "{%F}"


def lines(frame: pd.DataFrame, *, x: str, ys: Mapping[str, tuple[str, str]], lang: str, height: int = 220,
          share: bool = False, steps: bool = False) -> pn.pane.HoloViews:
    """Lines over time.

    Parameters
    ----------
    frame : DataFrame
        Column ``x`` holds times.
    ys : mapping of column to (label, colour)
    share : bool
        Values are shares.
    """
    return pn.pane.HoloViews(lines_object(frame, x=x, ys=ys, lang=lang, height=height, share=share, steps=steps),
                             sizing_mode="stretch_width", height=height, linked_axes=False)


def lines_object(frame: pd.DataFrame, *, x: str, ys: Mapping[str, tuple[str, str]], lang: str, height: int = 220,
                 share: bool = False, steps: bool = False) -> Any:
    """The same as a HoloViews object, to put in the place of another."""
    curves = []
    for name, (label, colour) in ys.items():
        part = frame[[x, name]].rename(columns={name: "value"}).dropna()
        curves.append(hv.Curve(part, kdims=[x], vdims=["value"], label=label).opts(
            color=colour, line_width=2, interpolation="steps-post" if steps else "linear",
            hooks=[_hover(label, share=share, time=True)]))
    time = bool(pd.api.types.is_datetime64_any_dtype(frame[x]))
    return hv.Overlay(curves).opts(hv.opts.Overlay(
        responsive=True, min_height=height, xlabel="", ylabel="", legend_position="top_left", show_grid=True,
        toolbar=None, default_tools=[], active_tools=[], show_legend=len(curves) > 1,
        hooks=[_dress(lang, share=share, time=time)]))


def bars(labels: Sequence[str], values: Sequence[float], *, colour: str = colours.ACCENT, height: int = 220,
         share: bool = False) -> Any:
    """Horizontal bars, the first on top."""
    table = pd.DataFrame({"label": list(labels)[::-1], "value": list(values)[::-1]})
    return hv.Bars(table, kdims=["label"], vdims=["value"]).opts(
        invert_axes=True, responsive=True, min_height=height, color=colour, line_color=None, xlabel="", ylabel="",
        toolbar=None, default_tools=[], active_tools=[], hooks=[_dress("th", share=share, time=False, grid="x")])


def _hover(label: str, *, share: bool, time: bool) -> Any:
    def hook(plot: Any, element: Any) -> None:
        renderer = plot.handles["glyph_renderer"]
        x = str(element.kdims[0])
        tips = [("", f"@{{{x}}}" + (_TOOLTIP_DAY if time else "")), (label, "@value{0.0%}" if share else "@value{0,0}")]
        plot.state.add_tools(HoverTool(renderers=[renderer], tooltips=tips, mode="vline",
                                       formatters={f"@{{{x}}}": "datetime"} if time else {}))

    return hook


def _dress(lang: str, *, share: bool, time: bool, grid: str = "y") -> Any:
    def hook(plot: Any, element: Any) -> None:
        figure = plot.state
        for axis in (*figure.xaxis, *figure.yaxis):
            axis.major_label_text_font = fonts.FAMILY
            axis.major_label_text_font_size = "12px"
            axis.major_label_text_color = colours.QUIET_INK
            axis.axis_line_color = axis.minor_tick_line_color = None
            axis.major_tick_line_color = None
        pattern = "0%" if share else "0,0"
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
        figure.background_fill_color = "#ffffff"

    return hook
