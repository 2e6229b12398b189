"""A real Chromium for each test process, and one server on the sample store for all of them."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import shared_folder
from tests.ui.browser import ARGUMENTS, Visit, profile

ROOT = Path(__file__).resolve().parents[2]
ARTEFACTS = ROOT / "tests" / "artefacts"
_SERVE = ("import sys; from pathlib import Path; from dashboards.app import serve; from dashboards.tiles import Tiles; "
          "serve(Path(sys.argv[1]), int(sys.argv[2]), tiles=Tiles(sys.argv[3], 'tiles of a test'))")

# What ends the server that several test processes share: when none of them holds the lock any more it is nobody's.
_SHARED = ("import fcntl, os, sys, threading\n"
           "held = open(sys.argv[4], 'w')\n"
           "threading.Thread(target=lambda: (fcntl.flock(held, fcntl.LOCK_EX), os._exit(0)), daemon=True).start()\n")

# Seconds that a server may take on a machine that is busy with other things.
START = 240


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(store: Path, log: Path, port: int = 0, tiles: str = "", *,
          held: Path | None = None) -> tuple[subprocess.Popen[bytes], str]:
    """A server process on a port (a free one by default), and its address once a page renders.

    ``held`` is the file whose lock keeps it: it ends as soon as nobody has that any more.
    """
    port = port or free_port()
    # The allocator is that of ``jitasa serve``.
    told = {**os.environ, "JITASA_LANG": "th", "PYTHONMALLOC": "malloc"}
    code, more = (_SERVE, []) if held is None else (_SHARED + _SERVE, [str(held)])
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", code, str(store), str(port), tiles, *more], cwd=ROOT,
                                   stdout=out, stderr=subprocess.STDOUT, env=told)
    return process, ready(process, log, f"http://127.0.0.1:{port}/")


def ready(process: subprocess.Popen[bytes], log: Path, address: str) -> str:
    """The address of a server as soon as it says that it stands."""
    end = time.monotonic() + START
    while address not in log.read_text("utf-8", "replace"):
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            process.wait()
            raise RuntimeError(f"the server did not start: {log.read_text('utf-8', 'replace')[-2000:]}")
        time.sleep(0.1)
    return address


@pytest.fixture(scope="session")
def ui_store(request: pytest.FixtureRequest) -> Path:
    """The store that is shown: the sample, or the one named in JITASA_UI_STORE."""
    named = os.environ.get("JITASA_UI_STORE")
    return Path(named) if named else request.getfixturevalue("sample_store")


@pytest.fixture(scope="session")
def server(ui_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running dashboard, which all test processes of a run share."""
    base = shared_folder(tmp_path_factory)
    told = base / "server.address"
    with (base / "server.held").open("w") as held, (base / "server.lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        fcntl.flock(held, fcntl.LOCK_SH)  # waits until a server that nobody held has ended
        process = None
        if not (told.exists() and _answers(told.read_text())):
            process, address = start(ui_store, base / "server.txt", held=base / "server.held")
            told.write_text(address)
        fcntl.flock(one_at_a_time, fcntl.LOCK_UN)
        yield told.read_text()
        fcntl.flock(held, fcntl.LOCK_UN)
        if process is not None:
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.returncode = 0  # others still need it, and it ends with the last of them


def _answers(address: str) -> bool:
    """Whether the server at an address is there."""
    try:
        with urllib.request.urlopen(f"{address}version", timeout=START) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """A running Chromium, or a skip that says how to get one."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no Chromium on this machine; install it with 'apt-get install chromium'")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    from playwright._impl._driver import compute_driver_executable

    node, *_ = compute_driver_executable()
    tried = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"Playwright's driver does not start here: {tried.stderr.strip()}; "
                    "install it with 'apt-get install libatomic1'")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def chromium(browser: Any) -> Iterator[Any]:
    """A profile of its own for each module, so that none meets what another one's server left behind."""
    context = profile(browser)
    yield context
    context.close()


@pytest.fixture(scope="package")
def visitors(browser: Any) -> Iterator[Any]:
    """One profile for all visits to the shared server, so that scripts are fetched and compiled once."""
    context = profile(browser)
    yield context
    context.close()


@pytest.fixture
def visit(visitors: Any, server: str) -> Iterator[Visit]:
    """A visitor with a fresh window; at the end nothing may have gone wrong behind the scenes."""
    ARTEFACTS.mkdir(exist_ok=True)
    visitor = Visit(visitors, server, ARTEFACTS)
    yield visitor
    visitor.close()
    assert visitor.foreign == [], "requests left the server"
    assert visitor.errors == [], "the browser's console has errors"
