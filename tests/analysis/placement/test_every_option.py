"""All four problems with every limit against trying everything."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.analysis import placement, travel
from jitasa_analytics.errors import InfeasibleError
from tests import oracles

INF = float("inf")
PROBLEMS = ("set_cover", "max_cover", "p_median", "p_center")


class Case:
    """A random small problem with some limits, and its best value by trying everything."""

    def __init__(self, problem: str, seed: int, kinds: tuple[str, ...]) -> None:
        rng = np.random.default_rng(seed)
        self.problem, self.kinds = problem, kinds
        n, m = int(rng.integers(1, 7)), int(rng.integers(2, 7))
        holes = rng.choice([0.0, 0.3])
        self.costs = np.where(rng.random((n, m)) < holes, INF, rng.integers(0, 60, (n, m)).astype(float))
        self.people = rng.integers(0, 40, n).astype(float)
        self.within = 30.0
        p = int(rng.integers(1, m + 1))
        some = rng.permutation(m)
        self.fixed = sorted(some[: int(rng.integers(0, p + 1))].tolist()) if rng.random() < 0.4 else []
        self.forbidden = sorted(some[p : p + int(rng.integers(0, m - p + 1))].tolist()) if rng.random() < 0.4 else []
        self.n_sites = None if problem == "set_cover" else p
        self.k = 2 if "backup" in kinds else 1
        self.price = rng.integers(1, 10, m).astype(float)
        self.budget = float(rng.integers(2, 25)) if "budget" in kinds else None
        self.today = some[: int(rng.integers(0, m + 1))].tolist()
        self.max_moves = int(rng.integers(0, 3)) if "moves" in kinds else None
        self.group = rng.integers(-1, 2, n)
        self.floors = rng.choice([0.0, 0.3, 0.6, 0.9], 2) if "floors" in kinds else None
        self.room = rng.integers(10, 90, m).astype(float)
        if "budget" in kinds and rng.random() < 0.5:
            self.n_sites = None

    def options(self) -> dict[str, object]:
        labels = [f"c{j}" for j in range(len(self.room))]
        found: dict[str, object] = {
            "fixed": [f"c{j}" for j in self.fixed], "forbidden": [f"c{j}" for j in self.forbidden], "gap": 0.0,
        }
        if self.problem in ("set_cover", "max_cover") or self.floors is not None:
            found["within"] = self.within
        if self.problem != "set_cover":
            found["n_sites"] = self.n_sites
        if "budget" in self.kinds or "cost" in self.kinds:
            found["cost"] = pd.Series(self.price, labels)
        if self.budget is not None:
            found["budget"] = self.budget
        if self.max_moves is not None:
            found |= {"today": [f"c{j}" for j in self.today], "max_moves": self.max_moves}
        if self.floors is not None:
            groups = pd.Series(self.group, [f"d{i}" for i in range(len(self.people))]).astype(object)
            names = [g for g in (0, 1) if g in self.group]
            if not names:
                self.floors = None
            else:
                found |= {"groups": groups.where(groups >= 0), "floors": {g: float(self.floors[g]) for g in names}}
        if self.k == 2:
            found["backup"] = True
        if "capacity" in self.kinds or "split" in self.kinds:
            found |= {"capacity": pd.Series(self.room, labels), "split": "split" in self.kinds}
        return found

    def value(self, plan: tuple[int, ...]) -> float | None:
        """Worth of a set of columns; None where it isn't allowed."""
        allowed = [j for j in range(len(self.room)) if j not in self.forbidden]
        radius = self.within if self.problem in ("max_cover", "set_cover") else INF
        must = [len(oracles.ways(row, allowed, radius, self.k)) == self.k for row in self.costs]
        if "capacity" in self.kinds or "split" in self.kinds:
            worth = oracles.with_room_split if "split" in self.kinds else oracles.with_room
            value = worth(self.problem, self.people, self.costs, self.within, plan, self.room, must)
        else:
            if self.problem != "max_cover" and not oracles.serves_all(
                self.problem, self.people, self.costs, self.within, self.k, plan, self.forbidden
            ):
                return None
            if self.floors is not None and not oracles.floors_kept(
                self.people, self.costs, self.within, self.k, plan, self.group.tolist(), self.floors.tolist()
            ):
                return None
            value = oracles.place_by_place(self.problem, self.people, self.costs, self.within, self.k, plan)
        if value is not None and self.problem == "set_cover" and "cost" in self.kinds:
            return float(sum(self.price[list(plan)]))
        return value

    def best(self) -> float | None:
        plans = oracles.plans(
            len(self.room), self.n_sites, self.fixed, self.forbidden, price=self.price, budget=self.budget,
            today=self.today, max_moves=self.max_moves,
        )
        values = [value for plan in plans if (value := self.value(plan)) is not None]
        if not values:
            return None
        return max(values) if self.problem == "max_cover" else min(values)

    def solve(self, **more: object) -> placement.Placement:
        demand = pd.DataFrame({"people": self.people}, index=[f"d{i}" for i in range(len(self.people))])
        candidates = pd.Index([f"c{j}" for j in range(len(self.room))])
        t = travel.from_matrix(self.costs, origins=demand, destinations=candidates)
        return getattr(placement, self.problem)(demand, candidates, t, **(self.options() | more))


