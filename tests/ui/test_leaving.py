"""A visitor who leaves is forgotten: the process holds no page that nobody looks at."""

from __future__ import annotations

from pathlib import Path

import panel as pn
import pytest

from dashboards import frame
from dashboards.desk import Desk
from dashboards.pages import routes


def _held() -> int:
    """How many listen to Panel's own state, which outlives all visitors."""
    return sum(len(found) for kinds in pn.state.param.watchers.values() for found in kinds.values())


@pytest.mark.filterwarnings("ignore")  # what Panel warns of itself is not under test
@pytest.mark.parametrize("slug", ["/", "/requests", "/coverage_gaps", "/best_sites", "/compare", "/data", "/about"])
def test_a_page_leaves_no_listener_behind(sample_store: Path, slug: str) -> None:
    desk, before = Desk(sample_store), _held()
    frame.build(desk, routes()[slug])
    assert _held() == before
