"""Identities never enter the analytical store: tokens in their place, masks in reports."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from jitasa_analytics.errors import StoreError

TOKEN_KEY = "token.key"

_DIGIT = re.compile(r"\d")
_MADE = re.compile(r"p_[0-9a-f]{32}")
_TOKEN = re.compile(r"^(?:p_[0-9a-f]{32}|[A-Za-z][\w-]{0,60})$")
_PASSPORT = re.compile(r"^[A-Za-z]{1,2}\d{6,}$")
_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")


def key_folder(store: Path) -> Path:
    """Where the keys of a store lie: ``JITASA_KEYS``, else a folder beside the store, never in it.

    >>> key_folder(Path("/data/chonburi")).name
    'chonburi.keys'
    """
    given = os.environ.get("JITASA_KEYS")
    if given:
        return Path(given)
    store = store.resolve()
    return store.with_name(f"{store.name}.keys")


def load_key(store: Path) -> bytes:
    """The key that turns identities into tokens: from ``JITASA_TOKEN_KEY``, else a file outside the store.

    The file is made on first use, readable by its owner only. A copied store does not carry it.
    After a rotation it holds several keys, one a line: the oldest first.

    Raises
    ------
    StoreError
        If the folder of the keys can't be made.
    """
    given = os.environ.get("JITASA_TOKEN_KEY")
    if given:
        return given.replace(",", "\n").encode()
    folder = key_folder(store)
    path = folder / TOKEN_KEY
    settle(store)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        inside = store / TOKEN_KEY
        if inside.exists() and not path.exists():
            inside.replace(path)  # where older versions of this program kept it
        return secret(path)
    except OSError as error:
        raise StoreError(f"the key of the store can't be kept in {folder} ({error.strerror}); name another folder "
                         "in JITASA_KEYS, or give the key in JITASA_TOKEN_KEY",
                         key="service.keys.no_folder", path=str(folder), why=error.strerror or "") from error


def secret(path: Path) -> bytes:
    """A random secret in a file of its owner's; made whole, or taken as it is."""
    if not path.exists():
        beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        write_secret(beside, secrets.token_hex(32).encode())
        with contextlib.suppress(FileExistsError):
            os.link(beside, path)
        beside.unlink()
    return path.read_bytes().strip()


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, and make it durable."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def settle(store: Path) -> None:
    """End a rotation of the key that was interrupted: forwards where the store was written, else back."""
    folder = key_folder(store)
    following = folder / f"{TOKEN_KEY}.next"
    if not following.exists():
        return
    name = fingerprint(following.read_bytes().strip())
    done = any(name in path.read_text("utf-8", "replace") for path in (store / "versions").glob("v*.json"))
    if done:
        following.replace(folder / TOKEN_KEY)
    else:
        following.unlink()


def fingerprint(key: bytes) -> str:
    """A name by which a key can be spoken of without telling it."""
    return hashlib.sha256(b"jitasa key:" + key).hexdigest()[:16]


def token(identity: str, key: bytes) -> str:
    """A keyed token for an identity (HMAC-SHA-256, 128 bits shown).

    The same identity gives the same token under one key; without the key neither way is possible.
    With several keys, one a line, the token of the first is keyed again with each that follows.
    """
    first, *later = key.split(b"\n")
    plain = re.sub(r"[\s\-]", "", identity.translate(_THAI_DIGITS)).lower()
    found = "p_" + hmac.new(first, plain.encode(), hashlib.sha256).hexdigest()[:32]
    for part in later:
        found = renewed(found, part)
    return found


def renewed(old: str, key: bytes) -> str:
    r"""A token under a further key; labels that are no keyed tokens stay.

    >>> renewed("R084", b"k"), renewed(token("0812345678", b"a"), b"b") == token("0812345678", b"a\nb")
    ('R084', True)
    """
    if not (old.startswith("p_") and len(old) == 34):
        return old
    return "p_" + hmac.new(key, old.encode(), hashlib.sha256).hexdigest()[:32]


def is_made(text: str) -> bool:
    """Whether a value is a token that `token` made."""
    return _MADE.fullmatch(text) is not None


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
