"""Who may do what: roles, the area of an account, and what follows from both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from jitasa_analytics import areas, groups
from jitasa_analytics.errors import InputError, JitasaError

ROLES = ("ministry", "province", "district", "tambon", "coordinator", "analyst", "public")

# see: pages and studies. change: requests and field reports. contacts: names and phones of those who ask.
# audit: the log. exact: points where they are; without it they are moved.
_RIGHTS: dict[str, frozenset[str]] = {
    "ministry": frozenset({"see", "export", "audit", "exact"}),
    "province": frozenset({"see", "export", "change", "contacts", "exact"}),
    "district": frozenset({"see", "export", "change", "contacts", "exact"}),
    "tambon": frozenset({"see", "export", "change", "contacts", "exact"}),
    "coordinator": frozenset({"see", "export", "change", "contacts", "exact"}),
    "analyst": frozenset({"see", "export"}),
    "public": frozenset(),
    # Where nobody signs in: one machine, whose user has the files of the store at hand anyway.
    "local": frozenset({"see", "export", "change", "contacts", "audit", "exact"}),
}


class NotAllowedError(JitasaError, PermissionError):
    """An account asks for what its role or its area does not give it."""


@dataclass(frozen=True)
class User:
    """Somebody signed in.

    Attributes
    ----------
    name : str
        The account.
    role : str
        One of `ROLES`; ``local`` where nobody signs in.
    scope : str
        Code of the area that the account may read; ``TH`` for the country.
    owes_password : bool
        Whether a password that somebody else made up must be changed before anything else may be done.
    """

    name: str
    role: str
    scope: str = areas.COUNTRY
    owes_password: bool = False

    def may(self, right: str) -> bool:
        """Whether the role gives a right."""
        return not self.owes_password and right in _RIGHTS[self.role]

    def require(self, right: str) -> None:
        """Refuse what the role does not give.

        Raises
        ------
        NotAllowedError
        """
        if not self.may(right):
            raise NotAllowedError(f"the role {self.role} may not do this ({right})", key="service.denied.right",
                                  role=self.role)

    def holds(self, area: str | None) -> bool:
        """Whether an area lies in the account's; one that is not known lies in the country only."""
        if self.scope == areas.COUNTRY or area == self.scope:
            return True
        if not area or area == areas.COUNTRY or groups.is_group(area):
            return False  # a group may reach beyond any area of its own
        return groups.holds(self.scope, area) if groups.is_group(self.scope) else area.startswith(self.scope)

    def within(self, area: str) -> str:
        """The area that is read when the account asks for ``area``: larger ones become the account's own.

        Raises
        ------
        NotAllowedError
            If the area lies elsewhere.

        >>> User("a", "province", "20").within("TH"), User("a", "province", "20").within("2001")
        ('20', '2001')
        """
        if self.holds(area):
            return area
        if area == areas.COUNTRY or self.scope.startswith(area):
            return self.scope
        raise self.outside(area)

    def outside(self, area: str) -> NotAllowedError:
        """The error that says that an area lies outside the account's, by their names in the reader's language."""
        return NotAllowedError(f"the account {self.name} sees {self.scope} and not {area}", key="service.denied.area",
                               area=partial(areas.name, area), own=partial(areas.name, self.scope))


LOCAL = User("local", "local")


def checked(role: str, scope: str) -> tuple[str, str]:
    """A role and the code of its area.

    Raises
    ------
    InputError
        If there is no such role, or the area is of another level than the role's.
    UnknownError
        If there is no such area.
    """
    if role not in ROLES:
        raise InputError(f"there is no role {role!r}; roles are {', '.join(ROLES)}", key="service.users.no_role",
                         role=role, known=", ".join(ROLES))
    code = areas.resolve(scope)
    level = areas.level_of(code)
    if (role in ("province", "district", "tambon") and level != role) or (role == "ministry" and code != areas.COUNTRY):
        raise InputError(f"the role {role} needs an area of the level {role}, not {code}", key="service.users.level",
                         role=role, area=code)
    return role, code
