"""Letters, digits, dates and names."""

from __future__ import annotations

from datetime import date

from tests.defects.case import REQUEST, Case, address, request

ITEM = "request_id,item\nr1,หน้ากาก\n"
DAY = {"requested_at": [date(2020, 3, 24)]}
BE, CE = (f'dataset = "requests"\nera = "{era}"\n[columns]\nrequest_id = "request_id"\nrequested_at = "requested_at"\n'
          'people = "people"\narea_code = "area_code"\n' for era in ("BE", "CE"))


def dated(name: str, text: str, *codes: str, **more: object) -> Case:
    return Case(name, request(f'"{text}"'), tuple((2, "requested_at", c) for c in codes), keeps=DAY, **more)


def undated(name: str, text: str, code: str, proposes: str = "") -> Case:
    return Case(name, request(f'"{text}"'), ((2, "requested_at", code),), (0, 1, 0), proposes=proposes)


def item(name: str, text: str, *codes: str, raw: bytes | None = None, keeps: str = "หน้ากาก", row: int = 2,
         column: str = "item") -> Case:
    return Case(name, raw or f"request_id,item\nr1,{text}\n".encode(), tuple((row, column, c) for c in codes),
                keeps={"item": [keeps]}, dataset="request_items")


ENCODINGS = [
    item("UTF-8", "หน้ากาก"),
    item("UTF-8 with a byte order mark", "", raw=ITEM.encode("utf-8-sig")),
    item("cp874 (TIS-620)", "", "encoding_cp874", raw=ITEM.encode("cp874"), row=1, column=""),
    item("UTF-16", "", "encoding_utf16", raw=ITEM.encode("utf-16"), row=1, column=""),
    item("mojibake: UTF-8 read as Latin-1", "หน้ากาก".encode().decode("latin-1"), "mojibake"),
    Case("letters lost for good", "request_id,item\nr1,หน้า\ufffdก\n", ((2, "item", "broken_text"),), (0, 1, 0),
         dataset="request_items"),
    item("zero-width space", "หน้า\u200bกาก", "invisible_removed"),
    item("sara am typed in parts", "น\u0e4d\u0e32ดื่ม", "vowel_order", keeps="น้ำดื่ม".replace("้", "")),
    item("two sara e for sara ae", "เเอลกอฮอล์", "vowel_order", keeps="แอลกอฮอล์"),
    item("spaces too many", "  หน้ากาก  N95 ", "spaces_trimmed", keeps="หน้ากาก N95"),
]

DATES = [
    dated("Thai digits", "๒๔/๐๓/๒๕๖๓", "buddhist_year", "thai_digits"),
    dated("Buddhist year", "24/03/2563", "buddhist_year"),
    dated("Buddhist year in ISO order", "2563-03-24", "buddhist_year"),
    dated("Thai month", "24 มี.ค. 2563", "buddhist_year", "thai_month"),
    dated("year of two digits, era declared", "24/03/63", "two_digit_year_read", recipe=BE),
    dated("year of two digits, Common Era declared", "24/03/20", "two_digit_year_read", recipe=CE),
    dated("Thai month and a year of two digits, era declared", "24 มี.ค.63", "thai_month", "two_digit_year_read",
          recipe=BE),
    dated("era written beside a year of two digits", "24 มี.ค. พ.ศ. 63", "thai_month", "two_digit_year_read"),
    undated("year of two digits, no era", "24/03/63", "two_digit_year", "24/03/2563"),
    undated("30 มี.ค.63", "30 มี.ค.63", "two_digit_year", "30/03/2563"),
    undated("a month is no day", "มีนาคม 2563", "month_no_day", "01/03/2563"),
    undated("a month in numbers is no day", "03/2563", "month_no_day", "01/03/2563"),
    dated("serial number of a spreadsheet", "43914", "excel_serial"),
    undated("too small for a serial number", "10662", "not_a_date"),
    Case("day before month, always", request("05/07/2010"), keeps={"requested_at": [date(2010, 7, 5)]}),
    undated("month before day", "07/25/2021", "not_a_date", "25/07/2021"),
    undated("a day that does not exist", "30/02/2563", "not_a_date"),
    undated("a Buddhist year to come", "24/03/2600", "future_date"),
    undated("a year to come", "2099-01-01", "future_date"),
    Case("one year far from all others", "\n".join([
        REQUEST, *(f"r{n},2020-03-{1 + n % 28:02},2,20" for n in range(24)), "r99,24/03/2553,2,20", ""]),
        ((26, "requested_at", "buddhist_year"), (26, "requested_at", "year_far")), (25, 0, 0),
        proposes="24/03/2563 (2020)"),
]

