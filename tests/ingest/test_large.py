"""Large files: compiled cells against the rules, interrupts, what is listed, and how far an import is."""

from __future__ import annotations

import io
import signal
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from jitasa_analytics import privacy
from jitasa_analytics.cli.progress import Bar
from jitasa_analytics.contracts import dataset
from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import check, import_files, report
from jitasa_analytics.ingest.bulk import cells, opened, stream, tokens
from jitasa_analytics.ingest.bulk.words import MOST, UNKNOWN, Words
from jitasa_analytics.ingest.cell import Cell
from jitasa_analytics.ingest.recipe import OWN, Part, Recipe
from jitasa_analytics.store import Store, doubles
from tests.ingest.made_rows import made
from tests.ingest.watcher import Watcher

KEY = b"a key"
ROW = b"P1,1,2021-03-01,20\n"
TEXTS = [
    "0", "7", "007", "12", "-1", "+1", "1.0", "1.5", "1e3", "1,000", "๑", " 1", "1 ", "", "999999999999999",
    "1234567890123456", "0.1", "100.984123", "100.98412345678901234", "-0.5", ".5", "5.", "-", "--1", "1-", "1..2",
    "inf", "nan", "NaN", "0x10", "1_000", "179769313486231570000000000000000000000", "3.0", "10", "13.36", "9" * 40,
    "2021-03-01 08:30", "2021-03-01T08:30:59", "2021-03-01 08:30:59", "2021-02-29 08:30", "2020-02-29 23:59",
    "2021-13-01 08:30", "2021-00-10 08:30", "2021-03-01 24:00", "2021-03-01 08:60", "2021-03-01 8:30",
    "2021/03/01 08:30",
    "2564-03-01 08:30", "1849-03-01 08:30", "1900-03-01 00:00", "2099-01-01 00:00", "2021-03-01 08:30:00Z",
    "2021-03-01", "R084", "sample-p-000123", "Somchai", "AA1234567", "A123456", "AA123456", "AAA123456", "0812345678",
    "p_" + "a" * 32, "p_" + "G" * 32, "p_abc", "1101700230708", "1101700230705", "๑๑๐๑๗๐๐๒๓๐๗๐๘",
    "A" * 61, "A1" + "b" * 60, "A_1-b",
    "null", "None", "N/A", "<NA>", "x", "a b", "a  b", " a", "a ", "a\tb", "ก", "4007.0", "04007", "0.0", "a.0",
    "NULL1",    "Nakhon", "n1", "-5", "<5", "=1+1", "a,b", "é", "x" * 200, "x" * 201, "\u200ba", "ม.3",
]


@pytest.fixture
def block() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    raw = [t.encode() for t in TEXTS]
    lengths = np.array([len(r) for r in raw], np.int32)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int32)
    return np.frombuffer(b"".join(raw), np.uint8), starts, lengths


def ruled(name: str, column: str) -> list[Cell]:
    """What the rules of the careful lane make of each text."""
    contract = dataset(name)
    found = contract.column(column)
    read = check.reader(contract, found, Recipe(OWN, name, (), (Part({}),)), KEY)
    return [check.cell(t, found, read) for t in TEXTS]


def agree(read: np.ndarray, values: list[object], rules: list[Cell], least: int) -> None:
    """Where compiled code has read a text, the rules have nothing to say of it and read the same."""
    assert read.sum() >= least
    for text, there, value, cell in zip(TEXTS, read, values, rules, strict=True):
        if there:
            assert not (cell.error or cell.repairs or cell.warnings), text
            assert cell.value == value, text


def test_numbers_moments_and_texts_are_read_as_the_rules_read_them(block: tuple[np.ndarray, ...]) -> None:
    count = len(TEXTS)
    read = np.empty(count, bool)
    whole = np.zeros(count, np.int64)
    cells.whole(*block, 1, 10_000, whole, read)
    agree(read, whole.tolist(), ruled("requests", "people"), 5)
    numbers, read = cells.decimal(*block)
    agree(read, numbers.tolist(), ruled("requests", "lon"), 12)
    stamps = np.zeros(count, np.int64)
    cells.moment(*block, 7 * 3_600_000_000, -(2**62), int(datetime.now(UTC).timestamp() * 1e6), stamps, read)
    agree(read, [datetime.fromtimestamp(s / 1e6, UTC) for s in stamps.tolist()], ruled("requests", "requested_at"), 4)
    for column, is_code in (("facility_id", True), ("vaccine", False)):
        cells.plain(*block, is_code, read)
        agree(read, list(TEXTS), ruled("doses", column), 30)


def test_persons_are_told_apart_as_the_rules_do(block: tuple[np.ndarray, ...]) -> None:
    kind = np.empty(len(TEXTS), np.uint8)
    cells.person(*block, kind)
    rules = ruled("doses", "person_token")
    agree(kind == cells.LABEL, list(TEXTS), rules, 6)
    ids = [c.value for c, k in zip(rules, kind, strict=True) if k == cells.NATIONAL_ID]
    data, starts, lengths = tokens.in_place(*block, kind == cells.NATIONAL_ID, KEY)
    made_here = cells.strings(data, starts, lengths).to_pylist()
    assert ids and ids == [t for t, k in zip(made_here, kind, strict=True) if k == cells.NATIONAL_ID]


