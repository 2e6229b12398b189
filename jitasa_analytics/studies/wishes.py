"""What a planner wishes of a plan beside the most people: sites that must or must not open, money, room, a floor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from jitasa_analytics.analysis import placement
from jitasa_analytics.analysis.placement import Placement
from jitasa_analytics.analysis.travel import Travel
from jitasa_analytics.errors import InfeasibleError, InputError, JitasaError, OutOfTimeError
from jitasa_analytics.studies import progress
from jitasa_analytics.studies.answer import Note
from jitasa_analytics.studies.sites import TODAY, with_today

# Seconds after which the question what would help a wish that can't be fulfilled is given up.
_WHY = 10.0


@dataclass(frozen=True)
class Wishes:
    """Limits of a plan.

    Attributes
    ----------
    n_sites : int
        New sites, those that must open included.
    fixed, forbidden : tuple of str
        Candidates that must open, and that must not.
    budget : float or None
        Most that the new sites may cost together, baht; candidates without a price can't be chosen then.
    capacity : int or None
        Most persons that one new site serves.
    floor_percent : int
        Least share of each area's people who are to be in reach; 0 for no such wish.
    """

    n_sites: int
    fixed: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    budget: float | None = None
    capacity: int | None = None
    floor_percent: int = 0

    def check(self, candidates: pd.DataFrame) -> None:
        """Refuse what contradicts itself or names a candidate that is not there.

        Raises
        ------
        InputError
        """
        unknown = [c for c in (*self.fixed, *self.forbidden) if c not in candidates.index]
        if unknown:
            raise InputError(f"{', '.join(unknown)} is no candidate here; choose among the candidates of the area",
                             key="wish.unknown", sites=", ".join(unknown))
        both = sorted(set(self.fixed) & set(self.forbidden))
        if both:
            raise InputError(f"{', '.join(both)} must open and must not; drop one of the two", key="wish.both",
                             sites=_names(candidates, both))
        if len(self.fixed) > self.n_sites:
            raise InputError(f"{len(self.fixed)} sites must open, but only {self.n_sites} may; allow more sites, or "
                             "let fewer be a must", key="wish.many", fixed=len(self.fixed), sites=self.n_sites)
        prices = self.prices(candidates)
        if self.budget is None:
            return
        without = [c for c in self.fixed if pd.isna(prices[c])]
        if without or prices.isna().all():
            named = _names(candidates, without or list(candidates.index[:3]))
            raise InputError(f"{named} has no price, so that a budget says nothing; give the candidates a cost, or "
                             "drop the budget", key="wish.no_price", sites=named)
        if (cost := float(prices[list(self.fixed)].sum())) > self.budget:
            raise InputError(f"the sites that must open cost {cost:g} baht, more than the budget of {self.budget:g}",
                             key="wish.too_dear", cost=f"{cost:,.0f}", budget=f"{self.budget:,.0f}")

    def prices(self, candidates: pd.DataFrame) -> pd.Series:
        """What each candidate costs, baht; missing where nobody said."""
        return pd.to_numeric(candidates["cost"], errors="coerce").astype(float)

    @property
    def plain(self) -> bool:
        """Whether nothing is wished but which sites must or must not open."""
        return self.budget is None and self.capacity is None and not self.floor_percent

    def plan(self, demand: pd.DataFrame, left: pd.DataFrame, candidates: pd.DataFrame, travel: Travel,
             code: pd.Series, *, within: float, gap: float, time_limit: float) -> Placement:
        """The best plan that fulfils the wishes, for the places in ``left`` that nobody reaches today.

        Parameters
        ----------
        demand : DataFrame, columns ``people``, ``before``
            All places; those served today count towards the floors.
        code : Series
            The area of each of them, for the floors.

        Raises
        ------
        InputError, InfeasibleError
            In words of `texts`.
        """
        closed = list(self.forbidden)
        limits: dict[str, Any] = {}
        if self.budget is not None:
            prices = self.prices(candidates)
            closed += [c for c in prices.index[prices.isna()] if c not in closed]
            limits |= {"cost": prices.fillna(0.0), "budget": self.budget}
        if self.capacity is not None:
            limits |= {"capacity": pd.Series(float(self.capacity), index=candidates.index), "split": True}
        given: dict[str, Any] = {
            "within": within, "n_sites": min(self.n_sites, len(candidates) - len(closed)), "fixed": list(self.fixed),
            "forbidden": closed}
        if given["n_sites"] < 1:
            raise InfeasibleError("every candidate is one that must not open", key="wish.nothing_left")
        if self.floor_percent:
            people, wider, groups = with_today(demand, left, travel, code)
            given |= {"n_sites": given["n_sites"] + 1, "fixed": [*self.fixed, TODAY]}
            for name, value in (("cost", 0.0), ("capacity", float(people["people"].sum()) + 1.0)):
                if name in limits:
                    limits[name] = pd.concat([limits[name], pd.Series({TODAY: value})])
            limits |= {"groups": groups, "floors": self.floor_percent / 100}
        else:
            people, wider = left, travel
        base = 0.0 if self.floor_percent else float(demand.loc[demand["before"], "people"].sum())
        try:
            return placement.max_cover(people, wider.destinations, wider, gap=gap, time_limit=time_limit,
                                       progress=progress.of_search(base), **given, **limits)
        except InfeasibleError as error:
            raise self._instead(error, people, wider, given, limits) from error
        except OutOfTimeError as error:
            raise OutOfTimeError(str(error), key="wish.no_plan_yet") from error

    def _instead(self, error: InfeasibleError, people: pd.DataFrame, travel: Travel, given: dict[str, Any],
                 limits: dict[str, Any]) -> JitasaError:
        """The error with the least change that helps, where one is found."""
        if not self.floor_percent:
            return error
        why = placement.why_infeasible(people, travel.destinations, travel, time_limit=_WHY, **given, **limits)
        needed = why.changes["needed"]
        lower = needed.get("floors")  # the change, below 0
        ways = {
            "floor": None if lower is None else math.floor(100 * (self.floor_percent / 100 + float(lower)) + 1e-6),
            "sites": None if "n_sites" not in needed.index else int(needed["n_sites"]) - 1,
        }
        found = [name for name, value in ways.items() if value is not None and value >= 0]
        key = "wish.floor" + "".join(f"_{name}" for name in found)
        return InfeasibleError(f"{error}; {why.text}", key=key, floor_now=self.floor_percent, sites_now=self.n_sites,
                               **{name: ways[name] for name in found})

    def notes(self, candidates: pd.DataFrame) -> list[Note]:
        """What the wishes mean for the answer."""
        notes = []
        if self.fixed or self.forbidden:
            notes.append(Note("note.wish.sites", {"fixed": _names(candidates, self.fixed) or "–",
                                                    "forbidden": _names(candidates, self.forbidden) or "–"}))
        if self.budget is not None:
            prices = self.prices(candidates)
            notes.append(Note("note.wish.budget", {"budget": f"{self.budget:,.0f}",
                                                     "without": int(prices.isna().sum())}))
        if self.capacity is not None:
            notes.append(Note("note.wish.capacity", {"capacity": f"{self.capacity:,}"}))
        if self.floor_percent:
            notes.append(Note("note.wish.floor", {"floor": self.floor_percent}))
        return notes


def _names(candidates: pd.DataFrame, chosen: Sequence[str]) -> str:
    return ", ".join(str(candidates["name"].get(c, c)) for c in chosen)


def served(plan: Placement, left: pd.DataFrame) -> pd.Series:
    """Persons of each place in ``left`` whom the plan's new sites serve, on its index."""
    table = plan.assignments[plan.assignments["site"] != TODAY]
    people = table["people"] if "people" in table else left["people"].reindex(table["demand"]).set_axis(table.index)
    return people.astype(float).groupby(table["demand"]).sum().reindex(left.index).fillna(0.0)
