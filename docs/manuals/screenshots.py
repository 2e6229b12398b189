"""Make the pictures of the manuals: ``python docs/manuals/screenshots.py``.

Serves the sample on this machine and takes each page as a visitor sees it.
"""

from __future__ import annotations

import io
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from jitasa_analytics.ingest.sample import build_sample_store
from jitasa_analytics.service.accounts import Accounts
from jitasa_analytics.store import Store

OUT = Path(__file__).resolve().parent / "images"
LARGEST_BYTES = 150_000
PASSWORD = "ภาพของคู่มือ-2564"
_DRAWN = """() => {
  const find = (root) => [...root.querySelectorAll("canvas[role=application]"),
    ...[...root.querySelectorAll("*")].filter((e) => e.shadowRoot).flatMap((e) => find(e.shadowRoot))]
  const maps = find(document).filter((c) => c.getBoundingClientRect().width > 10)
  return maps.length > 0 && maps.every((c) => c.dataset.drawn) && Bokeh.index.roots[0].is_idle
}"""


def keep(name: str, shot: bytes) -> None:
    """Write a picture with as few colours as it takes to stay small."""
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    for colours in (128, 64, 32, 16):
        out = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(out, "png", optimize=True)
        if out.tell() < LARGEST_BYTES:
            break
    (OUT / f"{name}.png").write_bytes(out.getvalue())
    print(name, out.tell())


def phone(browser: Any, where: str) -> None:
    """The public forms, as on a phone."""
    page = browser.new_page(viewport={"width": 390, "height": 800}, locale="th-TH")
    page.goto(f"{where}ask")
    page.get_by_text("อาหาร", exact=True).click()
    page.get_by_label("ข้าวกล่อง", exact=True).check()
    page.get_by_label("จำนวน: ข้าวกล่อง").fill("4")
    place(page)
    keep("ask_th", page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": 390, "height": 1500}))
    page.get_by_label("ชื่อผู้ติดต่อ").fill("ตัวอย่าง")
    page.get_by_label("เบอร์โทรศัพท์").fill("0800000000")
    page.get_by_label("ข้าพเจ้ายินยอม", exact=True).check()
    page.wait_for_timeout(3500)  # nobody types faster than the form allows
    page.get_by_role("button", name="ส่งคำขอ").click()
    number = page.locator("#reference").inner_text()
    page.goto(f"{where}status")
    page.get_by_label("หมายเลขอ้างอิง").fill(number)
    page.get_by_role("button", name="ดูสถานะ").click()
    page.locator("#standing").wait_for()
    keep("status_th", page.screenshot())
    page.goto(f"{where}volunteer")
    page.get_by_label("ท่านเป็น").select_option("health_volunteer")
    page.get_by_label("ปฐมพยาบาล").check()
    page.get_by_label("จักรยานยนต์").check()
    keep("volunteer_th", page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": 390, "height": 1300}))
    page.close()


def place(page: Any) -> None:
    """Choose a tambon by a tap."""
    page.locator("#province").select_option("20")
    page.locator("#place-map canvas[data-drawn]").wait_for()
    page.wait_for_function("document.querySelectorAll('#district option').length > 1")
    page.locator("#district").select_option("2001")
    page.wait_for_function("document.querySelectorAll('#tambon option').length > 1")
    page.locator("#place-map canvas").click()
    page.wait_for_function("document.getElementById('lon').value !== ''")


def desk(browser: Any, where: str) -> None:
    """The dashboard, as on a desk."""
    page = browser.new_page(viewport={"width": 1280, "height": 860}, locale="th-TH")
    page.set_default_timeout(120_000)
    page.goto(f"{where}login")
    keep("sign_in_th", page.screenshot())
    page.locator("#name").fill("officer")
    page.locator("#password").fill(PASSWORD)
    page.locator("form button[type=submit]").click()
    for name, path in (("overview_th", "?area=20"), ("coordination_th", "coordination?area=2001"),
                       ("gaps_th", "coverage_gaps?area=20&minutes=15")):
        page.goto(where + path)
        page.wait_for_function(_DRAWN)
        if name.startswith("coordination"):  # with the card of a request
            page.locator(".queue button[data-state=waiting]").first.click()
            page.locator(".card-box h2").wait_for()
            page.wait_for_function(_DRAWN)
        keep(name, page.screenshot())
    page.goto(f"{where}call?area=2001")
    keep("call_th", page.screenshot())


def main() -> None:
    """Serve, look, keep."""
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        build_sample_store(Store(store))
        Accounts(store).add("officer", "province", "20", PASSWORD)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        words = [sys.executable, "-m", "jitasa_analytics.cli", "serve", "--store", str(store), "--port", str(port),
                 "--auth", "accounts", "--forms", "--lang", "th"]
        server = subprocess.Popen(words, stdout=subprocess.PIPE)
        try:
            assert server.stdout is not None
            server.stdout.readline()
            time.sleep(1)
            path = shutil.which("chromium") or shutil.which("chromium-browser")
            with sync_playwright() as running:
                browser = running.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
                for part in (phone, desk):
                    part(browser, f"http://127.0.0.1:{port}/")
                browser.close()
        finally:
            server.terminate()
            server.wait(20)


if __name__ == "__main__":
    main()
