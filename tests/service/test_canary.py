"""Three canaries, an id, a phone and a name, are imported; none sings anywhere outside the restricted file."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd

from jitasa_analytics.service import publish
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.requests import Requests
from jitasa_analytics.service.roles import User
from jitasa_analytics.store import Store

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
