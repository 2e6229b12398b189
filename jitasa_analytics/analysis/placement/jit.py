"""Loops that numpy can't say, compiled at their first call."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

_spent = [0.0]


def preparing() -> float:
    """Seconds that this process has spent on loading the compiler and on compiling."""
    return _spent[0]


def compiled(function: F) -> F:
    """Compile at the first call and keep the machine code on disk.

    The compiler takes half a second to import, which nobody should pay who only imports the
    package. A compiled function may not call another one, since it would see this wrapper.
    """
    fast: list[Callable[..., Any]] = []

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        if not fast:
            began = time.perf_counter()
            numba = _compiler()
            _spent[0] += time.perf_counter() - began
            try:
                fast.append(numba.njit(cache=True, nogil=True)(function))
            except RuntimeError:
                # Neither the package's folder nor the user's cache can be written: compile each time.
                fast.append(numba.njit(nogil=True)(function))
        return fast[0](*arguments)

    return cast(F, call)


@functools.cache
def _compiler() -> Any:
    """The compiler, which from now on reports the time that it takes."""
    import numba
    from numba.core import event

    class Clock(event.Listener):
        """Adds up the time of the outermost compilations."""

        depth, began = 0, 0.0

        def on_start(self, event: Any) -> None:
            if self.depth == 0:
                self.began = time.perf_counter()
            self.depth += 1

        def on_end(self, event: Any) -> None:
            self.depth -= 1
            if self.depth == 0:
                _spent[0] += time.perf_counter() - self.began

    event.register("numba:compile", Clock())  # type: ignore[no-untyped-call]
    return numba
