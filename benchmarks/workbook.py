"""Import of a large workbook with every rule on, and the memory of both processes: the import's and its reader's.

Run with ``python benchmarks/workbook.py [ROWS …]`` (200,000 and 1,000,000 by default). The rows are those of
``import.py``: texts are shared as Excel shares them, days are days of the spreadsheet, 0.5 % of the rows are bad.
"""

from __future__ import annotations

import csv
import datetime
import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

_TYPES = ('<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
          'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{}</Types>')
_SHEETML = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
_TO = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_STYLES = (f'<styleSheet {_MAIN}><fonts count="1"><font/></fonts><fills count="1"><fill><patternFill/></fill></fills>'
           '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0"/></cellStyleXfs>'
           '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>')
_BEGIN = {
    "[Content_Types].xml": _TYPES.format("".join(
        f'<Override PartName="/xl/{part}" ContentType="{_SHEETML}.{kind}+xml"/>' for part, kind in (
            ("workbook.xml", "sheet.main"), ("worksheets/sheet1.xml", "worksheet"), ("styles.xml", "styles"),
            ("sharedStrings.xml", "sharedStrings")))),
    "_rels/.rels": _RELATIONS.format(f'<Relationship Id="rId1" Type="{_TO}/officeDocument" Target="xl/workbook.xml"/>'),
    "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_TO}"><sheets><sheet name="doses" sheetId="1" r:id="rId1"/>'
                       "</sheets></workbook>",
    "xl/_rels/workbook.xml.rels": _RELATIONS.format("".join(
        f'<Relationship Id="rId{n}" Type="{_TO}/{kind}" Target="{part}"/>' for n, (kind, part) in enumerate((
            ("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")),
            1))),
    "xl/styles.xml": _STYLES,
}


def make(rows: Path, path: Path) -> None:
    """A workbook of the rows of a CSV file, as Excel would save it."""
    shared: dict[str, int] = {}
    days: dict[str, int] = {}

    def cell(place: str, text: str, column: int) -> str:
        if not text:
            return ""
        if column == 1 and text.isdecimal():
            return f'<c r="{place}"><v>{text}</v></c>'
        if column == 2 and len(text) == 10:
            if text not in days:
                try:
                    days[text] = (datetime.date.fromisoformat(text) - datetime.date(1899, 12, 30)).days
                except ValueError:
                    days[text] = 0
            if days[text]:
                return f'<c r="{place}" s="1"><v>{days[text]}</v></c>'
        return f'<c r="{place}" t="s"><v>{shared.setdefault(text, len(shared))}</v></c>'

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as book:
        for name, text in _BEGIN.items():
            book.writestr(name, text)
        with rows.open(newline="", encoding="utf-8") as file, book.open(
                "xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(f"<worksheet {_MAIN}><sheetData>".encode())
            held: list[str] = []
            for number, row in enumerate(csv.reader(file), 1):
                held.append(f'<row r="{number}">' + "".join(
                    cell(f"{'ABCDEFGHIJ'[k]}{number}", text, k) for k, text in enumerate(row)) + "</row>")
                if len(held) == 10_000:
                    sheet.write("".join(held).encode())
                    held = []
            sheet.write(("".join(held) + "</sheetData></worksheet>").encode())
        with book.open("xl/sharedStrings.xml", "w") as strings:
            strings.write(f'<sst {_MAIN} uniqueCount="{len(shared)}">'.encode())
            strings.write("".join(f"<si><t>{escape(text)}</t></si>" for text in shared).encode())
            strings.write(b"</sst>")


def once(path: str, folder: str) -> None:
    """One import, in its own process; prints what it took."""
    from jitasa_analytics.ingest import import_files
    from jitasa_analytics.store import Store

    Path(folder).mkdir()
    store = Store(Path(folder) / "store")
    peak: dict[int, int] = {}
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(peak, done), daemon=True)
    watcher.start()
    before = os.times()
    start = time.perf_counter()
    report = import_files(store, "doses", [Path(path)])
    seconds = time.perf_counter() - start
    after = os.times()
    done.set()
    watcher.join()
    assert report.read == report.accepted + report.quarantined + report.duplicate
    print(json.dumps({
        "read": report.read, "accepted": report.accepted, "refused": report.quarantined, "seconds": seconds,
        "cpu": after.user + after.system - before.user - before.system,
        "child cpu": after.children_user + after.children_system - before.children_user - before.children_system,
        "peak": _high_water("self") / 1e6, "child peak": max(peak.values(), default=0) / 1e6}))


def _high_water(process: int | str) -> int:
    """The most memory that a process had so far, kB."""
    try:
        text = Path(f"/proc/{process}/status").read_text("ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM")), 0)


def _watch(peak: dict[int, int], done: threading.Event) -> None:
    """Note the memory of the process that reads the file."""
    tasks = Path("/proc/self/task")
    while not done.wait(0.05):
        for children in tasks.glob("*/children"):
            try:
                found = children.read_text().split()
            except OSError:
                continue
            for child in map(int, found):
                peak[child] = max(peak.get(child, 0), _high_water(child))


def main(sizes: list[int]) -> None:
    made = importlib.import_module("import")
    for rows in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            path = folder / "doses.xlsx"
            make(made.make(folder, "tokens", rows), path)
            os.sync()
            done = subprocess.run([sys.executable, __file__, "--once", str(path), str(folder / "run")],
                                  capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(done.stderr)
            ours = json.loads(done.stdout.splitlines()[-1])
            print(f"\n{ours['read']:,} rows, {path.stat().st_size / 1e6:.0f} MB, {ours['refused']:,} refused and kept; "
                  f"load {os.getloadavg()[0]:.1f}\n| seconds | processor, s: import | its reader | peak, GB: import | "
                  "its reader |\n|---|---|---|---|---|")
            print("| {seconds:.1f} | {cpu:.1f} | {child cpu:.1f} | {peak:.2f} | {child peak:.2f} |".format(**ours),
                  flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--once"]:
        once(*sys.argv[2:4])
    else:
        main([int(n) for n in sys.argv[1:]] or [200_000, 1_000_000])
