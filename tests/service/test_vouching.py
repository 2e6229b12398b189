"""Signing in with the word of another house, against a real OpenID Connect server on this machine."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from jitasa_analytics.errors import InputError, ServeError
from jitasa_analytics.service.accounts import Accounts
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.roles import User
from jitasa_analytics.service.vouching import SECRET, Vouchers, Vouching, VouchingError
from jitasa_analytics.service.web.doors import Doors
from jitasa_analytics.service.web.gate import COOKIE
from tests.service.conftest import PASSWORD, Served, Visitor
from tests.service.test_gate import OPEN, every_route

provider = pytest.importorskip("oidc_provider_mock", reason="the OpenID Connect server for tests is not installed")

# What the server for tests calls an old way of its own library is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")

ROLES = """
issuer = "{issuer}"
client_id = "jitasa"
[roles]
moph-ministry = {{ role = "ministry", area = "TH" }}
moph-province = {{ role = "province" }}
"""
PEOPLE = [("somsri", {"groups": ["moph-province", "chess"], "area": "20", "preferred_username": "somsri.c"}),
          ("anan", {"groups": ["moph-ministry"], "preferred_username": "anan"}),
          ("stranger", {"groups": ["chess"]}),
          ("lost", {"groups": ["moph-province"], "area": "2007"})]


@pytest.fixture(scope="module")
def house() -> Iterator[str]:
    """A running OpenID Connect server with four people."""
    users = [provider.User(sub=sub, claims=claims) for sub, claims in PEOPLE]
    with provider.run_server_in_thread(user_claims=users, require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def settings(house: str, tmp_path_factory: pytest.TempPathFactory) -> Vouching:
    path = tmp_path_factory.mktemp("oidc") / "oidc.toml"
    path.write_text(ROLES.format(issuer=house), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SECRET, "between the two houses")
        return Vouching.read(path)


@pytest.fixture(scope="module")
def vouched(settings: Vouching, sample_store: Path, tmp_path_factory: pytest.TempPathFactory,
            open_server: Callable[[Path, Doors], Served]) -> Served:
    store = tmp_path_factory.mktemp("vouched") / "store"
    shutil.copytree(sample_store, store)
    return open_server(store, Doors("oidc", oidc=settings))


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def consent(address: str, sub: str, **more: str) -> str:
    """Where the house sends the visitor once they signed in there."""
    asked = urllib.request.Request(address, urlencode({"sub": sub, **more}).encode())
    try:
        urllib.request.build_opener(_Stay).open(asked)
    except urllib.error.HTTPError as answer:
        return str(answer.headers["Location"])
    raise AssertionError("the house did not send the visitor back")


def come_back(visitor: Visitor, sub: str, next_: str = "/requests") -> tuple[int, dict[str, str], str]:
    """The whole way: to the house, sign in there, and back."""
    status, headers, _ = visitor.get(f"/login/oidc?next={next_}")
    assert status == 302
    back = urlsplit(consent(headers["location"], sub))
    return visitor.get(f"{back.path}?{back.query}")


def test_who_the_house_vouches_for_sees_their_own_area(vouched: Served) -> None:
    visitor = vouched.visitor()
    assert "/login/oidc" in visitor.get("/login")[2]
    status, headers, _ = come_back(visitor, "somsri", "/requests?area=20")
    assert (status, headers["location"]) == (303, "/requests?area=20")
    cookie = next(c for c in visitor.set if c.startswith(COOKIE + "="))
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {p.strip() for p in cookie.split(";")}
    assert visitor.get("/requests")[0] == 200
    assert Accounts(vouched.store).session(_key(vouched, visitor)) == User(
        "oidc:somsri.c", "province", "20")
    last = Audit(vouched.store).rows(what="sign_in")[-1]
    assert (last["who"], last["scope"]) == ("oidc:somsri.c", "20")
    assert visitor.form("/logout", {}, page="/account")[0] == 303
    assert visitor.get("/requests")[0] == 302


def _key(served: Served, visitor: Visitor) -> str:
    class Request:
        cookies = {COOKIE: type("Morsel", (), {"value": visitor.cookies[COOKIE].strip('"')})()}

    gate = next(r.target_kwargs["house"].gate for r in served.server._tornado.wildcard_router.rules
                if "house" in r.target_kwargs)
    return str(gate.session_key(Request()))


def test_every_route_is_shut_where_another_house_vouches(vouched: Served) -> None:
    """As in test_gate: every address and method but the way to the house, for who was not vouched for."""
    visitor, known = vouched.visitor(), every_route(vouched)
    assert {"/login/oidc", "/login/oidc/back", "/requests", "/api/requests"} <= set(known)
    for path in known:
        if path in (OPEN - {"/ask", "/volunteer", "/status"}) | {"/login/oidc", "/login/oidc/back"}:
            continue
        if path.startswith(("/assets", "/fonts", "/manuals/", "/people", "/static")):
            continue
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            status, headers, text = visitor.ask(method, path)
            refused = status in (401, 403, 405) or (status in (302, 303) and headers["location"].startswith("/login"))
            assert refused, (method, path, status, text[:200])
            assert "docs_json" not in text
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        for path in ("/login/oidc", "/login/oidc/back"):
            assert visitor.ask(method, path)[0] in (403, 405), (method, path)


@pytest.mark.parametrize("sub", ["stranger", "lost"])
def test_who_has_no_role_or_no_fitting_area_is_told_and_stays_out(vouched: Served, sub: str) -> None:
    visitor = vouched.visitor()
    status, _, text = come_back(visitor, sub)
    assert status == 403 and 'role="alert"' in text
    assert COOKIE not in visitor.cookies and visitor.get("/requests")[0] == 302


def test_an_answer_to_another_sign_in_is_refused(vouched: Served) -> None:
    """An attacker who sends a victim the end of their own sign-in must not sign the victim in."""
    attacker, victim = vouched.visitor(), vouched.visitor()
    _, headers, _ = attacker.get("/login/oidc")
    back = urlsplit(consent(headers["location"], "anan"))
    assert victim.get(f"{back.path}?{back.query}")[0] == 403
    victim.get("/login/oidc")
    assert victim.get(f"{back.path}?{back.query}")[0] == 403
    assert COOKIE not in victim.cookies


def test_a_code_is_good_once_and_a_refusal_signs_nobody_in(vouched: Served) -> None:
    visitor = vouched.visitor()
    _, headers, _ = visitor.get("/login/oidc")
    kept = dict(visitor.cookies)
    back = urlsplit(consent(headers["location"], "anan"))
    assert visitor.get(f"{back.path}?{back.query}")[0] == 303
    visitor.cookies = kept
    assert visitor.get(f"{back.path}?{back.query}")[0] == 403
    _, headers, _ = visitor.get("/login/oidc")
    back = urlsplit(consent(headers["location"], "anan", action="deny"))
    assert visitor.get(f"{back.path}?{back.query}")[0] == 403


def test_the_way_there_carries_state_nonce_and_the_hash_of_a_secret(vouched: Served) -> None:
    visitor = vouched.visitor()
    asked = [parse_qs(urlsplit(visitor.get("/login/oidc")[1]["location"]).query) for _ in range(2)]
    assert asked[0]["code_challenge_method"] == ["S256"] and asked[0]["response_type"] == ["code"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[0][name][0]) >= 40 and asked[0][name] != asked[1][name]


def test_with_passwords_there_is_no_way_through_another_house(served: Served) -> None:
    assert served.visitor().get("/login/oidc")[0] == 404
    assert served.visitor().get("/login/oidc/back?code=x&state=y")[0] == 404


class Forger:
    """A house whose tokens say whatever a test wants, for what a good house never does."""

    def __init__(self, settings: Vouching) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.vouchers = Vouchers(settings)
        self.about = {"issuer": settings.issuer, "jwks_uri": "http://localhost/keys"}

    def judge(self, monkeypatch: pytest.MonkeyPatch, claims: dict[str, Any], *, key: Any = None,
              header: dict[str, str] | None = None) -> dict[str, Any]:
        class Answer:
            def raise_for_status(self) -> None: ...
            def json(inner) -> dict[str, Any]:  # noqa: N805
                return {"keys": [self.key.as_dict(private=False)]}

        monkeypatch.setattr("jitasa_analytics.service.vouching.requests.get", lambda *_, **__: Answer())
        token = jwt.encode(header or {"alg": "RS256", "kid": "one"}, claims, key or self.key,
                           algorithms=["RS256", "HS256", "none"])
        return self.vouchers._checked(token, self.about, "n")


def test_tokens_that_are_not_good_are_refused(settings: Vouching, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    from joserfc.jwk import OctKey

    forger, now = Forger(settings), int(time.time())
    good = {"iss": settings.issuer, "aud": "jitasa", "sub": "x", "nonce": "n", "iat": now, "exp": now + 60}
    assert forger.judge(monkeypatch, good)["sub"] == "x"
    for change in ({"iss": "https://evil.example"}, {"aud": "other"}, {"nonce": "m"}, {"exp": now - 600},
                   {"aud": ["jitasa", "other"]}, {"iat": None}, {"sub": None}, {"nonce": None}, {"exp": None}):
        bad = {k: v for k, v in {**good, **change}.items() if v is not None}
        with pytest.raises(VouchingError):
            forger.judge(monkeypatch, bad)
    with pytest.raises(VouchingError):
        forger.judge(monkeypatch, good, key=RSAKey.generate_key(2048, {"kid": "one"}))
    shared = OctKey.import_key(json.dumps(forger.key.as_dict(private=False)))
    with pytest.raises(VouchingError):
        forger.judge(monkeypatch, good, key=shared, header={"alg": "HS256", "kid": "one"})


def test_the_first_group_of_the_settings_counts(settings: Vouching) -> None:
    claims = {"sub": "x", "groups": "moph-province moph-ministry", "area": "20"}
    assert settings.user(claims) == User("oidc:x", "ministry", "TH")
    assert settings.user({"sub": "x", "groups": ["moph-province"], "area": "ชลบุรี"}).scope == "20"


@pytest.mark.parametrize(("text", "key"), [
    ("issuer = 1", "vouching.incomplete"), ("issuer = ", "vouching.unreadable"),
    (ROLES.format(issuer="http://sso.example.org"), "vouching.clear"),
    (ROLES.format(issuer="https://sso.example.org").replace('"province"', '"king"'), "service.users.no_role"),
    (ROLES.format(issuer="https://sso.example.org").replace('area = "TH"', 'area = "20"'), "service.users.level")])
def test_settings_that_do_not_fit_are_refused_in_words(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "oidc.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        Vouching.read(path)
    assert caught.value.key == key
    with pytest.raises(ServeError):
        Doors("oidc").check("127.0.0.1")


def test_a_house_that_is_away_is_said_and_nobody_gets_in(sample_store: Path, tmp_path: Path,
                                                         open_server: Callable[[Path, Doors], Served]) -> None:
    path, store = tmp_path / "oidc.toml", tmp_path / "store"
    shutil.copytree(sample_store, store)
    path.write_text(ROLES.format(issuer="http://127.0.0.1:9"), "utf-8")
    visitor = open_server(store, Doors("oidc", oidc=Vouching.read(path))).visitor()
    status, _, text = visitor.get("/login/oidc")
    assert status == 502 and 'role="alert"' in text


def test_a_made_up_password_opens_nothing_but_the_way_to_another(served: Served) -> None:
    Accounts(served.store).add("fresh", "province", "20", PASSWORD, must_change=True)
    visitor = served.visitor()
    assert visitor.sign_in("fresh")[1]["location"] == "/password"
    assert visitor.get("/requests")[1]["location"] == "/password"
    token = Accounts(served.store).make_token("fresh", "for a machine")
    assert served.visitor().api("GET", "/api/requests", token)[0] in (401, 403)
    other = "อีกประโยคหนึ่ง-ที่จำได้"
    status, headers, _ = visitor.form("/password", {"old": PASSWORD, "new": other, "again": other})
    assert (status, headers["location"]) == (303, "/login")
    assert visitor.sign_in("fresh", other)[1]["location"] == "/"
    assert visitor.get("/requests")[0] == 200
