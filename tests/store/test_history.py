"""Old versions: restored, pruned, backed up, and without a person who asked to be forgotten."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pandas as pd
import pytest

from jitasa_analytics import cli, privacy
from jitasa_analytics.contracts import DATASETS
from jitasa_analytics.errors import InputError, StoreError, UnknownError
from jitasa_analytics.ingest import import_files
from jitasa_analytics.ingest.erase import erase
from jitasa_analytics.store import Store, backup, history, open_store
from jitasa_analytics.store import manifest as files

PERSON = "1101700230708"
PHONE = "081-234-5678"


def requests(*ids: str, status: str = "new", requester: str | None = None) -> pd.DataFrame:
    return pd.DataFrame({"request_id": list(ids), "requested_at": pd.Timestamp("2020-03-24"), "status": status,
                         "people": 1, "area_code": "200101", "requester": requester})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Three versions: a; a and b; a helped and b."""
    made = Store(tmp_path / "store")
    with made.transaction(create=True) as tx:
        tx.insert("requests", requests("a"))
    with made.transaction(note="second") as tx:
        tx.insert("requests", requests("b"))
    with made.transaction() as tx:
        tx.update("requests", requests("a", status="helped"))
    return made


def digests(store: Store, version: int | None = None) -> dict[str, str]:
    with store.snapshot(version=version) as s:
        return {name: s.digest(name) for name in DATASETS}


def aside(store: Store, table: str) -> pd.DataFrame:
    with store.transaction() as tx:
        return tx.ask("restricted", f"SELECT * FROM g_restricted.{table} ORDER BY ALL")


def test_a_digest_says_whether_rows_are_the_same_whatever_their_order(store: Store) -> None:
    before = digests(store)
    with store.transaction() as tx:
        tx.replace("requests", tx.frame("requests").iloc[::-1])
    assert digests(store) == before
    with store.transaction() as tx:
        tx.update("requests", requests("a").assign(people=2))
    after = digests(store)
    assert {n for n in after if after[n] != before[n]} == {"requests"}


def test_a_restored_version_is_the_newest_and_nothing_is_lost(store: Store) -> None:
    made = history.restore(store, 1)
    assert made.version == store.manifest().version == 4
    assert digests(store) == digests(store, 1) != digests(store, 3)
    with store.transaction() as tx:
        tx.insert("requests", requests("c"))
    with store.snapshot() as s:
        assert s.frame("requests")["request_id"].tolist() == ["a", "c"]
    with store.snapshot(version=3) as s:
        assert set(s.frame("requests")["status"]) == {"helped", "new"}
    with pytest.raises(StoreError, match="no version 9; the newest is 5"):
        history.restore(store, 9)


@pytest.mark.parametrize("pointer", [None, "", "v00000003.jso", "v00000077.json\n"])
def test_a_store_without_its_pointer_is_brought_back(store: Store, pointer: str | None) -> None:
    whole = digests(store)
    path = store.folder / "CURRENT"
    path.unlink() if pointer is None else path.write_text(pointer)
    with pytest.raises(StoreError):
        store.snapshot()
    with pytest.raises(StoreError), store.transaction() as tx:
        tx.insert("requests", requests("never"))
    assert [(k.version, k.whole, k.current) for k in history.versions(store)] == [
        (3, True, False), (2, True, False), (1, True, False)]
    history.restore(store, 3)
    assert digests(store) == whole


def test_the_list_says_what_is_current_read_and_damaged(store: Store) -> None:
    files.path_of(store.folder, 1).write_text("{")
    with store.snapshot(version=2):
        found = {k.version: k for k in history.versions(store)}
    assert found[3].current and found[3].whole and not found[3].read
    assert found[2].read and found[2].note == "second" and found[2].rows == 2 and found[2].bytes > 0
    assert not found[1].whole


