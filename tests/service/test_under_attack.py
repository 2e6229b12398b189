"""What an attacker tries at every door, made from the server's own routes, so that a new one is tried by itself.

The other doors of the list stand in test_gate (sessions, cookies, websockets, addresses), test_forms (robots, tickets),
test_requests (the API) and test_vouching (forged tokens of another house).
"""

from __future__ import annotations

import contextlib
import html
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import panel as pn
import pytest
from openpyxl import load_workbook
from tornado.web import RequestHandler

from dashboards.desk import Desk
from dashboards.pages.coordination import Coordination
from dashboards.scope import Scope
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.reports import Reports
from jitasa_analytics.service.requests import Requests
from jitasa_analytics.service.roles import User
from jitasa_analytics.service.web import api
from jitasa_analytics.service.web.base import Handler
from jitasa_analytics.service.web.doors import Doors
from jitasa_analytics.service.web.gate import COOKIE
from jitasa_analytics.show import files
from jitasa_analytics.store import Store
from tests.service.conftest import Served
from tests.service.test_forms import ASK, EVIL
from tests.service.test_gate import OPEN, connect, every_route, page_token
from tests.service.test_public_view import FILE

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def everything(served: Served, open_server: Callable[[Path, Doors], Served],
               tmp_path_factory: pytest.TempPathFactory) -> Served:
    """A server with every door there is: accounts, forms, the public view."""
    public = tmp_path_factory.mktemp("public") / "public.json"
    public.write_text(json.dumps(FILE), "utf-8")
    return open_server(served.store, Doors("accounts", forms=True, public_file=public))


def handlers(served: Served) -> dict[str, type[RequestHandler]]:
    """Every address of ours, with a number where it takes one, and who answers it."""
    found = {}
    for rule in served.server._tornado.wildcard_router.rules:
        path = re.sub(r"\((?:\?P<\w+>)?[^)]*\)", "20", rule.matcher.regex.pattern).rstrip("$?").removeprefix("^")
        if isinstance(rule.target, type) and issubclass(rule.target, Handler):
            found[path] = rule.target
    return found


def sent_to(served: Served) -> list[str]:
    """The addresses of ours that take a POST."""
    return sorted(p for p, kind in handlers(served).items() if kind.post is not RequestHandler.post)


def test_with_every_door_open_the_others_are_shut(everything: Served) -> None:
    """As in test_gate, with forms and public view: what is open then, and nothing more."""
    visitor, known = everything.visitor(), every_route(everything)
    assert {"/call", "/public", "/ask", "/report", "/coordination", "/audit"} <= set(known)
    for path in known:
        if path in OPEN | {"/public"} or path.startswith(("/assets", "/fonts", "/manuals/", "/people", "/static")):
            continue
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            status, headers, text = visitor.ask(method, path)
            refused = status in (401, 403, 405) or (status == 302 and headers["location"].startswith("/login"))
            assert refused, (method, path, status)
            assert "docs_json" not in text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_every_websocket_belongs_to_a_session(everything: Served) -> None:
    """Each one the server knows: without a session, with another's page, from another site."""
    mine, yours = everything.visitor("chonburi"), everything.visitor("bangkok")
    sockets = [p for p in every_route(everything) if p.endswith("/ws")]
    assert "/coordination/ws" in sockets and "/audit/ws" in sockets and len(sockets) > 20
    token = page_token(mine, "/coordination")
    assert connect(mine, token, path="/coordination/ws") == 101
    for path in sockets:
        assert connect(everything.visitor(), token, path=path) in (401, 403), path
        assert connect(yours, token, path=path) == 403, path
        assert connect(mine, token, path=path, origin="https://evil.example") == 403, path


def test_no_form_takes_what_another_site_sends(everything: Served) -> None:
    """Every address that takes a POST, signed in and with the cookie: without the form's token, or from elsewhere."""
    posts = sent_to(everything)
    assert {"/login", "/logout", "/password", "/report", "/call", "/ask", "/volunteer", "/status",
            "/api/requests", "/api/assignment"} <= set(posts)
    visitor = everything.visitor("coord")
    cookie = visitor.cookies[COOKIE]
    for path in posts:
        for body, headers in (("", {}), ("_xsrf=forged&ticket=forged", {}), ("_xsrf=2%7Cx%7Cx%7C1", {}),
                              ("", {"Origin": "https://evil.example"}), ("", {"Origin": "null"})):
            assert visitor.ask("POST", path, body, headers=FORM | headers)[0] == 403, (path, body, headers)
        visitor.cookies[COOKIE] = cookie
    assert visitor.get("/account")[0] == 200, "still signed in"


def test_no_address_takes_a_body_that_is_too_large(everything: Served) -> None:
    visitor = everything.visitor("coord")
    for path in sent_to(everything):
        with contextlib.suppress(OSError):  # the server hangs up on what is too large
            assert visitor.ask("POST", path, b"x" * 70_000, headers=FORM)[0] in (400, 403, 413), path
    assert visitor.get("/account")[0] == 200


@pytest.mark.parametrize("way", ["..%2f..%2f..%2fetc%2fpasswd", "..%5c..%5cetc%5cpasswd", "../../../../etc/passwd",
                                 "%2e%2e/%2e%2e/etc/passwd", "....//....//etc/passwd", "%00", "/etc/passwd"])
