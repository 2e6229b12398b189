"""Signing in, and everything that must not work without it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import json
import re
import urllib.parse
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from dashboards import app
from dashboards.pages import routes
from jitasa_analytics.errors import ServeError
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.web.doors import Doors
from jitasa_analytics.service.web.gate import COOKIE
from tests.service.conftest import PASSWORD, Served, Visitor

PAGES = sorted(routes())
OPEN = {"/manuals", "/login", "/healthz", "/favicon.ico", "/ask", "/volunteer", "/status"}


def every_route(served: Served) -> list[str]:
    """An address for each pattern that the server knows."""
    patterns = {rule.matcher.regex.pattern for rule in served.server._tornado.wildcard_router.rules}
    return sorted({re.sub(r"\((?:\?P<\w+>)?[^)]*\)", "20", p).rstrip("$?/").removeprefix("^") or "/" for p in patterns})


def test_every_route_is_shut_to_who_is_not_signed_in(served: Served) -> None:
    """All patterns of the server, with every method: sign-in, a refusal, or a page that is meant for everybody."""
    visitor = served.visitor()
    known = every_route(served)
    assert len(known) > 20 and "/requests" in known
    for path in known:
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            status, headers, text = visitor.ask(method, path)
            if path in OPEN or path.startswith(("/assets", "/fonts", "/manuals/", "/people", "/static")):
                continue
            refused = status in (401, 403, 405) or (status in (302, 303) and headers["location"].startswith("/login"))
            assert refused, (method, path, status, text[:200])
            assert "Bokeh" not in text and "docs_json" not in text


@pytest.mark.parametrize("path", ["/%72equests", "//requests", "/requests/", "/login/../requests",
                                  "/assets/../requests", "/people/static/..%2f..%2fgate.py",
                                  "/people/static/../base.py",
                                  "/REQUESTS",
                                  "/login/%2e%2e/requests", "/requests?x=/login", "/fonts/../../../../etc/passwd",
                                  "/assets/%2e%2e/%2e%2e/app.py", "/login\\..\\requests", "/requests;/login"])
def test_no_way_of_writing_an_address_goes_round_the_gate(served: Served, path: str) -> None:
    status, headers, text = served.visitor().get(path)
    assert status in (400, 401, 403, 404) or headers.get("location", "").startswith("/login"), (status, headers)
    for secret in ("root:", "def ", "class ", "docs_json"):
        assert secret not in text


def test_signing_in_opens_the_dashboard_and_signing_out_shuts_it(served: Served) -> None:
    visitor = served.visitor()
    status, headers, _ = visitor.get("/requests?area=20")
    assert status == 302 and headers["location"] == "/login?next=%2Frequests%3Farea%3D20"
    _, headers, _ = visitor.get("/requests?area=20&lang=en")
    assert headers["location"].endswith("&lang=en"), "the sign-in speaks the language of the page asked for"
    _, headers, _ = visitor.get("/requests?lang=%2F%2Fevil.example")
    assert headers["location"].startswith("/login?next=") and "&" not in headers["location"]
    status, headers, _ = visitor.form("/login?next=%2Frequests%3Farea%3D20", {"name": "chonburi", "password": PASSWORD})
    assert (status, headers["location"]) == (303, "/requests?area=20")
    cookie = next(c for c in visitor.set if c.startswith(COOKIE))
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {p.strip() for p in cookie.split(";")}
    assert "Domain" not in cookie
    status, headers, text = visitor.get("/requests?area=20")
    assert status == 200 and "docs_json" in text
    assert visitor.cookies[COOKIE] not in text, "the page holds the cookie"
    kept = dict(visitor.cookies)
    assert visitor.form("/logout", {}, page="/account")[0] == 303
    visitor.cookies = kept
    assert visitor.get("/requests")[0] == 302, "the old cookie still opens"


def test_an_old_session_id_is_not_taken_over_by_signing_in(served: Served) -> None:
    """Whoever plants a cookie before the sign-in holds nothing after it."""
    visitor = served.visitor("chonburi")
    before = visitor.cookies[COOKIE]
    visitor.sign_in("bangkok")
    assert visitor.cookies[COOKIE] != before
    other = served.visitor()
    other.cookies[COOKIE] = before
    assert other.get("/requests")[0] == 302


@pytest.mark.parametrize("value", ["", "x", "2|1:0|10:1600000000|13:__Host-jitasa|4:eHh4|" + "0" * 64])
def test_forged_cookies_open_nothing(served: Served, value: str) -> None:
    visitor = served.visitor()
    visitor.cookies[COOKIE] = value
    assert visitor.get("/requests")[0] == 302
    signed = served.visitor("chonburi").cookies[COOKIE].strip('"')
    for place in range(0, len(signed), 7):
        other = "A" if signed[place] != "A" else "B"
        visitor.cookies[COOKIE] = signed[:place] + other + signed[place + 1:]
        status = visitor.get("/requests")[0]
        # The last bits of base64 may be spare; such a cookie is the same cookie.
        assert status == 302 or base64.b64decode(signed.split("|")[4].split(":")[1]), place


def test_headers_of_the_gate_are_not_taken_from_a_visitor(served: Served) -> None:
    assert served.visitor().get("/requests", **{"X-Jitasa-Session": "0" * 64})[0] == 302


def test_security_headers_on_every_answer(served: Served) -> None:
    visitor = served.visitor()
    for path in ("/login", "/requests", "/nothing", "/people/static/people.css", "/static/js/bokeh.min.js"):
        _, headers, _ = visitor.get(path)
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY", path
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "server" not in headers and headers["referrer-policy"] == "same-origin"
    _, headers, _ = visitor.get("/login")
    assert headers["cache-control"] == "no-store" and "unsafe" not in headers["content-security-policy"]


def test_no_list_of_sessions_and_no_way_into_another_page(served: Served) -> None:
    visitor = served.visitor("chonburi")
    for path in ("/rest/session_info", "/admin", "/liveness", "/requests/autoload.js?bokeh-autoload-element=1",
                 "/requests/metadata", "/requests?bokeh-session-id=abc", "/requests?bokeh-token=abc"):
        assert visitor.get(path)[0] in (403, 404), path
    assert visitor.get("/requests", **{"Bokeh-Session-Id": "abc"})[0] == 403


def test_thirty_wrong_passwords_at_the_door(served: Served) -> None:
    visitor = served.visitor()
    found = [visitor.sign_in("siracha", f"wrong-{n}") for n in range(7)]
    assert [status for status, _, _ in found] == [401] * 7
    assert "15" in found[6][2] and "15 " not in found[0][2]
    assert visitor.sign_in("siracha")[0] == 401, "the right password opens a locked account"
    from jitasa_analytics.service.accounts import Accounts

    Accounts(served.store).set_password("siracha", PASSWORD)
    assert visitor.sign_in("siracha")[0] == 303
    kinds = [r["what"] for r in Audit(served.store).rows(last=12)]
    assert kinds[0] == "sign_in" and {"locked_out", "sign_in_failed"} <= set(kinds)


def test_forms_without_their_token_are_refused(served: Served) -> None:
    """Each form: no token, a token of somebody else, and a page of another site."""
    visitor, other = served.visitor("chonburi"), served.visitor()
    other.get("/login")
    token = re.search(r'name="_xsrf" value="([^"]+)"', other.get("/login")[2])[1]  # type: ignore[index]
    for path in ("/login", "/logout", "/password"):
        assert visitor.form(path, {"name": "chonburi", "password": PASSWORD}, token=False)[0] == 403, path
        visitor.cookies.pop("__Host-jitasa-form", None)
        assert visitor.form(path, {"_xsrf": token}, token=False)[0] == 403, path
        assert visitor.form(path, {}, page="/account", headers={"Origin": "https://evil.example"})[0] == 403, path
        assert visitor.form(path, {}, page="/account", headers={"Origin": "null"})[0] == 403, path
    assert visitor.get("/requests")[0] == 200, "still signed in"


def test_a_foreign_host_is_refused(served: Served) -> None:
    """A name that somebody points at this machine reaches nothing (DNS rebinding)."""
    assert served.visitor().get("/login", Host="evil.example")[0] == 403


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)",
                                   "/%0d%0aSet-Cookie:%20a=b"])
def test_signing_in_leads_nowhere_else(served: Served, where: str) -> None:
    visitor = served.visitor()
    path = "/login?next=" + urllib.parse.quote(where, safe="")
    status, headers, _ = visitor.form(path, {"name": "chonburi", "password": PASSWORD})
    assert status == 303 and headers["location"].startswith("/") and "evil.example" not in headers["location"]
    assert "a=b" not in str(visitor.set)


def test_what_is_too_large_is_refused(served: Served) -> None:
    visitor = served.visitor()
    visitor.get("/login")
    for size in (70_000, 5_000_000):
        with contextlib.suppress(OSError):  # the server may hang up before the end
            assert visitor.ask("POST", "/login", b"x" * size)[0] in (400, 403, 413)
    assert visitor.get("/login")[0] == 200


def test_what_is_written_into_the_form_comes_back_as_text(served: Served) -> None:
    for evil in ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "' OR 1=1 --"):
        _, _, text = served.visitor().sign_in(evil, "x")
        assert "<script>alert" not in text and "<img src=x" not in text and "49" not in re.sub(r"value=\"[^\"]*\"", "",
                                                                                             text)


def test_a_wrong_password_leaves_the_name_and_the_way_on_the_page(served: Served) -> None:
    """Nobody types their account twice, and a change of the language keeps where they wanted to go."""
    visitor = served.visitor()
    _, _, text = visitor.form("/login?next=%2Frequests", {"name": "nobody-here", "password": "x"})
    assert 'value="nobody-here"' in text
    assert 'href="/login?lang=en&amp;next=%2Frequests"' in text


def test_a_viewer_of_the_public_sees_no_page(served: Served) -> None:
    visitor = served.visitor()
    status, headers, _ = visitor.sign_in("viewer")
    assert (status, headers["location"]) == (303, "/account")
    assert all(visitor.get(path)[0] == 403 for path in PAGES)
    assert visitor.get("/account")[0] == 200


# -- websockets -------------------------------------------------------------------------------


def page_token(visitor: Visitor, path: str = "/requests") -> str:
    text = visitor.get(path)[2]
    return re.search(r'"token":"([^"]+)"', text)[1]  # type: ignore[index]


def connect(visitor: Visitor, token: str, *, origin: str | None = "", path: str = "/requests/ws") -> int:
    """The status of a try to open the websocket of a page."""

    async def tried() -> int:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in visitor.cookies.items())}
        if origin is not None:
            headers["Origin"] = origin or f"http://{visitor.host}"
        request = HTTPRequest(f"ws://{visitor.host}{path}", headers=headers)
        try:
            socket = await websocket_connect(request, subprotocols=["bokeh", token])
        except HTTPClientError as error:
            return error.code
        message = await asyncio.wait_for(socket.read_message(), 30)
        socket.close()
        return 101 if message and "ACK" in str(message) else 0

    return asyncio.run(tried())


# Tornado's client leaves the connection of a refused websocket to the collector of garbage.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_websockets_belong_to_the_session_of_their_page(served: Served) -> None:
    mine, yours = served.visitor("chonburi"), served.visitor("bangkok")
    token = page_token(mine)
    assert connect(mine, token) == 101
    assert connect(served.visitor(), token) in (401, 403), "without a session"
    assert connect(yours, token) == 403, "with another session: a page taken over"
    assert connect(mine, token, origin="https://evil.example") == 403
    assert connect(mine, token, origin=None) == 403
    body = token.split(".")[0]
    payload: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    payload["session_id"] = "another"
    forged = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    assert connect(mine, forged + "." + token.split(".")[1]) == 403
    assert connect(mine, "x.y") == 403
    for page in PAGES:
        assert connect(served.visitor(), token, path=f"{page.rstrip('/')}/ws") in (401, 403), page
    gc.collect()


def test_signing_out_ends_what_an_open_page_can_read(served: Served) -> None:
    """A page that is still open in another tab gets no further rows."""
    from dashboards.desk import Desk
    from jitasa_analytics.service.roles import NotAllowedError

    visitor = served.visitor("chonburi")
    gate = next(r for r in served.server._tornado.wildcard_router.rules
                if r.matcher.regex.pattern == "/login$").target_kwargs["house"].gate
    from http.cookies import SimpleCookie
    from types import SimpleNamespace

    request = SimpleNamespace(cookies=SimpleCookie(f"{COOKIE}={visitor.cookies[COOKIE]}"))
    headers = {"X-Jitasa-Session": gate.session_key(request)}
    desk = Desk(served.store).seen_by(lambda: gate.user_of_page(headers))
    assert set(desk.query("page_requests", "TH", state="all", category="", urgency="")["area_code"].str[:2]) == {"20"}
    with pytest.raises(NotAllowedError):
        desk.query("page_requests", "10", state="all", category="", urgency="")
    with pytest.raises(NotAllowedError):
        desk.store  # noqa: B018  (importing and refused rows are the whole country's)
    visitor.form("/logout", {}, page="/account")
    with pytest.raises(NotAllowedError):
        desk.query("page_requests", "20", state="all", category="", urgency="")


def test_a_server_without_sign_in_listens_on_this_machine_only(own_store: Any) -> None:
    with pytest.raises(ServeError, match="this machine only"):
        app.serve(own_store, 23999, address="0.0.0.0")
    with pytest.raises(ServeError, match="in clear"):
        app.serve(own_store, 23999, address="0.0.0.0", people=Doors("accounts"))
    with pytest.raises(ServeError, match="in clear"):
        app.serve(own_store, 23999, address="0.0.0.0", people=Doors("accounts", origin="http://x.example"))
    Doors("accounts", origin="https://x.example").check("0.0.0.0")
