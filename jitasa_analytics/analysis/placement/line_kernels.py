"""The inner loops of placement along straight lines whose lengths are worked out when they are needed.

Places are points in the order of a tree (see `line_parts`); a node is skipped where no place in it can matter.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.jit import compiled, part
from jitasa_analytics.analysis.placement.line_parts import gained, leaves_near, most_of_nodes, saved
from jitasa_analytics.analysis.placement.search_parts import cheapest_out, deflect, open_least


@compiled
def line_ascent(
    x: Any, y: Any, z: Any, people: Any, low: Any, high: Any, begin: Ints, end: Ints,
    sx: Any, sy: Any, sz: Any, fixed: Bools, n_open: int, target: float, enough: float,
    mu: Floats, direction: Floats, theta: float, momentum: float, patience: int, rounds: int, best: Floats,
    usage: Floats,
) -> tuple[float, float, int]:
    """Dual ascent by deflected subgradients for some of the candidates, in float32.

    A step aims at the best value so far and ``theta`` of the way from there to ``target``; where that is not
    reached in time, ``theta`` is halved and the best multipliers come back. ``direction``, that of the last step, is
    carried on in any case.

    ``mu`` is the multiplier of each place for one of its people, in km. The value is no bound: the
    candidates left out may lower it, and so may rounding; `line_sums` proves what it is worth.
    Returns the best value, the step size left and the rounds; writes the best multipliers and how
    often each candidate was among the open ones.
    """
    n, m = len(x), len(sx)
    mu32 = np.empty(n, np.float32)
    far = np.empty(len(begin), np.float32)
    rho, slope = np.empty(m), np.empty(n)
    top = np.zeros(m, np.bool_)
    parts = np.zeros(128, np.float32)
    stack, leaves = np.empty(128, np.int64), np.empty(len(begin), np.int64)
    n_fixed = 0
    for j in range(m):
        n_fixed += fixed[j]
    wanted = n_open - n_fixed
    free = np.empty(m - n_fixed)
    bound, stale, done = -np.inf, 0, 0
    for _ in range(rounds):
        done += 1
        for i in range(n):
            mu32[i] = mu[i]
        most_of_nodes(mu32, begin, end, far)
        for j in range(m):
            count = leaves_near(low, high, far, sx[j], sy[j], sz[j], stack, leaves)
            rho[j] = saved(
                x, y, z, people, mu32, begin, end, leaves, count, np.float32(0.0), sx[j], sy[j], sz[j], parts)
        open_least(rho, fixed, wanted, free, top)
        value = 0.0
        for i in range(n):
            value += people[i] * mu[i]
        for j in range(m):
            if top[j]:
                value += rho[j]
            usage[j] = 0.95 * usage[j] + (0.05 if top[j] else 0.0)
        if value > bound + 1e-7 * abs(bound) or bound == -np.inf:
            stale = 0
        else:
            stale += 1
        if value > bound:
            bound = value
            best[:] = mu
        if bound >= enough or theta < 1e-4:
            break
        if stale >= patience:
            theta *= 0.5
            stale = 0
            mu[:] = best
            continue
        slope[:] = 1.0
        for j in range(m):
            if not top[j]:
                continue
            ax, ay, az = sx[j], sy[j], sz[j]
            for t in range(leaves_near(low, high, far, ax, ay, az, stack, leaves)):
                for i in range(begin[leaves[t]], end[leaves[t]]):
                    ex, ey, ez = x[i] - ax, y[i] - ay, z[i] - az
                    if np.sqrt(ex * ex + ey * ey + ez * ez) < mu32[i]:
                        slope[i] -= 1.0
        length = deflect(direction, slope, momentum, people)
        if length <= 0:
            break
        step = (theta * max(target - bound, 1e-9 * abs(target)) + (bound - value)) / length
        for i in range(n):
            mu[i] = max(mu[i] + step * direction[i], 0.0)
    return bound, theta, done


@compiled
def line_sums(
    x: Floats, y: Floats, z: Floats, people: Floats, low: Floats, high: Floats, begin: Ints, end: Ints,
    mu: Floats, blur: float, sx: Floats, sy: Floats, sz: Floats, first: int, last: int, rho: Floats,
) -> int:
    """Σ people × min(0, length - mu) over all places, of the candidates from ``first`` to before ``last``.

    Lengths count ``blur`` km less than they are computed. Fills ``rho``.
    """
    far = np.empty(len(begin))
    most_of_nodes(mu, begin, end, far)
    for k in range(len(begin)):
        far[k] = (far[k] + blur) * (1 + 1e-12)
    parts = np.zeros(128)
    stack, leaves = np.empty(128, np.int64), np.empty(len(begin), np.int64)
    for j in range(first, last):
        count = leaves_near(low, high, far, sx[j], sy[j], sz[j], stack, leaves)
        rho[j] = saved(x, y, z, people, mu, begin, end, leaves, count, blur, sx[j], sy[j], sz[j], parts)
    return last - first


@compiled
def line_seeds(
    x: Any, y: Any, z: Any, people: Any, sx: Any, sy: Any, sz: Any, fixed: Ints, wanted: int, seed: int
) -> Ints:
    """Fixed sites, then sites next to places drawn with a chance by people × way so far."""
    np.random.seed(seed)
    n, m = len(x), len(sx)
    way = np.full(n, np.inf)
    used = np.zeros(m, np.bool_)
    chosen = np.empty(wanted, np.int64)
    for count in range(wanted):
        if count < len(fixed):
            site = fixed[count]
        else:
            total = 0.0
            for i in range(n):
                total += people[i] * (way[i] if count > 0 else 1.0)
            draw = np.random.random() * total
            place = 0
            for i in range(n):
                draw -= people[i] * (way[i] if count > 0 else 1.0)
                place = i
                if draw <= 0:
                    break
            site, least = -1, np.inf
            for j in range(m):
                if not used[j]:
                    d = (x[place] - sx[j]) ** 2 + (y[place] - sy[j]) ** 2 + (z[place] - sz[j]) ** 2
                    if d < least:
                        site, least = j, d
        used[site] = True
        chosen[count] = site
        for i in range(n):
            d = np.sqrt((x[i] - sx[site]) ** 2 + (y[i] - sy[site]) ** 2 + (z[i] - sz[site]) ** 2)
            way[i] = min(way[i], d)
    return chosen


@part
def two_nearest(
    x: Any, y: Any, z: Any, people: Any, cx: Any, cy: Any, cz: Any, moved: int,
    one: Ints, two: Ints, near: Any, second: Any, loss: Floats,
) -> None:
    """The nearest and the second nearest of the sites at c, the ways there, and what closing each site would cost.

    Those of before count where the only site that has ``moved`` since (-1: none are known) wasn't one of them.
    """
    p = len(cx)
    endless = np.float32(np.inf)
    alone = np.float32(1e6)  # km, for those who have one site only
    loss[:] = 0.0
    for i in range(len(x)):
        if one[i] != moved and two[i] != moved:
            ex, ey, ez = x[i] - cx[moved], y[i] - cy[moved], z[i] - cz[moved]
            d = np.sqrt(ex * ex + ey * ey + ez * ez)
            if d < near[i]:
                second[i], two[i], near[i], one[i] = near[i], one[i], d, moved
            elif d < second[i]:
                second[i], two[i] = d, moved
        else:
            a, b, ra, rb = endless, endless, -1, -1
            for r in range(p):
                ex, ey, ez = x[i] - cx[r], y[i] - cy[r], z[i] - cz[r]
                d = ex * ex + ey * ey + ez * ez
                if d < b:
                    if d < a:
                        a, b, ra, rb = d, a, r, ra
                    else:
                        b, rb = d, r
            near[i], one[i], two[i] = np.sqrt(a), ra, rb
            second[i] = np.sqrt(b) if rb >= 0 else alone
        loss[one[i]] += people[i] * (float(second[i]) - float(near[i]))


@compiled
def line_swaps(
    x: Any, y: Any, z: Any, people: Any, low: Any, high: Any, begin: Ints, end: Ints,
    sx: Any, sy: Any, sz: Any, n_fixed: int, tried: Ints, chosen: Ints, most: int, near: Any, second: Any,
) -> float:
    """Exchange sites as long as that shortens the ways, each as soon as it is found; changes ``chosen``.

    The first ``n_fixed`` of the chosen stay. ``tried`` are the candidates to put in, in the order in
    which they are tried. Fills the ways to the nearest and the second nearest site; returns Σ people ×
    way.
    """
    n, m, p = len(x), len(sx), len(chosen)
    far = np.empty(len(begin), np.float32)
    one = np.full(n, -1, np.int64)
    two = np.full(n, -1, np.int64)
    position = np.full(m, -1, np.int64)
    loss, change = np.zeros(p), np.zeros(p)
    touched = np.empty(p, np.int64)
    is_touched = np.zeros(p, np.bool_)
    stack, leaves = np.empty(128, np.int64), np.empty(len(begin), np.int64)
    for r in range(p):
        position[chosen[r]] = r
    swaps, since, at, moved, cheapest = 0, 0, -1, -1, 0
    dirty = True
    cx, cy, cz = np.empty(p, np.float32), np.empty(p, np.float32), np.empty(p, np.float32)
    while True:
        if dirty:
            for r in range(p):
                cx[r], cy[r], cz[r] = sx[chosen[r]], sy[chosen[r]], sz[chosen[r]]
            two_nearest(x, y, z, people, cx, cy, cz, moved, one, two, near, second, loss)
            for r in range(n_fixed):
                loss[r] = np.inf
            change[:] = loss
            cheapest = int(np.argmin(loss))
            most_of_nodes(second, begin, end, far)
            dirty = False
        if since >= len(tried) or swaps >= most or n_fixed >= p:
            break
        at = at + 1 if at + 1 < len(tried) else 0
        j = tried[at]
        since += 1
        if position[j] >= 0:
            continue
        ax, ay, az = sx[j], sy[j], sz[j]
        gain, n_touched = gained(
            x, y, z, people, low, high, begin, end, far, ax, ay, az, one, near, second, change, touched, is_touched,
            stack, leaves)
        r, least = cheapest_out(loss, change, cheapest, touched, n_touched, is_touched)
        if least - gain < -1e-6 * (1.0 + gain):
            position[chosen[r]] = -1
            position[j], chosen[r], moved = r, j, r
            swaps += 1
            since, dirty = 0, True
    total = 0.0
    for i in range(n):
        total += people[i] * float(near[i])
    return total


@compiled
def line_spread(x: Floats, y: Floats, z: Floats, wanted: int) -> tuple[Ints, Floats]:
    """So many points, each the farthest from those before; and how far that is (inf for the first)."""
    n = len(x)
    way = np.full(n, np.inf)
    order, apart = np.empty(wanted, np.int64), np.empty(wanted)
    at = 0
    for t in range(wanted):
        order[t], apart[t] = at, way[at]
        ax, ay, az = x[at], y[at], z[at]
        for i in range(n):
            ex, ey, ez = x[i] - ax, y[i] - ay, z[i] - az
            way[i] = min(way[i], np.sqrt(ex * ex + ey * ey + ez * ez))
        at = int(np.argmax(way))
    return order, apart


@compiled
def line_near(
    low: Floats, high: Floats, begin: Ints, end: Ints, x: Floats, y: Floats, z: Floats, names: Ints,
    px: Floats, py: Floats, pz: Floats, radius: float, start: Ints, index: Ints, fill: bool,
) -> int:
    """The points of the tree within a radius of others, by name; counts into ``start`` or fills ``index``."""
    stack, leaves = np.empty(128, np.int64), np.empty(len(begin), np.int64)
    far = np.full(len(begin), radius * (1 + 1e-12))
    for i in range(len(px)):
        ax, ay, az = px[i], py[i], pz[i]
        count = 0
        for t in range(leaves_near(low, high, far, ax, ay, az, stack, leaves)):
            for q in range(begin[leaves[t]], end[leaves[t]]):
                ex, ey, ez = x[q] - ax, y[q] - ay, z[q] - az
                if np.sqrt(ex * ex + ey * ey + ez * ez) <= radius:
                    if fill:
                        index[start[i] + count] = names[q]
                    count += 1
        if fill:
            index[start[i] : start[i] + count].sort()
        else:
            start[i + 1] = count
    return len(px)
