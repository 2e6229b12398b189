"""Small writes: refused or kept, never half; in the next version soon, in the right order, once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jitasa_analytics.errors import InputError, StoreError, UnknownError
from jitasa_analytics.store import Store, fold, folder, history, journal, open_store
from jitasa_analytics.store.manifest import Position

BANGKOK = timezone(timedelta(hours=7))
AT = datetime(2021, 7, 1, 9, 30, tzinfo=BANGKOK)


def request(number: object, **more: Any) -> dict[str, Any]:
    return {"request_id": str(number), "requested_at": AT, "status": "new", "area_code": "200101", **more}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store")
    with made.transaction(create=True) as tx:
        tx.insert("requests", pd.DataFrame({"request_id": ["old"], "requested_at": pd.Timestamp("2020-03-24"),
                                            "status": "new", "people": 1, "area_code": "200101"}))
    return made


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread folds; the test says when."""
    monkeypatch.setattr(folder.Folding, "wake", lambda self: None)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def frame(store: Store, name: str = "requests") -> pd.DataFrame:
    with store.snapshot() as s:
        return s.frame(name)


def aside(store: Store) -> pd.DataFrame:
    with store.transaction() as tx:
        return tx.ask("restricted", "SELECT * FROM g_restricted.quarantine ORDER BY ALL")


def test_a_write_is_seen_without_anybody_asking(store: Store) -> None:
    receipt = store.append("requests", request("n1", urgency="high", lon=101.0, lat=13.0))
    assert receipt.position.offset > 0
    until(lambda: store.manifest().version == 2)
    row = frame(store).set_index("request_id").loc["n1"]
    assert row["requested_at"] == pd.Timestamp("2021-07-01 02:30")  # UTC
    assert (row["status"], row["urgency"], row["people"], row["lon"]) == ("new", "high", 1, 101.0)
    assert store.manifest().note == "journal" and store.manifest().journal == receipt.position
    assert store.info()["rows"]["requests"] == 2


@pytest.mark.usefixtures("by_hand")
def test_later_values_take_the_place_of_earlier_ones_and_absent_ones_stay(store: Store) -> None:
    store.append("requests", request("n1", people=4, urgency="high"))
    store.amend("requests", {"request_id": "n1", "status": "confirmed"})
    store.amend("requests", {"request_id": "n1", "status": "assigned", "urgency": None})
    store.amend("requests", {"request_id": "old", "people": 9})
    store.append("requests", request("old", status="helped"))
    store.settle()
    rows = frame(store).set_index("request_id")
    assert rows.loc["n1", ["status", "people"]].tolist() == ["assigned", 4] and pd.isna(rows.loc["n1", "urgency"])
    assert rows.loc["old", ["status", "people"]].tolist() == ["helped", 9]
    assert len(rows) == 2 and store.manifest().version == 2


@pytest.mark.usefixtures("by_hand")
def test_rows_that_belong_together_are_written_together(store: Store) -> None:
    store.append_together([
        ("requests", request("n1")), ("request_items", {"request_id": "n1", "item": "rice", "category": "food"}),
        ("request_events", {"event_id": "e1", "request_id": "n1", "at": AT, "status": "new"})])
    with pytest.raises(InputError):
        store.append_together([("requests", request("n2")), ("request_events", {"event_id": "e2"})])
    store.settle()
    assert frame(store, "request_items")["delivered"].tolist() == [0.0]
    assert len(frame(store, "request_events")) == 1 and "n2" not in set(frame(store)["request_id"])


@pytest.mark.usefixtures("by_hand")
def test_what_was_acknowledged_and_can_not_be_taken_is_kept_aside(store: Store) -> None:
    event = {"event_id": "e1", "request_id": "old", "at": AT, "status": "confirmed"}
    store.append("request_events", event)
    store.append("request_events", event)  # sent again: the same
    store.append("request_events", {**event, "status": "helped"})
    store.amend("requests", {"request_id": "nobody", "status": "helped"})
    store.settle()
    assert frame(store, "request_events")["status"].tolist() == ["confirmed"]
    kept = aside(store)
    assert sorted(kept["code"]) == ["known_key_differs", "unknown_key"]
    assert kept["original"].str.contains("nobody").sum() == 1


