"""A visitor who leaves is forgotten: the process holds no page that nobody looks at."""

from __future__ import annotations

import panel as pn

from dashboards import frame
from jitasa_analytics.show import colours


def _held() -> int:
    """How many listen to Panel's own state, which outlives all visitors."""
    return sum(len(found) for kinds in pn.state.param.watchers.values() for found in kinds.values())


def test_a_page_leaves_no_listener_behind() -> None:
    before = _held()
    pages = [frame.shell("th", colours.ground(dark), "จิตอาสา") for dark in (False, True)]
    assert _held() == before
    assert not any(page.busy for page in pages)
