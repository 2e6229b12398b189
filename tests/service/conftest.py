"""A real server in a thread, and a visitor who speaks HTTP without a browser's good manners."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import argon2
import pytest
from tornado.ioloop import IOLoop

from dashboards import app
from jitasa_analytics.service.accounts import Accounts
from jitasa_analytics.service.web.doors import Doors
from jitasa_analytics.store import Store

PASSWORD = "ดาวเรือง-2564-กลางแจ้ง"
PEOPLE = {"minister": ("ministry", "TH"), "chonburi": ("province", "20"), "bangkok": ("province", "10"),
          "siracha": ("district", "2007"), "coord": ("coordinator", "20"), "ana": ("analyst", "TH"),
          "viewer": ("public", "TH")}


class Visitor:
    """Somebody with cookies."""

    def __init__(self, port: int) -> None:
        self.port, self.host = port, f"127.0.0.1:{port}"
        self.cookies: dict[str, str] = {}
        self.set: list[str] = []

    def ask(self, method: str, path: str, body: bytes | str | None = None, *, headers: dict[str, str] | None = None
            ) -> tuple[int, dict[str, str], str]:
        """Status, headers (lower case) and text of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Host": self.host, "Accept": "text/html", **(headers or {})}
        if self.cookies:
            sent.setdefault("Cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        with contextlib.closing(connection):
            connection.request(method, path, body.encode() if isinstance(body, str) else body, sent)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        self.set = answer.headers.get_all("Set-Cookie") or []
        for cookie in self.set:
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
            if not value.strip('"'):
                del self.cookies[name]
        return answer.status, {k.lower(): v for k, v in answer.headers.items()}, text

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
        """GET."""
        return self.ask("GET", path, headers=headers)

    def form(self, path: str, fields: dict[str, str], *, token: bool = True, page: str | None = None,
             headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], str]:
        """Fill in the form of a page and send it."""
        if token:
            text = self.get(page or path)[2]
            found = re.search(r'name="_xsrf" value="([^"]+)"', text)
            assert found, text[:500]
            fields = {"_xsrf": found[1], **fields}
        return self.ask("POST", path, urlencode(fields),
                        headers={"Content-Type": "application/x-www-form-urlencoded", **(headers or {})})

    def sign_in(self, name: str, password: str = PASSWORD) -> tuple[int, dict[str, str], str]:
        """Sign in."""
        return self.form("/login", {"name": name, "password": password})

    def api(self, method: str, path: str, token: str = "", body: Any = None) -> tuple[int, Any]:
        """Ask the API."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        status, _, text = self.ask(method, path, json.dumps(body) if body is not None else None, headers=headers)
        return status, json.loads(text) if text else None


class Served:
    """A running server."""

    def __init__(self, store: Path, doors: Doors) -> None:
        self.store = store
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._ready = threading.Event()
        self._doors = doors
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(60)

    def _run(self) -> None:
        asyncio.set_event_loop(asyncio.new_event_loop())
        self.loop = IOLoop.current()
        self.server = app.make_server(self.store, self.port, people=self._doors)
        self.server.start()
        self.loop.add_callback(self._ready.set)
        self.loop.start()

    def visitor(self, name: str = "") -> Visitor:
        """Somebody who comes by; signed in where a name is given."""
        visitor = Visitor(self.port)
        if name:
            assert visitor.sign_in(name)[0] == 303
        return visitor

    def stop(self) -> None:
        """Stop it."""

        def end() -> None:
            self.server.stop()
            self.loop.stop()

        self.loop.add_callback(end)
        self._thread.join(20)


@pytest.fixture(scope="session")
def quick_hashes() -> Iterator[None]:
    """Hashes that take no time; what argon2 costs is argon2's business."""
    real = argon2.PasswordHasher.__init__
    argon2.PasswordHasher.__init__ = lambda self: real(  # type: ignore[method-assign, assignment]
        self, time_cost=1, memory_cost=8, parallelism=1)
    yield
    argon2.PasswordHasher.__init__ = real  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def own_store(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample that tests may write to."""
    folder = tmp_path_factory.mktemp("service") / "store"
    shutil.copytree(sample_store, folder)
    return folder


@pytest.fixture(scope="session")
def open_server(quick_hashes: None, sample_store: Path, tmp_path_factory: pytest.TempPathFactory
                ) -> Iterator[Callable[[Path, Doors], Served]]:
    """Start servers; they are stopped at the end."""
    running: list[Served] = []

    def start(store: Path, doors: Doors) -> Served:
        running.append(Served(store, doors))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture(scope="session")
def served(open_server: Callable[[Path, Doors], Served], own_store: Path) -> Served:
    """A server on which people sign in, with an account of each kind."""
    accounts = Accounts(own_store)
    for name, (role, area) in PEOPLE.items():
        accounts.add(name, role, area, PASSWORD)
    assert Store(own_store).exists
    return open_server(own_store, Doors("accounts", forms=True))
