"""One cell of text becomes one value: what is certain is repaired and said, the rest is refused.

Every function takes the text of a cell and returns a `Cell`. They know nothing of files and
tables, so that each rule can be tested by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rapidfuzz import fuzz, process

from jitasa_analytics import areas
from jitasa_analytics.contracts import Column
from jitasa_analytics.ingest import names
from jitasa_analytics.ingest.cell import Cell
from jitasa_analytics.ingest.dates import BANGKOK, MONTHS, day, moment

__all__ = ["BANGKOK", "MONTHS", "area", "choice", "code", "day", "digits", "moment", "number", "parts", "plain",
           "whole"]

_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
# What the first two bytes of a Thai letter in UTF-8 become in Latin-1, and in cp874.
_MOJIBAKE = re.compile("\u00e0[\u00b8\u00b9]|\u0e40[\u0e18\u0e19]")
_SPACES = re.compile(r"[\s\u00a0\u3000]+")
# "Nan" is a province, so that only the spelling of programs counts as empty.
_EMPTY = {"", "-", "–", "—", "N/A", "n/a", "NaN", "NULL", "null", "None", "<NA>", "NaT", "ไม่มี", "ไม่ระบุ", "ไม่ทราบ"}

# As the Statistical Office and printed tables call the whole country.
_WHOLE_COUNTRY = {"ทั่วราชอาณาจักร", "ทั่วประเทศ", "ราชอาณาจักร"}
_NUMBER = re.compile(r"^[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][+-]?\d+)?$")


def plain(text: str) -> Cell:
    """Text without what nobody meant to type: invisible marks, spaces at the ends, ํ+า and เ+เ.

    >>> plain(" ต\u0e4d\u0e32บล\u200b ").value
    'ตำบล'
    """
    if text.isascii() and text.isprintable() and "  " not in text and text[:1] != " " != text[-1:]:
        return Cell(None if text in _EMPTY else text)
    repairs = []
    out = text
    if _MOJIBAKE.search(out) and (restored := _restored(out)) is not None:
        out = restored
        repairs.append("mojibake")
    if "\ufffd" in out:
        # A letter that some program could not read is gone; no rule brings it back.
        return Cell(None, tuple(repairs), "broken_text")
    if _INVISIBLE.search(out):
        out = _INVISIBLE.sub("", out)
        repairs.append("invisible_removed")
    if "\u0e4d\u0e32" in out or "\u0e40\u0e40" in out:
        out = out.replace("\u0e4d\u0e32", "\u0e33").replace("\u0e40\u0e40", "\u0e41")
        repairs.append("vowel_order")
    trimmed = _SPACES.sub(" ", out).strip()
    if trimmed != out:
        repairs.append("spaces_trimmed")
    return Cell(None if trimmed in _EMPTY else trimmed, tuple(repairs))


def _restored(text: str) -> str | None:
    """UTF-8 Thai that a program read as Western or Thai Windows letters, put back; None where that is not certain."""
    for codec in ("latin-1", "cp1252", "cp874"):
        try:
            out = text.encode(codec).decode("utf-8")
        except UnicodeError:
            continue
        thai = sum("\u0e00" <= c <= "\u0e7f" for c in out)
        if thai and not any("\x80" <= c < "\u0e00" for c in out):
            return out
    return None


def digits(text: str) -> tuple[str, tuple[str, ...]]:
    """Thai digits as Arabic ones, and whether there were any."""
    out = text.translate(_THAI_DIGITS)
    return out, (("thai_digits",) if out != text else ())


def number(text: str) -> Cell:
    """A decimal number; thousands separators are read where they stand right.

    >>> number("๑,๒๓๔.๕").value
    1234.5
    >>> number("12,34").error
    'not_a_number'
    """
    out, repairs = digits(text.replace(" ", ""))
    if not _NUMBER.match(out) or not any(c.isdigit() for c in out):
        return Cell(error="not_a_number")
    if "," in out:
        repairs = (*repairs, "thousands_separator")
    return Cell(float(out.replace(",", "")), repairs)


def whole(text: str) -> Cell:
    """A whole number; 12.0 is one, 12.5 is not.

    >>> whole("12.0").value, whole("12.5").error
    (12, 'not_whole')
    """
    cell = number(text)
    if cell.error:
        return cell
    if cell.value != int(cell.value):
        return Cell(error="not_whole")
    return Cell(int(cell.value), cell.repairs)


def area(text: str) -> Cell:
    """An area code; a name is taken where it is certain, a re-coded area gets its new code.

    >>> area("TH200104").value, area("จ.ชลบุรี").value, area("530306").repairs
    ('200104', '20', ('recoded_area',))
    """
    out, repairs = digits(text)
    bare = out[2:] if out[:2].upper() == "TH" and out[2:].isdigit() else out
    if bare.isdigit() and len(bare) > 1:
        code = areas.current(bare)
        if code != bare:
            repairs = (*repairs, "recoded_area")
        return Cell(code, repairs) if areas.exists(code, abolished=True) else Cell(error="unknown_area")
    found = areas.COUNTRY if out in _WHOLE_COUNTRY else areas.lookup(out)
    if found:
        return Cell(found, repairs)
    many = len(names.bearers(out)) > 1
    return Cell(error="ambiguous_area" if many else "unknown_area", proposal=names.proposal(out))


def code(text: str) -> Cell:
    """A code or id, as text; Thai digits become Arabic ones, "4007.0" loses the decimals a spreadsheet gave it."""
    out, repairs = digits(text)
    if re.fullmatch(r"\d+\.0", out):
        return Cell(out[:-2], (*repairs, "decimals_removed"))
    return Cell(out, repairs)


def choice(column: Column, kind: str) -> Callable[[str], Cell]:
    """A reader of one of the allowed values, by value or by its Thai or English label."""
    from jitasa_analytics import texts

    known = {c.lower(): c for c in column.choices}
    for lang in texts.LANGUAGES:
        known.update({texts.label(kind, c, lang).lower(): c for c in column.choices})
    labels = [texts.label(kind, c, texts.DEFAULT) for c in column.choices]

    def read(text: str) -> Cell:
        folded = text.strip().lower()
        for form in (folded, folded.replace(" ", "_").replace("-", "_")):
            if form in known:
                return Cell(known[form])
        # The label most like it, or all that there are.
        alike = process.extract(text, labels, scorer=fuzz.WRatio, limit=1, score_cutoff=70)
        return Cell(error="not_a_choice", proposal=alike[0][0] if alike else "; ".join(labels))

    return read


def parts(column: Column, kind: str) -> Callable[[str], Cell]:
    """A reader of a list separated by ; or , — kept sorted, each part once."""
    one = choice(column, kind) if column.choices else plain

    def read(text: str) -> Cell:
        found = []
        for part in re.split(r"[;,|]", text):
            if part.strip():
                cell = one(part)
                if cell.error:
                    return cell
                found.append(str(cell.value))
        return Cell(";".join(sorted(set(found))) or None)

    return read

