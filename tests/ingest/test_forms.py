"""Forms that people fill in, mappings that they confirm, rows that they correct."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from jitasa_analytics import cli
from jitasa_analytics.contracts import DATASETS
from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import import_files, propose, quarantine, template
from jitasa_analytics.ingest import recipe as recipes
from jitasa_analytics.store import Store

HEAD = "request_id,requested_at,people,area_code,status\n"


def jitasa(*words: object) -> int:
    with pytest.raises(SystemExit) as stop:
        cli.main([str(w) for w in words])
    return int(stop.value.code or 0)


# -- template ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_every_template_names_every_column_and_its_own_headers_are_known(name: str, tmp_path: Path) -> None:
    template.write(name, tmp_path / "form.xlsx")
    book = openpyxl.load_workbook(tmp_path / "form.xlsx")
    columns = [c for c in DATASETS[name].columns if c.kind != "geometry" and c.name != "source"]
    heads = [c.value for c in book.worksheets[0][1]]
    assert list(recipes.columns_for(DATASETS[name], heads)) == [c.name for c in columns]
    assert [c.value for c in book.worksheets[1]["A"]][1:len(columns) + 1] == [c.name for c in columns]
    lists = [v for v in book.worksheets[0].data_validations.dataValidation if v.type == "list"]
    assert len(lists) == sum(c.kind == "choice" for c in columns)
    assert book.worksheets[2].sheet_state == "hidden"


def test_a_template_comes_back_and_its_example_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "requests.xlsx"
    assert jitasa("template", "requests", path) == 0
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    names = [c.value.split(" / ")[1] for c in sheet[1]]
    values = {"Request id": "0001", "Requested at": "24/03/2563 08:30", "Urgency": "เร่งด่วน", "Status": "คำขอใหม่",
              "People": 3, "Area code": "แสนสุข, เมืองชลบุรี, ชลบุรี"}
    choices = {v.formula1: v for v in sheet.data_validations.dataValidation if v.type == "list"}
    assert choices
    values["Status"] = book["lists"][f"{openpyxl.utils.get_column_letter(names.index('Status') + 1)}1"].value
    for column, value in values.items():
        sheet.cell(3, names.index(column) + 1, value)
    book.save(path)
    report = import_files(Store(tmp_path / "store"), "requests", [path])
    assert (report.read, report.accepted) == (1, 1)
    assert [r["row"] for r in report.repairs if r["code"] == "example_skipped"] == [2]
    # The template's own sheets of lists and explanations are no news.
    assert {f["code"] for f in report.findings} == {"request_without_items"}
    with Store(tmp_path / "store").snapshot() as s:
        row = s.frame("requests").iloc[0]
    assert (row["request_id"], row["urgency"], row["people"], row["area_code"], row["status"]) == (
        "0001", "high", 3, "200104", "new")


def test_a_filled_in_form_of_groups_makes_a_group_that_is_looked_at(tmp_path: Path) -> None:
    """A local government of two tambons as an office writes it down: known by name, and it holds these rows only."""
    path, store = tmp_path / "groups.xlsx", Store(tmp_path / "store")
    assert jitasa("template", "area_groups", path) == 0
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    offered = [cell.value for cell in book["lists"]["A"]]
    assert {"เขตสุขภาพ", "อบจ.", "เทศบาลเมือง", "อบต."} <= set(offered), "kinds as an office calls them"
    for row, area in enumerate(("แสนสุข, เมืองชลบุรี, ชลบุรี", "200103"), 3):
        for column, value in enumerate(("อบต.", "0001", area, "อบต. ตัวอย่าง", "Example SAO"), 1):
            sheet.cell(row, column, value)
    book.save(path)
    assert jitasa("import", "area_groups", path, "--store", store.folder) == 0
    requests = tmp_path / "requests.csv"
    requests.write_text(HEAD + "".join(f"r{c},2021-08-01,1,{c},new\n" for c in ("200104", "200103", "200101")), "utf-8")
    assert import_files(store, "requests", [requests]).accepted == 3
    with store.snapshot("sao:0001") as s:
        assert s.members == ("200103", "200104")
        assert sorted(s.frame("requests")["request_id"]) == ["r200103", "r200104"]
        assert list(s.groups()["name_th"]) == ["อบต. ตัวอย่าง"]


# -- a proposed recipe ------------------------------------------------------------------------


def test_a_proposal_is_confirmed_by_a_person_and_then_reads_the_file(tmp_path: Path) -> None:
    path, out = tmp_path / "a.csv", tmp_path / "mine.toml"
    path.write_text("ลำดับ,เลขที่คำร้อง,วันที่แจ้ง,จังหวัด,จำนวนคนทั้งหมด\n1,a1,24/03/63,ชลบุรี,4\n", "utf-8")
    assert jitasa("import", "requests", path, "--store", tmp_path / "store", "--propose", out) == 0
    assert not (tmp_path / "store").exists()
    text = out.read_text("utf-8")
    assert 'requested_at = "วันที่แจ้ง"' in text
    assert 'province = "จังหวัด"' in text
    # What is only likely is a remark until somebody confirms it.
    assert "people" not in recipes.load(out).parts[0].columns
    confirmed = text.replace("# people", "people").replace("# request_id", "request_id").replace("# era", "era")
    out.write_text(confirmed, "utf-8")
    report = import_files(Store(tmp_path / "store"), "requests", [path], recipe=str(out))
    assert report.accepted == 1
    with Store(tmp_path / "store").snapshot() as s:
        row = s.frame("requests").iloc[0]
    assert (row["request_id"], row["people"], row["area_code"]) == ("a1", 4, "20")


def test_what_nothing_fits_is_named(tmp_path: Path) -> None:
    found = propose.of_headers(["สี", "ขนาด"], DATASETS["requests"])
    assert found.missing == ("request_id", "requested_at")
    assert found.unused == ("สี", "ขนาด")


# -- the quarantine ---------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store that refused three of four rows."""
    path = tmp_path / "calls.csv"
    path.write_text(HEAD + "r1,2020-03-24,2,20,new\nr2,24/03/63,-1,20,=new\nr3,2020-03-24,x,20,new\nr4,2020-03-24,2\n",
                    "utf-8")
    made = Store(tmp_path / "store")
    report = import_files(made, "requests", [path])
    assert (report.accepted, report.quarantined) == (1, 3)
    return made


