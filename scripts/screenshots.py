"""Take the pictures of the README from the sample: `make screenshots`. Needs Chromium; nothing leaves the machine.

With a folder as its argument the pictures go there instead of docs/images, and with a second one a store other than
the sample is shown.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from jitasa_analytics.ingest.sample import build_sample_store  # noqa: E402
from jitasa_analytics.store import Store  # noqa: E402
from tests.ui.browser import ARGUMENTS, Visit  # noqa: E402
from tests.ui.conftest import start  # noqa: E402

DESKTOP, PHONE = (1440, 900), (390, 844)
PICTURES = {
    "overview_th": ("?area=20&lang=th", DESKTOP),
    "requests_en": ("requests?area=20&lang=en", DESKTOP),
    "coverage_gaps_th": ("coverage_gaps?area=20&minutes=10&lang=th", DESKTOP),
    "best_sites_en": ("best_sites?area=20&minutes=15&lang=en", DESKTOP),
    "vaccination_th_dark": ("vaccination?area=20&lang=th&theme=dark", DESKTOP),
    "phone_overview_th": ("?area=20&lang=th", PHONE),
}
# What the server said last is painted with the frame after the next.
_TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
# Bytes that a picture may have.
LARGEST = 250_000


def small(path: Path) -> None:
    """Save a picture anew with as few colours as it takes to be small; letters and flat areas stay sharp."""
    picture = Image.open(path).convert("RGB")
    for colours in (256, 128, 64):
        picture.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= LARGEST:
            return
    raise SystemExit(f"{path} has {path.stat().st_size:,} bytes, more than {LARGEST:,}")


def main(folder: Path, store: Path | None = None) -> None:
    """Take every picture into a folder."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("there is no Chromium on this machine; install it with 'apt-get install chromium'")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="jitasa-") as made, sync_playwright() as running:
        if store is None:
            store = Path(made) / "store"
            build_sample_store(Store(store))
        process, address = start(store, Path(made) / "log.txt")
        try:
            context = running.chromium.launch(executable_path=chromium, args=ARGUMENTS).new_context()
            for name, (path, (width, height)) in PICTURES.items():
                visit = Visit(context, address, folder, width=width, height=height)
                visit.open(path)
                visit.page.wait_for_load_state("networkidle")
                visit.page.evaluate(_TWO_FRAMES)
                visit.shot(name)
                small(folder / f"{name}.png")
                print(f"{name}.png  {(folder / f'{name}.png').stat().st_size:,} bytes", flush=True)
                if visit.foreign or visit.errors:
                    raise SystemExit(f"{path}: requests left the server or the console has errors: "
                                     f"{visit.foreign} {visit.errors}")
                visit.close()
        finally:
            process.terminate()
            process.wait(10)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images",
         Path(sys.argv[2]) if len(sys.argv) > 2 else None)