def test_pruning_keeps_the_newest_and_the_files_that_they_share(store: Store) -> None:
    shared = store.manifest().files
    done = history.prune(store, 2)
    assert done.removed == (1,) and done.read == () and done.freed > 0
    assert [k.version for k in history.versions(store)] == [3, 2]
    assert digests(store, 2)["requests"] != digests(store)["requests"]
    history.prune(store, 1)
    assert {p.name for p in (store.folder / "files").iterdir()} == set(shared.values())
    assert history.prune(store, 1).removed == ()
    with pytest.raises(InputError, match="at least 1"):
        history.prune(store, 0)
    with pytest.raises(StoreError, match="no version 1"):
        store.snapshot(version=1)
    with store.transaction() as tx:
        tx.insert("requests", requests("c"))
    assert store.manifest().version == 4


def test_pruning_leaves_the_versions_that_readers_hold(store: Store) -> None:
    with store.snapshot(version=1) as s:
        done = history.prune(store, 1)
        assert done.removed == (2,) and done.read == (1,)
        assert s.count("requests") == 1
    assert history.prune(store, 1).removed == (1,)


def _read_until_told(folder: str, told: object, seen: object) -> None:
    with open_store(folder).snapshot(version=1) as s:
        seen.put(s.count("requests"))  # type: ignore[attr-defined]
        told.get(timeout=60)  # type: ignore[attr-defined]
        seen.put(s.frame("requests")["request_id"].tolist())  # type: ignore[attr-defined]


def test_a_reader_in_another_process_holds_its_version_and_a_dead_one_does_not(store: Store) -> None:
    context = multiprocessing.get_context("spawn")
    told, seen = context.Queue(), context.Queue()
    reader = context.Process(target=_read_until_told, args=(str(store.folder), told, seen))
    reader.start()
    assert seen.get(timeout=60) == 1
    assert history.prune(store, 1).read == (1,)
    # A version removed all the same, by hand: who has it open reads on; who opens it anew is told.
    files.path_of(store.folder, 1).unlink()
    history.prune(store, 1)
    with pytest.raises(StoreError, match="no version 1"):
        store.snapshot(version=1)
    told.put(None)
    assert seen.get(timeout=60) == ["a"]
    reader.join(60)
    assert reader.exitcode == 0
    with store.snapshot() as s:
        assert s.count("requests") == 2


def test_a_version_that_goes_between_its_manifest_and_its_files_is_said(store: Store) -> None:
    from jitasa_analytics.store import Snapshot

    old = store.manifest(1)
    history.prune(store, 1)
    with pytest.raises(StoreError, match="version 1 of the store was removed; open the newest"):
        Snapshot(store.folder, old)


def test_a_backup_restores_to_the_same_digests_into_a_new_folder_and_into_an_old_one(store: Store,
                                                                                     tmp_path: Path) -> None:
    with store.transaction() as tx:
        tx.keep_aside("quarantine", pd.DataFrame({"dataset": ["requests"], "original": ['{"a": 1}'], "row": [2]}))
    whole, quarantine = digests(store), aside(store, "quarantine")
    file = tmp_path / "backup.zip"
    assert backup.backup(store, file).version == 4
    fresh = Store(tmp_path / "fresh")
    assert backup.restore(fresh, file).version == 4
    assert digests(fresh) == whole
    pd.testing.assert_frame_equal(aside(fresh, "quarantine"), quarantine)
    assert fresh.manifest().datasets == store.manifest().datasets
    with fresh.transaction() as tx:
        tx.insert("requests", requests("after"))
    assert fresh.manifest().version == 5
    with store.transaction() as tx:
        tx.replace("requests", requests("other"))
    assert backup.restore(store, file).version == 6
    assert digests(store) == whole
    assert digests(store, 5)["requests"] != whole["requests"]
    assert not (fresh.folder / "token.key").exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_backup_that_is_cut_off_or_altered_changes_nothing(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    backup.backup(store, file)
    whole = file.read_bytes()
    broken = tmp_path / "broken.zip"
    middle = len(whole) // 2
    for content in (b"", whole[:-100], whole[:middle], whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1:],
                    b"PK\x05\x06" + bytes(18)):
        broken.write_bytes(content)
        with pytest.raises(InputError, match="no whole backup"):
            backup.restore(Store(tmp_path / "new"), broken)
        assert not (tmp_path / "new").exists()
        with pytest.raises(InputError, match="no whole backup"):
            backup.restore(store, broken)
        assert store.manifest().version == 3 and len(history.versions(store)) == 3
        assert {p.name for p in (store.folder / "files").iterdir()} == {
            n for v in (1, 2, 3) for n in store.manifest(v).files.values()}
    with pytest.raises(InputError, match="there is no file"):
        backup.restore(store, tmp_path / "nowhere.zip")


