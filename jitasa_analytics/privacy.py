"""Identities never enter the analytical store: tokens in their place, masks in reports."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

_DIGIT = re.compile(r"\d")
_TOKEN = re.compile(r"^(?:p_[0-9a-f]{32}|[A-Za-z][\w-]{0,60})$")
_PASSPORT = re.compile(r"^[A-Za-z]{1,2}\d{6,}$")
_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")


def load_key(folder: Path) -> bytes:
    """The key that turns identities into tokens: from ``JITASA_TOKEN_KEY``, else a file beside the store.

    The file is made on first use, readable by its owner only. It lies outside the versions, so
    that a copied version does not carry it.
    """
    given = os.environ.get("JITASA_TOKEN_KEY")
    if given:
        return given.encode()
    path = folder / "token.key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_hex(32).encode())
        file.flush()
        os.fsync(file.fileno())
    return path.read_bytes()


def token(identity: str, key: bytes) -> str:
    """A keyed token for an identity (HMAC-SHA-256, 128 bits shown).

    The same identity gives the same token under one key; without the key neither way is possible.
    """
    plain = re.sub(r"[\s\-]", "", identity.translate(_THAI_DIGITS)).lower()
    return "p_" + hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()[:32]


def is_token(text: str) -> bool:
    """Whether a value is already a token or a running label such as R084, not an identity.

    A label holds letters and one to six digits: a name has none, a phone and a national id have
    more, and what is written like a passport number (one or two letters, six or more digits) is no label.

    >>> [is_token(t) for t in ("R084", "sample-p-000123", "Somchai", "AA1234567", "0812345678")]
    [True, True, False, False, False]
    """
    if text.startswith("p_") and len(text) == 34:
        return bool(_TOKEN.match(text))
    return bool(_TOKEN.match(text)) and 1 <= len(_DIGIT.findall(text)) <= 6 and not _PASSPORT.match(text)


def mask(text: str) -> str:
    """A value as it may stand in a report: first character and length.

    >>> mask("1101700230708")
    '1…(13)'
    """
    return f"{text[:1]}…({len(text)})" if text else ""
