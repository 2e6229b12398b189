"""An optional source of map tiles: drawn where it answers, and no harm where it is slow or has none."""

from __future__ import annotations

import io
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dashboards.tiles import Tiles
from jitasa_analytics.errors import InputError
from tests.ui.browser import LONG, Visit, colours
from tests.ui.conftest import start


class _Source(ThreadingHTTPServer):
    """Tiles that are all red; ``mode`` says whether they come, wait for ``ready``, or are missing."""

    daemon_threads = True
    mode = "answers"
    asked = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Tile)
        self.ready = threading.Event()
        out = io.BytesIO()
        Image.new("RGB", (256, 256), (230, 20, 20)).save(out, "PNG")
        self.tile = out.getvalue()


class _Tile(BaseHTTPRequestHandler):
    server: _Source

    def do_GET(self) -> None:
        self.server.asked += 1
        if self.server.mode == "slow":
            self.server.ready.wait(20)
        missing = self.server.mode == "missing"
        self.send_response(404 if missing else 200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if not missing:
            self.wfile.write(self.server.tile)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def source() -> Iterator[_Source]:
    """A server of tiles on this machine."""
    server = _Source()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.ready.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def tiled(ui_store: Path, source: _Source, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard with that source."""
    url = f"http://127.0.0.1:{source.server_port}/{{z}}/{{x}}/{{y}}.png"
    process, address = start(ui_store, tmp_path_factory.mktemp("tiled") / "log.txt", tiles=url)
    yield address
    process.terminate()
    process.wait(10)


def _red(visit: Visit) -> float:
    """The share of the map that shows the tiles."""
    pixels = visit.picture().astype(int)
    return float(np.mean((pixels[..., 0] > 200) & (pixels[..., 1] < 90)))


def _until_red(visit: Visit) -> None:
    """Wait until the tiles are seen: one that has come is drawn with the next frame."""
    end = time.monotonic() + LONG / 1000
    while _red(visit) < 0.2:
        assert time.monotonic() < end, "no tile is drawn"
        visit.page.evaluate("() => new Promise(requestAnimationFrame)")


@pytest.mark.ui
def test_tiles_answer_are_slow_and_are_missing(tiled: str, source: _Source, chromium: object, tmp_path: Path) -> None:
    visit = Visit(chromium, tiled, tmp_path)
    # Slow: the boundaries are drawn and can be used long before any tile has come; then the tiles appear.
    source.mode = "slow"
    visit.page.goto(f"{tiled}?area=20&lang=en", wait_until="domcontentloaded")
    visit.drawn()
    assert source.asked > 0
    assert colours(visit.picture()) >= 5 and _red(visit) < 0.02
    source.ready.set()
    _until_red(visit)
    with urllib.request.urlopen(tiled, timeout=60) as answer:
        assert f"img-src 'self' http://127.0.0.1:{source.server_port} " in answer.headers["Content-Security-Policy"]
    # They answer: what lies around the areas is theirs, and whose they are is said.
    source.mode = "answers"
    visit.open("?area=20&lang=en")
    visit.page.get_by_text("tiles of a test").wait_for()
    _until_red(visit)
    assert visit.errors == [] and all(str(source.server_port) in url for url in visit.foreign)
    # Missing: boundaries only, as if there were no source.
    source.mode = "missing"
    with visit.page.expect_response(lambda r: str(source.server_port) in r.url and r.status == 404):
        visit.open("?area=20&lang=en")
    assert colours(visit.picture()) >= 5 and _red(visit) < 0.02
    before = visit.state()
    visit.choose("measure", "Volunteers")
    assert visit.changed(before)["klass"]
    assert all("404" in error for error in visit.errors)
    visit.close()


@pytest.mark.parametrize("url", ["tiles", "https://host/{z}/{x}.png", "ftp://host/{z}/{x}/{y}", "https://a;b/{z}/{x}/{y}",
                                 "https:///{z}/{x}/{y}"])
def test_what_is_no_source_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="map tiles"):
        Tiles(url)


@pytest.mark.ui
def test_by_default_nothing_is_asked_of_another_host(server: str) -> None:
    with urllib.request.urlopen(server, timeout=60) as answer:
        assert "img-src 'self' data: blob:;" in answer.headers["Content-Security-Policy"]
