"""What every page of the service shares: language, visitor, form tokens, one look."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tornado.web import HTTPError, RequestHandler

from jitasa_analytics import texts
from jitasa_analytics.errors import JitasaError
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.roles import User
from jitasa_analytics.service.web.gate import FORM_POLICY, Gate
from jitasa_analytics.store import Store

LOG = logging.getLogger("jitasa.service")
HERE = Path(__file__).resolve().parent
# A form of ours is a few lines; nobody needs to send more.
LARGEST_BODY = 64 * 1024


@dataclass(frozen=True)
class House:
    """What the handlers work with.

    Attributes
    ----------
    store : Store
    gate : Gate
    audit : Audit
    public_file : Path, optional
        The file of the public view, where that is switched on.
    forms : bool
        Whether anybody may ask for help and volunteer here.
    oidc : object, optional
        The house that vouches for people, in the mode ``oidc``.
    """

    store: Store
    gate: Gate
    audit: Audit
    public_file: Path | None = None
    forms: bool = False
    oidc: Any = None
    memory: dict[str, Any] = field(default_factory=dict)


class Handler(RequestHandler):
    """A page or an answer of the service."""

    house: House
    # Whether who fills in a form of this page is where help is needed, or comes from.
    on_the_spot = True

    def initialize(self, house: House) -> None:
        """Take the house."""
        self.house = house

    def prepare(self) -> None:
        """Refuse what is too large before it is looked at."""
        if len(self.request.body or b"") > LARGEST_BODY:
            raise HTTPError(413)
        self.set_header("Content-Security-Policy", FORM_POLICY)
        self.set_header("Cache-Control", "no-store")

    def get_current_user(self) -> User | None:
        """Who sends this."""
        return self.house.gate.user(self.request)

    def get_template_path(self) -> str:
        """Where the pages lie."""
        return str(HERE / "templates")

    @property
    def lang(self) -> str:
        """The visitor's language."""
        asked = self.get_query_argument("lang", "")
        return asked if asked in texts.LANGUAGES else texts.preferred()

    def say(self, key: str, **values: object) -> str:
        """A text of the service in the visitor's language."""
        return texts.say(f"service.{key}", self.lang, **values)

    def field(self, name: str, *, longest: int = 500) -> str:
        """A field of the form sent: one line or several, without control characters, cut at nothing.

        Raises
        ------
        HTTPError
            If it is longer than a person writes.
        """
        text = self.get_body_argument(name, "", strip=True)
        if len(text) > longest:
            raise HTTPError(400, reason="too long")
        return "".join(c for c in text if c in "\n\t" or c.isprintable() or c in "\u200b\u200c\u200d")

    def page(self, template: str, title: str, *, status: int = 200, **values: Any) -> None:
        """Answer with a page."""
        self.set_status(status)
        path = self.request.path
        # Whoever changes the language at the sign-in still goes where they wanted to.
        onward = self.get_query_argument("next", "")
        rest = f"&{urlencode({'next': onward})}" if onward else ""
        languages = [(lang, texts.say("dashboard.language", lang), f"{path}?lang={lang}{rest}")
                     for lang in texts.LANGUAGES]
        self.render(f"{template}.html", title=title, lang=self.lang, say=self.say, languages=languages,
                    brand=texts.say("dashboard.brand", self.lang), tagline=texts.say("dashboard.tagline", self.lang),
                    label=lambda kind, value: texts.label(kind, value, self.lang),
                    query=f"?lang={self.lang}" if self.get_query_argument("lang", "") else "", **values)

    def message(self, error: JitasaError) -> str:
        """What an error says to the visitor."""
        return texts.of_error(error, self.lang)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """A fault as a page that names an id and nothing of the inside."""
        name = f"{datetime.now(UTC):%H%M%S}-{secrets.token_hex(2)}"
        if status_code >= 500:
            # The kind of the fault only: its text may hold what a visitor wrote.
            error = kwargs.get("exc_info", (None, None))[1]
            LOG.error("problem %s: %s at %s", name, type(error).__name__, self.request.path)
        self.set_header("Content-Security-Policy", FORM_POLICY)
        key = {403: "forbidden", 404: "missing", 413: "too_large", 400: "bad"}.get(status_code, "fault")
        try:
            self.page("message", self.say(f"problem.{key}.title"), status=status_code,
                      text=self.say(f"problem.{key}.text", id=name))
        except Exception:
            self.finish()

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Nothing of what a visitor sent stands in the log; `write_error` writes the id."""
