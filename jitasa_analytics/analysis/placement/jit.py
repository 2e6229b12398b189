"""Loops that numpy can't say, compiled at their first call."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile at the first call and keep the machine code on disk.

    The compiler takes half a second to import, which nobody should pay who only imports the
    package. A compiled function may not call another one, since it would see this wrapper.
    """
    fast: list[Callable[..., Any]] = []

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        if not fast:
            import numba

            try:
                fast.append(numba.njit(cache=True, nogil=True)(function))
            except RuntimeError:
                # Neither the package's folder nor the user's cache can be written: compile each time.
                fast.append(numba.njit(nogil=True)(function))
        return fast[0](*arguments)

    return cast(F, call)
