"""Where sites go: the problem is a value, the answer is a value, the bound travels with it."""

from __future__ import annotations

from jitasa_analytics.analysis.placement.maximal_cover import max_cover
from jitasa_analytics.analysis.placement.result import Placement

__all__ = ["Placement", "max_cover"]
