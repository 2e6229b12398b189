"""Signing in with the word of another house: the way there and the way back."""

from __future__ import annotations

import json
import secrets

from tornado.ioloop import IOLoop
from tornado.web import HTTPError

from jitasa_analytics.service.vouching import Vouchers, VouchingError
from jitasa_analytics.service.web.sign_in import SignsIn, local_path

# What a sign-in under way is remembered by, in the visitor's own browser, signed; good for ten minutes.
_COOKIE = "__Host-jitasa-away"
_DAYS = 600 / 86400


class _Foreign(SignsIn):
    """Both ways."""

    @property
    def vouchers(self) -> Vouchers:
        """The house that vouches."""
        if self.house.gate.mode != "oidc" or not isinstance(self.house.oidc, Vouchers):
            raise HTTPError(404)
        return self.house.oidc

    @property
    def back(self) -> str:
        """Where the house sends visitors back to."""
        scheme = "https" if self.house.gate.secure else "http"
        return f"{scheme}://{self.request.host}/login/oidc/back"

    def refuse(self, error: VouchingError, status: int) -> None:
        """Say on the sign-in page why not."""
        self.clear_cookie(_COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
        self.page("sign_in", self.say("sign_in.title"), status=status, error=self.message(error), name="", next="/",
                  oidc=True, sample=bool(self.house.store.manifest().sample), forms=self.house.forms,
                  public=self.house.public_file is not None)


class Away(_Foreign):
    """To the house."""

    async def get(self) -> None:
        """Send the visitor there with a state, a nonce and the hash of a secret, all new."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        vouchers, back = self.vouchers, self.back
        try:
            where = await IOLoop.current().run_in_executor(
                None, lambda: vouchers.away(back, state=state, nonce=nonce, verifier=verifier))
        except VouchingError as error:
            self.refuse(error, 502)
            return
        kept = json.dumps([state, nonce, verifier, local_path(self.get_query_argument("next", "/"))])
        self.set_cookie(_COOKIE, self.create_signed_value(_COOKIE, kept).decode(), path="/", secure=True,
                        httponly=True, samesite="Lax", max_age=600)
        self.redirect(where)


class Back(_Foreign):
    """From the house."""

    async def get(self) -> None:
        """Open a session for who came back from where they were sent to."""
        vouchers, back = self.vouchers, self.back
        held = self.get_signed_cookie(_COOKIE, max_age_days=_DAYS)
        try:
            if held is None:
                raise VouchingError("no sign-in is under way in this browser", key="vouching.stale")
            state, nonce, verifier, onward = json.loads(held)
            if not secrets.compare_digest(state, self.get_query_argument("state", "")):
                raise VouchingError("the answer belongs to another sign-in", key="vouching.stale")
            code = self.get_query_argument("code", "")
            if not code:
                raise VouchingError("the house did not vouch", key="vouching.refused")
            user = await IOLoop.current().run_in_executor(
                None, lambda: vouchers.who(back, code, nonce=nonce, verifier=verifier))
        except VouchingError as error:
            self.house.audit.record("unknown", "sign_in_failed")
            self.refuse(error, 403)
            return
        self.clear_cookie(_COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
        self.open_session(user, foreign=True)
        self.redirect(onward if user.may("see") else "/account", status=303)
