"""Administrative areas by code and by name.

Codes are DOPA's, as text: 2 digits for a province, 4 for a district, 6 for a tambon;
``TH`` is the country. Names come from the package geothai. Thai and English spellings,
prefixes (ต. อ. จ. เขต แขวง) and the short เมือง for a capital district are understood;
what is not certain is proposed, never applied.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

import geothai
from geothai.abolished import abolished_areas
from rapidfuzz import fuzz, process

from jitasa_analytics import groups
from jitasa_analytics.errors import UnknownError

Level = Literal["country", "province", "district", "tambon"]
Lang = Literal["th", "en"]

COUNTRY = "TH"
_NAMES_OF_COUNTRY = {"th", "thailand", "ประเทศไทย", "ไทย", "ทั้งประเทศ", "0", "00"}
_DIGITS: dict[int, Level] = {2: "province", 4: "district", 6: "tambon"}
_LENGTH: dict[str, int] = {"country": 0, "province": 2, "district": 4, "tambon": 6}

# Tambons that were given another code with the same land (Tha Faek moved to Nam Pat district).
RECODED = {"530306": "530407"}
# Khwaeng that were split: the published outlines of 2022 still show the undivided one.
SPLIT_FROM = {
    "104702": "104701", "104703": "104701",
    "105002": "105001", "105003": "105001", "105004": "105001", "105005": "105001",
}

_EN_LEVEL = re.compile(r"(?i)\b(province|changwat|district|amphoe|khet|tambon|khwaeng|subdistrict|metropolis)\b")
_TH_EXTRA = re.compile(r"^(กิ่งอำเภอ|กิ่ง อ\.|กิ่งอ\.|จว\.|ตําบล|อําเภอ)")
# Who writes a prefix says which level is meant.
_PREFIX_OF_LEVEL = (
    ("province", re.compile(r"^(?:จ\.|จังหวัด)")), ("district", re.compile(r"^(?:อ\.|อำเภอ|เขต|กิ่งอำเภอ)")),
    ("tambon", re.compile(r"^(?:ต\.|ตำบล|แขวง)")),
)
_MORE_NAMES = {
    "กรุงเทพฯ": "10", "กรุงเทพมหานครฯ": "10", "กทม.": "10", "bkk": "10", "krungthep": "10",
    "krungthepmahanakhon": "10", "สุราษฯ": "84", "โคราช": "30", "korat": "30", "อยุธยา": "14",
    "buengkan": "38", "phangnga": "82", "prachinburi": "25", "sisaket": "33", "lopburi": "16",
}


def fold(text: str) -> str:
    """A name in the form in which two spellings of it are equal.

    >>> fold("จ. ชลบุรี") == fold("ชลบุรี"), fold("Chon Buri") == fold("chonburi province")
    (True, True)
    """
    text = text.replace("\u200b", "").replace("ํา", "ำ").replace("เเ", "แ").strip()
    text = _TH_EXTRA.sub("", text)
    folded: str = geothai.normalize(_EN_LEVEL.sub("", text))  # type: ignore[attr-defined]
    return folded


@lru_cache(maxsize=1)
def _table() -> dict[str, tuple[str, str]]:
    """Every code with its Thai and English name."""
    table = {COUNTRY: ("ประเทศไทย", "Thailand")}
    for p in geothai.provinces():
        table[p.code] = (p.name_th, p.name_en)
        for d in geothai.districts(p.code):
            table[d.code] = (d.name_th, d.name_en)
            for s in geothai.subdistricts(d.code):
                table[s.code] = (s.name_th, s.name_en)
    return table


@lru_cache(maxsize=1)
def _by_name() -> dict[tuple[str, str], str]:
    """(parent code, folded name) -> code; the parent of a province is ``TH``.

    A name that stands twice under one parent is left out: it is not certain.
    """
    found: dict[tuple[str, str], str] = {}
    twice: set[tuple[str, str]] = set()
    for code, names in _table().items():
        if code == COUNTRY:
            continue
        for name in {fold(n) for n in names}:
            key = (parent(code), name)
            if found.get(key, code) != code:
                twice.add(key)
            found[key] = code
    for code in [c for c in _table() if len(c) == 4 and c.endswith("01") and c[:2] != "10"]:
        found.setdefault((code[:2], "เมือง"), code)
        found.setdefault((code[:2], "mueang"), code)
    for name, code in _MORE_NAMES.items():
        found[(COUNTRY, fold(name))] = code
    return {k: v for k, v in found.items() if k not in twice}


def level_of(code: str) -> Level:
    """The level of a code.

    >>> level_of("20"), level_of("200101"), level_of("TH")
    ('province', 'tambon', 'country')
    """
    if code == COUNTRY:
        return "country"
    if groups.is_group(code):
        return groups.like(code)
    try:
        return _DIGITS[len(code)]
    except KeyError:
        raise UnknownError(f"{code!r} is no area code: codes have 2, 4 or 6 digits, or are TH",
                           key="error.unknown_area", value=code, near="") from None


def parent(code: str) -> str:
    """The code one level up; the country is its own parent."""
    return code[:-2] if code != COUNTRY and len(code) > 2 and not groups.is_group(code) else COUNTRY


def to_level(code: str, level: str) -> str:
    """The code of the area of ``level`` in which ``code`` lies; a group lies in the country only."""
    return code[: _LENGTH[level]] if level != "country" and not groups.is_group(code) else COUNTRY


def below(level: str) -> Level:
    """The next finer level; tambon stays tambon."""
    order: tuple[Level, ...] = ("country", "province", "district", "tambon")
    return order[min(order.index(level_name(level)) + 1, 3)]


def level_name(level: str) -> Level:
    """The level of that name, or an error that lists them."""
    if level not in _LENGTH:
        raise UnknownError(f"there is no level {level!r}; levels are {', '.join(_LENGTH)}")
    return level  # type: ignore[return-value]


def digits(level: str) -> int:
    """How many digits a code of that level has (0 for the country)."""
    return _LENGTH[level_name(level)]


@lru_cache(maxsize=1)
def _abolished() -> dict[str, tuple[str, str]]:
    """Codes no longer in force that older records may hold, with their names."""
    return {a.code: (a.name_th, a.name_en or a.name_th) for a in abolished_areas()}


def exists(code: str, *, abolished: bool = False) -> bool:
    """Whether DOPA has the code in force; with ``abolished`` also whether it ever had."""
    return code in _table() or (abolished and code in _abolished())


def current(code: str) -> str:
    """The code in force for an area that was re-coded.

    >>> current("530306")
    '530407'
    """
    return RECODED.get(code, code)


def name(code: str, lang: str = "th") -> str:
    """The name of an area, or the code itself where it is not known.

    >>> name("20"), name("20", "en")
    ('ชลบุรี', 'Chon Buri')
    """
    if groups.is_group(code):
        return groups.name(code, lang)
    names = _table().get(code) or _abolished().get(code)
    if names is None:
        return code
    return names[0] if lang == "th" else names[1]


def full_name(code: str, lang: str = "th") -> str:
    """The name with its level's prefix, as written in an address: ต. อ. จ.; แขวง and เขต in Bangkok."""
    plain = name(code, lang)
    if lang != "th" or code == COUNTRY or not exists(code):
        return plain
    if code[:2] == "10":
        prefix = {2: "", 4: "เขต", 6: "แขวง"}[len(code)]
        return prefix + plain.removeprefix(prefix)
    return {2: "จ.", 4: "อ.", 6: "ต."}[len(code)] + plain


