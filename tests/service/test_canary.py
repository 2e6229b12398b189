"""Three canaries, an id, a phone and a name, are imported; none sings anywhere outside the restricted file."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from jitasa_analytics import contracts, show, studies
from jitasa_analytics.service import publish, references
from jitasa_analytics.service.accounts import Accounts
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.contacts import ContactFile
from jitasa_analytics.service.requests import Requests
from jitasa_analytics.service.roles import User
from jitasa_analytics.service.web import robots
from jitasa_analytics.store import Store
from tests.service.conftest import Served
from tests.service.test_forms import ASK, OFFER, send

CANARIES = ("1101700230708", "0812345678", "081-234-5678", "สมหญิง แก้วกาญจนา", "Somying Kaewkanjana")
RESTRICTED = "restricted-"


def sung(content: bytes) -> list[str]:
    return [c for c in CANARIES if c.encode() in content or c.encode("utf-16-le") in content]


def test_no_canary_sings_in_files_logs_errors_exports_or_the_public_file(tmp_path: Path) -> None:
    store, file = tmp_path / "store", tmp_path / "requests.csv"
    rows = pd.DataFrame({
        "request_id": [f"R{i}" for i in range(40)], "requested_at": "2021-07-01 10:00", "area_code": "200101",
        "requester": [CANARIES[i % len(CANARIES)] for i in range(40)],
        # Refused rows keep their original cells, in the restricted file and nowhere else.
        "people": ["many" if i % 10 == 9 else "1" for i in range(40)]})
    rows.to_csv(file, index=False)
    env = {**os.environ, "JITASA_HOME": str(tmp_path / "home")}
    said = b""
    for words in (["import", "requests", str(file), "--store", str(store), "--accept-quarantine", "test",
                   "--report", str(tmp_path / "report.json")],
                  ["sql", "SELECT * FROM requests", "--store", str(store), "--out", str(tmp_path / "out.csv")],
                  ["requests", "list", "--store", str(store)], ["requests", "show", "R0", "--store", str(store)],
                  ["requests", "show", CANARIES[1] + "x", "--store", str(store)], ["info", "--store", str(store)],
                  ["audit", "list", "--store", str(store)]):
        done = subprocess.run([sys.executable, "-m", "jitasa_analytics.cli", *words], capture_output=True, env=env)
        assert done.returncode in (0, 2), done.stderr.decode()
        # What a person typed themselves may be repeated to them on their own screen.
        said += b"" if CANARIES[1] + "x" in words else done.stdout + done.stderr
    assert sung(said) == []
    publish.publish(Store(store), tmp_path / "public.json", today=date(2030, 1, 1))
    Requests(Store(store), User("coord", "coordinator", "20"), Audit(store)).listed()
    looked = 0
    for path in tmp_path.rglob("*"):
        if path.is_file() and path != file and not path.name.startswith(RESTRICTED):
            assert sung(path.read_bytes()) == [], path
            looked += 1
    assert looked > 8
    held = [p for p in (store / "files").iterdir() if p.name.startswith(RESTRICTED)]
    assert held, "the canaries were there to sing"


def test_no_canary_sings_where_people_and_officers_write(served: Served, caplog: pytest.LogCaptureFixture,
                                                         monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Public forms, calls, field reports, coordination, errors of the API, exports and the printed report.

    Beside the bytes of the files, every text of every dataset is read: what is packed in a file is not seen there.
    """
    monkeypatch.setattr(robots, "FASTEST_SECONDS", 0.0)
    caplog.set_level(logging.DEBUG)
    name, phone, asked = CANARIES[3], CANARIES[2], []
    said: dict[str, str] = {}
    words = f"โทร {CANARIES[1]} ถามหา {name} เลข {CANARIES[0]}"
    person = {"name": name, "phone": phone, "words": words, "address": f"บ้าน{name}"}
    public, coord = served.visitor(), served.visitor("coord")
    for visitor, path, fields in ((public, "/ask", ASK), (public, "/volunteer", OFFER), (coord, "/call", ASK)):
        status, headers, page = send(visitor, path, fields | person)
        assert status == 201 and "location" not in headers
        said[path] = page
        asked.append(references.read(re.search(r'id="reference">([^<]+)<', page)[1]))  # type: ignore[index]
    said["status"] = send(public, "/status", {"number": str(asked[0])})[2]
    assert send(coord, "/report", {"what": words, "tambon": "200104"})[0] == 400, "a field report refuses it"
    store = Store(served.store)
    store.settle()
    token = Accounts(served.store).make_token("coord", "canary")
    for path in ("/api/requests?status=all&limit=1000", "/api/observations", "/api/duplicates",
                 *(f"/api/requests/{asked[at]}{rest}" for at in (0, 2) for rest in ("", "/beds"))):
        status, found = coord.api("GET", path, token)
        assert status == 200, (path, found)
        said[path] = json.dumps(found, ensure_ascii=False)
    for body in ({"status": "helped"}, {"item": words, "quantity": 1}, {"status": "assigned", "by": words}):
        assert coord.api("POST", f"/api/requests/{asked[0]}/events", token, body)[0] in (400, 404)
    for path in ("/coordination", "/requests", "/data", "/report", "/account"):
        said[path] = coord.get(path)[2]
    texts = 0
    with store.snapshot() as s:
        assert len(s.sql("SELECT 1 FROM requests WHERE list_contains($ids, request_id)", ids=asked)) == 2
        for dataset in contracts.DATASETS:
            frame = s.frame(dataset)
            for column in frame.select_dtypes(["object", "string"]).columns:
                if column != "geometry":
                    texts += 1
                    assert sung("\n".join(map(str, frame[column].dropna().unique())).encode()) == [], (dataset, column)
    assert texts > 40
    with store.snapshot("20") as s:
        answer = studies.run("responses", s)
        said["sheet"] = answer._repr_html_()
    for kind in ("csv", "xlsx", "geojson", "pdf"):
        (tmp_path / f"answer.{kind}").write_bytes(show.files.to_bytes(answer, kind, "th"))
    publish.publish(store, tmp_path / "public.json", today=date(2030, 1, 1))
    for where, text in said.items():
        assert sung(text.encode()) == [], where
    assert "/ask" in caplog.text and sung(caplog.text.encode()) == [], "the server's log"
    looked = 0
    for path in [*served.store.rglob("*"), *Audit(served.store).folder.rglob("*"), *tmp_path.rglob("*")]:
        if path.is_file() and path.name != "contacts.sqlite":
            assert sung(path.read_bytes()) == [], path
            looked += 1
    assert looked > 10
    held = ContactFile(served.store).path.read_bytes()
    assert sung(held), "the canaries were there to sing"
