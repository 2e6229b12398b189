"""One gate before every route and websocket of the server.

Whatever is not named as open needs a session. It stands before the routing, so that a page, a
websocket or a file that is added later is shut until somebody opens it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from bokeh.util.token import check_token_signature, get_token_payload
from tornado.httputil import HTTPHeaders, HTTPServerConnectionDelegate, HTTPServerRequest
from tornado.web import Application, RequestHandler, decode_signed_value

from jitasa_analytics import texts
from jitasa_analytics.service.accounts import SESSION_SECONDS, Accounts, name_of
from jitasa_analytics.service.roles import LOCAL, User

Mode = Literal["accounts", "oidc", "none"]

# "__Host-": sent over TLS (or to this machine) only, to this host only, settable by no subdomain.
COOKIE = "__Host-jitasa"
XSRF_COOKIE = "__Host-jitasa-form"
# What tells a page whose session it belongs to; set by the gate, never taken from a visitor.
HEADER = "X-Jitasa-Session"

# Open to everybody: how to sign in, what a page is drawn with, and what says nothing about anybody.
_OPEN = frozenset({"/login", "/login/oidc", "/login/oidc/back", "/logout", "/favicon.ico", "/healthz", "/manuals"})
_OPEN_UNDER = ("/assets/", "/fonts/", "/manuals/", "/people/", "/static/")
# Open where they are switched on.
FORMS = ("/ask", "/volunteer", "/status")
PUBLIC = ("/public",)
# Ways into another visitor's page that no page of ours uses.
_SHUT_ENDINGS = ("/autoload.js", "/metadata")
_SESSION_ARGUMENTS = ("bokeh-session-id", "bokeh-token")
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})

PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' blob:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'")
FORM_POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
               "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")

_HEADERS = {
    "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), payment=(), geolocation=(self)",
}


@dataclass
class Gate:
    """Who may pass.

    Parameters
    ----------
    mode : {"accounts", "oidc", "none"}
        ``none`` is for this machine only.
    accounts : Accounts
    secret : bytes
        Signs the cookie of the session.
    page_secret : bytes
        Signs the token of a page, with which its websocket is opened.
    origins : set of str
        Hosts (with port) under which the server is reached.
    open_paths : tuple of str
        Forms and the public view, where they are switched on.
    secure : bool
        Reached over TLS: browsers are told to stay there.
    pictures : str
        Where pages may load pictures from beside this server: the source of map tiles, if any.
    """

    mode: Mode
    accounts: Accounts
    secret: bytes
    page_secret: bytes
    origins: set[str]
    open_paths: tuple[str, ...] = ()
    secure: bool = False
    pictures: str = ""

    # -- who it is ------------------------------------------------------------------------------

    def session_key(self, request: HTTPServerRequest) -> str:
        """The hash of the session id in a request's cookie; empty where there is none of ours."""
        cookie = request.cookies.get(COOKIE)
        value = decode_signed_value(self.secret, COOKIE, cookie.value, max_age_days=SESSION_SECONDS / 86400) \
            if cookie is not None else None
        return name_of(value.decode()) if value else ""

    def user(self, request: HTTPServerRequest) -> User | None:
        """Who sends a request."""
        if self.mode == "none":
            return LOCAL
        key = self.session_key(request)
        return self.accounts.session(key) if key else None

    def user_of_page(self, headers: Mapping[str, Any]) -> User | None:
        """Whose page this is, by the headers that the gate gave it; asked anew, so that signing out ends it."""
        if self.mode == "none":
            return LOCAL
        key = str(headers.get(HEADER, ""))
        return self.accounts.session(key) if key else None

    # -- who may pass -----------------------------------------------------------------------------

    def judge(self, request: HTTPServerRequest) -> tuple[type[RequestHandler], dict[str, Any]] | None:
        """None where a request may pass, else who answers it instead."""
        path = request.path
        while HEADER in request.headers:
            del request.headers[HEADER]
        if self._foreign(request):
            return Refused, {"status": 403, "why": "origin"}
        if path.endswith(_SHUT_ENDINGS) or "Bokeh-Session-Id" in request.headers or any(
                a in request.arguments for a in _SESSION_ARGUMENTS):
            return Refused, {"status": 403, "why": "session"}
        key = self.session_key(request) if self.mode != "none" else ""
        if path.endswith("/ws") and not self._own_page(request, key):
            return Refused, {"status": 403, "why": "session"}
        if self._is_open(path) and not (path == "/healthz" and request.query):
            return None  # what costs a page to answer is for those signed in
        if path.startswith("/api/"):
            return None  # its handlers know tokens as well, and refuse whoever shows neither
        user = self.user(request)
        if user is None:
            if request.method in ("GET", "HEAD") and not path.endswith("/ws") and self._wants_page(request):
                return ToSignIn, {"where": f"/login?next={quote(request.uri or '/', safe='')}{self._spoken(request)}"}
            return Refused, {"status": 401, "why": "sign_in"}
        if user.owes_password and path not in ("/password", "/account") and request.method == "GET" and \
                not path.endswith("/ws") and self._wants_page(request):
            return ToSignIn, {"where": "/password"}
        if not user.may("see") and path not in ("/password", "/account"):
            return Refused, {"status": 403, "why": "right"}
        if key:
            request.headers[HEADER] = key
        return None

    def _is_open(self, path: str) -> bool:
        if any(part in ("..", ".") for part in path.split("/")) or "%2e" in path.lower() or "\\" in path:
            return False
        return path in _OPEN or path.startswith(_OPEN_UNDER) or any(
            path == p or path.startswith(f"{p}/") for p in self.open_paths)

    def _foreign(self, request: HTTPServerRequest) -> bool:
        """Whether another site sends the visitor here to do something, or the host is none of ours (DNS rebinding)."""
        if self.origins and request.host.lower() not in self.origins:
            return True
        origin = request.headers.get("Origin")
        websocket = request.headers.get("Upgrade", "").lower() == "websocket"
        if request.method not in _UNSAFE and not websocket:
            return False
        if origin is None:
            return websocket  # a browser always says; other programs use the API
        return urlsplit(origin).netloc.lower() not in (self.origins or {request.host.lower()})

    def _own_page(self, request: HTTPServerRequest, key: str) -> bool:
        """Whether the page that a websocket asks for was made for the session that asks."""
        if self.mode == "none":
            return True
        parts = [p.strip() for p in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        if len(parts) != 2 or parts[0] != "bokeh":
            return False
        try:
            if not check_token_signature(parts[1], secret_key=self.page_secret, signed=True):
                return False
            made_for = dict(get_token_payload(parts[1]).get("headers", {})).get(HEADER, "")
        except Exception:
            return False
        return bool(key) and made_for == key

    @staticmethod
    def _spoken(request: HTTPServerRequest) -> str:
        """The language that was asked for, to be taken along to the sign-in."""
        asked = [lang for lang in texts.LANGUAGES if lang.encode() in request.query_arguments.get("lang", [])]
        return f"&lang={asked[0]}" if asked else ""

    @staticmethod
    def _wants_page(request: HTTPServerRequest) -> bool:
        return "text/html" in request.headers.get("Accept", "text/html")

    # -- putting it before the routes -----------------------------------------------------------

    def stand_before(self, server: Any) -> None:
        """Let every request of a server come through here first."""
        app: Application = server._tornado
        inner = app.find_handler

        def find_handler(request: HTTPServerRequest, **kwargs: Any) -> Any:
            verdict = self.judge(request)
            if verdict is None:
                return inner(request, **kwargs)
            return app.get_handler_delegate(request, *verdict)

        app.find_handler = find_handler  # type: ignore[method-assign]
        server._http.request_callback = _Dressed(app, self._headers)

    def _headers(self, headers: HTTPHeaders) -> None:
        """Say to the browser what a page may do."""
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        policy = PAGE_POLICY.replace("img-src 'self'", f"img-src 'self' {self.pictures}".rstrip())
        headers.setdefault("Content-Security-Policy", policy)
        if "text/html" in headers.get("Content-Type", "") or "json" in headers.get("Content-Type", ""):
            headers.setdefault("Cache-Control", "no-store")
        if self.secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if "Server" in headers:
            del headers["Server"]


class _Dressed(HTTPServerConnectionDelegate):
    """Hands connections on to the application, with headers added to every answer."""

    def __init__(self, app: Application, dress: Callable[[HTTPHeaders], None]) -> None:
        self._app, self._dress = app, dress

    def start_request(self, server_conn: object, request_conn: Any) -> Any:
        """A request begins."""
        connection: Any = _Connection(request_conn, self._dress)
        return self._app.start_request(server_conn, connection)

    def on_close(self, server_conn: object) -> None:
        """A connection ends."""
        self._app.on_close(server_conn)


class _Connection:
    """A connection whose answers carry the headers."""

    def __init__(self, inner: Any, dress: Callable[[HTTPHeaders], None]) -> None:
        self.__dict__.update(_inner=inner, _dress=dress)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._inner, name, value)

    def write_headers(self, start_line: Any, headers: HTTPHeaders, chunk: bytes | None = None) -> Any:
        """Write the head of an answer."""
        self._dress(headers)
        return self._inner.write_headers(start_line, headers, chunk)


class ToSignIn(RequestHandler):
    """Send a visitor to the sign-in."""

    def initialize(self, where: str) -> None:
        """Take where to."""
        self._where = where

    def get(self) -> None:
        """Redirect."""
        self.redirect(self._where)

    head = get


class Refused(RequestHandler):
    """Refuse, and say no more than that."""

    def initialize(self, status: int, why: str) -> None:
        """Take the status."""
        self._status, self._why = status, why

    def check_xsrf_cookie(self) -> None:
        """Refused either way."""

    def prepare(self) -> None:
        """Answer every method alike."""
        self.set_status(self._status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"error": self._why}))
