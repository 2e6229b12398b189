"""Two things at once: a search that goes on here while something is proven over there."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")


_ASKED = 0.25  # seconds between two questions to whoever listens, while one thread waits for the other


def beside(here: Callable[[], object], there: Callable[[], T], ask: Callable[[], object] = lambda: None) -> T:
    """Do one thing in this thread and the other in a second one; what the second one gives.

    Neither may look at what the other one does before both have ended, so that the answer doesn't
    depend on which is faster. Whoever is told of progress is called from this thread, by ``ask`` also
    while it waits.
    """
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(there)
        here()
        while not wait([waiting], _ASKED).done:
            ask()
        return waiting.result()


def all_of(calls: Sequence[Callable[[], T]], workers: int) -> list[T]:
    """Results of independent calls, so many at a time as asked for and as there are processors."""
    workers = min(workers, len(calls), os.cpu_count() or 1)
    if workers < 2:
        return [call() for call in calls]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda call: call(), calls))
