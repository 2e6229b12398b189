"""Why not everybody can be served: which places stand in the way, and the least change that frees them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, Unpack

import numpy as np
import pandas as pd

from jitasa_analytics.analysis.inputs import number, some
from jitasa_analytics.analysis.placement import exact
from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.covering import rows_of
from jitasa_analytics.analysis.placement.covering_solver import MANY, within_number
from jitasa_analytics.analysis.placement.diagnose import least_change
from jitasa_analytics.analysis.placement.formulate import Formulation, Goal, formulate
from jitasa_analytics.analysis.placement.limits import Checked, Limits, check
from jitasa_analytics.analysis.placement.model import Model, build
from jitasa_analytics.analysis.travel import Travel
from jitasa_analytics.errors import InputError

_CHANGES = ("within", "n_sites", "capacity", "budget", "max_moves", "floors")


@dataclass(frozen=True, eq=False)
class Blockage:
    """Whether a wish can be fulfilled, what blocks it, and what would free it.

    Attributes
    ----------
    possible : bool or None
        None where neither a plan nor a proof was found in time.
    places : DataFrame, on labels of the demand
        The places that block: those that too few allowed candidates reach (``reason`` "far"), and
        the smallest set found of other places that can't be served together ("together"; in the
        groups whose floors can't be kept together, "floors"). None where the limits contradict each
        other whoever is served. ``people``, ``nearest`` (candidate)
        and ``cost`` of reaching one at all; inf where nobody comes at any cost.
    changes : DataFrame, on the name of the option
        ``now``, ``needed``: the least value that makes the wish possible if only this one changes.
        An option that doesn't help alone is absent. ``capacity`` is counted as room at every site
        more than now; ``floors`` as the share that every floor goes down.
    unit : str
        Unit of ``within`` and ``cost``.
    text : str
        The same in one or two sentences.
    """

    possible: bool | None
    places: pd.DataFrame
    changes: pd.DataFrame
    unit: str
    text: str


def why_infeasible(
    demand: pd.DataFrame,
    candidates: Any,
    travel: Travel,
    *,
    within: float | None = None,
    n_sites: int | None = None,
    fixed: Iterable[object] = (),
    forbidden: Iterable[object] = (),
    time_limit: float = 60.0,
    seed: int = 0,
    **limits: Unpack[Limits],
) -> Blockage:
    """Say why not everybody can have a site within reach, and what would do.

    With ``floors`` the wish is that they are kept; else that every place where somebody lives is
    served. Each change is the least one if nothing else changes.

    Parameters
    ----------
    demand : DataFrame, shape (n,), column ``people`` (persons)
    candidates : DataFrame, Index or sequence of labels, shape (m,)
    travel : Travel, shape (n, m)
    within : float, optional
        Reach, in ``travel.unit``; every known pair where left out.
    n_sites : int, optional
        Number of sites, fixed ones included.
    fixed, forbidden : labels, optional
    time_limit : float
        Seconds in all; what isn't decided then is left out.
    seed : int
    **limits
        See `Limits`.

    Returns
    -------
    Blockage

    Raises
    ------
    InputError

    Examples
    --------
    >>> from jitasa_analytics.analysis.travel import from_matrix
    >>> demand = pd.DataFrame({"people": [10, 20, 30]}, index=["a", "b", "c"])
    >>> t = from_matrix([[5, 40], [40, 10], [70, 35]], origins=demand, destinations=["s", "t"])
    >>> why = why_infeasible(demand, ["s", "t"], t, within=30, n_sites=1)
    >>> why.possible, why.places["reason"].to_dict(), why.changes["needed"].to_dict()
    (False, {'a': 'together', 'b': 'together', 'c': 'far'}, {'within': 40.0})
    """
    reach = np.inf if within is None else number(within, "within", infinite=True)
    model = build(demand, candidates, travel, n_sites=None, fixed=fixed, forbidden=forbidden)
    if np.isfinite(reach):
        model.travel.check_limit(reach)
    if n_sites is not None:
        if isinstance(n_sites, bool) or not isinstance(n_sites, int | np.integer) or n_sites < 1:
            raise InputError(f"n_sites is {n_sites!r}; it must be a whole number of at least 1")
        model = replace(model, n_sites=int(n_sites))
    # The checks of max_cover fit every wish but need a number of sites.
    checked = check(replace(model, n_sites=model.n_sites or 1), "max_cover" if "floors" in limits else "p_center",
                    limits, within=within is not None) if limits else Checked()
    return _Inquiry(model, checked, reach, time_limit, seed, demand.index).answer()


class _Inquiry:
    """One question while it is being looked into."""

    def __init__(self, model: Model, limits: Checked, within: float, time_limit: float, seed: int, order: pd.Index
                 ) -> None:
        self.model, self.limits, self.within, self.seed, self.order = model, limits, within, seed, order
        self.end = time.perf_counter() + time_limit
        self.k = 2 if limits.backup else 1
        self.lived = model.people > 0
        self.goal: Goal = "max_cover" if limits.floors is not None else "serve"
        self.nearest, self.site = self._ways()

    def left(self) -> float:
        """Seconds that are left."""
        return max(self.end - time.perf_counter(), 0.0)

    def _ways(self) -> tuple[Floats, Ints]:
        """Cost at which enough allowed candidates come to each place, and the first of them (-1: none)."""
        place, site, cost = self.model.pairs()
        order = np.lexsort((site, cost, place))
        place, site, cost = place[order], site[order], cost[order]
        n = len(self.model.people)
        start = np.searchsorted(place, np.arange(n + 1))
        way, first = np.full(n, np.inf), np.full(n, -1, np.int64)
        some_ = start[1:] > start[:-1]
        first[some_] = site[start[:-1][some_]]
        enough = start[1:] - start[:-1] >= self.k
        way[enough] = cost[start[:-1][enough] + self.k - 1]
        return way, first

    def form(self, radius: float, must: Bools, limits: Checked | None = None) -> Formulation:
        """The wish for some places as a program."""
        return formulate(self.model, limits or self.limits, self.goal, radius, must)

    def decide(self, radius: float, must: Bools, limits: Checked | None = None) -> bool | None:
        """Whether there is a plan; None where time was too short."""
        if self.goal == "serve" and (self.nearest[must] > radius).any():
            return False
        if self.limits.none:
            return self._covered(radius, must)
        form = self.form(radius, must, limits)
        program = replace(form.program, gain=np.zeros_like(form.program.gain))
        outcome = exact.maximise(program, gap=0.0, absolute_gap=1e-6, tolerance=1e-9, time_limit=self.left(),
                                 seed=self.seed, heed=lambda *_: self.left() <= 0)
        if outcome.infeasible:
            return False
        return None if outcome.values is None else True

    def _covered(self, radius: float, must: Bools) -> bool | None:
        """Whether so many sites cover the places; for any size, where nothing else is limited."""
        model = self.model
        place, site, _ = model.pairs(radius)
        wanted = must.copy()
        wanted[place[model.fixed[site]]] = False
        most = int((~model.forbidden).sum()) if model.n_sites is None else model.n_sites
        if most < model.fixed.sum() or most > (~model.forbidden).sum():
            return False
        rows = rows_of(place, site, len(wanted), len(model.fixed)).keep(wanted)
        sites, none = within_number(
            rows, most - int(model.fixed.sum()), left=self.left, work=0.02 + 2e-6 * len(place), seed=self.seed,
            nodes=MANY)
        return True if sites is not None else False if none else None

    def answer(self) -> Blockage:
        """Everything there is to say."""
        far = self.lived & (self.nearest > self.within)
        near = self.lived & ~far
        possible = self.decide(self.within, near)
        reasons = np.full(len(self.lived), "", object)
        if self.goal == "serve":
            reasons[far] = "far"
            if possible is False and self.decide(self.within, np.zeros_like(near)) is not False:
                reasons[self._together(near)] = "together"
            if far.any():
                possible = False
        elif possible is False:
            reasons[self._floors() & self.lived] = "floors"
        changes = self._changes() if possible is False else {}
        return self._blockage(possible, reasons, changes)

    def _together(self, must: Bools) -> Ints:
        """Places that can't be served together, although all but any one of them can (as far as time allows)."""
        kept = np.zeros(len(must), bool)
        # The places that fewest candidates reach are the likeliest to block; they are taken until it does.
        place, _, _ = self.model.pairs(self.within)
        count = np.bincount(place, minlength=len(must))
        order = np.flatnonzero(must)[np.argsort(count[must], kind="stable")]
        low, high = 1, len(order)
        while low < high and self.left() > 0:
            middle = (low + high) // 2
            kept[:] = False
            kept[order[:middle]] = True
            if self.decide(self.within, kept) is False:
                high = middle
            else:
                low = middle + 1
        kept[:] = False
        kept[order[:high]] = True
        # The last of them is needed; any other one may go if the rest still blocks.
        for i in order[: high - 1]:
            if self.left() <= 0:
                break
            kept[i] = False
            if self.decide(self.within, kept) is not False:
                kept[i] = True
        return np.flatnonzero(kept)

    def _floors(self) -> Bools:
        """Places of groups whose floors can't be kept together."""
        assert self.limits.floors is not None and self.limits.group is not None
        floors = self.limits.floors.copy()
        for g in np.flatnonzero(floors > 0):
            tried = floors.copy()
            tried[g] = 0.0
            if self.left() > 0 and self.decide(self.within, self.lived, replace(self.limits, floors=tried)) is False:
                floors = tried
        return np.isin(self.limits.group, np.flatnonzero(floors > 0))

    def _changes(self) -> dict[str, tuple[float, float]]:
        """The least change of each option that makes the wish possible by itself: now and needed."""
        found: dict[str, tuple[float, float]] = {}
        model, limits = self.model, self.limits
        radius = self._radius()
        if radius is not None:
            found["within"] = (self.within, radius)
        if self.goal == "serve" and (self.nearest[self.lived] > self.within).any():
            return found  # whatever else changes, nobody comes there
        if limits.none and model.n_sites is not None:
            number = self._number()
            return found if number is None else found | {"n_sites": (float(model.n_sites), float(number))}
        form = self.form(self.within, self.lived)
        for tag in form.tags:
            amount = least_change(form, tag, limits, model, seed=self.seed, seconds=self.left())
            if amount is None:
                continue
            if tag == "n_sites":
                found[tag] = (float(model.n_sites or 0), float((model.n_sites or 0) + round(amount)))
            elif tag == "max_moves":
                found[tag] = (float(limits.max_moves or 0), float((limits.max_moves or 0) + round(amount)))
            elif tag == "budget":
                found[tag] = (float(limits.budget or 0.0), float(limits.budget or 0.0) + amount)
            else:
                found[tag] = (0.0, amount if tag == "capacity" else -amount)
        return found

    def _number(self) -> int | None:
        """The least number of sites that serves everybody; None where time ended first."""
        given = self.model
        assert given.n_sites is not None
        low = max(given.n_sites + 1, int(given.fixed.sum()))
        high = int((~given.forbidden).sum())
        try:
            while low < high:
                middle = (low + high) // 2
                self.model = replace(given, n_sites=middle)
                verdict = self._covered(self.within, self.lived)
                if verdict is None:
                    return None
                low, high = (low, middle) if verdict else (middle + 1, high)
            self.model = replace(given, n_sites=low)
            return low if self._covered(self.within, self.lived) else None
        finally:
            self.model = given

    def _radius(self) -> float | None:
        """The smallest reach that fulfils the wish with all else unchanged; None where none does, or time ended."""
        must = self.lived & np.isfinite(self.nearest)
        if not np.isfinite(self.within) or (self.goal == "serve" and (must != self.lived).any()):
            return None
        _, _, cost = self.model.pairs()
        costs = np.unique(cost[cost > self.within])
        if self.goal == "serve":
            costs = costs[costs >= self.nearest[must].max(initial=0.0)]
        if len(costs) == 0 or self.decide(float(costs[-1]), must) is not True:
            return None
        low, high = 0, len(costs) - 1
        while low < high:
            middle = (low + high) // 2
            verdict = self.decide(float(costs[middle]), must)
            if verdict is None:
                return None
            low, high = (low, middle) if verdict else (middle + 1, high)
        return float(costs[high])

    def _blockage(self, possible: bool | None, reasons: Any, changes: dict[str, tuple[float, float]]) -> Blockage:
        model = self.model
        at = np.flatnonzero(reasons != "")
        names = model.travel.destinations.to_numpy(object)
        places = pd.DataFrame(
            {"people": model.people[at], "reason": reasons[at].astype(str),
             "nearest": [names[j] if j >= 0 else None for j in self.site[at]], "cost": self.nearest[at]},
            index=model.travel.origins[at])
        places = places.reindex(self.order[self.order.isin(places.index)])
        rows = [(name, *changes[name]) for name in _CHANGES if name in changes]
        table = pd.DataFrame(rows, columns=["option", "now", "needed"]).set_index("option")
        return Blockage(possible, places, table, model.travel.unit,
                        _words(possible, places, table, self.within, model.travel.unit))


