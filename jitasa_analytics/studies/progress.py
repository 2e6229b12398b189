"""How far a long search has come, told to whoever listens, who can stop it.

A study passes on what `told_to` gives it; it need not know whether anybody listens. What listens belongs to the
running thread, so that two questions at once never hear of each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """Where a search stands.

    Attributes
    ----------
    seconds : float
        Since it began.
    incumbent, bound : float or None
        Value of the best plan so far, and what no plan can exceed; None where nothing is known yet.
    done, of : int or None
        Parts that are done, of how many; None where there are no parts.
    """

    seconds: float = 0.0
    incumbent: float | None = None
    bound: float | None = None
    done: int | None = None
    of: int | None = None


Listener = Callable[[Step], object]
"""Called with each step; False stops the search, which then gives the best that it has."""

_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def heard_by(listener: Listener | None) -> Iterator[None]:
    """Let somebody hear of the searches inside the block.

    >>> with heard_by(print):
    ...     said = told_to()
    >>> told_to() is None
    True
    """
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def told_to() -> Listener | None:
    """Who listens here, if anybody does; ask before other threads take over."""
    return _LISTENER.get()


def of_search(base: float = 0.0) -> Callable[[float, float, float], object] | None:
    """What a search calls with seconds, incumbent and bound; ``base`` is added to both values."""
    listener = told_to()
    if listener is None:
        return None

    def tell(seconds: float, incumbent: float, bound: float) -> object:
        return listener(Step(seconds, _known(base + incumbent), _known(base + bound)))

    return tell


def of_parts(of: int | None = None) -> Callable[..., object] | None:
    """What a row of searches calls with the number of those that are done first."""
    listener = told_to()
    if listener is None:
        return None
    return lambda done, *_: listener(Step(done=int(done), of=of))


def _known(value: float) -> float | None:
    return value if abs(value) != float("inf") and value == value else None
