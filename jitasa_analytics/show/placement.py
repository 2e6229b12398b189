"""Pictures of plans: what fairness costs, how sure each site is, what each phase adds."""

from __future__ import annotations

from html import escape
from typing import Any

import holoviews as hv
import holoviews.plotting.bokeh
import pandas as pd
from bokeh.embed import components
from bokeh.models import HoverTool, NumeralTickFormatter
from bokeh.resources import Resources

from jitasa_analytics import texts
from jitasa_analytics.errors import InputError
from jitasa_analytics.show import card, colours, fonts, plain_placement, words
from jitasa_analytics.show.numbers import plain
from jitasa_analytics.show.sheet import Sheet
from jitasa_analytics.show.style import PIECES

# Not hv.extension: in a notebook that would load scripts from other hosts.
hv.Store.set_current_backend("bokeh")


def picture(answer: Any, lang: str, *, height: int = 230) -> tuple[str, Any] | None:
    """The picture of a question about sites, with its title; None where the answer has none.

    Parameters
    ----------
    answer : Answer
        With a table ``frontier`` (`fair_sites`), ``draws`` (`sure_sites`) or ``phases`` (`phased_sites`), or
        with sites that name their second choices (`best_sites`).
    lang : {"th", "en"}
    height : int
        Pixels.

    Returns
    -------
    tuple of (title, HoloViews object), or None
    """
    for name, draw in (("frontier", _frontier), ("draws", _sure), ("phases", _phases)):
        table = answer.tables.get(name)
        if table is not None and len(table):
            return texts.say(f"show.picture.{name}", lang), draw(answer, lang, height)
    rows = plain_placement.replacements(answer, lang)
    return (texts.say("show.replacement.title", lang), _replacements(rows, height)) if rows else None


def view(answer: Any, lang: str | None = None, *, height: int = 300) -> Sheet:
    """The picture as a sheet of its own, which a notebook shows without internet.

    Raises
    ------
    InputError
        If the answer has no such picture.
    """
    lang = lang or texts.preferred()
    drawn = picture(answer, lang, height=height)
    if drawn is None:
        raise InputError(f"an answer of {answer.study} has no picture of its own; use answer.view()",
                         key="show.error.no_picture", study=answer.study)
    return shown(*drawn, lang, sample=answer.sample, height=height)


def shown(title: str, element: Any, lang: str, *, sample: bool = False, height: int = 300) -> Sheet:
    """A HoloViews chart with its title as a sheet of its own."""
    figure = hv.render(element, backend="bokeh")
    figure.sizing_mode = "stretch_width"
    script, place = components(figure)
    code = "".join(f"<script>{js}</script>" for js in Resources(mode="inline", components=["bokeh"]).js_raw)
    label = card.sample_html(lang) if sample else ""
    html = (f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
            f'<style>{fonts.embedded()} {PIECES.replace(":host", "body")} body {{ margin: 12px; background: #fff; }}'
            f'</style>{code}</head><body>{label}<h3 class="title">{escape(title)}</h3>{place}{script}</body></html>')
    return Sheet(html, int(figure.min_height or height) + 90)


def _frontier(answer: Any, lang: str, height: int) -> Any:
    """Newly reached people over the share of the least-served area, a point a plan."""
    table = answer.tables["frontier"]
    points = pd.DataFrame({"x": table["least_share"].astype(float), "y": table["newly_covered"].astype(float),
                           "price": [plain(v, "persons") for v in table["price"]]})
    axis = {at: words.column(name, lang, answer.study) for at, name in (("x", "least_share"), ("y", "newly_covered"))}
    tips = [(axis["x"], "@x{0.0%}"), (axis["y"], "@y{0,0}"), (words.column("price", lang, answer.study), "@price")]
    line = hv.Curve(points, kdims=["x"], vdims=["y"]).opts(color=colours.CLOSED, line_width=1.6)
    dots = hv.Scatter(points, kdims=["x"], vdims=["y", "price"]).opts(
        color=colours.SITE, size=11, line_color="#ffffff", tools=[HoverTool(tooltips=tips)])
    # The two ends are what a decision is about.
    ends = points.iloc[[0, -1]] if len(points) > 1 else points.iloc[[0]]
    marks = [hv.Labels([(x, y, texts.say(f"show.picture.{key}", lang))], kdims=["x", "y"], vdims=["text"]).opts(
        hooks=[_lettered(align)]) for x, y, key, align in zip(
            ends["x"], ends["y"], ("most", "fairest"), ("left", "right"), strict=False)]
    low, high = float(points["y"].min()), float(points["y"].max())
    room = max((high - low) * 0.25, 0.03 * max(high, 1.0))
    left, right = float(points["x"].min()), float(points["x"].max())
    side = max((right - left) * 0.18, 0.05)
    return hv.Overlay([line, dots, *marks]).opts(hv.opts.Overlay(
        responsive=True, min_height=height, xlabel=axis["x"], ylabel=axis["y"], toolbar=None, default_tools=[],
        active_tools=[], show_frame=False, xlim=(left - side, right + side), ylim=(max(0.0, low - room), high + room),
        hooks=[_dressed(share="x")]))


