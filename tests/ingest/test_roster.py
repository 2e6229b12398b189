"""A roster of officers as offices keep it: a workbook with Thai heads, Buddhist years and names of places."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from jitasa_analytics.contracts import dataset
from jitasa_analytics.ingest import import_files, template
from jitasa_analytics.store import Store

ROSTER = {
    "ชื่อ-นามสกุล": ["นางสมศรี ใจดี", "นายมานะ อดทน", "น.ส.ปิติ ยินดี"],
    "สังกัด": ["สสอ.เมืองชลบุรี", "อบต.แสนสุข", "สสอ.ศรีราชา"],
    "ตำแหน่ง": ["นักวิชาการ", "เจ้าพนักงาน", "ผู้อำนวยการ"],
    "พื้นที่": ["อ.เมืองชลบุรี", "แสนสุข, เมืองชลบุรี, ชลบุรี", "ศรีราชา"],
    "วันที่อบรม": ["12 มิ.ย. 2564", "", "1/7/2564"],
}
PHONES = ["081-111-2222", "089-888-7777", "0812223333"]


@pytest.mark.parametrize("with_phones", [True, False])
def test_a_roster_comes_in_as_it_is_kept(tmp_path: Path, with_phones: bool) -> None:
    file, store = tmp_path / "roster.xlsx", Store(tmp_path / "store")
    pd.DataFrame(ROSTER | ({"เบอร์โทร": PHONES} if with_phones else {})).to_excel(file, index=False)
    assert import_files(store, "officers", [file]).accepted == 3
    with store.snapshot("20") as s:
        rows = s.frame("officers").set_index("unit")
    assert rows.loc["สสอ.เมืองชลบุรี", ["area_code", "role"]].tolist() == ["2001", "นักวิชาการ"]
    assert rows.loc["อบต.แสนสุข", "area_code"] == "200104"
    assert rows["trained_on"].astype(object).fillna("").astype(str).str[:10].to_dict() == {
        "สสอ.เมืองชลบุรี": "2021-06-12", "อบต.แสนสุข": "", "สสอ.ศรีราชา": "2021-07-01"}
    assert rows["officer_id"].str.startswith("p_").all() and rows["officer_id"].is_unique
    if with_phones:
        assert rows.loc["สสอ.ศรีราชา", "officer_id"] == store.token("0812223333"), "people of one name stay two"


def test_the_empty_form_asks_for_what_a_roster_holds(tmp_path: Path) -> None:
    file = tmp_path / "form.xlsx"
    template.write("officers", file)
    heads = pd.read_excel(file, header=None).astype(str).to_numpy().ravel()
    for column in dataset("officers").columns:
        assert any(column.th in h for h in heads), column.name
