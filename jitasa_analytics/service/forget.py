"""A person is forgotten: in the store, and in the file of contacts beside it."""

from __future__ import annotations

from jitasa_analytics import privacy
from jitasa_analytics.errors import UnknownError
from jitasa_analytics.ingest import erase as erasing
from jitasa_analytics.ingest import identities
from jitasa_analytics.service.contacts import ContactFile
from jitasa_analytics.store import Store
from jitasa_analytics.store.erasure import Erased


def erase(store: Store, person: str) -> Erased:
    """Erase a person from the store and from the contacts.

    Parameters
    ----------
    person : str
        A token, the national id or phone under which they were entered, or the number of a form.

    Returns
    -------
    Erased
        What the last version lost; contacts count as rows of ``contacts``.

    Raises
    ------
    UnknownError
        If nothing is held of the person.
    """
    key = privacy.load_key(store.folder)
    token = identities.token(person.strip(), key, decides=False).value
    file = ContactFile(store.folder)
    gone = file.matching(lambda subject, phone: person.strip() == subject or token == identities.token(
        phone, key, decides=False).value)
    # Whoever offered help stands in the store under the number of their form, not under their phone.
    found: list[Erased] = []
    for one in dict.fromkeys([*gone, person]):
        try:
            found.append(erasing.erase(store, one))
        except UnknownError:
            if one == person and not gone:
                raise
    # The contacts go last: where the store could not be written, the same command finds them again.
    file.forget(gone)
    removed = {"contacts": len(gone)} if gone else {}
    cleared: dict[str, int] = {}
    for done in found:
        for name, rows in done.removed.items():
            removed[name] = removed.get(name, 0) + rows
        for name, rows in done.cleared.items():
            cleared[name] = cleared.get(name, 0) + rows
    last = found[-1] if found else Erased(store.manifest().version, {}, {}, 0)
    return Erased(last.version, removed, cleared, sum(d.versions for d in found))
