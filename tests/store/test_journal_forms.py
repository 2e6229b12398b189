"""Lines of other programs: older ones are read, newer ones are never passed over."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from jitasa_analytics.errors import StoreError
from jitasa_analytics.store import Store, folder, journal


def line(entry: list[object]) -> bytes:
    body = json.dumps(entry).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def row(name: str) -> dict[str, object]:
    return {"request_id": name, "requested_at": "2021-07-01T02:30:00", "status": "new", "area_code": "200101"}


def ids(store: Store) -> set[str]:
    with store.snapshot() as s:
        return set(s.frame("requests")["request_id"])


def test_lines_of_before_are_checked_again_and_lines_of_later_wait(tmp_path: Path,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder.Folding, "wake", lambda self: None)
    store = Store(tmp_path / "store")
    with store.transaction(create=True) as tx:
        tx.insert("requests", pd.DataFrame({"request_id": ["old"], "requested_at": pd.Timestamp("2020-03-24"),
                                            "status": "new", "people": 1, "area_code": "200101"}))
    store.append("requests", {"request_id": "now", "requested_at": datetime(2021, 7, 1, tzinfo=UTC), "status": "new",
                              "area_code": "200101"})
    segment = journal.segment_path(store.folder, 1)
    with segment.open("ab") as file:
        file.write(line(["a", "2021-07-01T00:00:00+00:00", [["requests", row("before"), False]]]))
        bad = {**row("bad"), "people": -1}
        file.write(line(["b", "2021-07-01T00:00:00+00:00", [["requests", bad, False]], "other"]))
    store.settle()
    assert ids(store) == {"old", "now", "before"}  # the one that breaks a rule is kept aside
    newer = line(["c", "2021-07-01T00:00:00+00:00", [["requests", row("later"), False]], "form", {"more": 1}, 2])
    with segment.open("ab") as file:
        file.write(newer)
    with pytest.raises(StoreError, match="newer program"):
        store.settle()
    assert segment.read_bytes().endswith(newer) and ids(store) == {"old", "now", "before"}
