"""The inner loops of p-median: swaps for the plan, multipliers for the bound.

Rows are places; each row lists its candidates by ascending cost (``row_start``, ``row_site``,
``row_cost``). The same pairs by candidate are ``site_start``, ``site_row``, ``site_cost``.
"""

from __future__ import annotations

import numpy as np

from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.jit import compiled, part
from jitasa_analytics.analysis.placement.search_parts import cheapest_out, deflect, open_least

FREE, OPEN, SHUT = 0, 1, 2


@compiled
def sort_rows(
    start: Ints, site: Ints, cost: Floats, first: int, last: int,
    new: Ints, sites: Ints, costs: Floats, cut: Floats,
) -> int:
    """Rows from ``first`` to before ``last`` by cost, each cut to its length in ``new``; fills the last three.

    ``cut`` is the cost of the first pair that a row leaves out, and stays as it is where none is.
    """
    for i in range(first, last):
        own = cost[start[i] : start[i + 1]]
        order = np.argsort(own, kind="mergesort")
        size = new[i + 1] - new[i]
        for q in range(size):
            sites[new[i] + q] = site[start[i] + order[q]]
            costs[new[i] + q] = own[order[q]]
        if size < len(own):
            cut[i] = own[order[size]]
    return last - first


@compiled
def by_site(start: Ints, site: Ints, cost: Floats, m: int) -> tuple[Ints, Ints, Floats]:
    """The same pairs, by candidate."""
    new = np.zeros(m + 1, np.int64)
    for k in range(len(site)):
        new[site[k] + 1] += 1
    new = np.cumsum(new)
    at = new[:-1].copy()
    rows: Ints = np.empty(len(site), np.int32)  # half the memory; kernels take both
    costs = np.empty(len(site), np.float64)
    for i in range(len(start) - 1):
        for k in range(start[i], start[i + 1]):
            j = site[k]
            rows[at[j]] = i
            costs[at[j]] = cost[k]
            at[j] += 1
    return new, rows, costs


@compiled
def first_sites(
    row_start: Ints, row_site: Ints, site_start: Ints, site_row: Ints, site_cost: Floats,
    people: Floats, far: Floats, state: Ints, wanted: int, seed: int,
) -> Ints:
    """Open sites, then sites next to places drawn with a chance by people × cost so far."""
    np.random.seed(seed)
    n, m = len(people), len(site_start) - 1
    chosen = np.empty(wanted, np.int64)
    used = np.zeros(m, np.bool_)
    cost = far.copy()
    count = 0
    for j in range(m):
        if state[j] == 1:
            chosen[count] = j
            count += 1
            used[j] = True
            for k in range(site_start[j], site_start[j + 1]):
                cost[site_row[k]] = min(cost[site_row[k]], site_cost[k])
    spare = 0
    while count < wanted:
        total = 0.0
        for i in range(n):
            total += people[i] * cost[i]
        draw = np.random.random() * total
        place = 0
        for i in range(n):
            draw -= people[i] * cost[i]
            place = i
            if draw <= 0:
                break
        best = -1
        for k in range(row_start[place], row_start[place + 1]):
            if not used[row_site[k]] and state[row_site[k]] == 0:
                best = row_site[k]
                break
        if best < 0:
            while used[spare] or state[spare] != 0:
                spare += 1
            best = spare
        used[best] = True
        chosen[count] = best
        count += 1
        for k in range(site_start[best], site_start[best + 1]):
            cost[site_row[k]] = min(cost[site_row[k]], site_cost[k])
    return chosen


@part
def two_nearest(
    rows: Ints, row_start: Ints, row_site: Ints, row_cost: Floats, people: Floats, far: Floats, position: Ints,
    first: Ints, second: Ints, near: Floats, next_near: Floats, loss: Floats,
) -> None:
    """Anew for some rows: the nearest and second nearest open site, their costs, and what closing the nearest costs."""
    for i in rows:
        if first[i] >= 0:
            loss[first[i]] -= people[i] * (next_near[i] - near[i])
        first[i], second[i], near[i], next_near[i] = -1, -1, far[i], far[i]
        for k in range(row_start[i], row_start[i + 1]):
            r = position[row_site[k]]
            if r >= 0:
                if first[i] < 0:
                    first[i], near[i] = r, min(row_cost[k], far[i])
                else:
                    second[i], next_near[i] = r, min(row_cost[k], far[i])
                    break
        if first[i] >= 0:
            loss[first[i]] += people[i] * (next_near[i] - near[i])


