"""Another house vouches for people (OpenID Connect): its settings, and what its word means here.

A visitor is sent to the house with a state, a nonce and the hash of a secret (PKCE, RFC 7636); comes back
with a code; the code is changed for a signed token; from the token's claims follow role and area. The name,
role and area are asked for at each sign-in, so that what the house takes away ends with the session.
"""

from __future__ import annotations

import os
import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from jitasa_analytics import areas
from jitasa_analytics.errors import InputError, JitasaError
from jitasa_analytics.service import roles
from jitasa_analytics.service.roles import User

# Where the secret that this service shares with the house is read from, so that it stands in no file of the project.
SECRET = "JITASA_OIDC_SECRET"
# Signatures with a key pair only: a shared secret or none at all would let others sign.
_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
_SECONDS = 10
# A house's clock may differ by so many seconds.
_LEEWAY = 60


class VouchingError(JitasaError, PermissionError):
    """The other house does not vouch for the visitor, or its word can't be relied on."""


@dataclass(frozen=True)
class Vouching:
    """Which house vouches, and what its claims mean.

    Attributes
    ----------
    issuer : str
        The house's address; ``https://``, or this machine.
    client_id : str
        What the house calls this service.
    role_claim, area_claim, name_claim : str
        The claims that hold groups, the area's code or name, and the name written to the audit log.
    roles : mapping of str to tuple of (role, area)
        A group of the house, the role here, and its area; an empty area is read from ``area_claim``.
    secret : str
    scopes : str
    """

    issuer: str
    client_id: str
    roles: Mapping[str, tuple[str, str]]
    role_claim: str = "groups"
    area_claim: str = "area"
    name_claim: str = "preferred_username"
    secret: str = field(default="", repr=False)
    scopes: str = "openid profile"

    @classmethod
    def read(cls, path: Path) -> Vouching:
        """The settings in a TOML file; the secret comes from the environment (``JITASA_OIDC_SECRET``).

        Raises
        ------
        InputError
            If the file can't be read, lacks an entry, or names a role or an area that there is not.
        """
        try:
            given = tomllib.loads(path.read_text("utf-8"))
            issuer, client, groups = str(given["issuer"]).rstrip("/"), str(given["client_id"]), dict(given["roles"])
            held = {str(g): (str(v["role"]), str(v.get("area", ""))) for g, v in groups.items()}
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"the settings {path} can't be read: {error}", key="vouching.unreadable", path=str(path),
                             why=str(error)) from error
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise InputError(f"the settings {path} need issuer, client_id and [roles] with a role for each group: "
                             f"{error}", key="vouching.incomplete", path=str(path), why=str(error)) from error
        if not issuer.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise InputError(f"the house {issuer} must be reached over https", key="vouching.clear", issuer=issuer)
        for role, area in held.values():
            if area:
                roles.checked(role, area)
            elif role not in roles.ROLES:
                raise InputError(f"there is no role {role!r}; roles are {', '.join(roles.ROLES)}",
                                 key="service.users.no_role", role=role, known=", ".join(roles.ROLES))
        rest = {n: str(given[n]) for n in ("role_claim", "area_claim", "name_claim", "scopes") if n in given}
        return cls(issuer, client, held, secret=os.environ.get(SECRET, ""), **rest)

    def user(self, claims: Mapping[str, Any]) -> User:
        """Who a visitor is here, by what the house says.

        The first group of `roles` that the visitor is in counts, in the order of the settings.

        Raises
        ------
        VouchingError
            If none of the visitor's groups has a role here, or the area does not fit the role.
        """
        said = claims.get(self.role_claim, ())
        groups = {str(g) for g in said} if isinstance(said, (list, tuple)) else set(str(said).split())
        found = next((self.roles[g] for g in self.roles if g in groups), None)
        if found is None:
            raise VouchingError("none of the visitor's groups has a role here", key="vouching.no_role")
        role, area = found
        try:
            role, code = roles.checked(role, area or str(claims.get(self.area_claim) or areas.COUNTRY))
        except JitasaError as error:
            raise VouchingError(f"role and area do not fit: {error}", key="vouching.no_area") from error
        name = str(claims.get(self.name_claim) or claims["sub"])
        return User("oidc:" + "".join(c for c in name if c.isprintable())[:64], role, code)


