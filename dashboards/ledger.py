"""Whatever leaves the dashboard passes here: the right is asked for, and the log has it before the reader does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import panel as pn

from dashboards.desk import Desk
from jitasa_analytics.service.roles import NotAllowedError

# Who sits before which page: a page's document lives as long as its window.
_SEATS: WeakKeyDictionary[Any, tuple[Desk, str]] = WeakKeyDictionary()


def seat(desk: Desk, page: str) -> None:
    """Remember whose page the one is that is being built."""
    if pn.state.curdoc is not None:
        _SEATS[pn.state.curdoc] = (desk, page)


def handed_out(name: str, content: Callable[[], Any]) -> Callable[[], Any]:
    """What makes a file, so that it is handed out to the entitled only and written to the log.

    Raises
    ------
    NotAllowedError
        When it is called for a page of nobody, or of somebody who may not take files away.
    """

    def make() -> Any:
        document = pn.state.curdoc
        if document is None or document.session_context is None:
            return content()  # no browser is there to take it
        if document not in _SEATS:
            raise NotAllowedError("nobody sits before this page", key="service.denied.ended")
        desk, page = _SEATS[document]
        desk.user.require("export")
        made = content()
        size = len(made.getvalue()) if hasattr(made, "getvalue") else 0
        desk.note("export", file=name, page=page or "overview", bytes=size, version=desk.manifest().version)
        return made

    return make
