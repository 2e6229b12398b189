"""Brute force: the same answers by trying everything, slowly and in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

import numpy as np
import pyproj


def covered_people(people: Sequence[float], costs: np.ndarray, within: float, sites: Iterable[int]) -> float:
    """People with one of the sites (columns) within reach."""
    sites = list(sites)
    return float(sum(p for p, row in zip(people, costs, strict=True) if any(row[j] <= within for j in sites)))


def max_cover(
    people: Sequence[float],
    costs: np.ndarray,
    within: float,
    n_sites: int,
    fixed: Iterable[int] = (),
    forbidden: Iterable[int] = (),
) -> float:
    """The most people that any n_sites columns reach, the fixed among them and none forbidden."""
    fixed, forbidden = set(fixed), set(forbidden)
    free = [j for j in range(costs.shape[1]) if j not in fixed and j not in forbidden]
    return max(
        covered_people(people, costs, within, fixed | set(extra))
        for extra in combinations(free, n_sites - len(fixed))
    )


def two_step(
    people: Sequence[float], capacity: Sequence[float], costs: np.ndarray, weight: Callable[[float], float]
) -> list[float]:
    """Floating catchment areas with two loops; ``weight`` is 0 beyond its reach."""
    n, m = costs.shape
    load = [sum(weight(costs[i, j]) * people[i] for i in range(n)) for j in range(m)]
    return [
        sum(weight(costs[i, j]) * capacity[j] / load[j] for j in range(m) if load[j] > 0) for i in range(n)
    ]


def geodesic_table(origins: np.ndarray, destinations: np.ndarray) -> np.ndarray:
    """Kilometres between all (lon, lat), one pair at a time."""
    geod = pyproj.Geod(ellps="WGS84")
    return np.array([[geod.inv(*a, *b)[2] / 1000.0 for b in destinations] for a in origins])


def plans(
    m: int, n_sites: int | None, fixed: Iterable[int] = (), forbidden: Iterable[int] = (), *,
    price: Sequence[float] | None = None, budget: float | None = None, today: Iterable[int] = (),
    max_moves: int | None = None,
) -> list[tuple[int, ...]]:
    """Every set of columns that may be opened; with a budget n_sites is the most, else the number."""
    fixed, forbidden, today = set(fixed), set(forbidden), set(today)
    free = [j for j in range(m) if j not in fixed and j not in forbidden]
    found = []
    for size in range(len(free) + 1):
        for extra in combinations(free, size):
            plan = sorted(fixed | set(extra))
            if n_sites is not None and (len(plan) > n_sites or (budget is None and len(plan) < n_sites)):
                continue
            if budget is not None and price is not None and sum(price[j] for j in plan) > budget + 1e-9:
                continue
            if max_moves is not None and len(set(plan) - today) > max_moves:
                continue
            found.append(tuple(plan))
    return found


def ways(row: np.ndarray, plan: Iterable[int], within: float, k: int) -> list[float]:
    """The k least costs of a place to the sites of a plan; fewer where fewer are in reach."""
    return sorted(float(row[j]) for j in plan if row[j] <= within and np.isfinite(row[j]))[:k]


def floors_kept(
    people: Sequence[float], costs: np.ndarray, within: float, k: int, plan: Iterable[int],
    group: Sequence[int], floors: Sequence[float],
) -> bool:
    """Whether each group has its least share of people reached."""
    plan = list(plan)
    for g, floor in enumerate(floors):
        inside = [i for i in range(len(people)) if group[i] == g]
        reached = sum(people[i] for i in inside if len(ways(costs[i], plan, within, k)) == k)
        if reached < floor * sum(people[i] for i in inside) - 1e-9:
            return False
    return True


def place_by_place(
    problem: str, people: Sequence[float], costs: np.ndarray, within: float, k: int, plan: tuple[int, ...]
) -> float | None:
    """Value of a plan where everybody goes to the nearest; None where somebody can't be served."""
    radius = within if problem in ("max_cover", "set_cover") else float("inf")
    covered, total, longest = 0.0, 0.0, 0.0
    for i, row in enumerate(costs):
        near = ways(row, plan, radius, k)
        if len(near) == k:
            covered, total = covered + people[i], total + people[i] * sum(near)
            longest = max([longest, *near]) if people[i] > 0 else longest
    return {"max_cover": covered, "p_median": total, "p_center": longest, "set_cover": float(len(plan))}[problem]


