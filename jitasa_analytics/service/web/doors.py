"""Which doors a server has: how people sign in, what is open to everybody, where it may listen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jitasa_analytics.errors import InputError, ServeError
from jitasa_analytics.service.vouching import Vouchers, Vouching
from jitasa_analytics.service.web.base import House
from jitasa_analytics.service.web.gate import Mode
from jitasa_analytics.service.web.routes import house

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def mode(text: str) -> Mode:
    """How people sign in, by the word on the command line.

    Raises
    ------
    InputError
        If there is no such way.
    """
    if text == "accounts":
        return "accounts"
    if text == "oidc":
        return "oidc"
    if text == "none":
        return "none"
    raise InputError(f"there is no way to sign in called {text!r}: use accounts, oidc or none",
                     key="service.doors.unknown", word=text)


@dataclass(frozen=True)
class Doors:
    """The doors of a server.

    Attributes
    ----------
    auth : {"none", "accounts", "oidc"}
        ``none``: whoever reaches the server is its user; on this machine only.
    origin : str
        The address that people type, with ``https://``, where the server stands behind a proxy that
        speaks TLS.
    forms : bool
        Whether anybody may ask for help and volunteer.
    public_file : Path, optional
        Shown to anybody under ``/public``.
    oidc : Vouching, optional
        The settings of the house that vouches for people, in the mode ``oidc``.
    """

    auth: Mode = "none"
    origin: str = ""
    forms: bool = False
    public_file: Path | None = None
    oidc: Vouching | None = None

    def check(self, address: str) -> None:
        """Refuse to listen where the doors don't hold.

        Raises
        ------
        ServeError
            If nobody signs in and others can reach the server, or passwords would travel in clear.
        """
        if self.auth == "oidc" and self.oidc is None:
            raise ServeError("with --auth oidc also give the settings: --oidc FILE.toml", key="vouching.no_file")
        if address in LOOPBACK:
            return
        if self.auth == "none":
            raise ServeError(f"without sign-in the server listens on this machine only, not on {address}; give "
                             "--auth accounts", key="service.doors.open", address=address)
        if not self.origin.startswith("https://"):
            raise ServeError(f"on {address} passwords would travel in clear; put a proxy with TLS before the server "
                             "and give its address with --origin https://…", key="service.doors.clear", address=address)

    def house(self, store: Path, address: str, port: int) -> House:
        """What the service of this server works with."""
        origins = {f"{host}:{port}" for host in {address, "localhost", "127.0.0.1"}} if address in LOOPBACK else set()
        if address == "::1":
            origins.add(f"[::1]:{port}")
        secure = self.origin.startswith("https://")
        if self.origin:
            host = self.origin.split("://", 1)[-1].strip("/").lower()
            origins |= {host, host.removesuffix(":443")}
        return house(store, self.auth, origins=origins, secure=secure, public_file=self.public_file, forms=self.forms,
                     oidc=Vouchers(self.oidc) if self.oidc is not None else None)
