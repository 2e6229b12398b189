"""What keeps robots and other sites from filling in a form: signed forms, a trap, time, and counts.

No captcha: those come from other hosts, and shut out people who see badly. A form carries a signed
token with its own number, the time it was made and the visitor's cookie; a field that nobody sees
must stay empty; nobody fills a form in within three seconds; and an address may send only so much.
Many phones share one address of a mobile network, so that the counts are generous.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

from tornado.web import decode_signed_value

from jitasa_analytics.service.contacts import ContactFile

TRAP = "website"
FASTEST_SECONDS = 3.0
OPEN_SECONDS = 2 * 3600
# Within these seconds, from one address and from all together.
WINDOW_SECONDS = 600
MOST_OF_ADDRESS = {"form": 40, "status": 60}
MOST_OF_ALL = {"form": 1200, "status": 6000}


@dataclass(frozen=True)
class Ticket:
    """A form that was handed out.

    Attributes
    ----------
    seed : str
        Its own number.
    age : float
        Seconds since it was handed out.
    """

    seed: str
    age: float

    @property
    def expired(self) -> bool:
        """Whether it lay open for too long."""
        return self.age > OPEN_SECONDS

    @property
    def hasty(self) -> bool:
        """Whether it came back sooner than a person types."""
        return self.age < FASTEST_SECONDS


def name_of(form: str) -> str:
    """The name under which the tickets of a form are signed: one form's is none for another."""
    return f"form-{form}"


def ticket_text(cookie: bytes, *, seed: str = "", clock: float | None = None) -> str:
    """What a ticket says before it is signed."""
    at = time.time() if clock is None else clock
    return f"{seed or secrets.token_urlsafe(18)}|{at:.3f}|{_mark(cookie)}"


def read_ticket(secret: str | bytes, form: str, text: str, cookie: bytes, *, clock: float | None = None
                ) -> Ticket | None:
    """The ticket that came back; None where it is forged, another form's, or another visitor's."""
    value = decode_signed_value(secret, name_of(form), text, max_age_days=3650)
    parts = value.decode("ascii", "replace").split("|") if value else []
    if len(parts) != 3 or not hmac.compare_digest(parts[2], _mark(cookie)):
        return None
    return Ticket(parts[0], (time.time() if clock is None else clock) - float(parts[1]))


def too_many(file: ContactFile, address: str, what: str, secret: bytes) -> bool:
    """Count a try of an address, and say whether it is one too many; the address itself is not kept."""
    mark = hmac.new(secret, b"address:" + address.encode(), hashlib.sha256).hexdigest()[:24]
    own, every = file.count(mark, what, WINDOW_SECONDS)
    return own > MOST_OF_ADDRESS[what] or every > MOST_OF_ALL[what]


def _mark(cookie: bytes) -> str:
    return hashlib.sha256(b"form:" + cookie).hexdigest()[:32]
