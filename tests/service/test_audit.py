"""Whatever is changed in the log is found; what many write at once is all there."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from jitasa_analytics.errors import InputError, StoreError
from jitasa_analytics.service import audit, backwards
from jitasa_analytics.service.audit import Audit

_WRITE = ("import sys; from pathlib import Path; from jitasa_analytics.service.audit import Audit\n"
          "a = Audit(Path(sys.argv[1]))\n"
          "for i in range(25): a.record(sys.argv[2], 'read', scope='20', rows=i)")


@pytest.fixture
def log(tmp_path: Path) -> Audit:
    audit = Audit(tmp_path / "store")
    for number in range(6):
        audit.record("somchai", "read", scope="20", rows=number, dataset="คำขอ")
    return audit


def file(log: Audit) -> Path:
    return log.folder / "audit.log"


def test_an_untouched_log_is_whole_and_says_what_was_done(log: Audit) -> None:
    found = log.verify()
    assert found.whole and found.lines == 6
    newest = log.rows(last=2)
    assert [r["detail"]["rows"] for r in newest] == [5, 4]
    assert newest[0]["who"] == "somchai" and newest[0]["scope"] == "20"
    assert stat.S_IMODE(file(log).stat().st_mode) == 0o600
    assert log.rows(what="export") == []


def test_every_changed_byte_is_found(log: Audit) -> None:
    """Every third byte of the log, one after the other, set to something else."""
    before = file(log).read_bytes()
    for place in range(0, len(before), 3):
        changed = bytearray(before)
        changed[place] ^= 1
        file(log).write_bytes(changed)
        assert not log.verify().whole, (place, bytes(changed[max(place - 10, 0): place + 10]))
    file(log).write_bytes(before)
    assert log.verify().whole


def test_removed_reordered_repeated_and_cut_lines_are_found(log: Audit) -> None:
    lines = file(log).read_bytes().splitlines(keepends=True)
    for number in range(6):
        file(log).write_bytes(b"".join(lines[:number] + lines[number + 1:]))
        assert not log.verify().whole, f"line {number + 1} taken out"
        file(log).write_bytes(b"".join(lines[:number]))
        assert ("cut" in {w for _, w in log.verify().problems}), f"cut after {number} lines"
    for one in range(6):
        for other in range(one):
            moved = list(lines)
            moved[one], moved[other] = moved[other], moved[one]
            file(log).write_bytes(b"".join(moved))
            assert not log.verify().whole
    file(log).write_bytes(b"".join([*lines, lines[-1]]))
    assert not log.verify().whole
    file(log).unlink()
    assert not log.verify().whole


def test_a_line_rewritten_with_a_plain_hash_chain_is_found(log: Audit) -> None:
    """Who does not have the key can't seal a line of their own."""
    lines = file(log).read_text("utf-8").splitlines()
    event = json.loads(lines[-1])
    event["who"] = "somsri"
    body = json.dumps({k: v for k, v in event.items() if k != "hash"}, ensure_ascii=False, sort_keys=True,
                      separators=(",", ":"))
    event["hash"] = hashlib.sha256(body.encode()).hexdigest()
    lines[-1] = json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    file(log).write_text("\n".join(lines) + "\n", "utf-8")
    assert (6, "changed") in log.verify().problems


def test_the_head_is_part_of_the_log(log: Audit) -> None:
    head = log.folder / "audit.head"
    before = head.read_bytes()
    lines = file(log).read_bytes().splitlines(keepends=True)
    noted = log.verify().head
    head.unlink()
    assert not log.verify().whole
    head.write_bytes(before.replace(b'"n": 6', b'"n": 5'))
    assert not log.verify().whole
    # An old head copied back with an old log is only found against a head that is kept elsewhere.
    head.write_bytes(before)
    kept = (head.read_bytes(), file(log).read_bytes())
    log.record("somchai", "export", rows=1)
    later = log.verify().head
    assert log.verify(expect=noted).whole and log.verify(expect=later).whole
    head.write_bytes(kept[0])
    file(log).write_bytes(kept[1])
    assert log.verify().whole
    assert (7, "other_head") in log.verify(expect=later).problems
    assert len(lines) == 6


def test_a_change_stays_found_after_more_was_written(log: Audit) -> None:
    lines = file(log).read_bytes().splitlines(keepends=True)
    file(log).write_bytes(b"".join(lines[:4]))
    log.record("somchai", "export", rows=1)
    assert not log.verify().whole


def test_what_a_crash_left_is_settled(log: Audit) -> None:
    """Killed between line and head: the line counts. Killed within a line: it goes, and that is said."""
    head = log.folder / "audit.head"
    old = head.read_bytes()
    log.record("somchai", "export", rows=1)
    head.write_bytes(old)
    log.record("somchai", "export", rows=2)
    assert log.verify().whole and log.verify().lines == 8
    with file(log).open("ab") as out:
        out.write(b'{"n": 9, "half')
    assert not log.verify().whole
    log.record("somchai", "export", rows=3)
    found = log.verify()
    assert found.whole and found.lines == 10
    assert [r["what"] for r in log.rows(last=2)] == ["export", "repaired"]


def test_processes_write_at_the_same_time(tmp_path: Path) -> None:
    Audit(tmp_path / "store")
    running = [subprocess.Popen([sys.executable, "-c", _WRITE, str(tmp_path / "store"), name]) for name in "ab"]
    assert [p.wait(60) for p in running] == [0, 0]
    audit = Audit(tmp_path / "store")
    found = audit.verify()
    assert found.whole and found.lines == 50
    for name in "ab":
        assert [r["detail"]["rows"] for r in audit.rows(who=name)] == list(range(24, -1, -1))


