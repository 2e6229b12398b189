"""Many points as a picture: how many lie where, drawn by Datashader on the server in a few milliseconds."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pandas as pd

from jitasa_analytics.geo import to_web_mercator

# From so many points in view on, single ones would cover each other.
MANY = 3000
WIDTH, HEIGHT = 900, 640


def picture(lon: Any, lat: Any, bounds: tuple[float, float, float, float], colours: tuple[str, ...]) -> dict[str, Any]:
    """Points as a picture for the map: the more points, the further along the colours, evened out by rank.

    Parameters
    ----------
    lon, lat : array-like, shape (n,), degrees
    bounds : tuple of float
        West, south, east, north of the picture, metres (EPSG:3857).
    colours : tuple of str
        From few to many.

    Returns
    -------
    dict
        ``url`` (a data address) and ``bounds``, as the dashboard's map takes them.
    """
    # Loaded with the first picture: it takes longer than all that most pages need.
    import datashader as ds
    import datashader.transfer_functions as tf

    west, south, east, north = bounds
    x, y = to_web_mercator(np.asarray(lon, float), np.asarray(lat, float))
    canvas = ds.Canvas(plot_width=WIDTH, plot_height=HEIGHT, x_range=(west, east), y_range=(south, north))
    counted = canvas.points(pd.DataFrame({"x": x, "y": y}), "x", "y", ds.count())
    # A single dot of one pixel is lost on a projector: what lies beside it is counted with it, then coloured.
    dots = tf.shade(tf.spread(counted, px=1), cmap=list(colours), how="eq_hist")
    shaded = tf.dynspread(dots, threshold=0.6, max_px=3)
    out = io.BytesIO()
    shaded.to_pil().save(out, "PNG", compress_level=3)
    return {"url": "data:image/png;base64," + base64.b64encode(out.getvalue()).decode("ascii"), "bounds": list(bounds)}


def inside(lon: Any, lat: Any, bounds: tuple[float, float, float, float]) -> Any:
    """Which points (degrees) lie in the bounds (metres): a boolean array, shape (n,)."""
    x, y = to_web_mercator(np.asarray(lon, float), np.asarray(lat, float))
    west, south, east, north = bounds
    return (x >= west) & (x <= east) & (y >= south) & (y <= north)


def count(rows: pd.DataFrame, bounds: tuple[float, float, float, float]) -> int:
    """How many points (columns lon, lat) lie in the bounds."""
    return int(inside(rows["lon"], rows["lat"], bounds).sum())


def few(rows: pd.DataFrame, bounds: tuple[float, float, float, float]) -> bool:
    """Whether so few points lie in the bounds that each can be drawn."""
    return count(rows, bounds) <= MANY