def path(code: str) -> list[str]:
    """The codes from the country down to this area."""
    if groups.is_group(code):
        return [COUNTRY, code]
    return [COUNTRY] + [code[:n] for n in (2, 4, 6) if code != COUNTRY and len(code) >= n]


def children(code: str) -> list[str]:
    """The codes one level down, by DOPA's list."""
    want = 2 if code == COUNTRY else len(code) + 2
    head = "" if code == COUNTRY else code
    return [c for c in _table() if c != COUNTRY and len(c) == want and c.startswith(head)]


def find(province: str = "", district: str = "", tambon: str = "") -> str | None:
    """The code of an address given in names, or None where the names are not certain.

    Empty parts are left out; a district without its province is found only where its name
    stands once in the country.

    >>> find(province="จ.ชลบุรี", district="อ.เมือง", tambon="ต.แสนสุข")
    '200104'
    >>> find(tambon="บางพระ") is None
    True
    """
    names = _by_name()
    above = [COUNTRY]
    asked = [part for part in (province, district, tambon) if part and part.strip()]
    if not asked:
        return None
    for depth, part in enumerate((province, district, tambon)):
        if not part or not part.strip():
            above = [child for code in above for child in children(code)] if _later(depth, district, tambon) else above
            continue
        folded = fold(part)
        if depth == 0 and folded in _NAMES_OF_COUNTRY:
            return COUNTRY
        above = [names[(code, folded)] for code in above if (code, folded) in names]
        if not above:
            return None
    return above[0] if len(above) == 1 else None


def _later(depth: int, district: str, tambon: str) -> bool:
    """Whether a finer part follows an empty one."""
    return bool((district if depth == 0 else "").strip() or tambon.strip())


def lookup(text: str) -> str | None:
    """The code of an area given by code or by name, or None where that is not certain."""
    plain = text.strip().translate(str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789"))
    if plain.lower() in _NAMES_OF_COUNTRY:
        return COUNTRY
    code = current(plain[2:] if plain[:2].upper() == "TH" and plain[2:].isdigit() else plain)
    if exists(code):
        return code
    if (group := groups.lookup(plain)) is not None:
        return group
    parts = [p for p in re.split(r"[,/>]", plain) if p.strip()]
    if len(parts) > 1:
        return find(*reversed([*[""] * (3 - len(parts)), *parts])) if len(parts) <= 3 else None
    for level, prefix in _PREFIX_OF_LEVEL:
        if prefix.match(plain):
            return find(**{level: plain})
    return find(province=plain) or find(district=plain) or find(tambon=plain)


def resolve(place: str | int) -> str:
    """The code of an area given by code, or by Thai or English name (``แสนสุข, เมืองชลบุรี, ชลบุรี``).

    No code starts with a zero, so that a whole number stands for the same code as its digits.

    Raises
    ------
    UnknownError
        If there is no such area, or several; the message proposes the nearest names.

    >>> resolve("20"), resolve(20), resolve("Chonburi"), resolve("TH200104"), resolve("บางละมุง")
    ('20', '20', '20', '200104', '2004')
    """
    text = str(place)
    found = lookup(text)
    if found is not None:
        return found
    near = ", ".join(f"{name(c)} ({name(c, 'en')}) {c}" for c in nearest(text))
    raise UnknownError(
        f"no area {text!r} is known, or its name stands several times; nearest: {near}. "
        "Give a code of 2, 4 or 6 digits, or 'tambon, district, province'",
        key="error.unknown_area", value=text, near=near)


def nearest(text: str, *, limit: int = 3) -> list[str]:
    """Codes whose names are most alike, best first."""
    names = {code: f"{th} {en}" for code, (th, en) in _table().items() if code != COUNTRY}
    hits = process.extract(fold(text), {c: fold(n) for c, n in names.items()}, scorer=fuzz.partial_ratio,
                           limit=limit)
    return [code for _, _, code in hits]