class Vouchers:
    """Talks with the house: where to send a visitor, and who came back.

    Parameters
    ----------
    settings : Vouching
    """

    def __init__(self, settings: Vouching) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._about: dict[str, Any] = {}

    def away(self, back: str, *, state: str, nonce: str, verifier: str) -> str:
        """The address to which a visitor is sent.

        Raises
        ------
        VouchingError
            If the house can't be reached.
        """
        about = self._known()
        address, _ = self._session(back).create_authorization_url(
            about["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier)
        return str(address)

    def who(self, back: str, code: str, *, nonce: str, verifier: str) -> User:
        """Who came back with a code.

        Raises
        ------
        VouchingError
            If the code is no good, the token is not the house's, not for this service, not of this sign-in or
            too old, or the visitor has no role here.
        """
        about = self._known()
        try:
            with self._session(back) as session:
                answer = session.fetch_token(about["token_endpoint"], code=code, code_verifier=verifier,
                                             timeout=_SECONDS)
                claims = self._checked(str(answer["id_token"]), about, nonce)
                if self.settings.role_claim not in claims and about.get("userinfo_endpoint"):
                    more = session.get(about["userinfo_endpoint"], timeout=_SECONDS).json()
                    if more.get("sub") == claims["sub"]:
                        claims = {**more, **claims}
        except VouchingError:
            raise
        except Exception as error:
            # Whatever the house or the network does: the visitor is not signed in, and the page says so.
            raise VouchingError(f"the house did not confirm the sign-in: {type(error).__name__}",
                                key="vouching.refused") from error
        return self.settings.user(claims)

    def _session(self, back: str) -> Any:
        own = self.settings
        how = "client_secret_basic" if own.secret else "none"
        return OAuth2Session(own.client_id, own.secret or None, scope=own.scopes, redirect_uri=back,
                             token_endpoint_auth_method=how, code_challenge_method="S256")

    def _known(self) -> dict[str, Any]:
        """What the house publishes of itself, asked for once."""
        with self._lock:
            if not self._about:
                try:
                    where = f"{self.settings.issuer}/.well-known/openid-configuration"
                    answer = requests.get(where, timeout=_SECONDS)
                    answer.raise_for_status()
                    about = answer.json()
                    issuer = str(about["issuer"]).rstrip("/")
                    endpoints = [str(about[n]) for n in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
                except (requests.RequestException, ValueError, KeyError, TypeError) as error:
                    raise VouchingError("the house that vouches can't be reached", key="vouching.away") from error
                if issuer != self.settings.issuer or (issuer.startswith("https://") and not all(
                        e.startswith("https://") for e in endpoints)):
                    raise VouchingError("the house says another name of itself", key="vouching.refused")
                self._about = about
            return self._about

    def _checked(self, token: str, about: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """The claims of a token that is the house's, for this service, of this sign-in and not too old."""
        keys = requests.get(about["jwks_uri"], timeout=_SECONDS)
        keys.raise_for_status()
        try:
            claims = jwt.decode(token, KeySet.import_key_set(keys.json()), algorithms=_ALGORITHMS).claims
            jwt.JWTClaimsRegistry(
                leeway=_LEEWAY, iss={"essential": True, "values": [about["issuer"]]},
                aud={"essential": True, "value": self.settings.client_id}, exp={"essential": True},
                iat={"essential": True}, sub={"essential": True}, nonce={"essential": True, "value": nonce},
            ).validate(claims)
        except (JoseError, ValueError) as error:
            raise VouchingError("the token is not good", key="vouching.refused") from error
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != self.settings.client_id:
            raise VouchingError("the token is for another service", key="vouching.refused")
        return dict(claims)