def test_a_backup_into_a_folder_that_is_not_there_is_said(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't be written"):
        backup.backup(store, tmp_path / "nowhere" / "backup.zip")


# -- a person leaves ----------------------------------------------------------------------------


@pytest.fixture
def with_person(tmp_path: Path) -> tuple[Store, str]:
    """A store in which one person was vaccinated, asked, offered, observed and was refused, beside another."""
    made = Store(tmp_path / "people")
    doses = tmp_path / "doses.csv"
    doses.write_text("person_token,dose_no,date,area_code\n"
                     f"{PERSON},1,2021-06-01,200101\n{PERSON},2,2021-07-01,200101\n3100600445538,1,2021-06-01,200101\n"
                     f"{PERSON},x,2021-08-01,200101\n3100600445538,y,2021-08-01,200101\n")
    import_files(made, "doses", [doses])
    token = privacy.token(PERSON, privacy.load_key(made.folder))
    with made.transaction() as tx:
        tx.insert("requests", pd.concat([requests("mine", requester=token), requests("theirs", requester="p_other1")]))
        tx.insert("request_items", pd.DataFrame({"request_id": ["mine", "theirs"], "item": "rice", "category": "food"}))
        tx.insert("request_events", pd.DataFrame({
            "event_id": ["1", "2", "3"], "request_id": ["mine", "theirs", "theirs"], "at": pd.Timestamp("2020-04-01"),
            "by": ["v1", token, "v1"], "note": [None, "ok", f"ญาติของ {PERSON[0]}-1017-00230-70-8"]}))
        tx.insert("volunteers", pd.DataFrame({"volunteer_id": [token, "v1"], "kind": "other", "area_code": "200101"}))
        tx.insert("observations", pd.DataFrame({"observation_id": ["o"], "area_code": "200101", "what": "flood",
                                                "at": pd.Timestamp("2020-04-01"), "observer": token}))
        tx.keep_aside("fingerprints", pd.DataFrame({"dataset": "requests", "fingerprint": ["f1", "f2"],
                                                    "key": ["mine", "theirs"]}))
    with made.transaction() as tx:
        tx.insert("requests", requests("later"))
    return made, token


def test_an_erased_person_is_in_no_dataset_no_refused_row_no_older_version_and_no_byte(
        with_person: tuple[Store, str]) -> None:
    store, token = with_person
    assert aside(store, "quarantine")["original"].str.contains(PERSON).sum() == 1
    with store.snapshot() as reader:
        done = erase(store, token)
        assert reader.count("doses") == 3  # who reads, reads on
    assert done.removed == {"doses": 2, "requests": 1, "request_items": 1, "request_events": 1, "volunteers": 1,
                            "quarantine": 1, "fingerprints": 1}
    assert done.cleared == {"request_events": 2, "observations": 1}
    with store.snapshot() as s:
        assert s.version == done.version
        assert len(s.frame("doses")) == 1
        assert s.frame("requests")["request_id"].tolist() == ["later", "theirs"]
        events = s.frame("request_events").set_index("event_id")
        assert sorted(events.index) == ["2", "3"] and events["by"].isna()["2"] and events["note"].isna()["3"]
        assert s.held("doses").rows == 1 and s.held("volunteers").rows == 1
    assert len(aside(store, "quarantine")) == 1 and aside(store, "fingerprints")["key"].tolist() == ["theirs"]
    assert [k.version for k in history.versions(store)] == [done.version]
    for path in store.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert token.encode() not in content and PERSON.encode() not in content, path.name
    line = (store.folder / "history.log").read_text()
    assert '"action": "erase"' in line and '"doses": 2' in line


def test_a_person_is_found_by_the_identity_that_was_entered(with_person: tuple[Store, str]) -> None:
    store, _ = with_person
    assert erase(store, "1 1017 00230 70 8").removed["doses"] == 2


def test_a_person_nobody_knows_costs_no_version(with_person: tuple[Store, str]) -> None:
    store, token = with_person
    before = sorted(p.name for p in store.folder.rglob("*"))
    with pytest.raises(UnknownError, match="nothing of this person"):
        erase(store, token[:-1] + "g")
    assert sorted(p.name for p in store.folder.rglob("*")) == before


def test_a_person_who_is_only_in_an_old_version_is_purged_from_there(with_person: tuple[Store, str]) -> None:
    store, token = with_person
    with store.transaction() as tx:
        for name, column in (("doses", "person_token"), ("requests", "requester"), ("volunteers", "volunteer_id"),
                             ("request_events", "by"), ("observations", "observer")):
            frame = tx.frame(name)
            tx.replace(name, frame[frame[column] != token])
        tx.replace("request_events", tx.frame("request_events").head(0))
    with store.writing() as base:  # a store whose refused rows were dropped
        name = base.files["restricted"]
    assert name
    done = erase(store, token)
    assert done.versions >= 3 and len(history.versions(store)) == 1


def test_what_a_crash_left_of_purged_versions_is_removed_by_the_next_writer(with_person: tuple[Store, str]) -> None:
    store, token = with_person
    old = {p: p.read_bytes() for p in [*(store.folder / "files").iterdir(), *(store.folder / "versions").iterdir()]}
    erase(store, token)
    for path, content in old.items():
        path.write_bytes(content)
    with store.transaction() as tx:
        tx.insert("requests", requests("next"))
    assert not any(p.exists() for p in old)


# -- the command line ---------------------------------------------------------------------------


def jitasa(*words: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        cli.main([str(w) for w in words])
    out = capsys.readouterr()
    return int(stop.value.code or 0), out.out, out.err


def test_the_commands_say_what_they_did(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITASA_STORE", str(store.folder))
    code, out, _ = jitasa("versions", capsys=capsys)
    assert code == 0 and out.splitlines()[0] == "version,created_at,note,rows,bytes,state"
    assert out.splitlines()[1].startswith("3,") and out.splitlines()[1].endswith(",current")
    code, _, err = jitasa("restore", "1", "--lang", "en", capsys=capsys)
    assert code == 0 and "Version 1 is restored as version 4" in err
    code, _, err = jitasa("backup", tmp_path / "b.zip", "--lang", "en", capsys=capsys)
    assert code == 0 and "Version 4 is written" in err
    code, _, err = jitasa("prune", "--keep", "1", "--lang", "en", capsys=capsys)
    assert code == 0 and "3 versions removed" in err
    code, _, err = jitasa("prune", "--keep", "1", "--lang", "th", capsys=capsys)
    assert code == 0 and "ไม่มีรุ่นที่ต้องลบ" in err
    code, _, err = jitasa("restore", tmp_path / "b.zip", "--store", tmp_path / "new", "--lang", "en", capsys=capsys)
    assert code == 0 and "token.key" in err
    assert digests(Store(tmp_path / "new")) == digests(store)


@pytest.mark.parametrize(("words", "says"), [
    (("restore", "77"), "no version 77"), (("restore", "nowhere.zip"), "nowhere.zip"),
    (("prune", "--keep", "0"), "at least 1"), (("prune",), "--keep"),
    (("erase", "--person", "p_nobody1"), "nothing of"), (("backup", "no/where/b.zip"), "can't be written"),
    (("versions", "--store", "no/where"), "no store"),
])
def test_the_commands_refuse_with_one_sentence(store: Store, capsys: pytest.CaptureFixture[str],
                                               monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...],
                                               says: str) -> None:
    monkeypatch.setenv("JITASA_STORE", str(store.folder))
    code, out, err = jitasa(*words, "--lang", "en", capsys=capsys)
    assert code == 2 and out == "" and says in err and err.count("\n") == 1
    assert os.environ["JITASA_STORE"] == str(store.folder)
