"""Field reports: what an officer saw somewhere, and how many of it."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime
from typing import Any

from jitasa_analytics import areas, privacy
from jitasa_analytics.errors import InputError
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.roles import User
from jitasa_analytics.store import Store

LONGEST = 200
MOST = 1_000_000
# As many digits as a phone has, whatever stands between them.
_NUMBER = re.compile(r"(?:\d[\s\-.]?){9,}")
_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")


class Reports:
    """The field reports of a store as one account may see and write them."""

    def __init__(self, store: Store, user: User, audit: Audit) -> None:
        self.store, self.user, self._audit = store, user, audit

    def listed(self, area: str = "TH", *, limit: int = 50) -> list[dict[str, Any]]:
        """Reports of an area, the newest first: observation_id, area_code, at (UTC), what, count."""
        self.user.require("see")
        with self.store.snapshot(self.user.within(areas.resolve(area))) as snapshot:
            found = snapshot.sql('SELECT observation_id, area_code, "at", what, "count" FROM observations '
                                 'ORDER BY "at" DESC, observation_id LIMIT $most', most=max(1, min(limit, 1000)))
        self._audit.record(self.user.name, "read", scope=self.user.scope, dataset="observations", rows=len(found))
        found["at"] = [f"{at.isoformat()}Z" for at in found["at"]]
        found["count"] = [None if n is None or n != n else int(n) for n in found["count"].astype(object)]
        return [{str(k): v for k, v in row.items()} for row in found.astype(object).to_dict("records")]

    def add(self, *, area_code: str, what: str, count: int | None = None, at: datetime | None = None,
            seed: str = "") -> str:
        """Write a report down; it is on the disk when this returns.

        Parameters
        ----------
        area_code : str
            Code or name of the tambon (or a larger area).
        what : str
            What was seen, in a few words; nothing that names a person.
        count : int, optional
            How many.
        at : datetime with a zone, optional
            When it was seen; now where left out.
        seed : str
            What tells one form from another: a form sent twice is one report.

        Returns
        -------
        str
            The report's number.

        Raises
        ------
        InputError
            If there is nothing in it, too much, or what looks like a phone or a national id.
        NotAllowedError
            If the role may not change, or the place lies outside the account's area.
        """
        self.user.require("change")
        code = areas.resolve(area_code)
        if not self.user.holds(code):
            raise self.user.outside(code)
        text = " ".join(what.split())
        if not text or len(text) > LONGEST:
            raise InputError(f"a report says what was seen in at most {LONGEST} characters", key="forms.report.length",
                             longest=LONGEST)
        if _NUMBER.search(text.translate(_DIGITS)):
            raise InputError("the report holds what looks like a phone or an id; leave out what names a person",
                             key="forms.report.personal")
        if count is not None and not 0 <= count <= MOST:
            raise InputError(f"a count is a whole number from 0 to {MOST:,}", key="forms.report.count",
                             most=f"{MOST:,}")
        when = at or datetime.now(UTC)
        if when > datetime.now(UTC):
            raise InputError(f"{when:%Y-%m-%d %H:%M} has not come yet", key="forms.report.future")
        key = privacy.load_key(self.store.folder)
        number = "o-" + (hmac.new(key, seed.encode(), hashlib.sha256).hexdigest()[:24] if seed
                         else secrets.token_hex(12))
        self.store.append("observations", {
            "observation_id": number, "area_code": code, "at": when, "what": text, "count": count,
            "observer": self.store.token(f"account:{self.user.name}")})
        self._audit.record(self.user.name, "change", scope=self.user.scope, observation=number)
        return number
