"""The server gives back what visitors held, in a quiet moment."""

from __future__ import annotations

import ctypes
import gc
import sys
import weakref
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from dashboards.tidy import EVERY, LONGEST, SELDOM, Tidy, give_back, keep_tidy


class Web:
    """An object that refers to itself, as a session does."""

    def __init__(self) -> None:
        self.itself = self


class Place:
    """A server with visitors, a clock and a processor."""

    def __init__(self) -> None:
        self.here: set[str] = set()
        self.clock = self.used = 0.0
        self.tidy = Tidy(lambda: set(self.here), lambda: self.used, lambda: self.clock)

    def after(self, seconds: float = EVERY, busy: float = 0.0) -> bool:
        """Whether the next look tidied up."""
        self.clock += seconds
        self.used += seconds * busy
        return self.tidy.look()


@pytest.fixture
def by_hand() -> Iterator[None]:
    """Nothing is collected by itself."""
    was = gc.isenabled()
    gc.disable()
    yield
    if was:
        gc.enable()


def test_what_a_visitor_held_is_gone_after_the_next_quiet_look(by_hand: None) -> None:
    place = Place()
    place.here = {"a", "b"}
    assert not place.after()
    web = weakref.ref(Web())
    place.here = {"b"}
    assert web() is not None, "it is a web: it does not go by itself"
    assert place.after()
    assert web() is None


def test_nothing_is_done_while_nobody_leaves() -> None:
    place = Place()
    for who in ("a", "b", "c"):
        place.here.add(who)
        assert not place.after()
    assert not place.after()


def test_a_busy_server_is_left_in_peace_but_not_for_ever() -> None:
    place = Place()
    place.here = {"a"}
    place.after()
    place.here = {"new"}
    looks = 0
    while not place.after(busy=0.9):
        looks += 1
    assert looks == LONGEST / EVERY
    assert not place.after(), "and then it is done"


def test_a_visitor_who_comes_while_another_leaves_is_noticed() -> None:
    place = Place()
    place.here = {"a"}
    place.after()
    place.here = {"b"}
    assert place.after()


@pytest.mark.parametrize(("platform", "asked"), [("linux", [0]), ("win32", [])])
def test_the_c_library_is_asked_to_return_all_where_it_can(platform: str, asked: list[int],
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace(malloc_trim=heard.append))
    give_back()
    assert heard == asked
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    give_back()  # another C library has no such call
    assert heard == asked


def test_what_is_there_before_the_first_visitor_is_set_aside() -> None:
    class Server:
        def get_sessions(self) -> list[Any]:
            return []

    async def start() -> None:
        keep_tidy(Server()).stop()

    import asyncio

    before, often = gc.get_freeze_count(), gc.get_threshold()
    try:
        asyncio.run(start())
        assert gc.get_freeze_count() > before + 10_000
        assert gc.get_threshold() == (*often[:2], SELDOM)
    finally:
        gc.unfreeze()
        gc.set_threshold(*often)
