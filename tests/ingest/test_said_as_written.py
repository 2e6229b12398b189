"""What is said of a cell names the column as the file does; what was put right is said, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from jitasa_analytics.cli import main
from jitasa_analytics.ingest import import_files
from jitasa_analytics.ingest.bulk import opened
from jitasa_analytics.store import Store

HEADS = "เลขที่คำขอ,วันที่แจ้ง,จำนวนคน,รหัสตำบล"


def file(folder: Path) -> Path:
    path = folder / "คำขอ.csv"
    path.write_text(f"{HEADS}\na,30/3/2563,๒,200104\nb,30/3/63,2,200104\nc,30/3/2563,-1,200104\n", "utf-8")
    return path


@pytest.mark.parametrize("large", [False, True])
def test_findings_carry_the_header_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    monkeypatch.setattr(opened, "LARGE", 1 if large else 1 << 40)
    report = import_files(Store(tmp_path / "store"), "requests", [file(tmp_path)], dry_run=True).to_dict()
    said = {(f["row"], f["column"]): f for f in (*report["findings"], *report["repairs"])}
    year, below, digits = said[3, "requested_at"], said[4, "people"], said[2, "people"]
    assert (year["header"], below["header"], digits["header"]) == ("วันที่แจ้ง", "จำนวนคน", "จำนวนคน")
    assert "วันที่แจ้ง" in year["message_th"] and "วันที่แจ้ง" in year["message_en"]
    assert "เวลาที่ขอ" not in year["message_th"]


def test_an_address_is_called_by_its_words(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("request_id,requested_at,tambon,district,province\na,2020-03-24,ในเมือง,,\n", "utf-8")
    report = import_files(Store(tmp_path / "store"), "requests", [path], dry_run=True).to_dict()
    finding = next(f for f in report["findings"] if f["code"] == "ambiguous_area")
    assert finding["column"] == "tambon" and "ตำบล" in finding["message_th"] and "tambon" not in finding["message_th"]


def test_the_screen_says_what_was_put_right_and_refusals_first(tmp_path: Path,
                                                               capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["import", "requests", str(file(tmp_path)), "--store", str(tmp_path / "store"), "--dry-run", "--lang",
              "en"])
    assert not ended.value.code
    lines = capsys.readouterr().err.splitlines()
    assert any("Put right" in line and "Buddhist" in line and "2 times" in line for line in lines), lines
    points = [line for line in lines if "•" in line]
    kinds = ["Refused" in line for line in points]
    assert kinds == sorted(kinds, reverse=True) and any("วันที่แจ้ง" in line for line in points)
