"""What blocks a wish, and the least change that frees it, against trying every plan."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.analysis import placement, travel
from jitasa_analytics.errors import InputError
from tests import oracles, town

INF = float("inf")


class Wish:
    """A random small wish: everybody within 30 with p sites."""

    def __init__(self, seed: int, kinds: tuple[str, ...]) -> None:
        rng = np.random.default_rng(seed)
        n, m = int(rng.integers(2, 8)), int(rng.integers(2, 7))
        self.costs = np.where(rng.random((n, m)) < 0.08, INF, rng.integers(0, 55, (n, m)).astype(float))
        self.people = rng.integers(0, 30, n).astype(float)
        self.p = int(rng.integers(1, m))
        self.forbidden = [0] if rng.random() < 0.3 else []
        self.fixed = [1] if rng.random() < 0.3 else []
        self.k = 2 if "backup" in kinds else 1
        self.price = rng.integers(1, 9, m).astype(float) if "budget" in kinds else None
        self.budget = float(rng.integers(2, 14)) if "budget" in kinds else None
        self.today = sorted(rng.permutation(m)[:2].tolist())
        self.moves = int(rng.integers(0, 2)) if "moves" in kinds else None
        self.room = rng.integers(5, 60, m).astype(float) if "capacity" in kinds else None

    def possible(self, *, within: float = 30.0, p: int | None = None, budget: float | None = None,
                 moves: int | None = None, only: set[int] | None = None) -> bool:
        m = self.costs.shape[1]
        lived = [i for i in range(len(self.people)) if self.people[i] > 0 and (only is None or i in only)]
        for plan in oracles.plans(
            m, p or self.p, self.fixed, self.forbidden, price=self.price,
            budget=budget if budget is not None else self.budget, today=self.today,
            max_moves=moves if moves is not None else self.moves,
        ):
            if any(len(oracles.ways(self.costs[i], plan, within, self.k)) < self.k for i in lived):
                continue
            if self.room is not None:
                must = [i in lived for i in range(len(self.people))]
                costs = np.where(self.costs <= within, self.costs, INF)
                people = np.where(must, self.people, 0)
                if oracles.with_room("p_center", people, costs, INF, plan, self.room, must) is None:
                    continue
            return True
        return False

    def ask(self) -> placement.Blockage:
        demand = pd.DataFrame({"people": self.people}, index=[f"d{i}" for i in range(len(self.people))])
        labels = pd.Index([f"c{j}" for j in range(self.costs.shape[1])])
        more: dict[str, object] = {}
        if self.k == 2:
            more["backup"] = True
        if self.budget is not None:
            more |= {"cost": pd.Series(self.price, labels), "budget": self.budget}
        if self.moves is not None:
            more |= {"today": labels[self.today], "max_moves": self.moves}
        if self.room is not None:
            more["capacity"] = pd.Series(self.room, labels)
        return placement.why_infeasible(
            demand, labels, travel.from_matrix(self.costs, origins=demand, destinations=labels), within=30,
            n_sites=self.p, fixed=labels[self.fixed], forbidden=labels[self.forbidden], **more)


def numbers(index: pd.Index) -> set[int]:
    return {int(label[1:]) for label in index}


@pytest.mark.parametrize("kinds", [(), ("backup",), ("budget",), ("moves",), ("capacity",), ("budget", "moves")],
                         ids=lambda kinds: "+".join(kinds) or "plain")
def test_blocking_places_and_changes_equal_brute_force(kinds):
    said = {"possible": 0, "far": 0, "together": 0}
    for seed in range(50):
        wish = Wish(seed, kinds)
        why = wish.ask()
        assert why.possible is wish.possible(), seed
        if why.possible:
            assert why.places.empty and why.changes.empty and "nothing blocks" in why.text
            said["possible"] += 1
            continue
        allowed = [j for j in range(wish.costs.shape[1]) if j not in wish.forbidden]
        near = [len(oracles.ways(row, allowed, 30.0, wish.k)) == wish.k for row in wish.costs]
        far = {i for i in range(len(near)) if not near[i] and wish.people[i] > 0}
        assert numbers(why.places.index[why.places["reason"] == "far"]) == far
        for label, cost in why.places["cost"].items():
            ways = oracles.ways(wish.costs[int(label[1:])], allowed, INF, wish.k)
            assert cost == (ways[-1] if len(ways) == wish.k else INF)
        together = numbers(why.places.index[why.places["reason"] == "together"])
        said["far"] += bool(far)
        said["together"] += bool(together)
        if together:
            assert not wish.possible(only=together)
            for out in together:  # none of them is named in vain
                assert wish.possible(only=together - {out}), (seed, together, out)
        # The least change of each option, if only that one changes.
        radii = sorted({float(c) for c in wish.costs.ravel() if np.isfinite(c)} | {30.0})
        enough = [r for r in radii if r > 30 and wish.possible(within=r)]
        assert why.changes["needed"].get("within") == (min(enough) if enough else None), seed
        numbers_ = [p for p in range(wish.p, len(allowed) + 1) if wish.possible(p=p)]
        assert why.changes["needed"].get("n_sites") == (min(numbers_) if numbers_ else None), seed
        if wish.budget is not None:
            prices = [float(b) for b in range(int(wish.budget), 80) if wish.possible(budget=float(b))]
            assert why.changes["needed"].get("budget") == (pytest.approx(min(prices)) if prices else None)
        if wish.moves is not None:
            moves = [q for q in range(8) if wish.possible(moves=q)]
            assert why.changes["needed"].get("max_moves") == (min(moves) if moves else None)
        if wish.room is not None and "capacity" in why.changes.index:
            more, room = why.changes.loc["capacity", "needed"], wish.room
            wish.room = room + more + 1e-6
            assert wish.possible()
            wish.room = room + more - 0.01
            assert not wish.possible()
    assert min(said.values()) >= 1


def test_floors_that_cannot_be_kept():
    # Within 60 U has B and D: 200 of north's 300 people, 400 of south's 700. S and U have all.
    district = town.demand()["district"]
    call = {"within": 60, "n_sites": 1, "groups": district}
    why = placement.why_infeasible(town.demand(), town.supply(), town.minutes(), **call, floors=0.6)
    assert why.possible is False and set(why.places["reason"]) == {"floors"}
    assert "floors can't be kept together" in why.text
    assert why.changes.loc["n_sites", "needed"] == 2
    lowered = 0.6 + why.changes.loc["floors", "needed"]
    assert lowered == pytest.approx(400 / 700)
    args = (town.demand(), town.supply(), town.minutes())
    assert placement.why_infeasible(*args, **call, floors=lowered - 1e-6).possible
    assert not placement.why_infeasible(*args, **call, floors=lowered + 1e-4).possible


def test_no_set_of_places_smaller_by_one_blocks_at_larger_size():
    rng = np.random.default_rng(5)
    a, b = rng.uniform(0, 100, (150, 2)), rng.uniform(0, 100, (60, 2))
    costs = np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1))
    demand = pd.DataFrame({"people": rng.integers(1, 99, 150)})
    t = travel.from_matrix(costs)
    best = placement.p_center(demand, range(60), t, n_sites=6)
    why = placement.why_infeasible(demand, range(60), t, within=best.objective * 0.8, n_sites=6)
    assert why.possible is False
    assert why.changes.loc["within", "needed"] == best.objective
    few = placement.set_cover(demand, range(60), t, within=best.objective * 0.8)
    far = why.places.index[why.places["reason"] == "far"]
    if len(far) == 0:
        assert why.changes.loc["n_sites", "needed"] == few.objective
    chosen = why.places.index[why.places["reason"] == "together"].tolist()
    for out in chosen:
        rest = [i for i in chosen if i != out]
        assert any(all(costs[i, list(plan)].min() <= best.objective * 0.8 for i in rest)
                   for plan in _covers(costs[rest] <= best.objective * 0.8, 6))


def _covers(reach: np.ndarray, most: int):
    """Plans of at most so many columns, tried where few patterns differ."""
    patterns = np.unique(reach, axis=1, return_index=True)[1]
    useful = [j for j in patterns if reach[:, j].any()]
    yield from combinations(useful, min(most, len(useful))) if len(useful) <= 14 else _greedy(reach, most)


def _greedy(reach: np.ndarray, most: int):
    frame = pd.DataFrame({"people": 1}, index=range(len(reach)))
    plan = placement.set_cover(frame, range(reach.shape[1]), travel.from_matrix(np.where(reach, 1.0, INF)), within=1)
    assert len(plan.sites) <= most
    yield tuple(plan.sites.index)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"n_sites": 0}, "n_sites is 0"), ({"n_sites": 1.5}, "n_sites is 1.5"), ({"within": -1}, "within is -1"),
     ({"floors": 0.5}, "floors was given without groups"), ({"fixed": ["X"]}, "fixed names what is no candidate")],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        placement.why_infeasible(town.demand(), town.supply(), town.minutes(), **({"within": 30} | options))
