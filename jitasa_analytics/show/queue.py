"""The queue and the proposal on the dashboard: lists that the browser draws and that only tell what was chosen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import panel as pn
import param

from jitasa_analytics.show import fonts
from jitasa_analytics.show.style import ACCENT, INK, LINE, LIT, PAPER, QUIET, SOFT, colour

_QUEUE = f"""
:host {{ font-family: {fonts.STACK}; color: {INK}; display: block; }}
.queue {{ list-style: none; margin: 0; padding: 0; max-height: var(--queue-height, 520px); overflow-y: auto;
  position: relative; border-top: 1px solid {LINE}; }}
.queue button {{ display: grid; grid-template-columns: 20px minmax(0, 1fr) auto; gap: 8px; align-items: start;
  width: 100%; padding: 7px 6px; border: 0; border-bottom: 1px solid {LINE}; background: none; color: inherit;
  font: inherit; text-align: left; cursor: pointer; }}
.queue button:hover {{ background: {SOFT}; }}
.queue button[aria-current=true] {{ background: {LIT}; box-shadow: inset 3px 0 {ACCENT}; }}
.queue button:focus-visible {{ outline: 2px solid {ACCENT}; outline-offset: -2px; }}
.queue .mark svg {{ width: 17px; height: 17px; display: block; margin-top: 2px; }}
.queue b {{ display: block; font-size: 13.5px; font-weight: 600; line-height: 1.4; }}
.queue small {{ display: block; font-size: 12px; color: {QUIET}; line-height: 1.4; }}
.queue .wait {{ font-size: 12px; color: {QUIET}; white-space: nowrap; line-height: 1.5; text-align: right; }}
.queue .wait.late {{ color: {colour("bad")}; font-weight: 600; }}
"""
_PROPOSAL = f"""
:host {{ font-family: {fonts.STACK}; color: {INK}; display: block; }}
.proposal {{ max-height: 420px; overflow-y: auto; border: 1px solid {LINE}; border-radius: 8px; }}
.line {{ display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 400px); gap: 6px 14px; align-items: center;
  padding: 6px 10px; border-bottom: 1px solid {LINE}; }}
.line:last-child {{ border-bottom: 0; }}
.line label {{ display: flex; gap: 10px; align-items: start; cursor: pointer; }}
.line input {{ width: 18px; height: 18px; margin: 2px 0 0; accent-color: {ACCENT}; flex: none; }}
.line b {{ display: block; font-size: 13.5px; line-height: 1.4; }}
.line small {{ display: block; font-size: 12px; color: {QUIET}; line-height: 1.4; }}
.line select {{ font: inherit; font-size: 13.5px; width: 100%; padding: 5px 8px; color: {INK}; background: {PAPER};
  border: 1px solid {LINE}; border-radius: 8px; }}
.line select:disabled {{ opacity: .5; }}
input:focus-visible, select:focus-visible {{ outline: 2px solid {ACCENT}; outline-offset: 1px; }}
@media (max-width: 600px) {{ .line {{ grid-template-columns: minmax(0, 1fr); }} }}
"""


class _Told(pn.custom.JSComponent):
    """A piece of the browser that tells what was chosen."""

    __abstract = True

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.heard: Callable[[dict[str, Any]], None] = lambda _: None

    def _handle_msg(self, data: Any) -> None:
        self.heard(data)


class QueueList(_Told):
    """A queue: see ``queue.js``; tells ``{"id": …}``."""

    items = param.List(default=[], doc="id, state, title, sub, wait, tone ('' or 'late'), in their order.")
    chosen = param.String(default="", doc="The id of the one that is looked at.")
    marks = param.Dict(default={}, doc="A picture (SVG) for each state.")
    label = param.String(default="", doc="What the list is, for screen readers.")

    _esm = Path(__file__).with_name("queue.js").read_text("utf-8")
    _stylesheets = [_QUEUE]


class ProposalList(_Told):
    """The lines of a proposal: see ``proposal.js``; tells ``{"id": …, "volunteer": … or ""}``."""

    lines = param.List(default=[], doc="id, title, sub, options (value and text), chosen ('': left out).")
    label = param.String(default="", doc="What is chosen in each line, for screen readers.")

    _esm = Path(__file__).with_name("proposal.js").read_text("utf-8")
    _stylesheets = [_PROPOSAL]
