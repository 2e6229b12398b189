"""The analyses: pure functions from frames and arrays to values.

Nothing here reads a store, draws a screen or writes a file. Each module is a namespace:
``access.two_step(...)``, ``placement.max_cover(...)``.
"""

from __future__ import annotations

from jitasa_analytics.analysis import (
    access,
    allocate,
    coverage,
    decay,
    equity,
    hotspots,
    matching,
    placement,
    rates,
    responses,
    travel,
    trends,
)

__all__ = [
    "access", "allocate", "coverage", "decay", "equity", "hotspots", "matching", "placement", "rates", "responses",
    "travel", "trends",
]