def _sure(answer: Any, lang: str, height: int) -> Any:
    """In how many draws each site belongs to the best plan; the plan's own sites dark."""
    sites, rivals = answer.tables["sites"], answer.tables["rivals"]
    rows = pd.concat([sites.assign(own=True), rivals.assign(own=False).head(max(3, 12 - len(sites)))])
    rows = rows.sort_values("share_chosen", ascending=False, kind="stable")
    names = _unlike([str(n) for n in rows["name"].fillna(rows.index.to_series().astype(str))])
    table = pd.DataFrame({"label": names, "share": rows["share_chosen"].to_numpy(float),
                          "colour": [colours.SITE if own else colours.CLOSED for own in rows["own"]]})[::-1]
    tips = [("", "@label"), (words.column("share_chosen", lang, answer.study), "@share{0%}")]
    return hv.Bars(table, kdims=["label"], vdims=["share", "colour"]).opts(
        invert_axes=True, responsive=True, min_height=max(height, 60 + 24 * len(table)), color="colour",
        line_color=None, xlabel="", ylabel=words.column("share_chosen", lang, answer.study), ylim=(0, 1), toolbar=None,
        default_tools=[], active_tools=[], tools=[HoverTool(tooltips=tips)], hooks=[_dressed(share="x")])


def _replacements(rows: list[tuple[str, float, str]], height: int) -> Any:
    """A bar for each site that doesn't open, and one for its second choice."""
    labels, values, own = zip(*rows, strict=True)
    table = pd.DataFrame({"label": _unlike(list(labels)), "people": values, "colour": own})[::-1]
    return hv.Bars(table, kdims=["label"], vdims=["people", "colour"]).opts(
        invert_axes=True, responsive=True, min_height=max(height, 60 + 24 * len(table)), color="colour",
        line_color=None, xlabel="", ylabel="", ylim=(0, max(1.0, 1.05 * max(values))), toolbar=None, default_tools=[],
        active_tools=[], tools=[HoverTool(tooltips=[("", "@label"), ("", "@people{0,0}")])], hooks=[_dressed()])


def _phases(answer: Any, lang: str, height: int) -> Any:
    """Newly reached people after each phase, beside the best plan of as many sites."""
    table = answer.tables["phases"]
    parts = []
    for column, key in (("newly_covered", "show.picture.nested"), ("newly_free", "show.picture.free")):
        parts.append(pd.DataFrame({"phase": [plain(n, "count") for n in table["new_sites"]],
                                   "plan": texts.say(key, lang), "people": table[column].astype(float)}))
    return hv.Bars(pd.concat(parts), kdims=["phase", "plan"], vdims=["people"]).opts(
        responsive=True, min_height=height, multi_level=False, cmap=[colours.SITE, colours.CLOSED], line_color=None,
        xlabel=words.figure("new_sites", lang, answer.study), ylabel=words.column("newly_covered", lang, answer.study),
        toolbar=None, default_tools=[], active_tools=[], legend_position="top_left",
        tools=[HoverTool(tooltips=[("", "@plan"), ("", "@people{0,0}")])], hooks=[_dressed()])


def _unlike(names: list[str]) -> list[str]:
    """Names that differ: repeated ones get a number."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def _lettered(align: str) -> Any:
    def hook(plot: Any, element: Any) -> None:
        glyph = plot.handles["glyph"]
        glyph.text_font, glyph.text_font_size = {"value": fonts.FAMILY}, {"value": "13px"}
        glyph.text_color, glyph.text_align = {"value": colours.INK}, {"value": align}
        # The curve falls to the right, so that there is room above its start and left below its end.
        offset = (-6, -13) if align == "left" else (-14, 8)
        glyph.x_offset, glyph.y_offset = {"value": offset[0]}, {"value": offset[1]}

    return hook


def _dressed(share: str = "") -> Any:
    def hook(plot: Any, element: Any) -> None:
        figure = plot.state
        for name, axes in (("x", figure.xaxis), ("y", figure.yaxis)):
            for axis in axes:
                axis.major_label_text_font = axis.axis_label_text_font = fonts.FAMILY
                axis.major_label_text_font_size = axis.axis_label_text_font_size = "12px"
                axis.major_label_text_color = axis.axis_label_text_color = colours.QUIET_INK
                axis.axis_label_text_font_style = "normal"
                axis.axis_line_color = axis.minor_tick_line_color = axis.major_tick_line_color = None
                if "Categorical" not in type(axis).__name__:
                    axis.formatter = NumeralTickFormatter(format="0%" if name == share else "0,0")
        for line in (*figure.xgrid, *figure.ygrid):
            line.grid_line_color = "#eef1f4"
        for legend in figure.legend:
            legend.label_text_font, legend.label_text_font_size = fonts.FAMILY, "13px"
            legend.border_line_color, legend.background_fill_alpha = None, 0.7
        figure.outline_line_color = None
        figure.min_border_right = 16

    return hook
