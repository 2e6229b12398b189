"""What a plan must keep to beside the number of sites: money, room, fairness, safety, change."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import pandas as pd

from jitasa_analytics.analysis.inputs import labels_of, number, numbers, same_labels, some
from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.model import Model, marked
from jitasa_analytics.errors import InputError


class Limits(TypedDict, total=False):
    """Further limits, the same for all four problems; leave out what doesn't apply.

    Attributes
    ----------
    cost : Series on the candidates' labels
        Price of a site, in any money. Sites that exist already cost what the Series says: write 0.
    budget : float
        Most that all sites of the plan may cost together; instead of ``n_sites`` or beside it, in
        which case ``n_sites`` is the most that may open.
    capacity : float or Series on the candidates' labels
        Most persons that a site serves.
    split : bool
        Whether the people of one place may be shared out among several sites; else all go to one.
    groups : Series on the demand's labels
        The district or group of each place; missing where it belongs to none.
    floors : float or mapping of group to float
        Least share of a group's people who must be reached within ``within``.
    backup : bool
        Whether two different sites must serve a place. `max_cover` counts people who have two
        within reach, `p_median` adds the costs to both, `p_center` looks at the dearer.
    today : labels
        The plan of today.
    max_moves : int
        Most sites of the new plan that aren't in the plan of today.
    """

    cost: pd.Series
    budget: float
    capacity: float | pd.Series
    split: bool
    groups: pd.Series
    floors: float | Mapping[Any, float]
    backup: bool
    today: Iterable[object]
    max_moves: int


@dataclass(frozen=True, eq=False)
class Checked:
    """The limits as arrays in the model's order; None where there is no such limit.

    Attributes
    ----------
    price, capacity : float arrays, shape (m,)
    budget : float
    split, backup : bool
    group : int array, shape (n,)
        Number of the group, -1 where a place has none.
    floors : float array, shape (g,)
    names : Index, shape (g,)
    today : bool array, shape (m,)
    max_moves : int
    """

    price: Floats | None = None
    budget: float | None = None
    capacity: Floats | None = None
    split: bool = False
    group: Ints | None = None
    floors: Floats | None = None
    names: pd.Index | None = None
    backup: bool = False
    today: Bools | None = None
    max_moves: int | None = None

    @property
    def none(self) -> bool:
        """Whether nothing is limited but the number of sites."""
        given = (self.price, self.budget, self.capacity, self.group, self.today)
        return all(value is None for value in given) and not self.backup


_PAIRS = (
    ("floors", "groups", "says which places a floor is for"),
    ("groups", "floors", "says what share of a group must be reached"),
    ("today", "max_moves", "says how much may change"),
    ("max_moves", "today", "says what may change"),
    ("budget", "cost", "says what a site costs"),
    ("split", "capacity", "says how many a site can serve; without it nobody needs to be shared out"),
)


def check(model: Model, problem: str, limits: Mapping[str, Any], *, within: bool) -> Checked:
    """Refuse limits that make no sense for the problem, and bring the others into the model's order.

    Raises
    ------
    InputError
    """
    given = {name: value for name, value in limits.items() if value is not None and value is not False}
    unknown = [name for name in limits if name not in Limits.__annotations__]
    if unknown:
        raise InputError(f"{problem} has no option {some(unknown)}; it has {some(Limits.__annotations__, 20)}")
    _refuse(problem, given, model.n_sites, within)
    group, names, floors = _floors(model, given)
    return Checked(
        price=_per_site(model, given["cost"], "cost") if "cost" in given else None,
        budget=number(given["budget"], "budget") if "budget" in given else None,
        capacity=_per_site(model, given["capacity"], "capacity") if "capacity" in given else None,
        split=bool(given.get("split", False)),
        group=group, floors=floors, names=names,
        backup=bool(given.get("backup", False)),
        today=marked(model.travel.destinations, given["today"], "today") if "today" in given else None,
        max_moves=_moves(given["max_moves"]) if "max_moves" in given else None,
    )


def _refuse(problem: str, given: Mapping[str, Any], n_sites: int | None, within: bool) -> None:
    """Say no to what contradicts itself."""
    for one, other, why in _PAIRS:
        if one in given and other not in given:
            raise InputError(f"{one} was given without {other}, which {why}; give both or neither")
    if "capacity" in given and "backup" in given:
        raise InputError(
            "capacity and backup can't go together: it isn't said at which of its two sites a place "
            "takes room; drop one of the two"
        )
    if "floors" in given and problem in ("set_cover", "p_center"):
        raise InputError(f"{problem} serves every place, so floors change nothing; drop floors and groups")
    if "floors" in given and not within:
        raise InputError("floors need within: the cost up to which somebody counts as reached")
    if within and problem == "p_median" and "floors" not in given:
        raise InputError("within is only the reach that floors count in p_median; give floors and groups, or drop it")
    if problem == "set_cover" and "budget" in given:
        raise InputError("set_cover looks for the cheapest plan already; drop budget, or use max_cover")
    if problem != "set_cover":
        if "cost" in given and "budget" not in given:
            raise InputError(f"cost was given without budget, and {problem} has no other use for it; give both")
        if n_sites is None and "budget" not in given:
            raise InputError(f"{problem} needs n_sites, or a budget with cost; else everything could open")


def _per_site(model: Model, given: Any, name: str) -> Floats:
    """One number per candidate, in the model's order."""
    labels = model.travel.destinations
    if not isinstance(given, pd.Series):
        return np.full(len(labels), number(given, name))
    same_labels(labels_of(given, name), labels, name, "candidates")
    values = numbers(given.reindex(labels), name)
    wrong = ~(np.isfinite(values) & (values >= 0))
    if wrong.any():
        raise InputError(f"{name} is missing, infinite or negative at {some(labels[wrong])}; it must be 0 or more")
    return values


def _floors(model: Model, given: Mapping[str, Any]) -> tuple[Ints | None, pd.Index | None, Floats | None]:
    """Group of each place, names of the groups, and the floor of each."""
    if "floors" not in given:
        return None, None, None
    groups = given["groups"]
    if not isinstance(groups, pd.Series):
        raise InputError(f"groups must be a Series on the demand's labels, not {type(groups).__name__}")
    same_labels(labels_of(groups, "groups"), model.travel.origins, "groups", "demand")
    code, names = pd.factorize(groups.reindex(model.travel.origins), sort=True)
    floors = given["floors"]
    if isinstance(floors, Mapping | pd.Series):
        wanted = dict(floors.items())
        unknown = [name for name in wanted if name not in names]
        if unknown:
            raise InputError(f"floors name groups that no place has: {some(unknown)}; correct the name or drop it")
        shares = np.array([number(wanted.get(name, 0.0), f"floors[{name!r}]") for name in names], np.float64)
    else:
        shares = np.full(len(names), number(floors, "floors"))
    if (shares > 1).any():
        raise InputError(f"floors has {shares.max():g}; a floor is a share from 0 to 1 (0.8 for 80 %)")
    return np.asarray(code, np.int64), pd.Index(names), shares


def _moves(value: Any) -> int:
    try:
        moves = operator.index(value)
    except TypeError:
        moves = -1
    if moves < 0 or isinstance(value, bool):
        raise InputError(f"max_moves is {value!r}; it must be a whole number of at least 0")
    return moves
