"""The map of areas: polygons drawn once, then only their colours change.

Shapes are projected beforehand and drawn by GeoViews; afterwards a change of the measure sends
one class number and one text for each area to the browser, never a polygon. Boundaries are the
basemap: there are no tiles and no request to anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import cartopy.crs as ccrs
import geopandas as gpd
import geoviews as gv
import geoviews.plotting.bokeh
import holoviews as hv
import holoviews.plotting.bokeh
import pandas as pd
import panel as pn
from bokeh.models import HoverTool, LinearColorMapper

from jitasa_analytics.geo import WEB_MERCATOR
from jitasa_analytics.show import colours, extent
from jitasa_analytics.show.paint import Paint, Points

__all__ = ["AreaMap", "Paint", "Points"]

# Not hv.extension: in a notebook that would load scripts from other hosts.
hv.Store.set_current_backend("bokeh")

_CRS = ccrs.GOOGLE_MERCATOR
# From so many areas on, outlines as wide as usual would cover the small ones.
_MANY = 300


@dataclass
class _Drawn:
    """The live parts of one rendering."""

    areas: list[Any] = field(default_factory=list)
    mappers: list[LinearColorMapper] = field(default_factory=list)
    points: dict[str, list[Any]] = field(default_factory=dict)


class AreaMap:
    """A map whose polygons are drawn once and then repainted.

    Parameters
    ----------
    height : int
        Smallest height in pixels; the width follows the page.
    on_choose : callable, optional
        Called with the code of the area that was clicked, or ``""``.
    on_open : callable, optional
        Called with the code of an area that was double-clicked.
    """

    def __init__(self, *, height: int = 480, on_choose: Callable[[str], None] | None = None,
                 on_open: Callable[[str], None] | None = None) -> None:
        self.pane = pn.pane.HoloViews(sizing_mode="stretch_width", min_height=height, height=height, linked_axes=False,
                                       css_classes=["map-pane"])
        self.height = height
        self.codes = pd.Index([], dtype=str)
        self._on_choose, self._on_open = on_choose, on_open
        self._drawn = _Drawn()
        self._chosen = ""
        self._shapes: gpd.GeoDataFrame | None = None

    # -- drawing ---------------------------------------------------------------------------

    def draw(self, shapes: gpd.GeoDataFrame, paint: Paint, *, context: gpd.GeoDataFrame | None = None,
             layers: Sequence[Points] = ()) -> None:
        """Draw other areas; call it when the areas change, not when their values do.

        Parameters
        ----------
        shapes : GeoDataFrame, EPSG:3857, on area codes
            Column ``name``.
        paint : Paint
        context : GeoDataFrame, EPSG:3857
            Neighbours, drawn quietly below.
        layers : sequence of Points
        """
        self.codes = pd.Index(shapes.index.astype(str))
        self._shapes, self._paint = shapes, paint
        self._drawn = _Drawn()
        self._chosen = ""
        bounds = extent.padded(shapes)
        parts: list[Any] = []
        if context is not None and len(context):
            parts.append(extent.context(context, bounds))
        parts.append(self._polygons(shapes, paint))
        parts.extend(self._point_layer(layer) for layer in layers)
        overlay = hv.Overlay(parts).opts(
            hv.opts.Overlay(responsive=True, min_height=self.height, xaxis=None, yaxis=None, show_legend=False,
                            toolbar="right", active_tools=["wheel_zoom"], bgcolor=colours.SEA, show_frame=False,
                            hooks=[extent.frame_on(bounds)]))
        self.pane.object = overlay

    def clear(self) -> None:
        """Show no map."""
        self.codes = pd.Index([], dtype=str)
        self._shapes, self._drawn, self._chosen = None, _Drawn(), ""
        self.pane.object = None

    def _polygons(self, shapes: gpd.GeoDataFrame, paint: Paint) -> Any:
        table = gpd.GeoDataFrame({"name": shapes["name"].astype(str).to_numpy(), **paint.columns(self.codes)},
                                 geometry=shapes.geometry.to_numpy(), crs=WEB_MERCATOR)
        thin = 0.7 if len(table) < _MANY else 0.25
        element = gv.Polygons(table, vdims=["name", "words", "klass", "hatch"], crs=_CRS)
        return element.opts(
            projection=_CRS, color="#cccccc", line_color=colours.OUTLINE, line_width=thin, hooks=[self._take_polygons],
            tools=["tap"], colorbar=False, show_legend=False)

    def _take_polygons(self, plot: Any, element: Any) -> None:
        """Keep the source and dress the glyph when the polygons are rendered."""
        source, renderer = plot.handles["source"], plot.handles["glyph_renderer"]
        glyph = renderer.glyph
        mapper = LinearColorMapper(**self._paint.palette)
        glyph.fill_color = {"field": "klass", "transform": mapper}
        glyph.hatch_pattern = {"field": "hatch"}
        glyph.hatch_color, glyph.hatch_alpha, glyph.hatch_scale = "#aab1b9", 0.8, 6
        chosen = glyph.clone()
        chosen.line_color, chosen.line_width = colours.CHOSEN, 3
        renderer.selection_glyph, renderer.nonselection_glyph = chosen, None
        renderer.hover_glyph = None
        self._drawn.areas.append(source)
        self._drawn.mappers.append(mapper)
        names = [] if self._shapes is None else self._shapes["name"].astype(str).tolist()
        source.data.update({"name": names, **self._paint.columns(self.codes)})
        if self._chosen:
            source.selected.indices = self._indices(self._chosen)
        if self._on_choose is not None:
            source.selected.on_change("indices", self._was_chosen)
        if self._on_open is not None:
            plot.state.on_event("doubletap", self._was_opened)
        plot.state.add_tools(HoverTool(renderers=[renderer], tooltips=_TOOLTIP, point_policy="follow_mouse"))

    def _point_layer(self, layer: Points) -> Any:
        element = gv.Points(pd.DataFrame(layer.columns()), kdims=["x", "y"], vdims=["words"], crs=_CRS)
        kept = layer

        def take(plot: Any, element: Any) -> None:
            source, renderer = plot.handles["source"], plot.handles["glyph_renderer"]
            renderer.nonselection_glyph = None
            source.data.update(kept.columns())
            self._drawn.points.setdefault(kept.name, []).append(source)
            plot.state.add_tools(HoverTool(renderers=[renderer], tooltips=_POINT_TOOLTIP))

        return element.opts(projection=_CRS, color=layer.colour, marker=layer.marker, size=layer.size,
                            line_color=layer.line, line_width=layer.line_width,
                            line_alpha=layer.alpha, alpha=layer.alpha, hooks=[take])

    # -- changing what is drawn ------------------------------------------------------------

    def paint(self, paint: Paint) -> None:
        """Give the drawn areas other values: only classes and words travel."""
        self._paint = paint
        columns = paint.columns(self.codes)
        drawn = self._drawn

        def work() -> None:
            for mapper in drawn.mappers:
                mapper.update(**paint.palette)
            for source in drawn.areas:
                source.data.update(columns)

        self._locked(work)

    def place(self, layer: Points) -> None:
        """Give a layer of points other points."""
        columns = layer.columns()
        sources = self._drawn.points.get(layer.name, [])

        def work() -> None:
            for source in sources:
                source.data.update(columns)

        self._locked(work)

    def choose(self, code: str) -> None:
        """Outline an area; an empty code outlines none."""
        self._chosen = code
        indices = self._indices(code)
        sources = self._drawn.areas

        def work() -> None:
            for source in sources:
                if list(source.selected.indices) != indices:
                    source.selected.indices = indices

        self._locked(work)

    def _locked(self, work: Callable[[], None]) -> None:
        """Change the drawing: under the document's lock where a server holds the document."""
        documents = {source.document for source in self._drawn.areas} - {None}
        document = documents.pop() if documents else None
        if document is None or document.session_context is None:
            work()
        else:
            document.add_next_tick_callback(work)

    # -- what the reader did ---------------------------------------------------------------

    def _indices(self, code: str) -> list[int]:
        return [list(self.codes).index(code)] if code in self.codes else []

    def _was_chosen(self, attr: str, old: list[int], new: list[int]) -> None:
        code = str(self.codes[new[0]]) if new else ""
        if code != self._chosen:
            self._chosen = code
            if self._on_choose is not None:
                self._on_choose(code)

    def _was_opened(self, event: Any) -> None:
        if self._shapes is None or self._on_open is None:
            return
        hits = self._shapes.sindex.query(gpd.points_from_xy([event.x], [event.y])[0], predicate="intersects")
        if len(hits):
            self._on_open(str(self.codes[int(hits[0])]))


_TOOLTIP = """<div style="font-family: Sarabun, sans-serif; font-size: 14px; padding: 2px 4px">
<b>@name</b><br>@words</div>"""
_POINT_TOOLTIP = """<div style="font-family: Sarabun, sans-serif; font-size: 13px; padding: 2px 4px;
max-width: 260px">@words{safe}</div>"""
