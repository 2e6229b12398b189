"""Field reports: by form, API and command line, with the same rules."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from jitasa_analytics.errors import InputError
from jitasa_analytics.service.accounts import Accounts
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.reports import Reports
from jitasa_analytics.service.roles import NotAllowedError, User
from jitasa_analytics.store import Store
from tests.service.conftest import Served, Visitor


def send(visitor: Visitor, fields: dict[str, str], ticket: str = "") -> tuple[int, dict[str, str], str]:
    if not ticket:
        found = re.search(r'name="ticket" value="([^"]+)"', visitor.get("/report")[2])
        assert found
        ticket = found[1]
    return visitor.ask("POST", "/report", urlencode({"ticket": ticket, **fields}),
                       headers={"Content-Type": "application/x-www-form-urlencoded"})


def rows(store: Path, what: str) -> list[tuple[str, int]]:
    Store(store).settle()
    with Store(store).snapshot() as s:
        found = s.sql('SELECT area_code, "count" FROM observations WHERE what = $what', what=what)
    return [(r.area_code, r.count_) for r in found.rename(columns={"count": "count_"}).itertuples()]


def test_an_officer_s_form(served: Served) -> None:
    visitor = served.visitor("chonburi")
    _, _, page = visitor.get("/report")
    assert '<option value="20" selected' in page and '<option value="2001"' in page, "begins with the own area"
    fields = {"what": "บ้านที่น้ำท่วม (หลัง)", "count": "๑๗", "province": "20", "district": "2001", "tambon": "200104"}
    same = re.search(r'name="ticket" value="([^"]+)"', page)[1]  # type: ignore[index]
    for _ in range(2):  # pressed twice
        status, _, page = send(visitor, fields, same)
        assert status == 201 and 'id="done"' in page
    assert rows(served.store, fields["what"]) == [("200104", 17)]

    assert fields["what"] in visitor.get("/report")[2], "the newest reports stand below the form"
    assert fields["what"] not in served.visitor("bangkok").get("/report")[2]
    for wrong, words in (({"what": ""}, "กรุณากรอก"), ({"count": "-1"}, "ตั้งแต่ 0"),
                         ({"what": "โทร 081-234 5678"}, "คล้ายเบอร์"),
                         ({"what": "๑๑๐๑๗๐๐๒๓๐๗๐๘"}, "คล้ายเบอร์"), ({"tambon": ""}, "บอกสถานที่")):
        status, _, page = send(visitor, fields | wrong)
        assert status == 400 and words in page, wrong
    evil = '"><script>alert(1)</script>'
    status, _, page = send(visitor, fields | {"what": evil})
    assert status == 201 and "<script>alert" not in page + visitor.get("/report")[2]


def test_who_may_report_and_where(served: Served) -> None:
    assert served.visitor().get("/report")[0] == 302
    assert served.visitor("ana").get("/report")[0] == 403 and served.visitor("minister").get("/report")[0] == 403
    visitor = served.visitor("bangkok")
    status, _, page = send(visitor, {"what": "x", "tambon": "200104"})
    assert status == 403 and "นอกพื้นที่" in page and rows(served.store, "x") == []
    ticket = re.search(r'name="ticket" value="([^"]+)"', visitor.get("/report")[2])[1]  # type: ignore[index]
    other = served.visitor("chonburi")
    assert send(other, {"what": "x", "tambon": "200104"}, ticket)[0] == 403, "somebody else's ticket"
    assert send(other, {"what": "x", "tambon": "200104"}, "forged")[0] == 403


def test_api(served: Served) -> None:
    accounts = Accounts(served.store)
    token = accounts.make_token("coord", "test")
    visitor = served.visitor()
    body = {"area_code": "200104", "what": "ถังออกซิเจนที่วัด (ถัง)", "count": 3}
    status, found = visitor.api("POST", "/api/observations", token, body)
    assert status == 201 and found["observation_id"].startswith("o-")
    Store(served.store).settle()
    status, found = visitor.api("GET", "/api/observations?area=2001&limit=5", token)
    assert status == 200 and found["observations"][0] | {"at": "", "observation_id": ""} == body | {
        "at": "", "observation_id": ""}
    assert visitor.api("POST", "/api/observations", "", body)[0] == 403
    assert visitor.api("GET", "/api/observations", "")[0] == 401
    assert visitor.api("POST", "/api/observations", token, body | {"area_code": "100101"})[0] == 403
    assert visitor.api("POST", "/api/observations", token, body | {"what": "081-234-5678"})[0] == 400
    assert visitor.api("POST", "/api/observations", accounts.make_token("ana", "t"), body)[0] == 403


def test_rules_of_a_report(own_store: Path) -> None:
    work = Reports(Store(own_store), User("coord", "coordinator", "20"), Audit(own_store))
    for bad in ({"what": " "}, {"what": "ก" * 201}, {"what": "เบอร์ 0-8-1-2-3-4-5-6-7-8"}, {"count": -1},
                {"count": 10**7}, {"at": datetime.now(UTC) + timedelta(hours=1)}):
        with pytest.raises(InputError):
            work.add(**({"area_code": "200104", "what": "บ้าน", "count": 1} | bad))  # type: ignore[arg-type]
    with pytest.raises(NotAllowedError):
        work.add(area_code="10", what="บ้าน")
    number = work.add(area_code="200104", what="ข้อความ 12345678 ได้", count=0)
    Store(own_store).settle()
    assert number in {r["observation_id"] for r in work.listed("200104")}
    assert Audit(own_store).rows(last=2)[-1]["detail"].get("observation") == number
