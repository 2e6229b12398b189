"""The dashboard in a real Chromium: first paint, control to map, drill-down, many sessions, memory, payloads.

Serves a store (``JITASA_BENCH_STORE``, the sample by default) in a process of its own and looks at it as a visitor
does. For the country's tambons give a store that holds them all:
``jitasa import-folder FOLDER --store DIR`` and ``JITASA_BENCH_STORE=DIR python benchmarks/dashboard.py``.
``JITASA_BENCH_PARTS`` names which parts are run (``browser``, ``crowd``; both by default).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

from benchmarks.sitting import Sitting  # noqa: E402
from tests.ui.browser import _DRAWN, _IDLE, ARGUMENTS  # noqa: E402
from tests.ui.conftest import start  # noqa: E402

SESSIONS = int(os.environ.get("JITASA_BENCH_SESSIONS", "500"))
_MEASURE = """([index, values]) => new Promise((done) => {
  let map = null
  for (const doc of Bokeh.documents) for (const m of doc._all_models.values()) {
    if (m.data && m.data.source !== undefined && m.data.paint !== undefined && m.data.source) map = m
  }
  let select = null
  for (const doc of Bokeh.documents) for (const m of doc._all_models.values()) {
    if (m.css_classes && m.css_classes.includes("measure") && m.data && m.data.options) select = m
  }
  const before = JSON.stringify(map.data.paint.letters)
  const start = performance.now()
  const look = () => {
    if (JSON.stringify(map.data.paint.letters) !== before) {
      requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)))
    } else setTimeout(look, 2)
  }
  select.data.setv({value: values[index]})
  look()
})"""

# A page stands still when half a second of its frames came in time: the table of the change before is there.
_STILL = """() => new Promise((done) => {
  let since = performance.now(), last = since
  const look = () => {
    const now = performance.now()
    if (now - last > 60) since = now
    last = now
    if (now - since > 500) done(true)
    else requestAnimationFrame(look)
  }
  setTimeout(look, 300)
})"""


def memory(pid: int) -> float:
    """Resident memory of a process, MB."""
    text = Path(f"/proc/{pid}/status").read_text()
    return next(float(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("VmRSS"))


def visit(context: Any, address: str, path: str) -> tuple[float, float, Any]:
    """Seconds to the first finding that can be read and to the map, and the page; bytes are counted by the context."""
    page = context.new_page()
    started = time.perf_counter()
    page.goto(address + path, wait_until="commit")
    page.locator("#first .heading, h1.title").first.wait_for()
    read = time.perf_counter() - started
    page.wait_for_function(_DRAWN, timeout=60_000)
    return read, time.perf_counter() - started, page


def control(page: Any, values: list[str], rounds: int = 12) -> float:
    """Median milliseconds from a change of the measure to the painted map."""
    taken = []
    for i in range(rounds):
        page.wait_for_function(_IDLE)
        page.evaluate(_STILL)
        taken.append(page.evaluate(_MEASURE, [i % len(values), values]))
    return statistics.median(taken[2:])


def browser_part(address: str, whole: bool) -> None:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=path, args=ARGUMENTS)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        sizes: dict[str, int] = {}
        context.on("response", lambda r: sizes.__setitem__(r.url, int(r.headers.get("content-length", 0))))
        for name, where in (("cold cache", "?lang=en"), ("warm", "?lang=en"), ("warm", "?lang=en")):
            sizes.clear()
            read, drawn, page = visit(context, address, where)
            kb = sum(sizes.values()) / 1000
            print(f"| Overview, {name}: finding readable | {read:.2f} s |")
            print(f"| Overview, {name}: map drawn ({kb:,.0f} kB over HTTP) | {drawn:.2f} s |")
        print(f"| control → map, provinces | {control(page, ['volunteers', 'waiting']):.0f} ms |")
        page.close()
        if whole:
            for level, areas in (("district", 928), ("tambon", 7425)):
                sizes.clear()
                _, drawn, page = visit(context, address, f"?lang=en&level={level}&measure=people")
                outline = sum(n for u, n in sizes.items() if "/outlines/" in u) / 1000
                print(f"| {areas:,} areas first drawn (outlines {outline:,.0f} kB) | {drawn:.2f} s |")
                print(f"| control → map, {areas:,} areas | {control(page, ['volunteers', 'people']):.0f} ms |")
                page.close()
        _, _, page = visit(context, address, "?lang=en&area=20")
        page.wait_for_function(_IDLE)  # what is asked before the page stands is not answered
        page.evaluate(_STILL)
        times = []
        for code in ("2007", "2001", "2004", "2003"):
            link = page.evaluate("() => performance.now()")
            page.evaluate("code => { for (const d of Bokeh.documents) for (const m of d._all_models.values()) "
                          "if (m.type === 'panel.models.location.Location') m.search = '?area=' + code + '&lang=en' }",
                          code)
            page.wait_for_function(
                "() => { for (const d of Bokeh.documents) for (const m of d._all_models.values()) "
                f"if (m.data && m.data.source && m.data.source.includes('.{code}.')) return true; return false }}")
            page.wait_for_function(_DRAWN)
            times.append(page.evaluate("() => performance.now()") - link)
        print(f"| drill-down, median of {len(times)} | {statistics.median(times):.0f} ms |")
        browser.close()


async def crowd(address: str, pid: int) -> None:
    """Fifty visitors at once, each changing the measure every ten seconds or so; then many that come and go."""
    empty = memory(pid)
    sittings = [await Sitting.begin(address) for _ in range(50)]
    held = memory(pid)
    random, taken = np.random.default_rng(1), []

    async def sit(sitting: Sitting, waits: list[float]) -> None:
        for i, wait in enumerate(waits):
            await asyncio.sleep(wait)
            taken.append(await sitting.change(("volunteers", "waiting")[i % 2]))

    done = await asyncio.gather(*(sit(s, random.exponential(10, 4).tolist()) for s in sittings),
                                return_exceptions=True)
    failed = sum(isinstance(d, BaseException) for d in done)
    print(f"| 50 sessions, a change each 10 s on average ({len(taken)} changes, {failed} failed): median, p95 | "
          f"{statistics.median(taken):.0f} ms, {statistics.quantiles(taken, n=20)[-1]:.0f} ms |")
    at_once = await asyncio.gather(*(s.change("people") for s in sittings))
    print(f"| 50 sessions that change in the same instant: median, slowest | {statistics.median(at_once):.0f} ms, "
          f"{max(at_once):.0f} ms |")
    for sitting in sittings:
        sitting.end()
    print(f"| memory of a session | {(held - empty) / 50:.2f} MB |")
    for _ in range(SESSIONS):
        (await Sitting.begin(address)).end()
    # Sessions nobody is attached to are dropped after 15 s, looked for each 17 s, and tidied up at most 5 s later.
    await asyncio.sleep(45)
    print(f"| memory before the fifty, with them, and after {SESSIONS} more came and went | {empty:.0f}, {held:.0f}, "
          f"{memory(pid):.0f} MB |")


def main() -> None:
    named = os.environ.get("JITASA_BENCH_STORE")
    with tempfile.TemporaryDirectory() as folder:
        store = Path(named) if named else Path(folder) / "store"
        if not named:
            from jitasa_analytics.ingest.sample import build_sample_store
            from jitasa_analytics.store import Store

            build_sample_store(Store(store))
        process, address = start(store, Path(folder) / "log.txt")
        parts = os.environ.get("JITASA_BENCH_PARTS", "browser,crowd").split(",")
        try:
            print("| what | measured |\n|---|---|", flush=True)
            if "browser" in parts:
                browser_part(address, whole=bool(named))
            if "crowd" in parts:
                asyncio.run(crowd(address, process.pid))
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


if __name__ == "__main__":
    main()
