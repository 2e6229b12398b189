"""Workbooks: a large sheet and a small one say and keep the same, and memory does not grow with their rows."""

from __future__ import annotations

import csv
import datetime
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import openpyxl
import pytest

from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import import_files, import_folder, read
from jitasa_analytics.ingest.bulk import opened, run, stream
from jitasa_analytics.store import Store
from tests.defects.test_defects import town
from tests.ingest.made_books import BEGIN, END, many, typed, with_xml
from tests.ingest.made_rows import made
from tests.ingest.watcher import Watcher

__all__ = ["town"]
LARGE, SMALL = 0, 1 << 60
_KEPT = 'SELECT dataset, sheet, "row", "column", code, value, original FROM g_restricted.quarantine ORDER BY ALL'


@pytest.fixture(autouse=True)
def _one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every store gives a person the same token, and blocks have a few rows."""
    monkeypatch.setenv("JITASA_TOKEN_KEY", "the same")
    monkeypatch.setattr(stream, "BLOCK", 700)


@pytest.fixture
def block_by_block(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sheets that were read block by block."""
    found: list[str] = []
    real = run.import_large

    def seen(tx: object, job: object, about: object) -> object:
        done = real(tx, job, about)  # type: ignore[arg-type]
        if done is not None:
            found.append(done.sheet)
        return done

    monkeypatch.setattr(run, "import_large", seen)
    return found


def outcome(base: Path, folder: Path, dataset: str, path: Path, large: int) -> dict[str, object]:
    """Everything that an import says and keeps, but for the names of file and sheet."""
    store = Store(folder / f"store {path.suffix} {large}")
    shutil.copytree(base, store.folder)
    told = import_files(store, dataset, [path], accept_quarantine="a test", large=large).to_dict()
    with store.snapshot() as s:
        digest = s.digest(dataset)
        frames = [s.frame(n).drop(columns="geometry", errors="ignore")
                  for n in dict.fromkeys((dataset, "request_items"))]
    with store.transaction() as tx:
        kept = tx.ask("restricted", _KEPT).to_dict("records")
    files = [{k: v for k, v in f.items() if k not in ("file", "sha256")} for f in told["files"]]
    said = sorted(({k: v for k, v in f.items() if k != "file"} for f in (*told["findings"], *told["repairs"])),
                  key=lambda f: (f["row"], f["column"], f["code"], f["value"]))
    return {"files": files, "said": said, "kept": kept, "digest": digest,
            "rows": [sorted(map(repr, f.itertuples(index=False, name=None))) for f in frames],
            **{k: told[k] for k in ("read", "accepted", "quarantined", "duplicate")}}


def unsheeted(found: dict[str, object]) -> str:
    """An outcome without the name of the sheet."""
    return repr(found).replace("'Sheet'", "''")


@pytest.mark.parametrize("dataset", ["doses", "requests", "facilities", "population"])
def test_a_workbook_and_its_twin_in_csv(dataset: str, town: Path, tmp_path: Path, block_by_block: list[str]) -> None:
    text = made(dataset, 300, seed=11)
    twin = tmp_path / "rows.csv"
    twin.write_text(text, "utf-8")
    heads, *rows = csv.reader(io.StringIO(text))
    book = many(tmp_path / "rows.xlsx", heads, rows)
    found = {(path.suffix, large): outcome(town, tmp_path, dataset, path, large)
             for path in (twin, book) for large in (LARGE, SMALL)}
    assert block_by_block == ["", "Sheet"]
    assert found[".xlsx", LARGE] == found[".xlsx", SMALL]
    assert len({unsheeted(f) for f in found.values()}) == 1
    assert found[".xlsx", LARGE]["quarantined"] and found[".xlsx", LARGE]["accepted"]


