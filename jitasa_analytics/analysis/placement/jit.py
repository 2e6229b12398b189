"""Loops that numpy can't say, compiled at their first call."""

from __future__ import annotations

import functools
import hashlib
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

_spent = [0.0]
_lock = threading.Lock()
_parts: dict[Callable[..., Any], bool] = {}  # and whether the compiler knows them


def preparing() -> float:
    """Seconds that this process has spent on loading the compiler and on compiling."""
    return _spent[0]


def compiled(function: F) -> F:
    """Compile at the first call and keep the machine code on disk.

    The compiler takes half a second to import, which nobody should pay who only imports the
    package. A compiled function may not call another one, since it would see this wrapper; what
    several have in common is a `part`.
    """
    fast: list[Callable[..., Any]] = []

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        if not fast:
            with _lock:
                fast.append(_prepared(function))
        return fast[0](*arguments)

    return cast(F, call)


def part(function: F) -> F:
    """Something that compiled functions and other parts may call, and that is compiled with them."""
    _parts[function] = False
    return function


def _prepared(function: Any) -> Callable[..., Any]:
    """What compiles a function when it is called."""
    began = time.perf_counter()
    numba = _compiler()
    for known in [f for f, done in _parts.items() if not done]:
        numba.extending.register_jitable(known)
        _parts[known] = True
    _spent[0] += time.perf_counter() - began
    # Code on disk is found by name and by the time of its own file: the name also stands for parts of other files.
    if code := _code_of_parts(function):
        function.__qualname__ += "_" + hashlib.sha256(code).hexdigest()[:12]
    try:
        return cast(Callable[..., Any], numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:
        # Neither the package's folder nor the user's cache can be written: compile each time.
        return cast(Callable[..., Any], numba.njit(nogil=True)(function))


def _code_of_parts(function: Any) -> bytes:
    """The code of all parts that a function calls, and of theirs."""
    names = function.__code__.co_names
    called = [f for f in map(function.__globals__.get, names) if callable(f) and f in _parts]
    return b"".join(
        f.__code__.co_code + repr((f.__code__.co_consts, f.__code__.co_names)).encode() + _code_of_parts(f)
        for f in called
    )


@functools.cache
def _compiler() -> Any:
    """The compiler, which from now on reports the time that it takes."""
    import numba
    import numba.extending
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
