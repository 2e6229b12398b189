"""The pages: each lays itself out once and binds its pieces to the scope."""

from __future__ import annotations

from functools import lru_cache

from dashboards.pages.about import About
from dashboards.pages.audit import AuditPage
from dashboards.pages.base import Page
from dashboards.pages.compare import Compare
from dashboards.pages.coordination import Coordination
from dashboards.pages.data import Data
from dashboards.pages.facilities import Facilities
from dashboards.pages.overview import Overview
from dashboards.pages.plans import page_for
from dashboards.pages.requests import Requests
from jitasa_analytics import studies

__all__ = ["GROUPS", "Page", "routes"]

# The groups of the navigation, from what is known to what can be done about it.
GROUPS = ("situation", "access", "plan", "analysis", "data")

_FIRST: tuple[type[Page], ...] = (Overview, Coordination, Requests, Compare)
_LAST: tuple[type[Page], ...] = (Facilities, Data, AuditPage, About)
# Built-in studies in the order of a planner's questions; those of other packages follow by name.
_ORDER = ("vaccination", "reopening", "responses", "hotspots", "coverage_gaps", "access", "volunteer_ratio", "equity",
          "adoption", "best_sites", "enough_sites", "fair_sites", "phased_sites", "sure_sites", "matching", "beds",
          "transport", "supplies", "data_quality", "readiness")


@lru_cache(maxsize=1)
def routes() -> dict[str, type[Page]]:
    """Every page by its address: the fixed ones, then one for each installed study."""
    known = studies.known()
    names = [n for n in _ORDER if n in known] + [n for n in known if n not in _ORDER]
    pages: list[type[Page]] = [*_FIRST, *(page_for(known[n]) for n in names), *_LAST]
    return {f"/{page.slug}": page for page in pages}