def test_what_can_not_be_written_is_no_silent_loss(log: Audit) -> None:
    with pytest.raises(InputError, match="no kind of event"):
        log.record("somchai", "something")
    if os.geteuid() == 0:
        file(log).rename(file(log).with_suffix(".old"))
        file(log).mkdir()
    else:
        file(log).chmod(0o400)
    with pytest.raises(StoreError, match="can't be written"):
        log.record("somchai", "read")


_LOGS: dict[str, Audit] = {}


@settings(max_examples=150)
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_any_byte_changed_to_any_other_is_found(tmp_path_factory: pytest.TempPathFactory, place: float,
                                                flip: int) -> None:
    if "log" not in _LOGS:
        _LOGS["log"] = Audit(tmp_path_factory.mktemp("flip") / "store")
        for number in range(4):
            _LOGS["log"].record("somchai", "read", scope="20", rows=number, dataset="คำขอ")
    log = _LOGS["log"]
    whole = file(log).read_bytes()
    changed = bytearray(whole)
    changed[int(place * len(whole))] ^= flip
    try:
        file(log).write_bytes(changed)
        assert not log.verify().whole
    finally:
        file(log).write_bytes(whole)
    found = log.verify()
    assert found.whole and found.at == log.rows(last=1)[0]["at"]


def test_parts_of_the_log_by_who_what_where_and_when(log: Audit) -> None:
    log.record("malee", "export", scope="2007", file="x.csv")
    rows, more, people = log.page()
    assert not more and people == ["malee", "somchai"] and [r["n"] for r in rows] == [7, 6, 5, 4, 3, 2, 1]
    assert [r["n"] for r in log.page(first=2, most=3)[0]] == [5, 4, 3] and log.page(first=2, most=3)[1]
    assert [r["n"] for r in log.page(first=4, most=3)[0]] == [3, 2, 1] and not log.page(first=4, most=3)[1]

    def found(**filters: str) -> int:
        return len(log.page(**filters)[0])  # type: ignore[arg-type]

    assert found(who="malee") == found(what="export") == found(area="2007") == 1
    assert found(area="20") == 7 and found(area="10") == 0
    today = (datetime.fromisoformat(rows[0]["at"]) + timedelta(hours=7)).date()
    assert found(since=str(today - timedelta(1)), until=str(today)) == 7
    assert found(since=str(today + timedelta(1))) == found(until=str(today - timedelta(2))) == 0


@settings(max_examples=60)
@given(sizes=st.lists(st.integers(0, 30), max_size=30), block=st.integers(1, 40), day=st.integers(0, 30))
def test_lines_from_the_end_and_from_a_day(tmp_path_factory: pytest.TempPathFactory, sizes: list[int], block: int,
                                           day: int) -> None:
    """As reading all of it would give, whatever the size of a block; lines of Thai are cut between bytes too."""
    path = tmp_path_factory.mktemp("lines") / "log"
    every = [f"{n:02d}" + "ก" * size for n, size in enumerate(sizes)]
    path.write_text("".join(f"{line}\n" for line in every), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backwards, "_BLOCK", block)
        assert list(backwards.lines(path)) == every[::-1]
        at = backwards.after(path, lambda line: int(line[:2]) >= day)
        assert list(backwards.lines(path, at)) == every[:day][::-1]
    assert list(backwards.lines(path.with_name("none"))) == []


def test_only_the_part_that_is_shown_is_read(log: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten thousand lines the newest fifty: without taking the others apart."""
    line = file(log).read_bytes().splitlines(keepends=True)[0]
    file(log).write_bytes(line * 10_000)
    read: list[int] = []
    real = audit.read
    monkeypatch.setattr(audit, "read", lambda text: read.append(1) or real(text))
    rows, more, _ = log.page(most=50)
    assert len(rows) == 50 and more and len(read) == 51
    read.clear()
    assert log.page(until="2000-01-01") == ([], False, []) and len(read) < 40


def test_a_second_check_takes_only_new_lines_apart_and_finds_old_changes(log: Audit, monkeypatch: pytest.MonkeyPatch
                                                                         ) -> None:
    """Any byte of the part that was good before, the kept finding itself, and what came since."""
    assert log.verify(again=True).whole
    log.record("somchai", "export", rows=7)
    sealed: list[int] = []
    real = Audit._seal
    monkeypatch.setattr(Audit, "_seal", lambda self, event: sealed.append(1) or real(self, event))
    found = log.verify(again=True)
    assert found.whole and found.lines == 7 and len(sealed) == 1 and found.head == log.verify().head
    assert found.at == log.rows(last=1)[0]["at"]
    before = file(log).read_bytes()
    for place in range(0, len(before), 11):
        changed = bytearray(before)
        changed[place] ^= 1
        file(log).write_bytes(changed)
        assert not log.verify(again=True).whole, place
        assert log.verify(again=True).problems == log.verify().problems
    lines = before.splitlines(keepends=True)
    for cut in (lines[:-1], lines[1:], [*lines, lines[-1]], []):
        file(log).write_bytes(b"".join(cut))
        assert log.verify(again=True).problems == log.verify().problems != ()
    # A finding that somebody wrote for a log of their own is none.
    file(log).write_bytes(before.replace(b"somchai", b"somsri1"))
    kept = json.loads((log.folder / "audit.checked").read_text())
    kept["whole"] = hashlib.sha256(file(log).read_bytes()).hexdigest()
    (log.folder / "audit.checked").write_text(json.dumps(kept))
    assert not log.verify(again=True).whole
