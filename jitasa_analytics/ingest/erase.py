"""Find a person in texts as people write them, and have the store forget them."""

from __future__ import annotations

import re

from jitasa_analytics import privacy
from jitasa_analytics.errors import UnknownError
from jitasa_analytics.ingest import identities
from jitasa_analytics.ingest.settled import identity
from jitasa_analytics.store import Store
from jitasa_analytics.store.erasure import Erased
from jitasa_analytics.store.erasure import erase as erase_from

_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
# A national id or a phone within a sentence, with the separators that people put into it.
_NUMBER = re.compile(r"(?<!\d)\+?\d(?:[\s\-.]?\d){7,12}(?!\d)")


def erase(store: Store, person: str) -> Erased:
    """Make a version of the store without a person and purge all older ones.

    Parameters
    ----------
    store : Store
        Where.
    person : str
        The person's token as the datasets hold it; a national id or phone is turned into it first
        and kept nowhere.

    Raises
    ------
    UnknownError
        If the store holds nothing of the person.
    """
    store.manifest()
    key = privacy.load_key(store.folder)
    token = identities.token(person.strip(), key, decides=False).value or ""

    def mentions(text: str) -> bool:
        plain = text.translate(_THAI_DIGITS)
        return any(_token(part, key) == token for part in (text.strip(), *_NUMBER.findall(plain)))

    done = erase_from(store, str(token), mentions=mentions, settled_as=identity)
    if not done.removed and not done.cleared and not done.versions:
        raise UnknownError("the store holds nothing of this person; check the token, or give the national id or phone "
                           "under which they were entered", key="store.error.no_person")
    return done


def _token(text: str, key: bytes) -> str:
    if not text:
        return ""
    return str(identities.token(text, key, decides=False).value or "")
