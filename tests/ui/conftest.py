"""A real Chromium and a server on the sample store, one of each for the whole run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.browser import ARGUMENTS, Visit

ROOT = Path(__file__).resolve().parents[2]
ARTEFACTS = ROOT / "tests" / "artefacts"
_SERVE = ("import sys; from pathlib import Path; from dashboards.app import serve; from dashboards.tiles import Tiles; "
          "serve(Path(sys.argv[1]), int(sys.argv[2]), tiles=Tiles(sys.argv[3], 'tiles of a test'))")

# Seconds that a server may take on a machine that is busy with other things.
START = 240


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(store: Path, log: Path, port: int = 0, tiles: str = "") -> tuple[subprocess.Popen[bytes], str]:
    """A server process on a port (a free one by default), and its address once a page renders."""
    port = port or free_port()
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", _SERVE, str(store), str(port), tiles], cwd=ROOT, stdout=out,
                                   stderr=subprocess.STDOUT, env={**os.environ, "JITASA_LANG": "th"})
    address = f"http://127.0.0.1:{port}/"
    end = time.monotonic() + START
    while address not in log.read_text("utf-8", "replace"):
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            raise RuntimeError(f"the server did not start: {log.read_text('utf-8', 'replace')[-2000:]}")
        time.sleep(0.1)
    return process, address


@pytest.fixture(scope="session")
def ui_store(request: pytest.FixtureRequest) -> Path:
    """The store that is shown: the sample, or the one named in JITASA_UI_STORE."""
    named = os.environ.get("JITASA_UI_STORE")
    return Path(named) if named else request.getfixturevalue("sample_store")


@pytest.fixture(scope="session")
def server(ui_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running dashboard."""
    process, address = start(ui_store, tmp_path_factory.mktemp("server") / "log.txt")
    yield address
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
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
        browser = running.chromium.launch(executable_path=path, args=ARGUMENTS)
        # One profile for all visits, so that scripts are fetched and compiled once.
        yield browser.new_context(accept_downloads=True)
        browser.close()


@pytest.fixture
def visit(chromium: object, server: str) -> Iterator[Visit]:
    """A visitor with a fresh window; at the end nothing may have gone wrong behind the scenes."""
    ARTEFACTS.mkdir(exist_ok=True)
    visitor = Visit(chromium, server, ARTEFACTS)
    yield visitor
    visitor.close()
    assert visitor.foreign == [], "requests left the server"
    assert visitor.errors == [], "the browser's console has errors"
