"""Identities become tokens: national ids, phones, and labels that are tokens already.

A token must be the same however the person wrote it down, so that phones are brought into one
form first. A national id whose check digit is wrong belongs to somebody else or to nobody.
"""

from __future__ import annotations

import re

from jitasa_analytics import privacy
from jitasa_analytics.ingest.cell import Cell

_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_PHONE = re.compile(r"(?:\+66|66|0)([689]\d{8}|[2-7]\d{7})")
_EXTENSION = re.compile(r"(?:ต่อ|กด|ext\.?|x|#)(\d{1,5})$", re.IGNORECASE)
_BETWEEN = re.compile(r"^(?:[,;/|]|หรือ|และ|โทร\.?|tel:?|or|:)*$", re.IGNORECASE)


def check_digit_fits(number: str) -> bool:
    """Whether the last of the 13 digits of a Thai national id is the one the other twelve give.

    The twelve digits are weighted 13 down to 2; eleven minus the remainder of their sum by eleven,
    its last digit, is the thirteenth. It finds every single wrong digit but those that differ by
    one in ten: passing is no proof.

    >>> check_digit_fits("1101700230708"), check_digit_fits("1101700230705")
    (True, False)
    """
    if not re.fullmatch(r"[0-9]{13}", number):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(range(13, 1, -1), number, strict=False))
    return (11 - total % 11) % 10 == int(number[-1])


def phones(text: str) -> tuple[list[str], str]:
    """The Thai phone numbers in a text, in the form 0812345678, and an extension.

    Empty where the text holds anything else.

    >>> phones("081-234-5678, +66 89 765 4321"), phones("0-2590-1000 ต่อ 12")
    ((['0812345678', '0897654321'], ''), (['025901000'], '12'))
    """
    plain = re.sub(r"[\s\-.()]", "", text.translate(_THAI_DIGITS))
    extension = ""
    if (found := _EXTENSION.search(plain)) is not None:
        plain, extension = plain[: found.start()], found[1]
    numbers = [f"0{m}" for m in _PHONE.findall(plain)]
    if not numbers or not _BETWEEN.match(_PHONE.sub("", plain)):
        return [], ""
    return numbers, extension


def token(text: str, key: bytes, *, decides: bool) -> Cell:
    """A keyed token for a person.

    Parameters
    ----------
    text : str
        A national id, a phone, a name, or a label that is a token already.
    key : bytes
        The store's key.
    decides : bool
        The person is the row's key: a wrong national id would count somebody twice, so the row is
        refused. Elsewhere the row is worth more than the identity, and the doubt is said.
    """
    if privacy.is_token(text):
        return Cell(text)
    digits = re.sub(r"[\s\-.]", "", text.translate(_THAI_DIGITS))
    if re.fullmatch(r"[0-9]{13}", digits):
        if check_digit_fits(digits):
            return Cell(privacy.token(digits, key), ("identity_tokenised",))
        if decides:
            return Cell(error="bad_national_id")
        return Cell(privacy.token(digits, key), ("identity_tokenised",), warnings=("bad_national_id",))
    if re.fullmatch(r"[689][0-9]{8}", digits):
        return Cell(privacy.token("0" + digits, key), ("leading_zeros", "identity_tokenised"))
    numbers, extension = phones(text)
    if not numbers:
        return Cell(privacy.token(text, key), ("identity_tokenised",))
    repairs = (*(("two_phones",) if len(set(numbers)) > 1 else ()), *(("phone_extension",) if extension else ()))
    # Everybody at an office shares the number in front of the extension, so the extension stays in the identity.
    plain = numbers[0] + (f"x{extension}" if extension and len(numbers) == 1 else "")
    return Cell(privacy.token(plain, key), (*repairs, "identity_tokenised"))
