"""Reference numbers that a person is given, reads out over the phone and looks a request up with.

Twelve letters of 23 (54 bits) that nobody can guess, and one more by which each misread letter and
each pair that changed places is found. Letters that look alike in print (I, L, O) are left out;
what is typed with spaces, hyphens or in small letters is the same number. One digit and no more:
a volunteer's number is a label, which no check takes for a phone or a national id.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ"
_LENGTH = 12
KINDS = {"request": "R1", "volunteer": "V1"}
_FORM = re.compile(rf"(?:{'|'.join(KINDS.values())})[{LETTERS}]{{{_LENGTH + 1}}}")


def made(kind: str, key: bytes, seed: str) -> str:
    """The number that belongs to a seed: the same form sent twice gets the same number.

    Parameters
    ----------
    kind : {"request", "volunteer"}
    key : bytes
        A secret; without it no number can be told from its seed.
    seed : str

    >>> made("request", b"k", "1") == made("request", b"k", "1") != made("request", b"k", "2")
    True
    """
    number = int.from_bytes(hmac.new(key, f"{kind}:{seed}".encode(), hashlib.sha256).digest())
    letters = ""
    for _ in range(_LENGTH):
        number, place = divmod(number, len(LETTERS))
        letters += LETTERS[place]
    return _whole(KINDS[kind] + letters)


def fresh(kind: str) -> str:
    """A new number."""
    return _whole(KINDS[kind] + "".join(secrets.choice(LETTERS) for _ in range(_LENGTH)))


def read(text: str) -> str | None:
    """The number that somebody typed, or None where it can't be one.

    >>> whole = fresh("request")
    >>> read(shown(whole).lower().replace("-", " ")) == whole, read("R084"), read(whole[:-1])
    (True, None, None)
    """
    plain = re.sub(r"[\s\-–.]", "", text.translate(str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789"))).upper()
    return plain if _FORM.fullmatch(plain) and _check(plain[:-1]) == plain[-1] else None


def shown(reference: str) -> str:
    """A number as it is printed: in groups.

    >>> shown("R1ABCDEFGHJKMNP")
    'R1-ABCD-EFGH-JKMN-P'
    """
    return "-".join([reference[:2], *(reference[i:i + 4] for i in range(2, len(reference), 4))])


def _whole(text: str) -> str:
    return text + _check(text)


def _check(text: str) -> str:
    """The letter that a number ends with: places times weights 1 to 12, modulo the prime 23.

    A wrong letter changes the sum by a weight times a difference, two neighbours that changed places
    by their difference; neither is a multiple of 23.
    """
    kind = sorted(KINDS.values()).index(text[:2])
    return LETTERS[(kind + sum(w * LETTERS.index(c) for w, c in enumerate(text[2:], 1))) % len(LETTERS)]