@compiled
def swap(
    row_start: Ints, row_site: Ints, row_cost: Floats, site_start: Ints, site_row: Ints, site_cost: Floats,
    people: Floats, far: Floats, state: Ints, tried: Ints, chosen: Ints, most: int,
) -> int:
    """Exchange sites as long as that shortens the ways, each as soon as it is found; changes ``chosen``.

    ``far`` is the cost counted for a place that no listed site serves, ``tried`` the candidates to
    put in, in the order in which they are tried.
    """
    n, m, p = len(people), len(site_start) - 1, len(chosen)
    position = np.full(m, -1, np.int64)
    loss = np.zeros(p)
    for r in range(p):
        position[chosen[r]] = r
        if state[chosen[r]] == 1:
            loss[r] = np.inf  # it stays, whatever it costs
    first = np.full(n, -1, np.int64)
    second = np.full(n, -1, np.int64)
    near, next_near = far.copy(), far.copy()
    dirty = np.empty(2 * n, np.int64)
    for i in range(n):
        dirty[i] = i
    n_dirty = n
    change = np.empty(p)
    touched = np.empty(p, np.int64)
    is_touched = np.zeros(p, np.bool_)
    cheapest = 0
    swaps, since, at, n_tried = 0, 0, -1, len(tried)
    while True:
        two_nearest(
            dirty[:n_dirty], row_start, row_site, row_cost, people, far, position, first, second, near, next_near, loss)
        if n_dirty > 0:
            change[:] = loss
            cheapest = int(np.argmin(loss))
        n_dirty = 0
        if since >= n_tried or swaps >= most:
            break
        at = at + 1 if at + 1 < n_tried else 0
        j = tried[at]
        since += 1
        if position[j] >= 0 or state[j] != 0:
            continue
        gain, n_touched = 0.0, 0
        for k in range(site_start[j], site_start[j + 1]):
            i, cost = site_row[k], site_cost[k]
            if cost < next_near[i]:
                if cost < near[i]:
                    gain += people[i] * (near[i] - cost)
                    cost = near[i]
                f = first[i]
                if f >= 0:
                    change[f] -= people[i] * (next_near[i] - cost)
                    if not is_touched[f]:
                        is_touched[f] = True
                        touched[n_touched] = f
                        n_touched += 1
        r, least = cheapest_out(loss, change, cheapest, touched, n_touched, is_touched)
        if least - gain < -1e-9 * (1.0 + gain):
            old = chosen[r]
            position[old], position[j], chosen[r] = -1, r, j
            swaps += 1
            since = 0
            for k in range(site_start[old], site_start[old + 1]):
                i = site_row[k]
                if first[i] == r or second[i] == r:
                    dirty[n_dirty] = i
                    n_dirty += 1
            for k in range(site_start[j], site_start[j + 1]):
                i = site_row[k]
                if site_cost[k] < next_near[i] and first[i] != r and second[i] != r:
                    dirty[n_dirty] = i
                    n_dirty += 1
    return swaps


@compiled
def ascend(
    row_start: Ints, row_site: Ints, row_cost: Floats, site_start: Ints, site_row: Ints, site_cost: Floats,
    people: Floats, cap: Floats, state: Ints, n_open: int, target: float, enough: float,
    multiplier: Floats, theta: float, momentum: float, patience: int, rounds: int,
    best: Floats, reduced: Floats, usage: Floats,
) -> tuple[float, float, int]:
    """Dual ascent by deflected subgradients.

    For any 0 ≤ λ ≤ cap the total is at least ``Σ λ + Σ of the n_open least ρ``, with
    ``ρ_j = Σ_i min(0, people_i × cost_ij - λ_i)``; a row's entries cut off cost at least
    cap / people, so that they add nothing.

    Returns the best bound (rounded down for what float64 may have lost), the step size left, and
    the rounds. Writes the best multipliers, their ρ, and how often each site was among the least.
    """
    n, m = len(people), len(site_start) - 1
    rho, slope, direction = np.empty(m), np.empty(n), np.zeros(n)
    top = np.zeros(m, np.bool_)
    n_fixed, n_free, longest = 0, 0, 0
    for j in range(m):
        n_fixed += state[j] == 1
        n_free += state[j] == 0
        longest = max(longest, site_start[j + 1] - site_start[j])
    wanted = n_open - n_fixed
    free = np.empty(n_free)
    bound, stale, done = -np.inf, 0, 0
    for _ in range(rounds):
        done += 1
        rho[:] = 0.0
        for i in range(n):
            for k in range(row_start[i], row_start[i + 1]):
                value = people[i] * row_cost[k] - multiplier[i]
                if value >= 0:
                    break
                rho[row_site[k]] += value
        open_least(rho, state, wanted, free, top)
        value, size = 0.0, 0.0
        for i in range(n):
            value += multiplier[i]
        size = value
        for j in range(m):
            if top[j]:
                value += rho[j]
                size -= rho[j]
            usage[j] = 0.95 * usage[j] + (0.05 if top[j] else 0.0)
        # Every sum of k terms is wrong by at most k roundings of the sum of their sizes, and each
        # multiplier enters at most n_open of the least ρ with a rounding of its own.
        value -= 4.5e-16 * (n + longest + 2 * n_open + 8) * size
        if value > bound + 1e-7 * abs(bound) or bound == -np.inf:
            stale = 0
        else:
            stale += 1
        if value > bound:
            bound = value
            best[:] = multiplier
            reduced[:] = rho
        if bound >= enough or theta < 1e-4:
            break
        if stale >= patience:
            theta *= 0.6
            stale = 0
            multiplier[:] = best
            direction[:] = 0.0
            continue
        slope[:] = 1.0
        for j in range(m):
            if top[j]:
                for k in range(site_start[j], site_start[j + 1]):
                    if people[site_row[k]] * site_cost[k] < multiplier[site_row[k]]:
                        slope[site_row[k]] -= 1.0
        length = deflect(direction, slope, momentum, people)
        if length <= 0:
            break
        step = theta * max(target - value, 1e-9 * abs(target)) / length
        for i in range(n):
            multiplier[i] = min(max(multiplier[i] + step * people[i] * direction[i], 0.0), cap[i])
    return bound, theta, done


@compiled
def second_costs(
    row_start: Ints, row_site: Ints, row_cost: Floats, far: Floats, is_open: Bools
) -> tuple[Floats, Floats]:
    """Cost to the nearest and to the second nearest open site of each row."""
    n = len(far)
    near, next_near = far.copy(), far.copy()
    for i in range(n):
        found = 0
        for k in range(row_start[i], row_start[i + 1]):
            if is_open[row_site[k]]:
                found += 1
                if found == 1:
                    near[i] = row_cost[k]
                else:
                    next_near[i] = row_cost[k]
                    break
    return near, next_near