@pytest.mark.parametrize(("name", "row", "says"), [
    ("requests", {}, "request_id"), ("requests", request("x", status=None), "status"),
    ("requests", request("x", status="gone"), "use one of new"), ("requests", request("x", people=0), "allowed: 1"),
    ("requests", request("x", people=1.5), "whole number"), ("requests", request("x", people=True), "whole number"),
    ("requests", request("x", people="3"), "whole number"), ("requests", request("x", people=2**63), "finite"),
    ("requests", request("x", area_code="999999"), "area code"), ("requests", request("x", area_code=None), "tambon"),
    ("requests", request("x", lon=101.0), "go together"), ("requests", request("x", lon=13.0, lat=101.0), "allowed"),
    ("requests", request("x", lon=float("inf"), lat=13.0), "finite"),
    ("requests", request("x", requester="1101700230708"), "tokens"),
    ("requests", request("x", requested_at=datetime(2021, 7, 1)), "offset"),  # noqa: DTZ001
    ("requests", request("x", requested_at="2564-07-01T00:00:00+07:00"), "years 1900 to 2200"),
    ("requests", request("x", requested_at="soon"), "no date"), ("requests", request("x", source="a\x00b"), "none"),
    ("requests", request("x", source="\ud800"), "none"), ("requests", request("x", source="a" * 30_000), "longer"),
    ("volunteers", {"volunteer_id": "V01", "kind": "wizard", "area_code": "200101"}, "use one of kamnan"),
    ("volunteers", {"volunteer_id": "V01", "area_code": "200101", "available_from": AT}, "not a date"),
    ("doses", {}, "imported from files"), ("areas", {}, "imported from files"),
])
def test_a_row_that_breaks_its_contract_is_refused_with_the_reason(store: Store, name: str, row: dict[str, Any],
                                                                   says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        store.append(name, row)
    from jitasa_analytics import texts

    for lang in texts.LANGUAGES:
        assert texts.has(str(refused.value.key), lang) and texts.of_error(refused.value, lang)
    assert "1101700230708" not in str(refused.value)
    assert not journal.pending(store.folder, Position())


def test_a_dataset_or_column_nobody_knows_is_said(store: Store) -> None:
    with pytest.raises(UnknownError, match="no dataset"):
        store.append("wishes", {})
    with pytest.raises(UnknownError, match="no column 'colour'"):
        store.append("requests", request("x", colour="red"))
    with pytest.raises(StoreError, match="no store"):
        Store(store.folder / "nowhere").append("requests", request("x"))


@pytest.mark.usefixtures("by_hand")
def test_lists_dates_and_tokens_come_back_as_they_were_given(store: Store) -> None:
    token = store.token("1101700230708")
    store.append("volunteers", {
        "volunteer_id": token, "kind": "student", "skills": ["drive", "nurse", "drive"], "area_code": "200101",
        "available_from": date(2021, 7, 1), "available_to": "2021-12-31", "consent_at": "2021-12-31T23:30:00+00:00"})
    store.append("volunteers", {"volunteer_id": token, "kind": "student", "skills": "drive", "area_code": "200101"})
    store.settle()
    row = frame(store, "volunteers").iloc[0]
    assert row["volunteer_id"] == token and row["skills"] == "drive" and row["capacity_per_day"] == 1.0
    assert row["available_to"] == pd.Timestamp("2021-12-31")
    assert row["consent_at"] == pd.Timestamp("2021-12-31 23:30")
    assert store.info()["as_of"]["volunteers"] == "2022-01-01"  # the day in Thailand


@pytest.mark.usefixtures("by_hand")
@pytest.mark.parametrize("torn", [b"0badc0de ", b"00000000 [1,2]\n", b"\x00" * 4096, b"zz\n", b"ffffffff [\"x\",\n"])
def test_a_line_that_a_crash_cut_off_is_passed_over(store: Store, torn: bytes) -> None:
    store.append("requests", request("n1"))
    with journal.segment_path(store.folder, 1).open("ab") as file:
        file.write(torn)
    store.append("requests", request("n2"))
    store.settle()
    assert set(frame(store)["request_id"]) == {"old", "n1", "n2"}
    assert not journal.pending(store.folder, store.manifest().journal)


@pytest.mark.usefixtures("by_hand")
def test_the_next_writer_of_any_kind_folds_what_is_pending(store: Store) -> None:
    store.append("requests", request("n1"))
    with store.transaction() as tx:
        assert set(tx.frame("requests")["request_id"]) == {"old", "n1"}
    assert store.manifest().version == 2
    store.append("requests", request("n2"))
    assert history.restore(store, 1).version == 4  # 3 holds n2
    assert set(frame(store)["request_id"]) == {"old"}
    store.append("requests", request("n3"))
    store.settle()
    assert set(frame(store)["request_id"]) == {"old", "n3"}  # what was restored away does not come back


def test_a_write_is_acknowledged_while_an_import_holds_the_store(store: Store) -> None:
    with store.transaction() as tx:
        tx.insert("facilities", pd.DataFrame({"facility_id": ["f"], "name": "n", "kind": "hospital", "lon": 101.0,
                                              "lat": 13.0}))
        store.append("requests", request("n1"))
    until(lambda: store.manifest().version == 3)
    assert set(frame(store)["request_id"]) == {"old", "n1"} and len(frame(store, "facilities")) == 1


@pytest.mark.usefixtures("by_hand")
def test_segments_go_when_they_are_folded_and_a_new_one_is_found_by_all(store: Store) -> None:
    other = journal.Journal(store.folder)
    mine = journal.journal_of(store.folder)
    other.append([("requests", request("a1"))])
    mine.rotate()
    other.append([("requests", request("a2"))])
    mine.rotate()
    mine.rotate()
    store.settle()
    assert journal.segments(store.folder) == [4]
    other.append([("requests", request("a3"))])  # the segment it had open is gone
    store.settle()
    assert set(frame(store)["request_id"]) == {"old", "a1", "a2", "a3"}
    other.close()


@pytest.mark.usefixtures("by_hand")
def test_lines_lie_behind_what_the_version_holds_even_if_the_journal_was_lost(store: Store) -> None:
    for number in range(5):
        store.append("requests", request(f"n{number}"))
    store.settle()
    journal.journal_of(store.folder).close()
    journal.segment_path(store.folder, 1).write_bytes(b"")
    store.append("requests", request("after"))
    store.settle()
    assert "after" in set(frame(store)["request_id"]) and len(frame(store)) == 7


@pytest.mark.usefixtures("by_hand")
def test_of_the_versions_of_small_writes_the_newest_and_the_last_of_a_day_stay(
        store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold, "KEEP", 2)
    monkeypatch.setattr(fold, "_EVERY", 5)
    for number in range(9):
        store.append("requests", request(number))
        store.settle()
    # Version 1 was no small write; 2 … 8 were thinned when 10 was made.
    assert [k.version for k in history.versions(store)] == [10, 9, 1]
    assert len(frame(store)) == 10


def _append_many(path: str, name: str, times: int) -> None:
    for number in range(times):
        open_store(path).append("requests", request(f"{name}{number}"))


def test_several_processes_write_at_once_and_every_row_is_there_once(store: Store) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append_many, args=(str(store.folder), name, 25)) for name in "xyz"]
    for writer in writers:
        writer.start()
    _append_many(str(store.folder), "w", 25)
    for writer in writers:
        writer.join(120)
        assert writer.exitcode == 0
    store.settle()
    assert sorted(frame(store)["request_id"]) == sorted(["old", *(f"{n}{i}" for n in "wxyz" for i in range(25))])
    assert store.manifest().version < 60  # folded many at a time