def test_a_token_with_any_other_byte_in_any_place_is_none() -> None:
    token = b"p_" + b"0f9aZ-z_" * 4
    texts = [token[:at] + bytes([b]) + token[at + 1:] for at in range(2, 34) for b in range(256)]
    lengths = np.full(len(texts), 34, np.int32)
    kind = np.empty(len(texts), np.uint8)
    cells.person(np.frombuffer(b"".join(texts), np.uint8), np.cumsum(lengths, dtype=np.int32) - lengths, lengths, kind)
    letters = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-")
    assert kind.tolist() == [cells.LABEL if b in letters else cells.NOBODY for _ in range(32) for b in range(256)]


def test_texts_of_every_length_are_copied_and_told_apart_wherever_they_lie() -> None:
    # Such of one length differ in one letter, the last ones end where the block does.
    long = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ"
    texts = [long[:n - 1] + last for n in range(1, len(long)) for last in "xyz"] + [""]
    for order in (texts, texts[::-1], texts[::2] + texts[1::2]):
        twice = [*order, *order]
        lengths = np.array([len(t) for t in twice], np.int32)
        data = np.frombuffer("".join(twice).encode(), np.uint8)
        block = (data, np.cumsum(lengths, dtype=np.int32) - lengths, lengths)
        assert cells.strings(*block).to_pylist() == twice
        words = Words(Cell)
        assert [words.texts[c] if c >= 0 else "" for c in words.find(*block)] == twice
        assert len(words.texts) == len(texts) - 1


@pytest.mark.parametrize("key", [b"", b"k", b"x" * 64, b"y" * 65, bytes(range(200)), b"old\nnew\nnewest"])
def test_tokens_are_those_of_the_standard_library(key: bytes) -> None:
    for count in (0, 1, 64, 300):  # of which so many are digested at once, or fewer
        ids = [f"{n:013}" for n in np.random.default_rng(count).integers(0, 10**13, count)]
        data = np.frombuffer("".join(ids).encode(), np.uint8)
        out = tokens.of_ids(data, np.arange(0, 13 * len(ids), 13, dtype=np.int32), key).tobytes().decode()
        assert [out[i:i + 34] for i in range(0, len(out), 34)] == [privacy.token(i, key) for i in ids]


def test_words_are_told_apart_byte_by_byte_until_there_are_too_many() -> None:
    words = Words(Cell)
    texts = [f"w{n}" for n in range(MOST + 10)]
    raw = "".join(texts).encode()
    lengths = np.array([len(t) for t in texts], np.int32)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int32)
    for _ in range(2):
        codes = words.find(np.frombuffer(raw, np.uint8), starts, lengths)
        assert codes.tolist() == [*range(MOST), *[UNKNOWN] * 10]
    assert words.texts == texts[:MOST]