def messy(path: Path) -> Path:
    """Titles, merged headers of two rows, days in all ways, formulas, hidden parts, blank columns, totals, notes."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "มีนาคม"
    sheet.append(["รายงานคำขอ", None, None, None, None, None])
    sheet.append([])
    sheet.append(["เลขที่คำขอ", "วันที่ขอ", None, "พิกัด", None, "จำนวนคน", "ลำดับ"])
    sheet.append([None, None, None, "ละติจูด", "ลองจิจูด", None, None])
    for area in ("A1:F1", "D3:E3", "A3:A4", "B3:B4", "F3:F4"):
        sheet.merge_cells(area)
    sheet.append(["ตัวอย่าง/Example: r0", "24/03/2563", None, 13.05, 100.95, 1])
    days = ["24/03/2563", 43914, datetime.date(2020, 3, 24), datetime.datetime.fromisoformat("2020-03-24 08:30"),
            "๒๔/๐๓/๒๕๖๓", "soon",
            "30 มี.ค.63", "2999-01-01", 43914.5, None, "มีนาคม 2563"]
    people = [2, "๓", 1.5, -1, "1,234", None, 7.0, True, "=1+1", "x", 12]
    for n in range(120):
        sheet.append([f"r{n % 90}", days[n % 11], None, 13.05, 100.95 if n % 13 else 0, people[n % 9 if n % 4 else 0],
                      "=ROW()" if n % 5 else None])
    for n in (12, 40, 41):
        sheet.row_dimensions[n].hidden = True
    sheet.column_dimensions["G"].hidden = True
    sheet["A30"] = 'r"30", &<more>\n\tof it '
    sheet["H50"] = "nobody's column"
    for cell in sheet[60]:
        cell.value = None
    sheet["B60"] = "  "
    sheet["C99"] = " "
    sheet.append([])
    sheet.append(["รวมทั้งสิ้น", None, None, None, None, 1234])
    sheet.append([None, "หมายเหตุ: ข้อมูลเบื้องต้น"])
    book.create_sheet("ว่าง")
    second = book.create_sheet("เมษายน")
    for row in (["เลขที่คำขอ", "วันที่ขอ", "จำนวนคน", "จังหวัด"],
                *([f"s{n}", "01/04/2563", n % 7, "ชลบุรี"] for n in range(30))):
        second.append(row)
    other = book.create_sheet("ผู้ติดต่อ")
    for row in (["ชื่อ", "แผนก"], ["ก", "ข"], ["ค", "ง"]):
        other.append(row)
    hidden = book.create_sheet("เก่า")
    hidden.append(["เลขที่คำขอ", "วันที่ขอ"])
    hidden.sheet_state = "hidden"
    book.save(path)
    return path


def test_a_messy_workbook_is_read_alike_either_way(town: Path, tmp_path: Path, block_by_block: list[str]) -> None:
    path = messy(tmp_path / "messy.xlsx")
    small = outcome(town, tmp_path, "requests", path, SMALL)
    assert not block_by_block
    large = outcome(town, tmp_path, "requests", path, LARGE)
    # The second sheet has an address in words, whose rules look at several columns: it is read whole.
    assert block_by_block == ["มีนาคม"]
    assert large == small
    said = repr(small["said"])
    for code in ("header_found", "header_joined", "example_skipped", "formula_without_value", "hidden_rows",
                 "hidden_columns", "sheet_hidden", "sheet_not_read", "columns_unused", "buddhist_year", "excel_serial",
                 "totals_row", "footnote_row", "superseded_in_file", "not_a_date"):
        assert f"'{code}'" in said, code
    assert small["read"] == small["accepted"] + small["quarantined"] + small["duplicate"]  # type: ignore[operator]


def test_what_is_large_is_told_by_the_text_of_a_sheet(town: Path, tmp_path: Path, block_by_block: list[str]) -> None:
    rows = [["request_id", "requested_at", "area_code"], *([f"r{n}", "2020-03-24", "20"] for n in range(50))]
    path = typed(tmp_path / "rows.xlsx", rows)
    size = sum(len(",".join(row)) + 2 for row in rows)
    outcome(town, tmp_path, "requests", path, size + 1)
    assert block_by_block == []
    outcome(town, tmp_path, "requests", path, size)
    assert block_by_block == ["Sheet"]


def test_a_folder_with_workbooks(town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "work").mkdir()
    text = made("requests", 100, seed=12)
    typed(tmp_path / "in" / "requests.xlsx", csv.reader(io.StringIO(text)))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "work"))
    found = []
    for large in (LARGE, SMALL):
        store = Store(tmp_path / f"s{large}")
        shutil.copytree(town, store.folder)
        monkeypatch.setattr(opened, "LARGE", large)
        told = import_folder(store, tmp_path / "in", accept_quarantine="a test").to_dict()
        found.append(told)
    assert found[0] == found[1] and found[0]["read"] == 100
    assert not list((tmp_path / "work").iterdir())


def test_headers_are_the_same_either_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = messy(tmp_path / "messy.xlsx")
    monkeypatch.setattr(opened, "LARGE", SMALL)
    small = read.headers(path)
    monkeypatch.setattr(opened, "LARGE", LARGE)
    assert read.headers(path) == small and small[:4] == ["เลขที่คำขอ", "วันที่ขอ", "ละติจูด", "ลองจิจูด"]


@pytest.mark.parametrize("at", [1, 4], ids=["while its reader reads", "while its rows come in"])
def test_an_interrupt_leaves_nothing_behind(at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = typed(tmp_path / "doses.xlsx", csv.reader(io.StringIO(made("doses", 200, seed=5, clean=True))))
    store = Store(tmp_path / "store")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    watcher = Watcher(lambda: signal.raise_signal(signal.SIGINT), at)
    with pytest.raises(KeyboardInterrupt):
        import_files(store, "doses", [path], progress=watcher, large=LARGE)
    assert len(watcher.seen) == at
    # The key of the tokens is made once, outside the store, and stays.
    assert [p.name for p in tmp_path.iterdir() if p.name != "store.keys"] == ["doses.xlsx"]
    assert import_files(store, "doses", [path], large=LARGE).accepted == 200


def test_how_far_an_import_is(tmp_path: Path) -> None:
    path = typed(tmp_path / "doses.xlsx", csv.reader(io.StringIO(made("doses", 200, seed=5, clean=True))))
    watcher = Watcher(lambda: None, 0)
    import_files(Store(tmp_path / "store"), "doses", [path], progress=watcher, large=LARGE)
    shares = [done / total for done, total, _ in watcher.seen]
    assert shares == sorted(shares) and 0.7 < shares[0] < shares[1] < 0.9 and shares[-1] == 1
    assert {rows for _, _, rows in watcher.seen} == {200, 201}


@pytest.mark.parametrize("spoil", ["the second sheet is cut off", "too many columns"])
def test_a_failed_import_leaves_nothing_behind(spoil: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = "".join(f'<c r="{c}1" t="inlineStr"><is><t>{t}</t></is></c>' for c, t in zip(
        "ABC", ("request_id", "requested_at", "area_code"), strict=True))
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c><c r="B{n}"><v>43914</v></c><c r="C{n}"><v>20</v></c></row>'
                   for n in range(2, 300))
    wrong = '<row r="300"><c r="XFD300"><v>1</v></c></row>' if spoil == "too many columns" else "<row"
    path = with_xml(tmp_path / "a.xlsx", f'{BEGIN}<row r="1">{head}</row>{rows}{wrong}{END}'.encode())
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(InputError) as refusal:
        import_files(Store(tmp_path / "store"), "requests", [path], large=LARGE)
    assert refusal.value.key == ("import.too_large" if spoil == "too many columns" else "error.file_broken")
    assert [p.name for p in tmp_path.iterdir()] == ["a.xlsx"]


_IMPORT = """
import json, sys, threading
from pathlib import Path
from jitasa_analytics.ingest import child, import_files
from jitasa_analytics.ingest.bulk import stream
from jitasa_analytics.store import Store, feed
stream.BLOCK, feed.GROUP = 1 << 19, 10_000
def high(process):
    text = Path(f"/proc/{process}/status").read_text()
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM")), 0)
peak = [0]
real = child._said
def said(line):
    # The reader waits until what it says was read, and is alive as long.
    for task in Path("/proc/self/task").glob("*/children"):
        for process in task.read_text().split():
            try:
                peak[0] = max(peak[0], high(process))
            except OSError:
                pass
    return real(line)
child._said = said
told = import_files(Store(Path(sys.argv[2])), "doses", [Path(sys.argv[1])], large=int(sys.argv[4]))
assert told.accepted == int(sys.argv[3]), told.to_dict()
print(json.dumps([high("self"), peak[0]]))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell the most memory used")
def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    found, noise = {}, random.Random(3)
    for count in (800, 8_000, 28_000):  # the first may have to compile
        path = many(tmp_path / f"{count}.xlsx", ["person_token", "dose_no", "date", "area_code", "remarks"], (
            (f"P{n // 2:06}", str(1 + n % 2), "2021-03-01", "200101", noise.randbytes(1000).hex())
            for n in range(count)))
        done = subprocess.run([sys.executable, "-c", _IMPORT, str(path), str(tmp_path / f"s{count}"), str(count),
                               str(LARGE)], capture_output=True, text=True, check=True, env=dict(os.environ))
        found[count] = json.loads(done.stdout.splitlines()[-1])
    (own, child), (own_more, child_more) = found[8_000], found[28_000]
    # The text of 20,000 rows has 41 MB, of which next to nothing goes into the store.
    assert 1 <= own_more - own < 20_000
    assert child and child_more - child < 4_000