def test_a_child_of_a_fork_writes_with_its_own_lock(store: Store) -> None:
    store.append("requests", request("parent"))
    script = ("import os, sys, warnings\nwarnings.simplefilter('ignore')\n"
              "from jitasa_analytics.store import open_store\n"
              "from tests.store.test_journal import request\n"
              "s = open_store(sys.argv[1])\ns.append('requests', request('before'))\n"
              "pid = os.fork()\ns.append('requests', request('child' if pid == 0 else 'after'))\n"
              "s.settle()\n"
              "sys.stdout.flush()\n"
              "os._exit(0) if pid == 0 else sys.exit(os.waitpid(pid, 0)[1])\n")
    subprocess.run([sys.executable, "-c", script, str(store.folder)], check=True, timeout=120,
                   cwd=Path(__file__).resolve().parents[2])
    assert set(frame(store)["request_id"]) == {"old", "parent", "before", "child", "after"}


def test_a_process_that_ends_folds_what_it_wrote(store: Store) -> None:
    script = ("import sys\nfrom jitasa_analytics.store import open_store\n"
              "from tests.store.test_journal import request\n"
              "open_store(sys.argv[1]).append('requests', request('last'))\n")
    subprocess.run([sys.executable, "-c", script, str(store.folder)], check=True, timeout=120,
                   cwd=Path(__file__).resolve().parents[2])
    assert set(frame(store)["request_id"]) == {"old", "last"}


