"""A placement problem with all its limits as a mixed-integer program."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy.sparse import coo_array, csr_array

from jitasa_analytics.analysis.placement import exact
from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.limits import Checked
from jitasa_analytics.analysis.placement.model import Model

Goal = Literal["set_cover", "max_cover", "p_median", "serve"]
"""What is looked for; "serve" is any plan that serves everybody."""


@dataclass(eq=False)
class _Rows:
    """Rows of a program while they are being written."""

    row: list[Ints] = field(default_factory=list)
    column: list[Ints] = field(default_factory=list)
    value: list[Floats] = field(default_factory=list)
    lower: list[Floats] = field(default_factory=list)
    upper: list[Floats] = field(default_factory=list)
    count: int = 0
    tags: dict[str, Ints] = field(default_factory=dict)

    def add(
        self, entries: list[tuple[Ints, Ints, Floats | float]], lower: Floats | float, upper: Floats | float,
        size: int, tag: str = "",
    ) -> None:
        """``size`` rows from (row, column, value) entries, rows counted from 0."""
        for row, column, value in entries:
            self.row.append(row + self.count)
            self.column.append(column)
            self.value.append(np.broadcast_to(np.asarray(value, np.float64), row.shape))
        self.lower.append(np.broadcast_to(np.asarray(lower, np.float64), (size,)))
        self.upper.append(np.broadcast_to(np.asarray(upper, np.float64), (size,)))
        if tag:
            self.tags[tag] = np.arange(self.count, self.count + size)
        self.count += size

    def matrix(self, columns: int) -> csr_array:
        parts = (np.concatenate(self.value), (np.concatenate(self.row), np.concatenate(self.column)))
        matrix = csr_array(coo_array(parts, shape=(self.count, columns)))
        matrix.sort_indices()
        return matrix


@dataclass(frozen=True, eq=False)
class Formulation:
    """The program and what its variables and rows mean.

    The first m variables are the sites. Then come shares: one for each pair (``pair_row``,
    ``pair_column``), or one for each place, or none.

    Attributes
    ----------
    program : exact.Program
        The objective is divided by ``scale``.
    m : int
    pair_row, pair_column : int arrays or None
    pair_cost : float array or None
    tags : dict
        Rows by the name of the limit they stand for.
    scale : float
    """

    program: exact.Program
    m: int
    pair_row: Ints | None
    pair_column: Ints | None
    pair_cost: Floats | None
    tags: dict[str, Ints]
    scale: float


# Objectives are scaled to this size, so that the solver's absolute tolerances are small against them.
_SIZE = 1e4


def formulate(model: Model, limits: Checked, goal: Goal, within: float, must: Bools) -> Formulation:
    """Write a problem as a program.

    Parameters
    ----------
    model : Model
    limits : Checked
    goal : Goal
    within : float
        Reach; in p_median only the floors look at it.
    must : bool array, shape (n,)
        Places that a plan has to serve. For max_cover it is not looked at.
    """
    m = len(model.fixed)
    place, site, cost = model.pairs(np.inf if goal == "p_median" else within)
    used = np.ones(len(place), bool) if goal == "max_cover" else must[place]
    place, site, cost = place[used], site[used], cost[used]
    rows = _Rows()
    _site_rows(rows, model, limits)
    pairwise = goal == "p_median" or limits.capacity is not None
    k = 2 if limits.backup else 1
    n = len(model.people)
    if pairwise:
        share = m + np.arange(len(place))
        total = len(place)
        _pair_rows(rows, model, limits, place, site, share, goal, must, k)
        reached = (place, share, cost <= within)
        gain = _pair_gain(model, goal, place, cost)
    elif goal == "max_cover":
        share, total = m + np.arange(n), n
        rows.add([(np.arange(n), share, float(k)), (place, site, -1.0)], -np.inf, 0.0, n)
        reached = (np.arange(n), share, np.ones(n, bool))
        gain = model.people.copy()
    else:
        total, gain, reached = 0, np.zeros(0), None
        order = np.cumsum(must) - 1
        rows.add([(order[place], site, 1.0)], float(k), np.inf, int(must.sum()))
    if limits.floors is not None and reached is not None:
        _floor_rows(rows, model, limits, *reached)
    price = np.zeros(m)
    if goal == "set_cover":
        price = np.ones(m) if limits.price is None else limits.price
    gain = np.concatenate([-price, gain])
    scale = _scale(model, goal, gain, place, cost)
    whole = np.arange(m + total) < m
    if pairwise and limits.capacity is not None and not limits.split:
        whole[:] = True
    if not pairwise and goal == "max_cover" and limits.backup:
        whole[:] = True  # one of two sites would count for half a place
    upper = np.ones(m + total)
    upper[:m][model.forbidden] = 0.0
    lower = np.zeros(m + total)
    lower[:m][model.fixed] = 1.0
    program = exact.Program(
        gain / scale, whole, rows.matrix(m + total), np.concatenate(rows.lower), np.concatenate(rows.upper),
        lower=lower, upper=upper,
    )
    if not pairwise:
        return Formulation(program, m, None, None, None, rows.tags, scale)
    return Formulation(program, m, place, site, cost, rows.tags, scale)


def _site_rows(rows: _Rows, model: Model, limits: Checked) -> None:
    """How many sites, for how much money, and how different from today."""
    m = len(model.fixed)
    all_sites, zero = np.arange(m), np.zeros(m, np.int64)
    if model.n_sites is not None:
        # With a budget the number is the most that may open, else exactly so many do.
        least = -np.inf if limits.budget is not None else float(model.n_sites)
        rows.add([(zero, all_sites, 1.0)], least, float(model.n_sites), 1, "n_sites")
    if limits.budget is not None and limits.price is not None:
        unit = max(float(limits.price.max(initial=0.0)), 1e-300)
        rows.add([(zero, all_sites, limits.price / unit)], -np.inf, limits.budget / unit, 1, "budget")
    if limits.today is not None and limits.max_moves is not None:
        fresh = np.flatnonzero(~limits.today)
        rows.add([(np.zeros(len(fresh), np.int64), fresh, 1.0)], -np.inf, float(limits.max_moves), 1, "max_moves")


def _pair_rows(
    rows: _Rows, model: Model, limits: Checked, place: Ints, site: Ints, share: Ints, goal: Goal, must: Bools, k: int,
) -> None:
    """Shares go to open sites, add up, and fit."""
    count = len(place)
    each = np.arange(count)
    rows.add([(each, share, 1.0), (each, site, -1.0)], -np.inf, 0.0, count)
    if goal == "max_cover":
        rows.add([(place, share, 1.0)], -np.inf, 1.0, len(must))
    else:
        order = np.cumsum(must) - 1
        rows.add([(order[place], share, 1.0)], float(k), float(k), int(must.sum()))
    if limits.capacity is not None:
        m = len(model.fixed)
        # Divided by the largest place, so that no coefficient dwarfs the tolerance.
        unit = max(float(model.people.max()), 1e-300)
        own = np.arange(m)
        rows.add(
            [(site, share, model.people[place] / unit), (own, own, -limits.capacity / unit)],
            -np.inf, 0.0, m, "capacity",
        )


def _floor_rows(rows: _Rows, model: Model, limits: Checked, place: Ints, share: Ints, reached: Bools) -> None:
    """The least share of each group that must be reached."""
    assert limits.group is not None and limits.floors is not None
    size = len(limits.floors)
    group = limits.group[place]
    use = reached & (group >= 0)
    inside = limits.group >= 0
    total = np.bincount(limits.group[inside], model.people[inside], minlength=size)
    unit = np.maximum(total, 1e-300)
    value = (model.people[place] / unit[np.maximum(group, 0)])[use]
    # A floor of 0.6 must not fail for the last digit of a sum.
    floor = np.where(total > 0, limits.floors, 0.0) * (1 - 1e-12)
    rows.add([(group[use], share[use], value)], floor, np.inf, size, "floors")


def _pair_gain(model: Model, goal: Goal, place: Ints, cost: Floats) -> Floats:
    if goal == "max_cover":
        return np.asarray(model.people[place])
    return -model.people[place] * cost if goal == "p_median" else np.zeros(len(place))


def _scale(model: Model, goal: Goal, gain: Floats, place: Ints, cost: Floats) -> float:
    """About the size of the objective, over `_SIZE`."""
    if goal == "max_cover":
        size = float(model.people.sum())
    elif goal == "p_median":
        least = np.full(len(model.people), np.inf)
        np.minimum.at(least, place, cost)
        least[~np.isfinite(least)] = 0.0
        size = float(model.people @ least)
        if size <= 0:
            size = float(np.abs(gain).max(initial=1.0))
    else:
        size = float(np.abs(gain).max(initial=0.0))
    return size / _SIZE if size > 0 else 1.0
