"""What somebody typed into a form: cleaned, checked field by field, and kept for showing it again."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from urllib.parse import parse_qs

from jitasa_analytics import areas, geo
from jitasa_analytics.ingest import identities
from jitasa_analytics.service.intake import Intake, Place

_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
# Buddhist years are those that no Gregorian calendar of ours reaches.
_BUDDHIST = 2400
MOST_FIELDS = 400


class Entered:
    """The fields of a form, and what is wrong with them.

    Attributes
    ----------
    errors : dict
        By field: the key of the message under ``forms.error`` and its values.
    """

    def __init__(self, fields: Mapping[str, list[str]] | None = None) -> None:
        self._fields = {n: [_clean(v) for v in vs] for n, vs in (fields or {}).items()}
        self.errors: dict[str, tuple[str, dict[str, object]]] = {}

    @classmethod
    def sent(cls, body: bytes) -> Entered:
        """The fields of a form's body.

        Raises
        ------
        ValueError
            If it is no form, or one with more fields than any of ours has.
        """
        return cls(parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS,
                            errors="strict"))

    # -- for showing it again ---------------------------------------------------------------------

    def __getitem__(self, name: str) -> str:
        return self._fields.get(name, [""])[0]

    def every(self, name: str) -> list[str]:
        """All values of a field that may be given several times."""
        return self._fields.get(name, [])

    def put(self, name: str, value: str) -> None:
        """Set what a field shows."""
        self._fields[name] = [value]

    # -- checking -----------------------------------------------------------------------------------

    def wrong(self, name: str, rule: str, **values: object) -> None:
        """Say what is wrong with a field; the first finding stands."""
        self.errors.setdefault(name, (rule, values))

    def text(self, name: str, *, longest: int, needed: bool = False) -> str:
        """A text of a person."""
        value = self[name]
        if needed and not value:
            self.wrong(name, "needed")
        if len(value) > longest:
            self.wrong(name, "long", longest=longest, length=len(value))
        return value

    def phone(self, name: str) -> str:
        """A Thai phone number, as it was typed."""
        value = self.text(name, longest=40, needed=True)
        if value and not identities.phones(value)[0]:
            self.wrong(name, "phone")
        return value

    def choice(self, name: str, known: Collection[str], default: str = "") -> str:
        """One of several values."""
        value = self[name] or default
        if value not in known:
            self.wrong(name, "choose")
        return value

    def choices(self, name: str, known: Collection[str], *, needed: bool = False) -> list[str]:
        """Some of several values, in their order."""
        asked = set(self.every(name))
        if asked - set(known) or (needed and not asked):
            self.wrong(name, "choose_some")
        return [k for k in known if k in asked]

    def whole(self, name: str, low: int, high: int, default: int | None = None) -> int | None:
        """A whole number within bounds; the default where nothing was typed."""
        value = self[name].translate(_DIGITS).replace(",", "")
        if not value:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high:
            self.wrong(name, "number", low=f"{low:,}", high=f"{high:,}")
            return default
        return int(value)

    def day(self, name: str) -> date | None:
        """A day; Buddhist years are understood."""
        value = self[name].translate(_DIGITS)
        if not value:
            return None
        found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", value)
        turned = re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", value)
        try:
            year, month, day = ([int(p) for p in found.groups()] if found
                                else [int(p) for p in reversed(turned.groups())] if turned else [0, 0, 0])
            return date(year - 543 if year > _BUDDHIST else year, month, day)
        except ValueError:
            self.wrong(name, "day")
            return None

    def place(self, intake: Intake, lang: str) -> Place | None:
        """The tambon and, where it was tapped or found by the device, the point; areas are named in a language."""
        code = self["tambon"]
        if code and not (areas.exists(code) and len(code) == 6):
            self.wrong("place", "tambon")
            return None
        point = self._point()
        if point is None:
            if not code:
                self.wrong("place", "place")
                return None
            return Place(code)
        here = intake.locate(*point)
        if here is not None and len(here) == 6:
            if code and here[:4] != code[:4]:
                self.wrong("place", "two_places", point=areas.full_name(here, lang), chosen=areas.full_name(code, lang))
                return None
            return Place(here, *point)
        if not code or (here is not None and not code.startswith(here)):
            self.wrong("place", "tambon")
            return None
        return Place(code, *point)

    def _point(self) -> tuple[float, float] | None:
        if not (self["lon"] or self["lat"]):
            return None
        try:
            lon, lat = float(self["lon"]), float(self["lat"])
        except ValueError:
            lon = lat = 0.0
        if not bool(geo.in_thailand([lon], [lat])[0]):
            self.wrong("place", "outside")
            return None
        return round(lon, 6), round(lat, 6)


def _clean(text: str) -> str:
    """A text without control characters, and without the marks that hide or turn what stands beside them."""
    kept = "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n")
                   if c == "\n" or c.isprintable() or c in "\u200b\u200c\u200d\t")
    return kept.strip()
