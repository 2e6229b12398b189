"""The audit log: who did what, one line an event, each line sealed to the one before.

A line holds the keyed hash (HMAC-SHA-256) of itself and of the line before it, so that a changed
byte, a line taken out and lines that changed places are found. The head file says how many lines
there are and how the last one ends, so that a log cut short is found too. Who can copy back an old
log together with its old head is found by comparing with a head that was written down elsewhere
(``jitasa audit head``, ``jitasa audit verify --expect``).

No personal data stands here: people of the staff by account, everybody else by token, rows by number.
"""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jitasa_analytics import privacy
from jitasa_analytics.errors import InputError, StoreError
from jitasa_analytics.service import backwards, chain, places
from jitasa_analytics.service.chain import START, Verified, line_of, read
from jitasa_analytics.store.manifest import write_new

LOG, HEAD, LOCK, KEY, CHECKED = "audit.log", "audit.head", "audit.lock", "audit.key", "audit.checked"

KINDS = frozenset({
    "sign_in", "sign_in_failed", "locked_out", "sign_out", "password_changed", "account_added", "account_changed",
    "account_disabled", "read", "export", "import", "change", "erase", "publish", "key_rotated", "refused", "repaired",
})


class Audit:
    """The audit log of a store.

    Parameters
    ----------
    store : Path
        The store's folder; the log lies in the service's folder, its key with the keys.
    """

    def __init__(self, store: Path) -> None:
        self.folder = places.folder(store)
        keys = privacy.key_folder(store)
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._key = privacy.secret(keys / KEY)

    def record(self, who: str, what: str, *, scope: str = "", **detail: Any) -> None:
        """Write an event; it is on the disk when this returns.

        Raises
        ------
        StoreError
            If it can't be written.
        """
        if what not in KINDS:
            raise InputError(f"there is no kind of event {what!r}; kinds are {', '.join(sorted(KINDS))}")
        try:
            with self._locked():
                number, before, size = self._end()
                self._append(number + 1, before, size, who, what, scope, detail)
        except OSError as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(f"the audit log in {self.folder} can't be written ({error.strerror}); nothing may be done "
                             "unseen: free space, check permissions, or name another folder in JITASA_SERVICE",
                             key="service.audit.no_write", path=str(self.folder), why=error.strerror or "") from error

    def rows(self, *, last: int | None = None, what: str | None = None, who: str | None = None) -> list[dict[str, Any]]:
        """Events, the newest first."""
        found: list[dict[str, Any]] = []
        for line in backwards.lines(self.folder / LOG):
            event = read(line)
            if event is not None and (what is None or event["what"] == what) and (who is None or event["who"] == who):
                found.append({k: event[k] for k in ("n", "at", "who", "what", "scope", "detail")})
            if last is not None and len(found) >= last:
                break
        return found

    def page(self, *, who: str = "", what: str = "", area: str = "", since: str = "", until: str = "", first: int = 0,
             most: int = 50) -> tuple[list[dict[str, Any]], bool, list[str]]:
        """Events that pass the filters, the newest first, whether there are older ones, and whose were passed by.

        The log is read from its end and no further than is needed.

        Parameters
        ----------
        who, what : str
            One account, one kind of event; all where empty.
        area : str
            Events of accounts whose area lies in this one; all where empty.
        since, until : str
            Days of Bangkok (ISO dates), both included; open where empty.
        first, most : int
            Which part of them.
        """
        path = self.folder / LOG
        found: list[dict[str, Any]] = []
        people: set[str] = set()
        end = backwards.after(path, lambda line: _day_of(line) > until) if until else None
        for line in backwards.lines(path, end):
            event = read(line)
            if event is None:
                continue
            day = _day(str(event.get("at", "")))
            if since and day and day < since:
                break
            people.add(str(event["who"]))
            if ((not who or event["who"] == who) and (not what or event["what"] == what)
                    and str(event.get("scope", "")).startswith(area)):
                found.append({k: event.get(k) for k in ("n", "at", "who", "what", "scope", "detail")})
            if len(found) > first + most:
                break
        return found[first:first + most], len(found) > first + most, sorted(people)

    def verify(self, *, expect: str | None = None, again: bool = False) -> Verified:
        """Check every line of the log.

        Parameters
        ----------
        expect : str, optional
            A head (``number:hash``) that was written down before: the log must go on from there.
        again : bool
            Lines that were found good before are compared with what they were then, byte for byte, by one hash of
            all of them; only later lines are taken apart. As strict, and much faster.
        """
        with self._locked():  # to read log and head as of one moment; who writes need not wait for the check
            path = self.folder / LOG
            content = path.read_bytes() if path.exists() else b""
            head = self._head()
        known = self._checked_before(content, head) if again and expect is None else (0, START, 0)
        found = chain.check(content, head, self._seal, expect, *known)
        if found.whole:
            self._remember(content, found)
        return found

    # -- inside -------------------------------------------------------------------------------

    def _checked_before(self, content: bytes, head: tuple[int, str]) -> tuple[int, str, int]:
        """Lines, last hash and bytes that were found good before and have not changed; of nothing where none were."""
        nothing = (0, START, 0)
        try:
            kept = json.loads((self.folder / CHECKED).read_text("utf-8"))
            n, digest, size, whole = int(kept["n"]), str(kept["hash"]), int(kept["size"]), str(kept["whole"])
            good = hmac.compare_digest(self._sealed(f"checked:{n}:{digest}:{size}:{whole}"), str(kept["seal"]))
        except (OSError, ValueError, KeyError, TypeError):
            return nothing
        same = good and n <= head[0] and hashlib.sha256(memoryview(content)[:size]).hexdigest() == whole
        return (n, digest, size) if same else nothing

    def _remember(self, content: bytes, found: Verified) -> None:
        """Keep what was found good; where that can't be written, the next check takes longer."""
        number, _, digest = found.head.partition(":")
        whole = hashlib.sha256(content).hexdigest()
        seal = self._sealed(f"checked:{number}:{digest}:{len(content)}:{whole}")
        with suppress(OSError):
            write_new(self.folder / CHECKED, json.dumps({"n": int(number), "hash": digest, "size": len(content),
                                                         "whole": whole, "seal": seal}).encode())

    def _sealed(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def _append(self, number: int, before: str, size: int, who: str, what: str, scope: str,
                detail: dict[str, Any]) -> None:
        event = {"n": number, "at": datetime.now(UTC).isoformat(timespec="milliseconds"), "who": who, "what": what,
                 "scope": scope, "detail": detail, "prev": before}
        event["hash"] = self._seal(event)
        line = line_of(event).encode() + b"\n"
        handle = os.open(self.folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            written = 0
            while written < len(line):
                written += os.write(handle, line[written:])
            os.fsync(handle)
        finally:
            os.close(handle)
        self._put_head(number, str(event["hash"]), size + len(line))

    def _end(self) -> tuple[int, str, int]:
        """Number and hash of the last line, and the size of the log; what a crash left is settled first."""
        path = self.folder / LOG
        size = path.stat().st_size if path.exists() else 0
        head = self._head_record()
        if head is not None and head["size"] == size:
            return int(head["n"]), str(head["hash"]), size
        number, digest, good = (int(head["n"]), str(head["hash"]), int(head["size"])) if head else (0, START, 0)
        if size < good:
            return number, digest, size  # cut short: the chain goes on, and the check will say where it broke
        content = path.read_bytes()[good:] if path.exists() else b""
        for line in content.split(b"\n")[:-1]:
            event = read(line.decode("utf-8", "replace"))
            if event is None or (event["n"], event["prev"]) != (number + 1, digest) or \
                    self._seal(event) != event["hash"]:
                return number, digest, size
            number, digest, good = number + 1, event["hash"], good + len(line) + 1
        if good < size:  # half a line: the event was never acknowledged
            os.truncate(path, good)
            self._append(number + 1, digest, good, "system", "repaired", "", {"bytes": size - good})
            return self._end()
        return number, digest, size

    def _seal(self, event: dict[str, Any]) -> str:
        return self._sealed(line_of({k: v for k, v in event.items() if k != "hash"}))

    def _head_record(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads((self.folder / HEAD).read_text("utf-8"))
            seal = hmac.new(self._key, f"head:{found['n']}:{found['hash']}:{found['size']}".encode(),
                            hashlib.sha256).hexdigest()
            return found if hmac.compare_digest(seal, str(found["seal"])) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _head(self) -> tuple[int, str]:
        """Lines and last hash as the head says; (-1, "") where a head is missing or was changed."""
        found = self._head_record()
        if found is not None:
            return int(found["n"]), str(found["hash"])
        empty = not (self.folder / LOG).exists() and not (self.folder / HEAD).exists()
        return (0, START) if empty else (-1, "")

    def _put_head(self, number: int, digest: str, size: int) -> None:
        seal = hmac.new(self._key, f"head:{number}:{digest}:{size}".encode(), hashlib.sha256).hexdigest()
        write_new(self.folder / HEAD, json.dumps({"n": number, "hash": digest, "size": size, "seal": seal}).encode())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _day(at: str) -> str:
    """The day of Bangkok on which something was written; empty where that can't be read."""
    try:
        return (datetime.fromisoformat(at) + timedelta(hours=7)).date().isoformat()
    except ValueError:
        return ""


def _day_of(line: str) -> str:
    event = read(line)
    return _day(str(event.get("at", ""))) if event else ""


def operator() -> str:
    """Who works at this command line, by the name the machine knows."""
    try:
        return f"cli:{getpass.getuser()}"
    except (OSError, KeyError):
        return f"cli:{os.getuid()}"


def note(store: Path, what: str, *, scope: str = "", **detail: Any) -> None:
    """Write what was done at the command line to a store's log."""
    Audit(store).record(operator(), what, scope=scope, **detail)
