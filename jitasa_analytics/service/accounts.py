"""Accounts, wrong passwords, sessions and API tokens: one small file beside the store.

Passwords are kept as argon2id hashes; session ids and API tokens as SHA-256 of random 256 bits, so
that who reads the file can sign in with nothing in it.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import argon2

from jitasa_analytics.errors import InputError, JitasaError, StoreError, UnknownError
from jitasa_analytics.service import places, roles
from jitasa_analytics.service.roles import User

FILE = "accounts.sqlite"
SHORTEST, LONGEST = 10, 256
TRIES, WINDOW_SECONDS = 5, 15 * 60
# Wrong tries that one address may make in the window, over all accounts.
TRIES_OF_ADDRESS = 30
SESSION_SECONDS = 8 * 3600
TOKEN_DAYS = 90

_NAME = re.compile(r"^[a-z0-9][a-z0-9._@-]{1,63}$")
_TABLES = """
CREATE TABLE IF NOT EXISTS users (name TEXT PRIMARY KEY, role TEXT NOT NULL, scope TEXT NOT NULL, hash TEXT NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0, must_change INTEGER NOT NULL DEFAULT 0, made_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS wrong (name TEXT NOT NULL, address TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS wrong_name ON wrong (name, at);
CREATE INDEX IF NOT EXISTS wrong_address ON wrong (address, at);
CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT, scope TEXT,
    made_at REAL NOT NULL, ends_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (id TEXT PRIMARY KEY, name TEXT NOT NULL, label TEXT NOT NULL, made_at REAL NOT NULL,
    ends_at REAL NOT NULL);
"""


class SignInError(JitasaError, PermissionError):
    """Name and password do not fit, or too many did not fit before."""


@dataclass(frozen=True)
class Account:
    """An account as it is listed."""

    user: User
    disabled: bool
    must_change: bool
    locked: bool
    made_at: float


class Accounts:
    """The accounts of a store.

    Parameters
    ----------
    store : Path
        The store's folder.
    clock : callable
        Seconds since 1970.
    hasher : PasswordHasher, optional
        How costly a hash is; the library's recommendation where left out.
    """

    def __init__(self, store: Path, *, clock: Callable[[], float] = time.time,
                 hasher: argon2.PasswordHasher | None = None) -> None:
        self.path = places.folder(store) / FILE
        self._clock = clock
        self._hasher = hasher or argon2.PasswordHasher()
        # What an unknown name is compared with, so that it takes as long as a known one.
        self._nobody = self._hasher.hash(secrets.token_hex(16))
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            with self._open() as file:
                file.executescript(_TABLES)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"the accounts in {self.path} can't be opened: {error}", key="service.users.no_file",
                             path=str(self.path), why=str(error)) from error

    # -- the command line ----------------------------------------------------------------------

    def add(self, name: str, role: str, scope: str, password: str, *, must_change: bool = False) -> User:
        """Make an account.

        Raises
        ------
        InputError
            If the name is taken or no name, the password too weak, or role and area do not fit.
        """
        plain = name.strip().lower()
        if not _NAME.match(plain):
            raise InputError(f"{name!r} can't be an account's name: 2 to 64 of a-z, 0-9, '.', '_', '-', '@'",
                             key="service.users.bad_name", name=name)
        role, code = roles.checked(role, scope)
        self._check(plain, password)
        with self._open() as file:
            try:
                file.execute("INSERT INTO users (name, role, scope, hash, must_change, made_at) VALUES (?,?,?,?,?,?)",
                             (plain, role, code, self._hasher.hash(password), int(must_change), self._clock()))
            except sqlite3.IntegrityError as error:
                raise InputError(f"there is an account {plain} already", key="service.users.taken",
                                 name=plain) from error
        return User(plain, role, code)

    def disable(self, name: str, *, disabled: bool = True) -> None:
        """Shut an account and end its sessions and tokens, or open it again."""
        self._known(name)
        with self._open() as file:
            file.execute("UPDATE users SET disabled = ? WHERE name = ?", (int(disabled), name))
            self._end_all(file, name)

    def set_password(self, name: str, password: str, *, must_change: bool = False) -> None:
        """Give an account another password; its sessions and tokens end and its wrong tries are forgotten."""
        self._known(name)
        self._check(name, password)
        with self._open() as file:
            file.execute("UPDATE users SET hash = ?, must_change = ? WHERE name = ?",
                         (self._hasher.hash(password), int(must_change), name))
            file.execute("DELETE FROM wrong WHERE name = ?", (name,))
            self._end_all(file, name)

    def change_password(self, name: str, old: str, new: str, address: str = "") -> None:
        """Another password by who knows the old one.

        Raises
        ------
        SignInError
            If the old one is wrong.
        InputError
            If the new one is too weak or the same.
        """
        self.check(name, old, address)
        if old == new:
            raise InputError("the new password is the old one", key="service.users.same_password")
        self.set_password(name, new)

    def listed(self) -> list[Account]:
        """Every account by name."""
        with self._open() as file:
            rows = file.execute("SELECT name, role, scope, disabled, must_change, made_at FROM users ORDER BY name"
                                ).fetchall()
            return [Account(User(n, r, s), bool(d), bool(m), self._locked(file, n, ""), at)
                    for n, r, s, d, m, at in rows]

    # -- signing in ------------------------------------------------------------------------------

    def check(self, name: str, password: str, address: str = "") -> Account:
        """The account to which name and password belong.

        Raises
        ------
        SignInError
            The same whether the name or the password is wrong; another one after too many wrong tries,
            also for names that do not exist.
        """
        plain = name.strip().lower()[:64]
        with self._open() as file:
            if self._locked(file, plain, address):
                raise SignInError(f"too many wrong passwords; wait {WINDOW_SECONDS // 60} minutes",
                                  key="service.sign_in.locked", minutes=WINDOW_SECONDS // 60)
            row = file.execute("SELECT hash, role, scope, disabled, must_change, made_at FROM users WHERE name = ?",
                               (plain,)).fetchone()
            # The try is counted before the hash is looked at: many at once can't outrun the count.
            at = self._clock()
            file.execute("DELETE FROM wrong WHERE at < ?", (at - WINDOW_SECONDS,))
            tried = file.execute("INSERT INTO wrong (name, address, at) VALUES (?,?,?)",
                                 (plain, address, at)).lastrowid
        fits = self._fits(row[0] if row else self._nobody, password[: LONGEST + 1])
        if row is None or not fits or row[3]:
            raise SignInError("name and password do not fit", key="service.sign_in.wrong")
        with self._open() as file:
            file.execute("DELETE FROM wrong WHERE name = ? AND rowid <= ?", (plain, tried))
            if self._hasher.check_needs_rehash(row[0]):
                file.execute("UPDATE users SET hash = ? WHERE name = ?", (self._hasher.hash(password), plain))
        return Account(User(plain, row[1], row[2]), False, bool(row[4]), False, row[5])

    def open_session(self, user: User, *, foreign: bool = False) -> str:
        """A new session of somebody whose password fitted; with ``foreign`` of somebody another house vouches for.

        Returns
        -------
        str
            The id for the cookie; only its hash is kept.
        """
        secret, now = secrets.token_urlsafe(32), self._clock()
        with self._open() as file:
            file.execute("DELETE FROM sessions WHERE ends_at < ?", (now,))
            file.execute("INSERT INTO sessions VALUES (?,?,?,?,?,?)",
                         (name_of(secret), user.name, user.role if foreign else None, user.scope if foreign else None,
                          now, now + SESSION_SECONDS))
        return secret

    def session(self, key: str) -> User | None:
        """Who a session belongs to, by the hash of its id; None where it ended or its account is shut."""
        return self._holder("SELECT s.name, coalesce(s.role, u.role), coalesce(s.scope, u.scope), "
                            "s.role IS NULL AND u.must_change = 1 FROM sessions s "
                            "LEFT JOIN users u USING (name) WHERE s.id = ? AND s.ends_at > ? AND "
                            "(s.role IS NOT NULL OR u.disabled = 0)", key)

    def end_session(self, key: str) -> None:
        """Sign out."""
        with self._open() as file:
            file.execute("DELETE FROM sessions WHERE id = ?", (key,))

    # -- other systems ----------------------------------------------------------------------------

    def make_token(self, name: str, label: str, *, days: int = TOKEN_DAYS) -> str:
        """An API token of an account, shown once."""
        self._known(name)
        secret, now = "jt_" + secrets.token_urlsafe(32), self._clock()
        with self._open() as file:
            file.execute("INSERT INTO tokens VALUES (?,?,?,?,?)",
                         (name_of(secret), name, label, now, now + days * 86400))
        return secret

    def token(self, secret: str) -> User | None:
        """Who an API token belongs to; None where it is none, ended, or its account is shut."""
        return self._holder("SELECT t.name, u.role, u.scope, u.must_change FROM tokens t JOIN users u USING (name) "
                            "WHERE t.id = ? AND t.ends_at > ? AND u.disabled = 0", name_of(secret))

    # -- inside -------------------------------------------------------------------------------------

    def _holder(self, query: str, key: str) -> User | None:
        with self._open(read=True) as file:
            row = file.execute(query, (key, self._clock())).fetchone()
        return User(row[0], row[1], row[2], bool(row[3])) if row and None not in row[:3] else None

    def _known(self, name: str) -> None:
        with self._open() as file:
            if file.execute("SELECT 1 FROM users WHERE name = ?", (name,)).fetchone() is None:
                raise UnknownError(f"there is no account {name!r}", key="service.users.unknown", name=name)

    def _check(self, name: str, password: str) -> None:
        if not SHORTEST <= len(password) <= LONGEST or name in password.lower() or len(set(password)) < 5:
            raise InputError(f"the password is too weak: {SHORTEST} to {LONGEST} characters, at least five different "
                             "ones, and not the account's name", key="service.users.weak", shortest=SHORTEST,
                             longest=LONGEST)

    def _fits(self, kept: str, password: str) -> bool:
        try:
            return bool(self._hasher.verify(kept, password))
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False

    def _locked(self, file: sqlite3.Connection, name: str, address: str) -> bool:
        since = self._clock() - WINDOW_SECONDS
        count = "SELECT count(*) FROM wrong WHERE {} = ? AND at > ?"
        if file.execute(count.format("name"), (name, since)).fetchone()[0] >= TRIES:
            return True
        return bool(address) and file.execute(count.format("address"), (address, since)
                                              ).fetchone()[0] >= TRIES_OF_ADDRESS

    @staticmethod
    def _end_all(file: sqlite3.Connection, name: str) -> None:
        file.execute("DELETE FROM sessions WHERE name = ?", (name,))
        file.execute("DELETE FROM tokens WHERE name = ?", (name,))

    @contextmanager
    def _open(self, *, read: bool = False) -> Iterator[sqlite3.Connection]:
        """The file within one transaction; unless it only reads, nobody else writes meanwhile."""
        with closing(sqlite3.connect(self.path, timeout=20, isolation_level=None)) as file:
            file.execute("PRAGMA synchronous = FULL")
            file.execute("BEGIN" if read else "BEGIN IMMEDIATE")
            try:
                yield file
            except BaseException:
                if file.in_transaction:
                    file.execute("ROLLBACK")
                raise
            if file.in_transaction:
                file.execute("COMMIT")


def name_of(secret: str) -> str:
    """The hash under which a session id or a token is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()
