"""Where sites go: the problem is a value, the answer is a value, the bound travels with it."""

from __future__ import annotations

from jitasa_analytics.analysis.placement.blockage import Blockage, why_infeasible
from jitasa_analytics.analysis.placement.centers import p_center
from jitasa_analytics.analysis.placement.covering_all import set_cover
from jitasa_analytics.analysis.placement.limits import Limits
from jitasa_analytics.analysis.placement.maximal_cover import max_cover
from jitasa_analytics.analysis.placement.meaning import Phases, explain, plan
from jitasa_analytics.analysis.placement.medians import p_median
from jitasa_analytics.analysis.placement.result import Placement
from jitasa_analytics.analysis.placement.tradeoff import Frontier, frontier
from jitasa_analytics.analysis.placement.uncertain import Robust, robust

__all__ = [
    "Blockage", "Frontier", "Limits", "Phases", "Placement", "Robust", "explain", "frontier", "max_cover", "p_center",
    "p_median", "plan", "robust", "set_cover", "why_infeasible",
]
