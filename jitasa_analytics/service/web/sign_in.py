"""Signing in and out, and another password."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tornado.ioloop import IOLoop
from tornado.web import HTTPError

from jitasa_analytics.errors import InputError
from jitasa_analytics.service.accounts import Account, SignInError
from jitasa_analytics.service.roles import User
from jitasa_analytics.service.web.base import Handler
from jitasa_analytics.service.web.gate import COOKIE


def local_path(where: str) -> str:
    """Where to go after signing in: a path of this server, whatever an address asks for.

    >>> local_path("/requests?area=20"), local_path("//evil.example"), local_path("https://evil.example")
    ('/requests?area=20', '/', '/')
    """
    parts = urlsplit(where)
    bad = parts.scheme or parts.netloc or not where.startswith("/") or where.startswith("//")
    return "/" if bad or "\\" in where or any(ord(c) < 32 for c in where) else where


class SignsIn(Handler):
    """What opens a session."""

    def open_session(self, user: User, *, foreign: bool = False) -> None:
        """A new session with a new cookie: one that was set before is worth nothing."""
        old = self.house.gate.session_key(self.request)
        if old:
            self.house.gate.accounts.end_session(old)
        secret = self.house.gate.accounts.open_session(user, foreign=foreign)
        value = self.create_signed_value(COOKIE, secret)
        # No expiry: it ends with the browser, or after eight hours, whichever comes first.
        self.set_cookie(COOKIE, value.decode(), path="/", secure=True, httponly=True, samesite="Lax")
        self.house.audit.record(user.name, "sign_in", scope=user.scope, role=user.role)


class SignIn(SignsIn):
    """The page on which somebody signs in."""

    def get(self) -> None:
        """Show the form."""
        if self.house.gate.mode == "none":
            self.redirect("/")
            return
        self._show()

    async def post(self) -> None:
        """Try a name and a password."""
        if self.house.gate.mode != "accounts":
            raise HTTPError(404)
        name, password = self.field("name", longest=200), self.get_body_argument("password", "", strip=False)
        try:
            found: Account = await IOLoop.current().run_in_executor(
                None, self.house.gate.accounts.check, name, password[:400], self.request.remote_ip or "")
        except SignInError as error:
            known = name.strip().lower() in {a.user.name for a in self.house.gate.accounts.listed()}
            self.house.audit.record(name.strip().lower() if known else "unknown",
                                    "locked_out" if error.key == "service.sign_in.locked" else "sign_in_failed")
            self._show(error=self.message(error), name=name, status=401)
            return
        self.open_session(found.user)
        where = local_path(self.get_query_argument("next", "/"))
        if not found.user.may("see"):
            where = "/public" if self.house.public_file else "/account"
        self.redirect("/password" if found.must_change else where, status=303)

    def _show(self, *, error: str = "", name: str = "", status: int = 200) -> None:
        next_ = local_path(self.get_query_argument("next", "/"))
        self.page("sign_in", self.say("sign_in.title"), status=status, error=error, name=name, next=next_,
                  oidc=self.house.gate.mode == "oidc", sample=self._sample(), forms=self.house.forms,
                  public=self.house.public_file is not None)

    def _sample(self) -> bool:
        return bool(self.house.store.manifest().sample)


class SignOut(Handler):
    """The end of a session."""

    def post(self) -> None:
        """Sign out."""
        user, key = self.current_user, self.house.gate.session_key(self.request)
        if key:
            self.house.gate.accounts.end_session(key)
        if user is not None and self.house.gate.mode != "none":
            self.house.audit.record(user.name, "sign_out", scope=user.scope)
        self.clear_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
        self.set_header("Clear-Site-Data", '"cache", "storage"')
        self.redirect("/login", status=303)


class AccountPage(Handler):
    """Who is signed in, with the ways out and to another password."""

    def get(self) -> None:
        """Show it."""
        user = self.current_user
        if user is None:
            raise HTTPError(403)
        from jitasa_analytics import areas

        self.page("account", self.say("account.title"), user=user, area=areas.full_name(user.scope, self.lang),
                  role=self.say(f"role.{user.role}"), own=self.house.gate.mode == "accounts",
                  signed=self.house.gate.mode != "none")


class Password(Handler):
    """Another password."""

    def get(self) -> None:
        """Show the form."""
        self._show()

    async def post(self) -> None:
        """Take another password; every session of the account ends."""
        user: Any = self.current_user
        if user is None or self.house.gate.mode != "accounts":
            raise HTTPError(403)
        old, new, again = (self.get_body_argument(n, "", strip=False)[:400] for n in ("old", "new", "again"))
        if new != again:
            self._show(error=self.say("password.differ"), status=400)
            return
        try:
            await IOLoop.current().run_in_executor(
                None, self.house.gate.accounts.change_password, user.name, old, new, self.request.remote_ip or "")
        except (SignInError, InputError) as error:
            self._show(error=self.message(error), status=400)
            return
        self.house.audit.record(user.name, "password_changed", scope=user.scope)
        self.redirect("/login", status=303)

    def _show(self, *, error: str = "", status: int = 200) -> None:
        if self.current_user is None or self.house.gate.mode != "accounts":
            raise HTTPError(403)
        self.page("password", self.say("password.title"), error=error, status=status,
                  owed=self.current_user.owes_password)
