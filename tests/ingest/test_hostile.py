"""Files made to take the machine down are refused in words, quickly, and the importer lives."""

from __future__ import annotations

import gzip
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest

from jitasa_analytics import texts
from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import child, read, text, workbook

BLOCK = 1 << 20


def far_corner(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "request_id"
    book.active["XFD1048576"] = "x"
    book.save(path)


def bomb(path: Path) -> None:
    """A workbook whose only sheet unpacks to 300 MB of blanks."""
    plain = path.with_suffix(".plain.xlsx")
    openpyxl.Workbook().save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for name in old.namelist():
            if name != "xl/worksheets/sheet1.xml":
                new.writestr(name, old.read(name))
        with new.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(300):
                sheet.write(b" " * BLOCK)


def long_line(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"request_id,requested_at\n")
        for _ in range(100):
            file.write(b"x" * BLOCK)


def endless(path: Path) -> None:
    """A gzip file of 200 kB that unpacks to 200 MB of rows."""
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(b"a,b\n")
        for _ in range(200):
            file.write(b"1,2\n" * (BLOCK // 4))


def bomb_of_shapes(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new, new.open("a.shp", "w") as file:
        for _ in range(100):
            file.write(b"\0" * BLOCK)


@pytest.mark.parametrize(("name", "make"), [
    ("corner.xlsx", far_corner), ("bomb.xlsx", bomb), ("line.csv", long_line), ("endless.csv.gz", endless),
    ("shapes.zip", bomb_of_shapes),
])
def test_hostile_files_are_refused(tmp_path: Path, name: str, make: object) -> None:
    make(tmp_path / name)
    began = time.perf_counter()
    with pytest.raises(InputError) as refusal:
        read.read(tmp_path / name)
    assert time.perf_counter() - began < 20
    assert refusal.value.key == "import.too_large"
    assert name in texts.of_error(refusal.value, "th")


def test_a_child_that_needs_too_much_dies_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big.xlsx"
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for _ in range(300):
        sheet.append([f"text {n}" for n in range(20)])
    book.save(path)
    assert workbook.read(path).rows == 299
    monkeypatch.setattr(workbook, "MEMORY", 16 << 20)
    with pytest.raises(InputError, match=r"not read|can't be read"):
        workbook.read(path)


def test_time_is_limited_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "slow.xlsx"
    openpyxl.Workbook().save(path)
    script = tmp_path / "slow.py"
    script.write_text("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass\n")
    monkeypatch.setattr(child, "__file__", str(script))
    with pytest.raises(InputError, match="more memory or time"):
        workbook.read(path)


def test_a_damaged_workbook_is_no_bomb(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"PK\x03\x04" + b"x" * 100)
    with pytest.raises(InputError) as refusal:
        read.read(path)
    assert refusal.value.key == "error.file_broken"


def test_a_large_honest_gz_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "SMALL", 1000)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress("".join(["a,b\n", *(f"{n * 7919 % 100_003},{n}\n" for n in range(5000))]).encode()))
    assert read.read(path).rows == 5000
