"""The problem as a value: checked inputs in an order of their own.

Rows and columns are put in the order of their labels before anything is solved, so that a
shuffled frame gives the same plan, also where several plans are equally good.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from jitasa_analytics.analysis.inputs import labels_of, quantity, same_labels, some
from jitasa_analytics.analysis.travel import Travel
from jitasa_analytics.errors import InfeasibleError, InputError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Model:
    """n demand points, m candidates, and what is decided about them already.

    Attributes
    ----------
    people : float array, shape (n,)
        Persons at each demand point.
    travel : Travel, shape (n, m)
        Its labels are the demand points and candidates in ascending order.
    n_sites : int or None
        Number of sites that are open in the end, fixed ones included; None where it is free.
    fixed, forbidden : bool arrays, shape (m,)
    """

    people: Floats
    travel: Travel
    n_sites: int | None
    fixed: npt.NDArray[np.bool_]
    forbidden: npt.NDArray[np.bool_]

    @property
    def whole_people(self) -> bool:
        """Whether every sum of people is a whole number that float64 holds exactly."""
        return bool((self.people == np.floor(self.people)).all() and self.people.sum() < 2.0**53)

    def pairs(self, within: float = np.inf) -> tuple[Ints, Ints, Floats]:
        """Place, candidate and cost of every pair that may be used, by place and then by candidate.

        Pairs beyond ``within``, with forbidden candidates, or of places where nobody lives are left out.
        """
        travel = self.travel
        kept = (travel.costs <= within) & ~self.forbidden[travel.indices] & (self.people[travel.rows] > 0)
        return travel.rows[kept], travel.indices[kept].astype(np.int64), travel.costs[kept]


def build(
    demand: pd.DataFrame,
    candidates: Any,
    travel: Travel,
    *,
    n_sites: int | None,
    fixed: Iterable[object],
    forbidden: Iterable[object],
) -> Model:
    """Check the inputs and bring them into label order.

    Raises
    ------
    InputError
        If there is no demand or no candidate, ``people`` is absent, missing or negative, labels are
        unknown, repeated or differ from those of ``travel``, or ``n_sites`` is no positive integer.
    InfeasibleError
        If ``n_sites`` is below the number of fixed or above that of allowed candidates.
    """
    people = quantity(demand, "people", "demand")
    offered = labels_of(candidates, "candidates")
    if not isinstance(travel, Travel):
        raise InputError(f"travel must be a Travel, not {type(travel).__name__}; see travel.from_matrix")
    for labels, name in ((demand.index, "demand"), (offered, "candidates")):
        if len(labels) == 0:
            raise InputError(f"{name} has no rows; a placement needs at least one")
    same_labels(demand.index, travel.origins, "demand", "travel.origins")
    same_labels(offered, travel.destinations, "candidates", "travel.destinations")
    rows, columns = _in_order(demand.index), _in_order(offered)
    labels = offered[columns]
    is_fixed, is_forbidden = marked(labels, fixed, "fixed"), marked(labels, forbidden, "forbidden")
    both = is_fixed & is_forbidden
    if both.any():
        raise InputError(f"{some(labels[both])} can't be fixed and forbidden at once; drop one of the two")
    inside = demand.index[rows]
    same = inside.equals(travel.origins) and labels.equals(travel.destinations)
    return Model(
        people[rows],
        travel if same else travel.restrict(inside, labels),
        None if n_sites is None else _number_of_sites(n_sites, is_fixed, is_forbidden),
        is_fixed,
        is_forbidden,
    )


def _number_of_sites(
    n_sites: int, fixed: npt.NDArray[np.bool_], forbidden: npt.NDArray[np.bool_]
) -> int:
    try:
        wanted = operator.index(n_sites)
    except TypeError:
        raise InputError(f"n_sites must be a whole number, not {n_sites!r}") from None
    if isinstance(n_sites, bool) or wanted < 1:
        raise InputError(f"n_sites is {n_sites!r}; it must be a whole number of at least 1")
    if wanted < fixed.sum():
        raise InfeasibleError(
            f"n_sites is {wanted}, but {fixed.sum()} sites are fixed, which count among them; "
            f"use n_sites={fixed.sum()} or more, or fix fewer"
        )
    allowed = int((~forbidden).sum())
    if wanted > allowed:
        left = f" that aren't forbidden ({len(forbidden)} in all)" if forbidden.any() else ""
        raise InfeasibleError(
            f"n_sites is {wanted}, but there are only {allowed} candidates{left}; "
            f"use n_sites={allowed} or fewer"
        )
    return wanted


def marked(labels: pd.Index, chosen: Iterable[object], name: str) -> npt.NDArray[np.bool_]:
    """Which of the candidates are named, shape (m,)."""
    named = labels_of(chosen, name)
    positions = labels.get_indexer(named) if len(named) else np.zeros(0, np.int64)
    if (positions < 0).any():
        unknown = some(named[positions < 0])
        raise InputError(f"{name} names what is no candidate: {unknown}; add it to candidates")
    marks = np.zeros(len(labels), bool)
    marks[positions] = True
    return marks


def _in_order(labels: pd.Index) -> Ints:
    """Positions that bring labels into ascending order; labels of mixed types go by their text."""
    try:
        return np.asarray(labels.argsort(), np.int64)
    except TypeError:
        texts = [(type(label).__name__, str(label)) for label in labels]
        return np.array(sorted(range(len(texts)), key=texts.__getitem__), np.int64)
