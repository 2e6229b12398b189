"""Names of areas that are not certain: what they may mean, and names that a file format cut short."""

from __future__ import annotations

import re
from functools import lru_cache

import geothai
import pandas as pd
from rapidfuzz import fuzz, process

from jitasa_analytics import areas
from jitasa_analytics.ingest.findings import Findings
from jitasa_analytics.ingest.mapping import ROW

_SHOWN = 4
_ALIKE = 80
# Shapefiles made from the national set hold at most 48 bytes a name: 16 Thai letters.
CUT_BYTES = 48


@lru_cache(maxsize=1)
def _codes_by_name() -> dict[str, tuple[str, ...]]:
    """Every folded Thai or English name with the codes that bear it."""
    found: dict[str, set[str]] = {}
    named: list[tuple[str, str, str]] = []
    for province in geothai.provinces():
        named.append((province.code, province.name_th, province.name_en))
        for district in geothai.districts(province.code):
            named.append((district.code, district.name_th, district.name_en))
            named += [(t.code, t.name_th, t.name_en) for t in geothai.subdistricts(district.code)]
    for code, thai, english in named:
        for name in (thai, english):
            found.setdefault(areas.fold(name), set()).add(code)
    return {name: tuple(sorted(codes)) for name, codes in found.items()}


def bearers(text: str) -> tuple[str, ...]:
    """The codes of all areas of that name.

    >>> len(bearers("ต.ท่าข้าม")), bearers("ไม่มีที่ไหน")
    (14, ())
    """
    return _codes_by_name().get(areas.fold(text), ())


def proposal(text: str) -> str:
    """What a name may have meant: all that bear it, else those most alike; empty where nothing is.

    >>> proposal("ชลบุรรี")
    '20 จ.ชลบุรี'
    """
    codes = bearers(text)
    if not codes and len(text) > 2 and not re.fullmatch(r"[\d\W]*", text):
        hits = process.extract(areas.fold(text), list(_codes_by_name()), scorer=fuzz.ratio, limit=2,
                               score_cutoff=_ALIKE)
        codes = tuple(c for name, _, _ in hits for c in _codes_by_name()[name])
    told = [f"{c} {' '.join(areas.full_name(p) for p in reversed(areas.path(c)[1:]))}".strip() for c in codes[:_SHOWN]]
    return "; ".join(told) + (f" … ({len(codes)})" if len(codes) > _SHOWN else "")


def complete(frame: pd.DataFrame, findings: Findings) -> None:
    """Put the official name in place of one that was cut at the format's length (changes ``frame``).

    Certain where the row's own code bears a name that begins with the text, which fills the length.
    """
    if not {"code", "name_th"} <= set(frame.columns):
        return
    full = frame["name_th"].copy()
    for index, row, code, text in frame[[ROW, "code", "name_th"]].itertuples(name=None):
        if not isinstance(text, str) or not isinstance(code, str):
            continue
        length, official = len(text.encode()), areas.name(code)
        if CUT_BYTES - 2 <= length <= CUT_BYTES and official != text and official.startswith(text):
            findings.add(row, "name_th", text, "name_completed", "repair", after=official)
            full[index] = official
    frame["name_th"] = full
