"""A search that takes a while: it runs beside the page, says how far it is, and can be stopped."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from html import escape
from typing import Any

from dashboards.desk import Desk
from jitasa_analytics import texts
from jitasa_analytics.show import numbers
from jitasa_analytics.studies import Answer
from jitasa_analytics.studies.progress import Step

# Seconds between two looks at a search.
_LOOK = 0.3


class Search:
    """One question to a study while it is worked on.

    Attributes
    ----------
    last : Step or None
        What was heard last; None before the search has begun.
    """

    def __init__(self) -> None:
        self.last: Step | None = None
        self.began = time.monotonic()
        self._stopped = threading.Event()

    def hear(self, step: Step) -> bool:
        """Take a step of the search; False ends it."""
        self.last = step
        return not self._stopped.is_set()

    def stop(self) -> None:
        """End the search: it gives the best plan that it has."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        """Whether it was told to end."""
        return self._stopped.is_set()

    async def run(self, desk: Desk, study: str, area: str, values: dict[str, Any], look: Callable[[], None]) -> Answer:
        """The answer; ``look`` is called now and then while it is worked on."""
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(desk.slow, lambda: desk.search(study, area, self.hear, **values))
        while not (await asyncio.wait([work], timeout=_LOOK))[0]:
            look()
        return work.result()

    def told(self, lang: str, unit: str, limit: float) -> str:
        """Where the search is, as HTML: the best so far against the proven limit, and the time."""
        step, seconds = self.last, time.monotonic() - self.began
        low, high = (None, None) if step is None else (step.incumbent, step.bound)
        amounts = {"incumbent": numbers.amount(low, unit, lang), "bound": numbers.amount(high, unit, lang)} \
            if step is not None else {}
        if step is None:
            key, share = "begins", None
        elif step.done is not None:
            key, share = ("parts" if step.of else "plans"), (step.done / step.of if step.of else None)
            amounts = {"done": numbers.number(step.done), "of": numbers.number(step.of or 0)}
        elif low is not None and high is not None:
            key, share = "both", min(low, high) / max(low, high) if max(low, high) else 1.0
        elif high is not None:
            key, share = "bound", None
        else:
            key, share = ("best", None) if low is not None else ("begins", None)
        head = texts.say("search.stopping" if self.stopped else f"search.{key}", lang, **amounts)
        time_left = texts.say("search.time", lang, seconds=f"{seconds:.0f}", limit=f"{limit:g}")
        return (f'<div class="card search"><b>{escape(head)}</b>{_bar(share, lang)}'
                f"<small>{escape(time_left)}</small></div>")


def _bar(share: float | None, lang: str) -> str:
    """A bar that is full when the best plan is proven; it only moves while nothing is known."""
    label = escape(texts.say("search.bar", lang), quote=True)
    if share is None:
        return f'<div class="track" role="progressbar" aria-label="{label}"><i class="waits"></i></div>'
    done = round(100 * share)
    return (f'<div class="track" role="progressbar" aria-label="{label}" aria-valuenow="{done}" aria-valuemin="0" '
            f'aria-valuemax="100"><i style="width:{done}%"></i></div>')
