"""The pages: each lays itself out once and binds its pieces to the scope."""

from __future__ import annotations

from dashboards.pages.base import Page
from dashboards.pages.overview import Overview

__all__ = ["Page", "routes"]

_FIRST: tuple[type[Page], ...] = (Overview,)


def routes() -> dict[str, type[Page]]:
    """Every page by its address: the fixed ones, then one for each installed study."""
    return {f"/{page.slug}": page for page in _FIRST}