def exported(out: Path) -> pd.DataFrame:
    """An export as a person's program opens it; the first sheet of a workbook."""
    options = {"dtype": str, "keep_default_na": False}
    return pd.read_excel(out, engine="openpyxl", **options) if out.suffix == ".xlsx" else pd.read_csv(out, **options)


ID, PEOPLE, AT = "เลขที่คำขอ / Request id", "จำนวนคน / People", "เวลาที่ขอ / Requested at"
STATUS, AREA = "สถานะ / Status", "รหัสพื้นที่ / Area code"
WRONG, DO, LINE = "สิ่งที่ไม่ถูกต้อง / What is wrong", "วิธีแก้ไข / What to do", "แถวที่ / Row"


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_refused_rows_go_out_are_corrected_and_come_back(store: Store, tmp_path: Path, kind: str,
                                                         capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / f"out.{kind}"
    assert jitasa("quarantine", "export", out, "--store", store.folder, "--lang", "en") == 0
    frame = exported(out)
    assert len(frame) == 3
    # No code names of columns stand in the file, and the reason stands beside the row.
    assert not {"quarantine_id", "request_id", "requested_at"} & set(frame)
    bad = frame[frame[ID] == "r2"].iloc[0]
    assert (bad[LINE], bad[PEOPLE], bad[STATUS]) == ("3", "'-1", "'=new")
    assert "year of two digits" in bad[WRONG] and "below what is possible" in bad[WRONG] and "era" in bad[DO]
    # One row is put right, one is changed and still wrong, one is left as it is.
    frame.loc[frame[ID] == "r2", [AT, PEOPLE, STATUS]] = ["24/03/2563", "1", "new"]
    frame.loc[frame[ID] == "r3", PEOPLE] = "y"
    if kind == "xlsx":
        frame.to_excel(out, index=False)
    else:
        frame.to_csv(out, index=False)
    capsys.readouterr()
    assert jitasa("quarantine", "resubmit", out, "--store", store.folder, "--lang", "en") == 0
    told = capsys.readouterr().err
    assert "1 rows left the quarantine; 2 are still in it" in told
    # It says of each row what is still wrong, where it stands in this file and where it came from.
    at = int(frame.index[frame[ID] == "r3"][0]) + 2
    assert f"row {at} (row 4 of calls.csv), People: y in People is not a number" in told
    with store.snapshot() as s:
        assert s.frame("requests")["request_id"].tolist() == ["r1", "r2"]
    still = quarantine.rows(store)
    assert {json.loads(o).get("people") for o in still["original"]} == {"y", "2"}
    # What replaced the old row still says where it came from.
    assert set(zip(still["file"], still["row"], strict=True)) == {("calls.csv", 4), ("calls.csv", 5)}
    # The old file, sent again, does not bring the settled row back, nor count it as refused.
    again = import_files(store, "requests", [tmp_path / "calls.csv"])
    assert (again.accepted, again.quarantined, again.duplicate) == (0, 2, 2)
    assert [f["row"] for f in again.findings if f["code"] == "corrected_before"] == [3]
    assert sum(again.files[0].rules.values()) == again.quarantined
    assert "-1" not in {json.loads(o).get("people") for o in quarantine.rows(store)["original"]}


def test_the_workbook_marks_what_is_wrong_and_keeps_what_was_sent(store: Store, tmp_path: Path) -> None:
    quarantine.export(store, tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    sheet, sent = book.worksheets
    heads = [c.value for c in sheet[1]]
    assert heads[:2] == [WRONG, DO] and sheet.freeze_panes == "C2"
    row = next(r for r in sheet.iter_rows(min_row=2) if r[heads.index(ID)].value == "r3")
    marked = {heads[n] for n, c in enumerate(row) if c.fill.fgColor.rgb == "00FFE699"}
    assert marked == {PEOPLE}
    assert {c.number_format for c in row} == {"@"}
    assert [[c.value for c in r] for r in sent.iter_rows(min_row=2)][1] == ["4", "r3", "2020-03-24", "x", "20", "new"]
    # Correcting the sheet of what was sent changes nothing.
    sent["C3"] = "7"
    book.save(tmp_path / "out.xlsx")
    done = quarantine.resubmit(store, tmp_path / "out.xlsx")
    assert (done.settled, done.left) == (0, 3)


def test_a_short_row_gets_its_missing_cells_and_is_accepted(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    quarantine.export(store, out)
    frame = exported(out)
    frame.loc[frame[ID] == "r4", [AREA, STATUS]] = ["20", "new"]
    frame[frame[ID] == "r4"].to_csv(out, index=False)
    done = quarantine.resubmit(store, out)
    assert (done.settled, done.left) == (1, 2)


def test_a_formula_left_alone_is_no_answer(tmp_path: Path) -> None:
    """Its empty cell, sent back untouched, does not become the default of the column."""
    book = openpyxl.Workbook()
    for row in (["request_id", "requested_at", "people", "area_code"], ["r1", "2020-03-24", "=1+1", 20],
                ["r2", "2020-03-24", "=1+2", 20], ["r3", "2020-03-24", 2, 20]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    made = Store(tmp_path / "store")
    assert import_files(made, "requests", [tmp_path / "a.xlsx"]).quarantined == 2
    quarantine.export(made, tmp_path / "out.xlsx")
    sheet = (out := openpyxl.load_workbook(tmp_path / "out.xlsx")).worksheets[0]
    heads = [c.value for c in sheet[1]]
    sheet.cell(2, heads.index(PEOPLE) + 1, "7")
    out.save(tmp_path / "out.xlsx")
    done = quarantine.resubmit(made, tmp_path / "out.xlsx")
    assert (done.settled, done.left) == (1, 1)
    assert [(row, f.row, f.code) for row, f in done.still] == [(3, 3, "formula_without_value")]
    with made.snapshot() as s:
        assert dict(s.frame("requests")[["request_id", "people"]].to_numpy()) == {"r1": 7, "r3": 2}


def test_totals_left_in_the_corrected_file_are_still_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("area_code,year,people\n20,2021,100\nรวม,2021,100\n", "utf-8")
    made = Store(tmp_path / "store")
    import_files(made, "population", [path])
    quarantine.export(made, tmp_path / "out.csv")
    done = quarantine.resubmit(made, tmp_path / "out.csv")
    assert (done.settled, done.left, [f.code for _, f in done.still]) == (0, 1, ["totals_row"])


def test_rows_are_dismissed_with_a_reason_and_kept(store: Store, tmp_path: Path,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    place = ("--store", store.folder, "--lang", "en")
    assert jitasa("quarantine", "dismiss", "--rule", "ragged_row", *place) == 2
    assert "--reason" in capsys.readouterr().err
    assert jitasa("quarantine", "dismiss", "--reason", "no", *place) == 2
    assert jitasa("quarantine", "dismiss", "--reason", "no", "--file", "other.csv", *place) == 2
    # r2 breaks a second rule, which nobody dismissed.
    assert jitasa("quarantine", "dismiss", "--reason", "no", "--rule", "two_digit_year", *place) == 2
    assert jitasa("quarantine", "dismiss", "--reason", "cut by the fax", "--rule", "ragged_row", *place) == 0
    assert len(set(quarantine.rows(store)["id"])) == 2
    capsys.readouterr()
    assert jitasa("quarantine", "list", "--dismissed", *place) == 0
    assert "calls.csv,,5,cut by the fax" in capsys.readouterr().out
    left = quarantine.rows(store)["id"].unique()
    assert quarantine.dismiss(store, "old", ids=list(left)) == 2
    # Sent again they are refused again, are still kept, and do not come back to the list.
    again = import_files(store, "requests", [tmp_path / "calls.csv"])
    assert again.quarantined == 3
    assert not len(quarantine.rows(store)) and len(quarantine.dismissed(store)) == 3


def test_names_of_people_are_masked_on_the_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "doses.csv"
    path.write_text("person_id,dose_no,date,area_code\n1101700230705,1,2021-06-07,20\n", "utf-8")
    made = Store(tmp_path / "store")
    import_files(made, "doses", [path])
    assert jitasa("quarantine", "list", "--rows", "--store", made.folder, "--lang", "en") == 0
    shown = capsys.readouterr().out
    assert "bad_national_id" not in shown and "doses.csv" in shown
    assert "1101700230705" not in shown and "170023" not in shown
    # The file for the correction has it whole: nobody can correct what they can't see.
    quarantine.export(made, tmp_path / "out.csv")
    assert "1101700230705" in (tmp_path / "out.csv").read_text("utf-8-sig")


def test_listing_and_what_is_no_export(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert jitasa("quarantine", "list", "--store", store.folder) == 0
    assert "calls.csv,,ragged_row" in capsys.readouterr().out
    with pytest.raises(InputError, match="Row id"):
        quarantine.resubmit(store, tmp_path / "calls.csv")
    for command in ("list", "export", "resubmit", "dismiss"):
        assert jitasa("quarantine", command, "--help", "--lang", "en") == 0
        assert "--store" in capsys.readouterr().out
