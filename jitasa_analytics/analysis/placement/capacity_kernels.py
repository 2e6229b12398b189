"""The inner loops of p-median with limited room: multipliers for the bound, moves of places for the plan.

Pairs are listed by candidate: ``site_start``, ``site_row`` (place), ``site_cost``. ``room`` is how
many persons a candidate serves. ``multiplier`` is what serving a person of a place is worth, in the
unit of the costs.
"""

from __future__ import annotations

import numpy as np

from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.jit import compiled


@compiled
def filled(
    site_start: Ints, site_row: Ints, site_cost: Floats, people: Floats, room: Floats, multiplier: Floats,
    take: Floats, worth: Floats, size: Floats,
) -> int:
    """Fill each candidate with those who gain most by it; 0 or less is what that costs, in ``worth``.

    ``take`` is the share of each pair's place that is taken, ``size`` the sum of the sizes of what
    was added up, for the error of that sum. The last place may be taken in part, so that ``worth``
    is a lower bound for whole places too.
    """
    m = len(site_start) - 1
    total = 0
    for j in range(m):
        a, b = site_start[j], site_start[j + 1]
        gain = np.empty(b - a)
        pick = np.empty(b - a, np.int64)
        count = 0
        for k in range(a, b):
            take[k] = 0.0
            value = site_cost[k] - multiplier[site_row[k]]
            if value < 0:
                gain[count] = value
                pick[count] = k
                count += 1
        load = 0.0
        for z in range(count):
            load += people[site_row[pick[z]]]
        value, absolute = 0.0, 0.0
        if load <= room[j]:
            for z in range(count):
                k = pick[z]
                take[k] = 1.0
                value += people[site_row[k]] * gain[z]
            absolute = -value
        else:
            order = np.argsort(gain[:count])
            left = room[j]
            for z in range(count):
                k = pick[order[z]]
                own = people[site_row[k]]
                share = 1.0 if own <= left else left / own
                take[k] = share
                value += own * share * gain[order[z]]
                left -= own * share
                if left <= 0:
                    break
            absolute = -value
        worth[j] = value
        size[j] = absolute
        total += count
    return total


@compiled
def served(site_start: Ints, site_row: Ints, take: Floats, top: Bools, n: int) -> Floats:
    """How much of each place the open candidates have taken."""
    count = np.zeros(n)
    for j in range(len(top)):
        if top[j]:
            for k in range(site_start[j], site_start[j + 1]):
                count[site_row[k]] += take[k]
    return count


@compiled
def assigned(
    cost: Floats, people: Floats, room: Floats, order: Ints, rounds: int, exchange: bool
) -> tuple[Ints, float]:
    """Each place whole to one of p open sites within their room, shape (n, p) of costs; inf: no pair.

    Places go in the given order to the nearest site with room left; then single moves, and exchanges
    of two where ``exchange``, as long as that shortens the ways. -1 where nothing fits; the
    total is inf then.
    """
    n, p = cost.shape
    site = np.full(n, -1, np.int64)
    left = room.copy()
    homeless = 0
    for z in range(n):
        i = order[z]
        best = -1
        for j in range(p):
            if people[i] <= left[j] and cost[i, j] < np.inf and (best < 0 or cost[i, j] < cost[i, best]):
                best = j
        if best < 0:
            homeless += 1
            continue
        site[i] = best
        left[best] -= people[i]
    # A place without room: make some by moving one other place on.
    if homeless > 0:
        for i in range(n):
            if site[i] >= 0:
                continue
            best_k, best_j, best_l, best_v = -1, -1, -1, np.inf
            for j in range(p):
                if cost[i, j] == np.inf:
                    continue
                for k in range(n):
                    if site[k] != j or left[j] + people[k] < people[i]:
                        continue
                    for q in range(p):
                        if q != j and people[k] <= left[q] and cost[k, q] < np.inf:
                            v = people[i] * cost[i, j] + people[k] * (cost[k, q] - cost[k, j])
                            if v < best_v:
                                best_k, best_j, best_l, best_v = k, j, q, v
            if best_k < 0:
                return site, np.inf
            left[best_j] += people[best_k] - people[i]
            left[best_l] -= people[best_k]
            site[best_k], site[i] = best_l, best_j
    for _ in range(rounds):
        better = False
        for i in range(n):
            a = site[i]
            for j in range(p):
                if j != a and people[i] <= left[j] and cost[i, j] < cost[i, a] - 1e-12:
                    left[a] += people[i]
                    left[j] -= people[i]
                    site[i] = a = j
                    better = True
        for i in range(n if exchange else 0):
            a = site[i]
            for k in range(n):
                b = site[k]
                if a == b or cost[i, b] == np.inf or cost[k, a] == np.inf:
                    continue
                if people[i] > left[b] + people[k] or people[k] > left[a] + people[i]:
                    continue
                change = people[i] * (cost[i, b] - cost[i, a]) + people[k] * (cost[k, a] - cost[k, b])
                if change < -1e-9 * (1.0 + people[i] * cost[i, a]):
                    left[a] += people[i] - people[k]
                    left[b] += people[k] - people[i]
                    site[i], site[k] = b, a
                    a = b
                    better = True
        if not better:
            break
    total = 0.0
    for i in range(n):
        total += people[i] * cost[i, site[i]]
    return site, total


@compiled
def exchanges(
    table: Floats, site_start: Ints, site_row: Ints, site_cost: Floats, people: Floats, far: float
) -> Floats:
    """Ways in all, were room unlimited, after each exchange of an open site for a candidate, shape (m, p).

    ``table`` has the costs to the open sites, shape (n, p); ``far`` counts for a place without a pair.
    """
    n, p = table.shape
    m = len(site_start) - 1
    near, second = np.full(n, far), np.full(n, far)
    first = np.full(n, -1, np.int64)
    loss = np.zeros(p)
    base = 0.0
    for i in range(n):
        for r in range(p):
            if table[i, r] < near[i]:
                second[i] = near[i]
                near[i] = table[i, r]
                first[i] = r
            elif table[i, r] < second[i]:
                second[i] = table[i, r]
        base += people[i] * near[i]
        if first[i] >= 0:
            loss[first[i]] += people[i] * (second[i] - near[i])
    value = np.empty((m, p))
    for j in range(m):
        for r in range(p):
            value[j, r] = base + loss[r]
        for k in range(site_start[j], site_start[j + 1]):
            i, cost = site_row[k], site_cost[k]
            if cost < near[i]:
                gain = people[i] * (near[i] - cost)
                for r in range(p):
                    value[j, r] -= gain
                if first[i] >= 0:
                    value[j, first[i]] -= people[i] * (second[i] - near[i])
            elif cost < second[i] and first[i] >= 0:
                value[j, first[i]] -= people[i] * (second[i] - cost)
    return value
