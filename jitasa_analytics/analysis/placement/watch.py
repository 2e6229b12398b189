"""The clock of a search: what was found and proven when, when to stop, and whom to tell."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from jitasa_analytics.analysis.placement.jit import preparing
from jitasa_analytics.analysis.placement.result import SAME, relative_gap

Progress = Callable[[float, float, float], object]
"""Called with seconds, incumbent and bound whenever one gets better, and now and then; False stops the search."""

# Seconds after which whoever listens is asked again, so that a search can be stopped while nothing changes.
_PATIENCE = 0.25

_MOST_WORK = 600.0


@dataclass(eq=False)
class Watch:
    """Keeps the best value and the tightest bound, and says when it is enough.

    Attributes
    ----------
    sense : int
        1 where more is better, -1 where less is.
    gap, time_limit : float
        Relative gap that is good enough; seconds, without those that compiling takes once on a machine.
    progress : callable, optional
    value, bound : float
        The worst there are until something is known.
    history : list of (seconds, value, bound)
    cancelled : bool
        Whether ``progress`` asked to stop.
    asked : float
        When whoever listens was last asked.
    """

    sense: int
    gap: float
    time_limit: float
    progress: Progress | None = None
    value: float = math.nan
    bound: float = math.nan
    history: list[tuple[float, float, float]] = field(default_factory=list)
    cancelled: bool = False
    asked: float = 0.0
    began: float = field(default_factory=lambda: time.perf_counter() - preparing())

    def __post_init__(self) -> None:
        self.value, self.bound = -self.sense * math.inf, self.sense * math.inf

    def spent(self) -> float:
        """Seconds so far."""
        return max(0.0, time.perf_counter() - preparing() - self.began)

    def left(self) -> float:
        """Seconds that are left; 0 once cancelled."""
        if self.progress is not None and not self.cancelled and self.spent() - self.asked > _PATIENCE:
            self._ask(self.value)
        return 0.0 if self.cancelled else max(0.0, self.time_limit - self.spent())

    @property
    def work(self) -> float:
        """What searches share out among their parts: seconds of a usual processor, counted in rounds.

        A share of the clock would give another plan on a busy machine; only the end is the clock's.
        """
        return min(self.time_limit, _MOST_WORK)

    def better(self, value: float) -> bool:
        """Whether a value beats the incumbent."""
        return self.sense * (value - self.value) > 0

    def tell(self, value: float | None = None, bound: float | None = None) -> None:
        """Take over what is better than what was known, and pass it on."""
        old = (self.value, self.bound)
        if value is not None and self.better(value):
            self.value = value
        if bound is not None and self.sense * (self.bound - bound) > 0:
            self.bound = bound
        if math.isfinite(self.value) and self.sense * (self.value - self.bound) > 0:
            # Outward rounding and the solver's tolerance may cross by a last digit.
            self.bound = self.value
        if (self.value, self.bound) == old and self.history:
            return
        self.history.append((self.spent(), self.value, self.bound))
        self._ask(self.value)

    def look(self, value: float) -> None:
        """Pass on what a solver believes to have found, until it is recomputed and told."""
        if math.isfinite(value) and self.better(value):
            self._ask(value)

    def _ask(self, value: float) -> None:
        self.asked = self.spent()
        if self.progress is not None and self.progress(self.asked, value, self.bound) is False:
            self.cancelled = True

    def enough(self) -> bool:
        """Whether the gap that was asked for is proven."""
        if not (math.isfinite(self.value) and math.isfinite(self.bound)):
            return False
        return relative_gap(self.value, self.bound) <= max(self.gap, SAME / 10)

    def over(self) -> bool:
        """Whether to stop: good enough, out of time, or cancelled."""
        return self.left() <= 0.0 or self.enough()
