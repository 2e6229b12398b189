"""What part of the world a map shows: its bounds, undistorted, and the neighbours around."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cartopy.crs as ccrs
import geopandas as gpd
import geoviews as gv
from bokeh.models import CustomJS

from jitasa_analytics.show import colours

_CRS = ccrs.GOOGLE_MERCATOR
_MARGIN = 0.04


def context(shapes: gpd.GeoDataFrame, bounds: tuple[float, float, float, float]) -> Any:
    """Neighbouring areas in view, without a voice of their own."""
    west, south, east, north = bounds
    wide, high = (east - west) * 1.5, (north - south) * 1.5
    near = shapes.cx[west - wide : east + wide, south - high : north + high]
    return gv.Polygons(near[["geometry"]], vdims=[], crs=_CRS).opts(
        projection=_CRS, color=colours.CONTEXT_FILL, line_color=colours.CONTEXT_LINE, line_width=0.6,
        show_legend=False)


def padded(shapes: gpd.GeoDataFrame) -> tuple[float, float, float, float]:
    """West, south, east, north of the shapes with a margin, metres."""
    west, south, east, north = (float(v) for v in shapes.total_bounds)
    wide, high = max(east - west, 2000.0) * _MARGIN, max(north - south, 2000.0) * _MARGIN
    return west - wide, south - high, east + wide, north + high


# Keeps one metre as long in both directions, whatever the shape of the frame, with the bounds in view.
_FIT = """
const w = figure.inner_width, h = figure.inner_height
if (!(w > 1 && h > 1)) { return }
const [west, south, east, north] = bounds
const metres = Math.max((east - west) / w, (north - south) / h)
const x = (west + east) / 2, y = (south + north) / 2
const ranges = [[figure.x_range, x - metres * w / 2, x + metres * w / 2],
                [figure.y_range, y - metres * h / 2, y + metres * h / 2]]
for (const [range, start, end] of ranges) {
  range.setv({reset_start: start, reset_end: end})
  range.setv({start: start, end: end})
}
"""


def frame_on(bounds: tuple[float, float, float, float]) -> Callable[[Any, Any], None]:
    """A hook that shows the whole of the bounds without distortion."""
    west, south, east, north = bounds

    def hook(plot: Any, element: Any) -> None:
        figure = plot.state
        figure.x_range.update(start=west, end=east)
        figure.y_range.update(start=south, end=north)
        figure.min_border = figure.min_border_left = figure.min_border_right = 0
        figure.min_border_top = figure.min_border_bottom = 0
        figure.outline_line_color = None
        figure.toolbar.logo = None
        figure.toolbar.autohide = True
        fit = CustomJS(args={"figure": figure, "bounds": list(bounds)}, code=_FIT)
        figure.js_on_change("inner_width", fit)
        figure.js_on_change("inner_height", fit)

    return hook
