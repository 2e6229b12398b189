"""Names, phones and addresses of those who ask and those who help: one small file beside the store.

They never enter the store; whoever reads one is entitled to it by role and area, and stands in the
audit log. A contact is kept before its request is (see `intake`), so that none is promised without.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jitasa_analytics.errors import StoreError, UnknownError
from jitasa_analytics.service import places
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.roles import User
from jitasa_analytics.store import Store

FILE = "contacts.sqlite"
# What was begun and never acknowledged is promised to nobody and goes.
UNFINISHED_SECONDS = 24 * 3600
_TABLES = """
CREATE TABLE IF NOT EXISTS contacts (subject TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL,
    phone TEXT NOT NULL, address TEXT NOT NULL, words TEXT NOT NULL, lang TEXT NOT NULL, consent_at TEXT NOT NULL,
    made_at REAL NOT NULL, kept INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS sent (address TEXT NOT NULL, what TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS sent_at ON sent (what, at);
"""


@dataclass(frozen=True)
class Contact:
    """How somebody is reached, in their own words.

    Attributes
    ----------
    subject : str
        The request or the volunteer.
    kind : {"request", "volunteer"}
    name, phone, address, words : str
        As they were typed.
    lang : {"th", "en"}
        The language of the form.
    consent_at : str
        When they agreed, ISO time in UTC.
    """

    subject: str
    kind: str
    name: str
    phone: str
    address: str = ""
    words: str = ""
    lang: str = "th"
    consent_at: str = ""


class ContactFile:
    """The file of contacts of a store; what may read it is decided by `Contacts`.

    Parameters
    ----------
    store : Path
        The store's folder.
    clock : callable
        Seconds since 1970.
    """

    def __init__(self, store: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.path = places.folder(store) / FILE
        self.clock = clock
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            with self.open() as file:
                for statement in _TABLES.split(";"):
                    file.execute(statement)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"the contacts in {self.path} can't be opened: {error}", key="forms.no_file",
                             path=str(self.path), why=str(error)) from error

    def begin(self, contact: Contact) -> bool:
        """Write a contact to the disk; says whether all that belongs to it was kept before already."""
        at = self.clock()
        with self.open() as file:
            file.execute("DELETE FROM contacts WHERE kept = 0 AND made_at < ?", (at - UNFINISHED_SECONDS,))
            known = file.execute("SELECT kept FROM contacts WHERE subject = ?", (contact.subject,)).fetchone()
            if known is None:
                file.execute("INSERT INTO contacts VALUES (?,?,?,?,?,?,?,?,?,0)",
                             (contact.subject, contact.kind, contact.name, contact.phone, contact.address,
                              contact.words, contact.lang, contact.consent_at, at))
        return bool(known and known[0])

    def finish(self, subject: str) -> None:
        """The rows that belong to a contact are in the store."""
        with self.open() as file:
            file.execute("UPDATE contacts SET kept = 1 WHERE subject = ?", (subject,))

    def begun(self, subject: str) -> bool:
        """Whether a contact was written whose rows may or may not be in the store."""
        with self.open(read=True) as file:
            return file.execute("SELECT 1 FROM contacts WHERE subject = ?", (subject,)).fetchone() is not None

    def get(self, subject: str) -> Contact | None:
        """A contact, for whoever was found to be entitled."""
        with self.open(read=True) as file:
            row = file.execute("SELECT subject, kind, name, phone, address, words, lang, consent_at FROM contacts "
                               "WHERE subject = ?", (subject,)).fetchone()
        return Contact(*row) if row else None

    def known(self, subjects: Iterable[str]) -> set[str]:
        """Those of the subjects that left a contact."""
        wanted = set(subjects)
        with self.open(read=True) as file:
            return {s for (s,) in file.execute("SELECT subject FROM contacts") if s in wanted}

    def matching(self, fits: Callable[[str, str], bool]) -> list[str]:
        """The subjects whose number and phone fit."""
        with self.open(read=True) as file:
            return [s for s, phone in file.execute("SELECT subject, phone FROM contacts") if fits(s, phone)]

    def forget(self, subjects: Iterable[str]) -> None:
        """Remove contacts; what they held is overwritten."""
        with self.open() as file:
            file.executemany("DELETE FROM contacts WHERE subject = ?", [(s,) for s in subjects])

    def count(self, address: str, what: str, seconds: float) -> tuple[int, int]:
        """Note that an address did something; how often it and all together did so in the last seconds."""
        at = self.clock()
        with self.open() as file:
            file.execute("DELETE FROM sent WHERE what = ? AND at < ?", (what, at - seconds))
            file.execute("INSERT INTO sent VALUES (?,?,?)", (address, what, at))
            own, = file.execute("SELECT count(*) FROM sent WHERE what = ? AND address = ?", (what, address)).fetchone()
            every, = file.execute("SELECT count(*) FROM sent WHERE what = ?", (what,)).fetchone()
        return int(own), int(every)

    @contextmanager
    def open(self, *, read: bool = False) -> Iterator[sqlite3.Connection]:
        """The file within one transaction, on the disk when it ends."""
        with closing(sqlite3.connect(self.path, timeout=20, isolation_level=None)) as file:
            file.execute("PRAGMA synchronous = FULL")
            file.execute("PRAGMA secure_delete = ON")
            file.execute("BEGIN" if read else "BEGIN IMMEDIATE")
            try:
                yield file
            except BaseException:
                if file.in_transaction:
                    file.execute("ROLLBACK")
                raise
            if file.in_transaction:
                file.execute("COMMIT")


class Contacts:
    """The contacts of a store as one account may read them.

    Each reading is in the audit log before anything is handed out.
    """

    def __init__(self, store: Store, user: User, audit: Audit) -> None:
        self._store, self._user, self._audit = store, user, audit
        self._file = ContactFile(store.folder)

    def of_request(self, request_id: str) -> Contact | None:
        """How whoever asked for help is reached; None where they left nothing.

        Raises
        ------
        NotAllowedError
            If the role may not read contacts.
        UnknownError
            If there is no such request in the account's area.
        """
        return self._read("requests", "request_id", request_id)

    def of_volunteer(self, volunteer_id: str) -> Contact | None:
        """How a volunteer is reached; raises like `of_request`."""
        return self._read("volunteers", "volunteer_id", volunteer_id)

    def known(self, subjects: Iterable[str]) -> set[str]:
        """Those of the subjects that left a contact: nothing personal."""
        self._user.require("contacts")
        return self._file.known(subjects)

    def _read(self, dataset: str, key: str, subject: str) -> Contact | None:
        self._user.require("contacts")
        with self._store.snapshot(self._user.scope) as snapshot:
            here = len(snapshot.sql(f"SELECT 1 FROM {dataset} WHERE {key} = $subject", subject=subject))
        if not here:
            raise UnknownError(f"there is no {subject!r} in your area", key="service.requests.unknown", value=subject)
        found = self._file.get(subject)
        self._audit.record(self._user.name, "read", scope=self._user.scope, contact=subject, found=found is not None)
        return found


def now() -> str:
    """The time of a consent: ISO, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
