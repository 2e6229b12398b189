"""What a person sees when something goes wrong: what happened, what to do, and an id that is in the log."""

from __future__ import annotations

import logging
import secrets
from collections import deque
from datetime import UTC, datetime
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from dashboards import scope
from jitasa_analytics import texts
from jitasa_analytics.errors import (
    InfeasibleError,
    InputError,
    JitasaError,
    NoDataError,
    OutOfTimeError,
    StoreError,
    UnknownError,
)
from jitasa_analytics.show import card

LOG = logging.getLogger("jitasa.dashboard")

# The last failures of whole pages in this process: time and sentence.
_FAILED: deque[str] = deque(maxlen=20)
_COUNT = {"pages": 0, "built": 0, "last": 1}


def record(error: BaseException) -> str:
    """Write an error to the log under a new id.

    Returns
    -------
    str
        The id, for the person to quote.
    """
    name = f"{datetime.now(UTC):%H%M%S}-{secrets.token_hex(2)}"
    if isinstance(error, JitasaError):
        LOG.warning("problem %s: %s", name, error)
    else:
        LOG.error("problem %s", name, exc_info=error)
    return name


def count() -> int:
    """How many whole pages could not be built in this process."""
    return _COUNT["pages"]


def built() -> None:
    """Note that a whole page was built."""
    _COUNT["built"] += 1
    _COUNT["last"] = 1


def pages() -> dict[str, Any]:
    """How many pages this process built and could not build, and whether the last one could be."""
    return {"built": _COUNT["built"], "failed": _COUNT["pages"], "last_built": bool(_COUNT["last"])}


def last() -> str:
    """The sentence of the last page that could not be built."""
    return _FAILED[-1] if _FAILED else ""


def notice(error: BaseException, lang: str) -> Any:
    """An error as a card inside a page: missing data is said quietly, a fault with an id."""
    name = record(error)
    if isinstance(error, NoDataError):
        return _card("info", texts.say("dashboard.problem.no_data", lang), texts.of_error(error, lang), "")
    if isinstance(error, UnknownError):
        return _card("warning", texts.say("dashboard.problem.unknown", lang), texts.of_error(error, lang), "")
    if isinstance(error, (InfeasibleError, InputError, OutOfTimeError)) and str(error.key).startswith("wish."):
        return _card("warning", texts.say("search.no_answer", lang), texts.of_error(error, lang), "")
    told = texts.of_error(error, lang) if isinstance(error, JitasaError) else texts.say("dashboard.problem.fault", lang)
    key = "dashboard.problem.store" if isinstance(error, StoreError) else "dashboard.problem.title"
    return _card("error", texts.say(key, lang), told, texts.say("dashboard.problem.id", lang, id=name))


def _card(severity: str, title: str, told: str, foot: str) -> Any:
    body = f"<p style='margin:0'>{escape(told)}</p>" + (f"<p style='margin:6px 0 0'><small>{escape(foot)}</small></p>"
                                                        if foot else "")
    return pmui.Alert(object=body, title=title, severity=severity, closeable=False, sizing_mode="stretch_width",
                      css_classes=["problem"])


def broke(error: BaseException) -> None:
    """Note that a page has no content because of an error."""
    _COUNT["pages"] += 1
    _COUNT["last"] = 0
    _FAILED.append(str(error))


def whole_page(error: BaseException) -> Any:
    """The page in the place of one that could not be built."""
    broke(error)
    lang = scope.language(asked())
    again = f"<p><a href=''>{escape(texts.say('dashboard.problem.again', lang))}</a> · " \
            f"<a href='./'>{escape(texts.say('dashboard.problem.home', lang))}</a></p>"
    return pmui.Page(title=texts.say("dashboard.brand", lang), theme_toggle=False,  # type: ignore[attr-defined]
                     main=[pn.Column(notice(error, lang), card.piece(again), sizing_mode="stretch_width",
                                     max_width=720, margin=24)])


def asked() -> dict[str, str]:
    """What the query of the visitor's address says."""
    return {name: values[0].decode("utf-8", "replace") for name, values in pn.state.session_args.items() if values}
