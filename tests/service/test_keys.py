"""The key lies outside the store, and a new one leaves every person the same person."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pandas as pd
import pytest

from jitasa_analytics import privacy
from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import import_files
from jitasa_analytics.service import keys
from jitasa_analytics.store import Store

PHONE = "081-234-5678"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JITASA_TOKEN_KEY", raising=False)
    monkeypatch.delenv("JITASA_KEYS", raising=False)


def send(store: Store, folder: Path, request_id: str, phone: str = PHONE) -> None:
    file = folder / f"{request_id}.csv"
    pd.DataFrame({"request_id": [request_id], "requested_at": ["2021-07-01 10:00"], "requester": [phone],
                  "area_code": ["200101"]}).to_csv(file, index=False)
    import_files(store, "requests", [file])


def requesters(store: Store) -> dict[str, str]:
    with store.snapshot() as s:
        return dict(s.frame("requests", columns=["request_id", "requester"]).itertuples(index=False))


def test_the_key_lies_outside_the_store_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    send(store, tmp_path, "A")
    path = tmp_path / "store.keys" / "token.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    key = path.read_bytes()
    assert all(key not in f.read_bytes() for f in store.folder.rglob("*") if f.is_file())
    assert not list(store.folder.rglob("*.key"))


def test_a_key_of_an_older_version_is_taken_out_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "token.key").write_bytes(b"old")
    assert privacy.load_key(tmp_path / "store") == b"old"
    assert not (tmp_path / "store" / "token.key").exists()


def test_rotation_keeps_persons_the_same_persons(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    send(store, tmp_path, "A")
    send(store, tmp_path, "B", "R084")
    before = requesters(store)
    assert keys.rotate(store) == 1
    send(store, tmp_path, "C")
    after = requesters(store)
    assert after["A"] == after["C"] != before["A"]
    assert after["B"] == "R084"
    old = (tmp_path / "store.keys" / "token.key").read_bytes().split(b"\n")[0]
    assert privacy.token("0812345678", old) == before["A"] not in after.values()


def test_a_rotation_that_was_interrupted_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before the store was written: the old key stays. Killed after it: the new one is taken."""
    store = Store(tmp_path / "store")
    send(store, tmp_path, "A")
    folder = tmp_path / "store.keys"
    old = (folder / "token.key").read_bytes()
    (folder / "token.key.next").write_bytes(old + b"\nnever used")
    assert privacy.load_key(store.folder) == old
    assert not (folder / "token.key.next").exists()

    def killed(self: Path, target: Path) -> None:
        raise KeyboardInterrupt if self.name.endswith(".next") else OSError("unexpected")

    real = Path.replace
    monkeypatch.setattr(Path, "replace", lambda self, target: killed(self, target) if self.name == "token.key.next"
                        else real(self, target))
    with pytest.raises(KeyboardInterrupt):
        keys.rotate(store)
    monkeypatch.undo()
    send(store, tmp_path, "C")
    after = requesters(store)
    assert after["A"] == after["C"]
    assert (folder / "token.key").read_bytes() != old


def test_a_key_from_the_environment_is_not_rotated_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "store")
    monkeypatch.setenv("JITASA_TOKEN_KEY", "one,two")
    send(store, tmp_path, "A")
    assert not (tmp_path / "store.keys").exists()
    assert requesters(store)["A"] == privacy.token("0812345678", b"one\ntwo")
    with pytest.raises(InputError, match="JITASA_TOKEN_KEY"):
        keys.rotate(store)
    assert os.environ["JITASA_TOKEN_KEY"] == "one,two"
