"""The life of a request: which states follow which."""

from __future__ import annotations

from jitasa_analytics.errors import InputError

# A closed request opens again as confirmed: somebody looked at it.
NEXT: dict[str, tuple[str, ...]] = {
    "new": ("confirmed", "assigned", "not_helped", "duplicate", "withdrawn"),
    "confirmed": ("assigned", "not_helped", "duplicate", "withdrawn"),
    "assigned": ("on_the_way", "confirmed", "helped", "not_helped", "duplicate", "withdrawn"),
    "on_the_way": ("helped", "not_helped", "assigned", "withdrawn"),
    "helped": ("confirmed",), "not_helped": ("confirmed",), "duplicate": ("confirmed",), "withdrawn": ("confirmed",),
}


def check(now: str, then: str) -> None:
    """Refuse a step that no request takes.

    Raises
    ------
    InputError
        Naming the states that may follow.

    >>> check("new", "confirmed")
    >>> check("helped", "on_the_way")
    Traceback (most recent call last):
    jitasa_analytics.errors.InputError: a request that is helped can't become on_the_way; it may become confirmed
    """
    if then not in NEXT[now]:
        raise InputError(f"a request that is {now} can't become {then}; it may become {', '.join(NEXT[now])}",
                         key="service.requests.step", now=now, then=then, known=", ".join(NEXT[now]))
