"""The inner loops of placement along straight lines whose lengths are worked out when they are needed.

Places are points that stand in the order of a tree: node k has the places from ``begin[k]`` to before
``end[k]`` inside the box from ``low[k]`` to ``high[k]``, and the nodes 2k + 1 and 2k + 2 halve it. A
node is skipped where no place in it can matter.

Sums run in eight parts that are always the same, so that machines with other vectors give the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.jit import compiled


@compiled
def line_ascent(
    x: Any, y: Any, z: Any, people: Any, low: Any, high: Any, begin: Ints, end: Ints,
    sx: Any, sy: Any, sz: Any, fixed: Bools, n_open: int, target: float, enough: float,
    mu: Floats, theta: float, momentum: float, patience: int, rounds: int, best: Floats, usage: Floats,
) -> tuple[float, float, int]:
    """Dual ascent by deflected subgradients for some of the candidates, in float32.

    ``mu`` is the multiplier of each place for one of its people, in km. The value is no bound: the
    candidates left out may lower it, and so may rounding; `line_sums` proves what it is worth.
    Returns the best value, the step size left and the rounds; writes the best multipliers and how
    often each candidate was among the open ones.
    """
    n, m = len(x), len(sx)
    first_leaf = len(begin) // 2
    mu32 = np.empty(n, np.float32)
    far = np.empty(len(begin), np.float32)
    rho, slope, direction = np.empty(m), np.empty(n), np.zeros(n)
    top = np.zeros(m, np.bool_)
    part = np.zeros(128, np.float32)
    stack = np.empty(128, np.int64)
    zero: Any = np.float32(0.0)
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
        for k in range(len(begin) - 1, -1, -1):
            if k >= first_leaf:
                far[k] = zero
                for i in range(begin[k], end[k]):
                    far[k] = max(far[k], mu32[i])
            else:
                far[k] = max(far[2 * k + 1], far[2 * k + 2])
        for j in range(m):
            ax, ay, az = sx[j], sy[j], sz[j]
            total = 0.0
            stack[0] = 0
            size = 1
            while size > 0:
                size -= 1
                k = stack[size]
                dx = max(low[k, 0] - ax, ax - high[k, 0], zero)
                dy = max(low[k, 1] - ay, ay - high[k, 1], zero)
                dz = max(low[k, 2] - az, az - high[k, 2], zero)
                if dx * dx + dy * dy + dz * dz >= far[k] * far[k]:
                    continue
                if k < first_leaf:
                    stack[size] = 2 * k + 1
                    stack[size + 1] = 2 * k + 2
                    size += 2
                    continue
                px, py, pz = x[begin[k] : end[k]], y[begin[k] : end[k]], z[begin[k] : end[k]]
                pm, pw = mu32[begin[k] : end[k]], people[begin[k] : end[k]]
                for q in range(len(px)):
                    ex, ey, ez = px[q] - ax, py[q] - ay, pz[q] - az
                    v = pw[q] * (np.sqrt(ex * ex + ey * ey + ez * ez) - pm[q])
                    part[q] = v if v < zero else zero
                t0, t1, t2, t3, t4, t5, t6, t7 = zero, zero, zero, zero, zero, zero, zero, zero
                whole = len(px) // 8 * 8
                for q in range(0, whole, 8):
                    t0 += part[q]
                    t1 += part[q + 1]
                    t2 += part[q + 2]
                    t3 += part[q + 3]
                    t4 += part[q + 4]
                    t5 += part[q + 5]
                    t6 += part[q + 6]
                    t7 += part[q + 7]
                for q in range(whole, len(px)):
                    t0 += part[q]
                total += ((t0 + t1) + (t2 + t3)) + ((t4 + t5) + (t6 + t7))
            rho[j] = total
        count = 0
        for j in range(m):
            if not fixed[j]:
                free[count] = rho[j]
                count += 1
        limit = np.inf if wanted >= count else (-np.inf if wanted <= 0 else np.partition(free, wanted - 1)[wanted - 1])
        left = wanted
        for j in range(m):
            top[j] = fixed[j] or rho[j] < limit
            left -= top[j] and not fixed[j]
        for j in range(m):
            if left > 0 and not top[j] and rho[j] == limit:
                top[j] = True
                left -= 1
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
            theta *= 0.6
            stale = 0
            mu[:] = best
            direction[:] = 0.0
            continue
        slope[:] = 1.0
        for j in range(m):
            if not top[j]:
                continue
            ax, ay, az = sx[j], sy[j], sz[j]
            stack[0] = 0
            size = 1
            while size > 0:
                size -= 1
                k = stack[size]
                dx = max(low[k, 0] - ax, ax - high[k, 0], zero)
                dy = max(low[k, 1] - ay, ay - high[k, 1], zero)
                dz = max(low[k, 2] - az, az - high[k, 2], zero)
                if dx * dx + dy * dy + dz * dz >= far[k] * far[k]:
                    continue
                if k < first_leaf:
                    stack[size] = 2 * k + 1
                    stack[size + 1] = 2 * k + 2
                    size += 2
                    continue
                for i in range(begin[k], end[k]):
                    ex, ey, ez = x[i] - ax, y[i] - ay, z[i] - az
                    if np.sqrt(ex * ex + ey * ey + ez * ez) < mu32[i]:
                        slope[i] -= 1.0
        length = 0.0
        for i in range(n):
            direction[i] = slope[i] + momentum * direction[i]
            length += direction[i] * direction[i] * people[i]
        if length <= 0:
            break
        step = theta * max(target - value, 1e-9 * abs(target)) / length
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
    first_leaf = len(begin) // 2
    far = np.empty(len(begin))
    for k in range(len(begin) - 1, -1, -1):
        if k >= first_leaf:
            longest = 0.0
            for i in range(begin[k], end[k]):
                longest = max(longest, mu[i])
            far[k] = (longest + blur) * (1 + 1e-12)
        else:
            far[k] = max(far[2 * k + 1], far[2 * k + 2])
    part = np.zeros(128)
    stack = np.empty(128, np.int64)
    for j in range(first, last):
        ax, ay, az = sx[j], sy[j], sz[j]
        total = 0.0
        stack[0] = 0
        size = 1
        while size > 0:
            size -= 1
            k = stack[size]
            dx = max(low[k, 0] - ax, ax - high[k, 0], 0.0)
            dy = max(low[k, 1] - ay, ay - high[k, 1], 0.0)
            dz = max(low[k, 2] - az, az - high[k, 2], 0.0)
            if dx * dx + dy * dy + dz * dz > far[k] * far[k]:
                continue
            if k < first_leaf:
                stack[size] = 2 * k + 1
                stack[size + 1] = 2 * k + 2
                size += 2
                continue
            px, py, pz = x[begin[k] : end[k]], y[begin[k] : end[k]], z[begin[k] : end[k]]
            pm, pw = mu[begin[k] : end[k]], people[begin[k] : end[k]]
            for q in range(len(px)):
                ex, ey, ez = px[q] - ax, py[q] - ay, pz[q] - az
                v = pw[q] * (np.sqrt(ex * ex + ey * ey + ez * ez) - blur - pm[q])
                part[q] = v if v < 0.0 else 0.0
            t0, t1, t2, t3, t4, t5, t6, t7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
            whole = len(px) // 8 * 8
            for q in range(0, whole, 8):
                t0 += part[q]
                t1 += part[q + 1]
                t2 += part[q + 2]
                t3 += part[q + 3]
                t4 += part[q + 4]
                t5 += part[q + 5]
                t6 += part[q + 6]
                t7 += part[q + 7]
            for q in range(whole, len(px)):
                t0 += part[q]
            total += ((t0 + t1) + (t2 + t3)) + ((t4 + t5) + (t6 + t7))
        rho[j] = total
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
    first_leaf = len(begin) // 2
    far = np.empty(len(begin), np.float32)
    one = np.full(n, -1, np.int64)
    two = np.full(n, -1, np.int64)
    position = np.full(m, -1, np.int64)
    loss, change = np.zeros(p), np.zeros(p)
    touched = np.empty(p, np.int64)
    is_touched = np.zeros(p, np.bool_)
    stack = np.empty(128, np.int64)
    zero, endless = np.float32(0.0), np.float32(np.inf)
    alone = np.float32(1e6)  # km, for those who have one site only
    for r in range(p):
        position[chosen[r]] = r
    swaps, since, at, gone, cheapest = 0, 0, -1, -1, 0
    begun, dirty = False, True
    cx, cy, cz = np.empty(p, np.float32), np.empty(p, np.float32), np.empty(p, np.float32)
    while True:
        if dirty:
            for r in range(p):
                cx[r], cy[r], cz[r] = sx[chosen[r]], sy[chosen[r]], sz[chosen[r]]
                loss[r] = 0.0
            for i in range(n):
                if begun and one[i] != gone and two[i] != gone:
                    ex, ey, ez = x[i] - cx[gone], y[i] - cy[gone], z[i] - cz[gone]
                    d = np.sqrt(ex * ex + ey * ey + ez * ez)
                    if d < near[i]:
                        second[i], two[i], near[i], one[i] = near[i], one[i], d, gone
                    elif d < second[i]:
                        second[i], two[i] = d, gone
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
            for r in range(n_fixed):
                loss[r] = np.inf
            change[:] = loss
            cheapest = int(np.argmin(loss))
            for k in range(len(begin) - 1, -1, -1):
                if k >= first_leaf:
                    longest = zero
                    for i in range(begin[k], end[k]):
                        longest = max(longest, second[i])
                    far[k] = longest
                else:
                    far[k] = max(far[2 * k + 1], far[2 * k + 2])
            begun, dirty = True, False
        if since >= len(tried) or swaps >= most or n_fixed >= p:
            break
        at = at + 1 if at + 1 < len(tried) else 0
        j = tried[at]
        since += 1
        if position[j] >= 0:
            continue
        ax, ay, az = sx[j], sy[j], sz[j]
        gain, n_touched = 0.0, 0
        stack[0] = 0
        size = 1
        while size > 0:
            size -= 1
            k = stack[size]
            dx = max(low[k, 0] - ax, ax - high[k, 0], zero)
            dy = max(low[k, 1] - ay, ay - high[k, 1], zero)
            dz = max(low[k, 2] - az, az - high[k, 2], zero)
            if dx * dx + dy * dy + dz * dz >= far[k] * far[k]:
                continue
            if k < first_leaf:
                stack[size] = 2 * k + 1
                stack[size + 1] = 2 * k + 2
                size += 2
                continue
            for i in range(begin[k], end[k]):
                ex, ey, ez = x[i] - ax, y[i] - ay, z[i] - az
                d = np.sqrt(ex * ex + ey * ey + ez * ez)
                if d < second[i]:
                    if d < near[i]:
                        gain += people[i] * (float(near[i]) - float(d))
                        d = near[i]
                    f = one[i]
                    change[f] -= people[i] * (float(second[i]) - float(d))
                    if not is_touched[f]:
                        is_touched[f] = True
                        touched[n_touched] = f
                        n_touched += 1
        # A loss only gets smaller, so that the least is among those touched or was least before.
        r = cheapest
        for q in range(n_touched):
            if change[touched[q]] < change[r]:
                r = touched[q]
        worth = change[r] - gain
        for q in range(n_touched):
            change[touched[q]] = loss[touched[q]]
            is_touched[touched[q]] = False
        if worth < -1e-6 * (1.0 + gain):
            position[chosen[r]] = -1
            position[j], chosen[r], gone = r, j, r
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
    first_leaf = len(begin) // 2
    stack = np.empty(128, np.int64)
    wide = radius * (1 + 1e-12)
    for i in range(len(px)):
        ax, ay, az = px[i], py[i], pz[i]
        count = 0
        stack[0] = 0
        size = 1
        while size > 0:
            size -= 1
            k = stack[size]
            dx = max(low[k, 0] - ax, ax - high[k, 0], 0.0)
            dy = max(low[k, 1] - ay, ay - high[k, 1], 0.0)
            dz = max(low[k, 2] - az, az - high[k, 2], 0.0)
            if dx * dx + dy * dy + dz * dz > wide * wide:
                continue
            if k < first_leaf:
                stack[size] = 2 * k + 1
                stack[size + 1] = 2 * k + 2
                size += 2
                continue
            for q in range(begin[k], end[k]):
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