def test_a_killed_writer_loses_nothing_it_was_promised(store: Store) -> None:
    script = ("import sys, time\nfrom jitasa_analytics.store import folder, open_store\n"
              "from tests.store.test_journal import request\n"
              "folder.Folding.wake = lambda self: None\n"
              "s = open_store(sys.argv[1])\n"
              "for n in range(1000):\n"
              "    s.append('requests', request(f'k{n}'))\n    print(n, flush=True)\n")
    writer = subprocess.Popen([sys.executable, "-c", script, str(store.folder)], stdout=subprocess.PIPE,
                              cwd=Path(__file__).resolve().parents[2])
    assert writer.stdout is not None
    for _ in range(7):
        promised = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    rest = writer.stdout.read().split()
    writer.stdout.close()
    writer.wait()
    promised = int(rest[-1]) if rest else promised
    with store.transaction():
        pass
    kept = set(frame(store)["request_id"]) - {"old"}
    assert kept >= {f"k{n}" for n in range(promised + 1)} and len(kept) <= promised + 2


@pytest.mark.usefixtures("by_hand")
def test_an_erased_person_is_not_in_the_journal_either(store: Store) -> None:
    from jitasa_analytics.ingest.erase import erase

    token = store.token("1101700230708")
    store.append("requests", request("mine", requester=token))
    store.settle()
    store.append("requests", request("again", requester=token))  # not folded yet
    done = erase(store, token)
    assert done.removed["requests"] == 2
    assert not any(token.encode() in p.read_bytes() for p in store.folder.rglob("*") if p.is_file())
    store.append("requests", request("next"))
    store.settle()
    assert set(frame(store)["request_id"]) == {"old", "next"}


def test_times_do_not_depend_on_the_clock_of_the_machine(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, zone in enumerate(("UTC", "Asia/Bangkok", "America/New_York")):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        try:
            store.append("requests", request(f"z{number}", requested_at="2021-01-01T00:00:00+07:00"))
            store.settle()
        finally:
            monkeypatch.delenv("TZ")
            time.tzset()
    rows = frame(store)
    assert set(rows.loc[rows["request_id"].str.startswith("z"), "requested_at"]) == {pd.Timestamp("2020-12-31 17:00")}
    assert os.environ.get("TZ") is None and AT.astimezone(UTC).hour == 2
