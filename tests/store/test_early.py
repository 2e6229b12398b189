"""A large file is flushed while it is written, and nothing of that is left behind."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from jitasa_analytics.ingest import import_files
from jitasa_analytics.ingest.bulk import opened
from jitasa_analytics.store import Store, early
from jitasa_analytics.store.early import Early
from tests.ingest.made_rows import made


def threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "early"]


def test_flushed_until_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early, "_EVERY", 0.001)
    path, again, flush = tmp_path / "a", threading.Event(), os.fsync
    seen: list[int] = []

    def noted(file: int) -> None:
        seen.append(os.fstat(file).st_ino)
        flush(file)
        if len(seen) == 3:
            again.set()

    monkeypatch.setattr(os, "fsync", noted)
    path.write_bytes(b"x")
    flushing = Early(path)
    assert again.wait(30)
    flushing.end()
    assert set(seen) == {path.stat().st_ino} and not threads()
    count = len(seen)
    flushing.end()
    assert len(seen) == count


def test_a_file_that_went_is_nobodys_error(tmp_path: Path) -> None:
    Early(tmp_path / "gone").end()
    assert not threads()


@pytest.mark.parametrize("fails", [False, True])
def test_an_import_ends_it(fails: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened, "LARGE", 0)
    monkeypatch.setattr(early, "_EVERY", 0.001)
    path = tmp_path / "doses.csv"
    path.write_text(made("doses", 300, seed=5), "utf-8")
    begun: list[Path] = []
    start = Early.__init__
    monkeypatch.setattr(Early, "__init__", lambda self, file: (begun.append(file), start(self, file))[1])
    if fails:
        with pytest.raises(Exception, match="refused"):
            import_files(Store(tmp_path / "store"), "doses", [path])
    else:
        import_files(Store(tmp_path / "store"), "doses", [path], accept_quarantine="a test")
    assert [p.name[:5] for p in begun] == ["doses"]
    assert not threads()
