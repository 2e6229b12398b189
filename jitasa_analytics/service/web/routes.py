"""Every address of the service, and the settings of the server that go with it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from tornado.ioloop import IOLoop
from tornado.web import RequestHandler, StaticFileHandler

from jitasa_analytics import areas, privacy, texts
from jitasa_analytics.service.accounts import Accounts
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.web import (
    api,
    call_form,
    foreign,
    manual_pages,
    public_forms,
    public_view,
    report_form,
    sign_in,
)
from jitasa_analytics.service.web import gate as gates
from jitasa_analytics.service.web.base import HERE, LARGEST_BODY, Handler, House
from jitasa_analytics.service.web.gate import HEADER, XSRF_COOKIE, Gate, Mode
from jitasa_analytics.show import fonts, outlines
from jitasa_analytics.store import Store


def house(store: Path, mode: Mode, *, origins: set[str], secure: bool = False, public_file: Path | None = None,
          forms: bool = False, oidc: Any = None) -> House:
    """What the service of a store works with.

    Parameters
    ----------
    store : Path
    mode : {"accounts", "oidc", "none"}
    origins : set of str
        Hosts with port under which browsers reach the server.
    secure : bool
        Reached over TLS.
    public_file : Path, optional
        Shown to anybody under ``/public``.
    forms : bool
        Whether anybody may ask for help and volunteer.
    oidc : optional
        The house that vouches for people.
    """
    keys = privacy.key_folder(store)
    audit = Audit(store)
    open_paths = (*(gates.FORMS if forms else ()), *(gates.PUBLIC if public_file else ()))
    gate = Gate(mode, Accounts(store), privacy.secret(keys / "session.key"),
                privacy.secret(keys / "page.key"), {o.lower() for o in origins},
                open_paths, secure)
    return House(Store(store), gate, audit, public_file, forms, oidc)


def patterns(where: House) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """The addresses of the service."""
    given = {"house": where}
    found: list[tuple[str, type[RequestHandler], dict[str, Any]]] = [
        (r"/login", sign_in.SignIn, given), (r"/logout", sign_in.SignOut, given),
        (r"/password", sign_in.Password, given), (r"/account", sign_in.AccountPage, given),
        (r"/report", report_form.ReportForm, given), (r"/call", call_form.CallForm, given),
        (r"/people/fonts.css", FontRules, given), (r"/people/areas/([0-9A-Z]{2,6})", Below, given),
        (r"/people/outlines/(TH|[0-9]{2})", Outlines, given),
        (r"/people/static/(.*)", StaticFileHandler, {"path": str(HERE / "static")}),
    ]
    forms = public_forms.ROUTES if where.forms else ()
    if where.public_file is not None:
        found.append((r"/public", public_view.PublicView, given))
    if where.gate.mode == "oidc":
        found += [(r"/login/oidc", foreign.Away, given), (r"/login/oidc/back", foreign.Back, given)]
    return [*found, *manual_pages.patterns(where), *((pattern, kind, given) for pattern, kind in (*api.ROUTES, *forms))]


def server_options(where: House) -> dict[str, Any]:
    """What the Bokeh server is told: signed pages, no cookie inside a page, small bodies, form tokens."""
    return {
        "sign_sessions": True, "secret_key": where.gate.page_secret,
        "generate_session_ids": True,
        "include_headers": [HEADER, "Accept-Language", "Host"], "include_cookies": [], "xsrf_cookies": True,
        "cookie_secret": where.gate.secret.decode(),
        "http_server_kwargs": {"max_body_size": LARGEST_BODY, "max_buffer_size": 4 * LARGEST_BODY,
                               "max_header_size": 32 * 1024, "xheaders": where.gate.secure},
    }


def stand_before(where: House, server: Any) -> None:
    """Put the gate before a server's routes."""
    settings = server._tornado.settings
    settings["cookie_secret"] = where.gate.secret.decode()
    settings["xsrf_cookie_name"] = XSRF_COOKIE
    settings["xsrf_cookie_kwargs"] = {"secure": True, "httponly": True, "samesite": "Strict", "path": "/"}
    where.gate.stand_before(server)


class FontRules(Handler):
    """The letters that the server ships."""

    def get(self) -> None:
        """Answer."""
        self.set_header("Content-Type", "text/css; charset=utf-8")
        self.set_header("Cache-Control", "max-age=86400")
        self.write(fonts.served("/fonts"))


class Outlines(Handler):
    """The outlines of the areas of a province, or of the provinces, for the map of a form: public knowledge."""

    async def get(self, code: str) -> None:
        """Answer with the finest outlines there are, see ``show.outlines``."""
        name = self.house.store.manifest().files["reference"]
        kept = self.house.memory.setdefault("outlines", {})
        if (name, code) not in kept:
            kept[name, code] = await IOLoop.current().run_in_executor(None, self._made, code)
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "max-age=3600")
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.write(kept[name, code])
        else:
            self.write(gzip.decompress(kept[name, code]))

    def _made(self, code: str) -> bytes:
        with self.house.store.snapshot() as snapshot:
            levels = ("province",) if code == areas.COUNTRY else ("tambon", "district", "province")
            frames = (snapshot.areas(level, within=code) for level in levels)
            return outlines.encoded(next((f for f in frames if len(f)), snapshot.areas("province", within=code)))


class Below(Handler):
    """The areas below an area, for the lists of a form: public knowledge."""

    def get(self, code: str) -> None:
        """Answer with pairs of code and name."""
        lang = self.lang if self.lang in texts.LANGUAGES else texts.DEFAULT
        found = [[c, areas.name(c, lang)] for c in areas.children(code)] if areas.exists(code) else []
        self.set_header("Content-Type", "application/json")
        self.write(json.dumps(sorted(found, key=lambda pair: pair[1]), ensure_ascii=False))