def _words(possible: bool | None, places: pd.DataFrame, changes: pd.DataFrame, within: float, unit: str) -> str:
    """The answer in sentences."""
    if possible:
        return "nothing blocks: a plan exists"
    if possible is None:
        return "neither a plan nor a proof that there is none was found in time; give more time_limit"
    parts = []
    kinds: list[tuple[Literal["far", "together", "floors"], str]] = [
        ("far", f"too few candidates come within {within:g} {unit} of"),
        ("together", "no allowed plan serves all of"),
        ("floors", "the floors can't be kept together for the groups of")]
    for reason, words in kinds:
        own = places.index[places["reason"] == reason]
        if len(own):
            parts.append(f"{words} {some(own)}")
    ways = {"within": "within={needed:.6g} " + unit, "n_sites": "n_sites={needed:g}",
            "capacity": "room for {needed:.6g} more persons at every site", "budget": "budget={needed:.6g}",
            "max_moves": "max_moves={needed:g}", "floors": "every floor changed by {needed:+.6g}"}
    free = [ways[str(name)].format(needed=row.needed) for name, row in zip(
        changes.index, changes.itertuples(), strict=True)]
    if not parts:
        parts.append("the limits contradict each other, whoever is served")
    tail = f". Any one of these would do: {'; '.join(free)}" if free else \
        "; no single change makes it possible: widen the travel, or change two things"
    return "; ".join(parts) + tail