NUMBERS = [
    Case("mixed digits", request(people="1๒"), ((2, "people", "thai_digits"),), keeps={"people": [12]}),
    Case("thousands separator", request(people='"1,250"'), ((2, "people", "thousands_separator"),),
         keeps={"people": [1250]}),
    Case("negative people", request(people="-3"), ((2, "people", "below_minimum"),), (0, 1, 0)),
    Case("fractional people", request(people="2.5"), ((2, "people", "not_whole"),), (0, 1, 0)),
    Case("words for a number", request(people="หลายคน"), ((2, "people", "not_a_number"),), (0, 1, 0)),
    Case("a number with its unit", request(people="3 คน"), ((2, "people", "unit_removed"),), keeps={"people": [3]}),
    Case("a number with another unit", request(people="3 เตียง"), ((2, "people", "not_a_number"),), (0, 1, 0),
         proposes="3"),
    Case("a number among words", request(people="ประมาณ 20 คน"), ((2, "people", "not_a_number"),), (0, 1, 0),
         proposes="20"),
    Case("a Buddhist year for a year", "พื้นที่,ปี,ประชากร\nจ.ชลบุรี,2564,10\n", ((2, "year", "buddhist_year"),),
         keeps={"year": [2021], "people": [10]}, dataset="population"),
    Case("a phone number for a number of people", request(people="812345678"), ((2, "people", "above_maximum"),),
         (0, 1, 0)),
    Case("whole number with decimals", request(people="3.0"), keeps={"people": [3]}),
    Case("required cell empty", f"{REQUEST}\nr1,,2,20\n", ((2, "requested_at", "missing"),), (0, 1, 0)),
]

AREAS = [
    Case("prefixes of tambon, district and province", address("ต.แสนสุข", "อ.เมืองชลบุรี", "จ.ชลบุรี"),
         keeps={"area_code": ["200104"]}),
    Case("khet and khwaeng", address("แขวงสีลม", "เขตบางรัก", "กทม."), keeps={"area_code": ["100402"]}),
    Case("เมือง for the capital district", address("แสนสุข", "เมือง", "ชลบุรี"), keeps={"area_code": ["200104"]}),
    Case("province and district exchanged", address("แสนสุข", "ชลบุรี", "เมืองชลบุรี"),
         ((2, "province", "swapped_names"),), keeps={"area_code": ["200104"]}),
    Case("a tambon name that exists 14 times", address("ท่าข้าม", "", ""), ((2, "tambon", "ambiguous_area"),), (0, 1, 0),
         proposes="(14)"),
    Case("the same name as a code", request(area="ท่าข้าม"), ((2, "area_code", "ambiguous_area"),), (0, 1, 0),
         proposes="(14)"),
    Case("a misspelt province", request(area="ชลบุรรี"), ((2, "area_code", "unknown_area"),), (0, 1, 0),
         proposes="20 จ.ชลบุรี"),
    Case("a re-coded tambon", request(area="530306"), ((2, "area_code", "recoded_area"),),
         keeps={"area_code": ["530407"]}),
    Case("a code that never was", request(area="999999"), ((2, "area_code", "unknown_area"),), (0, 1, 0)),
    Case("code with the country's letters", request(area="TH200104"), keeps={"area_code": ["200104"]}),
]

CASES = [*ENCODINGS, *DATES, *NUMBERS, *AREAS]
