"""What one session looks at: area, language and the parameters of its page, in step with the address.

The address is the state: every view can be linked, reloaded and walked back to. Only what
differs from the default stands in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import param

from jitasa_analytics import areas, texts
from jitasa_analytics.errors import UnknownError
from jitasa_analytics.service.roles import NotAllowedError


class Scope(param.Parameterized):
    """The area and language of a session, and the values that its page adds.

    Parameters
    ----------
    area : str
        ``TH`` or the code of a province, district or tambon.
    lang : {"th", "en"}
    home : str
        The area of an address that names none: the visitor's own, the country by default.
    own : callable
        The part of an area that the visitor may see; raises `NotAllowedError` where they see none of it.
    """

    area = param.String(default=areas.COUNTRY, doc="Code of the area that is looked at.")
    lang: Any = param.Selector(default=texts.DEFAULT, objects=list(texts.LANGUAGES), doc="Language of the page.")
    dark = param.Boolean(default=False, doc="Whether the page is dark.")
    search = param.String(default="", doc="The query of the address that says the same.")

    def __init__(self, *, home: str = areas.COUNTRY, own: Callable[[str], str] = str, **params: Any) -> None:
        super().__init__(**{"area": home, **params})
        self.home, self.own = home, own
        self._default_lang = texts.preferred()
        self._more: dict[str, param.Parameterized] = {}
        self._defaults: dict[str, Any] = {}

    # -- parts that a page adds --------------------------------------------------------------

    def include(self, question: param.Parameterized, names: list[str], given: Mapping[str, str]) -> None:
        """Let the parameters of a page's question stand in the address too.

        Parameters
        ----------
        question : Parameterized
            Its values now are the defaults.
        names : list of str
        given : mapping of str to str
            What the address says; a value that can't be read is left at its default.
        """
        for name in names:
            self._more[name] = question
            self._defaults[name] = getattr(question, name)
        self.read_more(given)

    def read_more(self, given: Mapping[str, str]) -> None:
        """Take the page's parameters from an address; those it does not name go back to their default."""
        by_owner: dict[int, tuple[param.Parameterized, dict[str, Any]]] = {}
        for name, owner in self._more.items():
            value = _read(owner.param[name], given[name], self._defaults[name]) if name in given \
                else self._defaults[name]
            by_owner.setdefault(id(owner), (owner, {}))[1][name] = value
        for owner, values in by_owner.values():
            changed = {n: v for n, v in values.items() if v != getattr(owner, n)}
            if changed:
                owner.param.update(**changed)

    @property
    def owners(self) -> list[tuple[param.Parameterized, list[str]]]:
        """The questions of the page with the names of theirs that stand in the address."""
        found: dict[int, tuple[param.Parameterized, list[str]]] = {}
        for name, owner in self._more.items():
            found.setdefault(id(owner), (owner, []))[1].append(name)
        return list(found.values())

    # -- the address -------------------------------------------------------------------------

    def read(self, given: Mapping[str, str]) -> None:
        """Take everything from the query of an address.

        Raises
        ------
        UnknownError
            If it names an area that does not exist.
        """
        self.go(areas.resolve(given["area"]) if given.get("area") else self.home)
        self.read_more(given)

    def go(self, area: str) -> None:
        """Look at an area; of a larger one at the visitor's own part. One outside stands, and the page says so."""
        with suppress(NotAllowedError):
            area = self.own(area)
        self.area = area

    def sees(self, area: str) -> bool:
        """Whether the visitor may see a whole area."""
        return self.meets(area) and self.own(area) == area

    def meets(self, area: str) -> bool:
        """Whether the visitor may see an area or a part of it."""
        try:
            self.own(area)
        except NotAllowedError:
            return False
        return True

    def link(self, page: str, *, area: str | None = None, lang: str | None = None, dark: bool | None = None,
             more: bool = False) -> str:
        """The address of a page with area, language and ground kept; with ``more`` also its parameters."""
        return (page or "./") + self.query(area=area, lang=lang, dark=dark, more=more)

    def query(self, *, area: str | None = None, lang: str | None = None, dark: bool | None = None,
              more: bool = True) -> str:
        """The query of an address that says what this scope says."""
        values: dict[str, str] = {}
        place, speech = area or self.area, lang or self.lang
        if place != self.home:
            values["area"] = place
        if speech != self._default_lang:
            values["lang"] = speech
        if self.dark if dark is None else dark:
            values["theme"] = "dark"
        if more:
            for name, owner in self._more.items():
                value = getattr(owner, name)
                if value != self._defaults[name]:
                    values[name] = _write(owner.param[name], value)
        return f"?{urlencode(values)}" if values else ""


def language(given: Mapping[str, str]) -> str:
    """The language that an address asks for."""
    lang = given.get("lang", "")
    return lang if lang in texts.LANGUAGES else texts.preferred()


def area(given: Mapping[str, str]) -> tuple[str, UnknownError | None]:
    """The area that an address asks for; the country and the error where there is no such area."""
    asked = given.get("area", "")
    if not asked:
        return areas.COUNTRY, None
    try:
        return areas.resolve(asked), None
    except UnknownError as error:
        return areas.COUNTRY, error


def _write(parameter: Any, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return str(value.date() if hasattr(value, "date") and callable(value.date) else value)


def _reader(parameter: Any) -> Callable[[str], Any]:
    if isinstance(parameter, param.Boolean):
        return lambda text: text.lower() in {"1", "true", "yes"}
    if isinstance(parameter, param.Integer):
        return int
    if isinstance(parameter, param.Number):
        return float
    if isinstance(parameter, (param.CalendarDate, param.Date)):
        return lambda text: parameter.deserialize(text)
    if isinstance(parameter, param.List):
        return lambda text: [part for part in text.split(",") if part]
    if isinstance(parameter, param.Selector):
        return lambda text: next(o for o in parameter.objects if str(o) == text)
    return str


def _read(parameter: Any, text: str, default: Any) -> Any:
    """A value from the address, or the default where it can't be read or is out of bounds."""
    if text == "" and parameter.allow_None:
        return None
    try:
        value = _reader(parameter)(text)
        parameter._validate(value)
    except Exception:
        return default
    return value
