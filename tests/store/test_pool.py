"""Open snapshots that wait for the next question: reused, never of an old version, and let go in the end."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from jitasa_analytics.store import Store, locks, pool
from jitasa_analytics.store.pool import Pool
from tests.store.test_store import requests


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store")
    with made.transaction(create=True) as tx:
        tx.insert("requests", requests("a", "b"))
    return made


def test_the_next_question_gets_the_open_one_and_another_scope_its_own(store: Store) -> None:
    kept, manifest = Pool(store.folder), store.manifest()
    with kept.snapshot(manifest, "TH") as first:
        assert first.count("requests") == 2
    with kept.snapshot(manifest, "TH") as second:
        assert second is first
        with kept.snapshot(manifest, "TH") as at_once, kept.snapshot(manifest, "20") as narrower:
            assert at_once is not first
            assert narrower.scope == "20"
    kept.close()


def test_a_newer_version_closes_the_older_ones(store: Store) -> None:
    kept, old = Pool(store.folder), store.manifest()
    with kept.snapshot(old, "TH") as first:
        pass
    with store.transaction() as tx:
        tx.insert("requests", requests("c"))
    with kept.snapshot(store.manifest(), "TH") as second:
        assert second.count("requests") == 3
    with locks.unread(store.folder, old.version) as free:
        assert free, "the version before must be free to be pruned"
    assert first is not second
    kept.close()


def test_what_nobody_asks_for_is_let_go(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "IDLE_SECONDS", 0.01)
    kept, manifest = Pool(store.folder), store.manifest()
    with kept.snapshot(manifest, "TH"):
        pass
    for timer in [t for t in threading.enumerate() if isinstance(t, threading.Timer)]:
        timer.join(10)
    with locks.unread(store.folder, manifest.version) as free:
        assert free


def test_a_question_that_fails_leaves_nothing_open(store: Store) -> None:
    kept, manifest = Pool(store.folder), store.manifest()
    with pytest.raises(ZeroDivisionError), kept.snapshot(manifest, "TH"):
        raise ZeroDivisionError
    with locks.unread(store.folder, manifest.version) as free:
        assert free
