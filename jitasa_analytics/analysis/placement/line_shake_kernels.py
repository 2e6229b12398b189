"""Plans along straight lines made better place by place: a few sites exchanged, mended around there, kept if better."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitasa_analytics.analysis.placement.cover import Floats, Ints
from jitasa_analytics.analysis.placement.jit import compiled, part
from jitasa_analytics.analysis.placement.line_parts import gained, leaves_near
from jitasa_analytics.analysis.placement.search_parts import cheapest_out


@part
def widest(second: Any, begin: Ints, end: Ints, leaves: Ints, count: int, far: Any) -> None:
    """Anew for some leaves, and for the nodes above: a little more than the greatest way to a second site."""
    first_leaf = len(begin) // 2
    more = second.dtype.type(1.00001)
    for t in range(count):
        k = leaves[t]
        top = second.dtype.type(0)
        for i in range(begin[k], end[k]):
            top = max(top, second[i])
        far[k] = top * more
    for k in range(first_leaf - 1, -1, -1):
        far[k] = max(far[2 * k + 1], far[2 * k + 2])


@part
def anew(
    i: int, x: Any, y: Any, z: Any, people: Any, cx: Any, cy: Any, cz: Any,
    one: Any, two: Any, near: Any, second: Any, loss: Floats,
) -> None:
    """The two nearest sites of a point, looked for among all."""
    endless = np.float32(np.inf)
    a, b, ra, rb = endless, endless, -1, -1
    for r in range(len(cx)):
        ex, ey, ez = x[i] - cx[r], y[i] - cy[r], z[i] - cz[r]
        d = ex * ex + ey * ey + ez * ez
        if d < b:
            if d < a:
                a, b, ra, rb = d, a, r, ra
            else:
                b, rb = d, r
    near[i], one[i], two[i], second[i] = np.sqrt(a), ra, rb, np.sqrt(b)
    loss[ra] += people[i] * (float(second[i]) - float(near[i]))


@part
def put(
    r: int, ax: Any, ay: Any, az: Any, x: Any, y: Any, z: Any, people: Any, low: Any, high: Any, begin: Ints, end: Ints,
    cx: Any, cy: Any, cz: Any, one: Any, two: Any, near: Any, second: Any, loss: Floats, far: Any,
    stack: Ints, leaves: Ints,
) -> None:
    """Site r goes to a; only the points about where it was and where it is now are looked at."""
    old = leaves_near(low, high, far, cx[r], cy[r], cz[r], stack, leaves)
    cx[r], cy[r], cz[r] = ax, ay, az
    for t in range(old):
        for i in range(begin[leaves[t]], end[leaves[t]]):
            if one[i] == r or two[i] == r:
                loss[one[i]] -= people[i] * (float(second[i]) - float(near[i]))
                anew(i, x, y, z, people, cx, cy, cz, one, two, near, second, loss)
    widest(second, begin, end, leaves, old, far)
    fresh = leaves_near(low, high, far, ax, ay, az, stack, leaves)
    for t in range(fresh):
        for i in range(begin[leaves[t]], end[leaves[t]]):
            if one[i] == r or two[i] == r:
                continue
            ex, ey, ez = x[i] - ax, y[i] - ay, z[i] - az
            d = np.sqrt(ex * ex + ey * ey + ez * ez)
            if d < second[i]:
                loss[one[i]] -= people[i] * (float(second[i]) - float(near[i]))
                if d < near[i]:
                    second[i], two[i], near[i], one[i] = near[i], one[i], d, r
                else:
                    second[i], two[i] = d, r
                loss[one[i]] += people[i] * (float(second[i]) - float(near[i]))
    widest(second, begin, end, leaves, fresh, far)


@compiled
def line_shaken(
    x: Any, y: Any, z: Any, people: Any, low: Any, high: Any, begin: Ints, end: Ints,
    sx: Any, sy: Any, sz: Any, n_fixed: int, about: Ints, chance: Floats, chosen: Ints, tries: int, most: int,
    far_share: float, seed: int,
) -> float:
    """Exchange up to ``most`` neighbouring sites, mend the plan by swaps around there, and keep what is better.

    ``about`` lists for each candidate those around it, ``chance`` how likely each is to be put in. In a share
    of the tries (``far_share``) one of the sites that leave is taken from anywhere, so that sites move to where
    more are needed. The first ``n_fixed`` of the ``chosen`` stay; the others change to the best that was found.
    There have to be two sites, one of them free. Returns Σ people × way.
    """
    np.random.seed(seed)
    n, m, p, width = len(x), len(sx), len(chosen), about.shape[1]
    position = np.full(m, -1, np.int64)
    cx, cy, cz = np.empty(p, np.float32), np.empty(p, np.float32), np.empty(p, np.float32)
    for r in range(p):
        position[chosen[r]] = r
        cx[r], cy[r], cz[r] = sx[chosen[r]], sy[chosen[r]], sz[chosen[r]]
    one, two = np.empty(n, np.int32), np.empty(n, np.int32)
    near, second = np.empty(n, np.float32), np.empty(n, np.float32)
    loss, change, apart = np.zeros(p), np.empty(p), np.empty(p)
    for i in range(n):
        anew(i, x, y, z, people, cx, cy, cz, one, two, near, second, loss)
    stack, leaves = np.empty(128, np.int64), np.empty(len(begin), np.int64)
    far = np.empty(len(begin), np.float32)
    first_leaf = len(begin) // 2
    for k in range(first_leaf, len(begin)):
        leaves[k - first_leaf] = k
    widest(second, begin, end, leaves, len(begin) - first_leaf, far)
    loss[:n_fixed] = np.inf
    touched, is_touched = np.empty(p, np.int64), np.zeros(p, np.bool_)
    best = 0.0
    for i in range(n):
        best += people[i] * float(near[i])
    kept = (one.copy(), two.copy(), near.copy(), second.copy(), far.copy(), loss.copy(), chosen.copy())
    tried = np.empty(2 * width, np.int64)
    for _ in range(tries):
        r0 = n_fixed + np.random.randint(p - n_fixed)
        middle, other = chosen[r0], -1
        for r in range(p):
            apart[r] = (cx[r] - cx[r0]) ** 2 + (cy[r] - cy[r0]) ** 2 + (cz[r] - cz[r0]) ** 2
        apart[:n_fixed] = np.inf
        left = 1 + np.random.randint(min(most, p - n_fixed))
        if np.random.random() < far_share:
            # One that is missed little leaves from anywhere, and comes in here.
            r1 = n_fixed + np.random.randint(p - n_fixed)
            for _ in range(3):
                r = n_fixed + np.random.randint(p - n_fixed)
                if loss[r] < loss[r1]:
                    r1 = r
            other, left = chosen[r1], min(left, 2)
            apart[r1] = -1.0
        for r in np.argsort(apart):
            if left == 0 or apart[r] == np.inf:
                break
            if apart[r] > 0.0 and np.random.random() < 0.4:
                continue
            total = 0.0
            for q in range(width):
                if position[about[middle, q]] < 0:
                    total += chance[about[middle, q]]
            draw, j = np.random.random() * total, -1
            for q in range(width):
                if position[about[middle, q]] < 0:
                    j = about[middle, q]
                    draw -= chance[j]
                    if draw <= 0:
                        break
            if j < 0:
                break
            position[chosen[r]] = -1
            position[j], chosen[r] = r, j
            put(r, sx[j], sy[j], sz[j], x, y, z, people, low, high, begin, end, cx, cy, cz, one, two, near, second,
                loss, far, stack, leaves)
            left -= 1
        count = width
        tried[:width] = about[middle]
        if other >= 0:
            tried[width:] = about[other]
            count = 2 * width
        since, at = 0, np.random.randint(count)
        change[:] = loss
        cheapest = int(np.argmin(loss))
        while since < count:
            at = at + 1 if at + 1 < count else 0
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
                position[j], chosen[r] = r, j
                put(r, ax, ay, az, x, y, z, people, low, high, begin, end, cx, cy, cz, one, two, near, second,
                    loss, far, stack, leaves)
                since = 0
                change[:] = loss
                cheapest = int(np.argmin(loss))
        value = 0.0
        for i in range(n):
            value += people[i] * float(near[i])
        if value < best:
            best = value
            kept[0][:], kept[1][:], kept[2][:], kept[3][:] = one, two, near, second
            kept[4][:], kept[5][:], kept[6][:] = far, loss, chosen
        else:
            for r in range(n_fixed, p):
                if chosen[r] != kept[6][r]:
                    position[chosen[r]] = -1
            for r in range(n_fixed, p):
                j = kept[6][r]
                chosen[r], position[j] = j, r
                cx[r], cy[r], cz[r] = sx[j], sy[j], sz[j]
            one[:], two[:], near[:], second[:] = kept[0], kept[1], kept[2], kept[3]
            far[:], loss[:] = kept[4], kept[5]
    return best
