"""Files: their rows, their headers, their bytes."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import shapely

from tests.defects.case import REQUEST, Case

ROW = "r1,2020-03-24,2,20"


def book(rows: list[list[object]], *merges: str) -> object:
    def write(path: Path) -> None:
        made = openpyxl.Workbook()
        for row in rows:
            made.active.append(row)
        for area in merges:
            made.active.merge_cells(area)
        made.save(path)
    return write


def sheets(parts: dict[str, list[list[object]]], hidden: str = "") -> object:
    def write(path: Path) -> None:
        made = openpyxl.Workbook()
        made.remove(made.active)
        for name, rows in parts.items():
            sheet = made.create_sheet(name)
            for row in rows:
                sheet.append(row)
            if name == hidden:
                sheet.sheet_state = "hidden"
        made.save(path)
    return write


def hidden_parts(path: Path) -> None:
    made = openpyxl.Workbook()
    for row in (REQUEST.split(","), ROW.split(","), ["r2", "2020-03-24", 2, 20], ["r3", "2020-03-24", 2, 20]):
        made.active.append(row)
    made.active.row_dimensions[3].hidden = made.active.row_dimensions[4].hidden = True
    made.active.column_dimensions["C"].hidden = True
    made.save(path)


def shapefile(cpg: bool, name: str, code: str) -> object:
    def write(path: Path) -> None:
        frame = gpd.GeoDataFrame({"code": [code], "level": ["tambon"], "name_th": [name]},
                                 geometry=[shapely.box(100, 14, 100.1, 14.1)], crs="EPSG:4326")
        folder = path.parent / "parts"
        folder.mkdir()
        frame.to_file(folder / "x.shp", encoding="UTF-8")
        with zipfile.ZipFile(path, "w") as archive:
            for part in sorted(folder.iterdir()):
                if cpg or part.suffix != ".cpg":
                    archive.write(part, part.name)
    return write


ROWS = [
    Case("word for word twice", f"{REQUEST}\n{ROW}\n{ROW}\n", counts=(1, 0, 1)),
    Case("the same row with a newer status, later in the file",
         "request_id,requested_at,status,area_code\nr1,2020-03-24,new,20\nr1,2020-03-24,helped,20\n",
         ((2, "request_id", "superseded_in_file"),), (1, 0, 1), keeps={"status": ["helped"]}),
    Case("the same row with a newer status, in a later file",
         "request_id,requested_at,status,area_code\nr1,2020-03-24,helped,20\n", keeps={"status": ["helped"]},
         first="request_id,requested_at,status,area_code\nr1,2020-03-24,new,20\n"),
    Case("a known count that says something else", "area_code,year,people\n20,2021,90\n",
         ((2, "area_code, year, group, basis", "known_key_differs"),), (0, 0, 1), {"people": [100]}, "population",
         first="area_code,year,people\n20,2021,100\n"),
    Case("ragged rows", f"{REQUEST}\n{ROW}\nr2,2020-03-24\nr3,2020-03-24,2,20,more\n",
         ((3, "", "ragged_row"), (4, "", "ragged_row")), (1, 2, 0)),
    Case("empty rows in between", f"{REQUEST}\n\n{ROW}\n,,,\nr2,2020-03-25,1,20\n", counts=(2, 0, 0)),
]

HEADERS = [
    Case("title rows above the header", f"รายงานคำขอ มีนาคม 2563,,,\n,,,\n{REQUEST}\n{ROW}\n",
         ((3, "", "header_found"),)),
    Case("a title above the header of a workbook",
         book([["รายงานคำขอ"], [], REQUEST.split(","), ROW.split(",")], "A1:D1"),
         ((3, "", "header_found"),), file="file.xlsx"),
    Case("a totals row and a note below",
         f"{REQUEST}\n{ROW}\nรวมทั้งสิ้น,,2,\nหมายเหตุ: ข้อมูลเบื้องต้น\n",
         ((3, "", "totals_row"), (4, "", "footnote_row")), (1, 2, 0)),
    Case("a header of two rows, merged", book(
        [["เลขที่คำขอ", "วันที่ขอ", "พิกัด", None], [None, None, "ละติจูด", "ลองจิจูด"], ["r1", "24/03/2563", 13.05, 100.95]],
        "A1:A2", "B1:B2", "C1:D1"),
        ((1, "", "header_joined"), (3, "requested_at", "buddhist_year")), keeps={"area_code": ["200101"]},
        file="file.xlsx"),
    Case("a header of two rows in CSV under a title",
         "แบบรายงาน,,,\nเลขที่คำขอ,วันที่ขอ,พิกัด,\n,,ละติจูด,ลองจิจูด\nr1,24/03/2563,13.05,100.95\n",
         ((2, "", "header_found"), (2, "", "header_joined"), (4, "requested_at", "buddhist_year")),
         keeps={"area_code": ["200101"]}),
    Case("blank columns", f"{REQUEST},,\n{ROW},,\n"),
    Case("the same header twice", "request_id,requested_at,people,people\nr1,2020-03-24,1,2\n",
         refused="error.file_headers"),
    Case("semicolons for commas", f"{REQUEST}\n{ROW}\n".replace(",", ";")),
    Case("a date typed in Buddhist years in a workbook",
         book([REQUEST.split(","), ["r1", "24/03/2563", 2, 20]]), ((2, "requested_at", "buddhist_year"),),
         file="file.xlsx"),
    Case("a serial number in a workbook", book([REQUEST.split(","), ["r1", 43914, 2, 20]]),
         ((2, "requested_at", "excel_serial"),), file="file.xlsx"),
    Case("a formula without a value is not evaluated, and is no empty cell",
         book([REQUEST.split(","), ["r1", "2020-03-24", "=1+1", 20], ["r2", "2020-03-24", 2, 20]]),
         ((2, "people", "formula_without_value"),), (1, 1, 0), keeps={"people": [2]}, file="file.xlsx"),
    Case("a formula in a column that nobody reads",
         book([[*REQUEST.split(","), "ลำดับ"], ["r1", "2020-03-24", 2, 20, "=ROW()"]]),
         ((1, "", "columns_unused"),), file="file.xlsx"),
    Case("columns that nobody reads", f"{REQUEST},สีผม,หมายเลขห้อง\n{ROW},ดำ,7\n", ((1, "", "columns_unused"),)),
    Case("a second sheet of the same kind", sheets({"มีนาคม": [REQUEST.split(","), ROW.split(",")],
                                                    "เมษายน": [["รายงาน"], REQUEST.split(","), ["r2", "x", 2, 20]]}),
         ((2, "", "header_found"), (3, "requested_at", "not_a_date")), (1, 1, 0), file="file.xlsx"),
    Case("a second sheet of another kind", sheets({"คำขอ": [REQUEST.split(","), ROW.split(",")],
                                                   "ผู้ติดต่อ": [["ชื่อ", "แผนก"], ["ก", "ข"], ["ค", "ง"]]}),
         ((1, "", "sheet_not_read"),), file="file.xlsx"),
    Case("a hidden sheet", sheets({"คำขอ": [REQUEST.split(","), ROW.split(",")],
                                   "เก่า": [REQUEST.split(","), ["r9", "2020-03-24", 2, 20]]}, hidden="เก่า"),
         ((1, "", "sheet_hidden"),), file="file.xlsx"),
    Case("hidden rows and columns", hidden_parts, ((1, "", "hidden_columns"), (3, "", "hidden_rows")), (3, 0, 0),
         file="file.xlsx"),
]

BYTES = [
    Case("an unclosed quote", f'{REQUEST}\n"{ROW}\nr2,2020-03-24,2,20\n', refused="import.unclosed_quote"),
    Case("NUL bytes", f"{REQUEST}\nr1,\x00,2,20\n", refused="error.file_broken"),
    Case("a truncated gz", gzip.compress(f"{REQUEST}\n{ROW}\n".encode(), mtime=0)[:-9], file="file.csv.gz",
         refused="error.file_broken"),
    Case("neither UTF-8 nor Thai", f"{REQUEST}\n".encode() + b"r1,\xff\xfc\xdb,1,20\n", refused="error.file_encoding"),
    Case("marks of a merge conflict", '{"type": "FeatureCollection",\n<<<<<<< HEAD\n"features": []\n=======\n}\n',
         file="file.json", refused="import.merge_conflict", dataset="areas"),
    Case("not what its name says", "%PDF-1.4", refused="error.file_not_what"),
    Case("an empty file", "", refused="error.file_empty"),
    Case("headers without rows", f"{REQUEST}\n", refused="error.file_no_rows"),
    Case("a shapefile without .cpg", shapefile(False, "แสนสุข", "200104"), ((1, "", "encoding_assumed"),),
         keeps={"name_th": ["แสนสุข"]}, dataset="areas", file="file.zip"),
    Case("a name cut at 48 bytes", shapefile(True, "นิคมสร้างตนเองลำโดมน้อย"[:16], "342504"),
         ((2, "name_th", "name_completed"),), keeps={"name_th": ["นิคมสร้างตนเองลำโดมน้อย"]}, dataset="areas",
         file="file.zip"),
]

CASES = [*ROWS, *HEADERS, *BYTES]
