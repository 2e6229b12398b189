"""What can't be served is refused with one sentence; a store that breaks later becomes a page that says so."""

from __future__ import annotations

import json
import shutil
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

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


def _health(address: str, more: str = "") -> tuple[int, dict[str, Any]]:
    """What the server says of itself."""
    try:
        with urllib.request.urlopen(f"{address}healthz{more}", timeout=60) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@pytest.mark.ui
def test_new_data_are_announced_and_a_restarted_server_is_found_again(
        ui_store: Path, tmp_path: Path, chromium: object) -> None:
    """An open page keeps working when a version is published, says so, and loads itself when the server comes back."""
    store, log = tmp_path / "store", tmp_path / "log.txt"
    shutil.copytree(ui_store, store)
    process, address = start(store, log)
    try:
        visitor = Visit(chromium, address, tmp_path)
        visitor.open("?area=20&lang=en")
        before = _health(address, "?pages=1")[1]
        assert before["pages"]["built"] >= 2 and before["store"]["areas"] > 0
        with Store(store).transaction(note="half of the volunteers left") as tx:
            left = tx.frame("volunteers").iloc[::2]
            tx.replace("volunteers", left)
        visitor.page.evaluate("() => window.jitasaAsk()")
        visitor.page.get_by_text("There are newer data.").wait_for()
        now = _health(address)[1]["store"]["version"]
        assert now == before["store"]["version"] + 1
        state = visitor.state()
        visitor.choose("measure", "Volunteers")
        visitor.changed(state)
        visitor.page.get_by_role("link", name="Load them").click()
        visitor.page.get_by_text(f"Data version {now}").wait_for()
        process.terminate()
        process.wait(10)
        visitor.page.evaluate("() => window.jitasaAsk()")
        visitor.page.get_by_text("The server can't be reached").wait_for()
        process, _ = start(store, tmp_path / "again.txt", port=int(address.rsplit(":", 1)[1].strip("/")))
        visitor.page.get_by_text("The server can't be reached").wait_for(state="detached")
        visitor.page.locator("h1.title", has_text="Chon Buri").first.wait_for()
        assert "area=20" in visitor.page.url
        visitor.close()
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.ui
def test_store_that_breaks_while_serving_gives_a_page_that_says_what_to_do(
        ui_store: Path, tmp_path: Path, chromium: object) -> None:
    store, log = tmp_path / "store", tmp_path / "log.txt"
    shutil.copytree(ui_store, store)
    process, address = start(store, log)
    try:
        assert _health(address)[0] == 200
        visitor = Visit(chromium, address, tmp_path)
        visitor.open("?area=20&lang=en")
        (store / "CURRENT").write_text("nonsense")
        status, said = _health(address)
        assert (status, said["status"], said["store"]["readable"]) == (503, "failing", False)
        with urllib.request.urlopen(address, timeout=30) as response:
            assert response.status == 200
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
