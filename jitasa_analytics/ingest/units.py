"""Numbers with their unit beside them: "3 คน" is 3 persons where persons are counted, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from jitasa_analytics.ingest.cell import Cell

# What people write behind a number, by the unit of the column.
_WORDS = {
    "persons": ("คน", "ราย", "ท่าน", "person", "persons", "people", "pax"),
    "persons per day": ("คน/วัน", "คนต่อวัน", "ราย/วัน", "คน", "ราย", "persons/day", "people/day", "persons", "people"),
    "requests per day": ("ราย/วัน", "ครั้ง/วัน", "ราย", "ครั้ง", "requests/day", "requests"),
    "beds": ("เตียง", "bed", "beds"),
    "households": ("ครัวเรือน", "หลังคาเรือน", "หลัง", "household", "households"),
    "pieces": ("ชิ้น", "อัน", "ชุด", "กล่อง", "ขวด", "ถุง", "แพ็ค", "piece", "pieces", "pcs", "set", "sets"),
    "doses": ("โดส", "เข็ม", "dose", "doses"),
    "baht": ("บาท", "฿", "baht", "thb"),
}
_BUDDHIST = (2400, 2600)
_ONE_NUMBER = re.compile(r"[\d๐-๙]+(?:,[\d๐-๙]{3})*(?:\.[\d๐-๙]+)?")


def reader(read: Callable[[str], Cell], unit: str) -> Callable[[str], Cell]:
    """A reader of numbers that also takes the unit of its column, and proposes the only number in other words.

    >>> from jitasa_analytics.ingest import clean
    >>> people = reader(clean.whole, "persons")
    >>> people("3 คน").value, people("3 คน").repairs, people("3 เตียง").error
    (3, ('unit_removed',), 'not_a_number')
    >>> people("ประมาณ 20 คน").proposal, people("3-4 คน").proposal
    ('20', '')
    """
    words = sorted(_WORDS.get(unit, ()), key=len, reverse=True)
    behind = re.compile(rf"^(.*[\d๐-๙])\s*(?:{'|'.join(map(re.escape, words))})\.?$", re.IGNORECASE) if words else None

    def cell(text: str) -> Cell:
        if behind is not None and (found := behind.match(text)) is not None:
            out = read(found[1].strip())
            if not out.error:
                return replace(out, repairs=(*out.repairs, "unit_removed"))
        out = read(text)
        numbers = _ONE_NUMBER.findall(text)
        # A sign or a bracket before it would be lost, and with it the sense.
        if out.error == "not_a_number" and len(numbers) == 1 and not re.search(r"[-+(<>≤≥~%]", text):
            return replace(out, proposal=numbers[0])
        return out

    return cell


def year(read: Callable[[str], Cell]) -> Callable[[str], Cell]:
    """A reader of years that takes one of the Buddhist era for what it is.

    >>> from jitasa_analytics.ingest import clean
    >>> year(clean.whole)("2564").value, year(clean.whole)("๒๐๒๑").value
    (2021, 2021)
    """
    def cell(text: str) -> Cell:
        out = read(text)
        if out.error or out.value is None or not _BUDDHIST[0] <= out.value <= _BUDDHIST[1]:
            return out
        return replace(out, value=out.value - 543, repairs=(*out.repairs, "buddhist_year"))

    return cell
