"""Rows of every dataset that files may hold by the million: mostly plain, some repairable, some refused, some again."""

from __future__ import annotations

import csv
import io
import random

NAT = ("1101700230708", "3100600445635")
_DAY = ["2021-03-01", "2021-03-02", "2021-12-31", "01/03/2564", "2 มี.ค. 2564", "2564-03-01", "2021-02-30", "soon", "",
        " 2021-03-01 ", "2999-01-01", "44256", "๐๑/๐๓/๒๕๖๔"]
_MOMENT = ["2021-03-01 08:30", "2021-03-01T08:30:59", "2021-03-01 23:59:59", "2021-03-01", "2021-03-01 24:00",
           "2021-03-01 08:30:00Z", "2021-02-29 10:00", "01/03/2564 08.30 น.", "x", ""]
_AREA = ["200101", "200401", "20", "TH200101", "จ.ชลบุรี", "210101", "999999", "", "530306", "ท่าข้าม"]
_INT = ["3", "1", "0", "12", "007", "12.0", "1,234", "๑๒", "-1", "1.5", "x", "", " 3", "99999999999999999"]
_FLOAT = ["0", "0.5", "12.25", "1e2", "-3", "", ".5", "5.", "3.14159265358979312"]
_TEXT = ["all", "ผู้สูงอายุ", "Sinovac", "a  b", "น\u0e4d\u0e32", "null", "-", "a,b", 'say "yes"', "=1+1", "60+", "x\ty"]
_PERSON = [*(f"P{i:05}" for i in range(60)), *NAT, "1101700230705", "081-234-5678", "Somchai", "AB123456",
           "p_" + "0123456789abcdef" * 2, "๑๑๐๑๗๐๐๒๓๐๗๐๘", "", "812345678", "02-590-1000 ต่อ 12"]
_POINT = [("100.95", "13.05"), ("101.05", "13.05"), ("101.15", "13.02"), ("13.05", "100.95"), ("0", "0"), ("", ""),
          ("100.95", ""), ("100.89", "13.05"), ("99.5", "13.05"), ("2.35", "48.85"), ("100.95000000000000284", "13.05"),
          ("100° 57'", "13.05"), ("700000", "1440000"), ("-100.95", "13.05"), ("1.0095e2", "13.05")]


def _ids(prefix: str) -> list[str]:
    return [*(f"{prefix}{i}" for i in range(400)), "12.0", "๑๒", "", f" {prefix}9", "NULL", "รหัส 1"]


_COLUMNS: dict[str, dict[str, list[str]]] = {
    "doses": {"person_token": _PERSON, "dose_no": ["1", "2", "3", "๒", "0", "10", ""], "date": _DAY, "vaccine": _TEXT,
              "facility_id": ["04007", "4007.0", "10662", ""], "area_code": _AREA,
              "birth_year": ["1980", "1955", "2523", "", "0"],
              "sex": ["female", "ชาย", "x", ""], "group": _TEXT},
    "requests": {"request_id": _ids("r"), "requested_at": _MOMENT, "status": ["new", "helped", "ใหม่", "lost", ""],
                 "people": _INT, "urgency": ["", "high", "normal", "?"], "lon": [], "lat": [], "area_code": _AREA,
                 "requester_token": _PERSON},
    "volunteers": {"volunteer_id": _PERSON, "kind": ["student", "kamnan", "", "king"],
                   "skills": ["driving;first aid", "b, a", "", "x"], "lon": [], "lat": [], "area_code": _AREA,
                   "capacity": _FLOAT, "available_from": _DAY, "consent_at": _MOMENT},
    "places": {"place_id": _ids("v"), "name": _TEXT, "lon": [], "lat": [], "people": _INT,
               "kind": ["village", "", "?"]},
    "facilities": {"hcode": ["04007", "4007", "10662", "00000", "99999", *map(str, range(10000, 10200)), ""],
                   "name": [*_TEXT, "ทดสอบ"], "kind": ["hospital", "clinic", "", "pub"],
                   "services": ["hospital;clinic", "", "pub", "clinic"], "lon": [], "lat": [],
                   "status": ["open", "", "?"], "beds_total": _INT},
    "population": {"area_code": _AREA, "year": ["2020", "2021", "2564", "x"], "group": ["", "all", "60+"],
                   "people": _INT, "households": _INT},
    "request_items": {"request_id": _ids("r"), "item": _TEXT, "category": ["food", "", "?"], "quantity": _FLOAT},
    "request_events": {"event_id": _ids("e"), "request_id": _ids("r"), "at": _MOMENT, "status": ["new", "", "?"],
                       "note": _TEXT},
    "observations": {"observation_id": _ids("o"), "area_code": _AREA, "at": _MOMENT, "observer": _PERSON, "what": _TEXT,
                     "count": _INT},
    "officers": {"officer_id": _PERSON, "unit": _TEXT, "area_code": _AREA, "trained_on": _DAY},
    "candidates": {"id": _ids("c"), "name": _TEXT, "lon": [], "lat": [], "cost": _FLOAT},
    "area_groups": {"group_kind": ["health_region", "sao", "?"], "group_code": _ids("g"), "area_code": _AREA},
}
DATASETS_WITH_ROWS = tuple(_COLUMNS)


def made(dataset: str, count: int, *, seed: int, clean: bool = False) -> str:
    """A file of so many rows; a plain value of each column nine times of ten.

    With ``clean`` every row is plain and has a key of its own (doses).
    """
    columns = _COLUMNS[dataset]
    pick = random.Random(f"{dataset} {seed}")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    last: list[str] = []
    for n in range(count):
        if clean:
            row = [f"P{n:05}", str(1 + n % 3), "2021-03-01", "Sinovac", "04007", "200101", "1980", "female", "all"]
            writer.writerow(row)
            continue
        point = pick.choice(_POINT[:3] if pick.random() < 0.85 else _POINT)
        row = []
        for name, values in columns.items():
            if name in ("lon", "lat"):
                row.append(point[name == "lat"])
            elif len(values) > 40:
                row.append(pick.choice(values[:60] if pick.random() < 0.95 else values))
            else:
                row.append(pick.choice(values[:2] if pick.random() < 0.93 else values))
        if last and pick.random() < 0.05:
            row = last
        writer.writerow(row)
        last = row
    return out.getvalue()