def test_doubled_rows_are_found_by_where_they_stand_among_row_groups_of_two_threads(tmp_path: Path) -> None:
    # Three row groups and more; every 97th row is one for the careful lane, which puts it behind thousands of others.
    count, random = 400_000, np.random.default_rng(8)
    first, second = np.sort(random.choice(count, (200, 2), replace=False), axis=1).T
    key = np.arange(count)
    key[second] = key[first]
    careful = np.arange(count) % 97 == 0
    refused = np.arange(count) % 970 == 0
    day = np.where(np.isin(np.arange(count), second), 2, 1)
    path = tmp_path / "doses.csv"
    path.write_text("person_token,dose_no,date,area_code\n" + "".join(
        f"p_{k:032x},{'x' if r else '๑' if c else '1'},2021-03-0{d},200101\n"
        for k, c, r, d in zip(key.tolist(), careful.tolist(), refused.tolist(), day.tolist(), strict=True)), "utf-8")
    store = Store(tmp_path / "store")
    told = import_files(store, "doses", [path], large=0)
    both = ~refused[first] & ~refused[second]
    assert (told.read, told.quarantined, told.duplicate) == (count, refused.sum(), both.sum())
    said = [f.row - 2 for f in told.files[0].findings if f.code == "superseded_in_file"]
    assert said == sorted(second[both].tolist())
    with store.snapshot() as snapshot:
        later = snapshot.sql("SELECT person_token FROM doses WHERE date = DATE '2021-03-02'")["person_token"]
    alone = ~refused[second] & refused[first]
    assert set(later) == {f"p_{k:032x}" for k in key[first[alone]].tolist()}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file counts as a large one, in blocks of a few rows."""
    monkeypatch.setattr(opened, "LARGE", 0)
    monkeypatch.setattr(stream, "BLOCK", 700)


@pytest.mark.parametrize("known", [False, True], ids=["new store", "store with rows"])
@pytest.mark.usefixtures("small")
def test_an_interrupt_leaves_nothing_behind(known: bool, tmp_path: Path,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    path, before = tmp_path / "doses.csv", tmp_path / "before.csv"
    path.write_text(made("doses", 300, seed=5), "utf-8")
    before.write_text(made("doses", 40, seed=6, clean=True), "utf-8")
    store = Store(tmp_path / "store")
    if known:
        import_files(store, "doses", [before])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def files() -> list[Path]:
        # The key of the tokens is made once, outside the store, and stays.
        return sorted(p for p in tmp_path.rglob("*") if "store.keys" not in p.parts)

    there = files()
    watcher = Watcher(lambda: signal.raise_signal(signal.SIGINT), 5)
    with pytest.raises(KeyboardInterrupt):
        import_files(store, "doses", [path], progress=watcher, accept_quarantine="a test")
    assert len(watcher.seen) == 5
    assert there == files()
    assert store.exists == known
    again = import_files(store, "doses", [path], accept_quarantine="a test")
    assert again.read == 300 and again.version == (2 if known else 1)


@pytest.mark.usefixtures("small")
def test_how_far_an_import_is(tmp_path: Path) -> None:
    path = tmp_path / "doses.csv"
    path.write_text(made("doses", 300, seed=7, clean=True), "utf-8")
    watcher = Watcher(lambda: None, 0)
    import_files(Store(tmp_path / "store"), "doses", [path], progress=watcher)
    done = [d for d, _, _ in watcher.seen]
    assert done == sorted(done) and done[-1] == path.stat().st_size == watcher.seen[-1][1]
    assert watcher.seen[-1][2] == 301
    screen = io.StringIO()
    for lang, words in (("en", "rows/s"), ("th", "แถว/วินาที")):
        with Bar(lang, Console(file=screen, force_terminal=True, width=160)) as bar:
            bar("doses.csv", "read")
            bar.advance("doses.csv", 50, 200, 1_234_567)
            bar._shown.refresh()
        text = screen.getvalue()
        assert "25%" in text and "1,234,567" in text and words in text


@pytest.mark.usefixtures("small")
def test_findings_beyond_the_listed_ones_are_counted_and_no_refused_row_is_lost(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "doses.csv"
    text = made("doses", 300, seed=8, clean=True)
    path.write_text(text.replace("2021-03-01", "01/03/2564").replace(",1980,", ",x,", 120), "utf-8")
    whole = import_files(Store(tmp_path / "whole"), "doses", [path])
    monkeypatch.setattr(report, "MOST_LISTED", 7)
    store = Store(tmp_path / "store")
    told = import_files(store, "doses", [path])
    assert (told.read, told.accepted, told.quarantined) == (300, 180, 120)
    assert told.files[0].rules == whole.files[0].rules == {"not_a_number": 120}
    assert len(told.findings) == 7 and len(told.repairs) == 7
    assert told.files[0].unlisted == {"buddhist_year": 293, "not_a_number": 113}
    with store.transaction() as tx:
        kept = tx.ask("restricted", 'SELECT DISTINCT "row" FROM g_restricted.quarantine')
    assert len(kept) == 120


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("content", "key"), [
    (ROW + b"P2,1,2021\x00,20\n", "error.file_broken"), (ROW * 9000 + b"x" * (17 << 20), "import.too_large"),
    (ROW * 90 + b'P2,1,"2021,20\n', "import.unclosed_quote"),
])
def test_what_is_no_table_is_refused_as_ever(tmp_path: Path, content: bytes, key: str) -> None:
    path = tmp_path / "doses.csv"
    path.write_bytes(b"person_token,dose_no,date,area_code\n" + content)
    with pytest.raises(InputError) as error:
        import_files(Store(tmp_path / "store"), "doses", [path])
    assert error.value.key == key
    # The key that turns identities into tokens is made once and lies outside the store.
    assert sorted(p.name for p in tmp_path.iterdir()) == ["doses.csv", "store.keys"]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("most", [1 << 20, 50])
def test_doubles_are_found_however_many_rows_there_are(most: int, tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    # Of more rows than `most` no keys are remembered: the table itself is asked for them, part by part.
    monkeypatch.setattr(doubles, "_PART", most)
    monkeypatch.setattr(doubles, "_GROUPS", 7)
    path = tmp_path / "doses.csv"
    lines = [f"P{k},{1 + k % 2},2021-03-{1 + k % 28:02},20" for k in range(200)]
    again = [lines[k].replace("2021-03", "2021-04") for k in range(0, 200, 8)]
    path.write_text("\n".join(["person_token,dose_no,date,area_code", *lines, *again, *again]), "utf-8")
    store = Store(tmp_path / "store")
    told = import_files(store, "doses", [path])
    assert (told.read, told.accepted, told.duplicate) == (250, 200, 50)
    with store.snapshot() as s:
        assert sorted(s.frame("doses")["date"].astype(str).str[:7].unique()) == ["2021-03"]
