"""The sheet of a notebook draws its map in a browser and asks nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jitasa_analytics as ja

_MANY_COLOURS = """() => {
    const find = (root) => [...root.querySelectorAll('canvas'),
        ...[...root.querySelectorAll('*')].filter(e => e.shadowRoot).flatMap(e => find(e.shadowRoot))]
    return find(document).some(c => {
        const d = c.getContext('2d')?.getImageData(0, 0, c.width, c.height).data ?? []
        const seen = new Set()
        for (let i = 0; i < d.length; i += 4) seen.add((d[i] << 16) + (d[i + 1] << 8) + d[i + 2])
        return seen.size > 20
    })
}"""


def test_a_saved_sheet_draws_its_map_and_asks_nobody(chromium: Any, ui_store: Path, tmp_path: Path) -> None:
    with ja.open_store(ui_store).snapshot("20") as s:
        ja.run("best_sites", s, minutes=15).view(lang="th").save(tmp_path / "plan.html")
    asked: list[str] = []
    page = chromium.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "plan.html").as_uri())
    page.wait_for_function(_MANY_COLOURS, timeout=45_000)
    page.close()
    assert [u for u in asked if not u.startswith(("file:", "data:", "blob:"))] == []