def serves_all(
    problem: str, people: Sequence[float], costs: np.ndarray, within: float, k: int, plan: tuple[int, ...],
    forbidden: Iterable[int] = (),
) -> bool:
    """Whether everybody whom k allowed columns reach at all is served by k of the plan."""
    radius = within if problem == "set_cover" else float("inf")
    allowed = [j for j in range(costs.shape[1]) if j not in set(forbidden)]
    return all(
        len(ways(row, plan, radius, k)) == k
        for i, row in enumerate(costs)
        if people[i] > 0 and len(ways(row, allowed, radius, k)) == k
    )


def with_room(
    problem: str, people: Sequence[float], costs: np.ndarray, within: float, plan: tuple[int, ...],
    room: Sequence[float], must: Sequence[bool],
) -> float | None:
    """Best value of a plan with room for so many at each column, each place whole; None: impossible."""
    radius = within if problem in ("max_cover", "set_cover") else float("inf")
    better = max if problem == "max_cover" else min

    def fill(i: int, left: dict[int, float]) -> float | None:
        if i == len(people):
            return 0.0
        if people[i] == 0:
            return fill(i + 1, left)
        found = [] if must[i] and problem != "max_cover" else [fill(i + 1, left)]
        for j in plan:
            if costs[i, j] <= radius and np.isfinite(costs[i, j]) and people[i] <= left[j] + 1e-9:
                rest = fill(i + 1, left | {j: left[j] - people[i]})
                if rest is not None:
                    own = {"max_cover": people[i], "p_median": people[i] * costs[i, j]}.get(problem, 0.0)
                    found.append(max(rest, costs[i, j]) if problem == "p_center" else rest + own)
        found = [value for value in found if value is not None]
        return better(found) if found else None

    value = fill(0, {j: float(room[j]) for j in plan})
    return float(len(plan)) if value is not None and problem == "set_cover" else value


def with_room_split(
    problem: str, people: Sequence[float], costs: np.ndarray, within: float, plan: tuple[int, ...],
    room: Sequence[float], must: Sequence[bool],
) -> float | None:
    """The same where the people of a place may be shared out, as a linear program."""
    from scipy.optimize import linprog

    radius = within if problem in ("max_cover", "set_cover") else float("inf")
    if problem == "p_center":
        for cost in sorted({float(c) for c in costs.ravel() if np.isfinite(c)}):
            if with_room_split("set_cover", people, costs, cost, plan, room, must) is not None:
                return cost
        return None
    pairs = [
        (i, j) for i in range(len(people)) for j in plan
        if people[i] > 0 and costs[i, j] <= radius and np.isfinite(costs[i, j]) and (must[i] or problem == "max_cover")
    ]
    lost = any(must[i] and people[i] > 0 and i not in {a for a, _ in pairs} for i in range(len(people)))
    if lost and problem != "max_cover":
        return None
    if not pairs:
        return float(len(plan)) if problem == "set_cover" else 0.0
    gain = [people[i] * (1.0 if problem == "max_cover" else -costs[i, j]) for i, j in pairs]
    if problem == "set_cover":
        gain = [0.0] * len(pairs)
    used = [[people[i] if j == k else 0.0 for i, j in pairs] for k in plan]
    places = sorted({i for i, _ in pairs})
    given = [[1.0 if a == i else 0.0 for a, _ in pairs] for i in places]
    if problem == "max_cover":
        answer = linprog([-g for g in gain], used + given, [room[k] for k in plan] + [1.0] * len(places), bounds=(0, 1))
    else:
        answer = linprog([-g for g in gain], used, [room[k] for k in plan], given, [1.0] * len(places), bounds=(0, 1))
    if not answer.success:
        return None
    value = float(-answer.fun)
    return {"max_cover": value, "p_median": -value, "set_cover": float(len(plan))}[problem]


def match(costs: np.ndarray, capacity: Sequence[int], priority: Sequence[int]) -> tuple[int, float]:
    """Most priority helped, then least cost, over all ways to give each row a column or none.

    ``inf`` where a pair may not be.
    """
    best = (0, 0.0)

    def go(i: int, left: tuple[int, ...], helped: int, cost: float) -> None:
        nonlocal best
        if i == len(costs):
            if (-helped, cost) < (-best[0], best[1]):
                best = (helped, cost)
            return
        go(i + 1, left, helped, cost)
        for j, room in enumerate(left):
            if room and np.isfinite(costs[i, j]):
                rest = (*left[:j], room - 1, *left[j + 1:])
                go(i + 1, rest, helped + priority[i], cost + float(costs[i, j]))

    go(0, tuple(capacity), 0, 0.0)
    return best
