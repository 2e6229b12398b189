"""Groups of areas as a second way to divide the country: health regions and local government.

The code of a group is its kind and its own code, ``health_region:06``; it may stand wherever a scope
does. Which areas belong to a group is data of a store (dataset ``area_groups``); names and members
are remembered here when a store is opened, as the names of areas are kept by `areas`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Level = Literal["country", "province", "district", "tambon"]

# The level that a group of a kind is like: the next finer one is what it is divided into.
LIKE: dict[str, Level] = {
    "health_region": "country", "pao": "province", "special_city": "district", "city_municipality": "district",
    "town_municipality": "district", "tambon_municipality": "district", "sao": "district",
}
_CODE = re.compile(rf"({'|'.join(LIKE)}):([\w.-]{{1,40}})")
_REGION = re.compile(r"(?:เขตสุขภาพ(?:ที่)?|health region)\s*0*(\d{1,2})", re.IGNORECASE)
_NAMES: dict[str, tuple[str, str]] = {}
_MEMBERS: dict[str, tuple[str, ...]] = {}


def is_group(code: str) -> bool:
    """Whether a code is that of a group.

    >>> is_group("health_region:06"), is_group("20"), is_group("no_kind:06")
    (True, False, False)
    """
    return _CODE.fullmatch(code) is not None


def code_of(kind: str, own: str) -> str:
    """The code of a group.

    >>> code_of("health_region", "06")
    'health_region:06'
    """
    return f"{kind}:{own}"


def parts(code: str) -> tuple[str, str]:
    """Kind and own code of a group."""
    kind, _, own = code.partition(":")
    return kind, own


def like(code: str) -> Level:
    """The level that a group is like: a health region stands above provinces, a municipality above tambons."""
    return LIKE[parts(code)[0]]


def is_fine(code: str) -> bool:
    """Whether a group is made of tambons, so that its counts may be small."""
    return is_group(code) and like(code) == "district"


def remember(code: str, name_th: str | None, name_en: str | None, members: Iterable[str]) -> None:
    """Keep the names and the members of a group."""
    _NAMES[code] = (name_th or name_en or code, name_en or name_th or code)
    _MEMBERS[code] = tuple(members)


def holds(code: str, area: str) -> bool:
    """Whether an area lies in a group; in none that no store told of.

    >>> holds("sao:nowhere", "200104")
    False
    """
    return any(area.startswith(m) for m in _MEMBERS.get(code, ()))


def name(code: str, lang: str) -> str:
    """The name of a group, or its code where no store told it."""
    return _NAMES.get(code, (code, code))[0 if lang == "th" else 1]


def lookup(text: str) -> str | None:
    """The code of a group given by code or name; None where it is none.

    >>> lookup("เขตสุขภาพที่ 6"), lookup("Health Region 13"), lookup("health_region:6")
    ('health_region:06', 'health_region:13', 'health_region:6')
    """
    plain = text.strip()
    if is_group(plain):
        return plain
    if (found := _REGION.fullmatch(plain)) is not None:
        return code_of("health_region", f"{int(found[1]):02d}")
    folded = re.sub(r"\s+", "", plain).lower()
    hits = {c for c, names in _NAMES.items() if folded in {re.sub(r"\s+", "", n).lower() for n in names}}
    return hits.pop() if len(hits) == 1 else None


def inside_sql(column: str, members: Iterable[str]) -> str:
    """The condition that an area code lies in one of the members; codes are digits, nothing else gets here.

    >>> inside_sql("area_code", ["20", "2101"])
    "(starts_with(area_code, '20') OR starts_with(area_code, '2101'))"
    """
    codes = list(members)
    if not all(re.fullmatch(r"[0-9]{2,6}", c) for c in codes):
        raise ValueError(codes)
    return "(" + " OR ".join(f"starts_with({column}, '{c}')" for c in codes) + ")" if codes else "false"