def check(case: Case, **more: object) -> str:
    """Solve and compare; the word says how it ended."""
    options = case.options()
    allowed = [j for j in range(len(case.room)) if j not in case.forbidden]
    radius = case.within if case.problem in ("max_cover", "set_cover") else INF
    reached = [len(oracles.ways(row, allowed, radius, case.k)) == case.k for row in case.costs]
    best = case.best()
    if not any(reached) or best is None:
        with pytest.raises(InfeasibleError):
            case.solve(**more)
        return "infeasible"
    result = case.solve(**more)
    sense = 1 if case.problem == "max_cover" else -1
    slack = 1e-7 * max(1.0, abs(best))
    assert sense * (result.bound - best) >= -slack, (options, result.bound, best)
    assert sense * (result.bound - result.objective) >= 0
    if result.status == "optimal":
        assert result.objective == pytest.approx(best, rel=2e-7, abs=1e-6)
    # The plan is what it says: sites allowed, and worth the objective.
    columns = tuple(sorted(int(label[1:]) for label in result.sites.index))
    assert set(case.fixed) <= set(columns) and not set(case.forbidden) & set(columns)
    assert case.value(columns) == pytest.approx(
        result.objective, rel=1e-6, abs=1e-6) or sense * (case.value(columns) - result.objective) > 0
    assert result.params["unreachable_people"] == pytest.approx(case.people[~np.array(reached)].sum())
    if "people" in result.assignments:
        load = result.assignments.groupby("site")["people"].sum()
        assert all(load[s] <= case.room[int(s[1:])] + 1e-6 for s in load.index)
        assert result.objective == pytest.approx({
            "max_cover": load.sum(), "set_cover": result.objective,
            "p_median": (result.assignments["people"] * result.assignments["cost"]).sum(),
            "p_center": result.assignments["cost"].max() if len(load) else 0.0,
        }[case.problem])
    return result.status


KINDS = [
    (), ("backup",), ("moves",), ("capacity",), ("split",), ("capacity", "moves"), ("backup", "moves"),
    ("budget",), ("budget", "split"), ("budget", "moves", "backup"), ("floors",), ("floors", "budget"),
    ("cost",), ("cost", "capacity"), ("cost", "backup"),
]


def sensible(problem: str, kinds: tuple[str, ...]) -> bool:
    if problem == "set_cover":
        return not {"budget", "floors"} & set(kinds)
    return "cost" not in kinds and not ("floors" in kinds and problem == "p_center")


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("kinds", KINDS, ids=lambda kinds: "+".join(kinds) or "plain")
def test_equals_brute_force(problem, kinds):
    if not sensible(problem, kinds):
        pytest.skip("refused in words; see test_limits")
    ends = [check(Case(problem, seed, kinds)) for seed in range(25)]
    assert ends.count("optimal") >= 5 and set(ends) <= {"optimal", "infeasible"}