def test_no_address_leads_out_of_its_folder(everything: Served, way: str) -> None:
    """Every route that takes a part of its address, signed in."""
    visitor = everything.visitor("coord")
    patterns = {r.matcher.regex.pattern for r in everything.server._tornado.wildcard_router.rules}
    tried = 0
    for pattern in sorted(p for p in patterns if "(" in p):
        path = re.sub(r"\([^)]*\)+", way.replace("\\", "\\\\"), pattern, count=1).rstrip("$?").removeprefix("^")
        if not path.startswith("/") or "(" in path:
            continue
        status, _, text = visitor.get(path)
        assert status >= 400, (path, status)  # a handler of Panel's own stumbles over some, and gives nothing
        assert "Traceback" not in text and "root:" not in text and "import " not in text
        tried += 1
    assert tried > 8


@pytest.mark.parametrize("token", ["", "x", "jt_", "jt_" + "A" * 43, "' OR 1=1 --", "Bearer", "jt_" + "é" * 20])
def test_no_call_of_the_api_takes_a_forged_token(everything: Served, token: str) -> None:
    visitor = everything.visitor()
    for pattern, kind in api.ROUTES:
        path = re.sub(r"\(.*?\)", "R1", pattern)
        for method in ("GET", "POST") if kind.post is not RequestHandler.post else ("GET",):
            status, _, text = visitor.ask(method, path, "{}" if method == "POST" else None, headers={
                "Authorization": f"Bearer {token}".encode().decode("latin-1"), "Content-Type": "application/json"})
            assert status in (401, 403, 400) and "request_id" not in text, (method, path, status)


def test_what_officers_write_stays_text_on_pages_in_files_and_in_the_log(sample_store: Path, tmp_path: Path) -> None:
    """SQL, HTML and formulas through every text of the coordination page, the API and the field report."""
    store = Store(tmp_path / "store")
    shutil.copytree(sample_store, store.folder)
    user, audit = User("coord", "coordinator", "20"), Audit(store.folder)
    work, reports = Requests(store, user, audit), Reports(store, user, audit)
    made = []
    for evil in EVIL:
        one = work.create(area_code="200104", category="food", item=evil)["request_id"]
        work.move(one, "confirmed", note=evil)
        work.refer(one, to_unit=evil, note=evil)
        with contextlib.suppress(Exception):  # the field report refuses what looks like a number of somebody
            reports.add(area_code="200104", what=evil, count=1)
        made.append(one)
    store.settle()
    with store.snapshot("20") as s:
        held = s.sql("SELECT item FROM request_items WHERE list_contains($ids, request_id)", ids=made)["item"]
        assert sorted(held) == sorted(e.strip() for e in EVIL), "kept as it was written"
        assert s.count("requests") > len(made), "no table was dropped"
        seen = s.sql("SELECT what FROM observations")
        table = s.sql("SELECT * FROM request_events WHERE list_contains($ids, request_id)", ids=made)
    for content in (files.table_bytes(seen, store.manifest(), "en"), files.table_bytes(table, store.manifest(), "en")):
        read = pd.read_csv(io.BytesIO(content), comment=None, dtype=str)
        cells = [c for c in read.to_numpy().ravel() if isinstance(c, str)]
        assert any("HYPERLINK" in c or "script" in c for c in cells)
        assert not [c for c in cells if c.startswith(("=", "+", "@", "-", "\t"))], "a spreadsheet would run it"
    desk = Desk(store.folder).seen_by(lambda: user)
    for one, evil in zip(made[:2], EVIL[:2], strict=True):
        asked = {"request": one}
        page = Coordination(desk=desk, scope=Scope(home="20", own=user.within, area="200104", lang="en"), asked=asked)
        told = " ".join(str(pane.object) for pane in page.__panel__().select(pn.pane.HTML))
        assert html.escape(evil) in told, "it is shown"
        assert "<script>alert" not in told and "<img src=x" not in told
    log = (audit.folder / "audit.log").read_text("utf-8")
    assert "alert(1)" not in log and audit.verify().whole


@pytest.mark.parametrize("evil", EVIL)
def test_a_roster_carries_nothing_in(tmp_path: Path, evil: str) -> None:
    """Every text of an officers' file: refused, or kept as text and made harmless where it leaves as a workbook."""
    from jitasa_analytics import ingest

    path, store = tmp_path / "roster.csv", Store(tmp_path / "store")
    pd.DataFrame({"officer_id": [evil], "unit": [evil], "area_code": ["200104"], "role": [evil],
                  "trained_on": ["2021-01-01"]}).to_csv(path, index=False)
    ingest.import_files(store, "officers", [path], accept_quarantine="test")
    with store.snapshot() as s:
        rows = s.frame("officers")
    if len(rows):
        content = files.table_bytes(rows, store.manifest(), "en")
        cells = pd.read_csv(io.BytesIO(content), dtype=str).to_numpy().ravel()
        assert not [c for c in cells if isinstance(c, str) and c.startswith(("=", "+", "@", "-"))]
    refused = tmp_path / "fix.xlsx"
    ingest.quarantine.export(store, refused, lang="en")
    if refused.exists():
        for sheet in load_workbook(refused):
            for row in sheet.iter_rows():
                assert not [c.value for c in row if c.data_type == "f"], "a formula in the workbook"


def test_what_is_asked_for_in_a_form_never_stands_in_an_address(everything: Served) -> None:
    """Forms are sent in the body, and no answer leads to an address with anything of it."""
    visitor = everything.visitor()
    for path in ("/ask", "/volunteer", "/status"):
        text = visitor.get(path)[2]
        assert all(m == "post" for m in re.findall(r'<form[^>]*method="(\w+)"', text)) and "<form" in text
        _, headers, _ = visitor.ask("POST", path, "ticket=x&" + "&".join(f"{k}={v}" for k, v in ASK.items()),
                                    headers=FORM)
        assert "location" not in headers
