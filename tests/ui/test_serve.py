"""What can't be served is refused with one sentence; a store that breaks later becomes a page that says so."""

from __future__ import annotations

import shutil
import socket
import time
import urllib.request
from pathlib import Path

import pytest

from dashboards import app
from jitasa_analytics.errors import ServeError, StoreError
from jitasa_analytics.store import Store
from tests.ui.browser import Visit
from tests.ui.conftest import free_port, start


def test_port_in_use_is_said_before_anything_is_built(ui_store: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=rf"port {port} .*--port"):
            app.serve(ui_store, port)
    with pytest.raises(ServeError, match="1024"):
        app.serve(ui_store, 70000)


def test_missing_half_written_and_empty_stores_are_refused(ui_store: Path, tmp_path: Path) -> None:
    port = free_port()
    with pytest.raises(StoreError, match="there is no store"):
        app.serve(tmp_path / "none", port)
    half = tmp_path / "half"
    shutil.copytree(ui_store, half)
    (half / "CURRENT").unlink()
    with pytest.raises(StoreError, match="half-written"):
        app.serve(half, port)
    empty = tmp_path / "empty"
    with Store(empty).transaction(create=True) as tx:
        tx.ensure_all_groups()
    with pytest.raises(StoreError, match="no areas"):
        app.serve(empty, port)


@pytest.mark.ui
def test_store_that_breaks_while_serving_gives_a_page_that_says_what_to_do(
        ui_store: Path, tmp_path: Path, chromium: object) -> None:
    store, log = tmp_path / "store", tmp_path / "log.txt"
    shutil.copytree(ui_store, store)
    process, address = start(store, log)
    try:
        (store / "CURRENT").write_text("nonsense")
        with urllib.request.urlopen(address, timeout=30) as response:
            assert response.status == 200
        visitor = Visit(chromium, address, tmp_path)
        visitor.open("coverage_gaps?lang=en", map_drawn=False)
        card = visitor.problem()
        assert "The data store can't be read" in card
        name = card.split("Problem ")[1].split(" ")[0]
        end = time.monotonic() + 5
        while name not in log.read_text("utf-8") and time.monotonic() < end:
            time.sleep(0.05)
        assert name in log.read_text("utf-8")
        visitor.close()
    finally:
        process.terminate()
        process.wait(10)
